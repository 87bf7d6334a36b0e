"""The bulk lane's store on PostgreSQL: one session that holds the shards' locks and writes a transaction a batch."""

import asyncio
import contextlib
import struct
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from typing import Final

import psycopg
from psycopg import AsyncConnection, AsyncCursor, errors
from psycopg.rows import TupleRow
from psycopg.types.json import Jsonb

from gateway.adapters.postgres import bulk_load, bulk_write, copy_rows
from gateway.adapters.postgres.pool import unavailable
from gateway.adapters.postgres.rows import from_wall, wall
from gateway.adapters.postgres.staff_inbox import STAFF_CHANNEL, waiting_attendances
from gateway.adapters.postgres.writer_session import writer_session
from gateway.ports.record import Alarm, Attended, Batch, Culprit, CursorKey, Later, SavedState
from homecare.errors import Unavailable
from homecare.event import Stream
from homecare.identity import EdgeId, Epoch

_UNPACKABLE: Final = (struct.error, OverflowError, ValueError)
_REFUSED: Final = (
    errors.DataError,
    errors.IntegrityError,
    errors.InternalError,
    errors.NotSupportedError,
    *_UNPACKABLE,
)
"""What PostgreSQL, or packing for it, raises for contents that it will never take; other errors are the world's."""
_CURSORS: Final = """
SELECT c.edge, c.epoch, c.stream, c.durable FROM cursor AS c
JOIN unnest(%s::text[], %s::bigint[]) AS asked (edge, epoch) ON c.edge = asked.edge AND c.epoch = asked.epoch
"""
_DIGESTS: Final = """
SELECT seq, digest FROM ledger WHERE edge = %s AND epoch = %s AND stream = %s AND seq BETWEEN %s AND %s
"""
_ALIVE: Final = """
INSERT INTO process_seen (process, seen_at, detail) VALUES (%s, %s, %s)
ON CONFLICT (process) DO UPDATE SET seen_at = excluded.seen_at, detail = excluded.detail
"""


class PostgresStore:
    """`gateway.ports.record.Store` for these shards.

    After `Unavailable` the session is closed and the shards are free; after `Culprit` it still holds them.
    """

    def __init__(self, url: str, shards: Sequence[int]) -> None:
        self._url = url
        self._shards = list(shards)
        self._process = f"bulk-{self._shards[0]}-{self._shards[-1]}"
        self._connection: AsyncConnection[TupleRow] | None = None
        self._turn = asyncio.Lock()
        self._staff_told = False

    async def begin(self) -> int:
        """Become the writer of the shards, or stay it; waits for another one. A new term begins in either case."""
        if self._connection is None:
            self._connection = await writer_session(self._url, self._shards)
            self._connection.add_notify_handler(self._hear)
        async with self._transaction("begin a term") as cursor:
            await cursor.execute(f"LISTEN {STAFF_CHANNEL}")
            await cursor.execute("SELECT nextval('writer_term')")
            row = await cursor.fetchone()
        return int(row[0]) if row else 0

    def _hear(self, _: psycopg.Notify) -> None:
        self._staff_told = True

    async def close(self) -> None:
        """Give the shards up; harmless when there is no session."""
        connection, self._connection = self._connection, None
        if connection is not None:
            await connection.close()

    @contextlib.asynccontextmanager
    async def _transaction(self, op: str) -> AsyncIterator[AsyncCursor[TupleRow]]:
        """One at a time: whoever comes while another is open waits for its end, and does not become part of it."""
        async with self._turn, self._alone(op) as cursor:
            yield cursor

    @contextlib.asynccontextmanager
    async def _alone(self, op: str) -> AsyncIterator[AsyncCursor[TupleRow]]:
        connection = self._connection
        if connection is None:
            raise Unavailable(op, "PostgreSQL", "no session; begin a term first")
        try:
            async with connection.cursor() as cursor:
                yield cursor
            await connection.commit()
        except _REFUSED as error:
            await self._roll_back(connection)
            code = error.sqlstate if isinstance(error, psycopg.Error) else type(error).__name__
            raise Culprit(op, f"batch ({code})", "the database refuses this content") from error
        except psycopg.Error as error:
            await self.close()
            raise unavailable(op, error) from error
        except BaseException:
            await self.close()
            raise

    async def _roll_back(self, connection: AsyncConnection[TupleRow]) -> None:
        try:
            await connection.rollback()
        except psycopg.Error as error:
            await self.close()
            raise unavailable("roll back", error) from error

    async def states(self, take: Callable[[SavedState], None]) -> None:
        """Hand over all saved states of the shards."""
        async with self._transaction("load states") as cursor:
            await bulk_load.states(cursor, self._shards, take)

    async def later(self, take: Callable[[Later], None]) -> None:
        """Hand over what was applied after the saved states, in the order of application."""
        async with self._transaction("load what came later") as cursor:
            await bulk_load.later(cursor, self._shards, take)

    async def seen(self) -> int | None:
        """When a writer of these shards gave its last sign of life; None for never."""
        async with self._transaction("read the last sign of life") as cursor:
            await cursor.execute("SELECT seen_at FROM process_seen WHERE process = %s", (self._process,))
            row = await cursor.fetchone()
        return None if row is None else wall(row[0])

    async def cursors(self, pairs: Iterable[tuple[EdgeId, Epoch]]) -> dict[CursorKey, int]:
        """The committed cursors of all streams of these epochs; what is not there is 0."""
        edges, epochs = zip(*pairs, strict=True)
        async with self._transaction("read cursors") as cursor:
            await cursor.execute(_CURSORS, (list(edges), list(epochs)))
            rows = await cursor.fetchall()
        return {(EdgeId(edge), Epoch(epoch), Stream(stream)): durable for edge, epoch, stream, durable in rows}

    async def digests(self, key: CursorKey, first: int, last: int) -> dict[int, bytes]:
        """The digests that the ledger has of these seqs."""
        async with self._transaction("read the ledger") as cursor:
            await cursor.execute(_DIGESTS, (*key, first, last))
            return {seq: bytes(digest) for seq, digest in await cursor.fetchall()}

    async def inbox(self, limit: int) -> list[Alarm]:
        """Alarm facts that wait, oldest first."""
        async with self._transaction("read the inbox") as cursor:
            return await bulk_load.inbox(cursor, self._shards, limit)

    @property
    def staff_told(self) -> bool:
        """Heard on the writer's own session, with whatever it asks."""
        return self._staff_told

    async def attended(self, limit: int) -> list[Attended]:
        """Attendances that wait."""
        self._staff_told = False
        async with self._transaction("read the staff's inbox") as cursor:
            return await waiting_attendances(cursor, self._shards, limit)

    async def pack(self, batch: Batch) -> None:
        """Make the rows of the facts, a turn of the event loop for each part; for `commit` what cannot be packed."""
        events: list[bytes] = []
        observations: list[bytes] = []
        try:
            for part in copy_rows.by_turns(batch.runs):
                copy_rows.pack(part, batch.recorded_at, events, observations)
                await asyncio.sleep(0)
        except _UNPACKABLE:
            return
        batch.packed = copy_rows.whole(events), copy_rows.whole(observations)

    async def commit(self, batch: Batch) -> None:
        """Write everything in one transaction."""
        async with self._transaction("write a batch") as cursor:
            await bulk_write.write(cursor, batch, self._shards)

    async def alive(self, at: int, detail: dict[str, float]) -> None:
        """Give the sign of life that others look for."""
        async with self._transaction("give a sign of life") as cursor:
            await cursor.execute(_ALIVE, (self._process, from_wall(at), Jsonb(detail)))
