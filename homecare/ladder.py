"""The ladder: what time alone does to an alert that nobody gets any further.

Pure: an alert, a ladder and an instant say how far it must be escalated, what happens next and when. Nothing but a
person's step that gets the case further starts the ladder again: neither a press nor a take that is dropped does, so
that no pattern of presses, takes and releases keeps an alert from reaching its last rung. All times are microseconds.
"""

from typing import Final

import msgspec

from homecare.alert import URGENCY_OF, Alert, Condition, Standing, Transition, Urgency, unnoticed
from homecare.case import ResponseStanding
from homecare.clock import MINUTE, SECOND

SECOND_DESK: Final = 1
"""The rung at which all desks of the unit and of its backup ring, marked."""
WEBHOOK: Final = 2
"""The rung from which another system is told as well."""
LAST: Final = 3
"""The last rung of its own; every higher one repeats it."""

_THERE: Final = frozenset({ResponseStanding.ON_SITE, ResponseStanding.LEFT})
"""How the newest responder stands where whoever is inside needs nobody else."""


class Ladder(msgspec.Struct, frozen=True):
    """The waits of one urgency. `second_desk`, `webhook` and `last` count from when the alert began to wait, `again`
    from one repetition of the last rung to the next. `claim` is how long whoever has it may do nothing, `way` how long
    a responder may be on the way and `there` how long a visit may take before the alert waits for anybody again.
    """

    second_desk: int = 30 * SECOND
    webhook: int = 60 * SECOND
    last: int = 3 * MINUTE
    again: int = 60 * SECOND
    claim: int = 120 * SECOND
    way: int = 30 * MINUTE
    there: int = 60 * MINUTE


LADDERS: Final[dict[Urgency, Ladder]] = {
    Urgency.CALL: Ladder(),
    Urgency.CONCERN: Ladder(
        second_desk=5 * MINUTE, webhook=10 * MINUTE, last=30 * MINUTE, again=10 * MINUTE, claim=20 * MINUTE
    ),
}
"""A call waits for seconds, a concern for minutes; a fault is work for the day and has no ladder."""


def ladder_of(condition: Condition) -> Ladder | None:
    """The ladder that an alert of this condition climbs, None for one that waits as long as it must."""
    return LADDERS.get(URGENCY_OF[condition])


def first_due(condition: Condition, raised_at: int) -> int | None:
    """When an alert that is raised now must be looked at if nobody takes it."""
    ladder = ladder_of(condition)
    return None if ladder is None else raised_at + ladder.second_desk


def rung(alert: Alert, ladder: Ladder, now: int) -> int:
    """How far the alert must have been escalated by `now`; never less than it is, and no further while attended."""
    if alert.standing is Standing.RESOLVED or alert.attended:
        return alert.case.rung
    waited = now - _waiting_since(alert)
    if waited < ladder.last:
        reached = (waited >= ladder.second_desk) + (waited >= ladder.webhook)
    else:
        reached = LAST + (waited - ladder.last) // ladder.again
    return max(reached, alert.case.rung)


def due(alert: Alert, ladder: Ladder | None) -> int | None:
    """When `step` has something to do if nobody does anything before; None for never.

    Never is for a resolved alert, a fault, and a concern whose condition is gone: an open call is always due.
    """
    if ladder is None or alert.standing is Standing.RESOLVED or _over(alert):
        return None
    if alert.attended:
        return _attended_at(alert) + _patience(alert, ladder)
    waits = (ladder.second_desk, ladder.webhook, ladder.last)
    climbed = alert.case.rung
    wait = waits[climbed] if climbed < LAST else ladder.last + (climbed + 1 - LAST) * ladder.again
    return _waiting_since(alert) + wait


def step(alert: Alert, ladder: Ladder, now: int) -> tuple[Alert, Transition] | None:
    """The next single transition that time has brought by `now`, or None. Repeat until None to catch up.

    Every rung up to the last is its own step, also when they come late; of missed repetitions one is made good.
    """
    at = due(alert, ladder)
    if at is None or now < at:
        return None
    if alert.attended:
        return _lapsed(alert), Transition.LAPSED
    climbed = alert.case.rung + 1
    return _escalated(alert, max(climbed, rung(alert, ladder, now)) if climbed > LAST else climbed, now)


def _over(alert: Alert) -> bool:
    return URGENCY_OF[alert.condition] is Urgency.CONCERN and not alert.active


def _waiting_since(alert: Alert) -> int:
    since = alert.case.waiting_since
    return alert.raised_at if since is None else since


def _attended_at(alert: Alert) -> int:
    moved = alert.case.moved_at
    return alert.raised_at if moved is None else moved


def _patience(alert: Alert, ladder: Ladder) -> int:
    """Longer than a claim's while somebody is on the way or there, and once it is said what was done.

    Whoever was sent to somebody inside, and does not answer, is waited for no longer than the first one was.
    """
    case = alert.case
    if case.outcome is not None:
        return ladder.there
    standing = None if case.response is None else case.response.standing
    if standing is ResponseStanding.ACCEPTED:
        return ladder.way
    return ladder.there if case.inside and standing in _THERE else ladder.claim


def _lapsed(alert: Alert) -> Alert:
    case = msgspec.structs.replace(alert.case, moved_at=None, calling_since=None, ladder_moved=unnoticed(alert))
    return msgspec.structs.replace(alert, version=alert.version + 1, claimed_by=None, case=case)


def _escalated(alert: Alert, reached: int, now: int) -> tuple[Alert, Transition]:
    case = msgspec.structs.replace(alert.case, rung=reached, escalated_at=now, ladder_moved=unnoticed(alert))
    return msgspec.structs.replace(alert, version=alert.version + 1, case=case), Transition.ESCALATED
