"""EnOcean as a radio stick hands it over: ESP3 frames from values, and the frames in what the edge writes.

Source: EnOcean Serial Protocol 3 and the equipment profiles F6-02-01, D5-00-01, F6-05-01 and A5-02-05. The simulator
encodes on its own, so that it checks the edge's decoder.
"""

import struct
from typing import Final

SYNC: Final = 0x55
RADIO: Final = 1
"""Packet type of a radio telegram (RADIO_ERP1)."""
RESPONSE: Final = 2
"""Packet type of a stick's answer to a command."""
HEADER_BYTES: Final = 6
LONGEST_DATA: Final = 128
"""Bytes of data in a frame that is still believed."""
NOBODY: Final = bytes(4)
_COUNTER_BYTES: Final = 4
_PRESSED, _RELEASED = 0x30, 0x20
_DATA_TELEGRAM: Final = 0x08
_HOTTEST: Final = 40.0
"""Degrees Celsius at the end of A5-02-05's scale, which counts down from 255."""
_COUNTED, _VENDOR, _FACT, _ACCEPTED = 0xD1, 0x7F, 0xF1, 0xF2


def crc8(data: bytes) -> int:
    """The checksum of ESP3: polynomial 0x07, start 0."""
    crc = 0
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = (crc << 1 ^ 0x07 if crc & 0x80 else crc << 1) & 0xFF
    return crc


def frame(data: bytes, optional: bytes = b"", *, kind: int = RADIO) -> bytes:
    """An ESP3 frame; with a radio telegram unless another kind is given."""
    header = struct.pack(">HBB", len(data), len(optional), kind)
    return bytes((SYNC,)) + header + bytes((crc8(header),)) + data + optional + bytes((crc8(data + optional),))


READ_VERSION: Final = b"\x03"
"""The data of the command that asks a stick for its version."""
VERSION: Final = frame(bytes(33), kind=RESPONSE)
"""What a stick answers: return code 0, then versions and a description, which nobody here needs."""


def telegram(rorg: int, payload: bytes, sender: bytes, *, status: int = 0, strength: int = 60) -> bytes:
    """A telegram as the stick heard it from `sender`; `strength` in -dBm."""
    return frame(bytes((rorg,)) + payload + sender + bytes((status,)), b"\x03\xff\xff\xff\xff" + bytes((strength, 0)))


def rocker(sender: bytes, *, pressed: bool) -> bytes:
    """F6-02-01: the upper right of a rocker pressed, or everything released."""
    return telegram(0xF6, b"\x70" if pressed else b"\0", sender, status=_PRESSED if pressed else _RELEASED)


def contact(sender: bytes, *, is_open: bool) -> bytes:
    """D5-00-01: a window or door contact."""
    return telegram(0xD5, bytes((_DATA_TELEGRAM | (not is_open),)), sender)


def leak(sender: bytes, *, wet: bool) -> bytes:
    """F6-05-01: a water detector."""
    return telegram(0xF6, b"\x11" if wet else b"\0", sender, status=_PRESSED if wet else _RELEASED)


def temperature(sender: bytes, celsius: float) -> bytes:
    """A5-02-05: 0 to 40 degrees Celsius."""
    return telegram(0xA5, bytes((0, 0, round(255 - celsius / _HOTTEST * 255), _DATA_TELEGRAM)), sender)


def counted(sender: bytes, counter: int, objects: bytes) -> bytes:
    """The fault device's message: a counter and BTHome objects, repeated until the edge accepts the counter."""
    return telegram(_COUNTED, struct.pack(">BBI", _VENDOR, _FACT, counter) + objects, sender)


def accepted(data: bytes, optional: bytes) -> tuple[bytes, int] | None:
    """Whose counter the edge accepts with this frame, and which; None for any other frame."""
    start = bytes((_COUNTED, _VENDOR, _ACCEPTED))
    if not data.startswith(start) or len(data) != len(start) + _COUNTER_BYTES + len(NOBODY) + 1:
        return None
    counter = int.from_bytes(data[len(start) : len(start) + _COUNTER_BYTES], "big")
    return optional[1 : 1 + len(NOBODY)], counter


def take_frames(buffer: bytearray) -> list[tuple[bytes, bytes]]:
    """Data and optional data of the whole frames in `buffer`, which keeps only the beginning of an unfinished one."""
    found: list[tuple[bytes, bytes]] = []
    while True:
        at = buffer.find(SYNC)
        del buffer[: len(buffer) if at < 0 else at]
        if len(buffer) < HEADER_BYTES:
            return found
        length, optional = struct.unpack_from(">HB", buffer, 1)
        if crc8(bytes(buffer[1:5])) != buffer[5] or length > LONGEST_DATA:
            del buffer[0]
            continue
        middle, end = HEADER_BYTES + length, HEADER_BYTES + length + optional
        if len(buffer) <= end:
            return found
        if crc8(bytes(buffer[HEADER_BYTES:end])) == buffer[end]:
            found.append((bytes(buffer[HEADER_BYTES:middle]), bytes(buffer[middle:end])))
        del buffer[: end + 1]
