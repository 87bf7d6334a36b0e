"""A two-way serial device that counts what it says and repeats it until the edge has accepted it.

Framed by ESP3 as radio telegrams of the kind MSC (0xD1) under a manufacturer number that nobody holds (0x7FF):

    says      D1 7F F1 | counter u32 | BTHome v2 objects | sender (4) | status
    accepted  D1 7F F2 | counter u32 | 00000000 | 00        optional: 03 | sender (4) | FF | 00

Numbers of the frame are big-endian, those in the objects little-endian as BTHome has them. The device raises its
counter by one with everything new it says (from 1, kept across its own restarts), and sends the same bytes again,
every second or slower, until it reads `accepted` with that counter. The edge writes `accepted` after its journal's
commit, also for a counter that it had accepted before. So nothing is lost while the edge is away, and nothing counts
twice. Each object is a fact of its own: unlike in advertisements an unchanged state is told again.
"""

from typing import Final

import msgspec

from edge.driver import Memory, Reading, Sighting
from edge.drivers import remembered
from edge.drivers.bthome_payload import said, take_apart
from edge.drivers.doubt import in_doubt, took
from edge.drivers.esp3 import Telegram, encode, read_telegram
from homecare.device import Device
from homecare.errors import Malformed, Refused
from homecare.event import AnyEvent, DeviceFault

RORG: Final = 0xD1
SAYS: Final = bytes((0x7F, 0xF1))
ACCEPTED: Final = bytes((0x7F, 0xF2))
OBJECTS_LIMIT: Final = 96
"""Bytes of objects in one frame; with everything else it stays inside the framer's limit."""
COUNTER_LIMIT: Final = 2**32 - 1
_OP: Final = "read counted"
_COUNTER_BYTES: Final = 4
_SENDER_BYTES: Final = 4
_OPTIONAL_BYTES: Final = 1 + _SENDER_BYTES + 2
_NOBODY: Final = bytes(_SENDER_BYTES)


class Accepted(msgspec.Struct, frozen=True):
    """The edge's word that what a device said under `counter` is durable; `device` is its id, 8 hex digits."""

    device: str
    counter: int


class Counted:
    """See the module."""

    name = "counted"
    keys: tuple[str, ...] = ("serial:esp3",)

    def read(self, sighting: Sighting, device: Device, *, secret: bytes | None, memory: Memory) -> Reading:  # noqa: ARG002 - the wire is the key
        """The facts of one frame, its counter, and the acceptance to write after the commit.

        `Malformed` for other frames and for frames without a readable object; `Refused` (replay) below the counter
        accepted last. An equal counter gives the same reading again.
        """
        telegram = read_telegram(sighting.telegram)
        counter, objects = _parts(telegram)
        payload = take_apart(objects)
        things = list(said(payload, device))
        if memory.counter is not None and counter < memory.counter:
            accepted = encode_accepted(telegram.sender, counter)
            doubted = in_doubt(things, counter, values=memory.values, reply=accepted)
            if doubted is None:
                raise Refused(_OP, DeviceFault.REPLAY, "the counter is below the last one; enrol the device again")
            return doubted
        took(memory.values, counter)
        events: list[AnyEvent] = [one.event for one in things if one.event is not None]
        if payload.unread or any(one.senseless for one in things):
            events.extend(remembered.unreadable(memory.values, at=sighting.heard_at.elapsed))
        if not payload.objects:
            raise Malformed(_OP, "objects", "at least one object of the BTHome table")
        return Reading(events=tuple(events), counter=counter, reply=encode_accepted(telegram.sender, counter))


def _parts(telegram: Telegram) -> tuple[int, bytes]:
    head = len(SAYS) + _COUNTER_BYTES
    payload = telegram.payload
    if telegram.rorg != RORG or payload[: len(SAYS)] != SAYS or not head < len(payload) <= head + OBJECTS_LIMIT:
        raise Malformed(_OP, "telegram", f"D1 7F F1, counter, then 1 to {OBJECTS_LIMIT} bytes of objects")
    return int.from_bytes(payload[len(SAYS) : head], "big"), payload[head:]


def encode_said(device: str, counter: int, objects: bytes) -> bytes:
    """The frame in which `device` (8 hex digits) says `objects` under `counter`."""
    if not 0 < counter <= COUNTER_LIMIT or not 0 < len(objects) <= OBJECTS_LIMIT:
        raise Malformed("encode counted", "frame", f"a counter of 32 bits and 1 to {OBJECTS_LIMIT} bytes of objects")
    number = counter.to_bytes(_COUNTER_BYTES, "big")
    return encode(bytes((RORG,)) + SAYS + number + objects + bytes.fromhex(device) + b"\x00")


def encode_accepted(device: str, counter: int) -> bytes:
    """The frame that tells `device` (8 hex digits) that `counter` is durable."""
    number = counter.to_bytes(_COUNTER_BYTES, "big")
    data = bytes((RORG,)) + ACCEPTED + number + _NOBODY + b"\x00"
    return encode(data, b"\x03" + bytes.fromhex(device) + b"\xff\x00")


def read_accepted(frame: bytes) -> Accepted:
    """What an acceptance says; `Malformed` for any other frame. For the device's side."""
    telegram = read_telegram(frame)
    payload = telegram.payload
    optional = frame[6 + int.from_bytes(frame[1:3], "big") : -1]
    if telegram.rorg != RORG or payload[: len(ACCEPTED)] != ACCEPTED or len(payload) != len(ACCEPTED) + _COUNTER_BYTES:
        raise Malformed("read accepted", "telegram", "D1 7F F2 and a counter")
    if len(optional) != _OPTIONAL_BYTES:
        raise Malformed("read accepted", "optional data", "03, the device's id, FF, 00")
    return Accepted(device=optional[1:5].hex().upper(), counter=int.from_bytes(payload[len(ACCEPTED) :], "big"))
