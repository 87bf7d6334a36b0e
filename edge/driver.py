"""What a driver is (bytes in, events out, and nothing else), and what brings it the bytes.

A transport hears a `Sighting`; recognition finds the device and its driver; the driver reads it into a `Reading`.
Drivers are pure: what they must remember between two sightings goes through `Memory`, which the agent keeps (and
stores with the journal where `Reading.counter` is given, so that a counter survives a power cut together with the
facts that it vouches for).
"""

from collections.abc import Callable, Mapping, MutableMapping
from typing import Protocol

import msgspec

from homecare.clock import Instant
from homecare.device import Device
from homecare.event import AnyEvent, TransportState


class Sighting(msgspec.Struct, frozen=True, kw_only=True):
    """One advertisement or frame as heard.

    `transport` is `ble` or `serial:NAME`; `address` is how that transport names the sender (see `Device.address`).
    For BLE `service_data` is keyed by the 16-bit or 128-bit UUID in lower-case text (`fcd2`), `manufacturer_data` by
    company number. For serial `telegram` is one whole frame whose checks have passed. `rssi` is in dBm, None where the
    radio gave no valid value.
    """

    transport: str
    address: str
    heard_at: Instant
    rssi: int | None = None
    local_name: str | None = None
    service_data: Mapping[str, bytes] = {}
    manufacturer_data: Mapping[int, bytes] = {}
    telegram: bytes = b""


class Reading(msgspec.Struct, frozen=True, kw_only=True):
    """What one sighting says.

    `counter` is the device's own strictly rising counter, where it sends one: the agent refuses a counter that is not
    above the last stored one, across restarts. `repeat_key` identifies repetitions of one transmission for senders
    without such a counter: the agent drops a sighting whose key equals one of the last `repeat_window` microseconds.
    `reply` is written back on the transport only after the journal's commit ("accepted"), also for a repeated counter:
    the device did not hear us the first time.
    """

    events: tuple[AnyEvent, ...]
    counter: int | None = None
    repeat_key: bytes | None = None
    repeat_window: int = 0
    reply: bytes | None = None


class Memory(Protocol):
    """What the agent keeps for one device between sightings; lost at a restart except for `counter`."""

    @property
    def counter(self) -> int | None:
        """The last stored counter; None before the first."""
        ...

    @property
    def values(self) -> MutableMapping[str, object]:
        """Small values that the driver wants to find again at the next sighting."""
        ...


class Driver(Protocol):
    """One device model or protocol profile.

    `name` is what `Device.driver` says; `keys` are the recognition keys it answers to: `ble:fcd2` for service data
    with that UUID, `ble:company:004c` for manufacturer data, `serial:esp3` for a kind of serial telegram.
    """

    name: str
    keys: tuple[str, ...]

    def read(self, sighting: Sighting, device: Device, *, secret: bytes | None, memory: Memory) -> Reading:
        """What the sighting says.

        `Malformed` when the bytes cannot be understood, `Refused` when they must not be believed (wrong key,
        downgrade, replayed counter): the agent counts both and journals a `DeviceFaulted` at most once a minute.
        """
        ...


class Framer(Protocol):
    """Finds telegrams in the bytes of one serial port; pure, and bounded in what it keeps between two calls."""

    rejected: int
    """Telegrams so far whose checks failed; the framer finds the next good one by itself."""

    question: bytes
    """What a living port of this kind may answer, and nobody else minds; empty where there is no such thing."""

    answers: int
    """Answers to the question so far."""

    def feed(self, data: bytes) -> list[tuple[str, bytes]]:
        """The whole telegrams that `data` completes, in order, each with its sender's address."""
        ...

    def idle(self) -> list[tuple[str, bytes]]:
        """Give up an incomplete telegram because the line fell silent; the telegrams that stood behind it."""
        ...


class Transport(Protocol):
    """One radio adapter or serial port. `name` is `ble` or `serial:NAME`."""

    name: str

    async def run(self, on_sighting: Callable[[Sighting], None], on_state: Callable[[TransportState], None]) -> None:
        """Listen until cancelled; heal by itself whatever the hardware does, and tell every change of its state.

        Both callbacks are called in the event loop's thread and do not block.
        """
        ...

    def write(self, data: bytes) -> None:
        """Send `data`, such as `Reading.reply`, if the hardware is there; otherwise it is dropped (devices repeat)."""
        ...
