"""A registration in PostgreSQL: everything in one transaction, whole or not at all."""

from typing import Any, Final

import psycopg
from psycopg import Connection
from psycopg.rows import TupleRow

from gateway.adapters.postgres.case import stand_in
from gateway.adapters.postgres.municipality import Municipality, enrol_municipality
from gateway.adapters.postgres.people import enrol_people
from gateway.adapters.postgres.pool import CONNECT_SECONDS, unavailable
from gateway.adapters.postgres.registry import enrol_all
from gateway.adapters.postgres.tags import enrol_tag
from gateway.people.registration import Registration
from gateway.ports.people import Person
from gateway.ports.registry import Home, HomeRegistration
from gateway.ports.tags import TagRegistration
from homecare.errors import Conflict, Unknown
from homecare.identity import HomeId, UnitId, shard_of

_UNITS: Final = "SELECT id FROM unit WHERE id = ANY(%s)"
_ELSEWHERE: Final = """
SELECT t.id FROM {table} AS t JOIN unnest(%s::text[], %s::text[]) AS said (id, {column}) USING (id)
WHERE t.{column} <> said.{column} ORDER BY 1 LIMIT 1
"""
_MEMBER: Final = "INSERT INTO household_member (id, home, kind) VALUES (%s, %s, %s) ON CONFLICT DO NOTHING"


def register(url: str, registration: Registration, at: int) -> None:
    """Write it, `at` wall microseconds; saying the same again changes nothing.

    `Unknown` for a unit or home that is nowhere, `Conflict` for what is there with another content that never changes:
    the unit of a home or person, a member's home, a tag's uid.
    """
    try:
        with psycopg.connect(url, connect_timeout=CONNECT_SECONDS) as connection, connection.transaction():
            _write(connection, registration, at)
    except psycopg.errors.IntegrityError as error:
        raise Conflict(
            "register", "unit or member", "a backup is another unit; a member's home is in the file"
        ) from error
    except psycopg.OperationalError as error:
        raise unavailable("register", error) from error


def _write(connection: Connection[TupleRow], said: Registration, at: int) -> None:
    town = said.municipality
    units = {UnitId(unit.id): unit.label for unit in said.units}
    enrol_municipality(connection, Municipality(id=town.id, label=town.label, units=units, words=town.words))
    there = {unit for (unit,) in connection.execute(_UNITS, (sorted(said.units_named()),)).fetchall()}
    if missing := sorted(said.units_named() - there):
        raise Unknown("register", missing[0], "there is no such unit; name it under units")
    for unit in said.units:
        for backup in unit.backups:
            stand_in(connection, UnitId(unit.id), UnitId(backup))
    enrol_all(connection, _homes(said))
    members = [(member.id, home.id, member.kind.value) for home in said.homes for member in home.members]
    with connection.cursor() as cursor:
        cursor.executemany(_MEMBER, members)
    enrol_people(connection, _people(said))
    for tag in said.tags:
        enrol_tag(connection, TagRegistration(tag.id, bytes.fromhex(tag.uid), HomeId(tag.home), tag.place, at))
    _require_homes(connection, {tag.home for tag in said.tags})
    _require_same(connection, "home", "unit", [(one.id, one.unit) for one in said.homes])
    _require_same(connection, "person", "unit", [(one.id, one.unit) for one in said.people])
    _require_same(connection, "household_member", "home", [row[:2] for row in members])


def _homes(said: Registration) -> tuple[HomeRegistration, ...]:
    labels = {unit.id: unit.label for unit in said.units}
    return tuple(
        HomeRegistration(
            unit=UnitId(one.unit),
            unit_label=labels.get(one.unit, one.unit),
            edges=(),
            devices=(),
            valid_from=0,
            home=Home(
                id=HomeId(one.id),
                unit=UnitId(one.unit),
                shard=shard_of(one.id),
                label=one.label,
                address=one.address,
                resident=one.resident,
                time_zone=one.time_zone,
                settings=one.settings,
            ),
        )
        for one in said.homes
    )


def _people(said: Registration) -> tuple[Person, ...]:
    return tuple(
        Person(
            id=one.id,
            unit=UnitId(one.unit),
            name=one.name,
            display=one.display,
            roles={UnitId(unit): held for unit, held in one.roles.items()},
        )
        for one in said.people
    )


def _require_homes(connection: Connection[TupleRow], homes: set[str]) -> None:
    found = connection.execute("SELECT id FROM home WHERE id = ANY(%s)", (sorted(homes),)).fetchall()
    if missing := sorted(homes - {home for (home,) in found}):
        raise Unknown("register", missing[0], "there is no such home; name it under homes")


def _require_same(connection: Connection[TupleRow], table: str, column: str, said: list[tuple[Any, ...]]) -> None:
    """What was there before and is said otherwise was left as it was: say so instead of doing half."""
    ids, values = [row[0] for row in said], [row[1] for row in said]
    other = connection.execute(_ELSEWHERE.format(table=table, column=column), (ids, values)).fetchone()
    if other is not None:
        raise Conflict("register", str(other[0]), f"its {column} is another one and cannot be changed")
