"""The doors' watch in PostgreSQL: one connection of its own, one transaction a fact."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final

import msgspec
import psycopg
from psycopg import AsyncConnection, AsyncCursor
from psycopg.rows import TupleRow

from gateway.adapters.postgres.case import answer_at_home
from gateway.adapters.postgres.command_rows import HOME, End, end_command
from gateway.adapters.postgres.connections import AWAY, HELD
from gateway.adapters.postgres.door_inbox import DOOR_CHANNEL, consume, hold, waiting
from gateway.adapters.postgres.notices import Notices
from gateway.adapters.postgres.pool import connect, unavailable
from gateway.adapters.postgres.rows import from_wall
from gateway.adapters.postgres.visit_rows import Origin, add_evidence, notify
from gateway.doors.door_watch import Contended
from gateway.ports.access import DoorFact, Standing
from homecare.answering import Answer
from homecare.command import Action, Outcome
from homecare.errors import Unavailable, VakaError
from homecare.event import CommandEnded, CommandTaken, LockOperated, LockState
from homecare.grant import How, Purpose
from homecare.identity import HomeId, derived_id
from homecare.visit import Evidence, Movement, Proof

ANSWER_SECONDS: Final = 5.0
"""These statements take a millisecond; a server that takes this long is away."""
LOCK_MS: Final = 500
"""Wait for a visit or an alert that somebody changes this moment; then the home's facts wait for the next round."""

_TAKEN: Final = """
UPDATE command SET standing = 'taken', taken_at = %s WHERE id = %s AND edge = %s AND standing IN ('issued', 'sent')
"""
_COMMAND: Final = """
SELECT id, home, device, person, action, purpose_kind, purpose_id, how FROM command WHERE id = %s AND edge = %s
"""
_STATE: Final = """
INSERT INTO lock_state (device, home, state, cause, at, recorded_at) VALUES (%s, %s, %s, %s, %s, %s)
ON CONFLICT (device) DO UPDATE SET
    home = excluded.home, state = excluded.state, cause = excluded.cause, at = excluded.at,
    recorded_at = excluded.recorded_at
WHERE lock_state.at <= excluded.at
"""
_CHECK_IN: Final = """
INSERT INTO check_in (recorded_at, id, home, device, method, direction, occurred_at, edge, epoch, stream, seq, person)
VALUES (%s, %s, %s, %s, 'door', %s, %s, %s, %s, %s, %s, %s)
"""
_PROVES: Final = frozenset({How.AT_THE_DOOR, How.LOCKING})
"""Ways of opening by which the person was at the door; a remote opening proves that of nobody."""
_CAME: Final = {Movement.ARRIVED: Answer.ON_SITE, Movement.LEFT: Answer.LEFT}
_DIRECTION: Final = {Movement.ARRIVED: "in", Movement.LEFT: "out"}


class _Command(msgspec.Struct, frozen=True):
    id: str
    home: HomeId
    device: str | None
    person: str
    action: Action
    purpose: Purpose
    ends_with: str
    how: str


class PostgresDoors:
    """`gateway.door_watch.DoorStore`; the connection is opened when it is first needed and again after it broke."""

    def __init__(self, url: str, *, name: str) -> None:
        self._url = url
        self._name = name
        self._connection: AsyncConnection[TupleRow] | None = None
        self._notices = Notices()

    async def waiting(self, limit: int) -> list[DoorFact]:
        """In order."""
        async with self._transaction("read doors") as cursor:
            return await waiting(cursor, limit)

    async def take(self, fact: DoorFact, now: int) -> bool:
        """Into force, once."""
        async with self._transaction("take door fact") as cursor:
            if not await hold(cursor, fact.row):
                return False
            problem = await _apply(cursor, fact, now)
            await consume(cursor, fact.row, now, problem=problem)
        return True

    async def set_aside(self, fact: DoorFact, why: str, now: int) -> None:
        """Never again."""
        async with self._transaction("set door fact aside") as cursor:
            await consume(cursor, fact.row, now, problem=why)

    async def wait(self, seconds: float) -> None:
        """Until a notification, at the latest `seconds`."""
        await self._notices.wait(self._connection, seconds)

    async def close(self) -> None:
        """Give up the connection."""
        connection, self._connection = self._connection, None
        if connection is not None:
            await connection.close()

    @asynccontextmanager
    async def _transaction(self, op: str) -> AsyncIterator[AsyncCursor[Any]]:
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                connection = await self._open()
                async with connection.transaction(), connection.cursor() as cursor:
                    yield cursor
        except HELD as error:
            raise Contended(op, f"row lock ({error.sqlstate})", "try again in a moment") from error
        except (*AWAY, TimeoutError) as error:
            await self.close()
            if isinstance(error, psycopg.Error):
                raise unavailable(op, error) from error
            raise Unavailable(op, "PostgreSQL", "the server does not answer; is it stopped?") from error

    async def _open(self) -> AsyncConnection[TupleRow]:
        if self._connection is None or self._connection.closed:
            self._connection = await connect(self._url, name=self._name, autocommit=True)
            await self._connection.execute(f"SET lock_timeout = {LOCK_MS:d}")
            self._notices.follow(self._connection)
            await self._connection.execute(f"LISTEN {DOOR_CHANNEL}")
        return self._connection


