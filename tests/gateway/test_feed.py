"""The desk's feed: whoever reads the numbers in order has missed nothing."""

import asyncio
import random
from collections.abc import AsyncIterator

import psycopg
import pytest
import pytest_asyncio

from gateway.adapters.postgres.alarm_intake import LOCK_MS, PostgresAlarms
from gateway.adapters.postgres.connections import Connections
from gateway.adapters.postgres.feed import PostgresFeed
from gateway.alarms.feed import WAITING_LIMIT, Feed
from gateway.ports.desk import Numbered
from homecare.clock import SystemClock
from homecare.errors import Unavailable
from tests.asking import rows
from tests.gateway.alarms import judged
from tests.gateway.enrolled import NOW, household
from tests.waiting import SECONDS

TELL = """
INSERT INTO feed (alert, version, recorded_at, body)
SELECT 'alert-' || %s, 1, now(), to_jsonb(a) FROM alert AS a LIMIT 1
"""


@pytest_asyncio.fixture
async def feed(database_url: str) -> AsyncIterator[PostgresFeed]:
    """A feed over a database in which one alert stands, whose feed row is not numbered yet."""
    connections = Connections(database_url, name="test-alarm", size=1, lock_ms=LOCK_MS)
    await PostgresAlarms(connections).take(judged(household(1), 1), NOW)
    await connections.close()
    feed = PostgresFeed(database_url, name="test-feed")
    yield feed
    await feed.close()


async def read_on(feed: PostgresFeed, seen: list[Numbered]) -> None:
    """Number what is committed and read what follows the last row seen."""
    await feed.number_committed()
    seen.extend(await feed.after(seen[-1].number if seen else 0, 1_000))


@pytest.mark.asyncio
async def test_a_row_that_commits_late_is_not_skipped(feed: PostgresFeed, database_url: str) -> None:
    """Red as soon as numbers, or what readers go by, are taken before the commit."""
    seen: list[Numbered] = []
    await read_on(feed, seen)
    with psycopg.connect(database_url) as early, psycopg.connect(database_url) as late:
        early.execute(TELL, ("first",))
        late.execute(TELL, ("second",))
        late.commit()
        await read_on(feed, seen)
        early.commit()
        await read_on(feed, seen)
    assert [row.number for row in seen] == [1, 2, 3]
    order = rows(database_url, "SELECT alert FROM feed WHERE alert ~ 'first|second' ORDER BY number")
    assert order == [("alert-second",), ("alert-first",)]


@pytest.mark.asyncio
async def test_no_reader_misses_a_row_whatever_the_order_of_commits(feed: PostgresFeed, database_url: str) -> None:
    chance = random.Random(20_261_122)
    writing = asyncio.Event()

    async def write(number: int) -> None:
        connection = await psycopg.AsyncConnection.connect(database_url)
        for step in range(12):
            await connection.execute(TELL, (f"{number}-{step}",))
            await asyncio.sleep(chance.uniform(0, 0.02))
            await (connection.rollback() if chance.random() < 0.2 else connection.commit())
        await connection.close()

    async def read() -> list[int]:
        seen: list[Numbered] = []
        while not writing.is_set():
            await read_on(feed, seen)
            await asyncio.sleep(0.001)
        await read_on(feed, seen)
        return [row.number for row in seen]

    reader = asyncio.create_task(read())
    await asyncio.gather(*(write(number) for number in range(16)))
    writing.set()
    numbers = await reader
    stored = [number for (number,) in rows(database_url, "SELECT number FROM feed ORDER BY number")]
    assert numbers == stored == list(range(1, len(stored) + 1))
    assert len(stored) > 100


@pytest.mark.asyncio
async def test_only_one_session_numbers(feed: PostgresFeed, database_url: str) -> None:
    assert await feed.number_committed() == 1
    other = PostgresFeed(database_url, name="test-feed-2")
    with psycopg.connect(database_url) as connection:
        connection.execute(TELL, ("next",))
    assert await other.number_committed() == 0
    assert len(await other.after(0, 10)) == 1
    await feed.close()
    async with asyncio.timeout(SECONDS):
        while not (numbered := await other.number_committed()):  # noqa: ASYNC110 why: the server sets no event
            await asyncio.sleep(0.01)
    await other.close()
    assert numbered == 1, "the next relay goes on when the first one is gone"


@pytest.mark.asyncio
async def test_a_notification_ends_the_wait(feed: PostgresFeed, database_url: str) -> None:
    await feed.newest()
    waiting = asyncio.create_task(feed.wait(4 * SECONDS))
    with psycopg.connect(database_url) as connection:
        connection.execute("NOTIFY vaka_feed")
    async with asyncio.timeout(SECONDS):
        await waiting
    waiting = asyncio.create_task(feed.wait(4 * SECONDS))
    await asyncio.sleep(0)
    feed.kick()
    async with asyncio.timeout(SECONDS):
        await waiting


@pytest.mark.asyncio
async def test_old_rows_are_trimmed_and_the_numbers_go_on(feed: PostgresFeed, database_url: str) -> None:
    with psycopg.connect(database_url) as connection:
        for name in ("a", "b"):
            connection.execute(TELL, (name,))
    await feed.number_committed()
    with psycopg.connect(database_url) as connection:
        connection.execute("UPDATE feed SET recorded_at = now() - interval '8 days'")
    assert await feed.trim() == 2
    with psycopg.connect(database_url) as connection:
        connection.execute(TELL, ("c",))
    await feed.number_committed()
    assert rows(database_url, "SELECT number FROM feed ORDER BY number") == [(3,), (4,)]


@pytest.mark.asyncio
async def test_a_desk_that_does_not_keep_up_is_cut_and_the_others_go_on(feed: PostgresFeed) -> None:
    service = Feed(feed, SystemClock())
    with pytest.raises(Unavailable):
        service.subscribe()
    await service.step()
    slow, quick = service.subscribe(), service.subscribe()
    [row] = await feed.after(0, 1)
    for _ in range(WAITING_LIMIT):
        slow.give(row)
    assert not slow.cut
    slow.give(row)
    assert slow.cut
    quick.give(row)
    assert await quick.next(1) is row
    assert await quick.next(0.001) is None


@pytest.mark.asyncio
async def test_desks_start_again_when_the_numbers_went_back(feed: PostgresFeed, database_url: str) -> None:
    service = Feed(feed, SystemClock())
    await service.step()
    await feed.number_committed()
    await service.step()
    desk = service.subscribe()
    with psycopg.connect(database_url) as connection:
        connection.execute("DELETE FROM feed")
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'test-feed'"
        )
    with pytest.raises(Unavailable):
        await service.step()
    service.away = True
    await service.step()
    assert desk.cut
