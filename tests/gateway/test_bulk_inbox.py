"""Alarms of the other process reach the homes' states, and no silence is vouched for before they did."""

import psycopg
import pytest

from gateway.adapters.postgres.rows import from_wall
from gateway.embedded import PrivateBroker
from homecare.clock import SystemClock
from homecare.delivery import EpochHeld, Heartbeat, StreamHeld
from homecare.envelope import encode_envelope
from homecare.event import HelpCalled
from homecare.identity import epoch_text
from tests.gateway.enrolled import Household, household
from tests.gateway.lanes import Edge, enrol_houses, new_lane, running, value
from tests.waiting import until

pytestmark = pytest.mark.asyncio
REACHED = """SELECT count(*) FROM stimulus WHERE position('"reached"'::bytea IN body) > 0"""
HAPPENED = """SELECT count(*) FROM stimulus WHERE position('"help_called"'::bytea IN body) > 0"""
BEATS = """SELECT count(*) FROM stimulus WHERE position('"edge_heard"'::bytea IN body) > 0"""


def commit_alarm(database_url: str, house: Household) -> None:
    """What the alarm process commits for one press, as far as this lane reads it."""
    now = from_wall(SystemClock().now().wall)
    body = encode_envelope(house.envelope(HelpCalled(), position=1, at=SystemClock().now().wall))
    with psycopg.connect(database_url) as connection:
        connection.execute("INSERT INTO cursor VALUES (%s, %s, 'alarm', 1)", (house.edge, house.epoch))
        connection.execute(
            "INSERT INTO inbox (shard, home, edge, epoch, stream, seq, body, recorded_at) "
            "VALUES (%s, %s, %s, %s, 'alarm', 1, %s, %s)",
            (house.shard, house.home, house.edge, house.epoch, body, now),
        )


def heartbeat(house: Household) -> Heartbeat:
    """One press was assigned; everything else is quiet."""
    nothing, press = StreamHeld(0, 0, 0), StreamHeld(1, 0, 1)
    wall = SystemClock().now().wall
    held = EpochHeld(epoch_text(house.epoch), press, nothing, nothing)
    return Heartbeat(wall, 1000, wall - house.began, wall, (held,), 1)


async def test_the_watermark_waits_for_the_other_process(database_url: str, broker: PrivateBroker) -> None:
    house = household(1)
    enrol_houses(database_url, house)
    async with running(new_lane(database_url, broker.url)), Edge(house, broker.url) as edge:
        edge.say("heartbeat", house.heartbeat(heartbeat(house), beat=1))
        await until(lambda: value(database_url, BEATS) == 1)
        edge.say("heartbeat", house.heartbeat(heartbeat(house), beat=2))
        await until(lambda: value(database_url, BEATS) == 2)
        assert value(database_url, REACHED) == 0, "the press is still on its way"
        commit_alarm(database_url, house)
        await until(lambda: value(database_url, REACHED) > 0)
        assert value(database_url, HAPPENED) == 1, "judged before the silence was vouched for"
    assert value(database_url, "SELECT count(*) FROM inbox WHERE consumed_at IS NULL") == 0
    assert value(database_url, "SELECT count(*) FROM alert") == 0, "this lane opens no alarm"


async def test_a_repeated_heartbeat_is_no_sign_of_life(database_url: str, broker: PrivateBroker) -> None:
    house = household(2)
    enrol_houses(database_url, house)
    async with running(new_lane(database_url, broker.url)) as lane, Edge(house, broker.url) as edge:
        frame = house.heartbeat(heartbeat(house), beat=5)
        for _ in range(3):
            edge.say("heartbeat", frame)
        edge.say("heartbeat", house.heartbeat(heartbeat(house), beat=4))
        await until(lambda: lane._parts.metrics.counted("heartbeats_stale") == 3)
        assert lane._parts.metrics.counted("heartbeats") == 1
