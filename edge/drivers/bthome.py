"""BTHome version 2: sensors, buttons and locks that state themselves in advertisements, plain or encrypted.

Service data of UUID 0xFCD2: device information (bit 0 encrypted, bit 2 trigger based, bits 5 to 7 version), then
objects. Encrypted: AES-128-CCM with a tag of 4 bytes, nonce = address, D2 FC, device information, counter; the data
is device information, ciphertext, counter (4 bytes, little-endian), tag. Source: the pages "format" and "encryption"
of bthome.io.

What counts as one transmission. Devices repeat each advertisement many times. Encrypted: equal counters are one
transmission, a lower one is refused, but for its alarms (`edge.drivers.doubt`). Plain with a packet id: equal ids are
one transmission until nothing was heard of it for `REPEAT_WINDOW`. Plain without: states are told when they change, and
an equal frame with a button press within `REPEAT_WINDOW` of the one that counted is a repetition.
"""

from typing import Final, cast

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESCCM

from edge.driver import Memory, Reading, Sighting
from edge.drivers import remembered
from edge.drivers.bthome_objects import HAPPENING
from edge.drivers.bthome_payload import Payload, Said, said, take_apart
from edge.drivers.doubt import in_doubt, took
from edge.drivers.remembered import Values
from homecare.clock import MINUTE, SECOND
from homecare.device import Device
from homecare.errors import Malformed, Refused
from homecare.event import AnyEvent, DeviceFault, LockOperated, LockState, Observed, StateObserved

SERVICE: Final = "fcd2"
VERSION: Final = 2
KEY_BYTES: Final = 16
REPEAT_WINDOW: Final = 4 * SECOND
"""Microseconds: the time after which the format's reference reader takes an equal packet id for a new transmission."""
REFRESH: Final = 15 * MINUTE
"""Microseconds after which an unchanged measurement is told again, so that a chart can tell steady from silent."""
PAYLOAD_LIMIT: Final = 1650
"""Bytes of service data: the longest advertisement that Bluetooth 5 can chain."""

_OP: Final = "read bthome"
_ENCRYPTED: Final = 0x01
_TRIGGER: Final = 0x04
_RESERVED: Final = 0x1A
_COUNTER: Final = slice(-8, -4)
_SEALED: Final = 9
"""Bytes of an encrypted frame without objects: device information, counter, tag."""


class Opened(msgspec.Struct, frozen=True):
    """A frame after the checks: its objects, the counter of an encrypted one, whether only triggers make it speak."""

    payload: Payload
    counter: int | None
    trigger: bool


class BTHome:
    """See the module."""

    name = "bthome"
    keys: tuple[str, ...] = (f"ble:{SERVICE}",)

    def read(self, sighting: Sighting, device: Device, *, secret: bytes | None, memory: Memory) -> Reading:
        """The events of one advertisement; none for a repetition. The counter is that of an encrypted frame.

        `Malformed`, or `Refused` whose subject is the `DeviceFault`: downgrade, wrong key or replay.
        """
        data = bytes(sighting.service_data.get(SERVICE, b""))
        opened = open_frame(data, device.address, secret)
        at = sighting.heard_at.elapsed
        if opened.counter is not None:
            return self._counted(opened, device, memory=memory, at=at)
        key = _repeat_key(opened.payload)
        if key is not None and remembered.heard_lately(memory.values, key, at=at, window=REPEAT_WINDOW):
            return Reading(events=(), repeat_key=key, repeat_window=REPEAT_WINDOW)
        presses = key is not None or _pressed_anew(opened.payload, memory.values, at=at)
        events = _news(opened, device, values=memory.values, at=at, presses=presses)
        return Reading(events=events, repeat_key=key, repeat_window=REPEAT_WINDOW if key else 0)

    def _counted(self, opened: Opened, device: Device, *, memory: Memory, at: int) -> Reading:
        """An authentic frame: the events of its counter, the same again for the same counter until it is stored."""
        counter = cast("int", opened.counter)
        told = cast("tuple[int, tuple[AnyEvent, ...]]", memory.values.get("told", (-1, ())))
        if counter < max(told[0], memory.counter or 0):
            doubted = in_doubt(said(opened.payload, device), counter, values=memory.values)
            if doubted is None:
                raise Refused(_OP, DeviceFault.REPLAY, "the counter is below the last one; enrol the device again")
            return doubted
        if counter == told[0]:
            return Reading(events=told[1], counter=counter)
        key = _repeat_key(opened.payload)
        repeated = key is not None and remembered.heard_lately(memory.values, key, at=at, window=REPEAT_WINDOW)
        events = () if repeated else _news(opened, device, values=memory.values, at=at, presses=True)
        memory.values["told"] = (counter, events)
        took(memory.values, counter)
        return Reading(events=events, counter=counter)


