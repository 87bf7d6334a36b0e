"""Cases in PostgreSQL: the responder's answers, instructions, and who can be sent.

`answer_alert` and `answer_at_home` work on a cursor of the caller's transaction, so that whoever records that a door
was opened can stamp "on site" with it.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Final

import psycopg
from psycopg import AsyncCursor, Connection
from psycopg.rows import TupleRow

from gateway.adapters.postgres.alerts import COLUMNS, FEED_CHANNEL, PLACE, lock_alert, read_alert, save_alert
from gateway.adapters.postgres.connections import Connections
from gateway.adapters.postgres.desk_views import VIEW, log_reads, read_view, view_of
from gateway.adapters.postgres.pool import CONNECT_SECONDS
from gateway.adapters.postgres.rows import from_wall, wall
from gateway.adapters.postgres.staff_inbox import put_attendance
from gateway.model.authorisation import Role, Units
from gateway.ports.access import UNLOCKED
from gateway.ports.case import Instruction, OnDuty
from gateway.ports.desk import AlertView, Read
from homecare.alert import URGENCY_OF, Alert, Standing, Urgency
from homecare.answering import ANSWERED, Answer, answer
from homecare.attendance import of_case
from homecare.case import ResponseStanding
from homecare.errors import Conflict, Unknown
from homecare.grant_sources import LOCK_AFTER, CaseFacts, HeldFacts
from homecare.identity import AlertId, HomeId, UnitId

SENT_LIMIT: Final = 50
"""Alerts on one phone; one is usual, three is a bad night."""
PEOPLE_LIMIT: Final = 500
"""Responders of one unit in one answer."""

_CLOSED: Final = "SELECT alert FROM alert_log WHERE transition = 'resolved' AND recorded_at > %(since)s"
"""Closed so short a time ago that whoever was let in may still lock."""
_BESIDE: Final = """handling ? 'beside'
    AND handling -> 'beside' @> jsonb_build_array(jsonb_build_object('person', %(person)s::text))"""
"""The person was inside when somebody else was sent; the first half is the index's own condition."""
BESIDE_INSIDE: Final = """handling ? 'beside'
    AND handling -> 'beside' @> jsonb_build_array(jsonb_build_object('person', %(person)s::text, 'standing', 'on_site'))
"""
"""The same, and has not left."""
_INSIDE: Final = f"""(responder = %(person)s AND handling -> 'response' ->> 'standing' = 'on_site' OR {BESIDE_INSIDE})
    AND id IN ({_CLOSED})"""
