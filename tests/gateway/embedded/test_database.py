"""The private PostgreSQL: real starts and real kills."""

import contextlib
import os
import resource
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from gateway.adapters.postgres.migrate import migrate
from gateway.embedded import Binaries, PrivateDatabase
from gateway.embedded.ports import LOOPBACK, is_free
from homecare.errors import Conflict, Unavailable
from tests.ports import new_port, taken_after_the_look
from tests.servers import PLAIN

HELD_SECONDS = 0.5
ROWS = 1_000


def count(server: PrivateDatabase) -> int:
    with psycopg.connect(server.url) as connection:
        row = connection.execute("SELECT count(*) FROM fact").fetchone()
    assert row is not None
    return int(row[0])


@pytest.fixture
def own_database(binaries: Binaries, tmp_path: Path) -> PrivateDatabase:
    return PrivateDatabase(binaries, tmp_path / "database", new_port(), timescaledb=not PLAIN)


def test_committed_rows_survive_kill_9_again_and_again(own_database: PrivateDatabase) -> None:
    try:
        own_database.start()
        with psycopg.connect(own_database.url) as connection:
            connection.execute("CREATE TABLE fact (n int)")
        for round_ in range(3):
            with psycopg.connect(own_database.url) as connection:
                connection.execute("INSERT INTO fact SELECT generate_series(1, %s)", (ROWS,))
            before = own_database.pid
            own_database.kill()
            assert not own_database.running
            own_database.start()
            assert own_database.pid != before
            assert count(own_database) == ROWS * (round_ + 1)
    finally:
        own_database.stop()
    assert not own_database.running


def test_stop_leaves_nothing_and_a_stopped_server_starts_again(own_database: PrivateDatabase) -> None:
    own_database.start()
    url = own_database.url
    own_database.stop()
    assert is_free(own_database.port)
    own_database.start()
    assert own_database.url == url
    own_database.stop()


def test_a_stale_pid_file_whose_number_now_belongs_to_another_program_is_no_obstacle(
    own_database: PrivateDatabase,
) -> None:
    own_database.start()
    own_database.kill()
    status = own_database.data / "cluster" / "postmaster.pid"
    lines = status.read_text(encoding="utf-8").splitlines()
    status.write_text("\n".join([str(os.getpid()), *lines[1:]]) + "\n", encoding="utf-8")
    (own_database.data / "pid").write_text(f"{os.getpid()} {int(signal.SIGINT)}\n", encoding="ascii")
    own_database.start()
    own_database.stop()


def test_the_password_is_for_the_owner_alone(database_server: PrivateDatabase) -> None:
    assert (database_server.data / "password").stat().st_mode & 0o777 == 0o600
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(f"postgresql://vaka:wrong@{LOOPBACK}:{database_server.port}/vaka")


def test_a_taken_port_is_a_conflict(binaries: Binaries, database_server: PrivateDatabase, tmp_path: Path) -> None:
    with pytest.raises(Conflict, match=str(database_server.port)):
        PrivateDatabase(binaries, tmp_path / "second", database_server.port).start()


