"""A plan's rows: compared with what is known and taken over, whole, one plan of a unit at a time."""

from collections.abc import Sequence
from typing import Any, Final

import msgspec
from psycopg import AsyncCursor

from gateway.adapters.postgres.rows import from_wall, wall
from gateway.adapters.postgres.visit_rows import LOG, SAVE, lock_visits, log_row, notify, visit_row
from gateway.plan import Differences, Plan, compare
from gateway.ports.visits import PlanImport
from homecare.errors import Conflict
from homecare.identity import UnitId
from homecare.visit import PlannedVisit, Step, from_plan, replan

_COLUMNS: Final = "id, unit, external_id, home, since, until, people, tasks, cancelled"
_KNOWN: Final = f"SELECT {_COLUMNS} FROM planned_visit WHERE unit = %s AND external_id = ANY(%s)"
_ONE_AT_A_TIME: Final = "SELECT pg_advisory_xact_lock(hashtextextended('vaka-plan/' || %s, 0))"
_NEWEST: Final = "SELECT max(exported_at) FROM plan_import WHERE unit = %s"
_IMPORT: Final = """
INSERT INTO plan_import (id, unit, person, imported_at, exported_at, digest, rows, new, changed, unchanged, cancelled)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
"""
_SAVE: Final = f"""
INSERT INTO planned_visit ({_COLUMNS}, import, version) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, 1)
ON CONFLICT (id) DO UPDATE SET
    home = excluded.home, since = excluded.since, until = excluded.until, people = excluded.people,
    tasks = excluded.tasks, cancelled = excluded.cancelled, import = excluded.import,
    version = planned_visit.version + 1
"""


async def known_visits(
    cursor: AsyncCursor[Any], unit: UnitId, visits: Sequence[PlannedVisit]
) -> dict[str, PlannedVisit]:
    """What is known of the lines of a plan, by external id."""
    await cursor.execute(_KNOWN, (unit, [visit.external_id for visit in visits]))
    return {row[2]: _read(row) for row in await cursor.fetchall()}


async def import_plan(cursor: AsyncCursor[Any], plan: Plan, record: PlanImport) -> Differences:
    """Take the plan over; what it changed. `Conflict` where a later one was taken: yesterday's undoes nothing."""
    await cursor.execute(_ONE_AT_A_TIME, (record.unit,))
    await cursor.execute(_NEWEST, (record.unit,))
    row = await cursor.fetchone()
    if row is not None and row[0] is not None and wall(row[0]) > record.exported_at:
        raise Conflict("take plan", record.unit, "a plan that was exported later has been taken; export it again")
    found = compare(plan.visits, await known_visits(cursor, record.unit, plan.visits))
    await cursor.execute(_IMPORT, _import_row(plan, record, found))
    different = (*found.new, *found.changed, *found.cancelled)
    if different:
        await cursor.executemany(_SAVE, [_row(visit, record.id) for visit in different])
        await _follow(cursor, different, record.imported_at)
    return found


async def _follow(cursor: AsyncCursor[Any], different: Sequence[PlannedVisit], at: int) -> None:
    """Make and change the visits themselves, and tell whose day it is."""
    standing = {visit.id: visit for visit in await lock_visits(cursor, [planned.id for planned in different])}
    people = {person for visit in standing.values() for person in visit.people}
    steps: list[Step] = [
        replan(standing[planned.id], planned) if planned.id in standing else from_plan(planned) for planned in different
    ]
    changed = [(visit, change) for visit, changes in steps for change in changes]
    if changed:
        await cursor.executemany(SAVE, [visit_row(visit) for visit, _ in changed])
        await cursor.executemany(LOG, [log_row(visit, change, at) for visit, change in changed])
    await notify(cursor, people | {person for planned in different for person in planned.people})


def _import_row(plan: Plan, record: PlanImport, found: Differences) -> tuple[object, ...]:
    times = (from_wall(record.imported_at), from_wall(record.exported_at))
    counts = (len(found.new), len(found.changed), found.unchanged, len(found.cancelled))
    return (record.id, record.unit, record.person, *times, record.digest, plan.rows, *counts)


def _row(visit: PlannedVisit, import_: str) -> tuple[object, ...]:
    times = (from_wall(visit.since), from_wall(visit.until))
    named = (visit.id, visit.unit, visit.external_id, visit.home)
    return (*named, *times, list(visit.people), list(visit.tasks), visit.cancelled, import_)


def _read(row: Sequence[Any]) -> PlannedVisit:
    named: dict[str, Any] = dict(zip(_COLUMNS.split(", "), row, strict=True))
    return msgspec.convert(named | {"since": wall(named["since"]), "until": wall(named["until"])}, PlannedVisit)
