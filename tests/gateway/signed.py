"""People and their browsers' sessions for tests: two units with one of everything, and clients that are signed in."""

import asyncio
from collections.abc import Sequence

import httpx
import msgspec
import psycopg

from gateway.adapters.postgres.connections import Connections
from gateway.adapters.postgres.people import PostgresPeople, enrol_people
from gateway.model.authorisation import Role
from gateway.people.sessions import Sessions
from gateway.ports.people import How, Person
from gateway.web.session import COOKIE
from homecare.clock import SystemClock
from homecare.identity import UnitId
from tests.gateway import looked
from tests.gateway.enrolled import Household
from tests.waiting import SECONDS

FIRST, SECOND = UnitId("unit-0001"), UnitId("unit-0002")
OPEN = {
    "/api/v1/session/demo",
    "/api/v1/session/passkey",
    "/api/v1/session/passkey/options",
    "/api/v1/session/invitation",
    "/api/v1/session/invitation/options",
    "/api/v1/session/ways",
    "/api/v1/authority",
    "/api/v1/enrolment",
}
"""What somebody calls who is not signed in yet."""


def person(role: Role, unit: UnitId = FIRST, *, number: int = 1) -> Person:
    """Somebody with this role in the unit: always the same ids and names."""
    name = f"{role.value.title()} {unit[-1]}{number}"
    return Person(
        id=f"person-{role.value[:5]}-{unit[-4:]}-{number:02}",
        unit=unit,
        name=f"{name} Påhittad",
        display=name,
        roles={unit: frozenset({role})},
    )


def everybody(*units: UnitId) -> tuple[Person, ...]:
    """One of each role in each unit."""
    return tuple(person(role, unit) for unit in units or (FIRST, SECOND) for role in Role)


def in_unit(house: Household, unit: UnitId, label: str) -> Household:
    """The household in another unit."""
    home = msgspec.structs.replace(house.registration.home, unit=unit)
    registration = msgspec.structs.replace(house.registration, unit=unit, unit_label=label, home=home)
    return msgspec.structs.replace(house, registration=registration)


def enrol_everybody(url: str, people: Sequence[Person] | None = None) -> None:
    """Write the people, and their units where there are none yet."""
    found = everybody() if people is None else people
    with psycopg.connect(url) as connection:
        for unit in {one.unit for one in found}:
            connection.execute("INSERT INTO unit VALUES (%s, %s) ON CONFLICT DO NOTHING", (unit, f"Unit {unit}"))
    enrol_people(url, found)


def secret_of(url: str, person: Person, how: How = How.DEMONSTRATION) -> str:
    """A fresh session's secret, opened as the gateway itself opens one."""

    async def opened() -> str:
        connections = Connections(url, name="test-session", size=1, lock_ms=1_000)
        try:
            return await Sessions(PostgresPeople(connections), SystemClock()).open(person, how)
        finally:
            await connections.close()

    return asyncio.run(opened())


def client_of(base_url: str, secret: str) -> httpx.Client:
    """What the person's browser sends with every call to our own pages' address."""
    apart = httpx.Limits(max_keepalive_connections=0)
    return httpx.Client(
        base_url=base_url, cookies={COOKIE: secret}, headers={"Origin": base_url}, timeout=SECONDS, limits=apart
    )


def sign_in(base_url: str, database_url: str, person: Person) -> httpx.Client:
    """A client with a session of its own."""
    client = client_of(base_url, secret_of(database_url, person))
    client.event_hooks = looked.hooks(database_url)
    return client
