"""A wrong clock deletes nothing that should be kept, and what is due goes in the end without anybody's help."""

import asyncio
import logging
from collections.abc import Callable
from typing import NamedTuple

import psycopg
import pytest

from gateway.adapters.postgres.migrate import migrate
from gateway.adapters.postgres.retention import PostgresRetention
from gateway.adapters.postgres.rows import from_wall, wall
from gateway.model.retention_clock import AGREE, AT_ONCE, PACE, Doubt, Judgement, Kept, Reading, judge
from gateway.retention import LEAST, MARGIN_DAYS, keep_trimming
from homecare.clock import DAY, HOUR, Clock, ManualClock, SystemClock
from homecare.errors import Unavailable
from tests.asking import rows
from tests.gateway.enrolled import household
from tests.gateway.lanes import enrol_houses, value
from tests.gateway.test_retention import event
from tests.waiting import end, until

NOW = 1_780_000_000_000_000
YEARS = 5 * 365 * DAY


class World(NamedTuple):
    """How far each clock is off, whether the machine is on, and whether the process has lived since the last hour."""

    gateway: int = 0
    database: int = 0
    on: bool = True
    lives: bool = True


class Course(NamedTuple):
    """The most that was deleted too early, what is left to delete at the end, and the doubts, in microseconds."""

    early: int
    left: int
    doubts: tuple[Doubt | None, ...]


def course(days: int, world: Callable[[float], World]) -> Course:
    """Live through so many days, an hour a look; `world` is asked by the day."""
    kept, early, left, doubts, on = Kept(NOW, NOW), -YEARS, 0, [], False
    for hour in range(days * 24):
        at = world(hour / 24)
        if at.on:
            true, lived = NOW + hour * HOUR, HOUR if on and at.lives else 0
            judged = judge(kept, Reading(true + at.gateway, true + at.database, lived), homes=True)
            kept, early, left = judged.kept, max(early, judged.now - true), true - judged.now
            doubts.append(judged.doubt)
        on = at.on
    return Course(early, left, tuple(doubts))


def always(world: World) -> Callable[[float], World]:
    return lambda _: world


def wrong(world: World, *, until: float) -> Callable[[float], World]:
    """From day 1 on."""
    return lambda day: world if 1 <= day < until else World()


AHEAD, BEHIND, DISAGREE = Doubt.AHEAD, Doubt.BEHIND, Doubt.DISAGREE
BOTH = World(YEARS, YEARS)
OFF = World(on=False)


@pytest.mark.parametrize(
    ("days", "world", "early", "doubts"),
    [
        (10, always(World()), 0, set()),
        (60, always(World(gateway=YEARS)), 0, {DISAGREE}),
        (60, always(World(database=YEARS)), 0, {DISAGREE}),
        (3, wrong(BOTH, until=1 + 1 / 24), HOUR, {AHEAD}),
        (12, wrong(BOTH, until=8), 7 * DAY, {AHEAD, BEHIND}),
        (42, wrong(BOTH, until=31), 30 * DAY, {AHEAD, BEHIND}),
        (10, wrong(World(23 * HOUR, 23 * HOUR), until=2), 23 * HOUR, set()),
        (31, wrong(World(-YEARS, -YEARS), until=8), 0, {BEHIND, AHEAD}),
        (31, wrong(World(gateway=-YEARS), until=8), 0, {DISAGREE, AHEAD}),
        (181, wrong(OFF, until=91), 0, {AHEAD}),
        (10, wrong(OFF, until=1.9), 0, set()),
        (60, lambda day: World() if day % 1 < 0.4 else OFF, 0, set()),
        (60, always(World(lives=False)), 0, set()),
    ],
)
def test_a_wrong_clock_costs_a_day_a_day_at_most_and_heals_by_itself(
    days: int, world: Callable[[float], World], early: int, doubts: set[Doubt]
) -> None:
    """`early`: the most that may go too early. At the end of `days` what is due has gone, and no more."""
    lived = course(days, world)
    assert lived.early <= early
    assert lived.left == 0
    assert set(lived.doubts) - {None} == doubts
    assert lived.doubts[-1] is (DISAGREE if doubts == {DISAGREE} else None)


def test_a_process_that_never_lives_an_hour_believes_no_jump() -> None:
    assert course(60, always(World(YEARS, YEARS, lives=False))).early <= 0


def test_clocks_that_stay_wrong_together_cost_a_day_a_day() -> None:
    assert course(60, always(BOTH)).early <= 60 * DAY


def test_three_months_without_power_are_caught_up_in_three_months_and_not_at_once() -> None:
    off = wrong(OFF, until=91)
    assert course(92, off).left > 88 * DAY
    assert course(178, off).left > DAY
    assert course(181, off).left == 0


def test_two_processes_count_the_same_hour_once() -> None:
    kept = Kept(NOW, NOW)
    for minutes in range(30, 301, 30):
        true = NOW + minutes * HOUR // 60
        kept = judge(kept, Reading(true + YEARS, true + YEARS, HOUR), homes=True).kept
    assert kept.moved_at == NOW + 5 * HOUR + YEARS
    assert kept.believed <= NOW + PACE * 6 * HOUR


def test_before_the_first_home_nothing_can_be_lost_and_the_clocks_are_believed() -> None:
    judged = judge(Kept(0, 0), Reading(NOW, NOW, 0), homes=False)
    assert (judged.now, judged.doubt, judged.kept.believed) == (NOW, None, NOW)
    assert judge(Kept(0, 0), Reading(NOW, NOW, 0), homes=True).now == 0


