"""Requests at doors in PostgreSQL: the decision, its audit entry and the command stand or fall together."""

from collections.abc import Sequence
from typing import Any, Final

import msgspec
from psycopg import AsyncCursor
from psycopg.types.json import Jsonb

from gateway.adapters.postgres.audit import Deed, append
from gateway.adapters.postgres.case import BESIDE_INSIDE
from gateway.adapters.postgres.command_rows import read_command
from gateway.adapters.postgres.connections import Connections
from gateway.adapters.postgres.door_facts import door_facts
from gateway.adapters.postgres.rows import from_wall, wall
from gateway.adapters.postgres.visit_rows import notify
from gateway.model.authorisation import Units
from gateway.ports.access import Ask, CommandView, Decision, DoorState, Issue, Lock, Opening
from homecare.command import Action
from homecare.errors import Conflict, Unknown
from homecare.event import LockState
from homecare.grant import Allowed, Denial, Denied, Purpose
from homecare.identity import DeviceId, HomeId

BUSY: Final = "busy"
"""The audit's word for a door at which another command is under way."""
OPENINGS_LIMIT: Final = 100
"""Remote openings that wait, in one answer: each is somebody at a door."""

_SAME_KEY: Final = "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))"
_FIND: Final = "SELECT id FROM command WHERE person = %s AND key = %s"
_INSERT: Final = """
WITH issued AS (
    INSERT INTO command (id, person, key, home, device, edge, action, purpose_kind, purpose_id, how, "grant",
                         second_person, issued_at, expires_at, closes_at)
    VALUES (%(id)s, %(person)s, %(key)s, %(home)s, %(device)s, %(edge)s, %(action)s, %(purpose)s, %(ends_with)s,
            %(how)s, %(grant)s, %(second)s, %(issued_at)s, %(expires_at)s, %(closes_at)s)
    ON CONFLICT (device) WHERE standing IN ('issued', 'sent', 'taken') DO NOTHING
    RETURNING id
), out AS (
    INSERT INTO outbox (kind, key, body, created_at)
    SELECT 'command', 'command/' || id, jsonb_build_object('command', id), %(issued_at)s FROM issued
)
SELECT id FROM issued
"""
_OPENING: Final = (
    "id, person, key, home, action, purpose_kind, purpose_id, asked_at, expires_at, second, answered_at, command"
)
_ASK: Final = """
INSERT INTO remote_opening (id, person, key, home, action, purpose_kind, purpose_id, asked_at, expires_at)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)
"""
_WAITING: Final = f"""
SELECT {", ".join(f"o.{name}" for name in _OPENING.split(", "))} FROM remote_opening AS o JOIN home ON home.id = o.home
WHERE answered_at IS NULL AND expires_at > %(now)s AND (%(units)s::text[] IS NULL OR home.unit = ANY(%(units)s))
ORDER BY asked_at LIMIT %(limit)s
"""
_TO_AGREE: Final = f"""
SELECT {", ".join(f"o.{name}" for name in _OPENING.split(", "))}
FROM remote_opening AS o JOIN alert AS a ON o.purpose_kind = 'alert' AND a.id = o.purpose_id
WHERE answered_at IS NULL AND expires_at > %(now)s AND o.person <> %(person)s
  AND a.standing <> 'resolved' AND (
      a.responder = %(person)s AND a.handling -> 'response' ->> 'standing' IN ('accepted', 'on_site', 'left')
      OR {BESIDE_INSIDE})
ORDER BY asked_at LIMIT %(limit)s
"""
_ANSWER: Final = """
UPDATE remote_opening SET second = %(second)s, answered_at = %(at)s, command = %(command)s
WHERE id = %(id)s AND answered_at IS NULL AND expires_at > %(at)s
RETURNING id
"""
_STATES: Final = """
SELECT DISTINCT ON (home) home, device, state, at FROM lock_state WHERE home = ANY(%s) ORDER BY home, at DESC
"""


