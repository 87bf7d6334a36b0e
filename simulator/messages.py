"""What a device can say, in both forms in which simulated devices send it: BTHome objects and EnOcean telegrams."""

from collections.abc import Callable
from functools import partial

import msgspec

from simulator import bthome, enocean

Telegram = Callable[[bytes], bytes]
"""Makes the frame of one telegram for its sender's 4-byte id."""


class Message(msgspec.Struct, frozen=True):
    """One message; a device sends the form that is its own."""

    objects: bytes
    telegrams: tuple[Telegram, ...] = ()


def press() -> Message:
    """A button is pressed and let go."""
    rocker = (partial(enocean.rocker, pressed=True), partial(enocean.rocker, pressed=False))
    return Message(bthome.button(), rocker)


def door(*, is_open: bool) -> Message:
    """A door or window stands open, or is closed."""
    return Message(bthome.door(is_open=is_open), (partial(enocean.contact, is_open=is_open),))


def motion(*, moving: bool) -> Message:
    """Somebody moves in view, or nobody does any more."""
    return Message(bthome.motion(moving=moving))


def leak(*, wet: bool) -> Message:
    """Water is there, or gone."""
    return Message(bthome.moisture(wet=wet), (partial(enocean.leak, wet=wet),))


def temperature(celsius: float) -> Message:
    """The room's temperature."""
    return Message(bthome.temperature(celsius), (partial(enocean.temperature, celsius=celsius),))


def lock(*, unlocked: bool) -> Message:
    """The bolt's state."""
    return Message(bthome.lock(unlocked=unlocked))
