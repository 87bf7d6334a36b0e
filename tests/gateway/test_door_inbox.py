"""What homes say of their doors reaches the doors' inbox with the fact itself: once, whole and in order."""

import psycopg
import pytest

from gateway.adapters.postgres.door_inbox import waiting
from gateway.embedded import PrivateBroker
from homecare.clock import SystemClock
from homecare.command import Action, Outcome, Reason
from homecare.event import (
    CommandEnded,
    CommandTaken,
    ContactChanged,
    LockCause,
    LockOperated,
    LockState,
    Observed,
    TagRead,
)
from tests.gateway.enrolled import household
from tests.gateway.lanes import Edge, enrol_houses, new_lane, running, value
from tests.waiting import SECONDS, until

pytestmark = pytest.mark.asyncio
NOW = SystemClock().now().wall
SAID = [
    CommandTaken("command-00000001", Action.UNLOCK, "person-00000001"),
    LockOperated(LockState.UNLOCKED, LockCause.COMMAND, "command-00000001"),
    CommandEnded("command-00000001", Outcome.FAILED, Reason.JAMMED, LockState.JAMMED),
    TagRead("tag-00000001"),
    LockOperated(LockState.LOCKED),
]


async def test_access_facts_wait_for_the_doors_watch_once_and_in_order(
    database_url: str, broker: PrivateBroker
) -> None:
    house = household(1)
    enrol_houses(database_url, house)
    async with (
        await psycopg.AsyncConnection.connect(database_url, autocommit=True) as listening,
        running(new_lane(database_url, broker.url)),
        Edge(house, broker.url) as edge,
    ):
        await listening.execute("LISTEN vaka_door")
        frame = house.facts(1, SAID, at=NOW)
        edge.say("access", frame)
        edge.say("record", house.facts(1, [ContactChanged(open=True), Observed("temperature", 21.5)], at=NOW))
        await edge.receipted("access", len(SAID))
        edge.receipts.clear()
        edge.say("access", frame)
        await edge.receipted("access", len(SAID))
        told = [one async for one in listening.notifies(timeout=SECONDS, stop_after=1)]
        assert [one.channel for one in told] == ["vaka_door"]
        async with listening.cursor() as cursor:
            facts = await waiting(cursor, 100)
            assert [one.event for one in await waiting(cursor, 2)] == SAID[:2]
    assert [one.event for one in facts] == SAID
    assert [one.id.seq for one in facts] == [1, 2, 3, 4, 5]
    assert {(one.home, one.at, one.device) for one in facts} == {(house.home, NOW, None)}
    await until(lambda: value(database_url, "SELECT count(*) FROM event WHERE stream = 'access'") == len(SAID))
    assert value(database_url, "SELECT count(DISTINCT recorded_at) FROM door_inbox") == 1
