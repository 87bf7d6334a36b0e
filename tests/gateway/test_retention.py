"""Retention by `recorded_at` alone, on whatever database the suite runs on."""

import psycopg
import pytest

from gateway.adapters.postgres.retention import PostgresRetention
from gateway.adapters.postgres.rows import from_wall
from gateway.audit_check import verify
from gateway.config import read_retention
from gateway.retention import DEFAULTS, LEAST, LOG_DAYS, MARGIN_DAYS, RESEND_DAYS, days_of, trim_once
from homecare.clock import DAY, LATEST
from homecare.errors import Malformed
from tests.asking import rows
from tests.gateway.lanes import value

NOW = 1_780_000_000_000_000
_EVENT = """
INSERT INTO event (recorded_at, edge, epoch, stream, seq, position, home, kind, occurred_at, received_at, estimated_at,
                   uncertainty, elapsed, body)
VALUES (%s, 'edge-000001', 1, 'record', %s, 1, 'home-000001', 'contact_changed', %s, %s, %s, 0, 0, '{}')
"""


def event(connection: psycopg.Connection, seq: int, *, days_old: int, claimed: int = NOW, now: int = NOW) -> None:
    at = from_wall(claimed)
    connection.execute(_EVENT, (from_wall(now - days_old * DAY), seq, at, at, at))


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


ALERT = """
INSERT INTO alert (id, home, condition, occurred_at, raised_at, last_occurred_at, occurrences, active, standing,
                   version, redelivered, explanation, transition)
VALUES ('{id}', '{id}', 'help_call', '2999-01-01', '{at}', '2999-01-01', 1, {active}, '{standing}',
        1, false, '{{}}', '')
"""
VISIT = """
INSERT INTO visit
VALUES ('{id}', 'u', 'h', true, '{at}', '{at}', '{{p}}', '{{}}', false, false, '{standing}', NULL, NULL, 1)
"""
COMMAND = """
INSERT INTO command (id, person, key, home, device, edge, action, purpose_kind, purpose_id, how, "grant", issued_at,
                     expires_at, closes_at, standing, ended_at)
VALUES ('{id}', 'p', '{id}', 'h', 'd', 'e', 'unlock', 'visit', 'v', 'at_the_door', '{{}}', '{at}', '{at}', '{at}',
        '{standing}', {ended})
"""
OPENING = """
INSERT INTO remote_opening (id, person, key, home, action, purpose_kind, purpose_id, asked_at, expires_at)
VALUES ('{id}', 'p', '{id}', 'h', 'unlock', 'visit', 'v', '{at}', '{at}')
"""
OUTBOX = """
INSERT INTO outbox (kind, key, body, created_at, sent_at, failed_at)
VALUES ('{kind}', '{id}', '{{}}', '{at}', {sent}, {failed})
"""
NO_ENTRY = """
INSERT INTO no_entry VALUES ('n-{id}', '{id}', 'u', 'h', 'p', '{at}', '{at}', '', {by}, {closed}, NULL, {by})
"""


def write(url: str, *statements: str) -> None:
    with psycopg.connect(url) as connection:
        for statement in statements:
            connection.execute(statement)


def ids(url: str, table: str, column: str = "id") -> list[str]:
    return [str(one) for (one,) in rows(url, f"SELECT {column} FROM {table} ORDER BY 1")]


@pytest.mark.asyncio
async def test_a_resolved_alert_goes_with_all_its_rows_and_an_open_one_never(database_url: str) -> None:
    old, young = from_wall(NOW - 1_200 * DAY), from_wall(NOW - 1_000 * DAY)
    for id_, at, standing, active in (
        ("gone", old, "resolved", False),
        ("resolved-late", old, "resolved", False),
        ("open", old, "acknowledged", False),
        ("holds", old, "resolved", True),
        ("young", young, "resolved", False),
    ):
        write(
            database_url,
            ALERT.format(id=id_, at=at, standing=standing, active=active),
            f"INSERT INTO occurrence VALUES ('o-{id_}', '{id_}', NULL, NULL, NULL, NULL, 1, '{at}', '{at}')",
        )
    columns = "recorded_at, alert, version, transition, home, condition"
    log = f"INSERT INTO alert_log ({columns}) VALUES ('{{}}', '{{}}', 1, '', '', '')"
    write(database_url, log.format(old, "gone"), log.format(young, "resolved-late"))
    await trim_once(PostgresRetention(database_url), NOW, days_of({}))
    assert ids(database_url, "alert") == ["holds", "open", "resolved-late", "young"]
    assert ids(database_url, "occurrence", "alert") == ["holds", "open", "resolved-late", "young"]
    assert ids(database_url, "alert_log", "alert") == ["resolved-late"]


