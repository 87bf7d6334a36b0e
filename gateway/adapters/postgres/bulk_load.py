"""What a new term reads: saved states, what they do not include, and the inbox that the alarm lane fills."""

from collections.abc import AsyncIterator, Callable, Sequence
from itertools import count
from typing import Any, Final

import msgspec
from psycopg import AsyncCursor
from psycopg.rows import TupleRow

from gateway.adapters.postgres.rows import wall
from gateway.ports.record import Alarm, Applied, Later, SavedState
from homecare.envelope import Envelope, FactId, decode_envelope
from homecare.event import AnyEvent, Stream
from homecare.identity import EdgeId, Epoch, HomeId
from rules.stimulus import Happened

PORTION: Final = 1_000
"""Rows read at once: some 500 KiB, and 30 ms of applying before anything else may run."""
_numbers: Final = count()
"""For the names of cursors: two may be open in one transaction."""
_STATES: Final = """
SELECT s.home, s.state, s.applied, s.wake_at FROM home_state AS s JOIN home AS h ON h.id = s.home
WHERE h.shard = ANY(%s)
"""
_BEHIND: Final = "SELECT min(recorded_at) FROM shard_state WHERE shard = ANY(%s)"
_SHARED: Final = (
    "applied, recorded_at, edge, epoch, stream, seq, position, home, device, occurred_at, received_at, estimated_at, "
    "uncertainty, elapsed, counter"
)
_EVENTS: Final = f"""
SELECT {_SHARED}, (body || jsonb_build_object('type', kind))::text
FROM event WHERE recorded_at >= %s AND applied IS NOT NULL
UNION ALL
SELECT {_SHARED}, jsonb_build_object('type', 'observed', 'quantity', quantity, 'value', value, 'unit', unit)::text
FROM observation WHERE recorded_at >= %s AND applied IS NOT NULL ORDER BY applied
"""
_STIMULI: Final = "SELECT recorded_at, body FROM stimulus WHERE recorded_at >= %s ORDER BY applied"
_INBOX: Final = """
SELECT id, edge, epoch, stream, seq, body, recorded_at FROM inbox
WHERE consumed_at IS NULL AND shard = ANY(%s) ORDER BY id LIMIT %s
"""

_applied: Final = msgspec.json.Decoder(list[Applied])
_event: Final[msgspec.json.Decoder[AnyEvent]] = msgspec.json.Decoder(AnyEvent)


async def states(cursor: AsyncCursor[TupleRow], shards: Sequence[int], take: Callable[[SavedState], None]) -> None:
    """Hand over all saved states of the shards."""
    async for home, state, applied, wake_at in _rows(cursor, _STATES, (list(shards),)):
        take(SavedState(HomeId(home), bytes(state), applied, None if wake_at is None else wall(wake_at)))


async def later(cursor: AsyncCursor[TupleRow], shards: Sequence[int], take: Callable[[Later], None]) -> None:
    """Hand over everything applied since the states were last saved, in order; they may include some of it already.

    After a crash under load that is some ten seconds of facts: hundreds of thousands, a gigabyte if held at once.
    """
    await cursor.execute(_BEHIND, (list(shards),))
    row = await cursor.fetchone()
    behind = row[0] if row is not None and row[0] is not None else "-infinity"
    stimuli = _stimuli(cursor, behind)
    stimulus = await anext(stimuli, None)
    async for row in _rows(cursor, _EVENTS, (behind, behind)):
        fact = _fact(row)
        while stimulus is not None and stimulus.applied < fact.applied:
            take(stimulus)
            stimulus = await anext(stimuli, None)
        take(fact)
    while stimulus is not None:
        take(stimulus)
        stimulus = await anext(stimuli, None)


async def _rows(cursor: AsyncCursor[TupleRow], statement: str, values: tuple[object, ...]) -> AsyncIterator[TupleRow]:
    """The rows of a statement, a portion at a time, in the transaction of `cursor`."""
    name = f"portions_{next(_numbers)}"
    async with cursor.connection.cursor(name=name) as portions:
        await portions.execute(statement, values)
        while rows := await portions.fetchmany(PORTION):
            for row in rows:
                yield row


async def _stimuli(cursor: AsyncCursor[TupleRow], behind: object) -> AsyncIterator[Later]:
    """Stimuli other than facts: a row holds those of one batch, and batches follow one another without overlap."""
    async for recorded_at, body in _rows(cursor, _STIMULI, (behind,)):
        at = wall(recorded_at)
        for one in _applied.decode(body):
            yield Later(one.applied, at, one.home, one.stimulus)


def _fact(row: Sequence[Any]) -> Later:
    applied, recorded_at, edge, epoch, stream, seq, position, home, device = row[:9]
    occurred_at, received_at, estimated_at, uncertainty, elapsed, counter, event = row[9:]
    fact = FactId(EdgeId(edge), Epoch(epoch), Stream(stream), seq)
    envelope = Envelope(
        position=position,
        home=home,
        occurred_at=wall(occurred_at),
        received_at=wall(received_at),
        uncertainty=uncertainty,
        elapsed=elapsed,
        event=_event.decode(event),
        device=device,
        counter=counter,
    )
    return Later(applied, wall(recorded_at), HomeId(home), Happened(fact, envelope, wall(estimated_at)))


async def inbox(cursor: AsyncCursor[TupleRow], shards: Sequence[int], limit: int) -> list[Alarm]:
    """Alarm facts that wait, oldest first."""
    await cursor.execute(_INBOX, (list(shards), limit))
    return [
        Alarm(row, FactId(EdgeId(edge), Epoch(epoch), Stream(stream), seq), decode_envelope(bytes(body)), wall(at))
        for row, edge, epoch, stream, seq, body, at in await cursor.fetchall()
    ]
