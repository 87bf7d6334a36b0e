"""Retention by `recorded_at` alone, on whatever database the suite runs on."""

import psycopg
import pytest

from gateway.adapters.postgres.retention import PostgresRetention
from gateway.adapters.postgres.rows import from_wall
from gateway.config import read_retention
from gateway.retention import LEAST, MARGIN_DAYS, RESEND_DAYS, days_of, trim_once
from homecare.clock import DAY, LATEST
from homecare.errors import Malformed
from tests.gateway.lanes import rows, value

NOW = 1_780_000_000_000_000
_EVENT = """
INSERT INTO event (recorded_at, edge, epoch, stream, seq, position, home, kind, occurred_at, received_at, estimated_at,
                   uncertainty, elapsed, body)
VALUES (%s, 'edge-000001', 1, 'record', %s, 1, 'home-000001', 'contact_changed', %s, %s, %s, 0, 0, '{}')
"""


def event(connection: psycopg.Connection, seq: int, *, days_old: int, claimed: int = NOW) -> None:
    at = from_wall(claimed)
    connection.execute(_EVENT, (from_wall(NOW - days_old * DAY), seq, at, at, at))


@pytest.mark.asyncio
async def test_old_rows_go_and_a_wild_clock_neither_deletes_nor_keeps(database_url: str) -> None:
    with psycopg.connect(database_url) as connection:
        event(connection, 1, days_old=500)
        event(connection, 2, days_old=500, claimed=LATEST)
        event(connection, 3, days_old=1, claimed=0)
        event(connection, 4, days_old=0)
        old, young = from_wall(NOW - 500 * DAY), from_wall(NOW - 10 * DAY)
        connection.execute("INSERT INTO cursor VALUES ('edge-000001', 1, 'record', 4)")
        for seq, at in ((1, old), (2, young)):
            connection.execute("INSERT INTO ledger VALUES ('edge-000001', 1, 'access', %s, '', %s)", (seq, at))
    store = PostgresRetention(database_url)
    assert await trim_once(store, NOW, days_of({})) > 0
    assert rows(database_url, "SELECT seq FROM event ORDER BY seq") == [(3,), (4,)]
    assert rows(database_url, "SELECT seq FROM ledger") == [(2,)]
    assert value(database_url, "SELECT durable FROM cursor") == 4
    assert await trim_once(store, NOW, days_of({})) == 0


@pytest.mark.asyncio
async def test_what_waits_in_the_inbox_is_never_trimmed(database_url: str) -> None:
    with psycopg.connect(database_url) as connection:
        old = from_wall(NOW - 500 * DAY)
        for seq, consumed in ((1, old), (2, None)):
            connection.execute(
                "INSERT INTO inbox (shard, home, edge, epoch, stream, seq, body, recorded_at, consumed_at) "
                "VALUES (1, 'home-000001', 'edge-000001', 1, 'alarm', %s, '', %s, %s)",
                (seq, old, consumed),
            )
    await trim_once(PostgresRetention(database_url), NOW, days_of({}))
    assert rows(database_url, "SELECT seq FROM inbox") == [(2,)]


@pytest.mark.asyncio
async def test_quarantine_is_bounded_and_strangers_push_out_only_strangers(database_url: str) -> None:
    with psycopg.connect(database_url) as connection:
        connection.execute(
            "INSERT INTO quarantine (recorded_at, reason, authentic, topic, count, detail, frame) "
            "SELECT %s, 'body', n <= 3, '', 0, '', '' FROM generate_series(1, 20) AS n",
            (from_wall(NOW),),
        )
    await PostgresRetention(database_url).trim_quarantine(5)
    assert rows(database_url, "SELECT authentic, count(*) FROM quarantine GROUP BY 1 ORDER BY 1") == [
        (False, 5),
        (True, 3),
    ]


def test_no_setting_trims_what_edges_may_still_send_again() -> None:
    assert days_of({"ledger": 1})["ledger"] == LEAST["ledger"] == RESEND_DAYS + MARGIN_DAYS
    assert days_of({"event": 90})["event"] == 90
    assert "cursor" not in days_of({})


def test_periods_are_read_from_the_environment() -> None:
    assert read_retention("event=90,observation=30") == {"event": 90, "observation": 30}
    for wrong in ("cursor=1", "event", "event=-1", "event=many"):
        with pytest.raises(Malformed):
            read_retention(wrong)
