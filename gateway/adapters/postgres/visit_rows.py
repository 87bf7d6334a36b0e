"""Visit rows, for whoever changes visits inside a transaction of its own.

A visit is locked before its evidence is read, and saved with everything that a change leaves behind: evidence, log,
`check_in` where somebody came or went, who is inside for the rules, the no entry where nobody could, and a notice to
the phones concerned.
"""

from collections.abc import Iterable, Sequence
from typing import Any, Final

import msgspec
from psycopg import AsyncCursor
from psycopg.types.json import Jsonb

from gateway.adapters.postgres.rows import from_wall, wall
from gateway.adapters.postgres.staff_inbox import put_attendance
from gateway.ports.visits import no_entry_id
from homecare.attendance import of_visit
from homecare.envelope import FactId
from homecare.errors import Unknown
from homecare.identity import derived_id
from homecare.visit import Change, Evidence, Movement, Visit, VisitTransition, step

TODAY_CHANNEL: Final = "vaka_today"
"""The notification that something of a person's day changed: the payload is the person's pseudonym."""

_COLUMNS: Final = "id, unit, home, since, until, people, tasks, planned, cancelled, overdue, version"
_EVIDENCE: Final = "id, person, proof, movement, claimed_at, received_at, reason"
_READ_EVIDENCE: Final = f"SELECT visit, {_EVIDENCE} FROM visit_evidence WHERE visit = ANY(%s) ORDER BY visit, number"
_ALL: Final = f"{_COLUMNS}, standing, started_at, ended_at"
_SAVE: Final = f"""
INSERT INTO visit ({_ALL}) SELECT {_ALL} FROM jsonb_populate_recordset(NULL::visit, %s)
ON CONFLICT (id) DO UPDATE SET
    home = excluded.home, since = excluded.since, until = excluded.until, people = excluded.people,
    tasks = excluded.tasks, cancelled = excluded.cancelled, overdue = excluded.overdue, version = excluded.version,
    standing = excluded.standing, started_at = excluded.started_at, ended_at = excluded.ended_at
"""
_ADD: Final = f"""
INSERT INTO visit_evidence (visit, number, {_EVIDENCE}) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)
"""
_LOGGED: Final = "recorded_at, visit, version, transition, standing, home, person, evidence, claimed_at, reason"
_LOG: Final = f"INSERT INTO visit_log ({_LOGGED}) SELECT {_LOGGED} FROM jsonb_populate_recordset(NULL::visit_log, %s)"
_CHECK_IN: Final = """
INSERT INTO check_in (recorded_at, id, home, device, method, direction, occurred_at, edge, epoch, stream, seq,
                      person, visit, evidence)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
"""
_NO_ENTRY: Final = """
INSERT INTO no_entry (id, visit, unit, home, person, claimed_at, received_at, reason)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s)
"""
_DIRECTION: Final = {Movement.ARRIVED: "in", Movement.LEFT: "out"}


class Origin(msgspec.Struct, frozen=True):
    """The fact and the device that evidence of the door comes from; a phone has neither."""

    fact: FactId | None = None
    device: str | None = None


NO_ORIGIN: Final = Origin()


async def add_evidence(
    cursor: AsyncCursor[Any], visit: str, evidence: Evidence, *, recorded_at: int, origin: Origin = NO_ORIGIN
) -> Visit:
    """Lock the visit, take the evidence and save what came of it; the visit as it then stands.

    The same piece again changes nothing. `Unknown` for no such visit, `Refused` as `homecare.visit.step`.
    """
    found = await lock_visits(cursor, [visit])
    if not found:
        raise Unknown("change visit", "visit", "there is no such visit; read the list again")
    after, changes = step(found[0], evidence)
    await save_visit(cursor, after, changes, recorded_at=recorded_at, origin=origin)
    return after


async def lock_visits(cursor: AsyncCursor[Any], ids: Sequence[str]) -> tuple[Visit, ...]:
    """These visits with their evidence, locked until the transaction ends; always in the same order."""
    statement = f"SELECT {_COLUMNS} FROM visit WHERE id = ANY(%s) ORDER BY id FOR UPDATE"
    await cursor.execute(statement, (list(ids),))
    return await _with_evidence(cursor)


async def read_visits(cursor: AsyncCursor[Any], where: str, parameters: dict[str, object]) -> tuple[Visit, ...]:
    """Visits for which `where` holds, in order of time, with their evidence."""
    await cursor.execute(f"SELECT {_COLUMNS} FROM visit WHERE {where} ORDER BY since, id LIMIT %(limit)s", parameters)
    return await _with_evidence(cursor)


async def _with_evidence(cursor: AsyncCursor[Any]) -> tuple[Visit, ...]:
    rows = await cursor.fetchall()
    if not rows:
        return ()
    evidence: dict[str, list[Evidence]] = {}
    await cursor.execute(_READ_EVIDENCE, ([row[0] for row in rows],))
    for row in await cursor.fetchall():
        evidence.setdefault(row[0], []).append(_read_evidence(row[1:]))
    return tuple(_read_visit(row, tuple(evidence.get(row[0], ()))) for row in rows)


