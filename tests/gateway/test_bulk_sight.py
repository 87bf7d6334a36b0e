"""What the bulk lane counts as time in which it heard no heartbeats, and what not."""

import json
from typing import Any

import pytest

from gateway.adapters import backlog
from gateway.adapters.postgres.bulk_store import PostgresStore
from gateway.embedded import PrivateBroker
from gateway.intake import lane as lane_module
from gateway.ports.record import Batch
from homecare.clock import SystemClock
from homecare.event import ContactChanged
from tests.asking import rows
from tests.gateway.enrolled import household
from tests.gateway.lanes import Edge, enrol_houses, new_lane, running
from tests.waiting import until

pytestmark = pytest.mark.asyncio
NOW = SystemClock().now().wall
FRAMES = 60


class Watching:
    """A store that notes with each batch whether one of the broker's connections stands still."""

    def __init__(self, store: PostgresStore) -> None:
        self._store = store
        self.lane: Any = None
        self.paused = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    async def commit(self, batch: Batch) -> None:
        self.paused += self.lane is not None and self.lane._parts.bulk.paused
        await self._store.commit(batch)


def _times_blind(database_url: str) -> int:
    said = [one for (body,) in rows(database_url, "SELECT body FROM stimulus") for one in json.loads(body)]
    return sum(stimulus["type"] == "blind" for _, _, stimulus in said)


async def test_facts_that_pile_up_make_the_gateway_blind_for_no_heartbeat(
    database_url: str, broker: PrivateBroker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Heartbeats have a connection of their own: an edge that dies during a long drain is found all the same."""
    monkeypatch.setattr(backlog, "WAITING_MESSAGES", 4)
    monkeypatch.setattr(lane_module, "FRAMES_A_BATCH", 1)
    house = household(1)
    enrol_houses(database_url, house)
    lane = new_lane(database_url, broker.url, wrap=Watching)
    store: Any = lane._parts.store
    async with Edge(house, broker.url) as edge, running(lane):
        await until(lambda: _times_blind(database_url) == 1)
        store.lane = lane
        for seq in range(1, FRAMES + 1):
            edge.say("record", house.facts(seq, [ContactChanged(open=True)], at=NOW))
        await edge.receipted("record", FRAMES)
    assert store.paused > 0
    assert _times_blind(database_url) == 1