async def _apply(cursor: AsyncCursor[Any], fact: DoorFact, now: int) -> str | None:
    """Put a fact into force; what of it could not be, None where all was."""
    event = fact.event
    if isinstance(event, LockOperated):
        return await _operated(cursor, fact, event, now)
    if isinstance(event, CommandTaken):
        await cursor.execute(_TAKEN, (from_wall(now), event.command, fact.id.edge))
    elif isinstance(event, CommandEnded):
        return await _ended(cursor, fact, event, now)
    return None


async def _operated(cursor: AsyncCursor[Any], fact: DoorFact, event: LockOperated, now: int) -> str | None:
    if fact.device is not None:
        times = (from_wall(fact.at), from_wall(fact.recorded_at))
        await cursor.execute(_STATE, (fact.device, fact.home, event.state.value, event.cause.value, *times))
    if event.command is None or (command := await _command(cursor, fact, event.command)) is None:
        return None
    return await _moved(cursor, fact, command, state=event.state, now=now)


async def _ended(cursor: AsyncCursor[Any], fact: DoorFact, event: CommandEnded, now: int) -> str | None:
    """An edge ends its own commands only. A door found as it was asked for is as good as one that was moved."""
    command = await _command(cursor, fact, event.command)
    if command is None:
        return None
    reason = None if event.reason is None else event.reason.value
    await end_command(cursor, command.id, End(Standing(event.outcome.value), reason, event.state, now, HOME))
    if event.outcome is not Outcome.DONE or event.state is None:
        return None
    return await _moved(cursor, fact, command, state=event.state, now=now)


async def _command(cursor: AsyncCursor[Any], fact: DoorFact, id_: str) -> _Command | None:
    await cursor.execute(_COMMAND, (id_, fact.id.edge))
    row = await cursor.fetchone()
    found = None if row is None else msgspec.convert(dict(zip(_Command.__struct_fields__, row, strict=True)), _Command)
    return found if found is not None and found.home == fact.home else None


async def _moved(
    cursor: AsyncCursor[Any], fact: DoorFact, command: _Command, *, state: LockState, now: int
) -> str | None:
    """Somebody came or went by a command of their own; told once a command, whichever fact says it first."""
    await notify(cursor, (command.person,))  # whose phone shows whether the door is to be locked
    movement = _movement(command.action, state)
    if movement is None or command.how not in _PROVES:
        return None
    try:
        async with cursor.connection.transaction():  # a savepoint: what is wrong with a visit keeps no command open
            if command.purpose is Purpose.VISIT:
                evidence = _evidence(fact, command, movement)
                origin = Origin(fact.id, command.device)
                await add_evidence(cursor, command.ends_with, evidence, recorded_at=now, origin=origin)
            else:
                await _came_for_an_alert(cursor, fact, command, movement, now)
    except Unavailable:
        raise
    except VakaError as error:
        return str(error)
    return None


def _movement(action: Action, state: LockState) -> Movement | None:
    if action in (Action.UNLOCK, Action.UNLATCH) and state is LockState.UNLOCKED:
        return Movement.ARRIVED
    return Movement.LEFT if action is Action.LOCK and state is LockState.LOCKED else None


def _evidence(fact: DoorFact, command: _Command, movement: Movement) -> Evidence:
    return Evidence(
        id=derived_id("evidence", command.id, movement.value),
        person=command.person,
        proof=Proof.DOOR,
        movement=movement,
        claimed_at=fact.at,
        received_at=fact.recorded_at,
    )


async def _came_for_an_alert(
    cursor: AsyncCursor[Any], fact: DoorFact, command: _Command, movement: Movement, now: int
) -> None:
    """On site, or away again, for every open alert of the home that is this person's; and the check-in, once."""
    what, person = _CAME[movement], command.person
    changed = await answer_at_home(cursor, command.home, what, person=person, at=fact.at, recorded_at=now)
    if changed:
        row = (
            from_wall(now),
            derived_id("checkin", command.id, movement.value),
            command.home,
            command.device,
            _DIRECTION[movement],
            from_wall(fact.at),
            fact.id.edge,
            fact.id.epoch,
            fact.id.stream.value,
            fact.id.seq,
            command.person,
        )
        await cursor.execute(_CHECK_IN, row)
