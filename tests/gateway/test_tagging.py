"""A phone on a tag, on a real database: a reading proves once, at the right home, for whoever has something to do."""

import asyncio
from collections.abc import AsyncIterator

import psycopg
import pytest
import pytest_asyncio

from gateway.adapters.postgres.case import PostgresCases
from gateway.adapters.postgres.connections import Connections
from gateway.adapters.postgres.proximity import PostgresProximity
from gateway.adapters.postgres.tags import PostgresTags, enrol_tag
from gateway.adapters.postgres.visits import PostgresVisits
from gateway.doors.tagging import NothingLeft, Tagging, Touch, Touched, WrongHome
from gateway.model.authorisation import NotAllowed, Role, Subject
from gateway.model.tag_sun import Reading, TagKeys, read_url, verify
from gateway.ports.tags import NotInUse, Replayed, TagPlace, TagRegistration
from homecare.clock import HOUR, MINUTE
from homecare.errors import Conflict
from homecare.identity import UnitId
from homecare.visit import VisitStanding
from simulator.tag import Tag
from tests.asking import rows
from tests.gateway.alarms import count
from tests.gateway.enrolled import NOW
from tests.gateway.planned import HOUSES, KARIN, OMAR, SINCE, UNIT, plan, planned, record, settle
from tests.waiting import until

KEYS = TagKeys(bytes(range(32)))
AT_THE_DOOR, INSIDE, ELSEWHERE, NOWHERE = b"at-door", b"inside1", b"another", b"nowhere"
CAREGIVER = Subject(person=KARIN, display="Karin", roles={UNIT: frozenset({Role.CAREGIVER})})
OTHER = Subject(person=OMAR, display="Omar", roles={UNIT: frozenset({Role.CAREGIVER})})
STRANGER = Subject(person="person-strange", display="?", roles={UnitId("unit-0002"): frozenset({Role.CAREGIVER})})
DESK = Subject(person=KARIN, display="Karin", roles={UNIT: frozenset({Role.OPERATOR})})


def tag(uid: bytes) -> Tag:
    return Tag(uid, meta_key=KEYS.meta, file_key=KEYS.file(uid))


def touch(one: Tag, key: str, *, at: int = SINCE, visit: str | None = None, sent: int = 0) -> Touch:
    reading = verify(read_url(one.read("https://vaka.example/t")), KEYS)
    return Touch(reading=reading, claimed_at=at, received_at=at + sent, key=key, visit=visit)


@pytest_asyncio.fixture
async def tagging(database_url: str) -> AsyncIterator[Tagging]:
    settle(database_url)
    for uid, house, place in (
        (AT_THE_DOOR, HOUSES[0], TagPlace.DOOR),
        (INSIDE, HOUSES[0], TagPlace.INSIDE),
        (ELSEWHERE, HOUSES[1], TagPlace.DOOR),
    ):
        enrol_tag(database_url, TagRegistration(f"tag-{uid.hex()}", uid, house.home, place, NOW))
    connections = Connections(database_url, name="test-tags", size=8, lock_ms=5_000)
    visits = PostgresVisits(connections)
    await visits.take(plan(planned()), record())
    yield Tagging(
        PostgresTags(connections),
        visits,
        alerts=PostgresCases(connections),
        proximity=PostgresProximity(connections),
    )
    await connections.close()


@pytest.mark.asyncio
async def test_the_tag_at_the_door_proves_and_starts_nothing(tagging: Tagging, database_url: str) -> None:
    found = await tagging.touch(CAREGIVER, touch(tag(AT_THE_DOOR), "key-0001"))
    assert (found.home, found.place, found.alert) == (HOUSES[0].home, TagPlace.DOOR, None)
    assert found.visit is not None
    assert (found.visit.id, found.visit.standing) == (planned().id, VisitStanding.PLANNED)
    assert rows(database_url, "SELECT person, home, how FROM proximity") == [(KARIN, HOUSES[0].home, "tag")]
    assert count(database_url, "check_in") == 0


