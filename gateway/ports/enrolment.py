"""What enrolment needs of a store: claim codes, the edges that came in by them, and which were turned away."""

from collections.abc import Callable, Sequence
from typing import Protocol

import msgspec

from gateway.model.renewal import Decision, Given
from homecare.device import Capability, Placement
from homecare.identity import DeviceId, EdgeId, HomeId
from rules.verdict import Raise


class PlannedDevice(msgspec.Struct, frozen=True, omit_defaults=True):
    """A device that the integrator announces with the code; it becomes the claiming edge's."""

    id: DeviceId
    driver: str
    address: str
    capabilities: tuple[Capability, ...]
    placement: Placement = Placement.OTHER
    reports_every: int | None = None


class NewCode(msgspec.Struct, frozen=True):
    """A code as it is kept: its digest, for which home, with which devices, by whom and until when (microseconds)."""

    digest: bytes
    home: HomeId
    devices: tuple[PlannedDevice, ...]
    made_by: str
    made_at: int
    expires_at: int


class NewEdge(msgspec.Struct, frozen=True):
    """An edge that comes in: its id, its X25519 public key, and the certificate that it was given."""

    id: EdgeId
    public_key: bytes
    serial: str
    issued_at: int
    due_at: int


class Claimed(msgspec.Struct, frozen=True):
    """What a code led to."""

    home: HomeId
    devices: tuple[PlannedDevice, ...]


class Overdue(msgspec.Struct, frozen=True):
    """An edge whose newest certificate that was seen in use should have been renewed at `due_at`."""

    edge: EdgeId
    home: HomeId
    serial: str
    due_at: int


class EnrolmentStore(Protocol):
    """Every method is one transaction and raises `Unavailable` when the store is away."""

    async def keep_code(self, code: NewCode) -> None:
        """Keep a code; `Unknown` where there is no such home."""
        ...

    async def claim(self, digest: bytes, edge: NewEdge, at: int) -> Claimed:
        """Use a code up and let the edge in, whole or not at all.

        `Refused` for a code that nobody made, that was used, or whose time is over: which of these is not told.
        """
        ...

    async def revoke(self, edge: EdgeId, at: int) -> None:
        """Take the edge's rights away and end its stay; `Unknown` where there is none. Twice is once."""
        ...

    async def revoked(self) -> Sequence[EdgeId]:
        """Every revoked edge."""
        ...

    async def renew(self, edge: EdgeId, decide: Callable[[Sequence[Given]], Decision], at: int) -> Decision:
        """Decide over everything that the edge was given, and put it into force; two for one edge come one by one.

        Where the certificate that it uses is not overdue, that fault of its home has ended. `Unknown` for no such edge,
        `Refused` for one that was turned away: it gets nothing, not even an answer.
        """
        ...

    async def overdue(self, at: int) -> Sequence[Overdue]:
        """Edges that stand in a home and use a certificate that was due before `at`, as far as anybody saw."""
        ...

    async def tell(self, raised: Sequence[Raise], at: int) -> None:
        """Put these conditions before people; what was told before is told no second time.

        `Conflict` where another process tells the same at this moment: look again.
        """
        ...