class PostgresAccess:
    """`AccessStore` on PostgreSQL."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    async def issue(self, issue: Issue, decide: Decision) -> CommandView | Denied:
        """Decide, audit, issue."""
        async with self._connections.work("open door", "door") as cursor:
            done = await _issue(cursor, issue, decide)
        if isinstance(done, Conflict):
            raise done
        return done

    async def command(self, id_: str) -> CommandView:
        """One command."""
        async with self._connections.work("read command", "door") as cursor:
            return await read_command(cursor, id_)

    async def ask(self, opening: Opening, lock: Lock | None, decide: Decision) -> Opening | Denied:
        """Decide whether the person may ask, audit, and keep what was asked."""
        ask = opening.ask
        async with self._connections.work("ask for a remote opening", "door") as cursor:
            await cursor.execute(_SAME_KEY, (f"{ask.person}/{ask.key}",))
            known = f"SELECT {_OPENING} FROM remote_opening WHERE person = %s AND key = %s"
            await cursor.execute(known, (ask.person, ask.key))
            if (row := await cursor.fetchone()) is not None:
                return _same_opening(_read_opening(row), ask)
            decision = await _decision(cursor, ask, lock, None, now=opening.asked_at, decide=decide)
            if isinstance(decision, Denied):
                await append(cursor, _denied(ask, lock, decision, opening.asked_at))
                return decision
            times = (from_wall(opening.asked_at), from_wall(opening.expires_at))
            purpose = (ask.purpose.value, ask.ends_with)
            await cursor.execute(_ASK, (opening.id, ask.person, ask.key, ask.home, ask.action.value, *purpose, *times))
            await append(cursor, _deed(ask, "door.ask", opening.id, "asked", opening.asked_at, reason=ask.action.value))
            await notify(cursor, (ask.person,))
        return opening

    async def openings(self, units: Units, now: int) -> tuple[Opening, ...]:
        """What waits."""
        async with self._connections.work("read remote openings", "door") as cursor:
            limited = {"now": from_wall(now), "units": None if units is None else list(units), "limit": OPENINGS_LIMIT}
            await cursor.execute(_WAITING, limited)
            return tuple(_read_opening(row) for row in await cursor.fetchall())

    async def openings_to_agree(self, person: str, now: int) -> tuple[Opening, ...]:
        """What waits for a responder."""
        async with self._connections.work("read remote openings", "door") as cursor:
            limited = {"now": from_wall(now), "person": person, "limit": OPENINGS_LIMIT}
            await cursor.execute(_TO_AGREE, limited)
            return tuple(_read_opening(row) for row in await cursor.fetchall())

    async def opening(self, id_: str) -> Opening:
        """One remote opening."""
        async with self._connections.work("read remote opening", "door") as cursor:
            return await _opening(cursor, id_)

    async def decline(self, opening: str, *, second: str, at: int) -> Opening:
        """No command, and an entry that says who said no."""
        async with self._connections.work("decline remote opening", "door") as cursor:
            if not await _answer(cursor, opening, second=second, at=at, command=None):
                raise _answered()
            found = await _opening(cursor, opening)
            deed = _deed(found.ask, "door.approve", opening, "declined", at)
            await append(cursor, msgspec.structs.replace(deed, person=second))
            await notify(cursor, (found.ask.person,))
        return found

    async def states(self, homes: Sequence[HomeId]) -> dict[HomeId, DoorState]:
        """The newest word of each home's lock."""
        async with self._connections.work("read locks", "door") as cursor:
            await cursor.execute(_STATES, (list(homes),))
            rows = await cursor.fetchall()
        return {
            HomeId(home): DoorState(HomeId(home), DeviceId(device), LockState(state), wall(at))
            for home, device, state, at in rows
        }


