"""The registry's tables: enrolment writes them, the processes load them whole (they are small and change rarely)."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final, TypeVar

import msgspec
import psycopg
from psycopg import AsyncConnection, Connection
from psycopg.rows import TupleRow
from psycopg.types.json import Jsonb

from gateway.adapters.postgres.pool import CONNECT_SECONDS, unavailable
from gateway.adapters.postgres.rows import from_wall, wall
from gateway.ports.registry import Binding, Edge, Home, HomeRegistration, Snapshot
from homecare.consent import MemberKind, Purpose
from homecare.errors import Conflict
from homecare.identity import EdgeId, HomeId, UnitId, derived_id, shard_of

Value = TypeVar("Value")
PORTION: Final = 1_000
"""Rows read at once: some 200 KiB."""
_INSTALLED: Final = """
    SELECT home, json_agg(
        json_build_array(edge, id, driver, address, capabilities, placement, reports_every) ORDER BY id
    )::text FROM device GROUP BY home
"""
"""A row a home, in the form of `gateway.installed`: the server packs them faster than forty thousand rows are read."""
_CHANGED: Final = "UPDATE registry_change SET number = number + 1"
_UNIT: Final = "INSERT INTO unit VALUES (%s, %s) ON CONFLICT DO NOTHING"
_HOME: Final = """
    INSERT INTO home VALUES (%s, %s, %s, %s, %s, %s, %s, %s) ON CONFLICT (id) DO UPDATE SET
        label = excluded.label, address = excluded.address, resident = excluded.resident,
        time_zone = excluded.time_zone, settings = excluded.settings
"""
# What must not change becomes NULL where it would, and the column's NOT NULL refuses that.
_EDGE: Final = """
    INSERT INTO edge VALUES (%s, %s, %s) ON CONFLICT (id) DO UPDATE SET
        public_key = CASE WHEN edge.public_key = excluded.public_key THEN excluded.public_key END
"""
_BINDING: Final = """
    INSERT INTO edge_home SELECT id, %(home)s, %(from)s FROM edge
    WHERE id = %(edge)s AND revoked_at IS NULL AND NOT EXISTS
        (SELECT FROM edge_home WHERE edge = %(edge)s AND home = %(home)s AND valid_until IS NULL)
"""
_DEVICE: Final = """
    INSERT INTO device VALUES (%s, %s, %s, %s, %s, %s, %s, %s) ON CONFLICT (id) DO UPDATE SET
        home = CASE WHEN device.home = excluded.home THEN excluded.home END, edge = excluded.edge,
        driver = excluded.driver, address = excluded.address, placement = excluded.placement,
        capabilities = excluded.capabilities, reports_every = excluded.reports_every
"""


_MEMBER: Final = "INSERT INTO household_member (id, home, kind) VALUES (%s, %s, %s) ON CONFLICT DO NOTHING"
_CONSENT: Final = """
    INSERT INTO consent (id, member, purpose, given_at, recorded_by) VALUES (%s, %s, %s, %s, 'registration')
    ON CONFLICT DO NOTHING
"""
_RESIDENTS: Final = (MemberKind.RESIDENT,)
"""Whose consent is missing where nobody is known to live."""
_LACKING: Final = """
    LEFT JOIN (
        SELECT m.home, array_remove(array_agg(DISTINCT CASE WHEN c.id IS NULL THEN m.kind END), NULL) AS kinds
        FROM household_member AS m
        LEFT JOIN consent AS c ON c.member = m.id AND c.purpose = 'sensors' AND c.withdrawn_at IS NULL
        WHERE m.left_at IS NULL GROUP BY m.home HAVING bool_or(m.kind = 'resident')
    ) AS lacking ON lacking.home = home.id
"""


IN_SERVICE: Final = """
    home.id IN (SELECT home FROM commissioning WHERE step = 'in_service')
    OR home.id NOT IN (SELECT home FROM claim_code)
    OR home.id IN (SELECT home FROM edge_home WHERE edge NOT IN (SELECT edge FROM claim_code WHERE edge IS NOT NULL))
