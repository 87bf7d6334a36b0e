"""The alarm process whole: an edge speaks over a real broker, a desk hears over HTTP."""

import asyncio
from pathlib import Path

import msgspec
import pytest

from gateway.embedded import PrivateBroker, PrivateDatabase
from homecare.clock import SECOND, SystemClock
from homecare.delivery import EpochHeld, Heartbeat, Loss, LossReason, StreamHeld
from homecare.event import HelpCalled, Stream
from homecare.identity import Epoch, epoch_text
from tests.asking import rows
from tests.gateway.alarms import count
from tests.gateway.enrolled import Household, household
from tests.gateway.running import SECONDS, Speaker, alerts_of, live, running
from tests.waiting import until

OPEN = "SELECT condition, occurrences FROM alert WHERE home = %s ORDER BY condition"


def heartbeat(house: Household, *, receipted: int, head: int) -> Heartbeat:
    none = StreamHeld(lowest=0, receipted=0, head=0)
    alarm = StreamHeld(lowest=1, receipted=receipted, head=head)
    held = EpochHeld(epoch=epoch_text(house.epoch), alarm=alarm, access=none, record=none)
    wall = SystemClock().now().wall
    return Heartbeat(wall=wall, uncertainty=0, elapsed=SECOND, heard_through=wall, epochs=(held,), undrained=0)


@pytest.mark.asyncio
async def test_a_press_reaches_the_desk_and_is_receipted(
    database_url: str, broker: PrivateBroker, tmp_path: Path
) -> None:
    house = household(11)
    async with running(database_url, broker.url, tmp_path, house) as process, Speaker(house, broker.url) as edge:
        async with live(process) as events:
            edge.press(1)
            [event] = await alerts_of(events, 1)
        assert event.number == 1
        assert (event.data["condition"], event.data["home_label"]) == ("help_call", "Test home 11")
        await edge.receipted(1)
        edge.press(1)
        await edge.receipted(1, count=2)
        header, _ = edge.receipts[-1]
        assert (header.stream, header.epoch, header.run) == (Stream.ALARM, house.epoch, house.epoch)
    assert rows(database_url, OPEN, house.home) == [("help_call", 1)]


@pytest.mark.asyncio
async def test_what_cannot_be_read_becomes_one_counting_alert_and_passes_the_cursor(
    database_url: str, broker: PrivateBroker, tmp_path: Path
) -> None:
    house = household(12)
    good = house.facts(3, [HelpCalled()])
    async with running(database_url, broker.url, tmp_path, house), Speaker(house, broker.url) as edge:
        edge.say("alarm", house.raw(Stream.ALARM, b"not json", first=1))
        edge.say("alarm", house.raw(Stream.ALARM, b'[{"type":"none"}]', first=2))
        edge.say("alarm", good)
        await edge.receipted(3)
    assert rows(database_url, OPEN, house.home) == [("help_call", 1), ("unreadable_alarm", 2)]
    quarantine = "SELECT reason, authentic, first, count FROM quarantine ORDER BY first"
    assert rows(database_url, quarantine) == [("body", True, 1, 1), ("body", True, 2, 1)]


@pytest.mark.asyncio
async def test_of_a_frame_the_readable_alarms_take_effect(
    database_url: str, broker: PrivateBroker, tmp_path: Path
) -> None:
    house = household(13)
    whole = house.facts(1, [HelpCalled()])[42 + len(house.edge) : -16]
    body = b"[" + whole[1:-1] + b',{"no":"envelope"}]'
    async with running(database_url, broker.url, tmp_path, house), Speaker(house, broker.url) as edge:
        edge.say("alarm", house.raw(Stream.ALARM, body, first=1, count=2))
        await edge.receipted(2)
    assert rows(database_url, OPEN, house.home) == [("help_call", 1), ("unreadable_alarm", 1)]


@pytest.mark.asyncio
async def test_a_forged_frame_moves_nothing(database_url: str, broker: PrivateBroker, tmp_path: Path) -> None:
    house, other = household(14), household(15)
    forged = bytearray(house.facts(1, [HelpCalled()]))
    forged[-1] ^= 1
    async with running(database_url, broker.url, tmp_path, house, other) as process, Speaker(house, broker.url) as edge:
        edge.say("alarm", bytes(forged))
        edge.say("alarm", other.facts(1, [HelpCalled()]))
        edge.press(2)
        await edge.receipted(0)
        async with process.client() as client:
            figures = (await client.get("/metrics")).text
        await until(lambda: count(database_url, "quarantine") == 2)
    assert 'vaka_alarm_turned_away_total{reason="authenticator"} 1.0' in figures
    assert rows(database_url, "SELECT home, occurrences FROM alert") == [(house.home, 1)]


