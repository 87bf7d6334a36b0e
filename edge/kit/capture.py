"""Captures: what a device was heard to say, and what its driver must make of it. One JSON object a line.

    {"capture": 1, "driver": "bthome", "address": "A4:C1:38:00:00:01", "capabilities": ["contact"], "source": "..."}
    {"after": 0.0, "service_data": {"fcd2": "40001b"}, "events": [{"type": "contact_changed", "open": true}]}
    {"after": 1.5, "service_data": {"fcd2": "40001b"}, "events": []}

The first line says whose capture it is: the fields of `Head`. Every other line is one sighting: seconds after the
first one, the bytes in hex, and (once somebody has read them) the events that the driver must find. A line without
`events` was heard and not yet judged. Keys in a capture are of devices that were enrolled for the capture only.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated, Final, TypeVar

import msgspec
from msgspec import Meta

from edge.driver import Sighting
from homecare.clock import SECOND, Instant
from homecare.device import Capability, Device
from homecare.errors import Malformed, Unavailable
from homecare.event import AnyEvent
from homecare.identity import DeviceId, HomeId

CAPTURE_LIMIT: Final = 8 * 1024 * 1024
"""Bytes of a capture: a day of a talkative device."""
LINES_LIMIT: Final = 20_000
"""Sightings of a capture: conformance reads each of them many times."""
WALL: Final = 1_767_225_600 * SECOND
"""The wall time at which a replay begins: midnight UTC before 1 January 2026, only so that it is a possible one."""
_DEVICE: Final = DeviceId("device-captured")
_HOME: Final = HomeId("home-captured")
_Hex = Annotated[str, Meta(pattern="^([0-9A-Fa-f]{2})*$", max_length=4096)]
_T = TypeVar("_T")
_Seconds = Annotated[float, Meta(ge=0, le=86_400)]


class Head(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Whose capture it is. `secret` is the device's key in hex; `source` where the bytes come from, in words."""

    capture: Annotated[int, Meta(ge=1, le=1)]
    driver: str
    address: str
    capabilities: tuple[Capability, ...]
    source: str
    transport: str = "ble"
    secret: _Hex | None = None


class Line(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """One sighting, and what is expected of it; `refused` where the driver must not believe the bytes."""

    after: _Seconds
    service_data: dict[str, _Hex] = {}
    manufacturer_data: dict[str, _Hex] = {}
    telegram: _Hex = ""
    local_name: str | None = None
    rssi: int | None = None
    events: tuple[AnyEvent, ...] | None = None
    refused: bool = False


class Capture(msgspec.Struct, frozen=True):
    """A capture that was read."""

    head: Head
    lines: tuple[Line, ...]

    @property
    def device(self) -> Device:
        """The device as if it were installed."""
        head = self.head
        return Device(id=_DEVICE, home=_HOME, driver=head.driver, address=head.address, capabilities=head.capabilities)

    @property
    def secret(self) -> bytes | None:
        """The device's key."""
        return None if self.head.secret is None else bytes.fromhex(self.head.secret)

    def sighting(self, line: Line) -> Sighting:
        """What a transport would have handed over."""
        at = round(line.after * SECOND)
        return Sighting(
            transport=self.head.transport,
            address=self.head.address,
            heard_at=Instant(wall=WALL + at, elapsed=at),
            rssi=line.rssi,
            local_name=line.local_name,
            service_data={key: bytes.fromhex(value) for key, value in line.service_data.items()},
            manufacturer_data={int(key, 16): bytes.fromhex(value) for key, value in line.manufacturer_data.items()},
            telegram=bytes.fromhex(line.telegram),
        )


def line_of(sighting: Sighting, *, since: int) -> Line:
    """The line that stands for a sighting; `since` is the steady time of the first one."""
    return Line(
        after=round((sighting.heard_at.elapsed - since) / SECOND, 3),
        service_data={key: bytes(value).hex() for key, value in sighting.service_data.items()},
        manufacturer_data={f"{key:04x}": bytes(value).hex() for key, value in sighting.manufacturer_data.items()},
        telegram=sighting.telegram.hex(),
        local_name=sighting.local_name,
        rssi=sighting.rssi,
    )


def read_capture(path: Path) -> Capture:
    """The capture in a file. `Unavailable` if it cannot be read, `Malformed` with the number of the wrong line."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise Unavailable("read capture", type(error).__name__, "name a readable file") from error
    if len(data) > CAPTURE_LIMIT:
        raise Malformed("read capture", "file", f"at most {CAPTURE_LIMIT} bytes")
    rows = [(number, row) for number, row in enumerate(data.splitlines(), 1) if row.strip()]
    if not rows or len(rows) > LINES_LIMIT:
        raise Malformed("read capture", "file", f"a head and at most {LINES_LIMIT} sightings; see edge/kit/capture.py")
    head = _decoded(rows[0], Head)
    lines = tuple(_decoded(row, Line) for row in rows[1:])
    if [line.after for line in lines] != sorted(line.after for line in lines):
        raise Malformed("read capture", "after", "sightings stand in the order in which they were heard")
    return Capture(head=head, lines=lines)


def _decoded(row: tuple[int, bytes], kind: type[_T]) -> _T:
    number, data = row
    try:
        return msgspec.json.decode(data, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Malformed("read capture", f"line {number}", f"{error}; see edge/kit/capture.py") from error


def capture_bytes(head: Head, lines: Iterable[Line]) -> Iterator[bytes]:
    """The file's lines, each with its end."""
    for row in (head, *lines):
        yield msgspec.json.encode(row) + b"\n"