@pytest.mark.asyncio
async def test_the_tag_inside_starts_and_ends_the_visit(tagging: Tagging, database_url: str) -> None:
    inside = tag(INSIDE)
    started = await tagging.touch(CAREGIVER, touch(inside, "key-0001"))
    ended = await tagging.touch(CAREGIVER, touch(inside, "key-0002", at=SINCE + HOUR))
    assert [one.visit.standing for one in (started, ended) if one.visit] == ["started", "ended"]
    assert rows(database_url, "SELECT method, direction, person FROM check_in ORDER BY occurred_at") == [
        ("tag", "in", KARIN),
        ("tag", "out", KARIN),
    ]


@pytest.mark.asyncio
async def test_a_reading_proves_once(tagging: Tagging, database_url: str) -> None:
    one = touch(tag(AT_THE_DOOR), "key-0001")
    await tagging.touch(CAREGIVER, one)
    for again, subject in (
        (touch(tag(AT_THE_DOOR), "key-0002"), CAREGIVER),  # a copy of the tag, as it was before
        (Touch(one.reading, one.claimed_at, one.received_at, "key-0003"), CAREGIVER),
        (one, OTHER),
    ):
        with pytest.raises(Replayed):
            await tagging.touch(subject, again)
    assert count(database_url, "tag_read") == 1


@pytest.mark.asyncio
async def test_the_same_reading_sent_again_is_the_same_and_proves_no_longer(
    tagging: Tagging, database_url: str
) -> None:
    one = touch(tag(INSIDE), "key-0001")
    first = await tagging.touch(CAREGIVER, one)
    proved = rows(database_url, "SELECT proved_at FROM proximity")
    late = Touch(one.reading, one.claimed_at, one.received_at + HOUR, one.key)
    assert await tagging.touch(CAREGIVER, late) == first
    assert rows(database_url, "SELECT proved_at FROM proximity") == proved
    assert count(database_url, "visit_evidence") == 1


@pytest.mark.asyncio
async def test_of_50_who_send_one_reading_at_once_one_proves(tagging: Tagging) -> None:
    one = touch(tag(AT_THE_DOOR), "key-0000")
    calls = (tagging.touch(CAREGIVER, Touch(one.reading, SINCE, SINCE, f"key-{number:04}")) for number in range(50))
    found = await asyncio.gather(*calls, return_exceptions=True)
    assert sum(isinstance(each, Touched) for each in found) == 1
    assert sum(isinstance(each, Replayed) for each in found) == 49


@pytest.mark.asyncio
async def test_the_counter_must_rise(tagging: Tagging) -> None:
    await tagging.touch(CAREGIVER, Touch(Reading(AT_THE_DOOR, 10), SINCE, SINCE, "key-0001"))
    for counter in (9, 10):
        with pytest.raises(Replayed):
            await tagging.touch(CAREGIVER, Touch(Reading(AT_THE_DOOR, counter), SINCE, SINCE, "key-0002"))
    await tagging.touch(CAREGIVER, Touch(Reading(AT_THE_DOOR, 11), SINCE, SINCE, "key-0003"))


@pytest.mark.asyncio
async def test_the_wrong_home_is_refused_and_the_reading_is_spent(tagging: Tagging, database_url: str) -> None:
    for subject, made in (
        (CAREGIVER, touch(tag(ELSEWHERE), "key-0001")),
        (OTHER, touch(tag(AT_THE_DOOR), "key-0002")),
        (STRANGER, Touch(Reading(AT_THE_DOOR, 5), SINCE, SINCE, "key-0003")),
        (CAREGIVER, Touch(Reading(AT_THE_DOOR, 6), SINCE + 3 * 24 * HOUR, SINCE, "key-0004")),
        (CAREGIVER, Touch(Reading(AT_THE_DOOR, 7), SINCE, SINCE, "key-0005", visit="visit-another")),
    ):
        with pytest.raises(WrongHome):
            await tagging.touch(subject, made)
        with pytest.raises(Replayed):
            await tagging.touch(CAREGIVER, Touch(made.reading, SINCE, SINCE, "key-9999"))
    assert count(database_url, "proximity") == count(database_url, "check_in") == 0


