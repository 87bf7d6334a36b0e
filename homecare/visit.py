"""Visits: what was planned at a home, and what is known of what was done.

A visit is its plan and the evidence for it, and evidence is only ever added: by the door, by a tag, or by hand with a
reason. Each piece has two times, what is claimed and when the gateway had it. The first arrival and the first leaving
that we had of a person are that person's; what comes later stands beside them and never in their place. A time that
nobody stated does not exist: a visit without a leaving is partial, whatever the plan says. A door that somebody locks
who has not come yet is kept as evidence and is no leaving: it may be a slip of the thumb. Wall times, microseconds.
"""

from collections.abc import Iterable
from enum import StrEnum
from typing import Final

import msgspec

from homecare.clock import MINUTE, SECOND
from homecare.errors import Refused
from homecare.event import IdText

PEOPLE_MOST: Final = 4
"""Caregivers planned for one visit; two is double staffing, and more is rare."""
EVIDENCE_MOST: Final = 64
"""Pieces kept of one visit that repeat what is known: a tag that is read again and again stays far below."""
REASON_LIMIT: Final = 500
"""Characters of a reason."""
SAME_READING: Final = 2 * MINUTE
"""A tag read again within this time is read twice, not left by."""
OVERDUE_AFTER: Final = 30 * MINUTE
"""After the planned end a visit without a leaving is partial: somebody has to ask (domain rule B-G3)."""
LATE_AFTER: Final = 15 * MINUTE
"""After the planned begin a visit of which nothing is known is late: somebody may still go there in time."""
CLOCK_SUSPECT: Final = 60 * SECOND
"""A claim that lies so far after we had it comes from a wrong clock; it is kept and marked (domain rule B-G6)."""


class VisitStanding(StrEnum):
    """How a visit stands."""

    PLANNED = "planned"
    STARTED = "started"
    ENDED = "ended"
    PARTIAL = "partial"
    DECLINED = "declined"
    NO_ENTRY = "no_entry"
    CANCELLED = "cancelled"


class Delay(StrEnum):
    """How a visit of which nothing is known stands to the clock: late, or missed because its planned time is over."""

    LATE = "late"
    MISSED = "missed"


class Proof(StrEnum):
    """By what it is known."""

    DOOR = "door"
    TAG = "tag"
    BY_HAND = "by_hand"


class Movement(StrEnum):
    """What a piece of evidence says. `present`: somebody is there; of a tag it is not known whether coming or going."""

    ARRIVED = "arrived"
    LEFT = "left"
    PRESENT = "present"
    DECLINED = "declined"
    NO_ENTRY = "no_entry"


class VisitTransition(StrEnum):
    """Every change of a visit; each is one row of `visit_log`. `added`: known again, or known of nothing new."""

    PLANNED = "planned"
    REPLANNED = "replanned"
    CANCELLED = "cancelled"
    RESTORED = "restored"
    PLAN_KEPT = "plan_kept"
    ARRIVED = "arrived"
    LEFT = "left"
    DECLINED = "declined"
    NO_ENTRY = "no_entry"
    ADDED = "added"
    OVERDUE = "overdue"


class Evidence(msgspec.Struct, frozen=True):
    """One piece. `id` is derived from the fact or the phone's idempotency key: the same piece is taken once."""

    id: str
    person: IdText
    proof: Proof
    movement: Movement
    claimed_at: int
    received_at: int
    reason: str = ""

    @property
    def moment(self) -> int:
        """The earlier of what was claimed and when we had it: a clock that runs ahead puts nothing into the future."""
        return min(self.claimed_at, self.received_at)


class Mark(msgspec.Struct, frozen=True):
    """When somebody came or went, and by what it is known; `reason` is what was written by hand."""

    claimed_at: int
    received_at: int
    proof: Proof
    reason: str = ""

    @property
    def clock_suspect(self) -> bool:
        """Whether it claims a time that had not come when we had it."""
        return self.claimed_at > self.received_at + CLOCK_SUSPECT


class Participant(msgspec.Struct, frozen=True):
    """One person's share: of two people each has an own start and an own end."""

    person: IdText
    arrived: Mark | None
    left: Mark | None


class PlannedVisit(msgspec.Struct, frozen=True):
    """A line of the plan: who is to be where, from when until when. Order of people says nothing."""

    id: IdText
    unit: IdText
    external_id: str
    home: IdText
    since: int
    until: int
    people: tuple[IdText, ...]
    tasks: tuple[str, ...] = ()
    cancelled: bool = False


