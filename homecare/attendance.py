"""Attendance: somebody from the staff inside a home, from when until when, as far as anybody knows.

It is what a visit's evidence, or the case of an accepted alert, says of one person. Rules about silence stand back
while it lasts, so it always has an end: the leaving that was stated, else a bound. A moment is the earlier of what was
claimed and when the gateway had it: a clock that runs ahead keeps no rule quiet. Wall times, microseconds.
"""

from typing import Final

import msgspec

from homecare.alert import Alert, Standing
from homecare.case import Response, ResponseStanding
from homecare.clock import HOUR
from homecare.grant import LONGEST
from homecare.identity import derived_id
from homecare.visit import OVERDUE_AFTER, Mark, Movement, Visit

RESPONDER_MOST: Final = 2 * HOUR
"""Microseconds for which a responder counts as inside without a word of leaving: as long as a late visit may begin."""
_TURNED_AWAY: Final = frozenset({Movement.DECLINED, Movement.NO_ENTRY})


class Attendance(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One stretch inside. `id` is opaque and names it for ever; a newer word about it takes the older one's place.

    `until` None: nobody has said that it ended; then it counts until `bound` and no longer. `seen`: it ended by a
    leaving, so that somebody from the staff saw the resident until then.
    """

    id: str
    since: int
    until: int | None
    bound: int
    seen: bool = False


def of_visit(visit: Visit, person: str) -> Attendance | None:
    """The person's share of a visit; None where neither a coming nor a going is known.

    Unended, it counts for as long as the visit was planned to take, from its planned begin or the later arrival, and
    for `OVERDUE_AFTER` more, when the visit becomes partial; never for longer than any right at a door.
    """
    known = visit.participant(person)
    first = known.arrived or known.left
    if first is None:
        return None
    since = _moment(first)
    planned_end = max(visit.until, since + visit.until - visit.since)
    left = known.left or _turned_away(visit, person)
    return Attendance(
        id=derived_id("attendance", visit.id, person),
        since=since,
        until=None if left is None else max(since, _moment(left)),
        bound=min(planned_end + OVERDUE_AFTER, since + LONGEST),
        seen=known.left is not None,
    )


def _moment(mark: Mark) -> int:
    return min(mark.claimed_at, mark.received_at)


def _turned_away(visit: Visit, person: str) -> Mark | None:
    """When the person said that the resident declined, or that nobody could get in: whoever says so is not inside."""
    said = (one for one in visit.evidence if one.person == person and one.movement in _TURNED_AWAY)
    return next((Mark(one.claimed_at, one.received_at, one.proof) for one in said), None)


def of_case(before: Alert, after: Alert, at: int) -> tuple[Attendance, ...]:
    """What a step of an alert's case at `at` says of its responders inside; nothing where it says nothing of that.

    Each stretch of each person ends by that person's own leaving, else with the alert: a sending of somebody else ends
    none.
    """
    was, now = _inside(before), _inside(after)
    ended = [_ended(before, was[stretch], after, at) for stretch in was if stretch not in now]
    begun = [_responding(after, now[stretch], None) for stretch in now if stretch not in was]
    return (*ended, *begun)


def _inside(alert: Alert) -> dict[tuple[str, int], Response]:
    """Who is inside, by person and since when."""
    if alert.standing is Standing.RESOLVED:
        return {}
    return {(one.person, _since(one)): one for one in alert.case.people_inside}


def _since(response: Response) -> int:
    return response.sent_at if response.on_site_at is None else response.on_site_at


def _ended(before: Alert, was: Response, after: Alert, at: int) -> Attendance:
    now = after.case.response_of(was.person)
    if now is None or now.standing is not ResponseStanding.LEFT:
        return _responding(before, was, at)
    return _responding(before, was, at if now.left_at is None else now.left_at, seen=True)


def _responding(alert: Alert, response: Response, until: int | None, *, seen: bool = False) -> Attendance:
    since = _since(response)
    return Attendance(
        id=derived_id("attendance", alert.id, response.person, str(since)),
        since=since,
        until=None if until is None else max(since, until),
        bound=since + RESPONDER_MOST,
        seen=seen,
    )
