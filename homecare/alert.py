"""Alerts: a condition put in front of people until one takes it and ends it.

An alert's state is two facts, never one list: does the condition hold (`active`), and how do people stand to it
(`standing`, with `claimed_by` beside it); `case` is what they did about it. A resolved alert is over; the next
occurrence opens another one. What a responder answers is `homecare.answering`, what time alone does to an alert
`homecare.ladder`.
"""

from enum import StrEnum
from typing import Final

import msgspec

from homecare.case import BESIDE_LIMIT, CallBack, CallResult, Case, Response, ResponseStanding
from homecare.clock import MINUTE
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
    EDGE_REVOKED = "edge_revoked"
    DEVICE_REFUSED = "device_refused"
    LOCK_FAILING = "lock_failing"
    CERTIFICATE_OVERDUE = "certificate_overdue"


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
    Condition.EDGE_REVOKED: Urgency.FAULT,
    Condition.DEVICE_REFUSED: Urgency.FAULT,
    Condition.LOCK_FAILING: Urgency.FAULT,
    Condition.CERTIFICATE_OVERDUE: Urgency.FAULT,
}

LATCHED: Final = frozenset({Condition.HELP_CALL, Condition.FALL, Condition.UNREADABLE_ALARM, Condition.EQUIVOCATION})
"""Conditions that only a person may clear: they end when the alert is resolved."""

ALARM_CLASS: Final = LATCHED | {
    Condition.HAZARD,
    Condition.LOCK_FAILING,
    Condition.CERTIFICATE_OVERDUE,
    Condition.EDGE_REVOKED,
}
"""Conditions that only the alarm process opens (protocol rule 13); bulk opens all others."""


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
    HANDED_OVER = "handed_over"
    CALLED_BACK = "called_back"
    CALLING = "calling"
    SENT = "sent"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    ON_SITE = "on_site"
    LEFT = "left"
    OUTCOME = "outcome"
    ESCALATED = "escalated"
    LAPSED = "lapsed"
    """Whoever attended to it did nothing for too long: it waits for anybody again."""


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
    case: Case = Case()

    @property
    def attended(self) -> bool:
        """Whether somebody attends to it: the one who took it, or a responder who set out."""
        return self.claimed_by is not None or self.case.moved_at is not None


class Action(StrEnum):
    """What a person at the desk does with an alert."""

    TAKE = "take"
    RELEASE = "release"
    HAND_OVER = "hand_over"
    ACKNOWLEDGE = "acknowledge"
    CALL_BACK = "call_back"
    CALLING = "calling"
    """The call back was begun, or goes on: said again by the desk as long as it has contact."""
    SEND = "send"
    ON_SITE = "on_site"
    LEFT = "left"
    OUTCOME = "outcome"
    RESOLVE = "resolve"


TRANSITION_OF: Final[dict[Action, Transition]] = {
    Action.TAKE: Transition.CLAIMED,
    Action.RELEASE: Transition.RELEASED,
    Action.HAND_OVER: Transition.HANDED_OVER,
    Action.ACKNOWLEDGE: Transition.ACKNOWLEDGED,
    Action.CALL_BACK: Transition.CALLED_BACK,
    Action.CALLING: Transition.CALLING,
    Action.SEND: Transition.SENT,
    Action.ON_SITE: Transition.ON_SITE,
    Action.LEFT: Transition.LEFT,
    Action.OUTCOME: Transition.OUTCOME,
    Action.RESOLVE: Transition.RESOLVED,
}


class Said(msgspec.Struct, frozen=True):
    """What an action needs beside the alert: `reason` to resolve, `to` (a pseudonym) to send or hand over, or who has
    left if not the newest responder, `result` of a call back, `text` of an outcome. `confirm`: the person has read the
    warning and goes on. `unlocked`: the home's door was unlocked since the alert came and is not locked again.
    """

    reason: str = ""
    to: str | None = None
    result: CallResult | None = None
    text: str = ""
    confirm: bool = False
    unlocked: bool = False


