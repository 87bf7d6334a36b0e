"""The desk's feed: committed rows get their numbers from one relay, and readers use nothing but the numbers.

An id taken before the commit would be skipped by a reader when a lower id commits later. A number is given to rows
that are committed already, by one session at a time, in one transaction after another: whoever has seen number n can
be sure that no lower number will ever appear.

Of what waits together, calls are numbered first, then concerns, then faults: when a town's edges fall silent in one
moment, nobody who presses a button waits behind ten thousand of them. Rows of one alert stay in their order.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final

import psycopg
from psycopg import AsyncConnection
from psycopg.rows import TupleRow

from gateway.adapters.postgres.alerts import FEED_CHANNEL
from gateway.adapters.postgres.connections import AWAY
from gateway.adapters.postgres.desk_views import FEED_AFTER, read_numbered
from gateway.adapters.postgres.notices import Notices
from gateway.adapters.postgres.pool import connect, unavailable
from gateway.ports.desk import Numbered
from homecare.errors import Unavailable

RELAY_LOCK: Final = 0x76616B61_66656564
"""The session advisory lock of the one relay: "vakafeed"."""
NUMBER_LIMIT: Final = 200
"""Rows numbered in one transaction, and read before the next: some 20 ms, which is what a call may wait for faults."""
KEEP: Final = "7 days"
"""How long numbered rows stay: a desk that was away longer starts from the snapshot."""
TRIM_LIMIT: Final = 5_000
"""Rows trimmed in one transaction."""
ANSWER_SECONDS: Final = 5.0
"""These statements take a millisecond; a server that takes this long is away."""

_NUMBER: Final = """
WITH waiting AS (
    SELECT id, row_number() OVER (ORDER BY place, id) AS turn
    FROM (SELECT id, place FROM feed WHERE number IS NULL ORDER BY place, id LIMIT %s) AS next
), newest AS (
    SELECT coalesce(max(number), 0) AS number FROM feed
)
UPDATE feed SET number = newest.number + waiting.turn FROM waiting, newest WHERE feed.id = waiting.id
"""
_TRIM: Final = """
DELETE FROM feed WHERE id IN (
    SELECT id FROM feed WHERE recorded_at < now() - %s::interval AND number < (SELECT max(number) FROM feed)
    ORDER BY number LIMIT %s
)
"""


class PostgresFeed:
    """`FeedStore` over one connection of its own, opened when it is first needed and again after it broke."""

    def __init__(self, url: str, *, name: str) -> None:
        self._url = url
        self._name = name
        self._connection: AsyncConnection[TupleRow] | None = None
        self._relay = False
        self._notices = Notices()

    async def number_committed(self) -> int:
        """Number what is committed, if this session is or can become the relay."""
        async with self._answering() as connection:
            if not self._relay:
                row = await (await connection.execute("SELECT pg_try_advisory_lock(%s)", (RELAY_LOCK,))).fetchone()
                self._relay = row is not None and bool(row[0])
            if not self._relay:
                return 0
            return (await connection.execute(_NUMBER, (NUMBER_LIMIT,))).rowcount

    async def after(self, number: int, limit: int) -> tuple[Numbered, ...]:
        """Rows above `number` in order."""
        async with self._answering() as connection:
            rows = await (await connection.execute(FEED_AFTER, (number, limit))).fetchall()
        return tuple(read_numbered(row) for row in rows)

    async def newest(self) -> int:
        """The highest number given."""
        async with self._answering() as connection:
            row = await (await connection.execute("SELECT coalesce(max(number), 0) FROM feed")).fetchone()
        return 0 if row is None else int(row[0])

    async def trim(self) -> int:
        """Drop old numbered rows, never the newest one: its number says where to go on. How many went."""
        async with self._answering() as connection:
            return (await connection.execute(_TRIM, (KEEP, TRIM_LIMIT))).rowcount

    def kick(self) -> None:
        """End the wait."""
        self._notices.kick()

    async def wait(self, seconds: float) -> None:
        """Wait for a kick or a notification, at the latest `seconds`."""
        await self._notices.wait(self._connection, seconds)

    async def close(self) -> None:
        """Give up the connection, and with it the relay's lock."""
        self._relay = False
        if self._connection is not None:
            await self._connection.close()
            self._connection = None

    @asynccontextmanager
    async def _answering(self) -> AsyncIterator[AsyncConnection[Any]]:
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                yield await self._open()
        except (*AWAY, TimeoutError) as error:
            await self.close()
            if isinstance(error, psycopg.Error):
                raise unavailable("feed", error) from error
            raise Unavailable("feed", "PostgreSQL", "the server does not answer; is it stopped?") from error

    async def _open(self) -> AsyncConnection[TupleRow]:
        if self._connection is None or self._connection.closed:
            self._relay = False
            self._connection = await connect(self._url, name=self._name, autocommit=True)
            self._notices.follow(self._connection)
            await self._connection.execute(f"LISTEN {FEED_CHANNEL}")
        return self._connection
