"""Municipalities in PostgreSQL: which units are theirs, and what they call things."""

from collections.abc import Mapping

import msgspec
import psycopg
from psycopg import Connection
from psycopg.rows import TupleRow

from gateway.adapters.postgres.pool import CONNECT_SECONDS, unavailable
from homecare.errors import Conflict
from homecare.identity import UnitId


class Municipality(msgspec.Struct, frozen=True):
    """A municipality with its units (id to label) and its own words (term to Swedish and English)."""

    id: str
    label: str
    units: Mapping[UnitId, str]
    words: Mapping[str, tuple[str, str]]


def enrol_municipality(where: str | Connection[TupleRow], municipality: Municipality) -> None:
    """Write it whole: new units are made, its words are exactly these afterwards; again changes nothing."""
    try:
        if isinstance(where, str):
            with psycopg.connect(where, connect_timeout=CONNECT_SECONDS) as connection:
                _write(connection, municipality)
        else:
            _write(where, municipality)
    except psycopg.errors.IntegrityError as error:
        raise Conflict("enrol municipality", "unit or word", "an id or a word is not as the schema wants it") from error
    except psycopg.OperationalError as error:
        raise unavailable("enrol municipality", error) from error


def _write(connection: Connection[TupleRow], one: Municipality) -> None:
    with connection.transaction(), connection.cursor() as cursor:
        cursor.execute("UPDATE registry_change SET number = number + 1")
        cursor.execute(
            "INSERT INTO municipality VALUES (%s, %s) ON CONFLICT (id) DO UPDATE SET label = excluded.label",
            (one.id, one.label),
        )
        cursor.executemany(
            "INSERT INTO unit (id, label, municipality) VALUES (%s, %s, %s) "
            "ON CONFLICT (id) DO UPDATE SET municipality = excluded.municipality, label = excluded.label",
            [(unit, label, one.id) for unit, label in one.units.items()],
        )
        cursor.execute("DELETE FROM setting_word WHERE municipality = %s", (one.id,))
        cursor.executemany(
            "INSERT INTO setting_word VALUES (%s, %s, %s, %s)",
            [(one.id, term, sv, en) for term, (sv, en) in one.words.items()],
        )
