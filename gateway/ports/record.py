"""What the bulk lane asks of its store: one writer, one transaction a batch, everything or nothing.

Every method raises `Unavailable` when the store is away or another writer took over: then memory is worthless, and a
new term begins with `Store.begin`. Times are wall microseconds.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Protocol

import msgspec

from homecare.attendance import Attendance
from homecare.delivery import Loss
from homecare.envelope import Envelope, FactId
from homecare.errors import VakaError
from homecare.event import Stream
from homecare.identity import EdgeId, Epoch, HomeId
from rules.stimulus import Stimulus
from rules.verdict import Clear, Raise

CursorKey = tuple[EdgeId, Epoch, Stream]


class Culprit(VakaError):
    """The store will never take this batch: something in it breaks a rule of the store. Nothing was written."""


class Recorded(msgspec.Struct, frozen=True, gc=False):
    """One fact to write: `at` is the gateway's estimate, `applied` its place in the order of application."""

    seq: int
    applied: int
    at: int
    envelope: Envelope
    digest: bytes | None = None


class Run(msgspec.Struct, frozen=True, gc=False):
    """Facts of one frame, in order; `digest` is there for ledgered streams."""

    edge: EdgeId
    epoch: Epoch
    stream: Stream
    facts: Sequence[Recorded]


class CheckIn(msgspec.Struct, frozen=True):
    """A deliberate act at the door."""

    id: str
    fact: FactId
    home: HomeId
    device: str | None
    method: str
    direction: str
    occurred_at: int


class Hole(msgspec.Struct, frozen=True):
    """Seqs that the edge says will never come."""

    edge: EdgeId
    epoch: Epoch
    stream: Stream
    first: int
    last: int
    loss: Loss


class Quarantined(msgspec.Struct, frozen=True):
    """A frame that was turned away; `count` facts were passed over, from `first` on."""

    reason: str
    authentic: bool
    topic: str
    detail: str
    frame: bytes
    edge: EdgeId | None = None
    epoch: Epoch | None = None
    stream: Stream | None = None
    first: int | None = None
    count: int = 0


class Faulted(msgspec.Struct, frozen=True):
    """Something is broken: one row a kind and subject, counted."""

    kind: str
    subject: str
    detail: str
    count: int = 1


class Applied(msgspec.Struct, frozen=True, array_like=True):
    """A stimulus other than a recorded fact, at its place in the order of application."""

    applied: int
    home: HomeId
    stimulus: Stimulus


class SavedState(msgspec.Struct, frozen=True, gc=False):
    """A home's state as it is kept: bytes of `rules.engine.encode`, through `applied`."""

    home: HomeId
    state: bytes
    applied: int
    wake_at: int | None


class Seen(msgspec.Struct, frozen=True):
    """When an edge was heard, and up to when it vouched to have heard its home."""

    edge: EdgeId
    last_seen: int
    heard_through: int


class Alarm(msgspec.Struct, frozen=True):
    """A row of the inbox: an alarm fact that the other process recorded, for the home's state."""

    row: int
    fact: FactId
    envelope: Envelope
    recorded_at: int


class Attended(msgspec.Struct, frozen=True):
    """A row of the staff's inbox: what visits and cases say of somebody inside, for the home's state."""

    row: int
    home: HomeId
    attendance: Attendance


class Batch(msgspec.Struct):
    """One transaction. The order inside is the store's; it is whole or not at all."""

    recorded_at: int
    runs: list[Run] = []
    cursors: dict[CursorKey, int] = {}
    holes: list[Hole] = []
    check_ins: list[CheckIn] = []
    quarantined: list[Quarantined] = []
    faults: list[Faulted] = []
    applied: list[Applied] = []
    verdicts: list[Raise | Clear] = []
    states: list[SavedState] = []
    seen: list[Seen] = []
    consumed: list[int] = []
    attended: list[int] = []
    behind: int | None = None
    """Where given: whatever the saved states do not include has `recorded_at` no earlier than this."""
    packed: tuple[bytes, bytes] | None = None
    """The store's own form of `runs`, where `Store.pack` made it."""

    @property
    def empty(self) -> bool:
        """Whether there is nothing to write."""
        return not (
            self.runs
            or self.cursors
            or self.holes
            or self.quarantined
            or self.faults
            or self.applied
            or self.verdicts
            or self.states
            or self.seen
            or self.consumed
            or self.attended
            or self.behind is not None
        )


class Later(msgspec.Struct, frozen=True):
    """Something applied that a saved state may not include yet: a fact (with its envelope) or another stimulus."""

    applied: int
    recorded_at: int
    home: HomeId
    stimulus: Stimulus


class Store(Protocol):
    """The bulk lane's database session: it holds the shards' locks and does their writes."""

    async def begin(self) -> int:
        """Become the writer, waiting for (or ending) another one; returns the number of the term, ever rising."""
        ...

    async def close(self) -> None:
        """Give the shards up."""
        ...

    async def states(self, take: Callable[[SavedState], None]) -> None:
        """Hand over every saved state of the shards, one by one: the whole is never held at once."""
        ...

    async def later(self, take: Callable[[Later], None]) -> None:
        """Hand over what was applied after the saved states, in the order of application; held like the states."""
        ...

    async def seen(self) -> int | None:
        """When a writer of these shards gave its last sign of life; None for never."""
        ...

    async def cursors(self, pairs: Iterable[tuple[EdgeId, Epoch]]) -> dict[CursorKey, int]:
        """The committed cursors of all streams of these epochs; what is not there is 0."""
        ...

    async def digests(self, key: CursorKey, first: int, last: int) -> dict[int, bytes]:
        """The digests that the ledger has of these seqs."""
        ...

    async def inbox(self, limit: int) -> list[Alarm]:
        """Alarm facts that wait, oldest first."""
        ...

    @property
    def staff_told(self) -> bool:
        """Whether somebody said since `attended` was asked last that staff came or went; heard with any answer."""
        ...

    async def attended(self, limit: int) -> list[Attended]:
        """Attendances that wait, for each home in the order in which they were said."""
        ...

    async def pack(self, batch: Batch) -> None:
        """Make ready what `commit` will write of the facts, while another batch may be under way; others run between.

        Nothing is refused here: `commit` packs what was not, and says what is wrong with it.
        """
        ...

    async def commit(self, batch: Batch) -> None:
        """Write everything. `Culprit` where the store refuses the content, `Unavailable` where it is away."""
        ...

    async def alive(self, at: int, detail: dict[str, float]) -> None:
        """Give the sign of life that others look for."""
        ...
