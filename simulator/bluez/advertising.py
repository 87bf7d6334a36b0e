"""What BlueZ makes of advertising data: AD structures into the properties of a device.

Source: Bluetooth Core Specification Supplement, part A. As BlueZ does, reading ends at a structure of length 0 or one
that reaches beyond the packet; what came before it counts.
"""

import uuid
from collections.abc import Iterator
from typing import Any, Final

from dbus_fast import Variant

_BASE: Final = "-0000-1000-8000-00805f9b34fb"
_SHORT_NAME, _WHOLE_NAME, _TX_POWER, _MANUFACTURER = 0x08, 0x09, 0x0A, 0xFF
_UUID_LISTS: Final = {0x02: 2, 0x03: 2, 0x04: 4, 0x05: 4, 0x06: 16, 0x07: 16}
_SERVICE_DATA: Final = {0x16: 2, 0x20: 4, 0x21: 16}
"""AD types and how many bytes their UUIDs have."""
_COMPANY_BYTES: Final = 2


def structures(data: bytes) -> Iterator[tuple[int, bytes]]:
    """The whole AD structures of raw advertising data, in order."""
    at = 0
    while at < len(data):
        length = data[at]
        if length == 0 or at + 1 + length > len(data):
            return
        yield data[at + 1], data[at + 2 : at + 1 + length]
        at += 1 + length


def properties(data: bytes) -> dict[str, Any]:
    """The properties of Device1 that raw advertising data states; nothing for what it does not state."""
    found: dict[str, Any] = {}
    for kind, value in structures(data):
        if kind in (_SHORT_NAME, _WHOLE_NAME):
            found["Name"] = found["Alias"] = _name(value)
        elif kind == _TX_POWER and value:
            found["TxPower"] = int.from_bytes(value[:1], "little", signed=True)
        elif kind == _MANUFACTURER and len(value) >= _COMPANY_BYTES:
            company = int.from_bytes(value[:_COMPANY_BYTES], "little")
            found.setdefault("ManufacturerData", {})[company] = Variant("ay", value[_COMPANY_BYTES:])
        elif kind in _SERVICE_DATA and len(value) >= _SERVICE_DATA[kind]:
            size = _SERVICE_DATA[kind]
            found.setdefault("ServiceData", {})[_uuid(value[:size])] = Variant("ay", value[size:])
        elif kind in _UUID_LISTS:
            size = _UUID_LISTS[kind]
            whole = range(0, len(value) - size + 1, size)
            known = set(found.get("UUIDs", ())) | {_uuid(value[at : at + size]) for at in whole}
            found["UUIDs"] = sorted(known)
    return found


def uuid_text(short: int) -> str:
    """A 16-bit UUID as BlueZ writes it."""
    return f"{short:08x}{_BASE}"


def _uuid(little_endian: bytes) -> str:
    if len(little_endian) <= 4:  # noqa: PLR2004 - 16 and 32 bit UUIDs are offsets into the base UUID
        return uuid_text(int.from_bytes(little_endian, "little"))
    return str(uuid.UUID(bytes=little_endian[::-1]))


def _name(value: bytes) -> str:
    """The name as far as it is UTF-8 (D-Bus carries nothing else), without the zeros that some devices append."""
    return value.rstrip(b"\0").decode("utf-8", "ignore").replace("\0", "")
