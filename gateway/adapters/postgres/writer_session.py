"""Who may write a shard: the session that holds its advisory lock. The same session does the writes.

So a writer that lost its session can write nothing any more, whatever it believes. A newcomer waits for the locks; it
ends a holder that stalls: one whose session did nothing for `STALLED_SECONDS`, or sits in a transaction that long.
Honest holders give a sign of life every two seconds through this very session.
"""

import asyncio
from collections.abc import Sequence
from typing import Final

import psycopg
from psycopg import AsyncConnection
from psycopg.rows import TupleRow

from gateway.adapters.postgres.pool import connect, unavailable

LOCK_CLASS: Final = 0x56616B61
"""The first key of our advisory locks ("Vaka"), apart from those of others in the same database."""
STALLED_SECONDS: Final = 5.0
WAIT_SECONDS: Final = 0.2
NAME: Final = "vaka-bulk"

_TAKE: Final = "SELECT count(*) FROM unnest(%s::int[]) AS shard WHERE pg_try_advisory_lock(%s, shard)"
_GIVE: Final = "SELECT pg_advisory_unlock_all()"
_END_STALLED: Final = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity AS held
WHERE pid IN (
    SELECT pid FROM pg_locks
    WHERE locktype = 'advisory' AND classid = %(class)s::oid AND objid = ANY(%(shards)s::oid[]) AND granted
      AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
) AND pid <> pg_backend_pid()
  AND (clock_timestamp() - xact_start > make_interval(secs => %(seconds)s)
       OR (state <> 'active' AND clock_timestamp() - state_change > make_interval(secs => %(seconds)s)))
"""


async def writer_session(url: str, shards: Sequence[int]) -> AsyncConnection[TupleRow]:
    """A session that holds the locks of all `shards`; waits for as long as an honest writer has one of them.

    `Unavailable` where the database is away.
    """
    connection = await connect(url, name=NAME, autocommit=True, keeps_plans=True)
    try:
        while True:  # bounded by the holder's life: it works, ends, or stalls and is ended here
            if await _take(connection, shards):
                await connection.set_autocommit(False)
                return connection
            await connection.execute(
                _END_STALLED, {"class": LOCK_CLASS, "shards": list(shards), "seconds": STALLED_SECONDS}
            )
            await asyncio.sleep(WAIT_SECONDS)
    except psycopg.Error as error:
        await connection.close()
        raise unavailable("become the writer", error) from error
    except BaseException:
        await connection.close()
        raise


async def _take(connection: AsyncConnection[TupleRow], shards: Sequence[int]) -> bool:
    """All locks or none: two newcomers with shards in common must not each hold what the other needs."""
    row = await (await connection.execute(_TAKE, (list(shards), LOCK_CLASS))).fetchone()
    if row is not None and row[0] == len(shards):
        return True
    await connection.execute(_GIVE)
    return False