def open_frame(data: bytes, address: str, secret: bytes | None) -> Opened:
    """The objects of a frame after version, encryption and authenticity were checked (`Malformed`, `Refused`)."""
    if not 1 < len(data) <= PAYLOAD_LIMIT or data[0] >> 5 != VERSION or data[0] & _RESERVED:
        raise Malformed(_OP, "device information", "set the device to BTHome version 2")
    trigger = bool(data[0] & _TRIGGER)
    if not data[0] & _ENCRYPTED:
        if secret is not None:
            raise Refused(_OP, DeviceFault.DOWNGRADE, "the device is enrolled with a key and must encrypt")
        return Opened(payload=_objects(data[1:]), counter=None, trigger=trigger)
    if secret is None or len(secret) != KEY_BYTES:
        raise Refused(_OP, DeviceFault.WRONG_KEY, f"enrol the device with its key of {KEY_BYTES} bytes")
    if len(data) <= _SEALED:
        raise Malformed(_OP, "frame", "shorter than counter and tag")
    payload = _objects(_decrypt(data, address, secret))
    return Opened(payload=payload, counter=int.from_bytes(data[_COUNTER], "little"), trigger=trigger)


def _decrypt(data: bytes, address: str, secret: bytes) -> bytes:
    try:
        nonce = bytes.fromhex(address.replace(":", "")) + b"\xd2\xfc" + data[:1] + data[_COUNTER]
        return AESCCM(secret, tag_length=4).decrypt(nonce, data[1:-8] + data[-4:], None)
    except ValueError as error:
        raise Malformed(_OP, "address", "an encrypting device is enrolled with its Bluetooth address") from error
    except InvalidTag as error:
        raise Refused(_OP, DeviceFault.WRONG_KEY, "compare the key in the device with the one enrolled") from error


def _objects(payload: bytes) -> Payload:
    parts = take_apart(payload)
    if not parts.objects:
        raise Malformed(_OP, "objects", "no object of the format's table")
    return parts


def _repeat_key(payload: Payload) -> bytes | None:
    number = payload.packet_id
    return None if number is None else bytes((number,))


def _pressed_anew(payload: Payload, values: Values, *, at: int) -> bool:
    """Whether the button objects of a frame without a packet id are more than a repetition of the last ones."""
    buttons = b"".join(value for object_id, value in payload.objects if object_id in HAPPENING)
    return not buttons or remembered.anew(values, buttons, at=at, window=REPEAT_WINDOW)


def _news(opened: Opened, device: Device, *, values: Values, at: int, presses: bool) -> tuple[AnyEvent, ...]:
    """What of a frame is worth telling; what could not be read is told as a fault."""
    things = list(said(opened.payload, device))
    events = [
        event
        for one in things
        if (presses or one.lasting) and (event := _worth_telling(one, opened, values=values, at=at)) is not None
    ]
    if opened.payload.unread or any(one.senseless for one in things):
        events.extend(remembered.unreadable(values, at=at))
    return tuple(events)


def _worth_telling(one: Said, opened: Opened, *, values: Values, at: int) -> AnyEvent | None:
    event = one.event
    if event is None or not one.lasting:
        return event
    first = not remembered.known(values, one.what)
    if not remembered.changed(values, one.what, event):
        fresh = isinstance(event, Observed) and remembered.since(values, one.what, at=at, window=REFRESH)
        return event if fresh else None
    if isinstance(event, Observed):
        values[f"since {one.what}"] = at
    if first and isinstance(event, LockOperated) and not opened.trigger:
        return StateObserved(property=one.what, on=event.state is LockState.UNLOCKED)
    return event
