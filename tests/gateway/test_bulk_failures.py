"""What the bulk lane does when something dies, lies or disagrees: nothing lost, nothing doubled, nothing stuck."""

import asyncio
from collections.abc import Sequence
from functools import partial
from typing import Any

import psycopg
import pytest

from gateway.adapters.postgres import writer_session as sessions
from gateway.adapters.postgres.bulk_store import PostgresStore
from gateway.adapters.postgres.writer_session import writer_session
from gateway.embedded import PrivateBroker
from gateway.ports.record import Batch
from homecare.clock import SystemClock
from homecare.delivery import EpochHeld, Heartbeat, StreamHeld
from homecare.errors import Unavailable
from homecare.event import ContactChanged, MotionChanged, TagRead
from homecare.identity import epoch_text
from rules import engine
from rules.home_settings import HomeSettings
from rules.home_state import HomeState
from rules.night_exit import NightExitState
from rules.stimulus import Happened, Stimulus
from rules.verdict import Verdict
from tests.asking import rows
from tests.gateway.enrolled import Household, household
from tests.gateway.lanes import SHARDS_ALL, Edge, enrol_houses, new_lane, running, value
from tests.waiting import SECONDS, until

pytestmark = pytest.mark.asyncio
NOW = SystemClock().now().wall
FACTS = "SELECT seq FROM fact ORDER BY seq"
OPEN = ContactChanged(open=True)
HONEST_SECONDS = 4.0
"""An honest writer works for longer than one may stall; three seconds, because a busy machine stalls for one."""


class DiesAfterCommit:
    """A store whose process dies once, right after a commit that carried facts and before its receipt."""

    def __init__(self, store: PostgresStore) -> None:
        self._store = store
        self.died = False

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    async def commit(self, batch: Batch) -> None:
        await self._store.commit(batch)
        if batch.runs and not self.died:
            self.died = True
            await self._store.close()
            raise Unavailable("die", "process", "after the commit, before the receipt")


async def test_killed_between_commit_and_receipt_nothing_is_doubled(database_url: str, broker: PrivateBroker) -> None:
    house = household(1)
    enrol_houses(database_url, house)
    async with (
        running(new_lane(database_url, broker.url, wrap=DiesAfterCommit)) as lane,
        Edge(house, broker.url) as edge,
    ):
        edge.say("record", house.facts(1, [OPEN] * 3, at=NOW))
        edge.say("access", house.facts(1, [TagRead("tag-00000001")], at=NOW))
        await until(lambda: lane._parts.store.died)  # type: ignore[attr-defined]
        await until(lambda: lane._parts.bulk.connected)
        edge.say("record", house.facts(1, [OPEN] * 3, at=NOW))
        edge.say("access", house.facts(1, [TagRead("tag-00000001")], at=NOW))
        await edge.receipted("record", 3)
        await edge.receipted("access", 1)
    assert value(database_url, "SELECT count(*) FROM fact") == 4
    assert value(database_url, "SELECT count(*) FROM check_in") == 1


async def test_a_lost_database_session_is_replaced_and_memory_read_again(
    database_url: str, broker: PrivateBroker
) -> None:
    house = household(2)
    enrol_houses(database_url, house)
    async with running(new_lane(database_url, broker.url)) as lane, Edge(house, broker.url) as edge:
        bulk = lane._parts.bulk

        def again(connections: int) -> bool:
            return bulk.connected and bulk.connections > connections

        for seq in range(1, 6):
            edge.say("record", house.facts(seq, [OPEN], at=NOW))
            await edge.receipted("record", seq)
            connections = bulk.connections
            rows(
                database_url,
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'vaka-bulk'",
            )
            await until(partial(again, connections))
    assert rows(database_url, FACTS) == [(seq,) for seq in range(1, 6)]


async def test_two_workers_on_one_shard_write_what_one_would(database_url: str, broker: PrivateBroker) -> None:
    house = household(3)
    enrol_houses(database_url, house)
    one = new_lane(database_url, broker.url, session="bulk-both")
    two = new_lane(database_url, broker.url, session="bulk-both")

    def writers() -> int:
        return one._parts.bulk.connected + two._parts.bulk.connected

    def connections() -> int:
        return one._parts.bulk.connections + two._parts.bulk.connections

    def reconnected(before: int) -> bool:
        return writers() == 1 and connections() > before

    before = 0
    async with (
        Edge(house, broker.url) as edge,
        running(two, connected=False),
        running(one, connected=False),
    ):
        for turn in range(4):
            await until(partial(reconnected, before))
            before = connections()
            for seq in range(1, 5 * turn + 6):
                edge.say("record", house.facts(seq, [OPEN], at=NOW))
            await edge.receipted("record", 5 * turn + 5)
            assert writers() == 1, "one writes, one waits"
            rows(database_url, "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND granted")
    assert rows(database_url, FACTS) == [(seq,) for seq in range(1, 21)]


async def test_a_stalled_writer_is_ended_and_can_write_no_more(
    database_url: str, broker: PrivateBroker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sessions, "STALLED_SECONDS", 0.5)
    house = household(4)
    enrol_houses(database_url, house)
    stalled = await writer_session(database_url, SHARDS_ALL)
    await stalled.execute("INSERT INTO cursor VALUES (%s, %s, 'record', 1)", (house.edge, house.epoch))
    async with running(new_lane(database_url, broker.url)), Edge(house, broker.url) as edge:
        edge.say("record", house.facts(1, [OPEN], at=NOW))
        await edge.receipted("record", 1)
    with pytest.raises(psycopg.OperationalError):
        await stalled.commit()
    await stalled.close()
    assert rows(database_url, FACTS) == [(1,)]


