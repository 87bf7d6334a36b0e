"""The schema comes up however the last attempt ended."""

import threading

import psycopg

from gateway.adapters.postgres.migrate import LOCK, migrate


def test_a_process_killed_while_it_migrated_keeps_nobody_from_starting(database_url: str) -> None:
    """What kill -9 leaves of the migration tool's own lock: its row."""
    with psycopg.connect(database_url) as connection:
        connection.execute("DELETE FROM yoyo_lock")
        connection.execute("INSERT INTO yoyo_lock (locked, ctime, pid) VALUES (1, now(), 4484)")
    migrate(database_url)


def test_the_second_of_two_waits_for_the_first(database_url: str) -> None:
    second = threading.Thread(target=migrate, args=(database_url,))
    with psycopg.connect(database_url, autocommit=True) as first:
        first.execute("SELECT pg_advisory_lock(%s)", (LOCK,))
        second.start()
        second.join(0.5)
        assert second.is_alive()
    second.join(30)
    assert not second.is_alive()


def test_the_schema_is_named_by_its_files(database_url: str) -> None:
    with psycopg.connect(database_url) as connection:
        applied = {row[0] for row in connection.execute("SELECT migration_id FROM _yoyo_migration")}
    assert {"0001_registry", "0002_facts", "0003_alerts"} <= applied
