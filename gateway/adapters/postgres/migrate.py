"""The schema: plain SQL files in `migrations/`, applied once each in the order of their numbers."""

import logging
from pathlib import Path
from typing import Any, Final

import psycopg
from psycopg.conninfo import conninfo_to_dict

from gateway.adapters.postgres.pool import CONNECT_SECONDS, unavailable
from homecare.errors import Malformed

log = logging.getLogger(__name__)

MIGRATIONS: Final = Path(__file__).parent / "migrations"
LOCK: Final = 0x76616B61_736368
"""The advisory lock of whoever changes the schema; any number that nobody else uses."""
_EXTENSION: Final = """
DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_available_extensions WHERE name = 'timescaledb')
       AND current_setting('shared_preload_libraries') LIKE '%timescaledb%' THEN
        CREATE EXTENSION IF NOT EXISTS timescaledb;
    END IF;
EXCEPTION WHEN insufficient_privilege THEN
    RAISE NOTICE 'timescaledb is there but this role may not create it; tables stay plain';
END
$$
"""


_BUILT_IN: Final = "SELECT oid < 16384 FROM pg_extension WHERE extname = 'timescaledb'"
"""PostgreSQL's own objects have numbers below that, and `pg_dump` leaves them out."""
_MARKS: Final = "SELECT to_regclass('_yoyo_migration') IS NOT NULL"
_APPLIED: Final = "SELECT migration_id FROM _yoyo_migration"


def migrate(url: str) -> None:
    """Bring the database at `url` to this version's schema; does nothing where it is there already.

    That is looked up first and without the tool, which costs a tenth of a second at every start. Two processes may
    call it at once: the second waits, for a lock that ends with the first one's session. (The tool's own lock is a
    row: a process killed while it held that row would keep every later one from starting.)
    `Unavailable` where the database does not answer, `Malformed` where `url` cannot be read. A database whose dump
    would be incomplete is named in the log.
    """
    try:
        conninfo_to_dict(url)
    except psycopg.ProgrammingError:
        hint = "postgresql://user:password@host:port/name"
        raise Malformed("migrate", "VAKA_DATABASE_URL", hint) from None  # the cause would repeat the password
    try:
        with psycopg.connect(url, autocommit=True, connect_timeout=CONNECT_SECONDS) as connection:
            if _stands(connection):
                return _warn_of_dumps(connection)
            connection.execute("SELECT pg_advisory_lock(%s)", (LOCK,))
            if not _stands(connection):
                connection.execute(_EXTENSION)
                _apply(url)
    except psycopg.OperationalError as error:
        raise unavailable("migrate", error) from error


def _stands(connection: psycopg.Connection[Any]) -> bool:
    """Whether every file was applied; each is marked in the transaction that applies it."""
    ((marked,),) = connection.execute(_MARKS).fetchall()
    if not marked:
        return False
    applied = {name for (name,) in connection.execute(_APPLIED).fetchall()}
    return applied.issuperset(path.stem for path in MIGRATIONS.glob("*.sql"))


def _warn_of_dumps(connection: psycopg.Connection[Any]) -> None:
    """An older version made the private database's extension while the cluster was made, and nothing mends that."""
    if connection.execute(_BUILT_IN).fetchall() == [(True,)]:
        log.warning(
            "a dump of this database lacks TimescaleDB's catalogue (an older version made it): "
            "back it up by copying its folder while it is stopped"
        )


def _apply(url: str) -> None:
    from yoyo import get_backend, read_migrations  # noqa: PLC0415 why: 3 MiB that no ordinary start needs

    with get_backend(_yoyo_url(url)) as backend:
        backend.apply_migrations(backend.to_apply(read_migrations(str(MIGRATIONS))))


def _yoyo_url(url: str) -> str:
    scheme, rest = url.split("://", 1)
    if scheme not in {"postgresql", "postgres"}:
        raise ValueError("VAKA_DATABASE_URL begins with postgresql://")
    return f"postgresql+psycopg://{rest}"
