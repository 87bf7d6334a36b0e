"""The alarm lane's transactions on a real database: once, at once, and never behind anybody."""

import asyncio
import os
import random
import signal
from collections.abc import AsyncIterator

import msgspec
import psycopg
import pytest
import pytest_asyncio

from gateway.adapters.postgres.alarm_intake import LOCK_MS, PostgresAlarms
from gateway.adapters.postgres.chunks import open_ahead
from gateway.adapters.postgres.connections import Connections
from gateway.adapters.postgres.rows import from_wall
from gateway.model.alerting import unreadable_alarm
from gateway.ports.alarm import Contended, Judged, SeqRange, SetAside, Taken
from homecare.clock import DAY
from homecare.envelope import Fact, FactId
from homecare.event import Doubt, Hazard, HazardChanged, HelpCalled, Stream
from homecare.identity import Epoch
from rules.help_call import judge
from tests.asking import rows
from tests.gateway.alarms import count, judged
from tests.gateway.enrolled import NOW, household
from tests.waiting import SECONDS

HOUSE = household(1)
BULK_EVENT = """INSERT INTO event (recorded_at, edge, epoch, stream, seq, position, home, kind, occurred_at,
    received_at, estimated_at, uncertainty, elapsed, body)
    VALUES (%(at)s, 'edge', 1, 'record', 1, 1, 'home', 'test', %(at)s, %(at)s, %(at)s, 0, 0, '{}')"""
SHOWN = "SELECT condition, occurrences, version, standing, active FROM alert ORDER BY raised_at, condition"


@pytest_asyncio.fixture
async def store(database_url: str) -> AsyncIterator[PostgresAlarms]:
    connections = Connections(database_url, name="test-alarm", size=8, lock_ms=LOCK_MS)
    yield PostgresAlarms(connections)
    await connections.close()


async def take_patiently(store: PostgresAlarms, facts: list[Judged]) -> Taken:
    for _ in range(200):
        try:
            return await store.take(facts, NOW)
        except Contended:
            await asyncio.sleep(random.uniform(0, 0.02))
    raise AssertionError("a row stayed contended")


@pytest.mark.asyncio
async def test_a_press_that_two_epochs_tell_is_one_press(store: PostgresAlarms, database_url: str) -> None:
    """The edge sent it, died before its journal had it, and the device repeated its counter to the next epoch."""
    for epoch, counter in ((1, 7), (2, 7), (2, 8)):
        one = HOUSE.envelope(HelpCalled(), position=1, device=HOUSE.door)
        fact = Fact(
            id=FactId(HOUSE.edge, Epoch(epoch), Stream.ALARM, counter - 6),
            envelope=msgspec.structs.replace(one, counter=counter),
            digest=b"",
        )
        taken = await store.take([Judged(fact=fact, estimated_at=NOW, verdict=judge(fact))], NOW)
        assert taken.durable == counter - 6
    assert rows(database_url, SHOWN) == [("help_call", 2, 2, "raised", True)], "doubled: the press under counter 7"
    assert rows(database_url, "SELECT counter FROM event ORDER BY counter") == [(7,), (8,)]


@pytest.mark.asyncio
async def test_a_press_is_one_alert_and_its_redelivery_changes_nothing(
    store: PostgresAlarms, database_url: str
) -> None:
    first = await store.take(judged(HOUSE, 1), NOW)
    again = await store.take(judged(HOUSE, 1), NOW + 1)
    assert (first.durable, first.fresh, again.durable, again.fresh) == (1, 1, 1, 0)
    assert rows(database_url, SHOWN) == [("help_call", 1, 1, "raised", True)]
    for table in ("ledger", "event", "occurrence", "alert_log", "feed", "outbox", "inbox"):
        assert count(database_url, table) == 1, table


@pytest.mark.asyncio
async def test_an_alarm_takes_effect_out_of_order_and_only_the_cursor_waits(
    store: PostgresAlarms, database_url: str
) -> None:
    assert (await store.take(judged(HOUSE, 3), NOW)).durable == 0
    assert (await store.take(judged(HOUSE, 2), NOW)).durable == 0
    assert rows(database_url, SHOWN) == [("help_call", 2, 2, "raised", True)]
    assert (await store.take(judged(HOUSE, 1), NOW)).durable == 3
    assert await store.cursors(HOUSE.edge) == {HOUSE.epoch: 3}


@pytest.mark.asyncio
async def test_every_press_that_the_edge_collapsed_counts(store: PostgresAlarms, database_url: str) -> None:
    await store.take(judged(HOUSE, 1, HelpCalled(presses=5), HelpCalled()), NOW)
    assert rows(database_url, SHOWN) == [("help_call", 6, 2, "raised", True)]
    assert rows(database_url, "SELECT presses FROM occurrence ORDER BY seq") == [(5,), (1,)]


