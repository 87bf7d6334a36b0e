"""Doors and alarms: an accepted alarm opens its home's door until it is closed, and the door says who is on site."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio

from gateway.adapters.postgres.alarm_intake import PostgresAlarms
from gateway.adapters.postgres.case import PostgresCases
from gateway.adapters.postgres.desk_views import PostgresDesk
from gateway.adapters.postgres.people import enrol_people
from gateway.alarms.case import act_on
from gateway.embedded import PrivateBroker
from gateway.model.authorisation import Role
from homecare.alert import Action, Said
from homecare.answering import Answer
from homecare.clock import HOUR, SystemClock
from homecare.command import Action as DoorAction
from homecare.command import Message
from homecare.event import LockState
from homecare.grant import Denial
from homecare.identity import AlertId, UnitId
from tests.asking import rows
from tests.gateway.alarms import judged
from tests.gateway.doorstep import (
    DISA,
    KARIN,
    OMAR,
    UNWRITTEN,
    LockEdge,
    be_patient,
    browser,
    connecting,
    final,
    lock_of,
    plan,
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

OLLE, PETRA = person(Role.OPERATOR, number=2), person(Role.COORDINATOR)
HOUSE = with_lock(61)
THEIRS = in_unit(with_lock(62), UnitId("unit-0002"), "Second unit")
OPEN = f"/api/v1/phone/doors/{HOUSE.home}/open"
REMOTE = f"/api/v1/phone/doors/{HOUSE.home}/remote"


@pytest_asyncio.fixture
async def night(
    database_url: str, broker: PrivateBroker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Night]:
    settle(database_url, HOUSE, THEIRS)
    be_patient(monkeypatch)
    enrol_people(database_url, [OLLE])
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


async def let_in(night: Night, alert: AlertId) -> None:
    """The responder is sent, accepts, stands at the door and has it unlocked."""
    await stand_at_the_door(night.url, HOUSE.home)
    await do(night.url, alert, Action.SEND, Said(to=KARIN.id))
    await answer(night.url, alert, Answer.ACCEPT)
    assert (await night.phone.post(OPEN, json=wish(alert, purpose="alert"))).status_code == 202
    night.edge.obey(await night.edge.told())
    await until(lambda: rows(night.url, "SELECT handling -> 'response' ->> 'standing' FROM alert") == [("on_site",)])


@pytest.mark.asyncio
async def test_whoever_is_inside_when_the_alarm_is_closed_can_lock_and_leave(night: Night) -> None:
    alert = await press(night.url)
    await let_in(night, alert)
    await do(night.url, alert, Action.RESOLVE, Said(reason="klart", confirm=True))
    today = (await night.phone.get("/api/v1/phone/today")).json()
    assert [(one["id"], one["closed"], one["response"]) for one in today["alerts"]] == [(alert, True, "on_site")]
    assert today["unlocked"] == [HOUSE.home]
    refused(await night.phone.post(OPEN, json=wish(alert, "key-in-again", purpose="alert")), Denial.CLOSED)
    said = f"/api/v1/phone/alerts/{alert}"
    outcome = await night.phone.post(f"{said}/outcome", json={"key": "key-outcome", "text": "hjälpt upp"})
    assert (outcome.status_code, outcome.json()["outcome"]) == (200, "hjälpt upp")
    assert (await night.phone.post(f"{said}/on_site", json={"key": "key-on-site"})).status_code == 200, (
        "it said so before"
    )
    assert (await night.phone.post(f"{said}/accept", json={"key": "key-accept"})).status_code == 409
    lock = wish(alert, "key-lock-01", action="lock", purpose="alert")
    locked = await night.phone.post(OPEN, json=lock)
    night.edge.obey(await night.edge.told(2), LockState.LOCKED)
    assert (await final(night.phone, locked.json()["command"]))["standing"] == "done"
    stood = "SELECT standing, handling -> 'response' ->> 'standing', reason FROM alert"
    await until(lambda: rows(night.url, stood) == [("resolved", "left", "klart")])
    today = (await night.phone.get("/api/v1/phone/today")).json()
    assert (today["alerts"], today["unlocked"]) == ([], [])
    log = rows(night.url, "SELECT transition FROM alert_log ORDER BY version DESC LIMIT 3")
    assert log == [("left",), ("outcome",), ("resolved",)], "late words add, they do not rewrite"


@pytest.mark.asyncio
async def test_a_phone_hears_of_a_door_only_around_its_persons_work_there(night: Night) -> None:
    async def unlocked() -> object:
        return (await night.phone.get("/api/v1/phone/today")).json()["unlocked"]

    state = "INSERT INTO lock_state VALUES (%s, %s, 'unlocked', 'manual', now(), now()) RETURNING home"
    rows(night.url, state, lock_of(HOUSE), HOUSE.home)
    await plan(night.url, HOUSE, at=SystemClock().now().wall + 3 * HOUR)
    assert await unlocked() == []
    await plan(night.url, HOUSE)
    assert await unlocked() == [HOUSE.home]


@pytest.mark.asyncio
async def test_closing_an_alarm_whose_door_was_left_unlocked_must_be_confirmed(night: Night) -> None:
    alert = await press(night.url)
    await let_in(night, alert)
    await answer(night.url, alert, Answer.LEFT)
    async with browser(night.process, DISA) as disa:
        ((version,),) = rows(night.url, "SELECT version FROM alert")
        close = {"reason": "klart", "version": version}
        path = f"/api/v1/alerts/{alert}/resolve"
        warned = await disa.post(path, json=close)
        assert (warned.status_code, warned.json()["hint"].partition(";")[0]) == (409, "the door is unlocked")
        assert "inte låst" in warned.json()["message"]["sv"]
        locked = await disa.post(OPEN, json=wish(alert, "key-lock-01", action="lock", purpose="alert"))
        night.edge.obey(await night.edge.told(2), LockState.LOCKED)
        assert (await final(disa, locked.json()["command"]))["standing"] == "done", "the desk that holds it can lock"
        await until(lambda: rows(night.url, "SELECT state FROM lock_state") == [("locked",)])
        ((close["version"],),) = rows(night.url, "SELECT version FROM alert")
        assert (await disa.post(path, json=close)).status_code == 200


@pytest.mark.asyncio
async def test_closing_over_somebody_inside_tells_of_the_unlocked_door_too(night: Night) -> None:
    """Red when the person hides the door: then it is confirmed and left open unseen."""
    alert = await press(night.url)
    await let_in(night, alert)
    async with browser(night.process, DISA) as disa:
        ((version,),) = rows(night.url, "SELECT version FROM alert")
        path = f"/api/v1/alerts/{alert}"
        warned = (await disa.post(f"{path}/resolve", json={"reason": "klart", "version": version})).json()
        assert warned["hint"].startswith("a responder is")
        assert warned["message"] == {
            "sv": f"{KARIN.display} är kvar i hemmet, och dörren är inte låst igen. Vill du avsluta ändå?",
            "en": f"{KARIN.display} is still inside, and the door has not been locked again. Close the alarm anyway?",
        }
        one_more = (await disa.post(f"{path}/send", json={"to": OMAR.id, "version": version})).json()
        assert one_more["message"]["sv"] == f"{KARIN.display} är kvar i hemmet. Ska du ändå gå vidare?"


@pytest.mark.asyncio
async def test_whoever_holds_an_alarm_has_the_door_unlocked_with_a_second_person(night: Night) -> None:
    alert = await press(night.url)
    visit = await plan(night.url, HOUSE)
    async with browser(night.process, DISA) as disa, browser(night.process, OLLE) as olle:
        tap = wish(alert, "key-disa-0001", purpose="alert")
        refused(await disa.post(REMOTE, json=tap), Denial.NO_GRANT)
        await do(night.url, alert, Action.TAKE, Said())
        refused(await olle.post(REMOTE, json=tap), Denial.NO_GRANT)
        await stand_at_the_door(night.url, HOUSE.home, who=DISA)
        refused(await disa.post(OPEN, json=tap), Denial.NOT_AT_THE_DOOR)
        asked = (await disa.post(REMOTE, json=tap)).json()
        assert (asked["standing"], asked["purpose"], asked["purpose_id"]) == ("waiting", "alert", alert)
        path = f"/api/v1/doors/openings/{asked['opening']}"
        refused(await disa.post(f"{path}/approve"), Denial.SECOND_SAME)
        refused(await night.phone.post(f"{path}/approve"), Denial.SECOND_NO_RIGHT)
        async with night.process.client() as token:
            refused(await token.post(f"{path}/approve"), Denial.SECOND_UNKNOWN)
        assert (await disa.get("/api/v1/doors/openings")).json() == []
        assert [one["opening"] for one in (await olle.get("/api/v1/doors/openings")).json()] == [asked["opening"]]
        assert night.edge.frames == []
        approved = await olle.post(f"{path}/approve")
        assert approved.status_code == 202, approved.text
        night.edge.obey(await night.edge.told())
        assert (await final(disa, approved.json()["command"]))["standing"] == "done"
        mine = (await disa.get(f"/api/v1/phone/openings/{asked['opening']}")).json()
        assert (mine["standing"], mine["second"]) == ("approved", OLLE.display)
        locked = await disa.post(OPEN, json={**tap, "action": "lock", "key": "key-disa-0002"})
        night.edge.obey(await night.edge.told(2), LockState.LOCKED)
        assert (await final(disa, locked.json()["command"]))["standing"] == "done"
    remote = rows(night.url, "SELECT person, action FROM audit WHERE reason = 'remote' ORDER BY number")
    assert remote == [(DISA.id, "door.unlock"), (OLLE.id, "door.approve")]
    how = "SELECT how, \"grant\" ->> 'held' FROM command ORDER BY issued_at"
    assert rows(night.url, how) == [("remote", "true"), ("locking", "true")]
    assert rows(night.url, "SELECT standing FROM visit WHERE id = %s", visit) == [("planned",)]
    assert rows(night.url, "SELECT count(*) FROM check_in WHERE person IS NOT NULL") == [(0,)]


@pytest.mark.asyncio
async def test_the_responder_who_accepted_agrees_and_a_right_that_was_let_go_of_opens_nothing(night: Night) -> None:
    alert = await press(night.url)
    await do(night.url, alert, Action.SEND, Said(to=KARIN.id))
    async with browser(night.process, DISA) as disa:
        asked = (await disa.post(REMOTE, json=wish(alert, "key-disa-0001", purpose="alert"))).json()
        path = f"/api/v1/doors/openings/{asked['opening']}/approve"
        refused(await night.phone.post(path), Denial.SECOND_NO_RIGHT)
        assert (await night.phone.get("/api/v1/phone/openings")).json() == []
        await answer(night.url, alert, Answer.ACCEPT)
        [waits] = (await night.phone.get("/api/v1/phone/openings")).json()
        assert (waits["opening"], waits["person"]) == (asked["opening"], DISA.display)
        assert (await disa.get("/api/v1/phone/openings")).json() == []
        await do(night.url, alert, Action.RELEASE, Said())
        refused(await night.phone.post(path), Denial.NO_GRANT)
        await do(night.url, alert, Action.TAKE, Said())
        approved = await night.phone.post(path)
        assert approved.status_code == 202, approved.text
        night.edge.obey(await night.edge.told())
        assert (await final(disa, approved.json()["command"]))["standing"] == "done"
        concern = "UPDATE alert SET condition = 'inactivity' WHERE id = %s RETURNING id"
        rows(night.url, concern, alert)
        refused(await disa.post(REMOTE, json=wish(alert, "key-disa-0002", purpose="alert")), Denial.NO_GRANT)
    assert rows(night.url, "SELECT handling -> 'response' ->> 'standing' FROM alert") == [("accepted",)]


@pytest.mark.asyncio
async def test_an_alarm_waits_for_no_service_and_a_visit_does(night: Night) -> None:
    code = """
        INSERT INTO claim_code VALUES (sha256('x'), %s, '[]', 'tech', now(), now() + '1 day', now(), %s) RETURNING home
    """
    rows(night.url, code, HOUSE.home, HOUSE.edge)
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


async def door_log(desk: httpx.AsyncClient, member: str, **answer: object) -> dict[str, Any]:
    """Somebody who lives there answers, and the coordinator writes it down."""
    path = f"/api/v1/homes/{HOUSE.home}/members/{member}/consent"
    said = await desk.put(path, json={"purpose": "door_log", **answer})
    assert said.status_code == 200, said.text
    found: dict[str, Any] = said.json()["door_log"]
    assert found["message"]["sv"] != found["message"]["en"] != ""
    return found


MEMBER = "SELECT id FROM household_member"


@pytest.mark.asyncio
async def test_an_alarm_waits_for_no_consent_to_a_door_log_and_a_visit_does(night: Night) -> None:
    visit, alert = await plan(night.url, HOUSE), await press(night.url)
    await stand_at_the_door(night.url, HOUSE.home)
    ((member,),) = rows(night.url, f"{MEMBER} WHERE home = %s", HOUSE.home)
    async with browser(night.process, PETRA) as desk:
        assert (await door_log(desk, member, given=False))["standing"] == "missing"
        denied = await night.phone.post(OPEN, json=wish(visit))
        refused(denied, Denial.NO_CONSENT)
        assert "samtycke till låslogg" in denied.json()["message"]["sv"]
        assert "Använd nyckeln" in denied.json()["message"]["sv"], "what to do next"
        await do(night.url, alert, Action.SEND, Said(to=KARIN.id))
        await answer(night.url, alert, Answer.ACCEPT)
        command = (await night.phone.post(OPEN, json=wish(alert, "key-00000002", purpose="alert"))).json()["command"]
        night.edge.obey(await night.edge.told())
        assert (await final(night.phone, command))["standing"] == "done"
        assert (await door_log(desk, member, given=True))["standing"] == "in_force"
        cohabitant = f"/api/v1/homes/{HOUSE.home}/members/member-cohabit-01"
        await desk.put(cohabitant, json={"kind": "cohabitant"})
        refused(await night.phone.post(OPEN, json=wish(visit, "key-00000003")), Denial.NO_CONSENT)
        assert (await door_log(desk, "member-cohabit-01", given=True))["standing"] == "in_force"
    assert (await night.phone.post(OPEN, json=wish(visit, "key-00000004"))).status_code == 202


@pytest.mark.asyncio
async def test_the_door_of_a_home_from_before_the_question_opens_until_the_first_answer(night: Night) -> None:
    """As the migration leaves it: no answer about a door log, and nobody was asked."""
    rows(night.url, "DELETE FROM consent WHERE purpose = 'door_log' RETURNING id")
    visit = await plan(night.url, HOUSE)
    await stand_at_the_door(night.url, HOUSE.home)
    refused(await night.phone.post(OPEN, json=wish(visit)), Denial.NO_CONSENT)
    rows(night.url, "UPDATE home SET door_log_asked = false RETURNING id")
    ((member,),) = rows(night.url, f"{MEMBER} WHERE home = %s", HOUSE.home)
    async with browser(night.process, PETRA) as desk:
        standing = (await desk.get(f"/api/v1/homes/{HOUSE.home}/commissioning")).json()
        assert standing["door_log"]["standing"] == "not_asked"
        assert [(one["consents"], one["door_log"]) for one in standing["members"]] == [(True, False)]
        opened = await night.phone.post(OPEN, json=wish(visit, "key-00000002"))
        assert opened.status_code == 202, opened.text
        night.edge.obey(await night.edge.told())
        assert (await final(night.phone, opened.json()["command"]))["standing"] == "done"
        assert (await door_log(desk, member, given=False))["standing"] == "missing"
    refused(await night.phone.post(OPEN, json=wish(visit, "key-00000003")), Denial.NO_CONSENT)


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
