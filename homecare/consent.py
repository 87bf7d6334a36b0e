"""Consent: without it no sensor's fact is kept, and no door opens for a planned visit. Alarms always are, and do.

The law (2024) lets a municipality use sensors in a home only while the resident consents, and a permanently cohabiting
relative as well. A call for help, a fall and smoke are not observation but a person's call: they are kept and shown,
and the operator is told what is missing. Of whoever opens a door for an alarm nobody is asked for consent either.
"""

from collections.abc import Iterable
from enum import StrEnum
from typing import Final

import msgspec

from homecare.event import (
    AnyEvent,
    ButtonPressed,
    ContactChanged,
    Event,
    LeakChanged,
    MotionChanged,
    Observed,
    StateObserved,
)

WITHDRAWN_WITHIN_SECONDS: Final = 60
"""Seconds after which at the latest nothing more is stored once consent was withdrawn."""
SENSED: Final[frozenset[type[Event]]] = frozenset(
    {ContactChanged, MotionChanged, LeakChanged, ButtonPressed, StateObserved, Observed}
)
"""What says something about how people live. Batteries, coverage and faults say only how the devices are."""


class Purpose(StrEnum):
    """What somebody consents to. `door_log`: that it is kept who opened the door for a planned visit, and when."""

    SENSORS = "sensors"
    DOOR_LOG = "door_log"


class MemberKind(StrEnum):
    """Who must consent."""

    RESIDENT = "resident"
    COHABITANT = "cohabitant"


class Member(msgspec.Struct, frozen=True):
    """Somebody who permanently lives in the home, and what that person consents to now."""

    kind: MemberKind
    consents: frozenset[Purpose]


def is_sensed(event: AnyEvent) -> bool:
    """Whether consent is needed to keep this."""
    return type(event) in SENSED


def missing(members: Iterable[Member], purpose: Purpose) -> tuple[MemberKind, ...]:
    """Who has not consented, each kind once; a home of which no resident is known lacks the resident's."""
    known = tuple(members)
    lacking = {member.kind for member in known if purpose not in member.consents}
    if not any(member.kind is MemberKind.RESIDENT for member in known):
        lacking.add(MemberKind.RESIDENT)
    return tuple(kind for kind in MemberKind if kind in lacking)
