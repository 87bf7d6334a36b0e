"""One batch is made while the one before it is written: what that must not change."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

import pytest

from gateway.adapters.postgres.bulk_store import PostgresStore
from gateway.embedded import PrivateBroker
from gateway.intake import lane as lane_module
from gateway.ports.record import Alarm, Batch, Culprit
from homecare.clock import SystemClock
from homecare.event import ContactChanged
from tests.asking import rows
from tests.gateway.enrolled import household
from tests.gateway.lanes import Edge, enrol_houses, new_lane, running, value
from tests.waiting import until

pytestmark = pytest.mark.asyncio
NOW = SystemClock().now().wall
OPEN = ContactChanged(open=True)
FACTS = "SELECT seq FROM fact ORDER BY seq"


class Slow:
    """A store that can wait: before the lane reads on, and with its next batch of facts, which it may refuse."""

    def __init__(self, store: PostgresStore) -> None:
        self._store = store
        self.reads_on, self.writes_on = asyncio.Event(), asyncio.Event()
        self.reads_on.set()
        self.writes_on.set()
        self.refuses = self.rests = False

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    async def inbox(self, limit: int) -> list[Alarm]:
        self.rests = not self.reads_on.is_set()
        await self.reads_on.wait()
        return await self._store.inbox(limit)

    async def commit(self, batch: Batch) -> None:
        if batch.runs:
            await self.writes_on.wait()
            if self.refuses:
                self.refuses = False
                raise Culprit("write a batch", "batch (test)", "refused once")
        await self._store.commit(batch)


@contextlib.asynccontextmanager
async def _two_under_way(edge: Edge, database_url: str, broker: PrivateBroker) -> AsyncIterator[Any]:
    """A lane that knows fact 1, writes one batch and has prepared the next behind it; its store waits to go on."""
    lane = new_lane(database_url, broker.url, wrap=Slow)
    store: Any = lane._parts.store
    async with running(lane):
        edge.say("record", edge.house.facts(1, [OPEN], at=NOW))
        await edge.receipted("record", 1)
        store.reads_on.clear()
        await until(lambda: store.rests)
        for seq in (2, 3, 4):
            edge.say("record", edge.house.facts(seq, [OPEN], at=NOW))
        await until(lambda: lane._parts.bulk.waiting == 3)
        store.writes_on.clear()
        store.reads_on.set()
        await until(lambda: lane._parts.batching._unwritten == 2)
        assert [one.durable for _, _, one in edge.receipts] == [1]
        assert rows(database_url, FACTS) == [(1,)]
        yield store


@pytest.fixture(autouse=True)
def one_frame_a_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lane_module, "FRAMES_A_BATCH", 1)


@pytest.mark.parametrize("refuses", [False, True])
async def test_facts_behind_a_batch_that_waits_or_is_refused_come_once_and_in_order(
    database_url: str, broker: PrivateBroker, *, refuses: bool
) -> None:
    house = household(1)
    enrol_houses(database_url, house)
    async with (
        Edge(house, broker.url) as edge,
        _two_under_way(edge, database_url, broker) as store,
    ):
        store.refuses = refuses
        store.writes_on.set()
        await edge.receipted("record", 4)
    assert rows(database_url, "SELECT seq FROM fact ORDER BY applied") == [(1,), (2,), (3,), (4,)]
    assert value(database_url, "SELECT durable FROM cursor WHERE stream = 'record'") == 4


async def test_a_lane_that_ends_saves_no_state_that_is_ahead_of_the_record(
    database_url: str, broker: PrivateBroker
) -> None:
    house = household(1)
    enrol_houses(database_url, house)
    async with Edge(house, broker.url) as edge:
        async with _two_under_way(edge, database_url, broker):
            known = "SELECT coalesce(max(applied), 0) FROM home_state"
            before = value(database_url, known)
        assert (value(database_url, "SELECT count(*) FROM fact"), value(database_url, known)) == (1, before)
        async with running(new_lane(database_url, broker.url)):
            await edge.deliver("record", house.facts(1, [OPEN] * 4, at=NOW), 4)
    assert rows(database_url, FACTS) == [(seq,) for seq in range(1, 5)]
