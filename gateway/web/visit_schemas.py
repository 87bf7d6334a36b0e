"""What the API says and hears about visits, plans, tags and no entries. Times are RFC 3339 text with Z."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated, Final, Literal

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field

from gateway.doors.access import UNLATCH
from gateway.intake.registry import Registry
from gateway.model.plan import Differences, Plan
from gateway.ports.desk import AlertView as StoredAlert
from gateway.ports.visits import NoEntry
from gateway.web.schemas import REASON_LENGTH, Id, Instant, Words, clean, rfc3339
from gateway.web.visit_words import PLAN_WORDS
from homecare.alert import Condition, Standing
from homecare.case import ResponseStanding
from homecare.clock import LATEST
from homecare.device import Capability
from homecare.identity import HomeId
from homecare.visit import Delay, Mark, Movement, Participant, Proof, Visit, VisitStanding, delay

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
KEY: Final = r"^[A-Za-z0-9-]{8,64}$"
"""An idempotency key, such as a UUID."""


def wall_of(moment: datetime) -> int:
    """Wall microseconds of a moment with a time zone, brought into the wire's range."""
    return min(max((moment - _EPOCH) // _MICROSECOND, 0), LATEST)


Key = Annotated[str, Field(pattern=KEY, description="made by the phone, the same for every attempt")]
At = Annotated[AwareDatetime, Field(description="when it happened, by the phone's clock")]
Reason = Annotated[str, Field(max_length=REASON_LENGTH), AfterValidator(clean)]


class StatedRequest(BaseModel):
    """What a person states by hand; sent again with the same key it is the same statement."""

    model_config = ConfigDict(extra="forbid")

    at: At
    key: Key
    reason: Reason = ""


class ClosingRequest(BaseModel):
    """How a no entry ended."""

    model_config = ConfigDict(extra="forbid")

    reason: Reason
    key: Key
    at: At | None = None


class TagRequest(BaseModel):
    """What a tag said: its whole address, or the two values in it. Sent again it is the same reading."""

    url: Annotated[str, Field(max_length=500)] | None = None
    picc: Annotated[str, Field(max_length=64)] | None = None
    cmac: Annotated[str, Field(max_length=64)] | None = None
    visit: Annotated[Id | None, Field(description="the visit on the phone's screen")] = None
    at: At | None = None


class ParticipantView(BaseModel):
    """Somebody who came, and by what each of both is known."""

    person: Id
    name: str
    arrived_at: Instant | None
    arrived_by: Proof | None
    arrived_reason: str = Field(description="what was written by hand, else empty")
    left_at: Instant | None
    left_by: Proof | None
    left_reason: str
    clock_suspect: bool


class VisitView(BaseModel):
    """A visit as it stands."""

    model_config = ConfigDict(serialize_by_alias=True)

    id: Id
    unit: Id
    home: Id
    label: str
    address: str
    resident: str
    since: Instant = Field(serialization_alias="from")
    until: Instant
    planned: bool = Field(description="false: an alarm brought somebody here")
    people: list[str] = Field(description="names of those who are planned")
    tasks: list[str]
    standing: VisitStanding
    delay: Delay | None = Field(description="late: nobody has begun it in time; missed: its planned time is over")
    started_at: Instant | None
    ended_at: Instant | None
    participants: list[ParticipantView]
    version: int
    door: bool = Field(description="the home has a lock that takes commands")
    unlatch: bool = Field(description="its latch may be pulled too, so that the door stands open")


class NoEntryView(BaseModel):
    """Somebody could not get in; open until a named person closes it."""

    id: Id
    visit: Id
    home: Id
    label: str
    address: str
    resident: str
    person: Id
    name: str
    at: Instant
    received_at: Instant
    reason: str
    closed_by: str | None
    closed_at: Instant | None
    closing_reason: str | None


class TodayAlert(BaseModel):
    """An alert that was sent to this person."""

    id: Id
    home: Id
    label: str
    address: str
    resident: str
    condition: Condition
    occurrences: int
    occurred_at: Instant
    instruction: str | None
    response: ResponseStanding
    outcome: str | None
    version: int
    door: bool
    unlatch: bool
    closed: bool = Field(description="the desk closed it while this person was inside, who may still lock and leave")


class Today(BaseModel):
    """A caregiver's shift: visits around now in order of time, alerts sent to the person, no entries still open."""

    person: Id
    name: str
    unit: Id | None
    at: Instant
    visits: list[VisitView]
    alerts: list[TodayAlert]
    no_entries: list[NoEntryView]
    unlocked: Sequence[Id] = Field(description="homes of now whose lock said last that it is not locked")


class CannotGetIn(BaseModel):
    """The no entry is open, and this is what to do."""

    visit: VisitView
    no_entry: Id
    next_step: Words


class TagAnswer(BaseModel):
    """What the tag proved: the home, and the visit or alert there; `words` say what happened."""

    home: Id
    label: str
    address: str
    place: Literal["door", "inside"]
    visit: VisitView | None
    alert: Id | None
    words: Words


class PlanErrorView(BaseModel):
    """One wrong line: 1 is the header, 0 the whole file."""

    row: int
    field: str | None
    hint: Words


class PlanAnswer(BaseModel):
    """What a plan does, or why it is refused."""

    rows: int
    new: int
    changed: int
    unchanged: int
    cancelled: int
    errors: list[PlanErrorView]


MOVEMENT_OF: Final[Mapping[str, Movement]] = {
    "start": Movement.ARRIVED,
    "end": Movement.LEFT,
    "decline": Movement.DECLINED,
}


def plan_answer(plan: Plan, found: Differences) -> PlanAnswer:
    """The answer to a preview and to a plan."""
    return PlanAnswer(
        rows=plan.rows,
        new=len(found.new),
        changed=len(found.changed),
        unchanged=found.unchanged,
        cancelled=len(found.cancelled),
        errors=[PlanErrorView(row=one.row, field=one.field, hint=PLAN_WORDS[one.why]) for one in plan.errors],
    )


def visit_view(visit: Visit, registry: Registry, now: int) -> VisitView:
    """A visit as it stands now, with the home's words beside it."""
    home = registry.homes.get(HomeId(visit.home))
    return VisitView(
        id=visit.id,
        unit=visit.unit,
        home=visit.home,
        label=home.label if home else visit.home,
        address=home.address if home else "",
        resident=home.resident if home else "",
        since=rfc3339(visit.since),
        until=rfc3339(visit.until),
        planned=visit.planned,
        people=[registry.name_of(person) or person for person in visit.people],
        tasks=list(visit.tasks),
        standing=visit.standing,
        delay=delay(visit, now),
        started_at=_time(visit.started_at),
        ended_at=_time(visit.ended_at),
        participants=[_participant(one, registry) for one in visit.participants],
        version=visit.version,
        door=has_door(HomeId(visit.home), registry),
        unlatch=may_unlatch(HomeId(visit.home), registry),
    )


def _participant(one: Participant, registry: Registry) -> ParticipantView:
    return ParticipantView(
        person=one.person,
        name=registry.name_of(one.person) or one.person,
        arrived_at=_claimed(one.arrived),
        arrived_by=one.arrived.proof if one.arrived else None,
        arrived_reason=one.arrived.reason if one.arrived else "",
        left_at=_claimed(one.left),
        left_by=one.left.proof if one.left else None,
        left_reason=one.left.reason if one.left else "",
        clock_suspect=any(mark.clock_suspect for mark in (one.arrived, one.left) if mark),
    )


def no_entry_view(one: NoEntry, registry: Registry) -> NoEntryView:
    """A no entry with names beside the pseudonyms."""
    home = registry.homes.get(one.home)
    return NoEntryView(
        id=one.id,
        visit=one.visit,
        home=one.home,
        label=home.label if home else one.home,
        address=home.address if home else "",
        resident=home.resident if home else "",
        person=one.person,
        name=registry.name_of(one.person) or one.person,
        at=rfc3339(one.claimed_at),
        received_at=rfc3339(one.received_at),
        reason=one.reason,
        closed_by=registry.name_of(one.closed_by),
        closed_at=_time(one.closed_at),
        closing_reason=one.closing_reason,
    )


def today_alert(view: StoredAlert, registry: Registry, person: str) -> TodayAlert | None:
    """An alert as this responder's phone shows it; None where it was not sent to the person."""
    alert, response = view.alert, view.alert.case.response_of(person)
    if response is None:
        return None
    home = registry.homes.get(alert.home)
    return TodayAlert(
        id=alert.id,
        home=alert.home,
        label=home.label if home else alert.home,
        address=home.address if home else "",
        resident=home.resident if home else "",
        condition=alert.condition,
        occurrences=alert.occurrences,
        occurred_at=rfc3339(alert.occurred_at),
        instruction=view.instruction,
        response=response.standing,
        outcome=alert.case.outcome,
        version=alert.version,
        door=has_door(alert.home, registry),
        unlatch=may_unlatch(alert.home, registry),
        closed=alert.standing is Standing.RESOLVED,
    )


def has_door(home: HomeId, registry: Registry) -> bool:
    """Whether a lock is installed in the home."""
    return any(Capability.LOCK in device.capabilities for device in registry.devices_of(home))


def may_unlatch(home: HomeId, registry: Registry) -> bool:
    """Whether the home allows that its latch is pulled."""
    known = registry.homes.get(home)
    return known is not None and known.settings.get(UNLATCH) is True and has_door(home, registry)


def _time(wall: int | None) -> str | None:
    return None if wall is None else rfc3339(wall)


def _claimed(mark: Mark | None) -> str | None:
    return None if mark is None else rfc3339(mark.claimed_at)
