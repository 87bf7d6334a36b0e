"""In service only after consent, a press and a way in; and without consent nothing that is sensed is kept."""

import itertools

import pytest

from gateway.adapters.postgres.commissioning import PostgresCommissioning
from gateway.adapters.postgres.connections import Connections
from gateway.adapters.postgres.enrolment import PostgresEnrolment
from gateway.adapters.postgres.registry_source import ReconnectingRegistry
from gateway.edges.commissioning import DoorLog, Missing, judge
from gateway.edges.enrolment import Enrolment
from gateway.embedded import PrivateBroker
from gateway.model.certificates import make_authority
from gateway.ports.commissioning import HomeStanding, HouseholdMember, Step, StepDone
from homecare.clock import SystemClock
from homecare.consent import SENSED, Member, MemberKind, Purpose, is_sensed, missing
from homecare.event import STREAM_OF, ContactChanged, HelpCalled, LockOperated, LockState, Observed, Stream
from homecare.identity import HomeId
from tests.asking import rows
from tests.gateway.enrolled import household
from tests.gateway.lanes import Edge, enrol_houses, new_lane, running
from tests.waiting import until

NOW = SystemClock().now().wall
SENSORS = frozenset({Purpose.SENSORS})
NONE: frozenset[Purpose] = frozenset()


@pytest.mark.parametrize(
    ("members", "lacking"),
    [
        ([], (MemberKind.RESIDENT,)),
        ([(MemberKind.RESIDENT, SENSORS)], ()),
        ([(MemberKind.RESIDENT, NONE)], (MemberKind.RESIDENT,)),
        ([(MemberKind.COHABITANT, SENSORS)], (MemberKind.RESIDENT,)),
        ([(MemberKind.RESIDENT, SENSORS), (MemberKind.COHABITANT, NONE)], (MemberKind.COHABITANT,)),
        ([(MemberKind.RESIDENT, NONE), (MemberKind.COHABITANT, NONE)], (MemberKind.RESIDENT, MemberKind.COHABITANT)),
        ([(MemberKind.RESIDENT, SENSORS), (MemberKind.RESIDENT, NONE)], (MemberKind.RESIDENT,)),
        ([(MemberKind.RESIDENT, SENSORS), (MemberKind.COHABITANT, SENSORS)], ()),
    ],
)
def test_everybody_who_lives_there_must_consent(
    members: list[tuple[MemberKind, frozenset[Purpose]]], lacking: tuple[MemberKind, ...]
) -> None:
    assert missing([Member(kind, consents) for kind, consents in members], Purpose.SENSORS) == lacking


def test_every_event_is_either_sensed_or_kept_without_consent_on_purpose() -> None:
    """A new kind of event must be judged here: what people do is sensed, alarms and doors and technique are not."""
    alarms = {event for event, stream in STREAM_OF.items() if stream is not Stream.RECORD}
    technical = {
        "BatteryReported", "EpochOpened", "CoverageChanged", "CoverageConfirmed", "TransportChanged", "DeviceFaulted",
        "ClockStepped", "TelemetryEvicted",
    }  # fmt: skip
    for event in STREAM_OF:
        kept = event in alarms or event.__name__ in technical
        assert (event in SENSED) is not kept, event.__name__


@pytest.mark.parametrize("taken", list(itertools.product([False, True], repeat=3)))
def test_nothing_is_missing_only_when_everything_is_there(taken: tuple[bool, bool, bool]) -> None:
    press, way_in, consents = taken
    steps = [
        StepDone(step, at=NOW, by="person-00000001", proof="x")
        for step, done in ((Step.PRESS_SEEN, press), (Step.WAY_IN_TESTED, way_in))
        if done
    ]
    member = HouseholdMember("member-00000001", MemberKind.RESIDENT, SENSORS if consents else NONE)
    found = judge(HomeStanding(members=(member,), steps=tuple(steps)))
    lacking = {Missing.CONSENT_RESIDENT} - ({Missing.CONSENT_RESIDENT} if consents else set())
    lacking |= set() if press else {Missing.PRESS}
    lacking |= set() if way_in else {Missing.WAY_IN}
    assert set(found.missing) == lacking


