"""Retention in PostgreSQL: whole chunks of hypertables where TimescaleDB is, ranges of rows elsewhere."""

from typing import Final

import psycopg
from psycopg import AsyncConnection, sql
from psycopg.rows import TupleRow

from gateway.adapters.postgres.pool import connect, unavailable
from gateway.adapters.postgres.rows import from_wall, wall
from gateway.model.retention_clock import Judgement, Kept, Reading, judge
from homecare.errors import Unavailable

ROWS_A_STATEMENT: Final = 10_000
"""Rows deleted in one transaction: some ten milliseconds, so that nobody waits behind it."""
STATEMENTS: Final = 1_000
"""Transactions a table and hour: ten million rows; what is left goes an hour later."""

_HYPERTABLES: Final = """
SELECT hypertable_name FROM timescaledb_information.hypertables WHERE hypertable_schema = current_schema()
"""
_DELETE: Final = """
DELETE FROM {table} WHERE ctid = ANY(ARRAY(SELECT ctid FROM {table} WHERE {due} LIMIT %(limit)s))
"""
_DELETE_WHOLE: Final = """
WITH old AS MATERIALIZED (SELECT ctid AS place, id FROM {table} WHERE {due} LIMIT %(limit)s), {parts}
DELETE FROM {table} WHERE ctid = ANY(ARRAY(SELECT place FROM old))
"""
_PART: Final = "{name} AS (DELETE FROM {part} WHERE {column} IN (SELECT id FROM old))"
_QUARANTINE: Final = """
DELETE FROM quarantine WHERE id IN (
    SELECT id FROM (SELECT id, row_number() OVER (PARTITION BY authentic ORDER BY id DESC) AS place FROM quarantine)
    AS placed WHERE place > %s
)
"""
_DUE: Final = {
    "inbox": "consumed_at < %(before)s",
    "door_inbox": "consumed_at < %(before)s",
    "tag_read": "read_at < %(before)s",
    "read_log": "at < %(before)s",
    "alert": """raised_at < %(before)s AND standing = 'resolved' AND NOT active
        AND NOT EXISTS (SELECT FROM alert_log AS l WHERE l.alert = alert.id AND l.recorded_at >= %(before)s)""",
    "visit": """until < %(before)s AND standing <> 'started'
        AND NOT EXISTS (SELECT FROM visit_log AS l WHERE l.visit = visit.id AND l.recorded_at >= %(before)s)
        AND NOT EXISTS (SELECT FROM no_entry AS n WHERE n.visit = visit.id AND n.closed_at IS NULL)""",
    "planned_visit": "until < %(before)s",
    "plan_import": """imported_at < %(before)s
        AND NOT EXISTS (SELECT FROM planned_visit AS p WHERE p.import = plan_import.id)""",
    "command": "issued_at < %(before)s AND ended_at IS NOT NULL",
    "remote_opening": "expires_at < %(before)s",
    "outbox": "created_at < %(before)s AND (kind <> 'webhook' OR sent_at IS NOT NULL OR failed_at IS NOT NULL)",
    "invitation": "expires_at < %(before)s",
    "web_session": "last_seen < %(before)s",
}
"""Which rows may go, where another time than `recorded_at` decides: what waits or is open is never deleted."""
_PARTS: Final = {
    "alert": (("occurrence", "alert"),),
    "visit": (("visit_evidence", "visit"), ("no_entry", "visit")),
}
"""What goes with a row, in the same transaction: tables, and their column with its id."""

FAULT: Final = "retention_clock"
"""The fault's kind; its subject is the doubt, its count the rounds that had it."""

_READ: Final = """
SELECT believed, moved_at, clock_timestamp(), EXISTS (SELECT FROM home) FROM retention_clock FOR UPDATE
"""
_MOVE: Final = "UPDATE retention_clock SET believed = %s, moved_at = %s"
_FAULT: Final = """
INSERT INTO fault AS f (kind, subject, count, first_at, last_at, detail) VALUES (%s, %s, 1, %s, %s, %s)
ON CONFLICT (kind, subject) DO UPDATE SET count = f.count + 1, last_at = excluded.last_at, detail = excluded.detail
"""


class PostgresRetention:
    """A `gateway.retention.RetentionStore`; opens a connection for each call, once an hour."""

    def __init__(self, url: str) -> None:
        self._url = url

    async def believe(self, gateway: int, lived: int) -> Judgement:
        """Judge the gateway's clock and the database's by what was believed before, and keep it; a doubt is a fault."""
        async with await connect(self._url, name="vaka-retention") as connection:
            try:
                judged = await _judge(connection, gateway, lived)
                await connection.execute(_MOVE, (from_wall(judged.kept.believed), from_wall(judged.kept.moved_at)))
                if judged.doubt is not None:
                    at = from_wall(judged.now)
                    await connection.execute(_FAULT, (FAULT, judged.doubt, at, at, judged.hint))
                await connection.commit()
            except psycopg.Error as error:
                raise unavailable("believe the clocks", error) from error
            return judged

    async def trim(self, table: str, before: int) -> int:
        """Delete rows recorded before that wall time, or done with before it; how many rows or chunks went."""
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


async def _judge(connection: AsyncConnection[TupleRow], gateway: int, lived: int) -> Judgement:
    row = await (await connection.execute(_READ)).fetchone()
    if row is None:
        raise Unavailable("believe the clocks", "retention_clock", "its one row is missing: restore it")
    believed, moved_at, database, homes = row
    reading = Reading(gateway=gateway, database=wall(database), lived=lived)
    return judge(Kept(wall(believed), wall(moved_at)), reading, homes=homes)


async def _hypertables(connection: AsyncConnection[TupleRow]) -> set[str]:
    present = await connection.execute("SELECT FROM pg_extension WHERE extname = 'timescaledb'")
    if await present.fetchone() is None:
        return set()
    return {str(name) for (name,) in await (await connection.execute(_HYPERTABLES)).fetchall()}


async def _drop_chunks(connection: AsyncConnection[TupleRow], table: str, before: int) -> int:
    dropped = await connection.execute("SELECT drop_chunks(%s::regclass, older_than => %s)", (table, from_wall(before)))
    return len(await dropped.fetchall())


async def _delete(connection: AsyncConnection[TupleRow], table: str, before: int) -> int:
    statement, gone = _statement(table), 0
    for _ in range(STATEMENTS):
        named = {"before": from_wall(before), "limit": ROWS_A_STATEMENT}
        rows = (await connection.execute(statement, named)).rowcount
        gone += rows
        if rows < ROWS_A_STATEMENT:
            break
    return gone


def _statement(table: str) -> sql.Composed:
    name, due = sql.Identifier(table), sql.SQL(_DUE.get(table, "recorded_at < %(before)s"))
    if table not in _PARTS:
        return sql.SQL(_DELETE).format(table=name, due=due)
    parts = sql.SQL(", ").join(
        sql.SQL(_PART).format(
            name=sql.Identifier(f"of_{part}"), part=sql.Identifier(part), column=sql.Identifier(column)
        )
        for part, column in _PARTS[table]
    )
    return sql.SQL(_DELETE_WHOLE).format(table=name, due=due, parts=parts)
