"""Two bulk workers on the same shards judge as one does: same alerts, same history, and states that a replay gives."""

import contextlib
from functools import partial
from typing import Any

import msgspec
import pytest

from gateway.adapters.postgres import bulk_load
from gateway.adapters.postgres.bulk_store import PostgresStore
from gateway.adapters.postgres.rows import wall
from gateway.embedded import PrivateBroker
from gateway.ports.record import Later, SavedState
from homecare.clock import MINUTE, SystemClock
from homecare.delivery import EpochHeld, Heartbeat, StreamHeld
from homecare.event import AnyEvent, ContactChanged, EpochOpened, TagRead, TransportChanged, TransportState
from homecare.identity import epoch_text
from rules import engine
from rules.home_settings import settings_of
from rules.home_state import HomeState
from rules.verdict import Clear, Raise
from tests.asking import rows
from tests.gateway.enrolled import Household, household
from tests.gateway.lanes import SHARDS_ALL, Edge, enrol_houses, new_lane, running
from tests.waiting import until

pytestmark = pytest.mark.asyncio
BEGAN = SystemClock().now().wall - 60 * MINUTE
NIGHT = {"night_from": 0, "night_until": 1439, "door_open_after": 10}
TURNS = 4
"""Times that the door is opened and shut; each time the writer's session is ended before that is judged."""
LOG = "SELECT transition FROM alert_log WHERE home = %s ORDER BY version, recorded_at"
ALERTS = """SELECT condition, subject IS NULL, occurrences, active, standing, version, occurred_at, last_occurred_at
    FROM alert WHERE home = %s"""
END_THE_WRITER = "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND granted"


def night_house(number: int) -> Household:
    house = household(number)
    home = msgspec.structs.replace(house.registration.home, settings=NIGHT)
    return msgspec.structs.replace(house, registration=msgspec.structs.replace(house.registration, home=home))


class Story:
    """What one home's edge says, turn by turn; the same for every home."""

    def __init__(self, house: Household, edge: Edge) -> None:
        self.house = house
        self.edge = edge
        self.beat = 0
        self.position = 0

    async def begin(self) -> None:
        events: list[AnyEvent] = [EpochOpened(None, (), "test"), TransportChanged("ble", TransportState.WORKING)]
        envelopes = [self.house.envelope(event, position=place, at=BEGAN) for place, event in enumerate(events, 1)]
        await self.edge.deliver("record", self.house.frame(1, envelopes), 2)
        self.position = 2

    async def turn(self, number: int) -> None:
        """The door is opened, and shut two minutes later, and somebody lays a tag on the reader."""
        at = BEGAN + (1 + 5 * number) * MINUTE
        for moment, is_open in ((at, True), (at + 2 * MINUTE, False)):
            self.position += 1
            said = self.house.envelope(
                ContactChanged(open=is_open), position=self.position, at=moment, device=self.house.door
            )
            await self.edge.deliver("record", self.house.frame(self.position, [said]), self.position)
        tag = self.house.envelope(TagRead("tag-00000001"), position=number + 1, at=at)
        await self.edge.deliver("access", self.house.frame(number + 1, [tag]), number + 1)

    def vouch(self, number: int) -> None:
        """Up to the end of this turn everything is told."""
        self.beat += 1
        through = BEGAN + (5 + 5 * number) * MINUTE
        nothing, record = StreamHeld(0, 0, 0), StreamHeld(1, 0, self.position)
        access = StreamHeld(1, 0, number + 1)
        held = EpochHeld(epoch_text(self.house.epoch), nothing, access, record)
        now = SystemClock().now().wall
        said = Heartbeat(now, 1000, now - self.house.began, through, (held,), 1)
        self.edge.say("heartbeat", self.house.heartbeat(said, beat=self.beat))


async def tell(database_url: str, story: Story, *, between: Any = None) -> None:
    """The whole story; each turn is judged before the next one begins, and `between` comes before the judgement."""
    await story.begin()
    for number in range(TURNS):
        await story.turn(number)
        if between is not None:
            between()

        def judged(wanted: int) -> bool:
            story.vouch(wanted // 2 - 1)
            return len(rows(database_url, LOG, story.house.home)) >= wanted

        await until(partial(judged, 2 * number + 2))


def alerts(database_url: str, house: Household) -> list[tuple[Any, ...]]:
    """Alerts as they stand, their times told from the story's beginning."""
    return [(*row[:-2], *(wall(at) - BEGAN for at in row[-2:])) for row in rows(database_url, ALERTS, house.home)]


async def replayed(database_url: str, house: Household) -> tuple[bytes, bytes, list[str]]:
    """The state after one run over the stored order, the one that a writer would take up now, and what the run says."""
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
    saved: list[SavedState] = []
    await store.states(saved.append)
    order: list[Later] = []
    async with store._transaction("read the whole order") as cursor:
        await cursor.execute("DELETE FROM shard_state")
        await bulk_load.later(cursor, SHARDS_ALL, order.append)
    await store.close()
    state, said = HomeState(), []
    [kept] = [one for one in saved if one.home == home.id]
    taken_up = engine.decode(kept.state)
    for one in (one for one in order if one.home == home.id):
        state, verdicts = engine.step(settings, state, one.stimulus)
        said += ["cleared" if isinstance(verdict, Clear) else "raised" for verdict in verdicts if _door(verdict)]
        if one.applied > kept.applied:
            taken_up, _ = engine.step(settings, taken_up, one.stimulus)
    return engine.encode(state), engine.encode(taken_up), said


def _door(verdict: object) -> bool:
    return isinstance(verdict, Raise | Clear) and verdict.condition == "front_door_open_at_night"


async def test_two_workers_judge_what_one_would(database_url: str, broker: PrivateBroker) -> None:
    alone, both = night_house(41), night_house(42)
    enrol_houses(database_url, alone, both)
    async with running(new_lane(database_url, broker.url)), Edge(alone, broker.url) as edge:
        await tell(database_url, Story(alone, edge))
    async with contextlib.AsyncExitStack() as stack:
        for _ in range(2):
            lane = new_lane(database_url, broker.url, session="bulk-both-41")
            await stack.enter_async_context(running(lane, connected=False))
        edge = await stack.enter_async_context(Edge(both, broker.url))
        ended = partial(rows, database_url, END_THE_WRITER)
        await tell(database_url, Story(both, edge), between=ended)
    assert alerts(database_url, both) == alerts(database_url, alone)
    assert len(alerts(database_url, alone)) == 1
    assert rows(database_url, LOG, both.home) == rows(database_url, LOG, alone.home)
    assert rows(database_url, "SELECT count(*) FROM check_in WHERE home = %s", both.home) == [(TURNS,)]
    for house in (alone, both):
        state, taken_up, said = await replayed(database_url, house)
        assert taken_up == state, "states are what one run over the stored order gives"
        assert said == ["raised", "cleared"] * TURNS
