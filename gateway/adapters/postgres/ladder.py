"""What is due on the ladder, and the messages that it puts on their way, in PostgreSQL."""

from collections.abc import Callable, Sequence
from typing import Any, Final

from psycopg import AsyncCursor
from psycopg.types.json import Jsonb

from gateway.adapters.postgres.alerts import COLUMNS, read_alert, save_alert
from gateway.adapters.postgres.connections import Connections
from gateway.adapters.postgres.rows import from_wall, wall
from gateway.ports.escalation import Outgoing, Step
from homecare.alert import Alert
from homecare.ladder import due, ladder_of

KIND: Final = "webhook"
"""The outbox rows that go to the other system."""

_DUE: Final = f"""
SELECT {COLUMNS} FROM alert WHERE due_at <= %s ORDER BY due_at, id LIMIT 1 FOR UPDATE SKIP LOCKED
"""
_POST: Final = """
INSERT INTO outbox (kind, key, body, created_at, next_at) VALUES (%s, %s, %s, %s, %s) ON CONFLICT (key) DO NOTHING
"""
_CLAIM: Final = """
UPDATE outbox SET next_at = %(until)s, attempts = attempts + 1
WHERE id = (
    SELECT id FROM outbox
    WHERE kind = %(kind)s AND sent_at IS NULL AND failed_at IS NULL AND next_at <= %(now)s
    ORDER BY next_at, id LIMIT 1 FOR UPDATE SKIP LOCKED
)
RETURNING id, key, body, created_at, attempts
"""


class PostgresLadder:
    """`LadderStore` and `OutboxStore` on PostgreSQL."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    async def climb(self, now: int, decide: Callable[[Alert], Sequence[Step]]) -> bool:
        """An alert for which time has brought nothing after all is looked at again when it says."""
        async with self._connections.work("climb", "alert") as cursor:
            await cursor.execute(_DUE, (from_wall(now),))
            row = await cursor.fetchone()
            if row is None:
                return False
            alert = read_alert(row)
            steps = decide(alert)
            for taken in steps:
                await save_alert(
                    cursor, taken.alert, taken.transition, person=None, recorded_at=now, detail=taken.detail
                )
                if taken.message is not None:
                    body, at = Jsonb(dict(taken.message.body)), from_wall(now)
                    await cursor.execute(_POST, (KIND, taken.message.key, body, at, at))
            if not steps:
                await _look_again(cursor, alert)
        return True

    async def claim(self, now: int, until: int) -> Outgoing | None:
        """The attempt is counted before it is made: a process that dies in it has made it."""
        async with self._connections.work("claim message", "alert") as cursor:
            await cursor.execute(_CLAIM, {"kind": KIND, "now": from_wall(now), "until": from_wall(until)})
            row = await cursor.fetchone()
        if row is None:
            return None
        id_, key, body, created_at, attempts = row
        return Outgoing(id=id_, key=key, body=body, created_at=wall(created_at), attempts=attempts)

    async def delivered(self, message: Outgoing, at: int) -> None:
        """Sent."""
        await self._note("UPDATE outbox SET sent_at = %s, last_error = NULL WHERE id = %s", from_wall(at), message.id)

    async def postpone(self, message: Outgoing, *, until: int, why: str) -> None:
        """Not yet."""
        statement = "UPDATE outbox SET next_at = %s, last_error = %s WHERE id = %s"
        await self._note(statement, from_wall(until), why, message.id)

    async def give_up(self, message: Outgoing, at: int, *, why: str) -> None:
        """Never."""
        statement = "UPDATE outbox SET failed_at = %s, last_error = %s WHERE id = %s"
        await self._note(statement, from_wall(at), why, message.id)

    async def _note(self, statement: str, *parameters: object) -> None:
        async with self._connections.work("note message", "alert") as cursor:
            await cursor.execute(statement, parameters)


async def _look_again(cursor: AsyncCursor[Any], alert: Alert) -> None:
    due_at = due(alert, ladder_of(alert.condition))
    when = None if due_at is None else from_wall(due_at)
    await cursor.execute("UPDATE alert SET due_at = %s WHERE id = %s", (when, alert.id))
