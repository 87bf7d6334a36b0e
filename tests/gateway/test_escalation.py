"""The ladder on a real database: every step on time, once, and also after a restart."""

import asyncio
from collections.abc import AsyncIterator

import msgspec
import pytest
import pytest_asyncio

from gateway.adapters.postgres.alarm_intake import LOCK_MS, PostgresAlarms
from gateway.adapters.postgres.alerts import apply_verdicts
from gateway.adapters.postgres.connections import Connections
from gateway.adapters.postgres.desk_views import PostgresDesk
from gateway.adapters.postgres.ladder import PostgresLadder
from gateway.alarms.case import act_on
from gateway.alarms.escalation import Escalation
from homecare.alert import Action, Condition, Said
from homecare.case import CallResult
from homecare.clock import MINUTE, SECOND, ManualClock
from homecare.errors import Conflict
from homecare.identity import AlertId
from rules.verdict import Clear, Raise
from tests.asking import rows
from tests.gateway.alarms import judged
from tests.gateway.enrolled import NOW, household

HOUSE = household(1)
STEPS = "SELECT transition, detail ->> 'rung', person FROM alert_log ORDER BY version"


class Ladder:
    """The escalation of one process, a clock that moves when told, and the alert that it looks after."""

    def __init__(self, connections: Connections, url: str, alert: AlertId) -> None:
        self.clock = ManualClock(NOW)
        self.url = url
        self.alert = alert
        self.told = 0
        self._connections = connections
        self.process = self.another()
        self.desk = PostgresDesk(connections)

    def another(self) -> Escalation:
        return Escalation(PostgresLadder(self._connections), self.clock, told=self._tell, webhook=True)

    def _tell(self) -> None:
        self.told += 1

    async def at(self, seconds: float) -> list[tuple[object, ...]]:
        self.clock.wall = NOW + int(seconds * SECOND)
        await self.process.round()
        return rows(self.url, STEPS)[1:]

    async def do(self, action: Action, said: Said | None = None) -> None:
        version = rows(self.url, "SELECT version FROM alert")[0][0]
        at = self.clock.now().wall
        await act_on(self.desk, self.alert, action, person="Åsa", version=version, at=at, said=said or Said())


@pytest_asyncio.fixture
async def connections(database_url: str) -> AsyncIterator[Connections]:
    connections = Connections(database_url, name="test-ladder", size=8, lock_ms=LOCK_MS * 40)
    yield connections
    await connections.close()


@pytest_asyncio.fixture
async def ladder(connections: Connections, database_url: str) -> Ladder:
    taken = await PostgresAlarms(connections).take(judged(HOUSE, 1), NOW)
    return Ladder(connections, database_url, taken.alerts[0].id)


@pytest.mark.asyncio
async def test_a_call_that_nobody_takes_climbs_on_time(ladder: Ladder) -> None:
    assert await ladder.at(29.9) == []
    assert await ladder.at(30) == [("escalated", "1", None)]
    assert rows(ladder.url, "SELECT count(*) FROM outbox WHERE kind = 'webhook'") == [(0,)]
    assert (await ladder.at(60))[1:] == [("escalated", "2", None)]
    assert (await ladder.at(179))[2:] == []
    assert (await ladder.at(180))[2:] == [("escalated", "3", None)]
    assert (await ladder.at(240))[3:] == [("escalated", "4", None)]
    assert rows(ladder.url, "SELECT (body ->> 'rung')::int FROM outbox WHERE kind = 'webhook' ORDER BY id") == [
        (2,),
        (3,),
        (4,),
    ]
    assert rows(ladder.url, "SELECT count(*), max((body -> 'handling' ->> 'rung')::int) FROM feed") == [(5, 4)]
    assert ladder.told == 4


@pytest.mark.asyncio
async def test_a_webhook_body_holds_pseudonyms_and_numbers_only(ladder: Ladder) -> None:
    await ladder.at(60)
    [(body,)] = rows(ladder.url, "SELECT body FROM outbox WHERE kind = 'webhook'")
    assert set(body) == {
        "event", "alert", "home", "condition", "occurrences", "rung", "version", "raised_at", "escalated_at",
    }  # fmt: skip
    home = HOUSE.registration.home
    assert not {home.address, home.resident, home.label} & set(map(str, body.values()))


@pytest.mark.asyncio
async def test_a_process_that_was_away_makes_every_rung_good(ladder: Ladder) -> None:
    ladder.process = ladder.another()
    steps = await ladder.at(600)
    assert steps == [("escalated", rung, None) for rung in ("1", "2", "3", "10")]
    assert await ladder.at(601) == steps