def test_a_port_that_goes_between_the_look_and_the_start_is_a_conflict(
    own_database: PrivateDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Red when the server's last words end the start instead of another port being looked for."""
    with contextlib.ExitStack() as others:
        monkeypatch.setattr("gateway.embedded.database.is_free", lambda port: taken_after_the_look(port, others))
        with pytest.raises(Conflict, match="taken meanwhile"):
            own_database.start()
        assert not own_database.running


def test_a_port_that_a_killed_servers_children_still_hold_is_waited_for(own_database: PrivateDatabase) -> None:
    """A child that was forked in that very moment still has the postmaster's socket."""
    own_database.start()
    own_database.kill()
    poll(lambda: is_free(own_database.port))
    child = socket.create_server((LOOPBACK, own_database.port))
    ending = threading.Timer(HELD_SECONDS, child.close)
    ending.start()
    try:
        own_database.start()
        with psycopg.connect(own_database.url) as connection:
            assert connection.execute("SELECT 1").fetchone() == (1,)
    finally:
        ending.join()
        own_database.stop()


def test_a_disk_that_takes_no_more_is_told_in_one_line(binaries: Binaries, tmp_path: Path) -> None:
    """Red when the line that says why stands behind pages of a log."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (64 * 1024, before[1]))
    try:
        with pytest.raises(Unavailable, match="is the disk full") as told:
            PrivateDatabase(binaries, tmp_path / "database", new_port()).start()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert "File too large" in told.value.subject
    assert "\n" not in str(told.value)
    assert not (tmp_path / "database" / "cluster").exists()


def test_commit_means_on_the_disk(database_server: PrivateDatabase) -> None:
    with psycopg.connect(database_server.url) as connection:
        for name in ("fsync", "synchronous_commit", "full_page_writes"):
            row = connection.execute("SELECT current_setting(%s)", (name,)).fetchone()
            assert row == ("on",), name


def test_timescaledb_is_really_there_or_really_absent(database_server: PrivateDatabase) -> None:
    with psycopg.connect(database_server.url) as connection:
        row = connection.execute("SELECT FROM pg_available_extensions WHERE name = 'timescaledb'").fetchone()
        loaded = connection.execute("SELECT current_setting('shared_preload_libraries')").fetchone()
        if PLAIN:
            assert loaded == ("",)
            return
        assert row is not None
        assert loaded == ("timescaledb",)
        connection.execute("CREATE EXTENSION timescaledb")
        connection.execute("CREATE TABLE reading (at timestamptz NOT NULL)")
        connection.execute("SELECT create_hypertable('reading', 'at')")
        connection.rollback()


def test_a_dump_of_its_database_brings_the_hypertables_back(own_database: PrivateDatabase, tmp_path: Path) -> None:
    """Red where the extension is made in single-user mode: `pg_dump` takes it for built in and leaves it out."""
    if PLAIN:
        assert not own_database.timescaledb
        return
    own_database.start()
    try:
        migrate(own_database.url)
        base = own_database.url.rsplit("/", 1)[0]
        with psycopg.connect(f"{base}/postgres", autocommit=True) as connection:
            connection.execute("CREATE DATABASE restored")
        dump = tmp_path / "vaka.sql"
        _tool(own_database, "pg_dump", "-d", own_database.url, "-f", str(dump))
        restored = f"{base}/restored"
        with psycopg.connect(restored, autocommit=True) as connection:
            connection.execute("CREATE EXTENSION timescaledb")
            connection.execute("SELECT timescaledb_pre_restore()")
        _tool(own_database, "psql", "-q", "-v", "ON_ERROR_STOP=1", "-d", restored, "-f", str(dump))
        with psycopg.connect(restored, autocommit=True) as connection:
            connection.execute("SELECT timescaledb_post_restore()")
        assert _hypertables(restored) == _hypertables(own_database.url) >= {"event", "observation", "read_log"}
    finally:
        own_database.stop()


def test_an_older_versions_folder_is_told_of_in_plain_words(
    own_database: PrivateDatabase, caplog: pytest.LogCaptureFixture
) -> None:
    if PLAIN:
        assert not own_database.timescaledb
        return
    own_database.start()
    try:
        migrate(own_database.url)
        migrate(own_database.url)
        assert "dump" not in caplog.text
        with psycopg.connect(own_database.url) as connection:
            connection.execute("UPDATE pg_extension SET oid = 16000 WHERE extname = 'timescaledb'")
        migrate(own_database.url)
        assert "a dump of this database lacks TimescaleDB's catalogue" in caplog.text
    finally:
        own_database.stop()


def _tool(server: PrivateDatabase, name: str, *arguments: str) -> None:
    """A program of the server's folder; `pg_dump` warns of circular constraints in TimescaleDB's own catalogue."""
    done = subprocess.run(
        [str(server._binaries.program(name)), *arguments], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stderr


def _hypertables(url: str) -> set[str]:
    with psycopg.connect(url) as connection:
        rows = connection.execute("SELECT hypertable_name FROM timescaledb_information.hypertables").fetchall()
    return {name for (name,) in rows}


def test_no_worker_sits_in_a_template_and_blocks_its_copies(database_server: PrivateDatabase) -> None:
    with psycopg.connect(database_server.url, autocommit=True) as connection:
        workers = connection.execute(
            "SELECT backend_type FROM pg_stat_activity WHERE backend_type ILIKE %s", ("%timescale%",)
        ).fetchall()
    assert workers == []


def test_a_server_that_outlived_its_parent_is_ended_before_the_next_start(own_database: PrivateDatabase) -> None:
    own_database.start()
    orphan = own_database.pid
    heir = PrivateDatabase(
        Binaries(own_database._binaries.root),
        own_database.data,
        own_database.port,
        timescaledb=own_database.timescaledb,
    )
    heir.start()
    try:
        assert heir.pid != orphan
        assert not own_database.running
    finally:
        heir.stop()


def test_a_kill_in_the_middle_of_a_long_query_does_not_prevent_the_next_start(own_database: PrivateDatabase) -> None:
    """A backend in mid-computation outlives its postmaster for a second or two and holds the shared memory so long."""
    own_database.start()
    busy = psycopg.connect(own_database.url, autocommit=True)
    try:
        busy.execute("SET work_mem = '1GB'")
        busy.pgconn.send_query(b"SELECT count(*) FROM generate_series(1, 20000000)")
        with psycopg.connect(own_database.url, autocommit=True) as watch:
            poll(lambda: watch.execute(COMPUTING, (busy.info.backend_pid,)).fetchone() == (1,))
        own_database.kill()
        own_database.start()
        with psycopg.connect(own_database.url) as connection:
            assert connection.execute("SELECT 1").fetchone() == (1,)
    finally:
        busy.close()
        own_database.stop()


COMPUTING = "SELECT count(*) FROM pg_stat_activity WHERE pid = %s AND state = 'active'"


def poll(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.01)
