"""What the responder to whom an alert was sent says of it, by hand or by a door, and what the alert is after that.

Whoever is inside stays a responder of the alert when somebody else is sent too, until having left. Times are wall
microseconds of the gateway.
"""

from enum import StrEnum
from typing import Final

import msgspec

from homecare.alert import Alert, Standing, Transition, moved, outcome_of
from homecare.case import Response, ResponseStanding
from homecare.errors import Conflict


class Answer(StrEnum):
    """What a responder says."""

    ACCEPT = "accept"
    DECLINE = "decline"
    ON_SITE = "on_site"
    LEFT = "left"
    OUTCOME = "outcome"


ANSWERED: Final[dict[Answer, Transition]] = {
    Answer.ACCEPT: Transition.ACCEPTED,
    Answer.DECLINE: Transition.DECLINED,
    Answer.ON_SITE: Transition.ON_SITE,
    Answer.LEFT: Transition.LEFT,
    Answer.OUTCOME: Transition.OUTCOME,
}
_STANDING_OF: Final[dict[Answer, ResponseStanding]] = {
    Answer.ACCEPT: ResponseStanding.ACCEPTED,
    Answer.DECLINE: ResponseStanding.DECLINED,
    Answer.ON_SITE: ResponseStanding.ON_SITE,
    Answer.LEFT: ResponseStanding.LEFT,
}


def answer(alert: Alert, what: Answer, *, person: str, at: int, heard_at: int | None = None, text: str = "") -> Alert:
    """The alert after a responder's answer at `at`; the same alert where the answer says nothing new.

    A phone or a door may say everything twice, late, and without knowing the newest version: `heard_at` is when the
    gateway had it (None: at `at`), and from then on the case waits for the next step. What was done and that the
    responder left is taken also after the end, and changes nothing of it. `Conflict` when the alert is over, was not,
    or is no longer, sent to this person, or when somebody inside declines; `Refused` for an outcome without words.
    """
    response = alert.case.response_of(person)
    if response is None:
        raise Conflict(what, alert.id, "it is not sent to you")
    if _says_nothing_new(alert, response, what, text):
        return alert
    after = msgspec.structs.replace(alert, version=alert.version + 1)
    heard = at if heard_at is None else heard_at
    if alert.standing is Standing.RESOLVED:
        return _afterwards(after, response, what, min(at, heard), text=text)
    if what is Answer.OUTCOME:
        return moved(after, heard, outcome=outcome_of(alert, text))
    if what is Answer.DECLINE and response.inside:
        raise Conflict(what, alert.id, "you are inside; say when you have left")
    if response is not alert.case.response and not response.inside:
        raise Conflict(what, alert.id, "it is no longer sent to you")
    stands = alert.case.with_response(response.stood(_STANDING_OF[what], min(at, heard)))
    if what is Answer.DECLINE and alert.claimed_by is None:
        return msgspec.structs.replace(after, case=msgspec.structs.replace(stands, moved_at=None))
    return moved(msgspec.structs.replace(after, case=stands), heard)


def _says_nothing_new(alert: Alert, response: Response, what: Answer, text: str) -> bool:
    if what is Answer.OUTCOME:
        return alert.case.outcome == text.strip()
    accepted = what is Answer.ACCEPT and response.inside and alert.standing is not Standing.RESOLVED
    if what is Answer.LEFT and response.standing is ResponseStanding.ACCEPTED:
        return True  # whoever locks the door before having been let in, by a slip of the thumb, has not left
    return accepted or response.standing is _STANDING_OF[what]


def _afterwards(alert: Alert, response: Response, what: Answer, at: int, *, text: str) -> Alert:
    """What may still be said of an alert that is over."""
    case = alert.case
    if what is Answer.OUTCOME:
        return msgspec.structs.replace(alert, case=msgspec.structs.replace(case, outcome=outcome_of(alert, text)))
    if what is Answer.LEFT and response.inside:
        left = case.with_response(response.stood(ResponseStanding.LEFT, at))
        return msgspec.structs.replace(alert, case=left)
    raise Conflict(what, alert.id, "the alert is already resolved")
