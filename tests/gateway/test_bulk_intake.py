"""The bulk lane end to end: frames through a real broker become rows of a real database, and then receipts."""

import pytest

from gateway.embedded import PrivateBroker
from homecare.clock import SystemClock
from homecare.delivery import Loss, LossReason
from homecare.event import (
    ButtonAction,
    ButtonPressed,
    ContactChanged,
    LockCause,
    LockOperated,
    LockState,
    Observed,
    Stream,
    TagRead,
)
from tests.asking import rows
from tests.gateway.enrolled import household
from tests.gateway.lanes import Edge, enrol_houses, new_lane, running, value
from tests.waiting import until

pytestmark = pytest.mark.asyncio
NOW = SystemClock().now().wall


async def test_facts_become_rows_and_then_receipts(database_url: str, broker: PrivateBroker) -> None:
    house = household(1)
    enrol_houses(database_url, house)
    async with running(new_lane(database_url, broker.url)), Edge(house, broker.url) as edge:
        events = [ContactChanged(open=True), Observed("temperature", 21.5, "°C"), ButtonPressed(ButtonAction.PRESS)]
        edge.say("record", house.facts(1, events, at=NOW))
        await edge.receipted("record", 3)
    assert rows(database_url, "SELECT seq, kind, home, edge FROM fact ORDER BY seq") == [
        (1, "contact_changed", house.home, house.edge),
        (2, "observed", house.home, house.edge),
        (3, "button_pressed", house.home, house.edge),
    ]
    assert rows(database_url, "SELECT body FROM event ORDER BY seq") == [
        ({"open": True},),
        ({"action": "press", "button": 0},),
    ]
    assert rows(database_url, "SELECT quantity, value, unit FROM observation") == [("temperature", 21.5, "°C")]
    assert value(database_url, "SELECT durable FROM cursor WHERE stream = 'record'") == 3


async def test_a_repeat_is_receipted_again_and_changes_nothing(database_url: str, broker: PrivateBroker) -> None:
    house = household(2)
    enrol_houses(database_url, house)
    frame = house.facts(1, [ContactChanged(open=True)] * 2, at=NOW)
    async with running(new_lane(database_url, broker.url)), Edge(house, broker.url) as edge:
        edge.say("record", frame)
        await edge.receipted("record", 2)
        edge.receipts.clear()
        edge.say("record", frame)
        edge.say("record", house.facts(2, [ContactChanged(open=True), ContactChanged(open=False)], at=NOW))
        await edge.receipted("record", 3)
    assert rows(database_url, "SELECT seq FROM event ORDER BY seq") == [(1,), (2,), (3,)]


async def test_a_gap_is_dropped_and_asked_for(database_url: str, broker: PrivateBroker) -> None:
    house = household(3)
    enrol_houses(database_url, house)
    async with running(new_lane(database_url, broker.url)), Edge(house, broker.url) as edge:
        edge.say("record", house.facts(1, [ContactChanged(open=True)], at=NOW))
        await edge.receipted("record", 1)
        edge.receipts.clear()
        edge.say("record", house.facts(3, [ContactChanged(open=True)], at=NOW))
        await until(lambda: edge.receipts)
        assert edge.receipts[0][2].durable == 1
    assert value(database_url, "SELECT count(*) FROM event") == 1


async def test_a_lost_range_moves_the_cursor_and_is_named(database_url: str, broker: PrivateBroker) -> None:
    house = household(4)
    enrol_houses(database_url, house)
    loss = Loss(LossReason.EVICTED, (house.door,), earliest=NOW - 1000, latest=NOW)
    async with running(new_lane(database_url, broker.url)), Edge(house, broker.url) as edge:
        edge.say("record", house.lost(Stream.RECORD, 1, 500_000, loss))
        edge.say("record", house.facts(500_001, [ContactChanged(open=True)], at=NOW))
        await edge.receipted("record", 500_001)
    assert rows(database_url, "SELECT first, last, reason, devices FROM loss") == [
        (1, 500_000, "evicted", [house.door])
    ]
    assert rows(database_url, "SELECT seq FROM event") == [(500_001,)]


async def test_locks_and_tags_become_check_ins_and_ledger_rows(database_url: str, broker: PrivateBroker) -> None:
    house = household(5)
    enrol_houses(database_url, house)
    events = [
        TagRead("tag-00000001"),
        LockOperated(LockState.UNLOCKED, LockCause.TAG),
        LockOperated(LockState.JAMMED),
        LockOperated(LockState.LOCKED, LockCause.MANUAL),
    ]
    async with running(new_lane(database_url, broker.url)), Edge(house, broker.url) as edge:
        edge.say("access", house.facts(1, events, at=NOW))
        await edge.receipted("access", 4)
    assert rows(database_url, "SELECT seq, method, direction FROM check_in ORDER BY seq") == [
        (1, "tag", "unknown"),
        (2, "tag", "in"),
        (4, "manual", "out"),
    ]
    assert value(database_url, "SELECT count(*) FROM ledger") == 4


async def test_mqtt_31_other_content_under_a_known_id_is_a_fault(database_url: str, broker: PrivateBroker) -> None:
    house = household(6)
    enrol_houses(database_url, house)
    async with running(new_lane(database_url, broker.url)) as lane, Edge(house, broker.url) as edge:
        edge.say("access", house.facts(1, [TagRead("tag-00000001")], at=NOW))
        await edge.receipted("access", 1)
        edge.say("access", house.facts(1, [TagRead("tag-00000001")], at=NOW))
        edge.say("access", house.facts(1, [TagRead("tag-00000002")], at=NOW))
        edge.say("access", house.facts(2, [TagRead("tag-00000003")], at=NOW))
        await edge.receipted("access", 2)
        await until(lambda: lane._parts.metrics.counted("intake_equivocations") == 1)
        await until(lambda: rows(database_url, "SELECT kind, subject, count FROM fault") != [])
    assert rows(database_url, "SELECT kind, subject, count FROM fault") == [("equivocation", house.edge, 1)]
    assert rows(database_url, "SELECT body FROM event ORDER BY seq") == [
        ({"tag": "tag-00000001"},),
        ({"tag": "tag-00000003"},),
    ]


async def test_a_fact_of_a_home_where_the_edge_never_stood_is_set_aside(
    database_url: str, broker: PrivateBroker
) -> None:
    house, other = household(7), household(8)
    enrol_houses(database_url, house, other)
    stranger = other.envelope(ContactChanged(open=True), position=2, at=NOW)
    own = [house.envelope(ContactChanged(open=True), position=at, at=NOW) for at in (1, 3)]
    async with running(new_lane(database_url, broker.url)), Edge(house, broker.url) as edge:
        edge.say("record", house.frame(1, [own[0], stranger, own[1]]))
        await edge.receipted("record", 3)
    assert rows(database_url, "SELECT seq, home FROM event ORDER BY seq") == [(1, house.home), (3, house.home)]
    assert rows(database_url, "SELECT reason, authentic, count FROM quarantine") == [("home", True, 1)]
