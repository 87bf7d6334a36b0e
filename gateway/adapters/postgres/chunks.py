"""Chunks of the hypertables that both lanes insert into, opened before anybody needs them.

Whoever inserts the first row of a new span opens its chunk and holds a lock on the hypertable until the end of the
transaction: a bulk transaction that stands still in that moment would hold up the next alarm. A row that is inserted
and deleted in a short transaction of its own opens the chunk ahead of time.
"""

from datetime import UTC, datetime, timedelta
from typing import Any, Final

from psycopg import AsyncCursor

from gateway.adapters.postgres.connections import Connections
from gateway.adapters.postgres.rows import from_wall

AHEAD: Final = timedelta(days=1)
"""The shortest span of a chunk here: today's and tomorrow's are always open."""

_EVENT: Final = """
INSERT INTO event (recorded_at, edge, epoch, stream, seq, position, home, kind, occurred_at, received_at, estimated_at,
                   uncertainty, elapsed, body)
VALUES (%(at)s, '', 0, '', 0, 0, '', '', %(at)s, %(at)s, %(at)s, 0, 0, '{}')
"""
_LOG: Final = """
INSERT INTO alert_log (recorded_at, alert, version, transition, home, condition)
VALUES (%(at)s, '', 0, '', '', '')
"""
_READ: Final = "INSERT INTO read_log (at, person, what, home) VALUES (%(at)s, '', '', '')"
_OPENING: Final = (
    (_EVENT, "DELETE FROM event WHERE recorded_at = %(at)s AND edge = ''"),
    (_LOG, "DELETE FROM alert_log WHERE recorded_at = %(at)s AND alert = ''"),
    (_READ, "DELETE FROM read_log WHERE at = %(at)s AND home = ''"),
)


async def open_ahead(connections: Connections, now: int) -> None:
    """Open the chunks of `now` (wall microseconds) and of a day later; `Unavailable` where that cannot be done now."""
    moment = from_wall(now)
    for at in (moment, moment + AHEAD):
        for insert, delete in _OPENING:
            await _open(connections, insert, delete, at.astimezone(UTC))


async def _open(connections: Connections, insert: str, delete: str, at: datetime) -> None:
    async with connections.work("open chunks") as cursor:
        await _pass_through(cursor, insert, delete, at)


async def _pass_through(cursor: AsyncCursor[Any], insert: str, delete: str, at: datetime) -> None:
    await cursor.execute(insert, {"at": at})
    await cursor.execute(delete, {"at": at})
