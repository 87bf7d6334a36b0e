"""The case of an alert: what people have done about it so far, and since when it waits.

Values only; how a case moves is said by `homecare.alert` (people) and `homecare.ladder` (time). All times are wall
microseconds of the gateway. People stand here by their pseudonyms, an operator where nobody signs in by the name that
the holder of the token gave.
"""

from enum import StrEnum

import msgspec


class CallResult(StrEnum):
    """What came of calling the home back."""

    REACHED = "reached"
    NO_ANSWER = "no_answer"
    BUSY = "busy"


class ResponseStanding(StrEnum):
    """How the responder stands to the alert."""

    SENT = "sent"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    ON_SITE = "on_site"
    LEFT = "left"


ON_THE_WAY_OR_THERE = frozenset({ResponseStanding.ACCEPTED, ResponseStanding.ON_SITE})
"""Somebody is doing something about it at this moment."""


class CallBack(msgspec.Struct, frozen=True):
    """The newest attempt to talk with the home."""

    at: int
    by: str
    result: CallResult


class Response(msgspec.Struct, frozen=True):
    """The newest sending of the alert to a responder; earlier ones are in the alert's log."""

    person: str
    standing: ResponseStanding
    sent_at: int
    accepted_at: int | None = None
    on_site_at: int | None = None
    left_at: int | None = None


class Case(msgspec.Struct, frozen=True, omit_defaults=True):
    """What has been done about an alert.

    `waiting_since`: since when it got no further (None: since it was raised); the ladder counts from here, and neither
    a take, a release nor a press moves it. `moved_at`: the newest step of whoever attends to it, None while nobody
    does.
    `rung`: how far it was escalated since it last got further, `escalated_at` when that happened last.
    `ladder_moved`: versions from and through which nothing but the ladder, or a call that went on, moved the alert.
    `calling_since`: since when whoever has it talks with the home, None while nobody said so.
    """

    waiting_since: int | None = None
    moved_at: int | None = None
    rung: int = 0
    escalated_at: int | None = None
    ladder_moved: tuple[int, int] | None = None
    calling_since: int | None = None
    called_back: CallBack | None = None
    response: Response | None = None
    outcome: str | None = None

    @property
    def inside(self) -> bool:
        """Whether a responder is in the home as far as anybody knows."""
        return self.response is not None and self.response.standing is ResponseStanding.ON_SITE

    @property
    def underway(self) -> bool:
        """Whether a responder is on the way or there."""
        return self.response is not None and self.response.standing in ON_THE_WAY_OR_THERE
