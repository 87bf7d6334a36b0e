"""A plan's rows: compared with what is known and taken over, whole, one plan of a unit at a time.

In portions: between two of them this process takes alarms. One transaction all the same.
"""

from collections.abc import Iterator, Sequence
from typing import Any, Final

import msgspec
from psycopg import AsyncCursor

from gateway.adapters.postgres.rows import from_wall, wall
from gateway.adapters.postgres.visit_rows import as_json, lock_visits, notify, save_many
from gateway.model.plan import Differences, Plan, compare
from gateway.ports.visits import PlanImport
from homecare.errors import Conflict
from homecare.identity import UnitId
from homecare.visit import PlannedVisit, Step, from_plan, replan

_COLUMNS: Final = "id, unit, external_id, home, since, until, people, tasks, cancelled"
PORTION: Final = 200
"""Visits handled at once: some milliseconds of this process's time."""
_KNOWN: Final = f"SELECT {_COLUMNS} FROM planned_visit WHERE unit = %s AND external_id = ANY(%s)"
_ONE_AT_A_TIME: Final = "SELECT pg_advisory_xact_lock(hashtextextended('vaka-plan/' || %s, 0))"
_NEWEST: Final = "SELECT max(exported_at) FROM plan_import WHERE unit = %s"
_IMPORT: Final = """
INSERT INTO plan_import (id, unit, person, imported_at, exported_at, digest, rows, new, changed, unchanged, cancelled)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
"""
_SAVE: Final = f"""
INSERT INTO planned_visit ({_COLUMNS}, import, version)
SELECT {_COLUMNS}, import, 1 FROM jsonb_populate_recordset(NULL::planned_visit, %s)
ON CONFLICT (id) DO UPDATE SET
    home = excluded.home, since = excluded.since, until = excluded.until, people = excluded.people,
    tasks = excluded.tasks, cancelled = excluded.cancelled, import = excluded.import,
    version = planned_visit.version + 1
"""


async def known_visits(
    cursor: AsyncCursor[Any], unit: UnitId, visits: Sequence[PlannedVisit]
) -> dict[str, PlannedVisit]:
    """What is known of the lines of a plan, by external id."""
    known: dict[str, PlannedVisit] = {}
    for portion in _portions(visits):
        await cursor.execute(_KNOWN, (unit, [visit.external_id for visit in portion]))
        known |= {row[2]: _read(row) for row in await cursor.fetchall()}
    return known


async def import_plan(cursor: AsyncCursor[Any], plan: Plan, record: PlanImport) -> Differences:
    """Take the plan over; what it changed. `Conflict` where a later one was taken: yesterday's undoes nothing."""
    await cursor.execute(_ONE_AT_A_TIME, (record.unit,))
    await cursor.execute(_NEWEST, (record.unit,))
    row = await cursor.fetchone()
    if row is not None and row[0] is not None and wall(row[0]) > record.exported_at:
        raise Conflict("newer plan", record.unit, "a plan that was exported later has been taken; export it again")
    found = compare(plan.visits, await known_visits(cursor, record.unit, plan.visits))
    await cursor.execute(_IMPORT, _import_row(plan, record, found))
    different = sorted((*found.new, *found.changed, *found.cancelled), key=lambda visit: visit.id)
    people: set[str] = set()
    for portion in _portions(different):
        await cursor.execute(_SAVE, (as_json([_row(visit, record.id) for visit in portion]),))
        people |= await _follow(cursor, portion, record.imported_at)
    if people:
        await notify(cursor, people)
    return found


async def _follow(cursor: AsyncCursor[Any], portion: Sequence[PlannedVisit], at: int) -> set[str]:
    """Make and change the visits themselves; whose day it is."""
    standing = {visit.id: visit for visit in await lock_visits(cursor, [planned.id for planned in portion])}
    steps: list[Step] = [
        replan(standing[planned.id], planned) if planned.id in standing else from_plan(planned) for planned in portion
    ]
    changed = [(visit, change) for visit, changes in steps for change in changes]
    if changed:
        await save_many(cursor, changed, recorded_at=at)
    planned_people = {person for planned in portion for person in planned.people}
    return planned_people | {person for visit in standing.values() for person in visit.people}


def _portions(visits: Sequence[PlannedVisit]) -> Iterator[Sequence[PlannedVisit]]:
    return (visits[first : first + PORTION] for first in range(0, len(visits), PORTION))


def _import_row(plan: Plan, record: PlanImport, found: Differences) -> tuple[object, ...]:
    times = (from_wall(record.imported_at), from_wall(record.exported_at))
    counts = (len(found.new), len(found.changed), found.unchanged, len(found.cancelled))
    return (record.id, record.unit, record.person, *times, record.digest, plan.rows, *counts)


def _row(visit: PlannedVisit, import_: str) -> dict[str, object]:
    times = {"since": from_wall(visit.since), "until": from_wall(visit.until)}
    return {**msgspec.structs.asdict(visit), **times, "import": import_}


def _read(row: Sequence[Any]) -> PlannedVisit:
    named: dict[str, Any] = dict(zip(_COLUMNS.split(", "), row, strict=True))
    return msgspec.convert(named | {"since": wall(named["since"]), "until": wall(named["until"])}, PlannedVisit)