@pytest.mark.asyncio
async def test_two_processes_take_each_step_once(ladder: Ladder) -> None:
    """Red without the lock on the alert: both would take the step from the same rung."""
    others = [ladder.another() for _ in range(4)]
    for seconds in (30, 60, 180, 240):
        ladder.clock.wall = NOW + seconds * SECOND
        moved = await asyncio.gather(*(one.round() for one in others))
        assert sum(moved) == 1
    assert [rung for _, rung, _ in rows(ladder.url, STEPS)[1:]] == ["1", "2", "3", "4"]
    assert rows(ladder.url, "SELECT count(*) FROM outbox WHERE kind = 'webhook'") == [(3,)]


@pytest.mark.asyncio
async def test_a_claim_without_progress_returns_and_the_ladder_is_where_it_would_have_been(ladder: Ladder) -> None:
    await ladder.at(10)
    await ladder.do(Action.TAKE)
    assert (await ladder.at(129))[1:] == []
    assert (await ladder.at(130))[1:] == [("lapsed", None, None), ("escalated", "1", None), ("escalated", "2", None)]
    assert rows(ladder.url, "SELECT claimed_by FROM alert") == [(None,)]


@pytest.mark.asyncio
async def test_progress_gives_time_again_and_a_closed_alert_is_left_alone(ladder: Ladder) -> None:
    await ladder.at(10)
    await ladder.do(Action.TAKE)
    await ladder.at(100)
    await ladder.do(Action.CALL_BACK, Said(result=CallResult.REACHED))
    assert (await ladder.at(219))[2:] == []
    await ladder.do(Action.RESOLVE, Said(reason="talat med henne"))
    assert (await ladder.at(10_000))[3:] == []
    assert rows(ladder.url, "SELECT due_at FROM alert") == [(None,)]


@pytest.mark.asyncio
async def test_presses_on_an_alert_that_nobody_has_delay_nothing(ladder: Ladder, connections: Connections) -> None:
    alarms = PostgresAlarms(connections)
    for press in range(8):
        await ladder.at(press * 25)
        await alarms.take(judged(HOUSE, 2 + press), ladder.clock.wall)
    await ladder.at(200)
    climbed = rows(ladder.url, "SELECT recorded_at, detail ->> 'rung' FROM alert_log WHERE transition = 'escalated'")
    assert [rung for _, rung in sorted(climbed)] == ["1", "2", "3"]
    assert rows(ladder.url, "SELECT occurrences FROM alert") == [(9,)]


@pytest.mark.asyncio
async def test_a_take_from_before_an_escalation_counts_and_one_from_before_a_press_does_not(
    ladder: Ladder, connections: Connections
) -> None:
    await ladder.at(60)
    at = ladder.clock.wall
    view = await act_on(ladder.desk, ladder.alert, Action.TAKE, person="Åsa", version=1, at=at)
    assert (view.alert.claimed_by, view.alert.version) == ("Åsa", 4)
    await ladder.at(60 + 120)
    await PostgresAlarms(connections).take(judged(HOUSE, 2), ladder.clock.wall)
    with pytest.raises(Conflict):
        await act_on(ladder.desk, ladder.alert, Action.TAKE, person="Åsa", version=4, at=at)


@pytest.mark.asyncio
async def test_a_concern_climbs_slowly_and_not_once_it_is_gone(connections: Connections, database_url: str) -> None:
    raised = Raise(
        condition=Condition.FRONT_DOOR_OPEN_AT_NIGHT, home=HOUSE.home, subject=HOUSE.door, window="night",
        occurred_at=NOW, fact=None, presses=1, explanation={},
    )  # fmt: skip
    async with connections.transaction() as cursor:
        [alert] = await apply_verdicts(cursor, [raised], NOW)
    ladder = Ladder(connections, database_url, alert.id)
    assert await ladder.at(299) == []
    assert await ladder.at(300) == [("escalated", "1", None)]
    async with connections.transaction() as cursor:
        clear = Clear(condition=raised.condition, home=HOUSE.home, subject=HOUSE.door, occurred_at=NOW)
        await apply_verdicts(cursor, [clear], NOW + 6 * MINUTE)
    assert (await ladder.at(900))[2:] == []
    async with connections.transaction() as cursor:
        await apply_verdicts(cursor, [msgspec.structs.replace(raised, window="again")], NOW + 20 * MINUTE)
    assert rows(database_url, "SELECT due_at IS NOT NULL FROM alert") == [(True,)]
