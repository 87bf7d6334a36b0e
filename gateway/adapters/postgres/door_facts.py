"""What a decision about a door rests on, read on a cursor of the transaction that acts on it."""

from collections.abc import Sequence
from typing import Any, Final

import msgspec
from psycopg import AsyncCursor

from gateway.adapters.postgres.case import facts_of, held_by
from gateway.adapters.postgres.registry import IN_SERVICE
from gateway.adapters.postgres.rows import from_wall, wall
from gateway.model.authorisation import Role
from gateway.ports.access import Facts, Known
from homecare.clock import HOUR
from homecare.grant import LONGEST, Grant, Proximity
from homecare.grant_sources import VisitFacts, from_alert, from_held, from_visit
from homecare.identity import HomeId, UnitId

AROUND: Final = LONGEST + 2 * HOUR
"""Microseconds from now in which a visit must have begun or begin to matter at a door: no grant reaches further."""
SHIFT: Final = LONGEST
"""Microseconds around a visit in which the person's other visits are of the same shift."""
VISITS_LIMIT: Final = 50
"""Visits of one person at one home around now."""

_PEOPLE: Final = """
SELECT p.id, p.revoked_at IS NOT NULL,
       coalesce(array_agg(r.unit || ' ' || r.role) FILTER (WHERE r.unit IS NOT NULL), '{}')
FROM person AS p LEFT JOIN person_role AS r ON r.person = p.id WHERE p.id = ANY(%s) GROUP BY p.id
"""
_VISITS: Final = """
SELECT v.id, v.home, v.since, v.until, v.cancelled, v.standing,
       (SELECT min(received_at) FROM visit_evidence AS e
        WHERE e.visit = v.id AND e.person = %(person)s AND movement = 'arrived'),
       (SELECT min(received_at) FROM visit_evidence AS e
        WHERE e.visit = v.id AND e.person = %(person)s AND movement = 'left'
        AND (proof <> 'door' OR least(claimed_at, received_at) >= (
            SELECT least(a.claimed_at, a.received_at) FROM visit_evidence AS a
            WHERE a.visit = v.id AND a.person = %(person)s AND a.movement = 'arrived' ORDER BY a.number LIMIT 1))),
       (SELECT max(o.until) FROM visit AS o WHERE o.people @> ARRAY[%(person)s] AND NOT o.cancelled
        AND o.since BETWEEN v.since - %(shift)s::interval AND v.since + %(shift)s::interval)
FROM visit AS v
WHERE v.people @> ARRAY[%(person)s]
  AND (v.id = %(named)s OR (v.home = %(home)s AND v.since BETWEEN %(from)s AND %(to)s))
ORDER BY v.since LIMIT %(limit)s
"""
_SHIFT_END: Final = """
SELECT max(until) FROM visit
WHERE people @> ARRAY[%(person)s] AND NOT cancelled AND since BETWEEN %(from)s AND %(to)s
"""
_PROXIMITY: Final = "SELECT person, home, how, proved_at FROM proximity WHERE person = %s AND home = %s"
_DOOR_LOG: Final = """
    NOT door_log_asked OR (
        SELECT coalesce(bool_and(c.id IS NOT NULL) AND bool_or(m.kind = 'resident'), false)
        FROM household_member AS m
        LEFT JOIN consent AS c ON c.member = m.id AND c.purpose = 'door_log' AND c.withdrawn_at IS NULL
        WHERE m.home = home.id AND m.left_at IS NULL
    )
"""
"""Whether consent to a log at the door of `home` is in force: everybody's who lives there, or nobody was asked yet."""
_READY: Final = f"SELECT ({IN_SERVICE}), ({_DOOR_LOG}) FROM home WHERE id = %(home)s"
_DECLINED: Final = "declined"