"""The person was in the home when the alert was closed, and has not said to have left."""
_SENT_TO: Final = f"""
SELECT {VIEW} FROM alert AS a
WHERE (responder = %(person)s OR {_BESIDE}) AND (standing <> 'resolved' AND NOT (
    responder = %(person)s AND handling -> 'response' ->> 'standing' = 'declined') OR {_INSIDE})
ORDER BY (handling -> 'response' ->> 'sent_at')::bigint DESC, id LIMIT %(limit)s
"""
_FACTS: Final = f"""
WITH closed AS (
    SELECT alert, max(recorded_at) AS closed_at FROM alert_log
    WHERE transition = 'resolved' AND recorded_at > %(since)s GROUP BY alert
)
SELECT {COLUMNS}, closed_at FROM alert LEFT JOIN closed ON alert = id
WHERE (responder = %(person)s OR {_BESIDE}) AND (standing <> 'resolved' OR closed_at IS NOT NULL)
ORDER BY raised_at DESC LIMIT %(limit)s
"""
_HELD: Final = f"""
WITH closed AS (
    SELECT alert, max(recorded_at) AS closed_at FROM alert_log
    WHERE transition = 'resolved' AND recorded_at > %(since)s GROUP BY alert
)
SELECT {COLUMNS}, closed_at FROM alert LEFT JOIN closed ON alert = id
WHERE claimed_by = %(person)s AND responder IS DISTINCT FROM %(person)s AND NOT ({_BESIDE})
  AND condition = ANY(%(calls)s) AND id IN (
    SELECT id FROM alert WHERE standing <> 'resolved' AND claimed_by = %(person)s UNION ALL SELECT alert FROM closed)
ORDER BY raised_at DESC LIMIT %(limit)s
"""
_OF_HOME: Final = f"""
SELECT {COLUMNS} FROM alert
WHERE home = %(home)s AND (responder = %(person)s OR {_BESIDE}) AND (standing <> 'resolved' OR {_INSIDE})
ORDER BY raised_at FOR UPDATE
"""
_INSTRUCT: Final = f"""
WITH written AS (
    INSERT INTO instruction AS i (home, text, call_link, version, changed_by, changed_at)
    SELECT %(home)s, %(text)s, %(call_link)s, 1, %(person)s, %(at)s WHERE %(version)s = 0
    ON CONFLICT (home) DO NOTHING
    RETURNING *
), changed AS (
    UPDATE instruction SET text = %(text)s, call_link = %(call_link)s, version = version + 1,
        changed_by = %(person)s, changed_at = %(at)s
    WHERE home = %(home)s AND version = %(version)s
    RETURNING *
), kept AS (
    INSERT INTO instruction_log (home, version, text, call_link, changed_by, changed_at)
    SELECT home, version, text, call_link, changed_by, changed_at FROM written
    UNION ALL SELECT home, version, text, call_link, changed_by, changed_at FROM changed
    RETURNING version
), told AS (
    INSERT INTO feed (alert, version, recorded_at, body, place)
    SELECT a.id, a.version, %(at)s, to_jsonb(a), {PLACE} FROM alert AS a, kept
    WHERE a.home = %(home)s AND a.standing <> 'resolved'
)
SELECT version, pg_notify(%(channel)s, '') FROM kept
"""
_ENROL: Final = """
WITH written AS (
    INSERT INTO instruction (home, text, call_link, version, changed_by, changed_at)
    VALUES (%s, %s, %s, 1, 'enrolment', now()) ON CONFLICT (home) DO NOTHING RETURNING *
)
INSERT INTO instruction_log (home, version, text, call_link, changed_by, changed_at)
SELECT home, version, text, call_link, changed_by, changed_at FROM written
"""
_ON_DUTY: Final = """
SELECT p.id, p.display, r.role
FROM person_role AS r JOIN person AS p ON p.id = r.person
WHERE r.role = ANY(%(roles)s) AND p.revoked_at IS NULL
  AND (%(home)s::text IS NULL OR r.unit = (SELECT unit FROM home WHERE id = %(home)s))
  AND (%(units)s::text[] IS NULL OR r.unit = ANY(%(units)s))
ORDER BY r.role, p.display, p.id LIMIT %(limit)s
"""
_HAS_ROLE: Final = """
SELECT
FROM alert AS a JOIN home AS h ON h.id = a.home
    JOIN person_role AS r ON r.unit = h.unit JOIN person AS p ON p.id = r.person
WHERE a.id = %s AND p.id = %s AND r.role = %s AND p.revoked_at IS NULL
"""
_LEFT_UNLOCKED: Final = """
SELECT FROM lock_state AS l JOIN alert AS a ON a.home = l.home
WHERE a.id = %s AND l.state = ANY(%s) AND l.at >= a.raised_at
"""
_CALLS: Final = [condition for condition, urgency in URGENCY_OF.items() if urgency is Urgency.CALL]
"""What may be held for a door: somebody may need help now."""
_ACCEPTED: Final = frozenset({ResponseStanding.ACCEPTED, ResponseStanding.ON_SITE, ResponseStanding.LEFT})


