"""Enrolment and the registry in memory, on the real database."""

import msgspec
import psycopg
import pytest

from gateway.adapters.postgres.pool import connect
from gateway.adapters.postgres.registry import PostgresRegistry, enrol, unbind
from gateway.adapters.postgres.registry_source import ReconnectingRegistry
from gateway.intake.registry import Registry
from gateway.model.installed import pack, unpack
from gateway.ports.registry import Edge
from homecare.clock import DAY
from homecare.errors import Conflict
from homecare.identity import EdgeId, HomeId, shard_of
from homecare.seal import agree_at_edge, public_key
from tests.gateway.enrolled import ENROLLED_AT, GATEWAY_PRIVATE, household

pytestmark = pytest.mark.asyncio


async def loaded(url: str) -> Registry:
    registry = Registry(GATEWAY_PRIVATE)
    connection = await connect(url, name="test", autocommit=True)
    async with connection:
        assert await registry.refresh(PostgresRegistry(connection))
        assert not await registry.refresh(PostgresRegistry(connection)), "nothing changed"
    return registry


async def test_what_was_enrolled_is_found(database_url: str) -> None:
    house = household(1)
    enrol(database_url, house.registration)
    registry = await loaded(database_url)
    home = registry.homes[house.home]
    assert (home.shard, home.unit, home.time_zone) == (shard_of(house.home), "unit-0001", "Europe/Stockholm")
    entry = registry.edge(house.edge)
    assert entry is not None
    assert entry.keys == agree_at_edge(house.private, public_key(GATEWAY_PRIVATE))
    assert registry.edges_of(house.home) == (house.edge,)
    assert registry.homes_of(house.edge) == (house.home,)
    assert registry.devices_of(house.home) == tuple(device for _, device in house.registration.devices)
    assert registry.edge(EdgeId("edge-unknown")) is None


async def test_enrolling_again_changes_nothing_and_other_content_is_a_conflict(database_url: str) -> None:
    house = household(1)
    enrol(database_url, house.registration)
    enrol(database_url, house.registration)
    with psycopg.connect(database_url) as connection:
        assert connection.execute("SELECT count(*) FROM edge_home").fetchone() == (1,)
    stolen = Edge(id=house.edge, public_key=public_key(bytes(range(32))))
    with pytest.raises(Conflict):
        enrol(database_url, house.with_edges(stolen).registration)


async def test_a_moved_edge_stood_in_both_homes_at_their_times(database_url: str) -> None:
    first, second = household(1), household(2)
    enrol(database_url, first.registration)
    unbind(database_url, first.edge, first.home, ENROLLED_AT + DAY)
    moved = second.with_edges(first.registration.edges[0], valid_from=ENROLLED_AT + DAY)
    enrol(database_url, moved.registration)
    registry = await loaded(database_url)
    entry = registry.edge(first.edge)
    assert entry is not None
    assert entry.stood_in(first.home, ENROLLED_AT + DAY - 1)
    assert not entry.stood_in(first.home, ENROLLED_AT + DAY)
    assert entry.stood_in(second.home, ENROLLED_AT + DAY)
    assert not entry.stood_in(HomeId("home-other"), ENROLLED_AT + DAY)
    assert entry.shards == {shard_of(first.home), shard_of(second.home)}
    assert registry.homes_of(first.edge) == (second.home,)


async def test_homes_with_equal_settings_share_one_object_that_nobody_can_change(database_url: str) -> None:
    houses = [household(number) for number in (1, 2, 3)]
    for house in houses[:2]:
        home = msgspec.structs.replace(house.registration.home, settings={"door_open_after": 60})
        enrol(database_url, msgspec.structs.replace(house.registration, home=home))
    enrol(database_url, houses[2].registration)
    registry = await loaded(database_url)
    first, second, third = (registry.homes[house.home].settings for house in houses)
    assert first is second
    assert (first, third) == ({"door_open_after": 60}, {})
    with pytest.raises(TypeError):
        first["door_open_after"] = 61  # type: ignore[index]


async def test_devices_lie_packed_until_they_are_asked_for(database_url: str) -> None:
    """Forty thousand devices as objects are 12 MiB in each process, and most of a start."""
    house = household(1)
    enrol(database_url, house.registration)
    registry = await loaded(database_url)
    assert set(map(type, registry._installed.values())) == {bytes}
    first, second = registry.installed_in(house.home), registry.installed_in(house.home)
    assert first == second == house.registration.devices
    assert first[0][1].capabilities is second[0][1].capabilities
    assert unpack(house.home, pack(house.registration.devices)[house.home]) == house.registration.devices


async def test_the_bulk_process_never_learns_names_and_addresses(database_url: str) -> None:
    house = household(1)
    enrol(database_url, house.registration)
    source = ReconnectingRegistry(database_url)
    (home,) = (await source.load()).homes
    await source.close()
    assert (home.label, home.address, home.resident) == ("", "", "")
    assert (home.id, home.time_zone) == (house.home, "Europe/Stockholm")
