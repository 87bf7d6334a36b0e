"""People, roles, sessions and municipal words in PostgreSQL."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import psycopg
from psycopg import AsyncCursor, Connection
from psycopg.rows import TupleRow

from gateway.adapters.postgres.connections import Connections
from gateway.adapters.postgres.pool import CONNECT_SECONDS, unavailable
from gateway.adapters.postgres.rows import from_wall, wall
from gateway.model.authorisation import Role, Units
from gateway.ports.people import How, Person, SignedIn, WebSession
from homecare.errors import Conflict
from homecare.identity import UnitId

_ROLES: Final = "(SELECT array_agg(r.unit || ' ' || r.role) FROM person_role AS r WHERE r.person = p.id)"
_PERSON: Final = f"p.id, p.unit, p.name, p.display, {_ROLES}"
_SIGNED: Final = f"""
SELECT {_PERSON}, s.id, s.how, s.created_at, s.last_seen, s.verified_at
FROM web_session AS s JOIN person AS p ON p.id = s.person
WHERE s.digest = %s AND s.ended_at IS NULL AND p.revoked_at IS NULL
"""
_PEOPLE: Final = f"""
SELECT {_PERSON} FROM person AS p
WHERE p.revoked_at IS NULL AND (%(units)s::text[] IS NULL OR p.unit = ANY(%(units)s)) ORDER BY p.unit, p.display
"""


class PostgresPeople:
    """`PeopleStore` on PostgreSQL."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    async def person(self, id_: str) -> Person | None:
        """One person."""
        async with self._connections.work("read person") as cursor:
            await cursor.execute(f"SELECT {_PERSON} FROM person AS p WHERE p.id = %s AND p.revoked_at IS NULL", (id_,))
            row = await cursor.fetchone()
        return None if row is None else read_person(row)

    async def people(self, units: Units) -> tuple[Person, ...]:
        """Everybody of the units."""
        async with self._connections.work("read people") as cursor:
            await cursor.execute(_PEOPLE, {"units": unit_list(units)})
            return tuple(read_person(row) for row in await cursor.fetchall())

    async def open_session(self, session: WebSession, digest: bytes) -> None:
        """One row."""
        async with self._connections.work("open session") as cursor:
            await insert_session(cursor, session, digest)

    async def signed_in(self, digest: bytes) -> SignedIn | None:
        """The session with its person as of now."""
        async with self._connections.work("read session") as cursor:
            await cursor.execute(_SIGNED, (digest,))
            row = await cursor.fetchone()
        if row is None:
            return None
        person = read_person(row)
        id_, how, *times = row[5:]
        created_at, last_seen, verified_at = map(wall, times)
        session = WebSession(
            id=id_,
            person=person.id,
            how=How(how),
            created_at=created_at,
            last_seen=last_seen,
            verified_at=verified_at,
        )
        return SignedIn(session=session, person=person)

    async def seen(self, session: str, at: int) -> None:
        """The newest use."""
        async with self._connections.work("use session") as cursor:
            await cursor.execute("UPDATE web_session SET last_seen = %s WHERE id = %s", (from_wall(at), session))

    async def end_session(self, session: str, at: int) -> None:
        """Over."""
        async with self._connections.work("end session") as cursor:
            await cursor.execute(
                "UPDATE web_session SET ended_at = %s WHERE id = %s AND ended_at IS NULL", (from_wall(at), session)
            )

    async def revoke(self, person: str, at: int) -> tuple[str, ...]:
        """The row of the person stays: logs name it."""
        async with self._connections.work("revoke person") as cursor:
            named = {"person": person, "at": from_wall(at)}
            await cursor.execute("UPDATE person SET revoked_at = %(at)s WHERE id = %(person)s", named)
            await cursor.execute("DELETE FROM passkey WHERE person = %(person)s", named)
            await cursor.execute("DELETE FROM invitation WHERE person = %(person)s AND used_at IS NULL", named)
            ended = "UPDATE web_session SET ended_at = %(at)s WHERE person = %(person)s AND ended_at IS NULL"
            await cursor.execute(f"{ended} RETURNING id", named)
            return tuple(row[0] for row in await cursor.fetchall())

    async def words(self, unit: UnitId | None) -> Mapping[str, tuple[str, str]]:
        """The words of the unit's municipality."""
        async with self._connections.work("read words") as cursor:
            await cursor.execute(
                "SELECT w.term, w.sv, w.en FROM setting_word AS w JOIN unit AS u USING (municipality) WHERE u.id = %s",
                (unit,),
            )
            return {term: (sv, en) for term, sv, en in await cursor.fetchall()}


async def insert_session(cursor: AsyncCursor[Any], session: WebSession, digest: bytes) -> None:
    """A new session inside the caller's transaction."""
    times = (from_wall(at) for at in (session.created_at, session.last_seen, session.verified_at))
    await cursor.execute(
        "INSERT INTO web_session (id, digest, person, how, created_at, last_seen, verified_at) "
        "VALUES (%s, %s, %s, %s, %s, %s, %s)",
        (session.id, digest, session.person, session.how, *times),
    )


def read_person(row: Sequence[Any]) -> Person:
    """The person of a row that starts with the person's columns and the roles."""
    roles: defaultdict[UnitId, set[Role]] = defaultdict(set)
    for held in row[4] or ():
        unit, _, role = held.partition(" ")
        roles[UnitId(unit)].add(Role(role))
    held_in = {unit: frozenset(held) for unit, held in roles.items()}
    return Person(id=row[0], unit=UnitId(row[1]), name=row[2], display=row[3], roles=held_in)


def unit_list(units: Units) -> list[str] | None:
    """Units as a parameter."""
    return None if units is None else sorted(units)


def enrol_people(where: str | Connection[TupleRow], people: Iterable[Person]) -> None:
    """Write people and their roles, whole or not at all; units must be there. Saying the same again changes nothing.

    `Conflict` where a unit is missing or a display name is somebody else's.
    """
    try:
        if isinstance(where, str):
            with psycopg.connect(where, connect_timeout=CONNECT_SECONDS) as connection:
                _write_people(connection, tuple(people))
        else:
            _write_people(where, tuple(people))
    except psycopg.errors.IntegrityError as error:
        raise Conflict("enrol people", "unit or display name", "a unit is missing or a name is taken") from error
    except psycopg.OperationalError as error:
        raise unavailable("enrol people", error) from error


def _write_people(connection: Connection[TupleRow], people: tuple[Person, ...]) -> None:
    roles = [(one.id, unit, role.value) for one in people for unit, held in one.roles.items() for role in held]
    with connection.transaction(), connection.cursor() as cursor:
        cursor.execute("UPDATE registry_change SET number = number + 1")
        cursor.executemany(
            "INSERT INTO person (id, unit, name, display) VALUES (%s, %s, %s, %s) ON CONFLICT (id) DO UPDATE SET "
            "name = excluded.name, display = excluded.display",
            [(one.id, one.unit, one.name, one.display) for one in people],
        )
        cursor.executemany("DELETE FROM person_role WHERE person = %s", [(one.id,) for one in people])
        cursor.executemany("INSERT INTO person_role VALUES (%s, %s, %s)", roles)
