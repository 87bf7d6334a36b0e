"""A resident's day: pure and seeded, at the gentle rate of a person who lives alone.

A day is the same however fast it is lived: in real time for a demonstration, in virtual time for rules.
"""

from collections.abc import Iterator
from random import Random
from typing import Final

import msgspec

from homecare.device import Placement
from simulator.household import Kind

SECONDS_OF_DAY: Final = 86_400
WAKES: Final = 6 * 3600 + 1800
SLEEPS: Final = 22 * 3600
AWAKE_PAUSE: Final = (20.0, 90.0)
"""Seconds between two doings by day."""
ASLEEP_PAUSE: Final = (1800.0, 7200.0)
"""Seconds between two doings by night: a person gets up once or twice."""
MOVING_SECONDS: Final = (4.0, 12.0)
DOOR_SECONDS: Final = (8.0, 25.0)
OUTDOORS: Final = 0.04
"""The part of a day's doings that open the front door."""
AIRING: Final = 0.02
"""The part that opens the balcony door."""
ROOMS: Final = (Placement.HALL, Placement.KITCHEN)


class Doing(msgspec.Struct, frozen=True):
    """At `at` seconds after midnight the device of this kind at this place notices `on`."""

    at: float
    kind: Kind
    placement: Placement
    on: bool


def day(chance: Random) -> Iterator[Doing]:
    """What happens from midnight to midnight, in order."""
    at = chance.uniform(*ASLEEP_PAUSE)
    while at < SECONDS_OF_DAY:
        for doing in _something(at, chance):
            yield doing
            at = doing.at
        at += chance.uniform(*(AWAKE_PAUSE if WAKES <= at < SLEEPS else ASLEEP_PAUSE))


def _something(at: float, chance: Random) -> Iterator[Doing]:
    what = chance.random() if WAKES <= at < SLEEPS else 1.0
    if what < OUTDOORS:
        shut = at + chance.uniform(*DOOR_SECONDS)
        yield Doing(at, Kind.LOCK, Placement.FRONT_DOOR, on=True)
        yield Doing(at + 1, Kind.DOOR, Placement.FRONT_DOOR, on=True)
        yield Doing(shut, Kind.DOOR, Placement.FRONT_DOOR, on=False)
        yield Doing(shut + 1, Kind.LOCK, Placement.FRONT_DOOR, on=False)
    elif what < OUTDOORS + AIRING:
        yield Doing(at, Kind.DOOR, Placement.BALCONY_DOOR, on=True)
        yield Doing(at + chance.uniform(*DOOR_SECONDS), Kind.DOOR, Placement.BALCONY_DOOR, on=False)
    else:
        room = chance.choice(ROOMS)
        yield Doing(at, Kind.MOTION, room, on=True)
        yield Doing(at + chance.uniform(*MOVING_SECONDS), Kind.MOTION, room, on=False)


def room_temperature(at: float, chance: Random) -> float:
    """Degrees Celsius at this second of the day: cooler by night, with a little noise."""
    warm = 21.5 if WAKES <= at < SLEEPS else 19.5
    return round(warm + chance.gauss(0, 0.15), 2)