@pytest.mark.asyncio
async def test_the_right_home_is_never_called_the_wrong_one(tagging: Tagging) -> None:
    """Red when a visit that is over is told as another home: whoever fetches something from the car would go astray."""
    inside = tag(INSIDE)
    await tagging.touch(CAREGIVER, touch(inside, "key-0001"))
    await tagging.touch(CAREGIVER, touch(inside, "key-0002", at=SINCE + HOUR))
    with pytest.raises(NothingLeft):
        await tagging.touch(CAREGIVER, touch(tag(AT_THE_DOOR), "key-0003", at=SINCE + HOUR))


@pytest.mark.asyncio
async def test_only_caregivers_prove_by_tag(tagging: Tagging) -> None:
    with pytest.raises(NotAllowed):
        await tagging.touch(DESK, touch(tag(AT_THE_DOOR), "key-0001"))


@pytest.mark.asyncio
async def test_a_tag_that_hangs_nowhere_is_told(tagging: Tagging) -> None:
    with pytest.raises(NotInUse):
        await tagging.touch(CAREGIVER, touch(tag(NOWHERE), "key-0001"))


@pytest.mark.asyncio
async def test_a_reading_that_waited_in_the_phone_proves_only_the_past(tagging: Tagging, database_url: str) -> None:
    await tagging.touch(CAREGIVER, touch(tag(AT_THE_DOOR), "key-0001", sent=30 * MINUTE))
    assert rows(database_url, "SELECT extract(epoch FROM proved_at)::bigint FROM proximity") == [(SINCE // 1_000_000,)]


@pytest.mark.asyncio
async def test_a_phone_whose_clock_is_ahead_proves_no_longer(tagging: Tagging, database_url: str) -> None:
    await tagging.touch(CAREGIVER, touch(tag(AT_THE_DOOR), "key-0001", at=SINCE, sent=-30 * MINUTE))
    proved = rows(database_url, "SELECT extract(epoch FROM proved_at)::bigint FROM proximity")
    assert proved == [((SINCE - 30 * MINUTE) // 1_000_000,)]


@pytest.mark.asyncio
async def test_a_tag_is_enrolled_once_and_may_move(tagging: Tagging, database_url: str) -> None:
    moved = TagRegistration(f"tag-{AT_THE_DOOR.hex()}", AT_THE_DOOR, HOUSES[1].home, TagPlace.INSIDE, NOW)
    enrol_tag(database_url, moved)
    assert rows(database_url, "SELECT home, place FROM tag WHERE id = %s", moved.id) == [(HOUSES[1].home, "inside")]
    with pytest.raises(Conflict):
        enrol_tag(database_url, TagRegistration(moved.id, NOWHERE, HOUSES[0].home, TagPlace.DOOR, NOW))
    with pytest.raises(Conflict):
        enrol_tag(database_url, TagRegistration("tag-00000009", INSIDE, HOUSES[0].home, TagPlace.DOOR, NOW))


@pytest.mark.asyncio
async def test_a_late_reading_does_not_take_a_newer_proof_away(tagging: Tagging, database_url: str) -> None:
    await tagging.touch(CAREGIVER, touch(tag(AT_THE_DOOR), "key-0001"))
    late = Touch(Reading(AT_THE_DOOR, 2), SINCE - 10 * MINUTE, SINCE, "key-0002")
    await tagging.touch(CAREGIVER, late)
    assert rows(database_url, "SELECT extract(epoch FROM proved_at)::bigint FROM proximity") == [(SINCE // 1_000_000,)]


@pytest.mark.asyncio
async def test_the_counter_is_compared_under_the_tags_lock(tagging: Tagging, database_url: str) -> None:
    """Somebody else's newer reading is being taken: the older one waits for it, and is refused after it."""
    with psycopg.connect(database_url) as other, psycopg.connect(database_url, autocommit=True) as looking:
        other.execute("UPDATE tag SET counter = 100 WHERE uid = %s", (AT_THE_DOOR,))
        older = asyncio.create_task(tagging.touch(CAREGIVER, Touch(Reading(AT_THE_DOOR, 5), SINCE, SINCE, "key-0001")))
        waiting = "SELECT FROM pg_stat_activity WHERE application_name = 'test-tags' AND wait_event_type = 'Lock'"
        await until(lambda: looking.execute(waiting).rowcount == 1)
        other.commit()
        with pytest.raises(Replayed):
            await older
    assert rows(database_url, "SELECT counter FROM tag WHERE uid = %s", AT_THE_DOOR) == [(100,)]
