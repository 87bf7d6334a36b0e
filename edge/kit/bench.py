"""A driver on the bench: captures are read as the agent would read them, with a memory that keeps only the counter."""

from collections import deque
from collections.abc import Mapping, MutableMapping
from typing import Final

import msgspec

from edge.driver import Driver, Reading
from edge.drivers import DRIVERS
from edge.hearing import KEYS_LIMIT, Hearing
from edge.kit.capture import Capture, Line
from edge.recognition import Recognition
from homecare.errors import Malformed, Refused, Unknown
from homecare.event import AnyEvent

MUCH: Final = 16
"""Events that one sighting may state: far above any device."""


class Remembered:
    """What the agent keeps between two sightings (`edge.driver.Memory`)."""

    def __init__(self) -> None:
        self.counter: int | None = None
        self.values: MutableMapping[str, object] = {}
        self._keys: deque[tuple[bytes, int]] = deque(maxlen=KEYS_LIMIT)

    def take(self, reading: Reading, at: int) -> bool:
        """Whether this is new: no repeat key heard a moment ago, and a counter above the stored one."""
        key = reading.repeat_key
        if key is not None:
            before = any(key == other and at - then <= reading.repeat_window for other, then in self._keys)
            self._keys.append((key, at))
            if before:
                return False
        if reading.counter is None:
            return True
        if self.counter is not None and reading.counter <= self.counter:
            return False
        self.counter = reading.counter
        return True


class Read(msgspec.Struct, frozen=True):
    """What the driver made of one line."""

    events: tuple[AnyEvent, ...]
    refused: bool
    reading: Reading | None


def driver_of(capture: Capture) -> Driver:
    """The driver that the capture names; `Unknown` where nobody registered it."""
    driver = DRIVERS.get(capture.head.driver)
    if driver is None:
        raise Unknown("find driver", capture.head.driver, f"registered are {', '.join(sorted(DRIVERS))}")
    return driver


def read_line(driver: Driver, capture: Capture, line: Line, memory: Remembered) -> Read:
    """One line, as the agent counts it: no events for a counter that was taken before, none for what is refused."""
    try:
        sighting = capture.sighting(line)
        reading = driver.read(sighting, capture.device, secret=capture.secret, memory=memory)
    except (Malformed, Refused):
        return Read(events=(), refused=True, reading=None)
    return Read(
        events=reading.events if memory.take(reading, sighting.heard_at.elapsed) else (), refused=False, reading=reading
    )


def read_all(capture: Capture) -> list[Read]:
    """Every line in order, with one memory."""
    driver, memory = driver_of(capture), Remembered()
    return [read_line(driver, capture, line, memory) for line in capture.lines]


def hearing_of(capture: Capture, counters: Mapping[str, int]) -> Hearing:
    """The agent's ears for this one device; `counters` are the stored ones after a restart."""
    driver = driver_of(capture)
    secrets = {} if capture.secret is None else {capture.device.id: capture.secret}
    return Hearing(Recognition((capture.device,), {driver.name: driver}), secrets=secrets, counters=counters)
