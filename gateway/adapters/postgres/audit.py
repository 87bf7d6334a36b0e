"""The audit in PostgreSQL: appended to inside the transaction of the deed, read from the first entry to the last.

The chain is made by the table's trigger, which holds the chain's end until the commit: append last in a transaction.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import msgspec
import psycopg
from psycopg import AsyncCursor, IsolationLevel

from gateway.adapters.postgres.pool import CONNECT_SECONDS, unavailable
from gateway.adapters.postgres.rows import from_wall, wall
from gateway.model.audit import Entry, Head
from homecare.errors import Unavailable

PORTION: Final = 2_000
"""Entries read at once: below a megabyte."""

_APPEND: Final = """
INSERT INTO audit (at, person, action, subject, home, purpose, result, reason)
VALUES (%(at)s, %(person)s, %(action)s, %(subject)s, %(home)s, %(purpose)s, %(result)s, %(reason)s)
"""
_READ: Final = """
SELECT number, at, person, action, subject, home, purpose, result, reason, previous, digest FROM audit ORDER BY number
"""


class Deed(msgspec.Struct, frozen=True):
    """What an entry says; all but times and words of ours are opaque ids. `at` is wall microseconds."""

    at: int
    person: str
    action: str
    subject: str
    result: str
    home: str | None = None
    purpose: str | None = None
    reason: str | None = None


async def append(cursor: AsyncCursor[Any], deed: Deed) -> None:
    """Add an entry; it is there if and only if the caller's transaction commits."""
    await cursor.execute(_APPEND, {**msgspec.structs.asdict(deed), "at": from_wall(deed.at)})


@contextmanager
def reading(url: str) -> Iterator[tuple[Head, Iterator[Entry]]]:
    """Where the database says that the chain ends, and all entries in order, both of one moment.

    `Unavailable` where the database does not answer, or has no audit.
    """
    try:
        with psycopg.connect(url, connect_timeout=CONNECT_SECONDS, application_name="vaka-audit") as connection:
            connection.isolation_level = IsolationLevel.REPEATABLE_READ
            connection.read_only = True
            row = connection.execute("SELECT number, digest FROM audit_head").fetchone()
            head = Head() if row is None else Head(row[0], bytes(row[1]))
            with connection.cursor(name="audit") as cursor:
                cursor.itersize = PORTION
                cursor.execute(_READ)
                yield head, map(read_entry, cursor)
    except psycopg.errors.UndefinedTable as error:
        raise Unavailable(
            "read the audit", "there is none in this database", "name the gateway's own, or run vaka-gateway migrate"
        ) from error
    except psycopg.Error as error:
        raise unavailable("read the audit", error) from error


def read_entry(row: tuple[Any, ...]) -> Entry:
    """The entry of a row with the columns of `Entry` in their order."""
    named = dict(zip(Entry.__struct_fields__, row, strict=True))
    named |= {"at": wall(named["at"]), "previous": bytes(named["previous"]), "digest": bytes(named["digest"])}
    return Entry(**named)