async def door_facts(
    cursor: AsyncCursor[Any], home: HomeId, people: Sequence[str], *, named: str, unlatch: bool, now: int
) -> Facts:
    """Everything that is known for a decision about this home's door and these people, the asker first.

    `named` is the visit or alert that the door is to be opened for; `unlatch`: at this home the latch may be pulled.
    """
    grants: list[Grant] = []
    for person in people:
        grants += await _visit_grants(cursor, home, person, named=named, unlatch=unlatch, now=now)
        grants += await _alert_grants(cursor, person, unlatch=unlatch, now=now)
        grants += [from_held(held, now) for held in await held_by(cursor, person, now)]
    await cursor.execute(_PROXIMITY, (people[0], home))
    proofs = [Proximity(person, HomeId(at), how, wall(proved)) for person, at, how, proved in await cursor.fetchall()]
    known = await _people(cursor, people)
    in_service, consent = await _ready(cursor, home)
    return Facts(people=known, grants=grants, proximity=proofs, in_service=in_service, consent=consent)


async def _ready(cursor: AsyncCursor[Any], home: HomeId) -> tuple[bool, bool]:
    """Whether the home counts as in service, and whether a consent to a log at its door is in force."""
    await cursor.execute(_READY, {"home": home})
    row = await cursor.fetchone()
    return (False, False) if row is None else (bool(row[0]), bool(row[1]))


async def _people(cursor: AsyncCursor[Any], people: Sequence[str]) -> dict[str, Known]:
    await cursor.execute(_PEOPLE, (list(people),))
    return {id_: Known(id_, _roles(roles), revoked=revoked) for id_, revoked, roles in await cursor.fetchall()}


def _roles(rows: Sequence[str]) -> dict[UnitId, frozenset[Role]]:
    found: dict[UnitId, set[Role]] = {}
    for row in rows:
        unit, _, role = row.partition(" ")
        found.setdefault(UnitId(unit), set()).add(Role(role))
    return {unit: frozenset(roles) for unit, roles in found.items()}


async def _visit_grants(
    cursor: AsyncCursor[Any], home: HomeId, person: str, *, named: str, unlatch: bool, now: int
) -> list[Grant]:
    """The grants of the person's visits at this home, and of the named one wherever it is.

    When somebody came and went is the gateway's own time: a phone's clock gives no rights. Whoever locked the door
    before having come has not left (`homecare.visit.Visit.counts`).
    """
    parameters = {
        "person": person,
        "home": home,
        "named": named,
        "from": from_wall(now - AROUND),
        "to": from_wall(now + AROUND),
        "shift": f"{SHIFT} microseconds",
        "limit": VISITS_LIMIT,
    }
    await cursor.execute(_VISITS, parameters)
    return [from_visit(_visit(row, person, unlatch=unlatch)) for row in await cursor.fetchall()]


def _visit(row: Sequence[Any], person: str, *, unlatch: bool) -> VisitFacts:
    id_, home, since, until, cancelled, standing, arrived, left, shift = row
    ended = left if left is not None or standing != _DECLINED else until
    return VisitFacts(
        visit=id_,
        person=person,
        home=HomeId(home),
        since=wall(since),
        until=wall(until),
        shift_until=None if shift is None else max(wall(shift), wall(until)),
        started_at=None if arrived is None else wall(arrived),
        ended_at=None if ended is None else wall(ended),
        cancelled=cancelled,
        unlatch=unlatch,
    )


async def _alert_grants(cursor: AsyncCursor[Any], person: str, *, unlatch: bool, now: int) -> list[Grant]:
    cases = await facts_of(cursor, person, now)
    if not cases:
        return []
    window = {"person": person, "from": from_wall(now - SHIFT), "to": from_wall(now + SHIFT)}
    await cursor.execute(_SHIFT_END, window)
    row = await cursor.fetchone()
    shift = None if row is None or row[0] is None else wall(row[0])
    grants = []
    for case in cases:
        until = None if shift is None else max(shift, case.accepted_at or now)
        grants.append(from_alert(msgspec.structs.replace(case, shift_until=until, unlatch=unlatch), now))
    return grants