NOTHING: Final = Said()
CALL_LIMIT: Final = 15 * MINUTE
"""Microseconds for which a call back keeps the claim: longer than anybody talks with a home before sending somebody,
and half of what a responder may be on the way, should a desk be left with the call open."""
REASON_LIMIT: Final = 500
"""Characters of the reason with which a person ends an alert."""
OUTCOME_LIMIT: Final = 500
"""Characters of what was done, in the words of whoever was there."""
INSIDE: Final = "a responder is inside"
"""How the hint begins when an alert would end over somebody's head; to be confirmed."""
ON_THE_WAY: Final = "a responder is on the way"
THERE: Final = "that person is inside"
"""How the hint begins when somebody would be sent to where they are."""
FULL: Final = "too many are inside"
UNLOCKED: Final = "the door is unlocked"


def act(alert: Alert, action: Action, *, person: str, version: int, at: int, said: Said = NOTHING) -> Alert:
    """The alert after a person's action at the desk at `at` (wall microseconds).

    `Conflict` when the alert moved on since `version` was seen (a newer press must be read first; a step of the ladder
    hides nothing), when somebody else has it, when it is over, or when a warning must be confirmed first; `Refused`
    when what the action needs was not said.
    """
    if alert.standing is Standing.RESOLVED:
        raise Conflict(action, alert.id, "the alert is already resolved")
    if alert.version != version and not _only_the_ladder_moved(alert, version):
        raise Conflict(action, alert.id, "the alert changed since it was read; read it again")
    if alert.claimed_by not in (None, person):
        raise Conflict(action, alert.id, "another operator has taken the alert")
    after = msgspec.structs.replace(alert, version=alert.version + 1)
    if action is Action.TAKE:
        return _attended(after, person, at)
    if action is Action.CALLING:
        return _calling(alert, person, at)
    if action is Action.RELEASE:
        free = msgspec.structs.replace(after.case, moved_at=None, calling_since=None)
        return msgspec.structs.replace(after, claimed_by=None, case=free)
    if action is Action.ACKNOWLEDGE:
        read = msgspec.structs.replace(after, standing=Standing.ACKNOWLEDGED, acknowledged_by=person)
        return _attended(read, person, at)
    if action is Action.HAND_OVER:
        return _attended(after, _named(action, alert, said), at)
    if action is Action.RESOLVE:
        _warn(alert, said)
        return _resolve(after, person=person, reason=said.reason.strip())
    return _further(msgspec.structs.replace(after, claimed_by=person), action, person=person, at=at, said=said)


def _only_the_ladder_moved(alert: Alert, version: int) -> bool:
    moved = alert.case.ladder_moved
    return moved is not None and moved[1] == alert.version and moved[0] <= version


def _attended(alert: Alert, person: str, at: int) -> Alert:
    """Somebody has it. That alone gets nobody any further: the ladder goes on where it was if nothing follows."""
    calling = alert.case.calling_since if alert.claimed_by == person else None
    case = msgspec.structs.replace(alert.case, moved_at=at, calling_since=calling)
    return msgspec.structs.replace(alert, claimed_by=person, case=case)


def _calling(alert: Alert, person: str, at: int) -> Alert:
    """Whoever has it talks with the home: that keeps the claim, for `CALL_LIMIT`, and gets nobody any further."""
    if alert.claimed_by != person:
        raise Conflict(Action.CALLING, alert.id, "take the alert first")
    case = alert.case
    since = at if case.calling_since is None else case.calling_since
    moved = max(case.moved_at or 0, min(at, since + CALL_LIMIT))
    after = msgspec.structs.replace(case, calling_since=since, moved_at=moved, ladder_moved=unnoticed(alert))
    return msgspec.structs.replace(alert, version=alert.version + 1, case=after)


def unnoticed(alert: Alert) -> tuple[int, int]:
    """The versions, with the next one, that hide nothing from whoever read the first of them."""
    moved = alert.case.ladder_moved
    since = moved[0] if moved is not None and moved[1] == alert.version else alert.version
    return since, alert.version + 1