class PostgresCases:
    """`CaseStore` on PostgreSQL."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    async def sent_to(self, person: str, now: int, read: Read) -> tuple[AlertView, ...]:
        """What the phone of a responder shows."""
        async with self._connections.work("read sent alerts", "alert") as cursor:
            since = from_wall(now - LOCK_AFTER)
            await cursor.execute(_SENT_TO, {"person": person, "since": since, "limit": SENT_LIMIT})
            views = tuple(read_view(row) for row in await cursor.fetchall())
            await log_reads(cursor, (view.alert.home for view in views), read)
        return views

    async def answer(self, alert: AlertId, what: Answer, *, person: str, at: int, text: str = "") -> AlertView:
        """A responder answers."""
        async with self._connections.work("answer alert", "alert") as cursor:
            await answer_alert(cursor, alert, what, person=person, at=at, text=text)
            view = await view_of(cursor, alert)
            await log_reads(cursor, (view.alert.home,), Read(person=person, what=f"alert.{what}"))
        return view

    async def case_facts(self, person: str, now: int) -> tuple[CaseFacts, ...]:
        """For the grants of a responder."""
        async with self._connections.work("read cases", "alert") as cursor:
            return await facts_of(cursor, person, now)

    async def instruction(self, home: HomeId, read: Read) -> Instruction:
        """What is in force."""
        async with self._connections.work("read instruction", "alert") as cursor:
            found = await _instruction(cursor, home)
            await log_reads(cursor, (home,), read)
        return found

    async def instruct(self, instruction: Instruction, *, person: str, at: int) -> Instruction:
        """The version decides between two who write at once; open desks are told in the same transaction."""
        parameters = {
            "home": instruction.home,
            "text": instruction.text,
            "call_link": instruction.call_link,
            "version": instruction.version,
            "person": person,
            "at": from_wall(at),
            "channel": FEED_CHANNEL,
        }
        async with self._connections.work("write instruction", "alert") as cursor:
            await cursor.execute(_INSTRUCT, parameters)
            if await cursor.fetchone() is None:
                raise Conflict("write instruction", instruction.home, "it changed since it was read; read it again")
            found = await _instruction(cursor, instruction.home)
            await log_reads(cursor, (instruction.home,), Read(person=person, what="instruction.written"))
        return found

    async def on_duty(self, home: HomeId | None, within: Units) -> tuple[OnDuty, ...]:
        """Caregivers and operators."""
        parameters = {
            "roles": [Role.CAREGIVER, Role.OPERATOR],
            "home": home,
            "units": None if within is None else sorted(within),
            "limit": PEOPLE_LIMIT,
        }
        async with self._connections.work("read people", "alert") as cursor:
            await cursor.execute(_ON_DUTY, parameters)
            rows = await cursor.fetchall()
        return tuple(OnDuty(person=id_, name=display, role=Role(role)) for id_, display, role in rows)

    async def left_unlocked(self, alert: AlertId) -> bool:
        """What its locks said last."""
        async with self._connections.work("read locks", "door") as cursor:
            await cursor.execute(_LEFT_UNLOCKED, (alert, sorted(UNLOCKED)))
            return await cursor.fetchone() is not None

    async def has_role(self, alert: AlertId, person: str, role: Role) -> bool:
        """Asked of the store, which knows of a revocation at once."""
        async with self._connections.work("read people", "alert") as cursor:
            await cursor.execute(_HAS_ROLE, (alert, person, role))
            return await cursor.fetchone() is not None


def enrol_instructions(url: str, instructions: Iterable[Instruction]) -> None:
    """The first instruction of homes that have none yet; what somebody wrote stays."""
    with psycopg.connect(url, connect_timeout=CONNECT_SECONDS) as connection, connection.cursor() as cursor:
        cursor.executemany(_ENROL, [(one.home, one.text, one.call_link) for one in instructions])


def stand_in(where: str | Connection[TupleRow], unit: UnitId, backup: UnitId) -> None:
    """From now on the backup's desks ring too when nobody in the unit has taken a call in time."""
    if isinstance(where, str):
        with psycopg.connect(where, connect_timeout=CONNECT_SECONDS) as connection:
            return stand_in(connection, unit, backup)
    where.execute("INSERT INTO unit_backup VALUES (%s, %s) ON CONFLICT DO NOTHING", (unit, backup))
    return None


async def answer_alert(
    cursor: AsyncCursor[Any], alert: AlertId, what: Answer, *, person: str, at: int, text: str = ""
) -> Alert:
    """Put a responder's answer into force inside the caller's transaction; the alert as it then stands."""
    current = await lock_alert(cursor, alert)
    if current is None:
        raise Unknown("answer alert", "alert", "there is no such alert; read the list again")
    after = answer(current, what, person=person, at=at, text=text)
    await _save(cursor, current, after, what, person=person, at=at)
    return after


