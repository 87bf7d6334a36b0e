"""The statements of one batch, inside the writer's transaction: facts by COPY, cursors by one statement."""

from collections.abc import Iterable, Sequence
from typing import Any, Final

import msgspec
from psycopg import AsyncCursor
from psycopg.rows import TupleRow

from gateway.adapters.postgres.alerts import apply_verdicts
from gateway.adapters.postgres.copy_rows import EVENT_COLUMNS, OBSERVATION_COLUMNS, copy_data
from gateway.adapters.postgres.door_inbox import put
from gateway.adapters.postgres.rows import from_wall
from gateway.adapters.postgres.staff_inbox import take_attendances
from gateway.ports.record import Batch, SavedState
from rules.verdict import Clear, Raise

TOPIC_LIMIT: Final = 200
"""Characters of a refused topic that are kept: ours are shorter than 80."""
DETAIL_LIMIT: Final = 500

_COPY_EVENT: Final = f"COPY event ({EVENT_COLUMNS}) FROM STDIN (FORMAT BINARY)"
_COPY_OBSERVATION: Final = f"COPY observation ({OBSERVATION_COLUMNS}) FROM STDIN (FORMAT BINARY)"
_LEDGER: Final = """
INSERT INTO ledger (edge, epoch, stream, seq, digest, recorded_at)
SELECT edge, epoch, stream, seq, digest, %s
FROM unnest(%s::text[], %s::bigint[], %s::text[], %s::bigint[], %s::bytea[]) AS new (edge, epoch, stream, seq, digest)
"""
_CURSORS: Final = """
INSERT INTO cursor (edge, epoch, stream, durable)
SELECT * FROM unnest(%s::text[], %s::bigint[], %s::text[], %s::bigint[])
ON CONFLICT (edge, epoch, stream) DO UPDATE SET durable = excluded.durable
"""
_CHECK_IN: Final = """
INSERT INTO check_in (recorded_at, id, home, device, method, direction, occurred_at, edge, epoch, stream, seq)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
"""
_LOSS: Final = """
INSERT INTO loss (edge, epoch, stream, first, last, reason, devices, earliest, latest, recorded_at)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
ON CONFLICT (edge, epoch, stream, first) DO NOTHING
"""
_QUARANTINE: Final = """
INSERT INTO quarantine (recorded_at, reason, authentic, topic, edge, epoch, stream, first, count, detail, frame)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
"""
_FAULT: Final = """
INSERT INTO fault AS f (kind, subject, count, first_at, last_at, detail) VALUES (%s, %s, %s, %s, %s, %s)
ON CONFLICT (kind, subject) DO UPDATE SET count = f.count + excluded.count, last_at = excluded.last_at,
    detail = excluded.detail
"""
_STIMULUS: Final = "INSERT INTO stimulus (recorded_at, applied, body) VALUES (%s, %s, %s)"
_STATES: Final = """
INSERT INTO home_state (home, state, applied, wake_at)
SELECT * FROM unnest(%s::text[], %s::bytea[], %s::bigint[], %s::timestamptz[])
ON CONFLICT (home) DO UPDATE SET state = excluded.state, applied = excluded.applied, wake_at = excluded.wake_at
"""
_BEHIND: Final = """
INSERT INTO shard_state (shard, recorded_at) SELECT shard, %s FROM unnest(%s::smallint[]) AS shard
ON CONFLICT (shard) DO UPDATE SET recorded_at = excluded.recorded_at
"""
_SEEN: Final = """
INSERT INTO edge_seen (edge, last_seen, heard_through)
SELECT * FROM unnest(%s::text[], %s::timestamptz[], %s::timestamptz[])
ON CONFLICT (edge) DO UPDATE SET last_seen = excluded.last_seen, heard_through = excluded.heard_through
"""
_FIRING: Final = """
INSERT INTO firing (rule, subject, "window", recorded_at) VALUES (%s, %s, %s, %s) ON CONFLICT DO NOTHING
RETURNING rule
"""

_encode: Final = msgspec.json.Encoder().encode


