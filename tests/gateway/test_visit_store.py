"""Visits on a real database: every change leaves its log, and whoever came or went a check_in, whole or not at all."""

import asyncio
from collections.abc import AsyncIterator

import psycopg
import pytest
import pytest_asyncio

from gateway.adapters.postgres.connections import Connections
from gateway.adapters.postgres.visits import PostgresVisits
from gateway.ports.desk import Read, Window
from gateway.ports.visits import Closing, NoEntry
from homecare.clock import DAY, HOUR
from homecare.errors import Conflict, Refused, Unknown
from homecare.identity import HomeId, UnitId
from homecare.visit import Movement, Proof, Visit, VisitStanding
from tests.asking import rows
from tests.gateway.alarms import count
from tests.gateway.enrolled import NOW
from tests.gateway.planned import HOUSES, KARIN, OMAR, PETRA, SINCE, UNIT, piece, plan, planned, record, settle
from tests.waiting import SECONDS

READ = Read(person=PETRA, what="test", within=frozenset({UNIT}))
WINDOW = Window(since=NOW, until=NOW + DAY)


def anybody(_: Visit) -> None:
    """Everybody may."""


def whoever(_: NoEntry, __: Visit) -> None:
    """Everybody may."""


@pytest_asyncio.fixture
async def store(database_url: str) -> AsyncIterator[PostgresVisits]:
    settle(database_url)
    connections = Connections(database_url, name="test-visits", size=8, lock_ms=5_000)
    yield PostgresVisits(connections)
    await connections.close()


@pytest.mark.asyncio
async def test_a_plan_makes_visits_and_the_same_again_changes_nothing(store: PostgresVisits, database_url: str) -> None:
    visits = plan(planned("1"), planned("2", home=HOUSES[1].home, since=SINCE + HOUR, until=SINCE + 2 * HOUR))
    assert len((await store.preview(UNIT, visits)).new) == 2
    assert count(database_url, "visit") == 0, "a preview takes nothing"
    assert len((await store.take(visits, record(1))).new) == 2
    again = await store.take(visits, record(2))
    assert (again.new, again.changed, again.unchanged) == ((), (), 2)
    assert count(database_url, "visit") == count(database_url, "planned_visit") == count(database_url, "visit_log") == 2
    assert rows(database_url, "SELECT new, unchanged FROM plan_import ORDER BY id") == [(2, 0), (0, 2)]
    shown = await store.visits(WINDOW, READ)
    assert [visit.id for visit in shown] == [planned("1").id, planned("2").id]
    assert shown[0].people == (KARIN,)
    assert {row[0] for row in rows(database_url, "SELECT home FROM read_log WHERE person = %s", PETRA)} == {
        HOUSES[0].home,
        HOUSES[1].home,
    }


@pytest.mark.asyncio
async def test_nothing_of_another_unit_is_shown(store: PostgresVisits) -> None:
    await store.take(plan(planned()), record())
    other = Read(person=PETRA, what="test", within=frozenset({UnitId("unit-0002")}))
    assert await store.visits(WINDOW, other) == ()
    everywhere = Read(person=PETRA, what="test", within=None)
    assert len(await store.visits(WINDOW, everywhere)) == 1


@pytest.mark.asyncio
async def test_plan_27_28_a_started_visit_survives_every_change_of_its_plan(
    store: PostgresVisits, database_url: str
) -> None:
    await store.take(plan(planned("1"), planned("2")), record(1))
    started = await store.add(planned("1").id, piece("evidence-1", Movement.ARRIVED), anybody)
    elsewhere = planned("1", home=HOUSES[1].home, people=(OMAR,))
    await store.take(plan(elsewhere, planned("2", cancelled=True)), record(2))
    await store.take(plan(planned("1", cancelled=True)), record(3))
    after = {visit.id: visit for visit in await store.visits(WINDOW, READ)}
    kept = after[planned("1").id]
    assert (kept.home, kept.people, kept.standing) == (started.home, (KARIN,), VisitStanding.STARTED)
    assert after[planned("2").id].standing is VisitStanding.CANCELLED
    assert rows(database_url, "SELECT transition FROM visit_log WHERE visit = %s ORDER BY version", kept.id) == [
        ("planned",),
        ("arrived",),
        ("plan_kept",),
        ("plan_kept",),
    ]
    assert rows(database_url, "SELECT cancelled FROM planned_visit WHERE id = %s", kept.id) == [(True,)]


@pytest.mark.asyncio
async def test_plan_14_a_plan_exported_earlier_is_refused(store: PostgresVisits, database_url: str) -> None:
    await store.take(plan(planned("1", home=HOUSES[1].home)), record(1, exported_at=NOW))
    with pytest.raises(Conflict):
        await store.take(plan(planned("1")), record(2, exported_at=NOW - 1))
    assert rows(database_url, "SELECT home FROM visit") == [(HOUSES[1].home,)]


@pytest.mark.asyncio
async def test_plan_10_two_plans_at_once_are_one_after_the_other(store: PostgresVisits, database_url: str) -> None:
    visits = plan(*(planned(str(number)) for number in range(50)))
    found = await asyncio.gather(*(store.take(visits, record(number)) for number in range(6)))
    assert sorted(len(one.new) for one in found) == [0, 0, 0, 0, 0, 50]
    assert count(database_url, "visit") == count(database_url, "visit_log") == 50


