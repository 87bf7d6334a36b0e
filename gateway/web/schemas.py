"""What the API says and hears, as its published description has it. Times are RFC 3339 text with Z."""

import unicodedata
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Annotated, Final, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from gateway.alarms.day import Covered, Lane
from gateway.intake.registry import Registry
from gateway.ports import desk
from gateway.ports.registry import Home
from homecare.alert import URGENCY_OF, Condition, Standing, Urgency
from homecare.case import CallBack, CallResult, Response, ResponseStanding
from homecare.identity import ID_PATTERN

OPERATOR_LIMIT: Final = 60
"""Characters of an operator's name."""
REASON_LENGTH: Final = 2_000
"""Characters of a reason that are read at all; the use case allows fewer and says so in plain words."""
MARKS_IN_A_ROW: Final = 2
"""Combining marks on one letter: enough for every living European name."""
_START: Final = datetime(1970, 1, 1, tzinfo=UTC)

Id = Annotated[str, Field(pattern=ID_PATTERN, examples=["home-0123456789abcdef"])]
Instant = Annotated[str, Field(json_schema_extra={"format": "date-time"}, examples=["2026-11-22T04:48:04.123456Z"])]


def rfc3339(wall: int) -> str:
    """Wall microseconds as the API writes them."""
    return (_START + timedelta(microseconds=wall)).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def clean(text: str) -> str:
    """Text a person wrote, composed and trimmed; `ValueError` for what hides or garbles other text."""
    text = unicodedata.normalize("NFC", text).strip()
    marks = 0
    for letter in text:
        kind = unicodedata.category(letter)
        marks = marks + 1 if kind in {"Mn", "Me"} else 0
        if marks > MARKS_IN_A_ROW or (kind in {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"} and letter != "\n"):
            raise ValueError("only readable characters")
    return text


def _name(text: str) -> str:
    name = clean(text)
    if not 1 <= len(name) <= OPERATOR_LIMIT or "\n" in name:
        raise ValueError(f"1 to {OPERATOR_LIMIT} characters on one line")
    return name


OperatorName = Annotated[str, Field(min_length=1, max_length=OPERATOR_LIMIT), AfterValidator(_name)]


def operator_name(text: str) -> str:
    """An operator's name from elsewhere than a body; `ValueError` as for a body."""
    return _name(text)


class ActionRequest(BaseModel):
    """A person acts on the version of the alert that the person saw.

    `reason` ends an alert, `to` (a person of `/responders`) is for send and hand_over, and for left where it is not the
    newest responder who has, `result` for call_back, `text` for outcome. `confirm` goes on past a warning that was
    shown.
    """

    model_config = ConfigDict(extra="forbid")

    version: Annotated[int, Field(strict=True, ge=1, le=2**31 - 1, description="the version that was read")]
    operator: Annotated[
        OperatorName | None, Field(description="the token holder's name; of no effect in a session")
    ] = None
    reason: Annotated[str, Field(max_length=REASON_LENGTH), AfterValidator(clean)] = ""
    to: Id | None = None
    result: CallResult | None = None
    text: Annotated[str, Field(max_length=REASON_LENGTH), AfterValidator(clean)] = ""
    confirm: Annotated[bool, Field(strict=True)] = False


class CallBackView(BaseModel):
    """The newest attempt to talk with the home."""

    at: Instant
    by: str
    result: CallResult


class ResponseView(BaseModel):
    """To whom the alert was sent last, and how that person stands to it."""

    person: Id
    name: str
    standing: ResponseStanding
    sent_at: Instant
    accepted_at: Instant | None
    on_site_at: Instant | None
    left_at: Instant | None


class AlertView(BaseModel):
    """An alert as a desk shows it. `active`: the condition holds; `standing`: how people stand to it."""

    id: Id
    unit: Id | None = Field(description="the home's unit; null for a home that is no longer enrolled")
    home: Id
    home_label: str
    address: str
    resident: str
    condition: Condition
    urgency: Urgency
    subject: Id | None
    placement: str | None
    occurred_at: Instant
    raised_at: Instant
    last_occurred_at: Instant
    occurrences: int
    active: bool
    standing: Standing
    version: int
    claimed_by: str | None
    acknowledged_by: str | None
    resolved_by: str | None
    reason: str | None
    redelivered: bool = Field(description="came again out of an edge's journal after a restored backup")
    explanation: Mapping[str, str | int]
    edge_silent_since: Instant | None
    claimed_by_id: str | None = Field(description="the pseudonym of `claimed_by`, or the name where nobody signs in")
    attended: bool = Field(description="somebody has it: the one who took it, or a responder who set out")
    rung: int = Field(description="0: not escalated; 1: all desks; 2: another system too; 3 and more: again and again")
    escalated_at: Instant | None
    instruction: str | None = Field(description="what is to be done in this home")
    call_link: str | None = Field(description="tel: or sip:")
    calling_since: Instant | None = Field(description="since when whoever has it talks with the home")
    called_back: CallBackView | None
    response: ResponseView | None
    beside: list[ResponseView] = Field(description="who is inside as well, though somebody else was sent after them")
    outcome: str | None
    inside: bool = Field(description="a responder is in the home as far as anybody knows")
    missing: list[str] = Field(description="in_service, consent_resident, consent_cohabitant: what the home lacks")


class Alerts(BaseModel):
    """Alerts, and the number of the newest feed row before them."""

    number: int
    alerts: list[AlertView]


class Words(BaseModel):
    """What happened and what to do next, in Swedish and in English."""

    sv: str
    en: str


class Problem(BaseModel):
    """Why something did not happen."""

    kind: Literal["malformed", "unknown", "refused", "conflict", "unavailable", "bug"]
    op: str
    subject: str
    hint: str
    message: Words
    alert: AlertView | None = Field(default=None, description="how the alert stands now, where it is about one")


class EdgeSeen(BaseModel):
    """An edge. `last_seen` is written at most once a minute; `silent`: three heartbeats were missed since, or all."""

    edge: Id
    last_seen: Instant | None
    silent: bool


class DeviceSummary(BaseModel):
    """A device as installed."""

    device: Id
    placement: str
    capabilities: list[str]


class HomeSummary(BaseModel):
    """A home with its edges and devices."""

    home: Id
    label: str
    edges: list[EdgeSeen]
    devices: list[DeviceSummary]


class MarkView(BaseModel):
    """Something that happened at one instant."""

    at: Instant
    kind: str
    value: str | float | bool | None
    unit: str | None = Field(description="of a measured value")


class SpanView(BaseModel):
    """A state that lasted."""

    model_config = ConfigDict(serialize_by_alias=True)

    since: Instant = Field(serialization_alias="from")
    to: Instant
    state: str


class CoveredView(BaseModel):
    """Whether the device could be heard; null: nobody knows."""

    model_config = ConfigDict(serialize_by_alias=True)

    since: Instant = Field(serialization_alias="from")
    to: Instant
    covered: bool | None
    awaited: bool = Field(description="before it the device was heard, and the edge has not confirmed more yet")


class LaneView(BaseModel):
    """One capability of one device over the day."""

    device: Id
    placement: str
    capability: str
    marks: list[MarkView]
    spans: list[SpanView]
    covered: list[CoveredView]


class Day(BaseModel):
    """A home's last 24 hours."""

    model_config = ConfigDict(serialize_by_alias=True)

    home: Id
    label: str
    since: Instant = Field(serialization_alias="from")
    to: Instant
    began: Instant | None = Field(description="when the home was connected; before it there was nothing to be heard")
    lanes: list[LaneView]
    alerts: list[AlertView]


class Pulse(BaseModel):
    """Every 2 s on a live connection: the gateway's time and which of its parts answer."""

    at: Instant
    bulk_alive: bool
    database: bool
    broker: bool


def alert_view(view: desk.AlertView, registry: Registry) -> AlertView:
    """An alert with the home's words beside it; a home that is no longer enrolled has none."""
    alert = view.alert
    home = registry.homes.get(alert.home)
    placements = {device.id: device.placement.value for device in registry.devices_of(alert.home)}
    return AlertView(
        id=alert.id,
        unit=home.unit if home else None,
        home=alert.home,
        home_label=home.label if home else alert.home,
        address=home.address if home else "",
        resident=home.resident if home else "",
        condition=alert.condition,
        urgency=URGENCY_OF[alert.condition],
        subject=alert.subject,
        placement=placements.get(alert.subject) if alert.subject else None,
        occurred_at=rfc3339(alert.occurred_at),
        raised_at=rfc3339(alert.raised_at),
        last_occurred_at=rfc3339(alert.last_occurred_at),
        occurrences=alert.occurrences,
        active=alert.active,
        standing=alert.standing,
        version=alert.version,
        claimed_by=registry.name_of(alert.claimed_by),
        acknowledged_by=registry.name_of(alert.acknowledged_by),
        resolved_by=registry.name_of(alert.resolved_by),
        reason=alert.reason,
        redelivered=alert.redelivered,
        explanation=view.explanation,
        edge_silent_since=_instant(view.edge_silent_since),
        claimed_by_id=alert.claimed_by,
        attended=alert.attended,
        rung=alert.case.rung,
        escalated_at=_instant(alert.case.escalated_at),
        instruction=view.instruction,
        call_link=view.call_link,
        calling_since=_instant(alert.case.calling_since),
        called_back=_called_back(alert.case.called_back, registry),
        response=None if alert.case.response is None else _response(alert.case.response, registry),
        beside=[_response(one, registry) for one in alert.case.beside if one.inside],
        outcome=alert.case.outcome,
        inside=alert.case.inside,
        missing=_missing(home),
    )


def _missing(home: Home | None) -> list[str]:
    """What the home lacks; its alarms are taken all the same."""
    if home is None:
        return []
    return [*([] if home.in_service else ["in_service"]), *(f"consent_{kind}" for kind in home.lacks_consent)]


def _instant(wall: int | None) -> str | None:
    return None if wall is None else rfc3339(wall)


def _called_back(called: CallBack | None, registry: Registry) -> CallBackView | None:
    if called is None:
        return None
    return CallBackView(at=rfc3339(called.at), by=registry.name_of(called.by) or called.by, result=called.result)


def _response(response: Response, registry: Registry) -> ResponseView:
    return ResponseView(
        person=response.person,
        name=registry.name_of(response.person) or response.person,
        standing=response.standing,
        sent_at=rfc3339(response.sent_at),
        accepted_at=_instant(response.accepted_at),
        on_site_at=_instant(response.on_site_at),
        left_at=_instant(response.left_at),
    )


def lane_view(lane: Lane) -> LaneView:
    """A lane of the day."""
    return LaneView(
        device=lane.device.id,
        placement=lane.device.placement.value,
        capability=lane.capability.value,
        marks=[MarkView(at=rfc3339(mark.at), kind=mark.kind, value=mark.value, unit=mark.unit) for mark in lane.marks],
        spans=[SpanView(since=rfc3339(span.since), to=rfc3339(span.until), state=span.state) for span in lane.spans],
        covered=[_covered(part) for part in lane.covered],
    )


def _covered(part: Covered) -> CoveredView:
    return CoveredView(since=rfc3339(part.since), to=rfc3339(part.until), covered=part.covered, awaited=part.awaited)