async def write(cursor: AsyncCursor[TupleRow], batch: Batch, shards: Sequence[int]) -> None:
    """All rows of the batch. Alerts come last: their rows are the only ones that another process may want."""
    at = from_wall(batch.recorded_at)
    events, observations = batch.packed or copy_data(batch.runs, batch.recorded_at)
    if events:
        async with cursor.copy(_COPY_EVENT) as copy:
            await copy.write(events)
    if observations:
        async with cursor.copy(_COPY_OBSERVATION) as copy:
            await copy.write(observations)
    if batch.cursors:
        edges, epochs, streams = zip(*batch.cursors, strict=True)
        columns = (edges, map(str, epochs), streams, map(str, batch.cursors.values()))
        await cursor.execute(_CURSORS, [_array(column) for column in columns])
    await _write_rare(cursor, batch)
    if batch.applied:
        await cursor.execute(_STIMULUS, (at, batch.applied[0].applied, _encode(batch.applied)))
    if batch.consumed:
        await cursor.execute("UPDATE inbox SET consumed_at = %s WHERE id = ANY(%s)", (at, batch.consumed))
    if batch.attended:
        await take_attendances(cursor, batch.attended)
    if batch.states:
        await cursor.execute(_STATES, _state_columns(batch.states))
    if batch.behind is not None:
        await cursor.execute(_BEHIND, (from_wall(batch.behind), list(shards)))
    if batch.verdicts:
        await apply_verdicts(cursor, await _fired(cursor, batch), batch.recorded_at)


async def _write_rare(cursor: AsyncCursor[TupleRow], batch: Batch) -> None:
    """What most batches have none of."""
    at = from_wall(batch.recorded_at)
    ledger = [
        (run.edge, run.epoch, run.stream, fact.seq, fact.digest)
        for run in batch.runs
        if run.facts[0].digest is not None  # then all of them have one, else none
        for fact in run.facts
    ]
    if ledger:
        await cursor.execute(_LEDGER, (at, *_columns(ledger)))
        await put(cursor, batch.runs, batch.recorded_at)
    if batch.check_ins:
        await cursor.executemany(_CHECK_IN, [_check_in_row(batch, index) for index in range(len(batch.check_ins))])
    if batch.holes:
        await cursor.executemany(_LOSS, [_loss_row(batch, index) for index in range(len(batch.holes))])
    if batch.quarantined:
        await cursor.executemany(
            _QUARANTINE, [_quarantine_row(batch, index) for index in range(len(batch.quarantined))]
        )
    if batch.faults:
        await cursor.executemany(
            _FAULT, [(one.kind, one.subject, one.count, at, at, one.detail[:DETAIL_LIMIT]) for one in batch.faults]
        )
    if batch.seen:
        rows = [(one.edge, from_wall(one.last_seen), from_wall(one.heard_through)) for one in batch.seen]
        await cursor.execute(_SEEN, _columns(rows))


async def _fired(cursor: AsyncCursor[TupleRow], batch: Batch) -> list[Raise | Clear]:
    """The verdicts without those that fired before."""
    at = from_wall(batch.recorded_at)
    verdicts: list[Raise | Clear] = []
    for verdict in batch.verdicts:
        if isinstance(verdict, Raise):
            subject = f"{verdict.home}/{verdict.subject or ''}"
            await cursor.execute(_FIRING, (verdict.condition, subject, verdict.window, at))
            if await cursor.fetchone() is None:
                continue
        verdicts.append(verdict)
    return verdicts


def _array(words: Iterable[str]) -> str:
    """An array's text form. For ids, numbers, words of our own and what is quoted already: quoting costs the most."""
    return f"{{{','.join(words)}}}"


def _columns(rows: Sequence[tuple[Any, ...]]) -> tuple[list[Any], ...]:
    return tuple(list(column) for column in zip(*rows, strict=True))


def _state_columns(states: Sequence[SavedState]) -> list[Any]:
    """The arrays of the states, their bytes as digits: the driver's own arrays took 50 us a state, these take 6."""
    return [
        _array(one.home for one in states),
        _array(f'"\\\\x{one.state.hex()}"' for one in states),
        _array(str(one.applied) for one in states),
        [None if one.wake_at is None else from_wall(one.wake_at) for one in states],
    ]


def _check_in_row(batch: Batch, index: int) -> tuple[Any, ...]:
    one = batch.check_ins[index]
    fact = one.fact
    return (
        from_wall(batch.recorded_at),
        one.id,
        one.home,
        one.device,
        one.method,
        one.direction,
        from_wall(one.occurred_at),
        fact.edge,
        fact.epoch,
        fact.stream,
        fact.seq,
    )


def _loss_row(batch: Batch, index: int) -> tuple[Any, ...]:
    one = batch.holes[index]
    return (
        one.edge,
        one.epoch,
        one.stream,
        one.first,
        one.last,
        one.loss.reason,
        list(one.loss.devices),
        from_wall(one.loss.earliest),
        from_wall(one.loss.latest),
        from_wall(batch.recorded_at),
    )


def _quarantine_row(batch: Batch, index: int) -> tuple[Any, ...]:
    one = batch.quarantined[index]
    return (
        from_wall(batch.recorded_at),
        one.reason,
        one.authentic,
        one.topic.replace("\x00", "")[:TOPIC_LIMIT],
        one.edge,
        one.epoch,
        one.stream,
        one.first,
        one.count,
        one.detail[:DETAIL_LIMIT],
        one.frame,
    )
