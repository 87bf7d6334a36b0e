"""The schema: plain SQL files in `migrations/`, applied once each in the order of their numbers."""

from pathlib import Path
from typing import Final

import psycopg
from yoyo import get_backend, read_migrations

from gateway.adapters.postgres.pool import CONNECT_SECONDS, unavailable

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


def migrate(url: str) -> None:
    """Bring the database at `url` to this version's schema; does nothing where it is there already.

    Two processes may call it at once: the second waits, for a lock that ends with the first one's session. (The tool's
    own lock is a row: a process killed while it held that row would keep every later one from starting.)
    `Unavailable` where the database does not answer.
    """
    try:
        with psycopg.connect(url, autocommit=True, connect_timeout=CONNECT_SECONDS) as connection:
            connection.execute("SELECT pg_advisory_lock(%s)", (LOCK,))
            connection.execute(_EXTENSION)
            with get_backend(_yoyo_url(url)) as backend:
                backend.apply_migrations(backend.to_apply(read_migrations(str(MIGRATIONS))))
    except psycopg.OperationalError as error:
        raise unavailable("migrate", error) from error


def _yoyo_url(url: str) -> str:
    scheme, rest = url.split("://", 1)
    if scheme not in {"postgresql", "postgres"}:
        raise ValueError("VAKA_DATABASE_URL begins with postgresql://")
    return f"postgresql+psycopg://{rest}"
