"""What homes say of their doors, on its way from the writer of facts to whoever watches the doors.

The bulk writer inserts, in the transaction that records the facts; the alarm process takes. One home's facts are
inserted by one writer in their order, so ids order them; between homes there is no order to keep.
"""

from collections.abc import Sequence
from typing import Any, Final

import msgspec
from psycopg import AsyncCursor
from psycopg.rows import TupleRow

from gateway.adapters.postgres.copy_rows import kind_of
from gateway.adapters.postgres.rows import from_wall, wall
from gateway.ports.access import DoorFact
from gateway.ports.record import Run
from homecare.envelope import FactId
from homecare.event import Stream
from homecare.identity import DeviceId, EdgeId, Epoch, HomeId

DOOR_CHANNEL: Final = "vaka_door"
"""The notification by which the doors' watch hears of a fact sooner than by looking."""
PROBLEM_LIMIT: Final = 500
"""Characters kept of why a fact could not be taken."""

_PUT: Final = """
INSERT INTO door_inbox (recorded_at, edge, epoch, stream, seq, home, device, at, kind, body)
SELECT %s, edge, epoch, stream, seq, home, device, timestamptz 'epoch' + at * interval '1 microsecond', kind, body
FROM ROWS FROM (jsonb_to_recordset(%s::jsonb) AS (
    edge text, epoch bigint, stream text, seq bigint, home text, device text, at bigint, kind text, body jsonb
)) WITH ORDINALITY AS new (edge, epoch, stream, seq, home, device, at, kind, body, place)
ORDER BY place
ON CONFLICT (edge, epoch, stream, seq) DO NOTHING
"""
_TAKE: Final = """
SELECT id, edge, epoch, stream, seq, home, device, at, recorded_at, body FROM door_inbox
WHERE consumed_at IS NULL ORDER BY id LIMIT %s
"""
_LOCK: Final = "SELECT FROM door_inbox WHERE id = %s AND consumed_at IS NULL FOR UPDATE"
_CONSUME: Final = "UPDATE door_inbox SET consumed_at = %s, problem = %s WHERE id = %s"

_encode: Final = msgspec.json.Encoder().encode


async def put(cursor: AsyncCursor[TupleRow], runs: Sequence[Run], recorded_at: int) -> None:
    """Insert the facts of the access stream among the runs; nothing at all where there are none."""
    rows = [
        {
            "edge": run.edge,
            "epoch": run.epoch,
            "stream": run.stream,
            "seq": fact.seq,
            "home": fact.envelope.home,
            "device": fact.envelope.device,
            "at": fact.at,
            "kind": kind_of(type(fact.envelope.event)),
            "body": fact.envelope.event,
        }
        for run in runs
        if run.stream is Stream.ACCESS
        for fact in run.facts
    ]
    if rows:
        await cursor.execute(_PUT, (from_wall(recorded_at), _encode(rows).decode()))
        await cursor.execute(f"NOTIFY {DOOR_CHANNEL}")


async def waiting(cursor: AsyncCursor[Any], limit: int) -> list[DoorFact]:
    """At most `limit` facts that nobody has taken, in order."""
    await cursor.execute(_TAKE, (limit,))
    return [_fact(row) for row in await cursor.fetchall()]


async def hold(cursor: AsyncCursor[Any], row: int) -> bool:
    """Take the fact alone, until the transaction ends; False where another process took it meanwhile."""
    await cursor.execute(_LOCK, (row,))
    return await cursor.fetchone() is not None


async def consume(cursor: AsyncCursor[Any], row: int, at: int, *, problem: str | None = None) -> None:
    """It was taken; `problem`: it could not be, and is set aside."""
    await cursor.execute(_CONSUME, (from_wall(at), problem and problem[:PROBLEM_LIMIT], row))


def _fact(row: Sequence[Any]) -> DoorFact:
    id_, edge, epoch, stream, seq, home, device, at, recorded_at, body = row
    return DoorFact(
        row=id_,
        id=FactId(EdgeId(edge), Epoch(epoch), Stream(stream), seq),
        home=HomeId(home),
        device=None if device is None else DeviceId(device),
        at=wall(at),
        recorded_at=wall(recorded_at),
        body=body,
    )