async def save_visit(
    cursor: AsyncCursor[Any], visit: Visit, changes: Iterable[Change], *, recorded_at: int, origin: Origin = NO_ORIGIN
) -> None:
    """Write a locked (or new) visit and what its changes leave behind; nothing where nothing changed."""
    changes = tuple(changes)
    if not changes:
        return
    await save_many(cursor, [(visit, change) for change in changes], recorded_at=recorded_at)
    for change in changes:
        if change.evidence is not None:
            await _save_evidence(cursor, visit, change, recorded_at, origin)
    await notify(cursor, {*visit.people, *(one.person for one in visit.evidence)})


async def save_many(cursor: AsyncCursor[Any], changed: Sequence[tuple[Visit, Change]], *, recorded_at: int) -> None:
    """Write visits and the log of their changes, none of which brought evidence: `save_visit` for those that did."""
    visits = {visit.id: visit for visit, _ in changed}
    await cursor.execute(_SAVE, (as_json([_visit_row(visit) for visit in visits.values()]),))
    await cursor.execute(_LOG, (as_json([_log_row(visit, change, recorded_at) for visit, change in changed]),))


def as_json(rows: Sequence[dict[str, object]]) -> Jsonb:
    """Rows for `jsonb_populate_recordset`: many in one statement, for little of this process's time."""
    return Jsonb(list(rows), dumps=_encode)


_encode: Final = msgspec.json.Encoder().encode


async def _save_evidence(
    cursor: AsyncCursor[Any], visit: Visit, change: Change, recorded_at: int, origin: Origin
) -> None:
    one = change.evidence
    if one is None:
        return
    await cursor.execute(_ADD, (visit.id, len(visit.evidence), *_evidence_row(one)))
    if one.movement in _DIRECTION and visit.counts(one):
        await cursor.execute(_CHECK_IN, _check_in_row(visit, one, recorded_at, origin))
    if change.transition is VisitTransition.NO_ENTRY:
        claimed, received = from_wall(one.claimed_at), from_wall(one.received_at)
        row = (no_entry_id(one.id), visit.id, visit.unit, visit.home, one.person, claimed, received, one.reason)
        await cursor.execute(_NO_ENTRY, row)
    if change.transition is not VisitTransition.ADDED:
        await put_attendance(cursor, visit.home, of_visit(visit, one.person), recorded_at)


async def notify(cursor: AsyncCursor[Any], people: Iterable[str]) -> None:
    """Tell, with the commit, whose day changed."""
    await cursor.execute(f"SELECT pg_notify('{TODAY_CHANNEL}', one) FROM unnest(%s::text[]) AS one", (sorted(people),))


def _visit_row(visit: Visit) -> dict[str, object]:
    return {
        "id": visit.id,
        "unit": visit.unit,
        "home": visit.home,
        "since": from_wall(visit.since),
        "until": from_wall(visit.until),
        "people": visit.people,
        "tasks": visit.tasks,
        "planned": visit.planned,
        "cancelled": visit.cancelled,
        "overdue": visit.overdue,
        "version": visit.version,
        "standing": visit.standing,
        "started_at": None if visit.started_at is None else from_wall(visit.started_at),
        "ended_at": None if visit.ended_at is None else from_wall(visit.ended_at),
    }


def _log_row(visit: Visit, change: Change, recorded_at: int) -> dict[str, object]:
    one = change.evidence
    return {
        "recorded_at": from_wall(recorded_at),
        "visit": visit.id,
        "version": change.version,
        "transition": change.transition,
        "standing": change.standing,
        "home": visit.home,
        "person": None if one is None else one.person,
        "evidence": None if one is None else one.id,
        "claimed_at": None if one is None else from_wall(one.claimed_at),
        "reason": "" if one is None else one.reason,
    }


def _check_in_row(visit: Visit, one: Evidence, recorded_at: int, origin: Origin) -> tuple[object, ...]:
    fact = origin.fact
    return (
        from_wall(recorded_at),
        derived_id("checkin", one.id),
        visit.home,
        origin.device,
        one.proof.value,
        _DIRECTION[one.movement],
        from_wall(one.claimed_at),
        fact.edge if fact else None,
        fact.epoch if fact else None,
        fact.stream if fact else None,
        fact.seq if fact else None,
        one.person,
        visit.id,
        one.id,
    )


def _evidence_row(one: Evidence) -> tuple[object, ...]:
    times = (from_wall(one.claimed_at), from_wall(one.received_at))
    return (one.id, one.person, one.proof.value, one.movement.value, *times, one.reason)


def _read_evidence(row: Sequence[Any]) -> Evidence:
    named: dict[str, Any] = dict(zip(Evidence.__struct_fields__, row, strict=True))
    named |= {name: wall(named[name]) for name in ("claimed_at", "received_at")}
    return msgspec.convert(named, Evidence)


def _read_visit(row: Sequence[Any], evidence: tuple[Evidence, ...]) -> Visit:
    named: dict[str, Any] = dict(zip(_COLUMNS.split(", "), row, strict=True))
    named |= {"since": wall(named["since"]), "until": wall(named["until"]), "evidence": evidence}
    return msgspec.convert(named, Visit)
