"""What the door calls say and hear. Times are RFC 3339 text with Z."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from gateway.doors.access import Wish
from gateway.intake.registry import Registry
from gateway.ports.access import CommandView, Opening, Standing
from gateway.web.door_words import said_of
from gateway.web.schemas import Id, Instant, Words, rfc3339
from homecare.command import Action
from homecare.event import LockState
from homecare.grant import Purpose
from homecare.identity import HomeId

Key = Annotated[str, Field(pattern=r"^[A-Za-z0-9-]{8,64}$", description="made by the phone for each wish")]


class PurposeRequest(BaseModel):
    """What the door is opened for: exactly one of the two."""

    model_config = ConfigDict(extra="forbid", strict=True, json_schema_extra={"minProperties": 1, "maxProperties": 1})

    visit: Id | None = None
    alert: Id | None = None


class DoorRequest(BaseModel):
    """A wish at a door. The same `key` again is the same wish, and gets the same command."""

    model_config = ConfigDict(extra="forbid", strict=True)

    action: Literal["unlock", "lock", "unlatch"]
    purpose: PurposeRequest
    key: Key

    def wish(self, home: str) -> Wish | None:
        """The wish at this home; None unless exactly one purpose is given."""
        visit, alert = self.purpose.visit, self.purpose.alert
        named = visit or alert
        if named is None or (visit is not None and alert is not None):
            return None
        purpose = Purpose.ALERT if visit is None else Purpose.VISIT
        return Wish(HomeId(home), Action(self.action), purpose, named, self.key)


class CommandAnswer(BaseModel):
    """A command as it stands; `final`: it stays so. `next_step` is empty where nothing is to be done."""

    command: Id
    home: Id
    action: Action
    standing: Standing
    final: bool
    reason: str | None
    state: LockState | None
    words: Words
    next_step: Words
    issued_at: Instant
    ended_at: Instant | None
    second_person: str | None = Field(description="the pseudonym of whoever approved a remote opening")


class OpeningAnswer(BaseModel):
    """A remote opening: waiting, approved (then with its command), declined, or over."""

    opening: Id
    home: Id
    home_label: str
    resident: str
    address: str
    person: str = Field(description="the name of whoever asks")
    action: Action
    purpose: Purpose
    purpose_id: Id = Field(description="the visit or the alert")
    standing: Literal["waiting", "approved", "declined", "over"]
    asked_at: Instant
    expires_at: Instant
    second: str | None = Field(description="the name of whoever approved or declined")
    command: Id | None


def command_answer(command: CommandView) -> CommandAnswer:
    """The command in people's words."""
    words, next_step = said_of(command)
    return CommandAnswer(
        command=command.id,
        home=command.home,
        action=command.action,
        standing=command.standing,
        final=command.ended_at is not None,
        reason=command.reason,
        state=command.state,
        words=words,
        next_step=next_step,
        issued_at=rfc3339(command.issued_at),
        ended_at=None if command.ended_at is None else rfc3339(command.ended_at),
        second_person=command.second_person,
    )


def opening_answer(opening: Opening, registry: Registry, now: int) -> OpeningAnswer:
    """The remote opening with the home's words and the asker's name."""
    home = registry.homes.get(opening.ask.home)
    return OpeningAnswer(
        opening=opening.id,
        home=opening.ask.home,
        home_label="" if home is None else home.label,
        resident="" if home is None else home.resident,
        address="" if home is None else home.address,
        person=registry.name_of(opening.ask.person) or "",
        action=opening.ask.action,
        purpose=opening.ask.purpose,
        purpose_id=opening.ask.ends_with,
        standing=_standing(opening, now),
        asked_at=rfc3339(opening.asked_at),
        expires_at=rfc3339(opening.expires_at),
        second=registry.name_of(opening.second),
        command=opening.command,
    )


def _standing(opening: Opening, now: int) -> Literal["waiting", "approved", "declined", "over"]:
    if opening.command is not None:
        return "approved"
    if opening.answered_at is not None:
        return "declined"
    return "waiting" if now < opening.expires_at else "over"
