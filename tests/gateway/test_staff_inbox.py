"""The road from visits and cases to home states: written with the change, taken with the batch, once, by its shard."""

from collections.abc import AsyncIterator

import psycopg
import pytest
import pytest_asyncio

from gateway.adapters.postgres.bulk_store import PostgresStore
from gateway.adapters.postgres.connections import Connections
from gateway.adapters.postgres.staff_inbox import put_attendance
from gateway.adapters.postgres.visits import PostgresVisits
from gateway.ports.record import Attended, Batch
from homecare.attendance import Attendance, of_visit
from homecare.clock import HOUR, MINUTE
from homecare.errors import Refused
from homecare.identity import HomeId
from homecare.visit import OVERDUE_AFTER, Movement, Visit
from tests.asking import rows
from tests.gateway.lanes import SHARDS_ALL, value
from tests.gateway.planned import HOUSES, KARIN, NOW, SINCE, piece, plan, planned, record, settle
from tests.waiting import until

pytestmark = pytest.mark.asyncio
WAITING = "SELECT home, attendance, until IS NOT NULL, seen FROM staff_inbox ORDER BY id"
VISIT = planned().id


@pytest_asyncio.fixture
async def visits(database_url: str) -> AsyncIterator[PostgresVisits]:
    settle(database_url)
    connections = Connections(database_url, name="test-staff", size=2, lock_ms=5_000)
    store = PostgresVisits(connections)
    await store.take(plan(planned()), record())
    yield store
    await connections.close()


def allow(_: Visit) -> None:
    return None


async def test_each_change_of_a_visit_leaves_its_word_and_a_repeat_none(
    database_url: str, visits: PostgresVisits
) -> None:
    came, left = piece("came", Movement.ARRIVED), piece("left", Movement.LEFT, at=SINCE + 9 * MINUTE)
    for one in (came, came, piece("again", Movement.PRESENT, at=SINCE + MINUTE), left, left):
        after = await visits.add(VISIT, one, allow)
    known = of_visit(after, KARIN)
    assert known is not None
    home = HOUSES[0].home
    assert rows(database_url, WAITING) == [(home, known.id, False, False), (home, known.id, True, True)]


async def test_what_is_rolled_back_was_never_said(database_url: str, visits: PostgresVisits) -> None:
    def refuse(_: Visit) -> None:
        raise Refused("change visit", "visit", "no")

    with pytest.raises(Refused):
        await visits.add(VISIT, piece("came", Movement.ARRIVED), refuse)
    with psycopg.connect(database_url) as connection:
        connection.execute("ALTER TABLE read_log ADD CHECK (false) NOT VALID")
    with pytest.raises(psycopg.errors.CheckViolation):
        await visits.add(VISIT, piece("came", Movement.ARRIVED), allow)
    assert rows(database_url, WAITING) == []


async def test_a_batch_takes_what_its_shards_were_told_and_a_dead_one_nothing(
    database_url: str, visits: PostgresVisits
) -> None:
    mine, other = HOUSES[0], HOUSES[1]
    assert mine.shard != other.shard
    store = PostgresStore(database_url, [mine.shard])
    await store.begin()
    await visits.add(VISIT, piece("came", Movement.ARRIVED), allow)
    said = Attendance("attendance-elsewhere", NOW, None, NOW + HOUR)
    async with visits._connections.transaction() as cursor:
        await put_attendance(cursor, other.home, said, NOW)
        await put_attendance(cursor, HomeId("home-unknown"), said, NOW)
        await put_attendance(cursor, mine.home, None, NOW)
    assert not store.staff_told
    await store.alive(NOW, {})
    await until(lambda: store.staff_told)
    [found] = await store.attended(10)
    assert not store.staff_told
    bound = SINCE + HOUR + OVERDUE_AFTER
    assert found == Attended(found.row, mine.home, Attendance(found.attendance.id, SINCE, None, bound))
    await store.close()
    await store.begin()
    assert await store.attended(10) == [found], "a batch that never came took nothing"
    await store.commit(Batch(recorded_at=NOW, attended=[found.row]))
    assert await store.attended(10) == []
    await store.close()
    assert value(database_url, "SELECT attendance FROM staff_inbox") == said.id, "it is another worker's"
    everything = PostgresStore(database_url, SHARDS_ALL)
    await everything.begin()
    assert [one.attendance for one in await everything.attended(10)] == [said]
    await everything.close()
