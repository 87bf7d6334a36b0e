"""Devices of the fault run: they count, and repeat the same counter until the edge says accepted.

Written from the published description of the counted line alone (docs/devices.md), with none of the product's own
code, so that a mistake there is not repeated here. One `Line` is one serial port of one edge with several senders.
"""

import asyncio
import errno
import os
import struct
import time
import tty
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from tests.faults.plan import PlannedDevice, Sort

REPEAT_AFTER: Final = 0.25
"""Seconds until a telegram that was not accepted is sent again."""
_READ: Final = 4096


def crc8(data: bytes) -> int:
    """CRC-8 with polynomial 0x07 (EnOcean Serial Protocol 3)."""
    value = 0
    for byte in data:
        value ^= byte
        for _ in range(8):
            value = (value << 1) ^ 0x07 if value & 0x80 else value << 1
            value &= 0xFF
    return value


def esp3(data: bytes, optional: bytes) -> bytes:
    """An ESP3 packet of type 1 (radio telegram)."""
    header = struct.pack(">HBB", len(data), len(optional), 1)
    return b"\x55" + header + bytes([crc8(header)]) + data + optional + bytes([crc8(data + optional)])


def objects(sort: Sort, counter: int) -> bytes:
    """The BTHome objects that a device of this sort states at this counter; they change with every counter."""
    if sort is Sort.BUTTON:
        return b"\x3a\x01"
    if sort is Sort.LOCK:
        return bytes([0x1F, counter % 2])
    if sort is Sort.DOOR:
        return bytes([0x1A, counter % 2])
    return b"\x02" + struct.pack("<h", hundredths(counter))


def hundredths(counter: int) -> int:
    """The temperature that a thermometer states, in hundredths of a degree."""
    return counter % 8000


def telegram(sender: int, counter: int, sort: Sort) -> bytes:
    """A whole counted telegram."""
    data = b"\xd1\x7f\xf1" + struct.pack(">I", counter) + objects(sort, counter) + struct.pack(">IB", sender, 0)
    return esp3(data, b"\x03\xff\xff\xff\xff\x40\x00")


def accepted(data: bytearray) -> list[tuple[int, int]]:
    """(sender, counter) of every acceptance in the buffer, which is emptied of what was read."""
    found = []
    while (start := data.find(0x55)) >= 0 and len(data) >= start + 6:
        header = bytes(data[start + 1 : start + 5])
        length, optional, kind = struct.unpack(">HBB", header)
        end = start + 6 + length + optional + 1
        if crc8(header) != data[start + 5] or kind != 1:
            del data[: start + 1]
            continue
        if len(data) < end:
            break
        body = bytes(data[start + 6 : end - 1])
        if crc8(body) == data[end - 1] and body[:3] == b"\xd1\x7f\xf2":
            found.append((int.from_bytes(body[length + 1 : length + 5], "big"), int.from_bytes(body[3:7], "big")))
        del data[:end]
    return found


@dataclass
class CountedDevice:
    """One sender: the next counter, when it may be said, and when it was last said."""

    plan: PlannedDevice
    pace: float
    counter: int = 1
    said_at: float = 0.0

    @property
    def done(self) -> bool:
        """Every fact was accepted."""
        return self.counter > self.plan.facts

    def due(self, elapsed: float, now: float) -> bool:
        """Whether it speaks now: its next fact is due, and it has waited long enough for an answer."""
        return not self.done and elapsed >= (self.counter - 1) * self.pace and now - self.said_at >= REPEAT_AFTER


@dataclass
class Line:
    """One serial port: a pty behind a stable symlink, its senders, and what the edge accepted of each."""

    path: Path
    devices: list[CountedDevice]
    on_accepted: Callable[[PlannedDevice, int], None]
    _master: int = -1
    _slave: int = -1
    _received: bytearray = field(default_factory=bytearray)

    def open(self) -> None:
        """Make the port."""
        self._master, self._slave = os.openpty()
        tty.setraw(self._slave)
        os.set_blocking(self._master, False)
        self.path.unlink(missing_ok=True)
        self.path.symlink_to(os.ttyname(self._slave))
        asyncio.get_running_loop().add_reader(self._master, self._read)

    def close(self) -> None:
        """Take the port away."""
        asyncio.get_running_loop().remove_reader(self._master)
        os.close(self._master)
        os.close(self._slave)

    def speak(self, elapsed: float) -> None:
        """Every sender that is due says its counter; a full line loses bytes, as hardware does."""
        now = time.monotonic()
        for device in self.devices:
            if device.due(elapsed, now):
                device.said_at = now
                self._write(telegram(device.plan.sender, device.counter, device.plan.sort))

    def _write(self, data: bytes) -> None:
        try:
            os.write(self._master, data)
        except BlockingIOError:
            return

    def _read(self) -> None:
        try:
            self._received += os.read(self._master, _READ)
        except OSError as error:
            if error.errno not in (errno.EIO, errno.EAGAIN):
                raise
            return
        for sender, counter in accepted(self._received):
            for device in self.devices:
                if device.plan.sender == sender and device.counter == counter:
                    self.on_accepted(device.plan, counter)
                    device.counter += 1
                    device.said_at = 0.0
