"""Doors and alarms: an accepted alarm opens its home's door until it is closed, and the door says who is on site."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from gateway.adapters.postgres.alarm_intake import PostgresAlarms
from gateway.adapters.postgres.case import PostgresCases
from gateway.adapters.postgres.desk_views import PostgresDesk
from gateway.authorisation import Role
from gateway.case import act_on
from gateway.embedded import PrivateBroker
from homecare.alert import Action, Answer, Said
from homecare.clock import SystemClock
from homecare.command import Action as DoorAction
from homecare.command import Message
from homecare.event import LockState
from homecare.grant import Denial
from homecare.identity import AlertId, UnitId
from tests.gateway.alarms import judged
from tests.gateway.doorstep import (
    DISA,
    KARIN,
    OMAR,
    UNWRITTEN,
    LockEdge,
    browser,
    connecting,
    final,
    plan,
    rows,
    settle,
    stand_at_the_door,
    wish,
    with_lock,
)
from tests.gateway.lanes import new_lane
from tests.gateway.lanes import running as lane_running
from tests.gateway.running import running
from tests.gateway.signed import in_unit, person
from tests.gateway.test_doors import Night, refused
from tests.waiting import until

HOUSE = with_lock(61)
THEIRS = in_unit(with_lock(62), UnitId("unit-0002"), "Second unit")
OPEN = f"/api/v1/phone/doors/{HOUSE.home}/open"


@pytest_asyncio.fixture
async def night(database_url: str, broker: PrivateBroker, tmp_path: Path) -> AsyncIterator[Night]:
    settle(database_url, HOUSE, THEIRS)
    async with (
        running(database_url, broker.url, tmp_path) as process,
        lane_running(new_lane(database_url, broker.url)),
        LockEdge(HOUSE, broker.url) as edge,
        browser(process, KARIN) as phone,
    ):
        edge.beat()
        yield Night(database_url, process, edge, phone)
    assert rows(database_url, UNWRITTEN) == []


async def press(url: str) -> AlertId:
    """Somebody in the home calls for help."""
    async with connecting(url) as connections:
        now = SystemClock().now().wall
        taken = await PostgresAlarms(connections).take(judged(HOUSE, 1, at=now), now)
    return taken.alerts[0].id


async def do(url: str, alert: AlertId, action: Action, said: Said, *, version: int | None = None) -> None:
    """The operator acts on the alert as it stands."""
    ((now,),) = rows(url, "SELECT version FROM alert WHERE id = %s", alert)
    async with connecting(url) as connections:
        at = SystemClock().now().wall
        await act_on(PostgresDesk(connections), alert, action, person=DISA.id, version=version or now, at=at, said=said)


async def answer(url: str, alert: AlertId, what: Answer) -> None:
    async with connecting(url) as connections:
        await PostgresCases(connections).answer(alert, what, person=KARIN.id, at=SystemClock().now().wall)


@pytest.mark.asyncio
async def test_an_accepted_alarm_opens_the_door_until_it_is_closed(night: Night) -> None:
    alert = await press(night.url)
    await stand_at_the_door(night.url, HOUSE.home)
    tap = wish(alert, purpose="alert")
    refused(await night.phone.post(OPEN, json=tap), Denial.NO_GRANT)
    await do(night.url, alert, Action.TAKE, Said())
    await do(night.url, alert, Action.SEND, Said(to=KARIN.id))
    refused(await night.phone.post(OPEN, json=tap), Denial.NOT_ACCEPTED)
    await answer(night.url, alert, Answer.ACCEPT)
    assert (await night.phone.post(OPEN, json=tap)).status_code == 202
    night.edge.obey(await night.edge.told())
    on_site = "SELECT handling -> 'response' ->> 'standing' FROM alert"
    await until(lambda: rows(night.url, on_site) == [("on_site",)])
    by_door = "SELECT person, method, direction FROM check_in WHERE person IS NOT NULL ORDER BY direction"
    assert rows(night.url, by_door) == [(KARIN.id, "door", "in")]
    assert (await night.phone.post(OPEN, json={**tap, "key": "key-lock-01", "action": "lock"})).status_code == 202
    night.edge.obey(await night.edge.told(2), LockState.LOCKED)
    await until(lambda: rows(night.url, on_site) == [("left",)])
    assert rows(night.url, by_door) == [(KARIN.id, "door", "in"), (KARIN.id, "door", "out")]
    await do(night.url, alert, Action.RESOLVE, Said(reason="klart", confirm=True))
    refused(await night.phone.post(OPEN, json={**tap, "key": "key-late-001"}), Denial.CLOSED)
    assert len(night.edge.frames) == 2


@pytest.mark.asyncio
async def test_an_alarm_waits_for_no_service_and_a_visit_does(night: Night) -> None:
    code = "INSERT INTO claim_code VALUES (sha256('x'), %s, '[]', 'tech', now(), now() + '1 day') RETURNING home"
    rows(night.url, code, HOUSE.home)
    visit, alert = await plan(night.url, HOUSE), await press(night.url)
    await stand_at_the_door(night.url, HOUSE.home)
    refused(await night.phone.post(OPEN, json=wish(visit)), Denial.NOT_IN_SERVICE)
    await do(night.url, alert, Action.SEND, Said(to=KARIN.id))
    await answer(night.url, alert, Answer.ACCEPT)
    command = (await night.phone.post(OPEN, json=wish(alert, "key-00000002", purpose="alert"))).json()["command"]
    night.edge.obey(await night.edge.told())
    assert (await final(night.phone, command))["standing"] == "done"
    step = "INSERT INTO commissioning VALUES (%s, 'in_service', now(), 'person-00000001', 'all steps') RETURNING home"
    rows(night.url, step, HOUSE.home)
    assert (await night.phone.post(OPEN, json=wish(visit, "key-00000003"))).status_code == 202


@pytest.mark.asyncio
async def test_the_home_hears_that_help_is_coming_once(night: Night) -> None:
    alert = await press(night.url)
    await do(night.url, alert, Action.SEND, Said(to=KARIN.id))
    for _ in range(2):
        accepted = await night.phone.post(f"/api/v1/phone/alerts/{alert}/accept", json={"key": "key-00000001"})
        assert accepted.status_code == 200, accepted.text
    command = await night.edge.told()
    assert (command.action, command.message) == (DoorAction.ANNOUNCE, Message.HELP_ON_ITS_WAY)


@pytest.mark.asyncio
async def test_another_units_home_answers_exactly_like_none(night: Night) -> None:
    theirs = person(Role.CAREGIVER, UnitId("unit-0002"))
    visit = await plan(night.url, THEIRS, who=theirs)
    answers = [
        await night.phone.post(f"/api/v1/phone/doors/{home}/{call}", json=wish(visit, key))
        for call in ("open", "remote")
        for home, key in ((THEIRS.home, f"key-theirs-{call}"), ("home-0000000000000000", f"key-nobody-{call}"))
    ]
    assert {one.status_code for one in answers} == {404}
    assert len({one.text for one in answers}) == 1
    async with browser(night.process, OMAR) as omar:
        assert (await omar.get("/api/v1/phone/commands/command-000000000000")).status_code == 404
    denied = rows(night.url, "SELECT person, reason FROM audit WHERE result = 'denied' ORDER BY number")
    assert denied == [(KARIN.id, "wrong_unit"), (KARIN.id, "no_lock")] * 2
