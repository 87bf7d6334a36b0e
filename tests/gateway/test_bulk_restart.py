"""Kill -9 of the real process: states come back from what was saved and what came later, verdicts are not doubled."""

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest

from gateway.adapters.postgres import bulk_load
from gateway.adapters.postgres.bulk_store import PostgresStore
from gateway.embedded import PrivateBroker
from gateway.ports.record import Later, SavedState
from homecare.clock import MINUTE, SystemClock
from homecare.delivery import EpochHeld, Heartbeat, StreamHeld
from homecare.event import (
    ContactChanged,
    CoverageChanged,
    CoverageReason,
    EpochOpened,
    MotionChanged,
    TransportChanged,
    TransportState,
)
from homecare.identity import epoch_text
from rules import engine
from rules.home_settings import settings_of
from rules.home_state import HomeState
from tests.asking import rows
from tests.gateway.enrolled import GATEWAY_PRIVATE, Household, household
from tests.gateway.lanes import SHARDS_ALL, Edge, enrol_houses, value
from tests.waiting import SECONDS, until

pytestmark = pytest.mark.asyncio
NOW = SystemClock().now().wall
REACHED = """SELECT count(*) FROM stimulus WHERE position('"reached"'::bytea IN body) > 0"""
BEGAN = household(1).began


@contextlib.asynccontextmanager
async def process(database_url: str, broker_url: str, data: Path) -> AsyncIterator[asyncio.subprocess.Process]:
    """`vaka-gateway bulk` as its own process, killed with SIGKILL at the end."""
    data.mkdir(exist_ok=True)  # noqa: ASYNC240 why: a folder on this disk, once
    (data / "gateway.key").write_text(GATEWAY_PRIVATE.hex())
    variables = {"VAKA_DATABASE_URL": database_url, "VAKA_BROKER_URL": broker_url, "VAKA_DATA": str(data)}
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "gateway", "bulk", env={**os.environ, **variables}, stderr=None
    )
    try:
        yield child
    finally:
        with contextlib.suppress(ProcessLookupError):
            child.kill()
        await child.wait()


def heartbeat(house: Household, record: int) -> Heartbeat:
    nothing = StreamHeld(0, 0, 0)
    wall = SystemClock().now().wall
    held = EpochHeld(epoch_text(house.epoch), nothing, nothing, StreamHeld(1, 0, record))
    return Heartbeat(wall, 1000, wall - BEGAN, wall, (held,), 1)


async def test_after_a_kill_states_are_what_one_run_over_the_stored_order_gives(
    database_url: str, broker: PrivateBroker, tmp_path: Path
) -> None:
    house = household(1)
    enrol_houses(database_url, house)
    async with Edge(house, broker.url) as edge:
        seq = 1
        for turn in range(3):
            async with process(database_url, broker.url, tmp_path / "data"):
                for _ in range(4):
                    events = [
                        CoverageChanged(covered=True, since=NOW - MINUTE, reason=CoverageReason.HEARD),
                        MotionChanged(moving=bool(seq % 2)),
                        ContactChanged(open=bool(seq % 3)),
                    ]
                    await edge.deliver("record", house.facts(seq, events, at=NOW), seq + 2)
                    seq += 3
                    edge.say("heartbeat", house.heartbeat(heartbeat(house, seq - 1), beat=turn * 100 + seq))
        async with process(database_url, broker.url, tmp_path / "data") as child:
            count = value(database_url, "SELECT count(*) FROM stimulus")
            await until(lambda: value(database_url, "SELECT count(*) FROM stimulus") > count)
            child.send_signal(signal.SIGTERM)
            async with asyncio.timeout(SECONDS):
                await child.wait()
    assert value(database_url, "SELECT count(*) FROM event") == seq - 1
    store = PostgresStore(database_url, SHARDS_ALL)
    await store.begin()
    states: list[SavedState] = []
    later: list[Later] = []
    await store.states(states.append)
    await store.later(later.append)
    (saved,) = states
    again = [one for one in later if one.applied > saved.applied]
    assert again == [], "an orderly end leaves nothing to apply again"
    await store.close()
    assert saved.state == engine.encode(await replayed(database_url, house))


async def replayed(database_url: str, house: Household) -> HomeState:
    """One uninterrupted run over everything that was applied, in the stored order."""
    home = house.registration.home
    settings, _ = settings_of(
        home.id,
        home.time_zone,
        limits=home.settings,
        edges=[(house.edge, house.registration.valid_from)],
        devices=house.registration.devices,
    )
    store = PostgresStore(database_url, SHARDS_ALL)
    await store.begin()
    order: list[Later] = []
    async with store._transaction("read the whole order") as cursor:
        await cursor.execute("DELETE FROM shard_state")
        await bulk_load.later(cursor, SHARDS_ALL, order.append)
    await store.close()
    state = HomeState()
    for one in order:
        state, _ = engine.step(settings, state, one.stimulus)
    return state


async def test_verdicts_of_before_a_kill_are_not_put_into_force_again(
    database_url: str, broker: PrivateBroker, tmp_path: Path
) -> None:
    """The door stands open at night; whatever is applied again after a crash, the alert has one occurrence."""
    house = household(2)
    night = {"night_from": 0, "night_until": 1439, "door_open_after": 10}
    registration = house.registration
    home = msgspec.structs.replace(registration.home, settings=night)
    house = msgspec.structs.replace(house, registration=msgspec.structs.replace(registration, home=home))
    enrol_houses(database_url, house)
    at = SystemClock().now().wall - MINUTE
    envelopes = [
        house.envelope(EpochOpened(None, (), "test"), position=1, at=at),
        house.envelope(TransportChanged("ble", TransportState.WORKING), position=2, at=at),
        house.envelope(ContactChanged(open=True), position=3, at=at, device=house.door),
    ]
    async with Edge(house, broker.url) as edge:
        async with process(database_url, broker.url, tmp_path / "data"):
            await edge.deliver("record", house.frame(1, envelopes), 3)
            edge.say("heartbeat", house.heartbeat(heartbeat(house, 3), beat=1))
            await until(lambda: value(database_url, "SELECT count(*) FROM firing") == 1)
        rows_before = rows(database_url, "SELECT occurrences FROM alert")
        rows(database_url, "DELETE FROM home_state RETURNING home")
        rows(database_url, "DELETE FROM shard_state RETURNING shard")
        async with process(database_url, broker.url, tmp_path / "data"):
            still_open = house.envelope(ContactChanged(open=True), position=4, at=at + 1, device=house.door)
            await edge.deliver("record", house.frame(4, [still_open]), 4)
            before = value(database_url, REACHED)
            edge.say("heartbeat", house.heartbeat(heartbeat(house, 4), beat=2))
            await until(lambda: value(database_url, REACHED) > before)
    assert rows_before == [(1,)]
    assert rows(database_url, "SELECT occurrences, condition FROM alert") == [(1, "front_door_open_at_night")]
