"""`vaka-edge capture`: hear what is in the air or on the line, and write it down for a driver to be made from it."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from edge.driver import Sighting, Transport
from edge.kit.capture import LINES_LIMIT, Head, Line, capture_bytes, line_of
from homecare.device import Capability
from homecare.ending import end
from homecare.errors import Unavailable
from homecare.event import TransportState

NEIGHBOURS: Final = 200
"""Addresses that a survey names: more than a stairwell holds."""


class Listener:
    """Keeps what one address says, and counts who else is there. Nothing of strangers is kept but their address."""

    def __init__(self, address: str) -> None:
        self._address = address.upper()
        self._since: int | None = None
        self.lines: list[Line] = []
        self.seen: dict[str, int] = {}
        self.states: list[TransportState] = []

    def heard(self, sighting: Sighting) -> None:
        """A sighting of any transport."""
        address = sighting.address.upper()
        if address in self.seen or len(self.seen) < NEIGHBOURS:
            self.seen[address] = self.seen.get(address, 0) + 1
        if address != self._address or len(self.lines) >= LINES_LIMIT:
            return
        if self._since is None:
            self._since = sighting.heard_at.elapsed
        self.lines.append(line_of(sighting, since=self._since))


async def listen(transports: Sequence[Transport], address: str, *, seconds: float) -> Listener:
    """What `address` said within `seconds`; an empty address only counts who is there.

    `Unavailable` where no transport worked.
    """
    listener = Listener(address)
    tasks = [asyncio.ensure_future(one.run(listener.heard, listener.states.append)) for one in transports]
    try:
        await asyncio.wait(tasks, timeout=seconds, return_when=asyncio.FIRST_EXCEPTION)
    finally:
        await end(*tasks)
    for task in tasks:
        if not task.cancelled():
            task.result()
    if not listener.seen and TransportState.WORKING not in listener.states:
        raise Unavailable("capture", "radio and lines", "none of them works: see that the adapter or stick is there")
    return listener


def write_capture(path: Path, listener: Listener, head: Head) -> None:
    """The capture as a file that nobody else may read: it may hold the device's key."""
    path.touch(mode=0o600)
    path.write_bytes(b"".join(capture_bytes(head, listener.lines)))


def head_of(driver: str, address: str, capabilities: Sequence[str], *, serial: str | None, secret: str | None) -> Head:
    """The first line of a new capture; `serial` names the port where the device is not heard over BLE."""
    return Head(
        capture=1,
        driver=driver,
        address=address,
        capabilities=tuple(Capability(one) for one in capabilities),
        source="heard by vaka-edge capture",
        transport="ble" if serial is None else f"serial:{serial}",
        secret=secret,
    )
