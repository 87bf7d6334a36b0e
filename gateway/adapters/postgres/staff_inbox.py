"""Who is inside which home, on its way from the writer of visits and cases to the writer of home state.

The alarm process inserts, in the transaction that changes the visit or the case; bulk takes, in the transaction that
judges by it. What is rolled back on either side has never been.
"""

from collections.abc import Sequence
from typing import Any, Final

from psycopg import AsyncCursor
from psycopg.rows import TupleRow

from gateway.adapters.postgres.rows import from_wall, wall
from gateway.ports.record import Attended
from homecare.attendance import Attendance
from homecare.identity import HomeId

STAFF_CHANNEL: Final = "vaka_staff"
"""The notification by which bulk hears of an attendance sooner than by looking."""

_PUT: Final = """
INSERT INTO staff_inbox (recorded_at, home, attendance, since, until, bound, seen)
SELECT %s, id, %s, %s, %s, %s, %s FROM home WHERE id = %s
"""
_WAITING: Final = """
SELECT s.id, s.home, s.attendance, s.since, s.until, s.bound, s.seen
FROM staff_inbox AS s JOIN home ON home.id = s.home WHERE home.shard = ANY(%s) ORDER BY s.id LIMIT %s
"""
_TAKE: Final = "DELETE FROM staff_inbox WHERE id = ANY(%s)"


async def put_attendance(cursor: AsyncCursor[Any], home: str, said: Attendance | None, recorded_at: int) -> None:
    """Insert the newest word about an attendance, and tell with the commit; nothing for None or an unknown home."""
    if said is None:
        return
    until = None if said.until is None else from_wall(said.until)
    times = (from_wall(said.since), until, from_wall(said.bound))
    await cursor.execute(_PUT, (from_wall(recorded_at), said.id, *times, said.seen, home))
    await cursor.execute(f"NOTIFY {STAFF_CHANNEL}")


async def waiting_attendances(cursor: AsyncCursor[TupleRow], shards: Sequence[int], limit: int) -> list[Attended]:
    """At most `limit` that wait for homes of these shards, in the order in which each home's were said."""
    await cursor.execute(_WAITING, (list(shards), limit))
    return [
        Attended(
            row=row,
            home=HomeId(home),
            attendance=Attendance(id_, wall(since), None if until is None else wall(until), wall(bound), seen=seen),
        )
        for row, home, id_, since, until, bound, seen in await cursor.fetchall()
    ]


async def take_attendances(cursor: AsyncCursor[TupleRow], rows: Sequence[int]) -> None:
    """They have been judged by, in this very transaction."""
    await cursor.execute(_TAKE, (list(rows),))