@pytest.mark.asyncio
@pytest.mark.parametrize("table", ["plan_import", "planned_visit", "visit", "visit_log"])
async def test_plan_37_a_plan_is_taken_whole_or_not_at_all(
    store: PostgresVisits, database_url: str, table: str
) -> None:
    """The database ends the session in the middle of the third row of each table."""
    nth = 1 if table == "plan_import" else 3
    with psycopg.connect(database_url) as connection:
        connection.execute("CREATE SEQUENCE nth")
        connection.execute(
            f"CREATE FUNCTION die() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF nextval('nth') >= {nth} "
            "THEN PERFORM pg_terminate_backend(pg_backend_pid()); END IF; RETURN NEW; END $$"
        )
        connection.execute(f"CREATE TRIGGER dying BEFORE INSERT ON {table} FOR EACH ROW EXECUTE FUNCTION die()")
    visits = plan(*(planned(str(number)) for number in range(5)))
    with pytest.raises(Exception, match="take plan"):
        await store.take(visits, record())
    for one in ("plan_import", "planned_visit", "visit", "visit_log"):
        assert count(database_url, one) == 0, one
    with psycopg.connect(database_url) as connection:
        connection.execute(f"DROP TRIGGER dying ON {table}")
    assert len((await store.take(visits, record())).new) == 5


@pytest.mark.asyncio
async def test_from_start_to_end_by_tag(store: PostgresVisits, database_url: str) -> None:
    await store.take(plan(planned()), record())
    visit = planned().id
    await store.add(visit, piece("evidence-1", Movement.PRESENT), anybody)
    ended = await store.add(visit, piece("evidence-2", Movement.PRESENT, at=SINCE + HOUR), anybody)
    assert ended.standing is VisitStanding.ENDED
    assert rows(database_url, "SELECT standing, version FROM visit") == [("ended", 3)]
    assert rows(
        database_url, "SELECT method, direction, person, visit, evidence, edge FROM check_in ORDER BY occurred_at"
    ) == [
        ("tag", "in", KARIN, visit, "evidence-1", None),
        ("tag", "out", KARIN, visit, "evidence-2", None),
    ]
    assert rows(database_url, "SELECT transition, standing, evidence FROM visit_log ORDER BY version") == [
        ("planned", "planned", None),
        ("arrived", "started", "evidence-1"),
        ("left", "ended", "evidence-2"),
    ]
    assert await store.visits_of(KARIN, WINDOW, READ) == (ended,)
    assert await store.visits_of(OMAR, WINDOW, READ) == ()
    assert await store.visits_at(HomeId(HOUSES[0].home), WINDOW) == (ended,)


@pytest.mark.asyncio
async def test_the_same_evidence_50_times_at_once_is_one(store: PostgresVisits, database_url: str) -> None:
    await store.take(plan(planned()), record())
    one = piece("evidence-1", Movement.ARRIVED)
    found = await asyncio.gather(*(store.add(planned().id, one, anybody) for _ in range(50)))
    assert {visit.version for visit in found} == {2}
    assert count(database_url, "visit_evidence") == count(database_url, "check_in") == 1


@pytest.mark.asyncio
async def test_evidence_of_another_visit_is_a_conflict(store: PostgresVisits, database_url: str) -> None:
    await store.take(plan(planned("1"), planned("2")), record())
    await store.add(planned("1").id, piece("evidence-1", Movement.ARRIVED), anybody)
    with pytest.raises(Conflict):
        await store.add(planned("2").id, piece("evidence-1", Movement.ARRIVED), anybody)
    assert count(database_url, "check_in") == 1


@pytest.mark.asyncio
async def test_what_is_not_allowed_changes_nothing(store: PostgresVisits, database_url: str) -> None:
    await store.take(plan(planned()), record())

    def nobody(_: Visit) -> None:
        raise Refused("test", "visit", "no")

    with pytest.raises(Refused):
        await store.add(planned().id, piece("evidence-1", Movement.ARRIVED), nobody)
    with pytest.raises(Unknown):
        await store.add("visit-unknown", piece("evidence-1", Movement.ARRIVED), anybody)
    with pytest.raises(Refused):
        await store.add(planned().id, piece("evidence-1", Movement.ARRIVED, proof=Proof.BY_HAND), anybody)
    assert count(database_url, "visit_evidence") == count(database_url, "check_in") == 0


@pytest.mark.asyncio
async def test_hc9_a_no_entry_is_open_until_somebody_closes_it_with_a_reason(
    store: PostgresVisits, database_url: str
) -> None:
    await store.take(plan(planned()), record())
    stuck = piece("evidence-1", Movement.NO_ENTRY, proof=Proof.BY_HAND, reason="Ingen öppnar")
    visit = await store.add(planned().id, stuck, anybody)
    assert visit.standing is VisitStanding.NO_ENTRY
    [open_] = await store.no_entries(READ)
    assert (open_.visit, open_.person, open_.reason) == (visit.id, KARIN, "Ingen öppnar")
    closing = Closing(person=PETRA, reason="Brukaren är på sjukhus", key="key-1", at=SINCE + HOUR)
    closed = await store.close_no_entry(open_.id, closing, whoever)
    assert (closed.closed_by, closed.closing_reason) == (PETRA, closing.reason)
    assert await store.close_no_entry(open_.id, closing, whoever) == closed, "the same key is the same closing"
    with pytest.raises(Conflict):
        await store.close_no_entry(open_.id, Closing(KARIN, "annat", "key-2", SINCE), whoever)
    assert await store.no_entries(READ) == ()
    with pytest.raises(psycopg.errors.CheckViolation), psycopg.connect(database_url) as connection:
        connection.execute("UPDATE no_entry SET closing_reason = NULL")


@pytest.mark.asyncio
async def test_whose_day_changed_is_told_with_the_commit(store: PostgresVisits, database_url: str) -> None:
    with psycopg.connect(database_url, autocommit=True) as listener:
        listener.execute("LISTEN vaka_today")
        await store.take(plan(planned(people=(KARIN, OMAR))), record())
        assert {one.payload for one in listener.notifies(timeout=SECONDS, stop_after=2)} == {KARIN, OMAR}
