"""What a desk is shown and what it does: no call skipped, none ended unread."""

import asyncio
import contextlib

import psycopg
import pytest

from gateway.adapters.postgres.alarm_intake import LOCK_MS, PostgresAlarms
from gateway.adapters.postgres.alerts import apply_verdicts
from gateway.adapters.postgres.connections import Connections
from gateway.adapters.postgres.desk_views import PostgresDesk
from gateway.adapters.postgres.feed import PostgresFeed
from gateway.alarms.case import act_on
from gateway.alarms.feed import Feed
from gateway.ports.desk import Read
from homecare.alert import Action, Said
from homecare.clock import SystemClock
from homecare.errors import Conflict
from tests.gateway.alarms import judged
from tests.gateway.enrolled import NOW, household
from tests.waiting import SECONDS, end, until


@pytest.mark.asyncio
async def test_a_call_that_commits_late_is_not_skipped(database_url: str) -> None:
    """Two calls at once: the one that began first is committed last, after a desk has seen the other one."""
    early, late = judged(household(111), 1)[0], judged(household(112), 1)
    connections = Connections(database_url, name="scenario-alarm", size=2, lock_ms=LOCK_MS)
    store, shown = PostgresAlarms(connections), PostgresFeed(database_url, name="scenario-feed")
    await store.take(judged(household(114), 1), NOW)  # makes the chunk, as the process does ahead of time
    feed = Feed(shown, SystemClock())
    relay = asyncio.create_task(feed.run())
    await until(lambda: feed.position is not None)
    desk = feed.subscribe()
    homes: list[str] = []

    async def look() -> None:
        while (row := await desk.next(SECONDS)) is not None:
            homes.append(row.view.alert.home)

    looking = asyncio.create_task(look())
    async with await psycopg.AsyncConnection.connect(database_url) as connection:
        async with connection.cursor() as cursor:
            assert early.verdict is not None
            await apply_verdicts(cursor, [early.verdict], NOW)
        await store.take(late, NOW)
        await until(lambda: homes)
        await connection.commit()
    await store.take(judged(household(113), 1), NOW)
    await until(lambda: household(113).home in homes)
    await end(looking, relay)
    await shown.close()
    await connections.close()
    assert early.fact.envelope.home in homes, f"lost: {early.fact.id}: its call never reached a desk that was there"


@pytest.mark.asyncio
async def test_a_press_that_nobody_read_is_not_ended(database_url: str) -> None:
    """The operator ends a call that has been read; in that moment the resident presses again."""
    house = household(115)
    connections = Connections(database_url, name="scenario-desk", size=2, lock_ms=LOCK_MS)
    store, desk = PostgresAlarms(connections), PostgresDesk(connections)
    [read] = (await store.take(judged(house, 1), NOW)).alerts
    again = judged(house, 2)
    await store.take(again, NOW)
    with contextlib.suppress(Conflict):
        said = Said(reason="spoke with them")
        await act_on(desk, read.id, Action.RESOLVE, person="Somebody", version=read.version, at=NOW, said=said)
    [view] = (await desk.alerts("all", 10, Read(person="Somebody", what="scenario", within=None))).alerts
    await connections.close()
    assert view.alert.resolved_by is None, f"lost: {again[0].fact.id}: the call was ended before anybody read it"
