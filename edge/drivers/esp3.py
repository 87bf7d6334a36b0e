"""ESP3, the serial protocol of EnOcean radio modules (57,600 baud, 8N1), and whatever else is wired in its framing.

    55 | data length u16 | optional length u8 | type u8 | CRC-8 of these four | data | optional | CRC-8 of both

Numbers are big-endian here, CRC-8 has the polynomial 0x07. Source: EnOcean Serial Protocol 3, chapter 1.6, with
the generator polynomial and packet types given there.

The framer gives the radio telegrams (type 1), named by their sender. A module's answers (type 2) are only counted:
the edge asks for the module's version now and then, to know that it is alive. Other types are passed over.
"""

from typing import Final

import msgspec

from homecare.errors import Malformed

SYNC: Final = 0x55
RADIO_ERP1: Final = 1
_RESPONSE: Final = 2
_COMMON_COMMAND: Final = 5
_READ_VERSION: Final = b"\x03"
DATA_LIMIT: Final = 128
"""Bytes of data in a frame: radio telegrams have at most 21, wired `counted` devices stay below this. Small, because
a header that line noise made up holds back what follows until this many bytes have come."""
OPTIONAL_LIMIT: Final = 16
"""Bytes of optional data in a frame: radio telegrams have 7."""
_HEADER: Final = 6
_SHORTEST: Final = 7
"""Bytes of a radio telegram: RORG, one byte of payload, sender (4), status."""


def _crc_table() -> bytes:
    table = bytearray()
    for value in range(256):
        crc = value
        for _ in range(8):
            crc = (crc << 1 ^ 0x07 if crc & 0x80 else crc << 1) & 0xFF
        table.append(crc)
    return bytes(table)


_CRC: Final = _crc_table()


def crc8(data: bytes) -> int:
    """CRC-8 with polynomial 0x07, start 0, as ESP3 uses it."""
    crc = 0
    for byte in data:
        crc = _CRC[crc ^ byte]
    return crc


class Telegram(msgspec.Struct, frozen=True):
    """A radio telegram: `rorg` is its kind, `sender` 8 upper-case hex digits.

    The low half of `status` counts the repeaters on the way.
    """

    rorg: int
    payload: bytes
    sender: str
    status: int


def encode(data: bytes, optional: bytes = b"", *, kind: int = RADIO_ERP1) -> bytes:
    """The frame that carries `data`. `Malformed` if it is longer than `DATA_LIMIT` or `OPTIONAL_LIMIT`."""
    if len(data) > DATA_LIMIT or len(optional) > OPTIONAL_LIMIT:
        raise Malformed("encode esp3", "frame", f"at most {DATA_LIMIT} bytes of data")
    header = len(data).to_bytes(2, "big") + bytes((len(optional), kind))
    return bytes((SYNC,)) + header + bytes((crc8(header),)) + data + optional + bytes((crc8(data + optional),))


def read_telegram(frame: bytes) -> Telegram:
    """The radio telegram of one whole frame; `Malformed` for any other bytes."""
    size = _frame_size(frame)
    if size is None or size != len(frame) or crc8(frame[_HEADER:-1]) != frame[-1] or frame[4] != RADIO_ERP1:
        raise Malformed("read esp3", "frame", "one whole frame of type 1 with both checksums right")
    data = frame[_HEADER : _HEADER + int.from_bytes(frame[1:3], "big")]
    if len(data) < _SHORTEST:
        raise Malformed("read esp3", "telegram", "RORG, payload, sender and status")
    return Telegram(rorg=data[0], payload=data[1:-5], sender=data[-5:-1].hex().upper(), status=data[-1])


def _frame_size(data: bytes) -> int | None:
    """Bytes of the frame that the header at the start of `data` announces; None if that is no header we accept."""
    if len(data) < _HEADER or data[0] != SYNC or crc8(data[1:5]) != data[5]:
        return None
    length, optional = int.from_bytes(data[1:3], "big"), data[3]
    if not 0 < length <= DATA_LIMIT or optional > OPTIONAL_LIMIT:
        return None
    return _HEADER + length + optional + 1


class Esp3Framer:
    """Finds radio telegrams in a byte stream; see `edge.driver.Framer`.

    Whatever does not check is skipped one byte further, never as a whole: the next good frame is found although the
    bad one claimed to reach across it. At most one incomplete frame is kept between two calls.
    """

    def __init__(self) -> None:
        self.rejected = 0
        self.answers = 0
        self.question = encode(_READ_VERSION, kind=_COMMON_COMMAND)
        self._pending = b""

    def feed(self, data: bytes) -> list[tuple[str, bytes]]:
        """The radio telegrams that `data` completes, each with its sender."""
        buffer = self._pending + data
        found: list[tuple[str, bytes]] = []
        at = buffer.find(SYNC)
        while at >= 0:
            if len(buffer) - at < _HEADER:
                break
            size = _frame_size(buffer[at : at + _HEADER])
            if size is None:
                self.rejected += 1
                at = buffer.find(SYNC, at + 1)
            elif len(buffer) - at < size:
                break
            else:
                at = self._take(buffer, at, size, found)
        self._pending = buffer[at:] if at >= 0 else b""
        return found

    def idle(self) -> list[tuple[str, bytes]]:
        """Give up the incomplete frame: the line was silent for longer than a frame may pause (100 ms).

        Returns the telegrams that stood behind it.
        """
        found: list[tuple[str, bytes]] = []
        while self._pending:
            self.rejected += 1
            rest, self._pending = self._pending[1:], b""
            found.extend(self.feed(rest))
        return found

    def _take(self, buffer: bytes, at: int, size: int, found: list[tuple[str, bytes]]) -> int:
        """Judge a complete frame; where the search goes on."""
        frame = buffer[at : at + size]
        if crc8(frame[_HEADER:-1]) != frame[-1]:
            self.rejected += 1
            return buffer.find(SYNC, at + 1)
        if frame[4] == _RESPONSE:
            self.answers += 1
        elif frame[4] == RADIO_ERP1:
            try:
                found.append((read_telegram(frame).sender, frame))
            except Malformed:
                self.rejected += 1
        return buffer.find(SYNC, at + size)
