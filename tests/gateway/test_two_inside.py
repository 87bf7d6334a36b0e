"""Two responders at one alert: whoever is inside keeps page, door and answers when a second one is sent."""

from collections.abc import AsyncIterator

import httpx
import psycopg
import pytest
import pytest_asyncio

from gateway.adapters.postgres.access import PostgresAccess
from gateway.adapters.postgres.case import PostgresCases, answer_at_home, held_by
from gateway.adapters.postgres.connections import Connections
from gateway.adapters.postgres.desk_views import PostgresDesk
from gateway.adapters.postgres.rows import from_wall
from gateway.alarms.case import act_on
from gateway.ports.access import Ask, Opening
from gateway.ports.desk import AlertView, Numbered, Read
from gateway.visits.days import Days
from homecare.alert import Action, Said
from homecare.answering import Answer
from homecare.clock import MINUTE
from homecare.command import Action as DoorAction
from homecare.errors import Conflict
from homecare.event import LockState
from homecare.grant import Denial, Purpose
from homecare.grant_sources import LOCK_AFTER, CaseFacts
from homecare.identity import AlertId
from tests.asking import rows
from tests.gateway.doorstep import DISA, KARIN, OMAR, browser, final, stand_at_the_door, wish
from tests.gateway.enrolled import NOW
from tests.gateway.test_case_store import DESK, HOUSE, cases, connections, desk, raised
from tests.gateway.test_doors import Night, refused
from tests.gateway.test_doors_alarm import HOUSE as AT_DOOR
from tests.gateway.test_doors_alarm import OPEN, do, let_in, night, press
from tests.waiting import until

__all__ = ["cases", "connections", "desk", "night", "raised"]

FIRST, OTHER = KARIN.id, OMAR.id
READ = Read(person="Test", what="test", within=None)
CLOSE = Said(reason="klart", confirm=True)


async def step(desk: PostgresDesk, alert: AlertId, action: Action, said: Said, *, at: int = NOW) -> AlertView:
    """The operator acts on the alert as it stands."""
    version = (await desk.view(alert, READ)).alert.version
    return await act_on(desk, alert, action, person=DESK, version=version, at=at, said=said)


@pytest_asyncio.fixture
async def two(desk: PostgresDesk, cases: PostgresCases, raised: AlertId) -> AlertId:
    """The first one is inside, and a second one was sent."""
    await step(desk, raised, Action.SEND, Said(to=FIRST))
    await cases.answer(raised, Answer.ON_SITE, person=FIRST, at=NOW + 1)
    await step(desk, raised, Action.SEND, Said(to=OTHER, confirm=True), at=NOW + 2)
    return raised


async def on_phone(cases: PostgresCases, person: str, now: int = NOW + 3) -> list[AlertId]:
    return [view.alert.id for view in await cases.sent_to(person, now, READ)]


@pytest.mark.asyncio
async def test_both_phones_keep_the_alert_and_the_log_says_who_left(
    two: AlertId, desk: PostgresDesk, cases: PostgresCases, database_url: str
) -> None:
    assert (await on_phone(cases, FIRST), await on_phone(cases, OTHER)) == ([two], [two])
    assert await on_phone(cases, DESK) == []
    await cases.answer(two, Answer.DECLINE, person=OTHER, at=NOW + 3)
    assert (await on_phone(cases, FIRST), await on_phone(cases, OTHER)) == ([two], [])
    view = await cases.answer(two, Answer.LEFT, person=FIRST, at=NOW + 4)
    assert not view.alert.case.inside
    log = rows(database_url, "SELECT transition, person FROM alert_log ORDER BY version DESC LIMIT 1")
    assert log == [("left", FIRST)]
    await step(desk, two, Action.RESOLVE, Said(reason="klart"), at=NOW + 5)
    assert await on_phone(cases, FIRST, NOW + 6) == [], "nobody is inside: the close is the end"


@pytest.mark.asyncio
async def test_the_desk_writes_down_who_has_left(two: AlertId, desk: PostgresDesk, database_url: str) -> None:
    await step(desk, two, Action.LEFT, Said(to=FIRST), at=NOW + 4)
    log = rows(database_url, "SELECT transition, person, detail FROM alert_log ORDER BY version DESC LIMIT 1")
    assert log == [("left", DESK, {"to": FIRST})]


