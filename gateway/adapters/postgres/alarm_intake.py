"""The alarm lane's transactions: inserts, its own cursor, and nothing that the bulk lane holds.

Rows that both lanes write to are only ever inserted by both (ledger, event, feed); a lock is waited for at most
`LOCK_MS`, and then the caller tries again instead of standing behind somebody.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final

import msgspec
from psycopg import AsyncCursor, errors
from psycopg.types.json import Jsonb

from gateway.adapters.postgres.alerts import apply_verdicts
from gateway.adapters.postgres.connections import AWAY, Connections
from gateway.adapters.postgres.pool import unavailable
from gateway.adapters.postgres.rows import from_wall
from gateway.model.alerting import equivocation
from gateway.ports.alarm import Contended, Judged, SeqRange, SetAside, Taken
from homecare.alert import Alert
from homecare.clock import DAY
from homecare.envelope import encode_envelope
from homecare.event import Stream
from homecare.identity import EdgeId, Epoch, HomeId, shard_of
from rules.verdict import Raise

LOCK_MS: Final = 250
"""An eighth of the two seconds that a press may take to a screen; nothing honest holds these rows for a tenth of it."""
INBOX_CHANNEL: Final = "vaka_inbox"
"""The notification by which the bulk lane hears of an alarm sooner than by looking."""
TOLD_AGAIN_WITHIN: Final = DAY
"""Microseconds for which a press may wait to be accepted: an edge away for longer is somebody's case already."""
TOPIC_LIMIT: Final = 200
"""Characters of a topic that are kept: ours are shorter than 80."""
_CONTENDED: Final = (
    errors.LockNotAvailable,
    errors.DeadlockDetected,
    errors.SerializationFailure,
    errors.UniqueViolation,
)

_LOCK_CURSOR: Final = """
INSERT INTO cursor AS c (edge, epoch, stream, durable) VALUES (%(edge)s, %(epoch)s, %(stream)s, 0)
ON CONFLICT (edge, epoch, stream) DO UPDATE SET durable = c.durable
RETURNING durable, (SELECT receipted FROM forgotten WHERE edge = %(edge)s AND epoch = %(epoch)s)
"""
_LEDGER: Final = """
INSERT INTO ledger (edge, epoch, stream, seq, digest, recorded_at)
SELECT %s, %s, %s, seq, digest, %s FROM unnest(%s::bigint[], %s::bytea[]) AS fresh (seq, digest)
ON CONFLICT DO NOTHING
RETURNING seq
"""
_OTHERS: Final = """
SELECT known.seq FROM ledger AS known
JOIN unnest(%s::bigint[], %s::bytea[]) AS come (seq, digest) ON come.seq = known.seq AND come.digest <> known.digest
WHERE known.edge = %s AND known.epoch = %s AND known.stream = %s
"""
_TOLD_BEFORE: Final = """
SELECT FROM event WHERE stream = 'alarm' AND device = %(device)s AND counter = %(counter)s AND edge = %(edge)s
                    AND epoch <> %(epoch)s AND kind = %(kind)s AND recorded_at > %(since)s LIMIT 1
"""
_RECORD: Final = """
WITH recorded AS (
    INSERT INTO event (recorded_at, edge, epoch, stream, seq, position, home, device, kind, occurred_at, received_at,
                       estimated_at, uncertainty, elapsed, counter, body)
    VALUES (%(recorded_at)s, %(edge)s, %(epoch)s, %(stream)s, %(seq)s, %(position)s, %(home)s, %(device)s, %(kind)s,
            %(occurred_at)s, %(received_at)s, %(estimated_at)s, %(uncertainty)s, %(elapsed)s, %(counter)s, %(body)s)
)
INSERT INTO inbox (shard, home, edge, epoch, stream, seq, body, recorded_at)
VALUES (%(shard)s, %(home)s, %(edge)s, %(epoch)s, %(stream)s, %(seq)s, %(encoded)s, %(recorded_at)s)
"""
_ADVANCE: Final = """
UPDATE cursor AS c SET durable = greatest(c.durable, %(through)s, (
    SELECT coalesce(max(seq), 0) FROM (
        SELECT seq, row_number() OVER (ORDER BY seq) AS place FROM ledger
        WHERE edge = %(edge)s AND epoch = %(epoch)s AND stream = %(stream)s AND seq > %(through)s
    ) AS later WHERE seq = %(through)s + place
))
WHERE edge = %(edge)s AND epoch = %(epoch)s AND stream = %(stream)s
RETURNING durable, pg_notify(%(channel)s, '')
"""
_FAULT: Final = """
INSERT INTO fault AS f (kind, subject, count, first_at, last_at, detail) VALUES (%s, %s, %s, %s, %s, %s)
ON CONFLICT (kind, subject) DO UPDATE SET count = f.count + excluded.count, last_at = excluded.last_at,
    detail = excluded.detail
"""
_LOSS: Final = """
INSERT INTO loss (edge, epoch, stream, first, last, reason, devices, earliest, latest, recorded_at)
VALUES (%s, %s, %s, %s, %s, %s, '{}', %s, %s, %s)
ON CONFLICT DO NOTHING
"""
_FORGOTTEN: Final = """
INSERT INTO forgotten AS f (edge, epoch, receipted, noticed_at) VALUES (%s, %s, %s, clock_timestamp())
ON CONFLICT (edge, epoch) DO UPDATE SET receipted = greatest(f.receipted, excluded.receipted)
"""