async def test_an_honest_writer_is_left_alone(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sessions, "STALLED_SECONDS", HONEST_SECONDS - 1)
    monkeypatch.setattr(sessions, "WAIT_SECONDS", 0.02)
    holder = await writer_session(database_url, (1, 2))
    newcomer = asyncio.create_task(writer_session(database_url, (2, 3)))
    loop = asyncio.get_running_loop()
    enough = loop.time() + HONEST_SECONDS
    while loop.time() < enough:
        await holder.execute("SELECT 1")
        await holder.commit()
        await asyncio.sleep(0.05)
    assert not newcomer.done()
    await holder.close()
    async with asyncio.timeout(SECONDS):
        await (await newcomer).close()


def heartbeat_of(house: Household, record: StreamHeld) -> Heartbeat:
    nothing = StreamHeld(0, 0, 0)
    held = EpochHeld(epoch_text(house.epoch), nothing, nothing, record)
    wall = SystemClock().now().wall
    return Heartbeat(wall, 1000, 1_000_000, wall, (held,), 0)


async def test_a_restored_backup_asks_again_and_loses_nothing(database_url: str, broker: PrivateBroker) -> None:
    house = household(5)
    enrol_houses(database_url, house)
    async with Edge(house, broker.url) as edge:
        async with running(new_lane(database_url, broker.url)):
            edge.say("record", house.facts(1, [OPEN] * 10, at=NOW))
            await edge.receipted("record", 10)
        with psycopg.connect(database_url) as connection:
            connection.execute("DELETE FROM event WHERE seq > 4")
            connection.execute("UPDATE cursor SET durable = 4")
        edge.receipts.clear()
        async with running(new_lane(database_url, broker.url)):
            beat = heartbeat_of(house, StreamHeld(1, 10, 10))
            edge.say("heartbeat", house.heartbeat(beat, beat=7))
            await until(lambda: edge.receipts)
            assert [one.durable for _, _, one in edge.receipts] == [4], "a fresh lower receipt rewinds the edge"
            edge.say("record", house.facts(5, [OPEN] * 6, at=NOW))
            await edge.receipted("record", 10)
    assert rows(database_url, FACTS) == [(seq,) for seq in range(1, 11)]


async def test_poison_is_halved_until_it_stands_alone(database_url: str, broker: PrivateBroker) -> None:
    houses = [household(number) for number in range(10, 30)]
    enrol_houses(database_url, *houses)
    with psycopg.connect(database_url) as connection:
        connection.execute("ALTER TABLE event ADD CHECK (device IS DISTINCT FROM 'poisoned-device')")
    bad = houses[7]
    poison = bad.envelope(OPEN, position=1, at=NOW, device="poisoned-device")
    async with running(new_lane(database_url, broker.url)), Edge(bad, broker.url) as edge:
        for house in houses:
            frame = bad.frame(1, [poison]) if house is bad else house.facts(1, [OPEN] * 2, at=NOW)
            edge.say("record", frame, on=house.topic("record"))
        edge.say("record", bad.facts(2, [OPEN], at=NOW))
        await edge.receipted("record", 2)
        await until(lambda: value(database_url, "SELECT count(*) FROM cursor") == len(houses))
    assert value(database_url, "SELECT count(*) FROM event") == 2 * (len(houses) - 1) + 1
    assert rows(database_url, "SELECT reason, authentic, edge, first, count, frame FROM quarantine") == [
        ("poison", True, bad.edge, 1, 1, bad.frame(1, [poison]))
    ]


async def test_a_rule_that_raises_costs_its_home_a_judgement_and_nobody_else(
    database_url: str, broker: PrivateBroker
) -> None:
    house, other = household(40), household(41)
    enrol_houses(database_url, house, other)

    def judge(
        settings: HomeSettings, state: HomeState, stimuli: Sequence[Stimulus]
    ) -> tuple[HomeState, Sequence[Verdict]]:
        if settings.home == house.home and any(_motion(stimulus) for stimulus in stimuli):
            raise ZeroDivisionError
        return engine.run(settings, state, stimuli)

    lane = new_lane(database_url, broker.url, judge=judge)  # type: ignore[arg-type]
    async with running(lane), Edge(house, broker.url) as edge, Edge(other, broker.url) as beside:
        events = [ContactChanged(open=True), MotionChanged(moving=True), ContactChanged(open=False)]
        said = [house.envelope(event, position=at, at=NOW, device=house.door) for at, event in enumerate(events, 1)]
        edge.say("record", house.frame(1, said))
        beside.say("record", other.facts(1, [MotionChanged(moving=True)], at=NOW))
        await edge.receipted("record", 3)
        await beside.receipted("record", 1)
    assert value(database_url, "SELECT count(*) FROM event") == 4
    assert rows(database_url, "SELECT kind, subject, detail, count FROM fault") == [
        ("rule_failed", "engine", "ZeroDivisionError", 1)
    ]
    state = engine.decode(value(database_url, "SELECT state FROM home_state WHERE home = %s", house.home))
    doors = state.slices["front_door_open_at_night"]
    assert isinstance(doors, NightExitState)
    assert len(doors.doors[house.door].changes) == 2, "what came before and after the fact that failed was judged"


def _motion(stimulus: Stimulus) -> bool:
    return isinstance(stimulus, Happened) and isinstance(stimulus.envelope.event, MotionChanged)
