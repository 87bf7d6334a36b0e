"""The network comes back, and thousands of edges say in one moment that they live: no alarm stands behind them."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

import pytest

from gateway.adapters.mqtt_stream import MqttStream
from gateway.adapters.postgres.alarm_intake import LOCK_MS, PostgresAlarms
from gateway.adapters.postgres.connections import Connections
from gateway.embedded import PrivateBroker
from gateway.intake.alarm_intake import BEATS_LIMIT, AlarmIntake
from gateway.intake.registry import Registry
from homecare.clock import SystemClock
from homecare.delivery import EpochHeld, Heartbeat, StreamHeld
from homecare.identity import epoch_text, new_id
from homecare.topic import all_up
from tests.gateway.enrolled import GATEWAY_PRIVATE, NOW, Household, household, snapshot_of
from tests.gateway.running import Speaker
from tests.waiting import end, until

pytestmark = pytest.mark.asyncio
HERD = 2_000
HOUSE = household(1)


def _alive(house: Household, number: int) -> bytes:
    none = StreamHeld(0, 0, 0)
    held = EpochHeld(epoch_text(house.epoch), none, none, none)
    said = Heartbeat(wall=NOW, uncertainty=0, elapsed=number, heard_through=NOW, epochs=(held,), undrained=0)
    return house.heartbeat(said, beat=number)


class Lane:
    """The alarm lane on its two connections."""

    def __init__(self, database_url: str, broker: PrivateBroker) -> None:
        self.registry = Registry(GATEWAY_PRIVATE)
        self.registry.replace(snapshot_of(HOUSE))
        self.connections = Connections(database_url, name="test-herd", size=5, lock_ms=LOCK_MS)
        self.alarms = MqttStream(broker.url, client_id=new_id("alarm"), filters=[(all_up("alarm"), 1)])
        self.beats = MqttStream(broker.url, client_id=new_id("beats"), filters=[(all_up("heartbeat"), 0)])
        self.intake = AlarmIntake(
            self.registry,
            self.alarms,
            beats=self.beats,
            store=PostgresAlarms(self.connections),
            clock=SystemClock(),
            told=lambda: None,
        )

    @contextlib.asynccontextmanager
    async def connected(self) -> AsyncIterator["Lane"]:
        await self.alarms.start()
        await self.beats.start()
        await until(lambda: self.alarms.connected and self.beats.connected)
        yield self
        await self.alarms.stop()
        await self.beats.stop()
        await self.connections.close()


async def test_a_press_passes_the_heartbeats_of_a_town_that_comes_back(
    database_url: str, broker: PrivateBroker
) -> None:
    """All wait already when the lane begins to read, the press behind them; other work has its turn meanwhile."""
    async with Lane(database_url, broker).connected() as lane, Speaker(HOUSE, broker.url) as edge:
        for number in range(1, HERD + 1):
            edge.say("heartbeat", _alive(HOUSE, number), qos=0)
            if number % 100 == 0:
                await asyncio.sleep(0)
        await until(lambda: lane.beats.waiting == HERD)
        edge.press(1)
        await until(lambda: lane.alarms.waiting == 1)
        turns, behind = 0, 0
        taking = asyncio.create_task(lane.intake.run())
        while lane.beats.waiting:
            turns += 1
            behind = behind or (lane.intake.counts.frames and lane.beats.waiting)
            await asyncio.sleep(0)
        await end(taking)
    assert behind > HERD * 0.9, "the press is in hand long before the last heartbeat"
    assert turns >= HERD // BEATS_LIMIT
