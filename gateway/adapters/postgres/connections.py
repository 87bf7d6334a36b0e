"""A few connections that are kept open, taken for one transaction each and replaced when they break."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final

import psycopg
from psycopg import AsyncConnection, AsyncCursor
from psycopg.rows import TupleRow

from gateway.adapters.postgres.pool import connect, unavailable
from homecare.errors import Unavailable

AWAY: Final = (psycopg.OperationalError, psycopg.InternalError, psycopg.InterfaceError)
"""What psycopg raises when the server, the session or its right to write is gone, and not our statement wrong."""
HELD: Final = (psycopg.errors.LockNotAvailable, psycopg.errors.DeadlockDetected)
"""What the server says where another transaction holds a row for longer than we wait."""
TRANSACTION_SECONDS: Final = 12.0
"""Above the server's own statement timeout: only a server that does not run at all is cut off by this one."""


class Connections:
    """At most `size` connections called `name`; whoever comes when all are taken waits.

    `lock_ms` bounds every wait for a row lock; `keeps_plans` as `connect` says it. A connection on which anything
    failed is closed, never used again.
    """

    def __init__(self, url: str, *, name: str, size: int, lock_ms: int, keeps_plans: bool = False) -> None:
        self._url = url
        self._name = name
        self._lock_ms = lock_ms
        self._keeps_plans = keeps_plans
        self._places = asyncio.Semaphore(size)
        self._ended = False
        self._idle: list[AsyncConnection[TupleRow]] = []

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncCursor[Any]]:
        """A cursor in a transaction that commits at the end of the block and rolls back on any error.

        `Unavailable` where no connection can be had or the server stopped answering; errors of the statements come
        through as psycopg raises them.
        """
        async with self._places:
            connection = await self._take()
            try:
                async with (
                    asyncio.timeout(TRANSACTION_SECONDS),
                    connection.transaction(),
                    connection.cursor() as cursor,
                ):
                    yield cursor
            except TimeoutError as error:
                raise Unavailable("transaction", "PostgreSQL", "the server does not answer; is it stopped?") from error
            finally:
                await self._give_back(connection)

    @asynccontextmanager
    async def work(self, op: str, subject: str = "") -> AsyncIterator[AsyncCursor[Any]]:
        """A transaction in which the database's own errors are said as ours.

        `Unavailable` where the database is away, and where somebody else holds the row of `subject` too long.
        """
        try:
            async with self.transaction() as cursor:
                yield cursor
        except AWAY as error:
            if subject and isinstance(error, HELD):
                raise Unavailable(op, subject, "somebody else is at it this moment; try again") from error
            raise unavailable(op, error) from error

    async def _take(self) -> AsyncConnection[TupleRow]:
        while self._idle:
            connection = self._idle.pop()
            if not connection.closed:
                return connection
        connection = await connect(self._url, name=self._name, keeps_plans=self._keeps_plans)
        try:
            await connection.execute(f"SET lock_timeout = {self._lock_ms:d}")
            await connection.commit()
        except BaseException as error:
            await connection.close()
            if isinstance(error, AWAY):
                raise unavailable("connect", error) from error
            raise
        return connection

    async def _give_back(self, connection: AsyncConnection[TupleRow]) -> None:
        idle = psycopg.pq.TransactionStatus.IDLE
        if not self._ended and not connection.closed and connection.info.transaction_status == idle:
            self._idle.append(connection)
        else:
            await connection.close()

    async def close(self) -> None:
        """Close what is idle now, and what is in use as soon as it is given back."""
        self._ended = True
        while self._idle:
            await self._idle.pop().close()