@pytest.mark.asyncio
async def test_a_visit_goes_with_all_its_rows_and_nothing_open_ever(database_url: str) -> None:
    old, young = from_wall(NOW - 1_200 * DAY), from_wall(NOW - 1_000 * DAY)
    for id_, at, standing in (
        ("gone", old, "ended"),
        ("closed", old, "no_entry"),
        ("asks", old, "no_entry"),
        ("inside", old, "started"),
        ("young", young, "ended"),
    ):
        write(
            database_url,
            VISIT.format(id=id_, at=at, standing=standing),
            f"INSERT INTO visit_evidence VALUES ('e-{id_}', '{id_}', 'p', 'door', 'arrived', '{at}', '{at}', 1, '')",
        )
    write(
        database_url,
        NO_ENTRY.format(id="closed", at=old, by="'p'", closed=f"'{old}'"),
        NO_ENTRY.format(id="asks", at=old, by="NULL", closed="NULL"),
    )
    counts = "'', 0, 0, 0, 0, 0"
    for id_, at in (("past", old), ("next", young)):
        write(
            database_url,
            f"INSERT INTO plan_import VALUES ('i-{id_}', 'u', 'p', '{old}', '{old}', {counts})",
            f"INSERT INTO planned_visit SELECT '{id_}', 'u', '{id_}', 'h', at, at + interval '1 h', '{{p}}', '{{}}', "
            f"false, 'i-{id_}', 1 FROM (VALUES (timestamptz '{at}')) AS planned (at)",
        )
    await trim_once(PostgresRetention(database_url), NOW, days_of({}))
    assert ids(database_url, "visit") == ids(database_url, "visit_evidence", "visit") == ["asks", "inside", "young"]
    assert ids(database_url, "no_entry") == ["n-asks"]
    assert (ids(database_url, "planned_visit"), ids(database_url, "plan_import")) == (["next"], ["i-next"])


@pytest.mark.asyncio
async def test_commands_openings_and_messages_go_when_they_are_done(database_url: str) -> None:
    old, month = from_wall(NOW - 1_200 * DAY), from_wall(NOW - 31 * DAY)
    write(
        database_url,
        COMMAND.format(id="done", at=old, standing="done", ended=f"'{old}'"),
        COMMAND.format(id="young", at=month, standing="done", ended=f"'{month}'"),
        COMMAND.format(id="under-way", at=old, standing="sent", ended="NULL"),
        OPENING.format(id="asked", at=old),
        OPENING.format(id="asked-young", at=month),
        OUTBOX.format(id="sent", kind="webhook", at=month, sent=f"'{month}'", failed="NULL"),
        OUTBOX.format(id="given-up", kind="webhook", at=month, sent="NULL", failed=f"'{month}'"),
        OUTBOX.format(id="waits", kind="webhook", at=month, sent="NULL", failed="NULL"),
        OUTBOX.format(id="alert", kind="alert", at=month, sent="NULL", failed="NULL"),
        OUTBOX.format(id="young", kind="webhook", at=from_wall(NOW - DAY), sent="NULL", failed="now()"),
    )
    await trim_once(PostgresRetention(database_url), NOW, days_of({}))
    assert ids(database_url, "command") == ["under-way", "young"]
    assert ids(database_url, "remote_opening") == ["asked-young"]
    assert ids(database_url, "outbox", "key") == ["waits", "young"]


@pytest.mark.asyncio
async def test_who_looked_is_kept_for_five_years_whatever_is_set_and_the_audit_for_ever(database_url: str) -> None:
    assert days_of({"read_log": 1})["read_log"] == LOG_DAYS >= 5 * 365 + 1
    assert "audit" not in days_of({})
    for days in (LOG_DAYS - 1, LOG_DAYS + 8):
        at = from_wall(NOW - days * DAY)
        write(
            database_url,
            f"INSERT INTO read_log VALUES ('{at}', 'p', 'day', 'home-{days}')",
            f"INSERT INTO audit (at, person, action, subject, result) VALUES ('{at}', 'p', 'a', 's', 'allowed')",
        )
    await trim_once(PostgresRetention(database_url), NOW, days_of({"read_log": 1}))
    assert ids(database_url, "read_log", "home") == [f"home-{LOG_DAYS - 1}"]
    head, broken = verify(database_url)
    assert (head.number, broken) == (2, None)


def test_every_table_is_trimmed_or_kept_on_purpose(database_url: str) -> None:
    """Whoever adds a table says here, or in the periods, what becomes of its rows."""
    found = rows(database_url, "SELECT table_name FROM information_schema.tables WHERE table_schema = current_schema()")
    named = {str(name) for (name,) in found if not str(name).startswith(("_yoyo", "yoyo"))}
    parts = {"occurrence", "visit_evidence", "no_entry"}
    assert named == {*DEFAULTS, *parts, *KEPT, *BOUNDED, "fact"}


KEPT = {"audit", "unit", "unit_backup", "home", "edge", "edge_home", "device", "municipality", "setting_word", "person"}
KEPT |= {"person_role", "passkey", "tag", "instruction", "instruction_log", "claim_code", "certificate", "consent"}
KEPT |= {"household_member", "commissioning", "cursor"}
"""The registry, what the law wants, and what tells a repeat from something new."""
BOUNDED = {"registry_change", "audit_head", "fault", "edge_seen", "process_seen", "home_state", "shard_state"}
BOUNDED |= {"forgotten", "ceremony", "feed", "proximity", "lock_state", "staff_inbox", "retention_clock"}
"""One row a thing, or trimmed by whoever writes or takes it."""


def test_no_setting_trims_what_edges_may_still_send_again() -> None:
    assert days_of({"ledger": 1})["ledger"] == LEAST["ledger"] == RESEND_DAYS + MARGIN_DAYS
    assert days_of({"event": 90})["event"] == 90
    assert "cursor" not in days_of({})


def test_periods_are_read_from_the_environment() -> None:
    assert read_retention("event=90,observation=30") == {"event": 90, "observation": 30}
    for wrong in ("cursor=1", "event", "event=-1", "event=many"):
        with pytest.raises(Malformed):
            read_retention(wrong)