@pytest.mark.asyncio
async def test_after_the_close_the_page_stays_with_whoever_is_inside(
    two: AlertId, desk: PostgresDesk, cases: PostgresCases
) -> None:
    with pytest.raises(Conflict, match="inside"):
        await step(desk, two, Action.RESOLVE, Said(reason="klart"))
    await step(desk, two, Action.RESOLVE, CLOSE, at=NOW + 5)
    assert (await on_phone(cases, FIRST), await on_phone(cases, OTHER)) == ([two], [])
    assert await on_phone(cases, FIRST, NOW + 6 + LOCK_AFTER) == []
    await cases.answer(two, Answer.LEFT, person=FIRST, at=NOW + 6)
    assert await on_phone(cases, FIRST) == []


@pytest.mark.asyncio
async def test_the_first_ones_right_lasts_until_they_left_or_it_is_closed(
    two: AlertId, desk: PostgresDesk, cases: PostgresCases, connections: Connections
) -> None:
    def facts(closed_at: int | None = None) -> tuple[CaseFacts, ...]:
        return (CaseFacts(alert=two, person=FIRST, home=HOUSE.home, accepted_at=NOW + 1, closed_at=closed_at),)

    assert await cases.case_facts(FIRST, NOW + 3) == facts()
    assert [one.accepted_at for one in await cases.case_facts(OTHER, NOW + 3)] == [None]
    await step(desk, two, Action.HAND_OVER, Said(to=FIRST), at=NOW + 3)
    async with connections.transaction() as cursor:
        assert await held_by(cursor, FIRST, NOW + 3) == (), "the responder's right counts, not the desk's"
    await cases.answer(two, Answer.LEFT, person=FIRST, at=NOW + 4)
    assert await cases.case_facts(FIRST, NOW + 5) == facts(NOW + 4)
    await act_on(desk, two, Action.RESOLVE, person=FIRST, version=6, at=NOW + 9, said=CLOSE)
    assert await cases.case_facts(FIRST, NOW + 10) == facts(NOW + 4)


@pytest.mark.asyncio
async def test_the_door_reaches_both_and_each_attendance_ends_by_its_own(
    two: AlertId, desk: PostgresDesk, cases: PostgresCases, connections: Connections, database_url: str
) -> None:
    await cases.answer(two, Answer.ON_SITE, person=OTHER, at=NOW + 3)
    async with connections.transaction() as cursor:
        assert await answer_at_home(cursor, HOUSE.home, Answer.ON_SITE, person=FIRST, at=NOW + 4) == []
        [left] = await answer_at_home(cursor, HOUSE.home, Answer.LEFT, person=FIRST, at=NOW + 5)
        assert [one.person for one in left.case.people_inside] == [OTHER]
        for again in (Answer.LEFT, Answer.ON_SITE):
            assert await answer_at_home(cursor, HOUSE.home, again, person=FIRST, at=NOW + 6) == []
    await step(desk, two, Action.RESOLVE, CLOSE, at=NOW + 9)
    with psycopg.connect(database_url) as connection:
        told = connection.execute("SELECT attendance, since, until, seen FROM staff_inbox ORDER BY id").fetchall()
    first, other = told[0][0], told[1][0]
    came, came_too, left_at, closed = (from_wall(NOW + after) for after in (1, 3, 5, 9))
    assert first != other
    assert told == [
        (first, came, None, False),
        (other, came_too, None, False),
        (first, came, left_at, True),
        (other, came_too, closed, False),
    ]


@pytest.mark.asyncio
async def test_a_door_asked_for_from_afar_may_be_agreed_to_by_whoever_is_inside(
    two: AlertId, cases: PostgresCases, connections: Connections
) -> None:
    asked = """
        INSERT INTO remote_opening (id, person, key, home, action, purpose_kind, purpose_id, asked_at, expires_at)
        VALUES ('opening-1', %s, 'key-00000001', %s, %s, %s, %s, %s, %s)
    """
    wished = (DESK, HOUSE.home, DoorAction.UNLOCK, Purpose.ALERT, two, from_wall(NOW), from_wall(NOW + MINUTE))
    async with connections.transaction() as cursor:
        await cursor.execute(asked, wished)
    store = PostgresAccess(connections)
    ask = Ask(DESK, "key-00000001", HOUSE.home, DoorAction.UNLOCK, Purpose.ALERT, two)
    assert await store.openings_to_agree(FIRST, NOW + 3) == (Opening("opening-1", ask, NOW, NOW + MINUTE),)
    assert await store.openings_to_agree(OTHER, NOW + 3) == ()
    await cases.answer(two, Answer.LEFT, person=FIRST, at=NOW + 4)
    assert await store.openings_to_agree(FIRST, NOW + 5) == ()


