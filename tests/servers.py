"""Real servers for tests: one PostgreSQL and one broker a session, a database of its own for every test that asks."""

import contextlib
import os
import shutil
import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from gateway.embedded import Binaries, PrivateBroker, PrivateDatabase, unpack
from tests.ports import new_port

ROOT = Path(__file__).resolve().parent.parent
SERVICES = ROOT / os.environ.get("VAKA_DATA", ".vaka") / "services"
PLAIN = os.environ.get("VAKA_TEST_PLAIN_POSTGRES") == "1"
"""Run the suite on PostgreSQL without TimescaleDB (`make test-plain`)."""
REQUIRED = os.environ.get("VAKA_REQUIRE_TIMESCALEDB") == "1"
"""Fail where TimescaleDB is absent instead of testing without it (`.ci/run`)."""
MEMORY = Path("/dev/shm")
ROOM = 2 * 1024**3
"""Bytes that must be free in memory's folder; a session's databases take a tenth of it."""
TEMPLATE = "vaka_template"
COPIED = "STRATEGY file_copy"
"""A quarter less of the server's work than through its log, where the files lie in memory."""


@pytest.fixture(scope="session")
def binaries() -> Binaries:
    """The unpacked servers, fetched by the first session that needs them."""
    found = unpack(SERVICES, print)
    if REQUIRED and not PLAIN:
        assert found.timescaledb, "TimescaleDB is required here and is not among the unpacked servers"
    return found


@pytest.fixture(scope="session")
def servers_folder() -> Iterator[Path]:
    """A folder for the session's clusters and queues, removed at its end."""
    fast = os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free > ROOM
    # Seven hundred databases are made and dropped; on memory's folder that takes a third of the time.
    folder = Path(tempfile.mkdtemp(prefix="vaka-test-", dir=MEMORY if fast else None))
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
def database_server(binaries: Binaries, servers_folder: Path) -> Iterator[PrivateDatabase]:
    """A running PostgreSQL, with TimescaleDB unless `VAKA_TEST_PLAIN_POSTGRES=1`."""
    server = PrivateDatabase(binaries, servers_folder / "database", new_port(), timescaledb=not PLAIN)
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def broker(binaries: Binaries, servers_folder: Path) -> Iterator[PrivateBroker]:
    """A running broker."""
    server = PrivateBroker(binaries, servers_folder / "broker", new_port())
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def migrated_template(database_server: PrivateDatabase) -> str:
    """The name of a database in which the migrations ran once."""
    from gateway.adapters.postgres.migrate import migrate  # noqa: PLC0415 why: tests of the servers need no schema

    _administer(database_server, f"CREATE DATABASE {TEMPLATE}")
    migrate(_url_of(database_server, TEMPLATE))
    return TEMPLATE


@pytest.fixture
def database_url(database_server: PrivateDatabase, migrated_template: str) -> Iterator[str]:
    """A migrated, empty database for this test alone, dropped after it."""
    with _database(database_server, migrated_template) as url:
        yield url


@pytest.fixture
def other_database_url(database_server: PrivateDatabase, migrated_template: str) -> Iterator[str]:
    """A second one: another installation's."""
    with _database(database_server, migrated_template) as url:
        yield url


@contextlib.contextmanager
def _database(server: PrivateDatabase, template: str) -> Iterator[str]:
    name = f"test_{uuid.uuid4().hex[:12]}"
    _administer(server, f"CREATE DATABASE {name} TEMPLATE {template} {COPIED}")
    yield _url_of(server, name)
    _administer(server, f"DROP DATABASE {name} WITH (FORCE)")


def _url_of(server: PrivateDatabase, database: str) -> str:
    return f"{server.url.rsplit('/', 1)[0]}/{database}"


def _administer(server: PrivateDatabase, statement: str) -> None:
    with psycopg.connect(_url_of(server, "postgres"), autocommit=True) as connection:
        connection.execute(statement)