@pytest.mark.asyncio
async def test_lost_alarms_pass_the_cursor_and_evicted_ones_are_told_to_people(
    database_url: str, broker: PrivateBroker, tmp_path: Path
) -> None:
    house = household(16)
    async with running(database_url, broker.url, tmp_path, house), Speaker(house, broker.url) as edge:
        edge.say("alarm", house.lost(Stream.ALARM, 1, 4, Loss(reason=LossReason.RELEASED)))
        await edge.receipted(4)
        assert rows(database_url, OPEN, house.home) == []
        edge.say("alarm", house.lost(Stream.ALARM, 5, 2, Loss(reason=LossReason.EVICTED)))
        await edge.receipted(6)
    assert rows(database_url, "SELECT first, last, reason FROM loss ORDER BY first") == [
        (1, 4, "released"),
        (5, 6, "evicted"),
    ]
    assert rows(database_url, OPEN, house.home) == [("unreadable_alarm", 2)]


@pytest.mark.asyncio
async def test_a_heartbeat_that_knows_more_than_the_database_is_answered_and_the_redelivery_is_shown(
    database_url: str, broker: PrivateBroker, tmp_path: Path
) -> None:
    house = household(17)
    async with running(database_url, broker.url, tmp_path, house) as process, Speaker(house, broker.url) as edge:
        edge.say("heartbeat", house.heartbeat(heartbeat(house, receipted=2, head=2), beat=7), qos=0)
        await edge.receipted(0)
        assert edge.receipts[-1][0].beat == 7, "only a fresh lower receipt rewinds the edge"
        async with live(process) as events:
            edge.press(1)
            [event] = await alerts_of(events, 1)
    assert event.data["redelivered"] is True


@pytest.mark.asyncio
async def test_a_home_clock_that_says_1970_does_not_reach_the_desk(
    database_url: str, broker: PrivateBroker, tmp_path: Path
) -> None:
    house = household(18)
    async with running(database_url, broker.url, tmp_path, house) as process, Speaker(house, broker.url) as edge:
        edge.say("alarm", house.facts(1, [HelpCalled()], at=0))
        await edge.receipted(1)
        async with process.client() as client:
            [alert] = (await client.get("/api/v1/alerts")).json()["alerts"]
    assert not alert["occurred_at"].startswith("1970")
    assert rows(database_url, "SELECT extract(year FROM occurred_at) FROM event")[0][0] == 1970, "the claim is kept"


@pytest.mark.asyncio
async def test_it_goes_on_by_itself_after_database_and_broker_were_killed(
    database_server: PrivateDatabase, database_url: str, broker: PrivateBroker, tmp_path: Path
) -> None:
    house = household(19)
    async with running(database_url, broker.url, tmp_path, house) as process:
        async with Speaker(house, broker.url) as edge:
            edge.press(1)
            await edge.receipted(1)
            database_server.kill()
            edge.press(2)
            async with process.client() as client:
                assert (await client.get("/readyz")).status_code == 503
                answer = await client.get("/api/v1/alerts")
                assert (answer.status_code, answer.json()["kind"]) == (503, "unavailable")
            database_server.start()  # not in a thread: the server ends with the thread that started it
            await edge.receipted(2)
        broker.kill()
        broker.start()
        async with Speaker(house, broker.url) as edge, live(process) as events:
            async with asyncio.timeout(SECONDS):
                while not any(receipt.durable == 3 for _, receipt in edge.receipts):
                    edge.press(3)
                    await asyncio.sleep(0.1)
            [event] = await alerts_of(events, 1)
            if event.data["occurrences"] == 2:  # numbered after the desk had come
                [event] = await alerts_of(events, 1)
    assert event.data["occurrences"] == 3


@pytest.mark.asyncio
async def test_of_a_copied_edge_both_are_heard_and_people_are_told(
    database_url: str, broker: PrivateBroker, tmp_path: Path
) -> None:
    """The old card in the drawer was restored and runs beside the new one: two runs, both alive for minutes."""
    house = household(20)
    copy = msgspec.structs.replace(house, epoch=Epoch(0x2222))

    def beat(who: Household, number: int, elapsed: int) -> bytes:
        said = msgspec.structs.replace(heartbeat(who, receipted=0, head=0), elapsed=elapsed)
        return who.heartbeat(said, beat=number)

    async with running(database_url, broker.url, tmp_path, house) as process, Speaker(house, broker.url) as edge:
        edge.say("heartbeat", beat(house, 9, 300 * SECOND), qos=0)
        edge.say("heartbeat", beat(copy, 5, 140 * SECOND), qos=0)
        edge.say("alarm", copy.facts(1, [HelpCalled()]))
        await edge.receipted(1)
        assert rows(database_url, OPEN, house.home) == [("help_call", 1)], "an edge that began again is no copy"
        edge.say("heartbeat", beat(house, 10, 330 * SECOND), qos=0)
        edge.press(1)
        await edge.receipted(1, count=2)
        await until(lambda: len(rows(database_url, OPEN, house.home)) == 2)
        async with process.client() as client:
            [told] = [
                one for one in (await client.get("/api/v1/alerts")).json()["alerts"] if "why" in one["explanation"]
            ]
            figures = (await client.get("/metrics")).text
    assert rows(database_url, OPEN, house.home) == [("equivocation", 1), ("help_call", 2)]
    assert (told["explanation"]["why"], told["urgency"], told["active"]) == ("edge_copied", "fault", True)
    assert rows(database_url, "SELECT kind, subject, count FROM fault") == [("edge_copied", house.edge, 1)]
    assert "vaka_alarm_copied_edges_total 1.0" in figures
