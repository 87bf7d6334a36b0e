"""A home hears that somebody is on the way to it, whatever dies in between: unlike an unlock, this is told again."""

import pytest

from gateway.adapters.postgres.alarm_intake import PostgresAlarms
from gateway.adapters.postgres.case import PostgresCases
from gateway.adapters.postgres.desk_views import PostgresDesk
from gateway.alarms.case import act_on
from gateway.doors.commanding import CLOSES_AFTER, LOOK_SELDOM, TELL_FOR
from homecare.alert import Action, Said
from homecare.answering import Answer
from homecare.command import Action as DoorAction
from homecare.command import Message
from homecare.identity import AlertId
from tests.asking import rows
from tests.gateway.alarms import judged
from tests.gateway.doorstep import DISA, KARIN, LockEdge, connecting
from tests.gateway.test_commanding import HOUSE, Gateway, edge, gateway

__all__ = ["edge", "gateway"]
STANDINGS = "SELECT standing, count(*) FROM command WHERE action = 'announce' GROUP BY 1 ORDER BY 1"


async def accepted(gateway: Gateway) -> AlertId:
    """An alert of the home that Karin accepted this moment."""
    at = gateway.clock.wall
    async with connecting(gateway.url) as connections:
        taken = await PostgresAlarms(connections).take(judged(HOUSE, 1, at=at), at)
        alert, version = taken.alerts[0].id, taken.alerts[0].version
        to_karin = Said(to=KARIN.id)
        await act_on(
            PostgresDesk(connections), alert, Action.SEND, person=DISA.id, version=version, at=at, said=to_karin
        )
        await PostgresCases(connections).answer(alert, Answer.ACCEPT, person=KARIN.id, at=at)
    return alert


async def pass_over(gateway: Gateway, edge: LockEdge, microseconds: int) -> None:
    """Time goes by, second by second of heartbeats."""
    until = gateway.clock.elapsed + microseconds
    beat = gateway.clock.elapsed
    while gateway.clock.elapsed < until:
        gateway.clock.advance(LOOK_SELDOM)
        beat += 1
        gateway.hear(edge, beat=beat)
        await gateway.round()


@pytest.mark.asyncio
async def test_a_home_that_never_answered_is_told_again(gateway: Gateway, edge: LockEdge) -> None:
    """Red when an announcement that a dying broker swallowed is left at that."""
    alert = await accepted(gateway)
    gateway.hear(edge)
    await gateway.access.help_is_coming(HOUSE.home, alert, person=KARIN.id)
    await gateway.round()
    first = await edge.told()
    await pass_over(gateway, edge, CLOSES_AFTER + 2 * LOOK_SELDOM)
    second = await edge.told(2)
    assert (second.action, second.message) == (DoorAction.ANNOUNCE, Message.HELP_ON_ITS_WAY)
    assert first.id != second.id
    assert rows(gateway.url, STANDINGS) == [("sent", 1), ("unknown", 1)]


@pytest.mark.asyncio
async def test_a_gateway_that_died_before_it_told_tells_after_its_start(gateway: Gateway, edge: LockEdge) -> None:
    await accepted(gateway)
    gateway.restart()
    await pass_over(gateway, edge, 2 * LOOK_SELDOM)
    assert (await edge.told()).message == Message.HELP_ON_ITS_WAY
    assert rows(gateway.url, STANDINGS) == [("sent", 1)]


@pytest.mark.asyncio
async def test_it_is_told_no_more_when_three_minutes_are_over(gateway: Gateway, edge: LockEdge) -> None:
    await accepted(gateway)
    await pass_over(gateway, edge, TELL_FOR + 2 * CLOSES_AFTER)
    ((standing, tries),) = rows(gateway.url, STANDINGS)
    assert standing == "unknown"
    assert TELL_FOR // (CLOSES_AFTER + 2 * LOOK_SELDOM) <= tries <= TELL_FOR // CLOSES_AFTER + 1
    await pass_over(gateway, edge, 2 * CLOSES_AFTER)
    assert rows(gateway.url, STANDINGS) == [("unknown", tries)]


@pytest.mark.asyncio
async def test_it_is_not_told_once_somebody_is_there(gateway: Gateway, edge: LockEdge) -> None:
    alert = await accepted(gateway)
    async with connecting(gateway.url) as connections:
        await PostgresCases(connections).answer(alert, Answer.ON_SITE, person=KARIN.id, at=gateway.clock.wall)
    await pass_over(gateway, edge, 2 * LOOK_SELDOM)
    assert rows(gateway.url, STANDINGS) == []