def test_a_clock_that_was_put_right_stops_at_once_what_was_believed_from_it() -> None:
    judged = judge(Kept(NOW + 30 * DAY, NOW), Reading(NOW, NOW, 0), homes=True)
    assert (judged.now, judged.doubt, judged.kept.believed) == (NOW, BEHIND, NOW + 30 * DAY)


def test_the_bounds_stand_in_order() -> None:
    """What is believed at once must fit the margin that repeats are told from news by."""
    assert AGREE < AT_ONCE < MARGIN_DAYS * DAY
    assert LEAST["ledger"] * DAY > AT_ONCE


def test_a_hint_says_by_how_much_and_what_to_do() -> None:
    judged = Judgement(Kept(NOW, NOW), NOW, Doubt.AHEAD, 3 * DAY + 5 * HOUR)
    assert judged.hint == "the clocks are 3 d 5 h ahead of what is believed: after an outage wait, else set them"
    assert Judgement(Kept(NOW, NOW), NOW).hint == ""


def believed(url: str, at: int, moved_at: int | None = None) -> None:
    with psycopg.connect(url) as connection:
        moved = from_wall(at if moved_at is None else moved_at)
        connection.execute("UPDATE retention_clock SET believed = %s, moved_at = %s", (from_wall(at), moved))


def recorded(url: str, at: int) -> None:
    """A home, and one event of ten days before."""
    enrol_houses(url, household(1))
    with psycopg.connect(url) as connection:
        event(connection, 1, days_old=10, now=at)


def faults(url: str) -> list[tuple[str, int]]:
    return rows(url, "SELECT subject, count FROM fault WHERE kind = 'retention_clock' ORDER BY subject")


async def one_round(url: str, clock: Clock, caplog: pytest.LogCaptureFixture) -> None:
    """As the bulk process does it."""
    caplog.clear()
    caplog.set_level(logging.INFO, "gateway.retention")
    task = asyncio.create_task(keep_trimming(PostgresRetention(url), clock, {"event": 400}))
    await until(lambda: "chunks went" in caplog.text)
    await end(task)


@pytest.mark.asyncio
async def test_both_clocks_years_ahead_delete_nothing_and_heal(
    database_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Red without the guard: the event of ten days ago is gone within the first round."""
    now = SystemClock().now().wall
    recorded(database_url, now - YEARS)
    believed(database_url, now - YEARS)
    await one_round(database_url, SystemClock(), caplog)
    assert rows(database_url, "SELECT seq FROM event") == [(1,)]
    assert faults(database_url) == [("clocks_ahead", 1)]
    assert "1825 d 0 h ahead" in caplog.text
    believed(database_url, now)
    await one_round(database_url, SystemClock(), caplog)
    assert faults(database_url) == [("clocks_ahead", 1)]
    assert rows(database_url, "SELECT seq FROM event") == []


@pytest.mark.asyncio
async def test_the_gateways_clock_years_ahead_deletes_nothing(
    database_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    now = SystemClock().now().wall
    recorded(database_url, now)
    await one_round(database_url, ManualClock(now + YEARS), caplog)
    assert rows(database_url, "SELECT seq FROM event") == [(1,)]
    assert faults(database_url) == [("clocks_disagree", 1)]


@pytest.mark.asyncio
async def test_the_databases_clock_years_ahead_deletes_nothing(
    database_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    now = SystemClock().now().wall
    recorded(database_url, now)
    name = database_url.rsplit("/", 1)[1]
    with psycopg.connect(database_url) as connection:
        connection.execute(
            "CREATE FUNCTION public.clock_timestamp() RETURNS timestamptz LANGUAGE sql AS "
            "$$ SELECT pg_catalog.clock_timestamp() + interval '1825 days' $$"
        )
        connection.execute(f'ALTER DATABASE "{name}" SET search_path = public, pg_catalog')  # ours before its own
    await one_round(database_url, SystemClock(), caplog)
    assert rows(database_url, "SELECT seq FROM event") == [(1,)]
    assert faults(database_url) == [("clocks_disagree", 1)]
    assert abs(wall(value(database_url, "SELECT moved_at FROM retention_clock")) - now - YEARS) < HOUR


@pytest.mark.asyncio
async def test_what_is_believed_goes_on_at_its_pace_and_survives_a_restart(database_url: str) -> None:
    enrol_houses(database_url, household(1))
    now = SystemClock().now().wall
    start = now - 90 * DAY
    believed(database_url, start, now - 3 * HOUR)
    first = await PostgresRetention(database_url).believe(now, 2 * HOUR)
    again = await PostgresRetention(database_url).believe(now, 0)
    assert (first.now, again.now) == (start + PACE * 2 * HOUR,) * 2
    assert wall(value(database_url, "SELECT believed FROM retention_clock")) == first.now


@pytest.mark.asyncio
async def test_without_its_row_retention_waits(database_url: str) -> None:
    rows(database_url, "DELETE FROM retention_clock RETURNING one")
    with pytest.raises(Unavailable, match="row is missing"):
        await PostgresRetention(database_url).believe(NOW, 0)


@pytest.mark.parametrize("days_old", [500, None])
def test_an_installation_that_is_brought_up_to_date_begins_from_its_newest_row(
    days_old: int | None, database_url: str
) -> None:
    """The clock may be wrong on the very day of the update; an empty database begins from today."""
    with psycopg.connect(database_url) as connection:
        if days_old is not None:
            event(connection, 1, days_old=days_old)
        connection.execute("DROP TABLE retention_clock")
        connection.execute("DELETE FROM _yoyo_migration WHERE migration_id = '0022_retention_clock'")
    migrate(database_url)
    began = wall(value(database_url, "SELECT believed FROM retention_clock"))
    if days_old is None:
        assert abs(began - SystemClock().now().wall) < HOUR
    else:
        assert began == NOW - days_old * DAY