def test_a_consent_to_a_door_log_is_apart_and_keeps_no_home_out_of_service() -> None:
    both = SENSORS | {Purpose.DOOR_LOG}
    for consents, asked, door_log in (
        (both, True, DoorLog.IN_FORCE),
        (SENSORS, True, DoorLog.MISSING),
        (SENSORS, False, DoorLog.NOT_ASKED),
    ):
        member = HouseholdMember("member-00000001", MemberKind.RESIDENT, consents)
        found = judge(HomeStanding(members=(member,), steps=(), door_log_asked=asked))
        assert found.door_log is door_log
        assert found.missing == (Missing.PRESS, Missing.WAY_IN)


@pytest.mark.asyncio
async def test_withdrawing_stops_storage_and_alarms_go_on(database_url: str, broker: PrivateBroker) -> None:
    house = household(71)
    enrol_houses(database_url, house)
    connections = Connections(database_url, name="test-consent", size=1, lock_ms=1000)
    store = PostgresCommissioning(connections)
    ((member,),) = rows(database_url, "SELECT id FROM household_member WHERE home = %s", house.home)
    lane = new_lane(database_url, broker.url)
    async with running(lane), Edge(house, broker.url) as edge:
        edge.say("record", house.facts(1, [ContactChanged(open=True)], at=NOW))
        await edge.receipted("record", 1)
        await store.withdraw(member, Purpose.SENSORS, by="person-00000001", at=NOW)
        registry = lane._parts.registry
        await until(lambda: registry.homes[HomeId(house.home)].lacks_consent)
        told = [ContactChanged(open=False), Observed("temperature", 21.0, "°C"), ContactChanged(open=True)]
        edge.say("record", house.facts(2, told, at=NOW))
        edge.say("access", house.facts(1, [LockOperated(LockState.UNLOCKED)], at=NOW))
        await edge.receipted("record", 4)
        await edge.receipted("access", 1)
        assert rows(database_url, "SELECT kind FROM fact ORDER BY kind") == [("contact_changed",), ("lock_operated",)]
        assert rows(database_url, "SELECT count FROM fault WHERE kind = 'withheld'") == [(3,)]
        await store.consent(member, Purpose.SENSORS, by="person-00000001", at=NOW + 1)
        await until(lambda: not registry.homes[HomeId(house.home)].lacks_consent)
        edge.say("record", house.facts(5, [ContactChanged(open=False)], at=NOW))
        await edge.receipted("record", 5)
    assert rows(database_url, "SELECT seq FROM event WHERE stream = 'record' ORDER BY seq") == [(1,), (5,)]
    history = "SELECT withdrawn_at IS NULL, withdrawn_by FROM consent WHERE purpose = 'sensors' ORDER BY given_at"
    assert rows(database_url, history) == [(False, "person-00000001"), (True, None)]
    await connections.close()


def test_a_call_for_help_needs_no_consent() -> None:
    assert not is_sensed(HelpCalled())


@pytest.mark.asyncio
async def test_a_new_edge_for_a_home_in_use_shuts_nothing(database_url: str) -> None:
    """Only a home that began with a claim code waits to be put in service, not one registered with its edge."""
    house = household(72)
    enrol_houses(database_url, house)
    connections = Connections(database_url, name="test-service", size=1, lock_ms=1000)
    enrolment = Enrolment(PostgresEnrolment(connections), make_authority(NOW), SystemClock())
    source = ReconnectingRegistry(database_url)

    async def in_service(home: str) -> bool:
        (found,) = [one for one in (await source.load()).homes if one.id == home]
        return found.in_service

    await enrolment.make_code(HomeId(house.home), [], by="person-00000001")
    assert await in_service(house.home)
    rows(database_url, "UPDATE edge_home SET valid_until = now() + interval '1 h' RETURNING edge")
    assert await in_service(house.home)
    columns = "unit, shard, label, address, resident, time_zone"
    begun = f"INSERT INTO home (id, {columns}) SELECT 'home-begun-01', {columns} FROM home RETURNING id"
    rows(database_url, begun)
    assert await in_service("home-begun-01")
    await enrolment.make_code(HomeId("home-begun-01"), [], by="person-00000001")
    assert not await in_service("home-begun-01")
    await source.close()
    await connections.close()