def _named(action: Action, alert: Alert, said: Said) -> str:
    if said.to is None:
        raise Refused(action, alert.id, "say to whom")
    return said.to


def _further(alert: Alert, action: Action, *, person: str, at: int, said: Said) -> Alert:
    """The steps that get a case further."""
    case = alert.case
    if action is Action.CALL_BACK:
        if said.result is None:
            raise Refused(action, alert.id, "say what came of the call")
        return moved(alert, at, calling_since=None, called_back=CallBack(at=at, by=person, result=said.result))
    if action is Action.SEND:
        return _sent(alert, _named(action, alert, said), at, confirm=said.confirm)
    if action is Action.OUTCOME:
        return moved(alert, at, outcome=outcome_of(alert, said.text))
    stands = _responder(alert, action, said).stood(ResponseStanding(action), at)
    return moved(msgspec.structs.replace(alert, case=case.with_response(stands)), at)


def _responder(alert: Alert, action: Action, said: Said) -> Response:
    """Of whom the desk says that they are there or have left: the newest one, or who is named and inside."""
    case = alert.case
    known = case.response if action is Action.ON_SITE or said.to is None else case.response_of(said.to)
    if known is None or (known is not case.response and not known.inside):
        raise Conflict(action, alert.id, "it was sent to nobody, or that person is not inside")
    return known


def _sent(alert: Alert, to: str, at: int, *, confirm: bool) -> Alert:
    """One more is sent: beside whoever is inside, instead of whoever is only on the way."""
    case = alert.case
    known, newest = case.response_of(to), case.response
    if known is not None and known.inside:
        raise Conflict(Action.SEND, alert.id, f"{THERE} already; call, or send somebody else")
    if newest is not None and case.underway and not confirm:
        why = f"{INSIDE}; confirm that one more" if newest.inside else f"{ON_THE_WAY}; confirm that somebody else"
        raise Conflict(Action.SEND, alert.id, f"{why} shall go")
    after = case.sent(Response(person=to, standing=ResponseStanding.SENT, sent_at=at))
    if after is None:
        raise Conflict(Action.SEND, alert.id, f"{FULL} to be told apart: {BESIDE_LIMIT + 1}; see first who has left")
    return moved(msgspec.structs.replace(alert, case=after), at)


def moved(alert: Alert, at: int, **changes: object) -> Alert:
    """It got further: whatever waits now, waits from now on, from the lowest rung."""
    case = msgspec.structs.replace(alert.case, waiting_since=at, moved_at=at, rung=0, **changes)
    return msgspec.structs.replace(alert, case=case)


def outcome_of(alert: Alert, text: str) -> str:
    """What was done, trimmed; `Refused` without words or with too many."""
    text = text.strip()
    if not text or len(text) > OUTCOME_LIMIT:
        raise Refused("outcome", alert.id, f"say what was done, in at most {OUTCOME_LIMIT} characters")
    return text


def _warn(alert: Alert, said: Said) -> None:
    """Nobody ends an alert over the head of somebody who is there, or on the way and has not said how it went.

    Nor with the door open behind them, for then nobody looks any more. Where both are so, both are said, whoever is
    there first.
    """
    case, why = alert.case, []
    if case.inside:
        why.append(INSIDE)
    elif case.underway and case.outcome is None:
        why.append(ON_THE_WAY)
    if said.unlocked:
        why.append(UNLOCKED)
    if why and not said.confirm:
        raise Conflict(Action.RESOLVE, alert.id, f"{' and '.join(why)}; confirm that it shall end all the same")


def _resolve(alert: Alert, *, person: str, reason: str) -> Alert:
    if not reason or len(reason) > REASON_LIMIT:
        raise Refused("resolve", alert.id, f"say why, in at most {REASON_LIMIT} characters")
    active = alert.active and alert.condition not in LATCHED
    return msgspec.structs.replace(alert, standing=Standing.RESOLVED, resolved_by=person, reason=reason, active=active)
