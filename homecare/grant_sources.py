"""Where grants come from: a planned visit, an accepted alert or a held one; there is no other source. Pure.

- A planned visit gives the door from 30 minutes before its window to 2 hours after it, never later than 2 hours after
  the shift. One that was started keeps the door until it is ended, within the same last bound.
- An accepted alert gives the door until the case is closed, 60 minutes a renewal, never later than 2 hours after the
  shift. It waits for nothing that a home may lack: neither for consent to a door log nor for being in service.
- A held alert gives whoever holds a call for help at the desk a remote unlocking, and the locking after it, while it is
  held: an ambulance stands at a door that nobody with a phone is near. Nearness counts for nothing here, and the second
  person is one who approves doors in the unit, or the responder who accepted this very alert.

All times are wall microseconds of the gateway.
"""

from typing import Final

import msgspec

from homecare.clock import HOUR, MINUTE
from homecare.grant import LONGEST, Grant, Over, Purpose
from homecare.identity import HomeId

BEFORE_VISIT: Final = 30 * MINUTE
"""Microseconds before a visit's window: people come early, and no earlier."""
AFTER_VISIT: Final = 2 * HOUR
"""Microseconds after a visit's window: days slip."""
AFTER_SHIFT: Final = 2 * HOUR
"""Microseconds after the end of the shift in which whatever was begun may be finished."""
RENEWAL: Final = 60 * MINUTE
"""Microseconds for which an accepted alert's grant holds without asking again whether the case is open."""
LOCK_AFTER: Final = 2 * HOUR
"""Microseconds after the end of a right in which its person may still lock what it let the person into: an outcome is
written, an ambulance is waited for. Beyond it somebody else is responsible for the door."""


class VisitFacts(msgspec.Struct, frozen=True):
    """What a visit's plan and log say; `shift_until` is None where the plan names no shift: then the window's end."""

    visit: str
    person: str
    home: HomeId
    since: int
    until: int
    shift_until: int | None = None
    started_at: int | None = None
    ended_at: int | None = None
    cancelled: bool = False
    unlatch: bool = False


class CaseFacts(msgspec.Struct, frozen=True):
    """What the case of an alert says of one responder; `accepted_at` is None before and after an acceptance.

    `closed_at` is None while the alert is open.
    """

    alert: str
    person: str
    home: HomeId
    accepted_at: int | None
    closed_at: int | None = None
    shift_until: int | None = None
    unlatch: bool = False


class HeldFacts(msgspec.Struct, frozen=True):
    """A call for help that `person` holds at the desk; `moved_at`: when the person did something about it last."""

    alert: str
    person: str
    home: HomeId
    moved_at: int
    closed_at: int | None = None


def from_visit(visit: VisitFacts) -> Grant:
    """The grant of a visit. A plan change never ends the right of a visit that was started and is not ended."""
    since = visit.since - BEFORE_VISIT
    last = (visit.until if visit.shift_until is None else visit.shift_until) + AFTER_SHIFT
    begun = visit.started_at is not None
    until = last if begun else min(visit.until + AFTER_VISIT, last)
    over = None
    if visit.ended_at is not None:
        over = Over.ENDED
    elif visit.cancelled and not begun:
        over = Over.CANCELLED
    start = since if visit.started_at is None else min(since, visit.started_at)
    until = min(until, start + LONGEST)
    ended = until if visit.ended_at is None else visit.ended_at
    return Grant(
        person=visit.person,
        home=visit.home,
        purpose=Purpose.VISIT,
        ends_with=visit.visit,
        since=start,
        until=until,
        over=over,
        unlatch=visit.unlatch,
        lock_until=ended + LOCK_AFTER if begun else None,
    )


def from_alert(case: CaseFacts, now: int) -> Grant:
    """The grant of an accepted alert, renewed now: whoever holds the answer must ask again after `RENEWAL`.

    Without a known shift it ends `AFTER_SHIFT` past the acceptance.
    """
    accepted = case.accepted_at
    start = now if accepted is None else accepted
    last = min((start if case.shift_until is None else case.shift_until) + AFTER_SHIFT, start + LONGEST)
    over = None
    if case.closed_at is not None:
        over = Over.CLOSED
    elif accepted is None:
        over = Over.NOT_ACCEPTED
    return Grant(
        person=case.person,
        home=case.home,
        purpose=Purpose.ALERT,
        ends_with=case.alert,
        since=start,
        until=min(now + RENEWAL, last),
        over=over,
        unlatch=case.unlatch,
        lock_until=None if accepted is None else _first(last, case.closed_at) + LOCK_AFTER,
    )


def from_held(held: HeldFacts, now: int) -> Grant:
    """The grant of an alert that is held at the desk, renewed now."""
    start = min(held.moved_at, now)
    return Grant(
        person=held.person,
        home=held.home,
        purpose=Purpose.ALERT,
        ends_with=held.alert,
        since=start,
        until=min(now + RENEWAL, start + LONGEST),
        over=None if held.closed_at is None else Over.CLOSED,
        held=True,
        lock_until=_first(start + LONGEST, held.closed_at) + LOCK_AFTER,
    )


def _first(end: int, closed_at: int | None) -> int:
    return end if closed_at is None else min(end, closed_at)