@pytest.mark.asyncio
async def test_a_hazard_that_is_gone_clears_and_a_new_one_returns(store: PostgresAlarms, database_url: str) -> None:
    smoke, gone = HazardChanged(hazard=Hazard.SMOKE, present=True), HazardChanged(hazard=Hazard.SMOKE, present=False)
    await store.take(judged(HOUSE, 1, smoke, gone), NOW)
    assert rows(database_url, SHOWN) == [("hazard", 1, 2, "raised", False)]
    await store.take(judged(HOUSE, 3, smoke), NOW)
    assert rows(database_url, SHOWN) == [("hazard", 2, 3, "raised", True)]
    log = rows(database_url, "SELECT transition FROM alert_log ORDER BY version")
    assert log == [("raised",), ("cleared",), ("returned",)]


@pytest.mark.asyncio
async def test_an_equivocation_is_a_fault_and_an_alert(store: PostgresAlarms, database_url: str) -> None:
    await store.take(judged(HOUSE, 1), NOW)
    for _ in range(2):
        taken = await store.take(judged(HOUSE, 1, HelpCalled(presses=9)), NOW)
        assert (taken.durable, taken.fresh, taken.equivocations) == (1, 0, 1)
    assert rows(database_url, SHOWN) == [
        ("equivocation", 1, 1, "raised", True),
        ("help_call", 1, 1, "raised", True),
    ]
    assert rows(database_url, "SELECT kind, subject FROM fault") == [("alarm_equivocation", HOUSE.edge)]


@pytest.mark.asyncio
async def test_an_alert_is_in_doubt_only_while_nothing_of_it_is_verified(
    store: PostgresAlarms, database_url: str
) -> None:
    doubted = HelpCalled(doubt=Doubt.COUNTER_FELL)
    marks = []
    for seq, call in enumerate((doubted, doubted, HelpCalled(), doubted), 1):
        await store.take(judged(HOUSE, seq, call), NOW)
        marks += rows(database_url, "SELECT explanation ->> 'doubt', occurrences FROM alert")
    assert marks == [("counter_fell", 1), ("counter_fell", 2), (None, 3), (None, 4)]


@pytest.mark.asyncio
async def test_lost_alarms_pass_the_cursor_only_when_they_touch_it(store: PostgresAlarms, database_url: str) -> None:
    lost = SeqRange(edge=HOUSE.edge, epoch=HOUSE.epoch, stream=Stream.ALARM, first=2, last=4)
    assert (await store.pass_over(lost, "released", raised=None, recorded_at=NOW)).durable == 0
    await store.take(judged(HOUSE, 1), NOW)
    await store.take(judged(HOUSE, 5), NOW)
    for _ in range(2):
        assert (await store.pass_over(lost, "released", raised=None, recorded_at=NOW)).durable == 5
    assert rows(database_url, "SELECT first, last, reason FROM loss") == [(2, 4, "released")]


@pytest.mark.asyncio
async def test_unreadable_alarms_of_an_edge_are_one_counting_alert(store: PostgresAlarms, database_url: str) -> None:
    for seq in (1, 2, 2):
        fact = judged(HOUSE, seq)[0].fact.id
        raised = unreadable_alarm(fact, count=1, home=HOUSE.home, occurred_at=NOW, why="body")
        seqs = SeqRange(edge=HOUSE.edge, epoch=HOUSE.epoch, stream=Stream.ALARM, first=seq, last=seq)
        aside = SetAside(reason="body", detail="", topic="t", frame=bytes([seq]), edge=HOUSE.edge, seqs=seqs)
        taken = await store.pass_over(seqs, "body", raised=raised, recorded_at=NOW, aside=aside)
    assert taken.durable == 2
    assert rows(database_url, SHOWN) == [("unreadable_alarm", 2, 2, "raised", True)]
    kept = rows(database_url, "SELECT first, frame FROM quarantine ORDER BY first")
    assert kept == [(1, b"\x01"), (2, b"\x02")], "the edge forgets what is receipted, so its bytes stay with us, once"


@pytest.mark.asyncio
async def test_an_unreadable_alarm_is_not_receipted_before_its_bytes_are_kept(
    store: PostgresAlarms, database_url: str
) -> None:
    seqs = SeqRange(edge=HOUSE.edge, epoch=HOUSE.epoch, stream=Stream.ALARM, first=1, last=1)
    aside = SetAside(reason="body", detail="", topic="t", frame=b"x", edge=HOUSE.edge, seqs=seqs)
    with psycopg.connect(database_url) as other:
        other.execute("LOCK TABLE quarantine IN ACCESS EXCLUSIVE MODE")
        with pytest.raises(Contended):
            await store.pass_over(seqs, "body", raised=None, recorded_at=NOW, aside=aside)
    assert count(database_url, "loss") == 0
    assert (await store.pass_over(seqs, "body", raised=None, recorded_at=NOW, aside=aside)).durable == 1


@pytest.mark.asyncio
async def test_200_parallel_presses_in_one_home_are_one_alert_and_200_occurrences(
    store: PostgresAlarms, database_url: str
) -> None:
    taken = await asyncio.gather(*(take_patiently(store, judged(HOUSE, seq)) for seq in range(1, 201)))
    assert sum(one.fresh for one in taken) == 200
    assert rows(database_url, SHOWN) == [("help_call", 200, 200, "raised", True)]
    assert rows(database_url, "SELECT count(DISTINCT seq) FROM occurrence") == [(200,)]
    assert max(one.durable for one in taken) == 200


