"""What visits need of a store: one method, one transaction.

Every method raises `Unavailable` when the store is away. Times are wall microseconds. Whatever shows a home writes its
read log row in the same transaction, and whatever changes a visit its log row and, where somebody came or went, a
`check_in` row.
"""

from collections.abc import Callable, Collection
from typing import Protocol

import msgspec

from gateway.model.plan import Differences, Plan
from gateway.ports.desk import Read, Window
from homecare.identity import HomeId, UnitId, derived_id
from homecare.visit import Evidence, Visit


def no_entry_id(evidence: str) -> str:
    """The no entry that a piece of evidence opens."""
    return derived_id("noentry", evidence)


class PlanImport(msgspec.Struct, frozen=True):
    """Who takes over which plan when; `digest` is the file's SHA-256."""

    id: str
    unit: UnitId
    person: str
    imported_at: int
    exported_at: int
    digest: bytes


class NoEntry(msgspec.Struct, frozen=True):
    """Somebody stood before a door that did not open; open until a named person closes it with a reason."""

    id: str
    visit: str
    unit: UnitId
    home: HomeId
    person: str
    claimed_at: int
    received_at: int
    reason: str
    closed_by: str | None = None
    closed_at: int | None = None
    closing_reason: str | None = None


class Closing(msgspec.Struct, frozen=True):
    """How a person ends a no entry; the same `key` again is the same closing."""

    person: str
    reason: str
    key: str
    at: int


class VisitStore(Protocol):
    """Plans, visits and no entries."""

    async def caregivers(self, unit: UnitId) -> frozenset[str]:
        """Who may be planned in the unit."""
        ...

    async def preview(self, unit: UnitId, plan: Plan) -> Differences:
        """What the plan would change."""
        ...

    async def take(self, plan: Plan, record: PlanImport) -> Differences:
        """Take the plan over, whole; `Conflict` where a plan that was exported later was taken already."""
        ...

    async def visits(self, window: Window, read: Read, *, shown: frozenset[HomeId] = frozenset()) -> tuple[Visit, ...]:
        """Visits of the units that may be shown that meet the window, in order of time.

        Homes in `shown` have their read log row: whoever looks has them on the screen already.
        """
        ...

    async def visits_of(self, person: str, window: Window, read: Read) -> tuple[Visit, ...]:
        """Visits that are planned for the person, or to which the person came, and that meet the window."""
        ...

    async def visits_at(self, home: HomeId, window: Window) -> tuple[Visit, ...]:
        """Visits of a home that meet the window; for deciding, not for showing."""
        ...

    async def add(self, visit: str, evidence: Evidence, allow: Callable[[Visit], None]) -> Visit:
        """Lock the visit, add the evidence; `Unknown` for no such visit, `Conflict` if it is another visit's.

        What `allow` or `homecare.visit.step` raise, rolls everything back.
        """
        ...

    async def close_no_entry(self, id_: str, closing: Closing, allow: Callable[[NoEntry, Visit], None]) -> NoEntry:
        """Close it; `Conflict` if somebody has, unless it is this closing. `Unknown` for no such."""
        ...

    async def no_entries(
        self, read: Read, *, person: str | None = None, shown: frozenset[HomeId] = frozenset()
    ) -> tuple[NoEntry, ...]:
        """Open ones of the units that may be shown, oldest first; only those of `person` where one is named.

        `shown` as for `visits`.
        """
        ...

    async def closed_no_entries(self, visits: Collection[str]) -> tuple[NoEntry, ...]:
        """Closed ones of visits that have just been shown, oldest first: the homes are in the read log already."""
        ...

    async def mark_overdue(self, now: int) -> int:
        """Log every visit as overdue that somebody began and nobody ended; how many this time."""
        ...
