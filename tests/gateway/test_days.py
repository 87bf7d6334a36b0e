"""Whose day changed, on a real database: told with the commit, and nothing is missed when the listener breaks."""

import asyncio
from collections.abc import AsyncIterator

import psycopg
import pytest
import pytest_asyncio

from gateway.adapters.postgres.connections import Connections
from gateway.adapters.postgres.day_watch import PostgresDayWatch
from gateway.adapters.postgres.feed import PostgresFeed
from gateway.adapters.postgres.visits import PostgresVisits
from gateway.alarms.feed import Feed
from gateway.visits.days import PHONES_LIMIT, Days
from homecare.clock import HOUR, ManualClock
from homecare.errors import Unavailable
from homecare.visit import OVERDUE_AFTER, Movement, VisitStanding
from tests.asking import rows
from tests.gateway.enrolled import NOW
from tests.gateway.planned import KARIN, OMAR, SINCE, piece, plan, planned, record, settle
from tests.gateway.test_visit_store import READ, WINDOW, anybody
from tests.waiting import SECONDS, end

LISTENER = "test-days"


@pytest_asyncio.fixture
async def store(database_url: str) -> AsyncIterator[PostgresVisits]:
    settle(database_url)
    connections = Connections(database_url, name="test-visits", size=2, lock_ms=5_000)
    yield PostgresVisits(connections)
    await connections.close()


@pytest_asyncio.fixture
async def watch(database_url: str) -> AsyncIterator[PostgresDayWatch]:
    watch = PostgresDayWatch(database_url, name=LISTENER)
    yield watch
    await watch.close()


@pytest.mark.asyncio
async def test_a_listener_hears_who_is_concerned(store: PostgresVisits, watch: PostgresDayWatch) -> None:
    assert await watch.changed(SECONDS) is None, "at first something may have been missed"
    await store.take(plan(planned()), record())
    assert await watch.changed(SECONDS) == {KARIN}
    assert await watch.changed(0.05) == frozenset()


@pytest.mark.asyncio
async def test_a_listener_that_was_cut_off_says_so_once(watch: PostgresDayWatch, database_url: str) -> None:
    await watch.changed(SECONDS)
    with psycopg.connect(database_url, autocommit=True) as other:
        other.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = %s", (LISTENER,))
    with pytest.raises(Unavailable):
        await watch.changed(SECONDS)
    assert await watch.changed(SECONDS) is None
    assert await watch.changed(0.05) == frozenset()


@pytest.mark.asyncio
async def test_only_the_phones_concerned_are_told(
    store: PostgresVisits, watch: PostgresDayWatch, database_url: str
) -> None:
    feed = Feed(PostgresFeed(database_url, name="test-feed"), ManualClock(NOW))
    days = Days(watch, feed)
    karin, omar = days.open(KARIN), days.open(OMAR)
    running = asyncio.create_task(days._follow_visits())
    assert await karin.wait(SECONDS), "the first look tells everybody"
    assert await omar.wait(SECONDS)
    await store.take(plan(planned()), record())
    assert await karin.wait(SECONDS)
    assert not await omar.wait(0.05)
    await store.add(planned().id, piece("evidence-1", Movement.ARRIVED, person=OMAR), anybody)
    assert await omar.wait(SECONDS), "who came is concerned, planned or not"
    await end(running)
    days.close(karin)
    assert days.phones == 1


def test_phones_are_bounded(database_url: str) -> None:
    days = Days(
        PostgresDayWatch(database_url, name=LISTENER), Feed(PostgresFeed(database_url, name="f"), ManualClock())
    )
    views = [days.open(KARIN) for _ in range(PHONES_LIMIT)]
    with pytest.raises(Unavailable):
        days.open(KARIN)
    days.open(None)
    assert days.phones == PHONES_LIMIT, "no phone takes a desk's place"
    days.close(views[0])
    days.open(KARIN)


@pytest.mark.asyncio
async def test_hc7_a_visit_that_nobody_ended_is_found_once(store: PostgresVisits, database_url: str) -> None:
    await store.take(plan(planned("1"), planned("2"), planned("3")), record())
    for number in (1, 2):
        await store.add(planned(str(number)).id, piece(f"evidence-{number}", Movement.ARRIVED), anybody)
    await store.add(planned("2").id, piece("evidence-3", Movement.LEFT, at=SINCE + HOUR), anybody)
    due = SINCE + HOUR + OVERDUE_AFTER
    assert [await store.mark_overdue(at) for at in (due - 1, due, due)] == [0, 1, 0]
    after = {visit.id: visit for visit in await store.visits(WINDOW, READ)}
    assert after[planned("1").id].standing is VisitStanding.PARTIAL
    assert after[planned("1").id].ended_at is None
    logged = rows(database_url, "SELECT visit, standing FROM visit_log WHERE transition = 'overdue'")
    assert logged == [(planned("1").id, "partial")]
    late = piece("evidence-4", Movement.LEFT, at=SINCE + HOUR, received_at=due + HOUR)
    assert (await store.add(planned("1").id, late, anybody)).standing is VisitStanding.ENDED