async def _issue(cursor: AsyncCursor[Any], issue: Issue, decide: Decision) -> CommandView | Denied | Conflict:
    """A `Conflict` that is given back, and not raised, has its audit entry, which must be committed."""
    ask, lock, now = issue.ask, issue.lock, issue.issued_at
    await cursor.execute(_SAME_KEY, (f"{ask.person}/{ask.key}",))
    await cursor.execute(_FIND, (ask.person, ask.key))
    if (row := await cursor.fetchone()) is not None:
        return _same_command(await read_command(cursor, row[0]), ask)
    decision = await _decision(cursor, ask, lock, issue.second, now=now, decide=decide)
    if isinstance(decision, Denied) or lock is None:
        denied = decision if isinstance(decision, Denied) else Denied(Denial.NO_LOCK)
        await append(cursor, _denied(ask, lock, denied, now))
        return denied
    await cursor.execute(_INSERT, _row(issue, lock, decision))
    if await cursor.fetchone() is None:
        await append(cursor, _deed(ask, f"door.{ask.action}", lock.device, "denied", now, reason=BUSY))
        return Conflict("open door", "busy", "another command is under way at this door; wait for its end")
    if issue.opening is not None and not await _answer(
        cursor, issue.opening, second=issue.second, at=now, command=issue.command
    ):
        raise _answered()
    if issue.opening is not None:
        await notify(cursor, (ask.person,))
    deed = _deed(ask, f"door.{ask.action}", issue.command, "allowed", now, reason=decision.how.value)
    await append(cursor, deed)
    if issue.second is not None:
        await append(cursor, msgspec.structs.replace(deed, person=issue.second, action="door.approve"))
    return await read_command(cursor, issue.command)


async def _decision(
    cursor: AsyncCursor[Any], ask: Ask, lock: Lock | None, second: str | None, *, now: int, decide: Decision
) -> Allowed | Denied:
    people = (ask.person,) if second is None else (ask.person, second)
    unlatch = lock is not None and lock.unlatch
    return decide(await door_facts(cursor, ask.home, people, named=ask.ends_with, unlatch=unlatch, now=now))


def _row(issue: Issue, lock: Lock, allowed: Allowed) -> dict[str, object]:
    ask = issue.ask
    return {
        "id": issue.command,
        "person": ask.person,
        "key": ask.key,
        "home": ask.home,
        "device": lock.device,
        "edge": lock.edge,
        "action": ask.action.value,
        "purpose": ask.purpose.value,
        "ends_with": ask.ends_with,
        "how": allowed.how.value,
        "grant": Jsonb(msgspec.to_builtins(allowed.grant)),
        "second": issue.second,
        "issued_at": from_wall(issue.issued_at),
        "expires_at": from_wall(issue.expires_at),
        "closes_at": from_wall(issue.closes_at),
    }


def _deed(ask: Ask, action: str, subject: str, result: str, at: int, *, reason: str | None = None) -> Deed:
    return Deed(
        at=at,
        person=ask.person,
        action=action,
        subject=subject,
        result=result,
        home=ask.home,
        purpose=ask.ends_with,
        reason=reason,
    )


def _denied(ask: Ask, lock: Lock | None, denied: Denied, at: int) -> Deed:
    subject = ask.home if lock is None else lock.device
    return _deed(ask, f"door.{ask.action}", subject, "denied", at, reason=denied.reason.value)


def _same_command(command: CommandView, ask: Ask) -> CommandView:
    asked = (command.home, command.action, command.purpose, command.ends_with)
    if asked != (ask.home, ask.action, ask.purpose, ask.ends_with):
        raise _used()
    return command


def _same_opening(opening: Opening, ask: Ask) -> Opening:
    if opening.ask != ask:
        raise _used()
    return opening


def _used() -> Conflict:
    return Conflict("open door", "key", "this key asked for something else before; make a new one for each wish")


def _answered() -> Conflict:
    return Conflict("answer remote opening", "opening", "it was answered, or nobody answered in time")


async def _answer(cursor: AsyncCursor[Any], opening: str, *, second: str | None, at: int, command: str | None) -> bool:
    await cursor.execute(_ANSWER, {"id": opening, "second": second, "at": from_wall(at), "command": command})
    return await cursor.fetchone() is not None


async def _opening(cursor: AsyncCursor[Any], id_: str) -> Opening:
    await cursor.execute(f"SELECT {_OPENING} FROM remote_opening WHERE id = %s", (id_,))
    row = await cursor.fetchone()
    if row is None:
        raise Unknown("read remote opening", "opening", "there is no such remote opening; read the list again")
    return _read_opening(row)


def _read_opening(row: Sequence[Any]) -> Opening:
    id_, person, key, home, action, kind, purpose, asked_at, expires_at, second, answered_at, command = row
    return Opening(
        id=id_,
        ask=Ask(person, key, HomeId(home), Action(action), Purpose(kind), purpose),
        asked_at=wall(asked_at),
        expires_at=wall(expires_at),
        second=second,
        answered_at=None if answered_at is None else wall(answered_at),
        command=command,
    )
