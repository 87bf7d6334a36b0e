"""`VisitStore` on PostgreSQL: visits as people read and change them."""

from collections.abc import AsyncIterator, Callable, Collection, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final

import msgspec
import psycopg
from psycopg import AsyncCursor

from gateway.adapters.postgres.connections import Connections
from gateway.adapters.postgres.desk_views import log_reads
from gateway.adapters.postgres.plan_rows import import_plan, known_visits
from gateway.adapters.postgres.rows import from_wall, wall
from gateway.adapters.postgres.visit_rows import add_evidence, lock_visits, notify, read_visits, save_visit
from gateway.model.plan import Differences, Plan, compare
from gateway.ports.desk import Read, Window
from gateway.ports.visits import Closing, NoEntry, PlanImport
from homecare.errors import Conflict, Unknown
from homecare.identity import HomeId, UnitId
from homecare.visit import OVERDUE_AFTER, Evidence, Visit, overdue

VISITS_MOST: Final = 5_000
"""Visits in one answer: the day of the largest unit, several times over."""
NO_ENTRIES_MOST: Final = 500
"""Open no entries in one answer, and the newest closed ones in another."""
OVERDUE_MOST: Final = 100
"""Visits that are marked in one transaction; the rest is marked in the next."""

_CAREGIVERS: Final = """
SELECT p.id FROM person AS p JOIN person_role AS r ON r.person = p.id
WHERE r.unit = %s AND r.role = 'caregiver' AND p.revoked_at IS NULL
"""
_MEETS: Final = "since < %(until)s AND until > %(from)s"
_OF_UNITS: Final = f"{_MEETS} AND (%(units)s::text[] IS NULL OR unit = ANY(%(units)s))"
_OF_PERSON: Final = f"""{_MEETS} AND (people @> ARRAY[%(person)s]
    OR id IN (SELECT visit FROM visit_evidence WHERE person = %(person)s AND received_at >= %(from)s))"""
_OF_HOME: Final = f"{_MEETS} AND home = %(home)s"
_NO_ENTRY: Final = """
SELECT id, visit, unit, home, person, claimed_at, received_at, reason, closed_by, closed_at, closing_reason, closing_key
FROM no_entry
"""
_OPEN: Final = """
WHERE closed_at IS NULL AND (%(units)s::text[] IS NULL OR unit = ANY(%(units)s))
  AND (%(person)s::text IS NULL OR person = %(person)s)
ORDER BY received_at, id LIMIT %(limit)s
"""
_CLOSED: Final = """
WHERE closed_at IS NOT NULL AND visit = ANY(%(visits)s) ORDER BY received_at DESC, id LIMIT %(limit)s
"""
_OVERDUE: Final = """
SELECT id FROM visit WHERE standing = 'started' AND NOT overdue AND until <= %s ORDER BY until, id LIMIT %s
"""
_CLOSE: Final = """
UPDATE no_entry SET closed_by = %(person)s, closed_at = %(at)s, closing_reason = %(reason)s, closing_key = %(key)s
WHERE id = %(id)s
"""


