"""The case of an alert: what people have done about it so far, and since when it waits.

Values only; how a case moves is said by `homecare.alert` (people) and `homecare.ladder` (time). All times are wall
microseconds of the gateway. People stand here by their pseudonyms, an operator where nobody signs in by the name that
the holder of the token gave.
"""

from enum import StrEnum
from typing import Final

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

BESIDE_LIMIT: Final = 5
"""People who were inside when somebody else was sent, that a case knows beside the newest responder: with that one as
many as lift anybody, and more than a shift has. Whoever has left makes room; whoever is inside never does."""

_WAS_LET_IN: Final = frozenset({ResponseStanding.ON_SITE, ResponseStanding.LEFT})


class CallBack(msgspec.Struct, frozen=True):
    """The newest attempt to talk with the home."""

    at: int
    by: str
    result: CallResult


class Response(msgspec.Struct, frozen=True):
    """One sending of the alert to a responder, and how that person stands to it."""

    person: str
    standing: ResponseStanding
    sent_at: int
    accepted_at: int | None = None
    on_site_at: int | None = None
    left_at: int | None = None

    @property
    def inside(self) -> bool:
        """Whether this person is in the home as far as anybody knows."""
        return self.standing is ResponseStanding.ON_SITE

    def stood(self, standing: ResponseStanding, at: int) -> "Response":
        """As it stands from `at` on; whom a door lets in without a word has accepted by that."""
        changes: dict[str, object] = {"standing": standing}
        there = standing is ResponseStanding.ON_SITE
        if standing is ResponseStanding.ACCEPTED or (there and self.accepted_at is None):
            changes["accepted_at"] = at
        if there:
            changes["on_site_at"] = at
        if standing is ResponseStanding.LEFT:
            changes["left_at"] = at
        return msgspec.structs.replace(self, **changes)


class Case(msgspec.Struct, frozen=True, omit_defaults=True):
    """What has been done about an alert.

    `waiting_since`: since when it got no further (None: since it was raised); the ladder counts from here, and neither
    a take, a release nor a press moves it. `moved_at`: the newest step of whoever attends to it, None while nobody
    does.
    `rung`: how far it was escalated since it last got further, `escalated_at` when that happened last.
    `ladder_moved`: versions from and through which nothing but the ladder, or a call that went on, moved the alert.
    `calling_since`: since when whoever has it talks with the home, None while nobody said so.
    `response`: the newest sending; all of them are in the alert's log. `beside`: whoever was there when
    somebody else was sent, each person once and never the newest one: inside until left or closed, and known after
    that for the door that may still have to be locked.
    """

    waiting_since: int | None = None
    moved_at: int | None = None
    rung: int = 0
    escalated_at: int | None = None
    ladder_moved: tuple[int, int] | None = None
    calling_since: int | None = None
    called_back: CallBack | None = None
    response: Response | None = None
    beside: tuple[Response, ...] = ()
    outcome: str | None = None

    @property
    def responses(self) -> tuple[Response, ...]:
        """How everybody stands who was sent last or was let in before, the newest responder last."""
        return self.beside if self.response is None else (*self.beside, self.response)

    @property
    def people_inside(self) -> tuple[Response, ...]:
        """Everybody who is in the home as far as anybody knows, the newest responder last."""
        return tuple(one for one in self.responses if one.inside)

    @property
    def inside(self) -> bool:
        """Whether a responder is in the home as far as anybody knows."""
        return bool(self.people_inside)

    @property
    def underway(self) -> bool:
        """Whether a responder is on the way or there."""
        return self.response is not None and self.response.standing in ON_THE_WAY_OR_THERE

    def response_of(self, person: str) -> Response | None:
        """How this person stands to it, who was sent last or was let in before; None for everybody else."""
        return next((one for one in self.responses if one.person == person), None)

    def with_response(self, response: Response) -> "Case":
        """The case with how one of the people in it stands now."""
        if self.response is not None and self.response.person == response.person:
            return msgspec.structs.replace(self, response=response)
        beside = tuple(response if one.person == response.person else one for one in self.beside)
        return msgspec.structs.replace(self, beside=beside)

    def sent(self, response: Response) -> "Case | None":
        """The case with a new sending, which loses nobody who is inside; None where there is no room for one more.

        Not for a person who is inside.
        """
        known = self.beside
        if self.response is not None and self.response.standing in _WAS_LET_IN:
            known = (*known, self.response)
        beside = [one for one in known if one.person != response.person]
        while len(beside) > BESIDE_LIMIT:  # one more than before at most
            gone = next((one for one in beside if not one.inside), None)
            if gone is None:
                return None
            beside.remove(gone)
        return msgspec.structs.replace(self, response=response, beside=tuple(beside))
