"""The objects of a BTHome v2 payload, and what they say.

An unknown object id has an unknown length: what stands before it is used, what follows is unread. The caller tells
that as a fault, so that a button behind an unknown object is never silence. Objects may stand in any order.
"""

from collections.abc import Iterator
from typing import Final

import msgspec

from edge.drivers.bthome_objects import (
    ACTIONS,
    BATTERY,
    BINARY,
    BUTTON,
    DIMMER,
    LOCK,
    MEASURED,
    PACKET_ID,
    ROTATION,
    size_of,
)
from homecare.device import Capability, Device
from homecare.event import AnyEvent, BatteryReported, ButtonPressed, HelpCalled, Observed, StateObserved

OBJECTS_LIMIT: Final = 64
"""Objects read from one payload; the longest usual advertisement holds 15. What follows them is unread."""
FULL: Final = 100
"""Percent; a battery that claims more says nothing."""


class Payload(msgspec.Struct, frozen=True):
    """A payload taken apart: (id, value bytes) in order, and how many bytes at the end could not be read."""

    objects: tuple[tuple[int, bytes], ...]
    unread: int

    @property
    def packet_id(self) -> int | None:
        """The number of this transmission, where the device gives one."""
        return next((value[0] for object_id, value in self.objects if object_id == PACKET_ID), None)


class Said(msgspec.Struct, frozen=True):
    """One thing that a payload says.

    `what` names it on this device (`contact`, `contact_2`). A `lasting` thing is a state, worth telling only when it
    changes; the others happen each time they are said. `event` is None where there is nothing to tell: a button of
    several that was not used, or a value outside its range, which is `senseless`.
    """

    what: str
    event: AnyEvent | None
    lasting: bool = True
    senseless: bool = False

    @property
    def is_lock(self) -> bool:
        """Whether this is the bolt's state: its first sighting is no operation."""
        return self.what.split("_")[0] == BINARY[LOCK].name


def take_apart(payload: bytes) -> Payload:
    """The objects of `payload`; never fails, `unread` says what was left."""
    objects: list[tuple[int, bytes]] = []
    at = 0
    while at < len(payload) and len(objects) < OBJECTS_LIMIT:
        size = size_of(payload[at], payload[at + 1 :])
        if size is None or at + 1 + size > len(payload):
            break
        objects.append((payload[at], payload[at + 1 : at + 1 + size]))
        at += 1 + size
    return Payload(objects=tuple(objects), unread=len(payload) - at)


def said(payload: Payload, device: Device) -> Iterator[Said]:
    """What the objects say, in order. The second thing of a name is called `name_2`, and so on."""
    seen: dict[str, int] = {}
    for object_id, value in payload.objects:
        one = _said(object_id, value, device, seen.get("button", 0))
        if one is None:
            continue
        nth = seen[one.what] = seen.get(one.what, 0) + 1
        yield one if nth == 1 else _numbered(one, nth)


def _said(object_id: int, value: bytes, device: Device, buttons: int) -> Said | None:
    if object_id in BINARY:
        binary = BINARY[object_id]
        return Said(binary.name, binary.states(value[0] != 0))
    if object_id in MEASURED:
        measured = MEASURED[object_id]
        return Said(
            measured.quantity, Observed(quantity=measured.quantity, value=measured.value(value), unit=measured.unit)
        )
    if object_id == BATTERY:
        sound = value[0] <= FULL
        return Said("battery", BatteryReported(percent=value[0]) if sound else None, senseless=not sound)
    if object_id == BUTTON:
        event = _button(value[0], device, buttons)
        return Said("button", event, lasting=False, senseless=event is None and value[0] != 0)
    if object_id == DIMMER and value[0] in ROTATION:
        steps = float(ROTATION[value[0]] * value[1])
        return Said("dimmer", Observed(quantity="dimmer_rotation", value=steps, unit="steps"), lasting=False)
    return None


def _button(action: int, device: Device, button: int) -> AnyEvent | None:
    """A call on every action, also one of a later format: on a call button doubt means that somebody called."""
    if action == 0:
        return None
    if Capability.HELP_CALL in device.capabilities:
        return HelpCalled()
    return ButtonPressed(action=ACTIONS[action], button=button) if action in ACTIONS else None


def _numbered(one: Said, nth: int) -> Said:
    name = f"{one.what}_{nth}"
    event = one.event
    if isinstance(event, Observed):
        event = msgspec.structs.replace(event, quantity=name)
    elif isinstance(event, StateObserved):
        event = msgspec.structs.replace(event, property=name)
    return msgspec.structs.replace(one, what=name, event=event)