"""
"""Whether `home` counts as in service: it was put there, or an edge came in otherwise than by a claim code, so that it
was commissioned elsewhere and a new edge does not shut its door."""


def enrol(where: str | Connection[TupleRow], registration: HomeRegistration) -> None:
    """Write one home with its edges and devices, whole or not at all.

    Saying the same again changes nothing; `Conflict` when an id is there with another content. An edge that was revoked
    stays out: its stay is over, and there is no way back. `where` is a database address or an open connection, in whose
    transaction it then happens.
    """
    enrol_all(where, (registration,))


def enrol_all(where: str | Connection[TupleRow], registrations: tuple[HomeRegistration, ...]) -> None:
    """Write many homes in one transaction; see `enrol`."""
    try:
        if isinstance(where, str):
            with psycopg.connect(where, connect_timeout=CONNECT_SECONDS) as connection:
                _write(connection, registrations)
        else:
            _write(where, registrations)
    except psycopg.errors.IntegrityError as error:
        raise Conflict("enrol", "home, edge or device", "an id is in use with another content") from error
    except psycopg.OperationalError as error:
        raise unavailable("enrol", error) from error


def _write(connection: Connection[TupleRow], registrations: tuple[HomeRegistration, ...]) -> None:
    with connection.transaction(), connection.cursor() as cursor:
        cursor.execute(_CHANGED)
        cursor.executemany(_UNIT, _units(registrations))
        cursor.executemany(_HOME, _homes(registrations))
        cursor.executemany(_EDGE, _edges(registrations))
        cursor.executemany(_BINDING, _bindings(registrations))
        cursor.executemany(_DEVICE, _devices(registrations))
        cursor.executemany(_MEMBER, _members(registrations))
        cursor.executemany(_CONSENT, _consents(registrations))


def _units(registrations: tuple[HomeRegistration, ...]) -> list[tuple[Any, ...]]:
    return [(each.unit, each.unit_label) for each in registrations]


def _homes(registrations: tuple[HomeRegistration, ...]) -> list[tuple[Any, ...]]:
    return [
        (
            home.id,
            each.unit,
            shard_of(home.id),
            home.label,
            home.address,
            home.resident,
            home.time_zone,
            Jsonb(dict(home.settings)),
        )
        for each in registrations
        for home in (each.home,)
    ]


def _edges(registrations: tuple[HomeRegistration, ...]) -> list[tuple[Any, ...]]:
    return [(edge.id, edge.public_key, from_wall(each.valid_from)) for each in registrations for edge in each.edges]


def _bindings(registrations: tuple[HomeRegistration, ...]) -> list[dict[str, Any]]:
    return [
        {"edge": edge.id, "home": each.home.id, "from": from_wall(each.valid_from)}
        for each in registrations
        for edge in each.edges
    ]


def _devices(registrations: tuple[HomeRegistration, ...]) -> list[tuple[Any, ...]]:
    return [
        (
            device.id,
            device.home,
            edge,
            device.driver,
            device.address,
            device.placement.value,
            [capability.value for capability in device.capabilities],
            device.reports_every,
        )
        for each in registrations
        for edge, device in each.devices
    ]


def _members(registrations: tuple[HomeRegistration, ...]) -> list[tuple[Any, ...]]:
    return [
        (_member(each.home.id, kind), each.home.id, kind.value) for each in registrations for kind in each.consented
    ]


def _consents(registrations: tuple[HomeRegistration, ...]) -> list[tuple[Any, ...]]:
    return [
        (id_, _member(each.home.id, kind), purpose.value, from_wall(each.valid_from))
        for each in registrations
        for kind in each.consented
        for id_, purpose in (
            (derived_id("consent", each.home.id, kind), Purpose.SENSORS),
            (derived_id("consent", each.home.id, kind, Purpose.DOOR_LOG), Purpose.DOOR_LOG),
        )
    ]


def _member(home: HomeId, kind: MemberKind) -> str:
    return derived_id("member", home, kind)


def known_edges(where: str) -> frozenset[EdgeId]:
    """Every edge that was ever enrolled, none before there is a schema; `Unavailable` where the database is away."""
    try:
        with psycopg.connect(where, connect_timeout=CONNECT_SECONDS) as connection:
            rows = connection.execute("SELECT id FROM edge").fetchall()
    except psycopg.errors.UndefinedTable:
        return frozenset()
    except psycopg.OperationalError as error:
        raise unavailable("read edges", error) from error
    return frozenset(EdgeId(id_) for (id_,) in rows)


def revoked_edges(where: str) -> frozenset[EdgeId]:
    """Every revoked edge; `Unavailable` where the database is away."""
    try:
        with psycopg.connect(where, connect_timeout=CONNECT_SECONDS) as connection:
            rows = connection.execute("SELECT id FROM edge WHERE revoked_at IS NOT NULL").fetchall()
    except psycopg.OperationalError as error:
        raise unavailable("read revoked edges", error) from error
    return frozenset(EdgeId(id_) for (id_,) in rows)


def unbind(where: str, edge: EdgeId, home: HomeId, at: int) -> None:
    """End an edge's stay in a home at `at` (wall microseconds)."""
    with psycopg.connect(where, connect_timeout=CONNECT_SECONDS) as connection:
        connection.execute(_CHANGED)
        connection.execute(
            "UPDATE edge_home SET valid_until = %s WHERE edge = %s AND home = %s AND valid_until IS NULL",
            (from_wall(at), edge, home),
        )


