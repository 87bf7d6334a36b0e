"""Facts through the bulk lane on a real database and broker: once each, and no silence that a fact contradicts."""

from pathlib import Path

import msgspec
import psycopg
import pytest

from gateway.embedded import PrivateBroker
from homecare.clock import HOUR, MINUTE, ManualClock, SystemClock
from homecare.device import Capability, Device, Placement
from homecare.event import ContactChanged, CoverageChanged, CoverageReason, MotionChanged
from homecare.identity import DeviceId
from tests.asking import rows
from tests.gateway.enrolled import Household, household
from tests.gateway.lanes import Edge as Speaker
from tests.gateway.lanes import enrol_houses, new_lane, running
from tests.scenarios.edge import Edge, on_line, real_edge
from tests.scenarios.ledger import Ledger
from tests.scenarios.severing import sever_at, severed
from tests.waiting import until

DRAIN_SECONDS = 45.0
"""Far above the ten seconds after which the edge sends unreceipted facts again."""
QUIET = 4 * 60 * 60
"""Seconds of proved quiet after which somebody should look."""
AGO = 7 * HOUR
REPORTS_EVERY = 600
RECORDED = "SELECT counter FROM fact WHERE counter IS NOT NULL"
INACTIVE = "SELECT 1 FROM alert_log WHERE home = %s AND condition = 'inactivity'"


@pytest.mark.asyncio
async def test_facts_and_cursor_are_one(database_url: str, broker: PrivateBroker, tmp_path: Path) -> None:
    """The database dies when the cursor is written: the facts of that transaction must be gone with it."""
    house, ledger = household(101), Ledger()
    enrol_houses(database_url, house)
    edge = real_edge(house, tmp_path, ledger)
    sever_at(database_url, "cursor")
    async with running(new_lane(database_url, broker.url)), on_line(edge, broker.url):
        edge.tell(*(ContactChanged(open=True) for _ in range(5)))
        await until(lambda: severed(database_url) and not edge.undrained, seconds=DRAIN_SECONDS)
    recorded = [mark for (mark,) in rows(database_url, RECORDED)]
    ledger.agrees(recorded, why="recorded without the cursor that says so")
    edge.journal.close()


@pytest.mark.asyncio
async def test_what_is_missing_is_waited_for(database_url: str, broker: PrivateBroker, tmp_path: Path) -> None:
    """A frame is lost on its way and the next one arrives and is answered; then the line breaks, and is mended."""
    house, ledger = household(104), Ledger()
    enrol_houses(database_url, house)
    edge = real_edge(house, tmp_path, ledger)
    async with running(new_lane(database_url, broker.url)):
        async with on_line(edge, broker.url):
            edge.tell(ContactChanged(open=True))
            edge.pump()
            edge.out.clear()
            edge.tell(ContactChanged(open=False))
            await until(lambda: edge.heard)
        async with on_line(edge, broker.url):
            await until(lambda: not edge.undrained, seconds=DRAIN_SECONDS)
    recorded = [mark for (mark,) in rows(database_url, RECORDED)]
    ledger.agrees(recorded, why="a later fact was receipted and this one with it")
    edge.journal.close()


@pytest.mark.asyncio
async def test_nothing_is_kept_that_nobody_consented_to(
    database_url: str, broker: PrivateBroker, tmp_path: Path
) -> None:
    """The resident has withdrawn; the sensors in the home do not know that."""
    house, ledger = household(105), Ledger()
    enrol_houses(database_url, house)
    with psycopg.connect(database_url) as connection:
        connection.execute("UPDATE consent SET withdrawn_at = now(), withdrawn_by = 'person-00000001'")
    edge = real_edge(house, tmp_path, ledger)
    async with running(new_lane(database_url, broker.url)), on_line(edge, broker.url):
        edge.tell(ContactChanged(open=True))
        await until(lambda: not edge.undrained, seconds=DRAIN_SECONDS)
    kept = [ledger.name(mark) for (mark,) in rows(database_url, RECORDED)]
    edge.journal.close()
    assert not kept, f"kept: {kept[0]}: a sensor's fact from a home in which nobody consents to sensors"


@pytest.mark.asyncio
async def test_no_silence_is_vouched_for_that_a_fact_on_its_way_contradicts(
    database_url: str, broker: PrivateBroker, tmp_path: Path
) -> None:
    """Somebody moved in the middle of the quiet hours; that fact is on its way, and the heartbeat overtook it.

    In the home next door nobody moved: its alert shows that silence has been judged.
    """
    here, next_door = Told(watched(102), tmp_path / "here.db"), Told(watched(103), tmp_path / "next_door.db")
    here.live(moves=True)
    next_door.live(moves=False)
    enrol_houses(database_url, here.house, next_door.house)
    async with (
        running(new_lane(database_url, broker.url)),
        Speaker(here.house, broker.url) as speaker,
        Speaker(next_door.house, broker.url) as other,
    ):
        await speaker.deliver("record", here.early, 4)
        await other.deliver("record", next_door.early, 4)
        speaker.say("heartbeat", here.heartbeat)
        other.say("heartbeat", next_door.heartbeat)
        await until(lambda: rows(database_url, INACTIVE, next_door.house.home), seconds=DRAIN_SECONDS)
        vouched = rows(database_url, INACTIVE, here.house.home)
        await speaker.deliver("record", here.late, 6)
    facts = f"{here.ledger.name(5)} and {here.ledger.name(6)}"
    assert not vouched, f"forged: a quiet of {QUIET} s in {here.house.home}, though {facts} happened in it"


class Told:
    """A watched home seven hours ago and since: what its edge has to say, frame by frame."""

    def __init__(self, house: Household, path: Path) -> None:
        self.house = house
        self.ledger = Ledger()
        self.clock = ManualClock(wall=SystemClock().now().wall - AGO)
        self.edge = Edge(house, path, self.ledger, clock=self.clock)
        self.edge.connected()
        self.edge.out.clear()

    def live(self, *, moves: bool) -> None:
        """Somebody is up, and then it is quiet but for one movement in the middle, if that `moves`."""
        edge = self.edge
        covered = CoverageChanged(covered=True, since=self.clock.wall, reason=CoverageReason.HEARD)
        edge.tell(edge.journal.opening("scenario"), covered, MotionChanged(moving=True))
        self.clock.advance(MINUTE)
        edge.tell(MotionChanged(moving=False))
        self.early = self._frame()
        self.clock.advance(AGO // 2)
        if moves:
            edge.tell(MotionChanged(moving=True), MotionChanged(moving=False))
            self.late = self._frame()
        self.clock.advance(SystemClock().now().wall - self.clock.wall)
        edge.beat()
        self.heartbeat = self._taken()
        edge.journal.close()

    def _frame(self) -> bytes:
        self.edge.pump()
        return self._taken()

    def _taken(self) -> bytes:
        [outgoing] = self.edge.out
        self.edge.out.clear()
        return outgoing.frame


def watched(number: int) -> Household:
    """A household whose quiet is judged by one motion sensor."""
    house = household(number)
    sensor = Device(
        id=DeviceId(f"dev-{house.home}"),
        home=house.home,
        driver="bthome",
        address="00:11:22:33:44:66",
        capabilities=(Capability.MOTION,),
        placement=Placement.HALL,
        reports_every=REPORTS_EVERY,
    )
    home = msgspec.structs.replace(house.registration.home, settings={"quiet_by_day": QUIET, "quiet_by_night": QUIET})
    registration = msgspec.structs.replace(house.registration, home=home, devices=((house.edge, sensor),))
    return msgspec.structs.replace(house, registration=registration)
