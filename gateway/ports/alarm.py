"""What the alarm lane needs of a store: one method, one transaction.

Every method raises `Unavailable` when the store is away and `Contended` when somebody else held a lock too long.
Times are wall microseconds.
"""

from collections.abc import Mapping, Sequence
from typing import Protocol

import msgspec

from homecare.alert import Alert
from homecare.envelope import Fact
from homecare.errors import Unavailable
from homecare.event import Stream
from homecare.identity import EdgeId, Epoch
from rules.verdict import Clear, Raise


class Contended(Unavailable):
    """A lock was not had in time, or a deadlock was broken: nothing happened, and the same call may succeed at once."""


class Judged(msgspec.Struct, frozen=True):
    """An alarm fact, the gateway's best estimate of when it occurred, and what the rules say of it."""

    fact: Fact
    estimated_at: int
    verdict: Raise | Clear | None


class Taken(msgspec.Struct, frozen=True):
    """What became of a frame: `durable` is the cursor after the commit, `fresh` the facts that were new."""

    durable: int
    fresh: int = 0
    equivocations: int = 0
    alerts: tuple[Alert, ...] = ()


class SeqRange(msgspec.Struct, frozen=True):
    """Consecutive seqs of one edge, epoch and stream, both ends included."""

    edge: EdgeId
    epoch: Epoch
    stream: Stream
    first: int
    last: int


class SetAside(msgspec.Struct, frozen=True):
    """A frame that was turned away or could not be read, as the quarantine keeps it.

    `authentic`: the edge made it. `reason` is a word of `gateway.door.Reason`.
    """

    reason: str
    detail: str
    topic: str
    frame: bytes
    authentic: bool = False
    edge: EdgeId | None = None
    seqs: SeqRange | None = None


class AlarmStore(Protocol):
    """The alarm lane's transactions; a method that returns has committed."""

    async def take(self, judged: Sequence[Judged], recorded_at: int) -> Taken:
        """Record the facts that are new, raise or clear what they say, advance the cursor over what is contiguous.

        The facts are of one edge, epoch and stream. A fact whose identity is known with other contents is counted as
        an equivocation and raises an alert of its own.
        """
        ...

    async def pass_over(
        self, seqs: SeqRange, reason: str, *, raised: Raise | None, recorded_at: int, aside: SetAside | None = None
    ) -> Taken:
        """Move the cursor past seqs that cannot be had: lost ones, or a body that nobody can read.

        The cursor moves only if `seqs` touch it; `raised` is what people must be told. `aside` are the bytes: the edge
        may forget them once the cursor has passed, so they are kept in the same transaction, once.
        """
        ...

    async def accuse(self, edge: EdgeId, kind: str, *, raised: Raise | None, recorded_at: int) -> Taken:
        """Something is wrong with the edge itself: one fault row, counted, and what people must be told."""
        ...

    async def set_aside(self, what: SetAside, recorded_at: int) -> None:
        """Keep the bytes for whoever looks for the cause; the caller bounds how many."""
        ...

    async def cursors(self, edge: EdgeId) -> Mapping[Epoch, int]:
        """The durable cursor of the alarm stream in every epoch of the edge that has one."""
        ...

    async def remember_forgotten(self, edge: EdgeId, epoch: Epoch, receipted: int) -> None:
        """The gateway once receipted through `receipted` and forgot it: new facts up to it are redeliveries."""
        ...