_SET_ASIDE: Final = """
INSERT INTO quarantine (recorded_at, reason, authentic, topic, edge, epoch, stream, first, count, detail, frame)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
"""


class PostgresAlarms:
    """`AlarmStore` on PostgreSQL."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    @asynccontextmanager
    async def _transaction(self, op: str) -> AsyncIterator[AsyncCursor[Any]]:
        try:
            async with self._connections.transaction() as cursor:
                yield cursor
        except _CONTENDED as error:
            raise Contended(op, f"row lock ({error.sqlstate})", "try again at once") from error
        except AWAY as error:
            raise unavailable(op, error) from error

    async def take(self, judged: Sequence[Judged], recorded_at: int) -> Taken:
        """Record, judge, tell and advance in one transaction."""
        seqs = _range(judged)
        async with self._transaction("take alarms") as cursor:
            durable, through = await _lock_cursor(cursor, seqs)
            fresh, others = await _enter_ledger(cursor, judged, seqs, recorded_at)
            alerts: list[Alert] = []
            for one in fresh:
                if await _told_before(cursor, one, recorded_at):
                    continue
                await _record(cursor, one, recorded_at)
                if one.verdict is not None:
                    redelivered = one.fact.id.seq <= through
                    alerts += await apply_verdicts(cursor, [one.verdict], recorded_at, redelivered=redelivered)
            for one in others:
                alerts += await _equivocate(cursor, one, recorded_at)
            if fresh:
                durable = await _advance(cursor, seqs, durable)
        return Taken(durable=durable, fresh=len(fresh), equivocations=len(others), alerts=tuple(alerts))

    async def pass_over(
        self, seqs: SeqRange, reason: str, *, raised: Raise | None, recorded_at: int, aside: SetAside | None = None
    ) -> Taken:
        """Advance past what cannot be had, with a loss row, its bytes and what people must be told."""
        async with self._transaction("pass over alarms") as cursor:
            durable, _ = await _lock_cursor(cursor, seqs)
            if aside is not None and not seqs.first <= seqs.last <= durable:
                await _set_aside(cursor, aside, recorded_at)
            alerts = await apply_verdicts(cursor, [raised] if raised else [], recorded_at)
            if seqs.first <= durable + 1 and seqs.last > durable:
                at = from_wall(recorded_at)
                await cursor.execute(
                    _LOSS, (seqs.edge, seqs.epoch, seqs.stream, seqs.first, seqs.last, reason, at, at, at)
                )
                durable = await _advance(cursor, seqs, seqs.last)
        return Taken(durable=durable, alerts=tuple(alerts))

    async def accuse(self, edge: EdgeId, kind: str, *, raised: Raise | None, recorded_at: int) -> Taken:
        """A fault of the edge itself, and its alert."""
        at = from_wall(recorded_at)
        async with self._transaction("accuse edge") as cursor:
            await cursor.execute(_FAULT, (kind, edge, 1, at, at, "" if raised is None else raised.window))
            alerts = await apply_verdicts(cursor, [raised] if raised else [], recorded_at)
        return Taken(durable=0, alerts=tuple(alerts))

    async def set_aside(self, what: SetAside, recorded_at: int) -> None:
        """One quarantine row."""
        async with self._transaction("set aside") as cursor:
            await _set_aside(cursor, what, recorded_at)

    async def cursors(self, edge: EdgeId) -> Mapping[Epoch, int]:
        """The durable cursors of the alarm stream."""
        async with self._transaction("read cursors") as cursor:
            await cursor.execute(
                "SELECT epoch, durable FROM cursor WHERE edge = %s AND stream = %s", (edge, Stream.ALARM)
            )
            return {Epoch(epoch): durable for epoch, durable in await cursor.fetchall()}

    async def remember_forgotten(self, edge: EdgeId, epoch: Epoch, receipted: int) -> None:
        """Remember how far the gateway's memory once reached."""
        async with self._transaction("remember what was forgotten") as cursor:
            await cursor.execute(_FORGOTTEN, (edge, epoch, receipted))


async def _lock_cursor(cursor: AsyncCursor[Any], seqs: SeqRange) -> tuple[int, int]:
    """The cursor, locked, and through which seq the gateway once forgot (0: nothing).

    Two processes with frames of one edge take turns, and each sees what the other committed.
    """
    await cursor.execute(_LOCK_CURSOR, {"edge": seqs.edge, "epoch": seqs.epoch, "stream": seqs.stream})
    durable, forgotten = await cursor.fetchone() or (0, None)
    return durable, forgotten or 0


