"""Listens for the notices by which transactions say whose day they changed."""

import asyncio
from typing import Final

from psycopg import AsyncConnection
from psycopg.rows import TupleRow

from gateway.adapters.postgres.connections import AWAY
from gateway.adapters.postgres.pool import connect, unavailable
from gateway.adapters.postgres.visit_rows import TODAY_CHANNEL
from homecare.errors import Unavailable

ANSWER_SECONDS: Final = 5.0
"""A server that does not even say that it listens is stopped."""


class PostgresDayWatch:
    """`DayWatch` over one connection, opened when it is first needed and again after it broke."""

    def __init__(self, url: str, *, name: str) -> None:
        self._url = url
        self._name = name
        self._connection: AsyncConnection[TupleRow] | None = None

    async def changed(self, seconds: float) -> frozenset[str] | None:
        """See `gateway.ports.today.DayWatch`."""
        try:
            if self._connection is None or self._connection.closed:
                async with asyncio.timeout(ANSWER_SECONDS):
                    await self._listen()
                return None
            return await self._heard(self._connection, seconds)
        except (*AWAY, TimeoutError) as error:
            await self.close()
            if isinstance(error, TimeoutError):
                raise Unavailable("watch days", "PostgreSQL", "the server does not answer; is it stopped?") from error
            raise unavailable("watch days", error) from error

    async def _heard(self, connection: AsyncConnection[TupleRow], seconds: float) -> frozenset[str]:
        found = {one.payload async for one in connection.notifies(timeout=seconds, stop_after=1)}
        if not found:  # a silent connection may be a dead one
            async with asyncio.timeout(ANSWER_SECONDS):
                await connection.execute("SELECT 1")
        return frozenset(found)

    async def _listen(self) -> None:
        self._connection = await connect(self._url, name=self._name, autocommit=True)
        await self._connection.execute(f"LISTEN {TODAY_CHANNEL}")

    async def close(self) -> None:
        """Give up the connection."""
        if self._connection is not None:
            await self._connection.close()
            self._connection = None
