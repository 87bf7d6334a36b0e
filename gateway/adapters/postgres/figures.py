"""Figures that other processes left in the database: the bulk lane's own with its sign of life, its inbox, faults."""

from typing import Any, Final

from psycopg import AsyncCursor

from gateway.ports.desk import Figures

KINDS_MOST: Final = 50
"""Kinds of fault that are shown: they come from the program, and there are a dozen."""
PROCESSES_MOST: Final = 256
"""Bulk processes: one a shard at the very most."""
FORGOTTEN_AFTER: Final = "10 minutes"
"""A process without a sign of life for longer was not started again: its figures are history."""

_BULK: Final = f"""
SELECT process, detail FROM process_seen
WHERE starts_with(process, 'bulk') AND seen_at > clock_timestamp() - interval '{FORGOTTEN_AFTER}'
ORDER BY process LIMIT %s
"""
_INBOX: Final = """
SELECT count(*), coalesce(extract(epoch FROM clock_timestamp() - min(recorded_at)), 0)::float8
FROM inbox WHERE consumed_at IS NULL
"""
_FAULTS: Final = "SELECT kind, sum(count)::bigint FROM fault GROUP BY kind ORDER BY kind LIMIT %s"


async def read_figures(cursor: AsyncCursor[Any]) -> Figures:
    """Three small statements; the inbox is read over the index of what waits."""
    await cursor.execute(_BULK, (PROCESSES_MOST,))
    bulk = dict(await cursor.fetchall())
    await cursor.execute(_INBOX)
    [(inbox, seconds)] = await cursor.fetchall()
    await cursor.execute(_FAULTS, (KINDS_MOST,))
    return Figures(bulk=bulk, inbox=inbox, inbox_seconds=max(0.0, seconds), faults=dict(await cursor.fetchall()))