class PostgresRegistry:
    """The registry's tables over one connection in autocommit; a `RegistrySource`.

    `words` False leaves out what only screens show: labels, addresses, and names of residents and staff.
    """

    def __init__(self, connection: AsyncConnection[TupleRow], *, words: bool = True) -> None:
        self._connection = connection
        self._words = words

    async def change_number(self) -> int:
        """Rises with every change; `Unavailable` where the database is away."""
        rows = await self._all("SELECT number FROM registry_change")
        return int(rows[0][0])

    async def load(self) -> Snapshot:
        """The whole registry. The change number is read first: a change in between is only read once more."""
        number = await self.change_number()
        kept = _Kept()
        words = "label, address, resident" if self._words else "'', '', ''"
        known = f"id, unit, shard, {words}, time_zone, settings::text, lacking.kinds, ({IN_SERVICE})"
        homes = f"SELECT {known} FROM home {_LACKING}"
        edges = "SELECT id, public_key FROM edge"
        bindings = "SELECT edge, home, valid_from, valid_until FROM edge_home ORDER BY valid_from"
        return Snapshot(
            number=number,
            homes=await self._read(homes, kept.home),
            edges=await self._read(edges, kept.edge),
            bindings=await self._read(bindings, kept.binding),
            installed=dict(await self._read(_INSTALLED, kept.installed)),
            names=dict(await self._all("SELECT id, display FROM person")) if self._words else {},
        )

    async def _read(self, statement: str, read: Callable[[TupleRow], Value]) -> tuple[Value, ...]:
        """Every row as a value, a portion at a time: what is repeated in a portion is gone before the next."""
        found: list[Value] = []
        try:
            async with self._connection.transaction(), self._connection.cursor(name="registry") as cursor:
                await cursor.execute(statement)
                while rows := await cursor.fetchmany(PORTION):
                    found.extend(map(read, rows))
        except psycopg.OperationalError as error:
            raise unavailable("read the registry", error) from error
        return tuple(found)

    async def _all(self, statement: str) -> list[TupleRow]:
        try:
            return await (await self._connection.execute(statement)).fetchall()
        except psycopg.OperationalError as error:
            raise unavailable("read the registry", error) from error


class _Kept:
    """Values from rows; equal texts and settings are one object, for there are many of each."""

    def __init__(self) -> None:
        self._texts: dict[str, str] = {}
        self._settings: dict[str, Mapping[str, Any]] = {}

    def _text(self, text: str) -> str:
        return self._texts.setdefault(text, text)

    def home(self, row: TupleRow) -> Home:
        id_, unit, shard, label, address, resident, time_zone, settings, lacking, in_service = row
        return Home(
            id=HomeId(self._text(id_)),
            unit=UnitId(self._text(unit)),
            shard=shard,
            label=self._text(label),
            address=self._text(address),
            resident=resident,
            time_zone=self._text(time_zone),
            settings=self._settings_of(settings),
            lacks_consent=_RESIDENTS if lacking is None else tuple(kind for kind in MemberKind if kind in lacking),
            in_service=in_service,
        )

    def _settings_of(self, text: str) -> Mapping[str, Any]:
        """Parsed once for all homes that have the same; nobody can change what they share."""
        settings = self._settings.get(text)
        if settings is None:
            settings = self._settings[text] = MappingProxyType(msgspec.json.decode(text))
        return settings

    def edge(self, row: TupleRow) -> Edge:
        return Edge(id=EdgeId(self._text(row[0])), public_key=bytes(row[1]))

    def binding(self, row: TupleRow) -> Binding:
        edge, home, start, end = row
        return Binding(
            edge=EdgeId(self._text(edge)),
            home=HomeId(self._text(home)),
            valid_from=wall(start),
            valid_until=None if end is None else wall(end),
        )

    def installed(self, row: TupleRow) -> tuple[HomeId, bytes]:
        home, devices = row
        return HomeId(self._text(home)), devices.encode()
