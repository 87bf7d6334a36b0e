"""What opening doors needs of a store: values, and one method a transaction.

Every method raises `Unavailable` when the store is away. Times are wall microseconds; a person is a pseudonym.
"""

from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from typing import Final, Protocol

import msgspec

from gateway.model.authorisation import Role, Units
from homecare.command import Action, Message
from homecare.envelope import FactId
from homecare.event import CommandEnded, CommandTaken, LockOperated, LockState, TagRead
from homecare.grant import Allowed, Denied, Grant, Proximity, Purpose
from homecare.identity import DeviceId, EdgeId, HomeId, UnitId

DoorEvent = LockOperated | TagRead | CommandTaken | CommandEnded


class Standing(StrEnum):
    """How a command stands. The last four are ends, and the first end stands."""

    ISSUED = "issued"
    SENT = "sent"
    TAKEN = "taken"
    DONE = "done"
    FAILED = "failed"
    REFUSED = "refused"
    UNKNOWN = "unknown"


UNDER_WAY = frozenset({Standing.ISSUED, Standing.SENT, Standing.TAKEN})


class Ask(msgspec.Struct, frozen=True):
    """What a person asks of a home's door. `key` is the phone's idempotency key: the same one is the same command."""

    person: str
    key: str
    home: HomeId
    action: Action
    purpose: Purpose
    ends_with: str


class Lock(msgspec.Struct, frozen=True):
    """A home's lock and the edge that works it; `unlatch`: its latch may be pulled from here."""

    device: DeviceId
    edge: EdgeId
    unlatch: bool


class Known(msgspec.Struct, frozen=True):
    """What the store knows of a person now."""

    id: str
    roles: Mapping[UnitId, frozenset[Role]]
    revoked: bool = False


class Facts(msgspec.Struct, frozen=True):
    """Everything that a decision about one door rests on, read in the transaction that acts on it."""

    people: Mapping[str, Known]
    grants: Sequence[Grant]
    proximity: Sequence[Proximity]
    in_service: bool
    consent: bool


Decision = Callable[[Facts], Allowed | Denied]


class Issue(msgspec.Struct, frozen=True):
    """A command to issue if the decision allows it; `closes_at`: when it is called unknown if nothing was heard.

    `lock` is None where the home has none: then there is only a denial to write down. `opening` is the remote opening
    that this command answers, and `second` who approved it.
    """

    command: str
    ask: Ask
    lock: Lock | None
    issued_at: int
    expires_at: int
    closes_at: int
    second: str | None = None
    opening: str | None = None


class Announcement(msgspec.Struct, frozen=True):
    """Something to be told in a home, issued as a command to its edge; the same `key` again is the same one."""

    command: str
    key: str
    person: str
    home: HomeId
    edge: EdgeId
    message: Message
    purpose: Purpose
    ends_with: str
    issued_at: int
    expires_at: int
    closes_at: int


class Accepted(msgspec.Struct, frozen=True):
    """An alert that its responder accepted and has not reached yet.

    `tries`: how often the home's edges were asked to tell of it. `told`: the edges that need no more asking.
    """

    alert: str
    home: HomeId
    person: str
    tries: int
    told: frozenset[EdgeId]


class CommandView(msgspec.Struct, frozen=True):
    """A command as it stands; `late`: what the home said after it had been closed as unknown."""

    id: str
    person: str
    home: HomeId
    device: DeviceId | None
    action: Action
    purpose: Purpose
    ends_with: str
    how: str
    issued_at: int
    standing: Standing
    reason: str | None = None
    state: LockState | None = None
    ended_at: int | None = None
    second_person: str | None = None
    late: Standing | None = None
    late_state: LockState | None = None


class Opening(msgspec.Struct, frozen=True):
    """A remote opening that waits for a second person, or did; `command` once there is one."""

    id: str
    ask: Ask
    asked_at: int
    expires_at: int
    second: str | None = None
    answered_at: int | None = None
    command: str | None = None


UNLOCKED: Final = frozenset({LockState.UNLOCKED, LockState.JAMMED})
"""States in which a door is to be locked, or looked at; a lock that does not know says nothing."""


class DoorState(msgspec.Struct, frozen=True):
    """A home's lock as it was last heard of; `at` is when it said so."""

    home: HomeId
    device: DeviceId
    state: LockState
    at: int


class DoorFact(msgspec.Struct, frozen=True):
    """A fact of the access stream as it waits for the doors' watch; `row` is its place, `body` its event as stored."""

    row: int
    id: FactId
    home: HomeId
    device: DeviceId | None
    at: int
    recorded_at: int
    body: Mapping[str, object]

    @property
    def event(self) -> DoorEvent:
        """What happened; `msgspec.ValidationError` for what this version does not know."""
        event: DoorEvent = msgspec.convert(self.body, DoorEvent)
        return event


class ToSend(msgspec.Struct, frozen=True):
    """A command that this process alone sends now: it is marked as sent already, and never comes again."""

    id: str
    edge: EdgeId
    home: HomeId
    device: DeviceId | None
    action: Action
    actor: str
    message: Message | None


class AccessStore(Protocol):
    """What is asked of doors."""

    async def issue(self, issue: Issue, decide: Decision) -> CommandView | Denied:
        """Decide, write it into the audit, and issue the command: one transaction, so none is there without the other.

        The same person with the same key gets the same command again. `Conflict`: the key asked for something else
        before, the opening was answered, or another command is under way at the door (which is audited as a denial).
        """
        ...

    async def command(self, id_: str) -> CommandView:
        """A command as it stands; `Unknown` if there is none."""
        ...

    async def ask(self, opening: Opening, lock: Lock | None, decide: Decision) -> Opening | Denied:
        """Keep a remote opening for a second person, if the asker's own right allows it; audited either way."""
        ...

    async def openings(self, units: Units, now: int) -> tuple[Opening, ...]:
        """Those that wait in these units, oldest first."""
        ...

    async def openings_to_agree(self, person: str, now: int) -> tuple[Opening, ...]:
        """Those of others that wait for an open alert that this person has accepted, oldest first."""
        ...

    async def opening(self, id_: str) -> Opening:
        """One; `Unknown` if there is none."""
        ...

    async def decline(self, opening: str, *, second: str, at: int) -> Opening:
        """A second person says no; `Conflict` where it was answered or is over."""
        ...

    async def states(self, homes: Sequence[HomeId]) -> dict[HomeId, DoorState]:
        """How the homes' locks were last heard of; a lock that never spoke has none."""
        ...


class CommandStore(Protocol):
    """Commands on their way to the homes."""

    async def announce(self, announcement: Announcement) -> bool:
        """Issue it, audited, in one transaction; False where it was issued before."""
        ...

    async def accepted(self, since: int) -> Sequence[Accepted]:
        """The alerts that were accepted after `since` and whose responder is still on the way."""
        ...

    async def claim(self, commands: Sequence[str], now: int) -> tuple[ToSend, ...]:
        """Mark these as sent, as far as they are still issued, and give them to be sent: by whoever has the answer.

        What is claimed is never given again. A command of somebody who was revoked meanwhile is refused instead.
        """
        ...

    async def close_overdue(self, now: int) -> int:
        """End what is past its time: never sent, failed as expired; sent, unknown. How many."""
        ...

    async def abandon(self, command: str, reason: str, now: int) -> None:
        """A claimed command certainly did not leave: failed, for that reason."""
        ...
