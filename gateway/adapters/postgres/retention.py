"""Retention in PostgreSQL: whole chunks of hypertables where TimescaleDB is, ranges of rows elsewhere."""

from typing import Final

import psycopg
from psycopg import AsyncConnection, sql
from psycopg.rows import TupleRow

from gateway.adapters.postgres.pool import connect, unavailable
from gateway.adapters.postgres.rows import from_wall

ROWS_A_STATEMENT: Final = 10_000
"""Rows deleted in one transaction: some ten milliseconds, so that nobody waits behind it."""
STATEMENTS: Final = 1_000
"""Transactions a table and hour: ten million rows; what is left goes an hour later."""

_HYPERTABLES: Final = """
SELECT hypertable_name FROM timescaledb_information.hypertables WHERE hypertable_schema = current_schema()
"""
_DELETE: Final = """
DELETE FROM {table} WHERE ctid = ANY(ARRAY(SELECT ctid FROM {table} WHERE {column} < %s LIMIT %s))
"""
_QUARANTINE: Final = """
DELETE FROM quarantine WHERE id IN (
    SELECT id FROM (SELECT id, row_number() OVER (PARTITION BY authentic ORDER BY id DESC) AS place FROM quarantine)
    AS placed WHERE place > %s
)
"""
_COLUMN: Final = {"inbox": "consumed_at", "door_inbox": "consumed_at", "tag_read": "read_at"}
"""Where another time than `recorded_at` decides: what waits in an inbox is never deleted."""


class PostgresRetention:
    """A `gateway.retention.RetentionStore`; opens a connection for each call, once an hour."""

    def __init__(self, url: str) -> None:
        self._url = url

    async def trim(self, table: str, before: int) -> int:
        """Delete rows recorded before that wall time; how many rows or chunks went."""
        async with await connect(self._url, name="vaka-retention", autocommit=True) as connection:
            try:
                if table in await _hypertables(connection):
                    return await _drop_chunks(connection, table, before)
                return await _delete(connection, table, before)
            except psycopg.Error as error:
                raise unavailable(f"trim {table}", error) from error

    async def trim_quarantine(self, rows: int) -> int:
        """Keep only the newest so many rows of the proved and of the unproved ones."""
        async with await connect(self._url, name="vaka-retention", autocommit=True) as connection:
            try:
                return (await connection.execute(_QUARANTINE, (rows,))).rowcount
            except psycopg.Error as error:
                raise unavailable("trim quarantine", error) from error


async def _hypertables(connection: AsyncConnection[TupleRow]) -> set[str]:
    present = await connection.execute("SELECT FROM pg_extension WHERE extname = 'timescaledb'")
    if await present.fetchone() is None:
        return set()
    return {str(name) for (name,) in await (await connection.execute(_HYPERTABLES)).fetchall()}


async def _drop_chunks(connection: AsyncConnection[TupleRow], table: str, before: int) -> int:
    dropped = await connection.execute("SELECT drop_chunks(%s::regclass, older_than => %s)", (table, from_wall(before)))
    return len(await dropped.fetchall())


async def _delete(connection: AsyncConnection[TupleRow], table: str, before: int) -> int:
    statement = sql.SQL(_DELETE).format(
        table=sql.Identifier(table), column=sql.Identifier(_COLUMN.get(table, "recorded_at"))
    )
    gone = 0
    for _ in range(STATEMENTS):
        rows = (await connection.execute(statement, (from_wall(before), ROWS_A_STATEMENT))).rowcount
        gone += rows
        if rows < ROWS_A_STATEMENT:
            break
    return gone
