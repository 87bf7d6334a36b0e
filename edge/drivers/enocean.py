"""EnOcean radio telegrams: one driver for each equipment profile (EEP) of `firmware_configs/enocean/eep_map.json`.

A device names its profile by its driver, such as `enocean:D5-00-01`: the telegram itself does not tell it. Source:
EnOcean Equipment Profiles 2.6.7 (bit offsets count from the first bit of the payload) and the public profile tables
of its readers; only F6-02, D5-00-01 and A5-02-05 were also compared with other decoders.

Plain telegrams have no counter and no key: anybody near the home can send them. A telegram that arrives again through
a repeater within `REPEAT_WINDOW` is the same one.
"""

from collections.abc import Callable, Iterator
from importlib import resources
from typing import Final

import msgspec

from edge.driver import Driver, Memory, Reading, Sighting
from edge.drivers import remembered
from edge.drivers.esp3 import Telegram, read_telegram
from edge.drivers.remembered import Values
from homecare.clock import MINUTE
from homecare.device import Capability, Device
from homecare.errors import Malformed
from homecare.event import (
    AnyEvent,
    ButtonAction,
    ButtonPressed,
    ContactChanged,
    HelpCalled,
    LeakChanged,
    MotionChanged,
    Observed,
)

REPEAT_WINDOW: Final = 200_000
"""Microseconds: copies through two repeaters arrive within 100 ms; nobody presses twice in 200."""
REFRESH: Final = 15 * MINUTE
"""Microseconds after which an unchanged measurement is told again."""

_OP: Final = "read enocean"
_RPS, _1BS, _4BS = 0xF6, 0xD5, 0xA5
_PAYLOAD: Final = {_RPS: 1, _1BS: 1, _4BS: 4}
"""Bytes of payload of the kinds of telegram (RORG) that profiles are read from."""
_HOUSEKEEPING: Final = frozenset({0xD4, 0xD0, 0xC5, 0xC6, 0xC7})
"""Kinds that state no fact: universal teach-in, signal, remote management, smart acknowledgement (two)."""
_TAUGHT: Final = 0x08
"""Bit of the last payload byte of 1BS and 4BS: clear in a teach-in telegram."""
_PRESSED: Final = 0x10
_SECOND: Final = 0x01
_NORMAL: Final = 0x10
_WET, _DRY = 0x11, 0x00
_HANDLE_OPEN: Final = {0xC: True, 0xE: True, 0xD: True, 0xF: False}
"""High half of a handle's byte: turned level from below or above (open), up (tilted, so not closed), down (closed)."""