@pytest.mark.asyncio
async def test_the_phones_of_both_are_told_of_every_change(two: AlertId, desk: PostgresDesk) -> None:
    days, view = Days.__new__(Days), await desk.view(two, READ)
    days._sent = {}
    assert days.concerned(Numbered(1, view, NOW)) == {FIRST, OTHER}
    third = await step(desk, two, Action.SEND, Said(to="person-third", confirm=True))
    assert days.concerned(Numbered(2, third, NOW)) == {FIRST, OTHER, "person-third"}, "also who is sent no more"


@pytest.mark.asyncio
async def test_a_person_is_found_by_an_index_also_beside_the_newest(database_url: str) -> None:
    """Red without the index: every look of a phone at its day would read every alert there ever was."""
    query = """
        EXPLAIN SELECT FROM alert WHERE responder = 'p' OR handling ? 'beside'
            AND handling -> 'beside' @> jsonb_build_array(jsonb_build_object('person', 'p'::text))
    """
    with psycopg.connect(database_url) as connection:
        connection.execute("SET enable_seqscan = off")
        plan = "\n".join(row[0] for row in connection.execute(query))
    assert "alert_beside" in plan
    assert "alert_responder" in plan


@pytest_asyncio.fixture
async def omars(night: Night) -> AsyncIterator[httpx.AsyncClient]:
    """The second one's phone."""
    async with browser(night.process, OMAR) as phone:
        yield phone


async def shown(phone: httpx.AsyncClient) -> list[tuple[str, bool]]:
    today = (await phone.get("/api/v1/phone/today")).json()
    return [(one["response"], one["closed"]) for one in today["alerts"]]


@pytest.mark.asyncio
async def test_two_phones_at_one_door(night: Night, omars: httpx.AsyncClient) -> None:
    alert = await press(night.url)
    await let_in(night, alert)
    await do(night.url, alert, Action.SEND, Said(to=OMAR.id, confirm=True))
    assert (await shown(night.phone), await shown(omars)) == ([("on_site", False)], [("sent", False)])
    said = f"/api/v1/phone/alerts/{alert}"
    assert (await omars.post(f"{said}/on_site", json={"key": "key-on-site"})).json()["response"] == "on_site"
    outcome = await night.phone.post(f"{said}/outcome", json={"key": "key-outcome", "text": "hjälpt upp"})
    assert (outcome.status_code, outcome.json()["response"]) == (200, "on_site")
    async with browser(night.process, DISA) as seen:
        [one] = (await seen.get("/api/v1/alerts")).json()["alerts"]
        assert [each["name"] for each in one["beside"]] == [KARIN.display]
        assert (one["inside"], one["response"]["name"]) == (True, OMAR.display)
        warned = await seen.post(f"/api/v1/alerts/{alert}/resolve", json={"version": one["version"], "reason": "klart"})
        both = f"{KARIN.display} och {OMAR.display} är kvar i hemmet"
        assert both in warned.json()["message"]["sv"]
        again = {"version": one["version"], "to": KARIN.id, "confirm": True}
        there = await seen.post(f"/api/v1/alerts/{alert}/send", json=again)
        assert (there.status_code, "redan på plats" in there.json()["message"]["sv"]) == (409, True)
    locked = await night.phone.post(OPEN, json=wish(alert, "key-lock-01", action="lock", purpose="alert"))
    night.edge.obey(await night.edge.told(2), LockState.LOCKED)
    assert (await final(night.phone, locked.json()["command"]))["standing"] == "done"
    beside = "SELECT handling -> 'beside' -> 0 ->> 'standing', handling -> 'response' ->> 'standing' FROM alert"
    await until(lambda: rows(night.url, beside) == [("left", "on_site")])
    assert (await night.phone.post(f"{said}/left", json={"key": "key-left-1"})).status_code == 200, "said before"
    await stand_at_the_door(night.url, AT_DOOR.home)
    refused(await night.phone.post(OPEN, json=wish(alert, "key-in-again", purpose="alert")), Denial.CLOSED)
    lock_again = wish(alert, "key-lock-02", action="lock", purpose="alert")
    assert (await night.phone.post(OPEN, json=lock_again)).status_code == 202, "locking outlives the right"
