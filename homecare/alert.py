"""Alerts: a condition put in front of people until one takes it and ends it.

An alert's state is two facts, never one list: does the condition hold (`active`), and how do people stand to it
(`standing`, with `claimed_by` beside it). A resolved alert is over; the next occurrence opens another one.
"""

from enum import StrEnum
from typing import Final

import msgspec

from homecare.errors import Conflict, Refused
from homecare.identity import AlertId, DeviceId, HomeId


class Condition(StrEnum):
    """The thing that is wrong."""

    HELP_CALL = "help_call"
    FALL = "fall"
    HAZARD = "hazard"
    UNREADABLE_ALARM = "unreadable_alarm"
    EQUIVOCATION = "equivocation"
    FRONT_DOOR_OPEN_AT_NIGHT = "front_door_open_at_night"
    INACTIVITY = "inactivity"
    DEVICE_SILENT = "device_silent"
    EDGE_SILENT = "edge_silent"


class Urgency(StrEnum):
    """`call`: a person may need help now. `concern`: somebody should look. `fault`: something is broken."""

    CALL = "call"
    CONCERN = "concern"
    FAULT = "fault"


URGENCY_OF: Final[dict[Condition, Urgency]] = {
    Condition.HELP_CALL: Urgency.CALL,
    Condition.FALL: Urgency.CALL,
    Condition.HAZARD: Urgency.CALL,
    Condition.UNREADABLE_ALARM: Urgency.CALL,
    Condition.EQUIVOCATION: Urgency.FAULT,
    Condition.FRONT_DOOR_OPEN_AT_NIGHT: Urgency.CONCERN,
    Condition.INACTIVITY: Urgency.CONCERN,
    Condition.DEVICE_SILENT: Urgency.FAULT,
    Condition.EDGE_SILENT: Urgency.FAULT,
}

ALARM_CLASS: Final = frozenset(
    {Condition.HELP_CALL, Condition.FALL, Condition.HAZARD, Condition.UNREADABLE_ALARM, Condition.EQUIVOCATION}
)
"""Conditions that only the alarm process opens (protocol rule 13); bulk opens all others."""

LATCHED: Final = frozenset({Condition.HELP_CALL, Condition.FALL, Condition.UNREADABLE_ALARM, Condition.EQUIVOCATION})
"""Conditions that only a person may clear: they end when the alert is resolved."""


class Standing(StrEnum):
    """How people stand to an alert."""

    RAISED = "raised"
    ACKNOWLEDGED = "acknowledged"
    RESOLVED = "resolved"


class Transition(StrEnum):
    """Every change of an alert; each is one row of `alert_log`."""

    RAISED = "raised"
    OCCURRED = "occurred"
    CLEARED = "cleared"
    RETURNED = "returned"
    CLAIMED = "claimed"
    RELEASED = "released"
    ACKNOWLEDGED = "acknowledged"
    RESOLVED = "resolved"


class Alert(msgspec.Struct, frozen=True):
    """One alert as it stands. `version` rises by one with every transition; times are wall microseconds.

    `raised_at` is when the gateway recorded the first occurrence, `occurred_at` what the home says about it.
    `subject` is the device that the condition is about, where it is about one. `redelivered` marks an alert that
    came (again) out of an edge's journal after a restored backup.
    """

    id: AlertId
    home: HomeId
    condition: Condition
    subject: DeviceId | None
    occurred_at: int
    raised_at: int
    last_occurred_at: int
    occurrences: int
    active: bool
    standing: Standing
    version: int
    claimed_by: str | None = None
    acknowledged_by: str | None = None
    resolved_by: str | None = None
    reason: str | None = None
    redelivered: bool = False


class Action(StrEnum):
    """What a person does with an alert."""

    TAKE = "take"
    RELEASE = "release"
    ACKNOWLEDGE = "acknowledge"
    RESOLVE = "resolve"


REASON_LIMIT: Final = 500
"""Characters of the reason with which a person ends an alert."""


def act(alert: Alert, action: Action, *, person: str, version: int, reason: str = "") -> Alert:
    """The alert after a person's action.

    `Conflict` when the alert moved on since `version` was seen (a newer press must be read first), when somebody else
    has it, or when it is over; `Refused` when it would end without a reason.
    """
    if alert.standing is Standing.RESOLVED:
        raise Conflict(action, alert.id, "the alert is already resolved")
    if alert.version != version:
        raise Conflict(action, alert.id, "the alert changed since it was read; read it again")
    if alert.claimed_by not in (None, person):
        raise Conflict(action, alert.id, "another operator has taken the alert")
    after = msgspec.structs.replace(alert, version=alert.version + 1)
    if action is Action.TAKE:
        return msgspec.structs.replace(after, claimed_by=person)
    if action is Action.RELEASE:
        return msgspec.structs.replace(after, claimed_by=None)
    if action is Action.ACKNOWLEDGE:
        return msgspec.structs.replace(after, standing=Standing.ACKNOWLEDGED, acknowledged_by=person, claimed_by=person)
    return _resolve(after, person=person, reason=reason.strip())


def _resolve(alert: Alert, *, person: str, reason: str) -> Alert:
    if not reason or len(reason) > REASON_LIMIT:
        raise Refused("resolve", alert.id, f"say why, in at most {REASON_LIMIT} characters")
    active = alert.active and alert.condition not in LATCHED
    return msgspec.structs.replace(alert, standing=Standing.RESOLVED, resolved_by=person, reason=reason, active=active)