async def answer_at_home(
    cursor: AsyncCursor[Any], home: HomeId, what: Answer, *, person: str, at: int, recorded_at: int | None = None
) -> list[Alert]:
    """`on_site` or `left` for every open alert of the home that is sent to the person, inside the caller's transaction.

    For whoever was inside when somebody else was sent, `left` alone. `at` is when it happened, `recorded_at` when the
    gateway has it, None for the same. The alerts that changed; none where nothing is open, was declined, or said so
    before. `left` counts also for what was closed over their head.
    """
    heard_at = at if recorded_at is None else recorded_at
    await cursor.execute(_OF_HOME, {"home": home, "person": person, "since": from_wall(heard_at - LOCK_AFTER)})
    changed: list[Alert] = []
    for current in [read_alert(row) for row in await cursor.fetchall()]:
        response = current.case.response_of(person)
        if response is None or response.standing is ResponseStanding.DECLINED:
            continue
        over = current.standing is Standing.RESOLVED or response in current.case.beside
        if over and not (what is Answer.LEFT and response.inside):
            continue
        after = answer(current, what, person=person, at=at, heard_at=heard_at)
        if await _save(cursor, current, after, what, person=person, at=heard_at):
            changed.append(after)
    return changed


async def _save(cursor: AsyncCursor[Any], before: Alert, after: Alert, what: Answer, *, person: str, at: int) -> bool:
    if after is before:
        return False
    detail = {"text": after.case.outcome} if what is Answer.OUTCOME else None
    await save_alert(cursor, after, ANSWERED[what], person=person, recorded_at=at, detail=detail)
    for said in of_case(before, after, at):
        await put_attendance(cursor, after.home, said, at)
    return True


async def facts_of(cursor: AsyncCursor[Any], person: str, now: int) -> tuple[CaseFacts, ...]:
    """What the grants of a responder rest on, inside the caller's transaction."""
    await cursor.execute(_FACTS, {"person": person, "since": from_wall(now - LOCK_AFTER), "limit": SENT_LIMIT})
    return tuple(_facts(read_alert(row), row[-1], person) for row in await cursor.fetchall())


def _facts(alert: Alert, closed_at: datetime | None, person: str) -> CaseFacts:
    """As for one who accepted; for whoever was inside when somebody else was sent, over with their own leaving."""
    response = alert.case.response_of(person)
    accepted = response is not None and response.standing in _ACCEPTED
    closed = None if closed_at is None else wall(closed_at)
    if response in alert.case.beside and response.left_at is not None and not response.inside:
        closed = response.left_at if closed is None else min(closed, response.left_at)
    return CaseFacts(
        alert=alert.id,
        person=person,
        home=alert.home,
        accepted_at=response.accepted_at if response and accepted else None,
        closed_at=closed,
    )


async def held_by(cursor: AsyncCursor[Any], person: str, now: int) -> tuple[HeldFacts, ...]:
    """The calls for help that the person holds at the desk; not those that were sent to the person: the answer counts.

    A call that was never worked on since it was taken counts from now.
    """
    asked = {"person": person, "since": from_wall(now - LOCK_AFTER), "limit": SENT_LIMIT, "calls": _CALLS}
    await cursor.execute(_HELD, asked)
    return tuple(_held(read_alert(row), row[-1], person, now=now) for row in await cursor.fetchall())


def _held(alert: Alert, closed_at: datetime | None, person: str, *, now: int) -> HeldFacts:
    moved = alert.case.moved_at
    return HeldFacts(
        alert=alert.id,
        person=person,
        home=alert.home,
        moved_at=now if moved is None else moved,
        closed_at=None if closed_at is None else wall(closed_at),
    )


async def _instruction(cursor: AsyncCursor[Any], home: HomeId) -> Instruction:
    await cursor.execute(
        "SELECT text, call_link, version, changed_by, changed_at FROM instruction WHERE home = %s", (home,)
    )
    row = await cursor.fetchone()
    if row is None:
        return Instruction(home=home)
    text, call_link, version, changed_by, changed_at = row
    return Instruction(
        home=home, text=text, call_link=call_link, version=version, changed_by=changed_by, changed_at=wall(changed_at)
    )