class PostgresVisits:
    """See `gateway.ports.visits.VisitStore`."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    @asynccontextmanager
    async def _transaction(self, op: str) -> AsyncIterator[AsyncCursor[Any]]:
        try:
            async with self._connections.work(op, "visit") as cursor:
                yield cursor
        except psycopg.errors.UniqueViolation as error:
            raise Conflict("key used", "key", "the key was used for something else; make a new one") from error

    async def caregivers(self, unit: UnitId) -> frozenset[str]:
        """Who is a caregiver of the unit now."""
        async with self._transaction("read people") as cursor:
            await cursor.execute(_CAREGIVERS, (unit,))
            return frozenset(row[0] for row in await cursor.fetchall())

    async def preview(self, unit: UnitId, plan: Plan) -> Differences:
        """Compare without taking."""
        async with self._transaction("preview plan") as cursor:
            return compare(plan.visits, await known_visits(cursor, unit, plan.visits))

    async def take(self, plan: Plan, record: PlanImport) -> Differences:
        """One transaction: whole or not at all."""
        async with self._transaction("take plan") as cursor:
            return await import_plan(cursor, plan, record)

    async def visits(self, window: Window, read: Read, *, shown: frozenset[HomeId] = frozenset()) -> tuple[Visit, ...]:
        """Of the units that may be shown."""
        return await self._shown(_OF_UNITS, {"units": _units(read), **_window(window)}, read, shown=shown)

    async def visits_of(self, person: str, window: Window, read: Read) -> tuple[Visit, ...]:
        """Of a person."""
        return await self._shown(_OF_PERSON, {"person": person, **_window(window)}, read)

    async def visits_at(self, home: HomeId, window: Window) -> tuple[Visit, ...]:
        """Of a home."""
        async with self._transaction("read visits") as cursor:
            return await read_visits(cursor, _OF_HOME, {"home": home, **_window(window)})

    async def _shown(
        self, where: str, parameters: dict[str, object], read: Read, *, shown: frozenset[HomeId] = frozenset()
    ) -> tuple[Visit, ...]:
        async with self._transaction("read visits") as cursor:
            found = await read_visits(cursor, where, parameters)
            await log_reads(cursor, {HomeId(visit.home) for visit in found} - shown, read)
        return found

    async def add(self, visit: str, evidence: Evidence, allow: Callable[[Visit], None]) -> Visit:
        """Lock, ask whether it is allowed, add."""
        async with self._transaction("change visit") as cursor:
            found = await lock_visits(cursor, [visit])
            if not found:
                raise Unknown("change visit", "visit", "there is no such visit; read the list again")
            allow(found[0])
            after = await add_evidence(cursor, visit, evidence, recorded_at=evidence.received_at)
            await log_reads(
                cursor, (HomeId(after.home),), _by(evidence.person, f"visit.{evidence.movement}", after.unit)
            )
        return after

    async def close_no_entry(self, id_: str, closing: Closing, allow: Callable[[NoEntry, Visit], None]) -> NoEntry:
        """Lock, ask whether it is allowed, close."""
        async with self._transaction("close no entry") as cursor:
            await cursor.execute(f"{_NO_ENTRY} WHERE id = %s FOR UPDATE", (id_,))
            row = await cursor.fetchone()
            if row is None:
                raise Unknown("close no entry", "no entry", "there is no such; read the list again")
            found = _read_no_entry(row)
            [visit] = await lock_visits(cursor, [found.visit])
            allow(found, visit)
            await log_reads(cursor, (found.home,), _by(closing.person, "no_entry.close", found.unit))
            if found.closed_by is not None:
                if (found.closed_by, row[-1]) == (closing.person, closing.key):
                    return found
                raise Conflict("closed already", id_, "somebody has closed it already")
            at = from_wall(closing.at)
            await cursor.execute(
                _CLOSE, {"id": id_, "person": closing.person, "at": at, "reason": closing.reason, "key": closing.key}
            )
            await notify(cursor, {*visit.people, found.person})
        return msgspec.structs.replace(
            found, closed_by=closing.person, closed_at=closing.at, closing_reason=closing.reason
        )

    async def no_entries(
        self, read: Read, *, person: str | None = None, shown: frozenset[HomeId] = frozenset()
    ) -> tuple[NoEntry, ...]:
        """Open ones of the units that may be shown."""
        wanted = {"units": _units(read), "person": person, "limit": NO_ENTRIES_MOST}
        async with self._transaction("read no entries") as cursor:
            await cursor.execute(f"{_NO_ENTRY} {_OPEN}", wanted)
            found = tuple(_read_no_entry(row) for row in await cursor.fetchall())
            await log_reads(cursor, {one.home for one in found} - shown, read)
        return found

    async def closed_no_entries(self, visits: Collection[str]) -> tuple[NoEntry, ...]:
        """How each ended, by whom and when."""
        async with self._transaction("read no entries") as cursor:
            await cursor.execute(f"{_NO_ENTRY} {_CLOSED}", {"visits": list(visits), "limit": NO_ENTRIES_MOST})
            return tuple(_read_no_entry(row) for row in reversed(await cursor.fetchall()))

    async def mark_overdue(self, now: int) -> int:
        """A bounded number at a time, each once."""
        async with self._transaction("find overdue visits") as cursor:
            await cursor.execute(_OVERDUE, (from_wall(now - OVERDUE_AFTER), OVERDUE_MOST))
            found = await lock_visits(cursor, [row[0] for row in await cursor.fetchall()])
            for visit in found:
                after, changes = overdue(visit, now)
                await save_visit(cursor, after, changes, recorded_at=now)
        return len(found)


def _by(person: str, what: str, unit: str) -> Read:
    return Read(person=person, what=what, within=frozenset({UnitId(unit)}))


def _units(read: Read) -> object:
    return None if read.within is None else sorted(read.within)


def _window(window: Window) -> dict[str, object]:
    return {"from": from_wall(window.since), "until": from_wall(window.until), "limit": VISITS_MOST}


def _read_no_entry(row: Sequence[Any]) -> NoEntry:
    named: dict[str, Any] = dict(zip(NoEntry.__struct_fields__, row, strict=False))
    named |= {name: wall(named[name]) for name in ("claimed_at", "received_at")}
    named["closed_at"] = None if named["closed_at"] is None else wall(named["closed_at"])
    return msgspec.convert(named, NoEntry)