class Visit(msgspec.Struct, frozen=True):
    """A visit as it stands; `version` rises by one with every change. Not `planned`: an alarm brought somebody here."""

    id: IdText
    unit: IdText
    home: IdText
    since: int
    until: int
    people: tuple[IdText, ...]
    tasks: tuple[str, ...] = ()
    planned: bool = True
    cancelled: bool = False
    overdue: bool = False
    evidence: tuple[Evidence, ...] = ()
    version: int = 1

    @property
    def participants(self) -> tuple[Participant, ...]:
        """Everybody of whom a coming or a going is known, in the order in which we came to know."""
        people = dict.fromkeys(one.person for one in self.evidence if one.movement in _MOVED and self.counts(one))
        return tuple(self.participant(person) for person in people)

    def participant(self, person: str) -> Participant:
        """A person's share, empty if nothing is known."""
        arrived, left = self._arrived(person), self._left(person)
        return Participant(person, None if arrived is None else _mark(arrived), None if left is None else _mark(left))

    def counts(self, one: Evidence) -> bool:
        """Whether this piece says what it seems to: a door locked by somebody who had not come says of no leaving."""
        if one.movement is not Movement.LEFT or one.proof is not Proof.DOOR:
            return True
        arrived = self._arrived(one.person)
        return arrived is not None and arrived.moment <= one.moment

    def _arrived(self, person: str) -> Evidence | None:
        found = (one for one in self.evidence if one.person == person and one.movement is Movement.ARRIVED)
        return next(found, None)

    def _left(self, person: str) -> Evidence | None:
        """The first that we knew to be a leaving: of a door that was locked we know it once we know of a coming."""
        own = [one for one in self.evidence if one.person == person]
        came = next((at for at, one in enumerate(own) if one.movement is Movement.ARRIVED), 0)
        known = [
            (max(at, came) if one.proof is Proof.DOOR else at, at)
            for at, one in enumerate(own)
            if one.movement is Movement.LEFT and self.counts(one)
        ]
        return own[min(known)[1]] if known else None

    @property
    def standing(self) -> VisitStanding:
        """What evidence and plan come to; it does not depend on the order in which evidence came."""
        known = {one.movement for one in self.evidence if self.counts(one)}
        if Movement.DECLINED in known:
            return VisitStanding.DECLINED
        if known & _MOVED:
            return self._moved()
        if Movement.NO_ENTRY in known:
            return VisitStanding.NO_ENTRY
        return VisitStanding.CANCELLED if self.cancelled else VisitStanding.PLANNED

    def _moved(self) -> VisitStanding:
        people = self.participants
        if any(one.left is None for one in people):
            return VisitStanding.PARTIAL if self.overdue else VisitStanding.STARTED
        return VisitStanding.ENDED if all(one.arrived for one in people) else VisitStanding.PARTIAL

    @property
    def started_at(self) -> int | None:
        """The earliest arrival that is claimed; None if none is."""
        return min((one.arrived.claimed_at for one in self.participants if one.arrived), default=None)

    @property
    def ended_at(self) -> int | None:
        """The latest leaving that is claimed, once everybody who came has left; never made up."""
        if self.standing is VisitStanding.STARTED or any(one.left is None for one in self.participants):
            return None
        return max((one.left.claimed_at for one in self.participants if one.left), default=None)


_MOVED: Final = frozenset({Movement.ARRIVED, Movement.LEFT})


def _mark(one: Evidence) -> Mark:
    return Mark(one.claimed_at, one.received_at, one.proof, one.reason)


class Change(msgspec.Struct, frozen=True):
    """One transition, and how the visit stands after it."""

    transition: VisitTransition
    standing: VisitStanding
    version: int
    evidence: Evidence | None = None


Step = tuple[Visit, tuple[Change, ...]]


def step(visit: Visit, evidence: Evidence) -> Step:
    """The visit with this piece added, and what changed: nothing if it was there already.

    Nothing either if it says nothing new and `EVIDENCE_MOST` are there. `Refused` where a person states by hand what
    needs a reason and gives none; whoever stands before a shut door needs none.
    """
    if any(one.id == evidence.id for one in visit.evidence):
        return visit, ()
    _check_reason(visit, evidence)
    taken = msgspec.structs.replace(evidence, movement=_meant(visit, evidence))
    transition = _transition(visit, taken)
    if transition is VisitTransition.ADDED and len(visit.evidence) >= EVIDENCE_MOST:
        return visit, ()
    return _changed(visit, transition, evidence=(*visit.evidence, taken))


def _check_reason(visit: Visit, evidence: Evidence) -> None:
    stated = evidence.proof is Proof.BY_HAND and evidence.movement is not Movement.NO_ENTRY
    needed = stated or evidence.movement is Movement.DECLINED
    if (needed and not evidence.reason.strip()) or len(evidence.reason) > REASON_LIMIT:
        raise Refused("state by hand", visit.id, f"say why, in at most {REASON_LIMIT} characters")