@pytest.mark.asyncio
async def test_two_alarm_processes_with_the_same_frames_do_everything_once(
    store: PostgresAlarms, database_url: str
) -> None:
    connections = Connections(database_url, name="test-alarm-2", size=8, lock_ms=LOCK_MS)
    other = PostgresAlarms(connections)
    work = [(lane, seq) for seq in range(1, 61) for lane in (store, other)]
    taken = await asyncio.gather(*(take_patiently(lane, judged(HOUSE, seq)) for lane, seq in work))
    await connections.close()
    assert sum(one.fresh for one in taken) == 60
    assert rows(database_url, SHOWN) == [("help_call", 60, 60, "raised", True)]
    for table in ("ledger", "event", "occurrence", "alert_log", "feed", "outbox", "inbox"):
        assert count(database_url, table) == 60, table


@pytest.mark.asyncio
async def test_an_open_bulk_transaction_does_not_delay_an_alarm(store: PostgresAlarms, database_url: str) -> None:
    """Whoever waits for a lock for `LOCK_MS` is refused."""
    await store.take(judged(HOUSE, 1), NOW)
    with psycopg.connect(database_url) as bulk:
        bulk.execute("INSERT INTO home_state (home, state, applied) VALUES (%s, '', 0)", (HOUSE.home,))
        bulk.execute("LOCK TABLE home_state IN SHARE ROW EXCLUSIVE MODE")
        bulk.execute("INSERT INTO cursor VALUES (%s, %s, 'record', 7)", (HOUSE.edge, HOUSE.epoch))
        bulk.execute("SELECT * FROM home FOR UPDATE")
        assert (await store.take(judged(HOUSE, 2), NOW)).durable == 2
        bulk.rollback()


@pytest.mark.asyncio
async def test_a_stopped_bulk_session_does_not_delay_an_alarm(store: PostgresAlarms, database_url: str) -> None:
    await store.take(judged(HOUSE, 1), NOW)
    with psycopg.connect(database_url) as bulk:
        bulk.execute("INSERT INTO home_state (home, state, applied) VALUES (%s, '', 0)", (HOUSE.home,))
        [session] = rows(database_url, "SELECT pid FROM pg_stat_activity WHERE pid = %s", bulk.info.backend_pid)
        os.kill(session[0], signal.SIGSTOP)
        try:
            assert (await store.take(judged(HOUSE, 2), NOW)).durable == 2
        finally:
            os.kill(session[0], signal.SIGCONT)


@pytest.mark.asyncio
async def test_a_bulk_transaction_that_opens_a_chunk_does_not_delay_an_alarm(
    store: PostgresAlarms, database_url: str
) -> None:
    """Red without chunks that are open ahead of time: whoever opens one locks the hypertable until the commit."""
    connections = Connections(database_url, name="test-chunks", size=1, lock_ms=LOCK_MS)
    await open_ahead(connections, NOW)
    await connections.close()
    with psycopg.connect(database_url) as bulk:
        for at in (NOW, NOW + DAY):
            bulk.execute(BULK_EVENT, {"at": from_wall(at)})
        assert (await store.take(judged(HOUSE, 1), NOW)).durable == 1
        assert (await store.take(judged(HOUSE, 2), NOW + DAY)).durable == 2
        bulk.rollback()
    assert count(database_url, "event") == 2, "nothing stays of the opening"


@pytest.mark.asyncio
async def test_a_held_row_is_waited_for_a_bounded_time_and_nothing_stays(
    store: PostgresAlarms, database_url: str
) -> None:
    await store.take(judged(HOUSE, 1), NOW)
    with psycopg.connect(database_url) as other:
        other.execute("SELECT * FROM alert FOR UPDATE")
        with pytest.raises(Contended):
            async with asyncio.timeout(SECONDS):
                await store.take(judged(HOUSE, 2), NOW)
        other.rollback()
    assert count(database_url, "ledger") == 1
    assert (await store.take(judged(HOUSE, 2), NOW)).durable == 2


@pytest.mark.asyncio
async def test_what_was_receipted_and_forgotten_is_shown_as_redelivered(
    store: PostgresAlarms, database_url: str
) -> None:
    await store.remember_forgotten(HOUSE.edge, HOUSE.epoch, 1)
    await store.take(judged(HOUSE, 1), NOW)
    assert rows(database_url, "SELECT redelivered FROM alert") == [(True,)]
    await store.take(judged(HOUSE, 2), NOW)
    assert rows(database_url, "SELECT redelivered FROM alert") == [(False,)], "a fresh press is never called old"


@pytest.mark.asyncio
async def test_an_edge_that_was_never_heard_has_no_cursor(store: PostgresAlarms) -> None:
    assert await store.cursors(household(2).edge) == {}
    assert Epoch(1) not in await store.cursors(HOUSE.edge)