class Measure(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A number of `bits` bits at `offset`; `raw` maps linearly onto `value`, anything outside `raw` says nothing.

    `available` is the offset of the bit that must be set for the number to mean anything.
    """

    quantity: str
    unit: str
    offset: int
    bits: int
    raw: tuple[int, int]
    value: tuple[float, float]
    available: int | None = None


class Motion(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Motion is there from `moving_from` of the number of `bits` bits at `offset`."""

    offset: int
    bits: int
    moving_from: int


class Profile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One line of the map: `reads` names the form of the telegram, `states` the capabilities that it serves."""

    driver: str
    model: str
    examples: tuple[str, ...]
    states: tuple[Capability, ...]
    reads: str
    motion: Motion | None = None
    measures: tuple[Measure, ...] = ()


class Enocean:
    """The driver of one profile; see the module."""

    keys: tuple[str, ...] = ("serial:esp3",)

    def __init__(self, profile: Profile) -> None:
        self.name = profile.driver
        self.profile = profile
        self._rorg = int(profile.driver.split(":")[1][:2], 16)
        self._states = _FORMS[profile.reads]

    def read(self, sighting: Sighting, device: Device, *, secret: bytes | None, memory: Memory) -> Reading:  # noqa: ARG002 - plain telegrams have no key
        """The events of one telegram; none for teach-in and housekeeping, which are counted, and for copies.

        `Malformed` for another kind of telegram than the profile's.
        """
        telegram = read_telegram(sighting.telegram)
        values = memory.values
        if telegram.rorg in _HOUSEKEEPING:
            remembered.count(values, "housekeeping")
            return Reading(events=())
        if telegram.rorg != self._rorg or len(telegram.payload) != _PAYLOAD[self._rorg]:
            raise Malformed(_OP, "telegram", f"the device is enrolled with the profile {self.name}")
        if self._rorg != _RPS and not telegram.payload[-1] & _TAUGHT:
            remembered.count(values, "teach-in")
            return Reading(events=())
        at = sighting.heard_at.elapsed
        original = bytes((telegram.rorg, *telegram.payload, telegram.status & 0xF0))
        if not remembered.anew(values, original, at=at, window=REPEAT_WINDOW):
            return Reading(events=())
        return Reading(events=tuple(self._states(telegram, self.profile, device, values, at)))


States = Callable[[Telegram, Profile, Device, Values, int], Iterator[AnyEvent]]


def _rocker(telegram: Telegram, _: Profile, device: Device, values: Values, __: int) -> Iterator[AnyEvent]:
    """A press is told; a release only when its press was not heard, because the bow cannot spring back unpressed."""
    data = telegram.payload[0]
    pressed = bool(data & _PRESSED)
    missed = not pressed and not values.get("pressed")
    values["pressed"] = pressed
    if Capability.HELP_CALL in device.capabilities:
        if pressed or missed:
            yield HelpCalled()
        return
    if pressed:
        yield ButtonPressed(action=ButtonAction.PRESS, button=data >> 5 if telegram.status & _NORMAL else 0)
        if data & _SECOND:
            yield ButtonPressed(action=ButtonAction.PRESS, button=data >> 1 & 0x07)


def _leak(telegram: Telegram, _: Profile, __: Device, values: Values, ___: int) -> Iterator[AnyEvent]:
    """0x11 is water. The profile names no other value; 0x00, which its senders give when they dry, is dry."""
    data = telegram.payload[0]
    if data not in (_WET, _DRY):
        raise Malformed(_OP, "leak", "0x11 or 0x00")
    yield from _changed(values, "leak", LeakChanged(wet=data == _WET))


def _handle(telegram: Telegram, _: Profile, __: Device, values: Values, ___: int) -> Iterator[AnyEvent]:
    position = telegram.payload[0] >> 4
    if position not in _HANDLE_OPEN:
        raise Malformed(_OP, "handle", "a position from 0xC to 0xF")
    yield from _changed(values, "contact", ContactChanged(open=_HANDLE_OPEN[position]))


def _contact(telegram: Telegram, _: Profile, __: Device, values: Values, ___: int) -> Iterator[AnyEvent]:
    yield from _changed(values, "contact", ContactChanged(open=not telegram.payload[0] & 0x01))


def _measures(telegram: Telegram, profile: Profile, __: Device, values: Values, at: int) -> Iterator[AnyEvent]:
    data = telegram.payload
    if profile.motion is not None:
        moving = _bits(data, profile.motion.offset, profile.motion.bits) >= profile.motion.moving_from
        yield from _changed(values, "motion", MotionChanged(moving=moving))
    for measure in profile.measures:
        value = _value(data, measure)
        if value is None:
            continue
        event = Observed(quantity=measure.quantity, value=value, unit=measure.unit)
        changed = remembered.changed(values, measure.quantity, event)
        if remembered.since(values, measure.quantity, at=at, window=0 if changed else REFRESH):
            yield event


def _changed(values: Values, what: str, event: AnyEvent) -> Iterator[AnyEvent]:
    if remembered.changed(values, what, event):
        yield event


def _bits(data: bytes, offset: int, bits: int) -> int:
    return int.from_bytes(data, "big") >> (8 * len(data) - offset - bits) & ((1 << bits) - 1)


def _value(data: bytes, measure: Measure) -> float | None:
    if measure.available is not None and not _bits(data, measure.available, 1):
        return None
    raw, (first, last) = _bits(data, measure.offset, measure.bits), measure.raw
    if not min(first, last) <= raw <= max(first, last):
        return None
    low, high = measure.value
    return round(low + (raw - first) * (high - low) / (last - first), 2)


_FORMS: Final[dict[str, States]] = {
    "rocker": _rocker,
    "leak": _leak,
    "handle": _handle,
    "contact": _contact,
    "measures": _measures,
}


def profiles() -> tuple[Profile, ...]:
    """The map's lines. `Malformed` if it does not fit `Profile`."""
    data = (resources.files("firmware_configs") / "enocean" / "eep_map.json").read_bytes()
    try:
        return msgspec.json.decode(data, type=tuple[Profile, ...])
    except msgspec.DecodeError as error:
        raise Malformed("load eep map", "firmware_configs/enocean/eep_map.json", str(error)) from error


ENOCEAN: Final[tuple[Driver, ...]] = tuple(Enocean(profile) for profile in profiles())