def _meant(visit: Visit, evidence: Evidence) -> Movement:
    """What a tag's reading means: the first one a coming, one well after it a going."""
    if evidence.movement is not Movement.PRESENT:
        return evidence.movement
    known = visit.participant(evidence.person)
    if known.arrived is None:
        return Movement.ARRIVED if known.left is None else Movement.PRESENT
    if known.left is None and evidence.claimed_at - known.arrived.claimed_at >= SAME_READING:
        return Movement.LEFT
    return Movement.PRESENT


def _transition(visit: Visit, taken: Evidence) -> VisitTransition:
    movement = taken.movement
    if movement in _MOVED:
        known = visit.participant(taken.person)
        mark = known.arrived if movement is Movement.ARRIVED else known.left
        new = mark is None and visit.counts(taken)
        return VisitTransition(movement.value) if new else VisitTransition.ADDED
    if movement is Movement.PRESENT:
        return VisitTransition.ADDED
    return VisitTransition(movement.value)


def replan(visit: Visit, planned: PlannedVisit) -> Step:
    """The visit after its line of the plan came again.

    A visit of which anything is known keeps its home, times and people whatever the plan now says (domain rule HC19):
    the right by which somebody went in stays explained.
    """
    same = (planned.home, planned.since, planned.until, set(planned.people), planned.tasks, planned.cancelled)
    if same == (visit.home, visit.since, visit.until, set(visit.people), visit.tasks, visit.cancelled):
        return visit, ()
    if visit.evidence:
        return _changed(visit, VisitTransition.PLAN_KEPT)
    transition = VisitTransition.REPLANNED
    if planned.cancelled != visit.cancelled:
        transition = VisitTransition.CANCELLED if planned.cancelled else VisitTransition.RESTORED
    return _changed(
        visit,
        transition,
        home=planned.home,
        since=planned.since,
        until=planned.until,
        people=planned.people,
        tasks=planned.tasks,
        cancelled=planned.cancelled,
    )


def overdue(visit: Visit, at: int) -> Step:
    """The visit at a time: partial when somebody who came has not left long after the planned end."""
    if visit.overdue or visit.standing is not VisitStanding.STARTED or at < visit.until + OVERDUE_AFTER:
        return visit, ()
    return _changed(visit, VisitTransition.OVERDUE, overdue=True)


def delay(visit: Visit, at: int) -> Delay | None:
    """Whether nobody has begun the visit in time, as far as is known at `at`; a phone may still tell otherwise."""
    if visit.standing is not VisitStanding.PLANNED or at < min(visit.since + LATE_AFTER, visit.until):
        return None
    return Delay.MISSED if at >= visit.until else Delay.LATE


def from_plan(planned: PlannedVisit) -> Step:
    """The visit that a new line of the plan makes."""
    visit = Visit(
        id=planned.id,
        unit=planned.unit,
        home=planned.home,
        since=planned.since,
        until=planned.until,
        people=planned.people,
        tasks=planned.tasks,
        cancelled=planned.cancelled,
    )
    return visit, (Change(VisitTransition.PLANNED, visit.standing, visit.version),)


def _changed(visit: Visit, transition: VisitTransition, **fields: object) -> Step:
    after = msgspec.structs.replace(visit, version=visit.version + 1, **fields)
    added = after.evidence[-1] if len(after.evidence) > len(visit.evidence) else None
    return after, (Change(transition, after.standing, after.version, added),)


def nearest(visits: Iterable[Visit], *, person: str, at: int) -> Visit | None:
    """The visit that somebody at the door most likely means: one that the person has begun, else the nearest in time.

    Only what may still begin or end counts; two equally near are told apart by their ids, the same every time.
    """
    open_ = [one for one in visits if one.standing in _OPEN and _concerns(one, person)]
    return min(open_, key=lambda one: (_begun(one, person), _distance(one, at), one.since, one.id), default=None)


_OPEN: Final = frozenset({VisitStanding.PLANNED, VisitStanding.STARTED, VisitStanding.PARTIAL, VisitStanding.NO_ENTRY})


def _concerns(visit: Visit, person: str) -> bool:
    return person in visit.people or visit.participant(person).arrived is not None


def _begun(visit: Visit, person: str) -> int:
    known = visit.participant(person)
    return 0 if known.arrived is not None and known.left is None else 1


def _distance(visit: Visit, at: int) -> int:
    return max(visit.since - at, at - visit.until, 0)
