"""What people do with alerts, on a real database: one wins, and nothing goes unrecorded."""

import asyncio
from collections.abc import AsyncIterator

import psycopg
import pytest
import pytest_asyncio

from gateway.adapters.postgres.alarm_intake import LOCK_MS, PostgresAlarms
from gateway.adapters.postgres.connections import Connections
from gateway.adapters.postgres.desk_views import PostgresDesk
from gateway.adapters.postgres.registry import enrol
from gateway.alarms.case import act_on
from gateway.ports.desk import AlertView, Read, Window
from homecare.alert import Action, Said
from homecare.clock import DAY, HOUR
from homecare.errors import Conflict, Refused, Unknown
from homecare.identity import AlertId
from tests.asking import rows
from tests.gateway.alarms import judged
from tests.gateway.enrolled import ENROLLED_AT, NOW, household

HOUSE = household(1)
READ = Read(person="Test", what="test", within=None)


@pytest_asyncio.fixture
async def connections(database_url: str) -> AsyncIterator[Connections]:
    connections = Connections(database_url, name="test-desk", size=8, lock_ms=LOCK_MS * 40)
    yield connections
    await connections.close()


@pytest_asyncio.fixture
async def desk(connections: Connections) -> PostgresDesk:
    return PostgresDesk(connections)


@pytest_asyncio.fixture
async def raised(connections: Connections) -> AlertId:
    taken = await PostgresAlarms(connections).take(judged(HOUSE, 1), NOW)
    return taken.alerts[0].id


async def act(desk: PostgresDesk, alert: AlertId, action: Action, version: int, **more: str) -> AlertView:
    said = Said(reason=more.get("reason", ""))
    return await act_on(desk, alert, action, person=more.get("person", "Åsa"), version=version, at=NOW, said=said)


@pytest.mark.asyncio
async def test_of_50_who_take_an_alert_at_once_one_has_it(
    desk: PostgresDesk, raised: AlertId, database_url: str
) -> None:
    takes = (act(desk, raised, Action.TAKE, 1, person=f"Operator {number}") for number in range(50))
    outcomes = await asyncio.gather(*takes, return_exceptions=True)
    [won] = [outcome for outcome in outcomes if isinstance(outcome, AlertView)]
    assert sum(isinstance(outcome, Conflict) for outcome in outcomes) == 49
    assert rows(database_url, "SELECT claimed_by, version FROM alert") == [(won.alert.claimed_by, 2)]
    assert rows(database_url, "SELECT transition FROM alert_log ORDER BY version") == [("raised",), ("claimed",)]


@pytest.mark.asyncio
async def test_a_newer_press_is_a_conflict(
    desk: PostgresDesk, raised: AlertId, connections: Connections, database_url: str
) -> None:
    await PostgresAlarms(connections).take(judged(HOUSE, 2), NOW)
    with pytest.raises(Conflict):
        await act(desk, raised, Action.RESOLVE, 1, reason="seen")
    assert rows(database_url, "SELECT standing FROM alert") == [("raised",)]


@pytest.mark.asyncio
async def test_a_new_press_puts_an_acknowledged_alert_back_before_people(
    desk: PostgresDesk, raised: AlertId, connections: Connections, database_url: str
) -> None:
    await act(desk, raised, Action.ACKNOWLEDGE, 1)
    await PostgresAlarms(connections).take(judged(HOUSE, 2), NOW)
    assert rows(database_url, "SELECT standing, claimed_by, acknowledged_by, occurrences FROM alert") == [
        ("raised", "Åsa", None, 2)
    ]


@pytest.mark.asyncio
async def test_after_the_end_the_next_press_is_another_alert(
    desk: PostgresDesk, raised: AlertId, connections: Connections, database_url: str
) -> None:
    with pytest.raises(Refused):
        await act(desk, raised, Action.RESOLVE, 1, reason=" ")
    ended = await act(desk, raised, Action.RESOLVE, 1, reason="Pratat med den boende")
    assert (ended.alert.standing, ended.alert.active) == ("resolved", False)
    await PostgresAlarms(connections).take(judged(HOUSE, 2), NOW)
    standings = rows(database_url, "SELECT standing FROM alert ORDER BY standing")
    assert standings == [("raised",), ("resolved",)]
    log = rows(database_url, "SELECT person, reason FROM alert_log WHERE transition = 'resolved'")
    assert log == [("Åsa", "Pratat med den boende")]


@pytest.mark.asyncio
async def test_every_step_is_in_the_log_and_in_the_feed(desk: PostgresDesk, raised: AlertId, database_url: str) -> None:
    for version, action in enumerate((Action.TAKE, Action.RELEASE, Action.ACKNOWLEDGE, Action.RESOLVE), 1):
        await act(desk, raised, action, version, reason="klart")
    steps = rows(database_url, "SELECT version, transition FROM alert_log ORDER BY version")
    assert [step for _, step in steps] == ["raised", "claimed", "released", "acknowledged", "resolved"]
    told = rows(database_url, "SELECT version, body ->> 'standing' FROM feed ORDER BY id")
    assert told == [(1, "raised"), (2, "raised"), (3, "raised"), (4, "acknowledged"), (5, "resolved")]


@pytest.mark.asyncio
async def test_reading_leaves_one_row_a_home(desk: PostgresDesk, connections: Connections, database_url: str) -> None:
    for number in (1, 2):
        await PostgresAlarms(connections).take(judged(household(number), 1), NOW)
    await desk.alerts("open", 10, Read(person="Åsa", what="alerts", within=None))
    logged = rows(database_url, "SELECT person, what, home FROM read_log ORDER BY home")
    assert logged == [("Åsa", "alerts", "home-000001"), ("Åsa", "alerts", "home-000002")]


@pytest.mark.asyncio
async def test_there_is_no_such_alert(desk: PostgresDesk) -> None:
    with pytest.raises(Unknown):
        await desk.view(AlertId("alert-none"), READ)
    with pytest.raises(Unknown):
        await act(desk, AlertId("alert-none"), Action.TAKE, 1)


@pytest.mark.asyncio
async def test_the_bulk_lane_is_known_by_its_signs_of_life(desk: PostgresDesk, database_url: str) -> None:
    assert (await desk.state()).bulk_seconds is None
    with psycopg.connect(database_url) as connection:
        connection.execute("INSERT INTO process_seen VALUES ('bulk-0', now() - interval '3 seconds', '{}')")
    seconds = (await desk.state()).bulk_seconds
    assert seconds is not None
    assert 3 <= seconds < 10


@pytest.mark.asyncio
async def test_a_day_says_since_when_anything_could_be_heard_of_the_home(
    desk: PostgresDesk, raised: AlertId, connections: Connections, database_url: str
) -> None:
    """Red when the time before a home said anything at all looks like a contact that was lost."""
    assert raised
    enrol(database_url, HOUSE.registration)
    first = await desk.day(HOUSE.home, Window(since=NOW - DAY, until=NOW + HOUR), READ)
    assert first.began == first.events[0].at > NOW - DAY, "its first fact"
    later = await desk.day(HOUSE.home, Window(since=NOW + HOUR, until=NOW + HOUR + DAY), READ)
    assert later.began == ENROLLED_AT, "since its edge stands there"
    async with connections.work("take the facts away", "alert") as cursor:
        await cursor.execute("DELETE FROM event")
    assert (await desk.day(HOUSE.home, Window(since=NOW - DAY, until=NOW), READ)).began is None, "never heard"