async def _enter_ledger(
    cursor: AsyncCursor[Any], judged: Sequence[Judged], seqs: SeqRange, recorded_at: int
) -> tuple[list[Judged], list[Judged]]:
    """The facts that are new, and those whose identity is known with other contents."""
    numbers = [one.fact.id.seq for one in judged]
    digests = [one.fact.digest for one in judged]
    key = (seqs.edge, seqs.epoch, seqs.stream)
    await cursor.execute(_LEDGER, (*key, from_wall(recorded_at), numbers, digests))
    fresh = {seq for (seq,) in await cursor.fetchall()}
    if len(fresh) == len(judged):
        return list(judged), []
    await cursor.execute(_OTHERS, (numbers, digests, *key))
    others = {seq for (seq,) in await cursor.fetchall()}
    return [one for one in judged if one.fact.id.seq in fresh], [one for one in judged if one.fact.id.seq in others]


async def _told_before(cursor: AsyncCursor[Any], one: Judged, recorded_at: int) -> bool:
    """Whether an earlier epoch of this edge sent this word of this device already.

    An alarm may leave the edge before the journal has it. If the edge dies in between, the device, which was not told
    that it is accepted, says the same counter to the next epoch: one press under two identities.
    """
    identity, envelope = one.fact.id, one.fact.envelope
    if envelope.counter is None:
        return False
    await cursor.execute(
        _TOLD_BEFORE,
        {
            "device": envelope.device,
            "counter": envelope.counter,
            "edge": identity.edge,
            "epoch": identity.epoch,
            "kind": envelope.event.__struct_config__.tag,
            "since": from_wall(recorded_at - TOLD_AGAIN_WITHIN),
        },
    )
    return cursor.rowcount > 0


async def _record(cursor: AsyncCursor[Any], one: Judged, recorded_at: int) -> None:
    """The event's row, and the fact for the bulk lane."""
    identity, envelope = one.fact.id, one.fact.envelope
    body = msgspec.to_builtins(envelope.event)
    await cursor.execute(
        _RECORD,
        {
            "recorded_at": from_wall(recorded_at),
            "edge": identity.edge,
            "epoch": identity.epoch,
            "stream": identity.stream,
            "seq": identity.seq,
            "position": envelope.position,
            "home": envelope.home,
            "device": envelope.device,
            "kind": body.pop("type"),
            "occurred_at": from_wall(envelope.occurred_at),
            "received_at": from_wall(envelope.received_at),
            "estimated_at": from_wall(one.estimated_at),
            "uncertainty": envelope.uncertainty,
            "elapsed": envelope.elapsed,
            "counter": envelope.counter,
            "body": Jsonb(body),
            "shard": shard_of(envelope.home),
            "encoded": encode_envelope(envelope),
        },
    )


async def _equivocate(cursor: AsyncCursor[Any], one: Judged, recorded_at: int) -> list[Alert]:
    """Fault and alert; the content that came first stays."""
    fact = one.fact
    at = from_wall(recorded_at)
    await cursor.execute(_FAULT, ("alarm_equivocation", fact.id.edge, 1, at, at, str(fact.id)))
    raised = equivocation(fact, HomeId(fact.envelope.home), occurred_at=one.estimated_at)
    return await apply_verdicts(cursor, [raised], recorded_at)


async def _set_aside(cursor: AsyncCursor[Any], what: SetAside, recorded_at: int) -> None:
    seqs = what.seqs
    where = (None, None, None, 0) if seqs is None else (seqs.epoch, seqs.stream, seqs.first, _count(seqs))
    at, topic = from_wall(recorded_at), what.topic.replace("\x00", "")[:TOPIC_LIMIT]
    await cursor.execute(
        _SET_ASIDE, (at, what.reason, what.authentic, topic, what.edge, *where, what.detail, what.frame)
    )


def _count(seqs: SeqRange) -> int:
    return max(0, seqs.last - seqs.first + 1)


async def _advance(cursor: AsyncCursor[Any], seqs: SeqRange, through: int) -> int:
    """Move the cursor to `through` and over whatever follows it without a gap; the bulk lane hears of it."""
    parameters = {"edge": seqs.edge, "epoch": seqs.epoch, "stream": seqs.stream}
    await cursor.execute(_ADVANCE, {**parameters, "through": through, "channel": INBOX_CHANNEL})
    durable, _ = await cursor.fetchone() or (through, None)
    return int(durable)


def _range(judged: Sequence[Judged]) -> SeqRange:
    first = judged[0].fact.id
    return SeqRange(
        edge=first.edge, epoch=first.epoch, stream=first.stream, first=first.seq, last=judged[-1].fact.id.seq
    )
