"""A visit keeps the rules quiet: both processes, a tag, a phone, two homes with their doors open in the same night."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import msgspec
import pytest

from gateway.adapters.postgres.tags import enrol_tag
from gateway.config import read_key
from gateway.embedded import PrivateBroker
from gateway.model.tag_sun import TagKeys
from gateway.ports.tags import TagPlace, TagRegistration
from homecare.clock import MINUTE, SECOND, ManualClock, SystemClock
from homecare.device import Capability, Device, Placement
from homecare.event import ContactChanged, TransportChanged, TransportState
from homecare.identity import DeviceId
from simulator.tag import Tag
from tests.asking import rows
from tests.gateway.doorstep import KARIN, browser, plan, settle
from tests.gateway.enrolled import Household, household
from tests.gateway.lanes import new_lane, value
from tests.gateway.lanes import running as lane_running
from tests.gateway.running import Running, running
from tests.scenarios.edge import Edge, on_line
from tests.scenarios.ledger import Ledger
from tests.scenarios.severing import sever_at, severed
from tests.waiting import until

ZONE = ZoneInfo("Europe/Stockholm")
UID = b"quiet-1"
COMES, OPENS, LEAVES = 16 * MINUTE, 15 * MINUTE, 5 * MINUTE
"""Before now: Karin comes to one of the homes, both front doors are opened, she leaves."""
DOOR_AFTER = 2 * MINUTE
DRAIN_SECONDS = 45.0
RAISED = """
SELECT a.home, o.occurred_at FROM alert AS a JOIN occurrence AS o ON o.alert = a.id
WHERE a.condition = 'front_door_open_at_night' ORDER BY o.occurred_at
"""
CALLED = "SELECT home FROM alert WHERE condition = 'help_call'"
SAID = "SELECT convert_from(body, 'UTF8') FROM stimulus"


def with_door(number: int, now: int) -> Household:
    """A home whose only sensor is at its front door, and for which it is night six hours around now."""
    house = household(number)
    door = Device(
        id=DeviceId(f"dev-{house.home}"),
        home=house.home,
        driver="bthome",
        address="00:11:22:33:44:77",
        capabilities=(Capability.CONTACT,),
        placement=Placement.FRONT_DOOR,
    )
    local = datetime.fromtimestamp(now // SECOND, UTC).astimezone(ZONE)
    minute = local.hour * 60 + local.minute
    night = {"night_from": (minute - 360) % 1440, "night_until": (minute + 360) % 1440}
    home = msgspec.structs.replace(house.registration.home, settings=night)
    registration = msgspec.structs.replace(house.registration, home=home, devices=((house.edge, door),))
    return msgspec.structs.replace(house, registration=registration)


class Night:
    """Two homes with their edges, the alarm process, and Karin's phone with a visit at the first home."""

    def __init__(self, url: str, broker_url: str, folder: Path, *, number: int) -> None:
        self.url, self.broker_url, self.folder = url, broker_url, folder
        self.now = SystemClock().now().wall
        self.visited, self.alone = (with_door(number + more, self.now) for more in (0, 1))
        settle(url, self.visited, self.alone)
        self.edges = [self._edge(house) for house in (self.visited, self.alone)]

    def _edge(self, house: Household) -> Edge:
        """It ran since twenty minutes ago and heard the door open; its line is down until now."""
        clock = ManualClock(wall=self.now - 20 * MINUTE)
        edge = Edge(house, self.folder / f"{house.home}.db", Ledger(), clock=clock)
        edge.tell(edge.journal.opening("scenario"), TransportChanged(transport="ble", state=TransportState.WORKING))
        clock.advance(20 * MINUTE - OPENS)
        edge.tell(ContactChanged(open=True))
        clock.advance(OPENS)
        return edge

    @asynccontextmanager
    async def phone(self) -> AsyncIterator[tuple[Running, httpx.AsyncClient, str]]:
        """The alarm process, Karin's phone, and her visit."""
        where = TagRegistration("tag-quiet-001", UID, self.visited.home, TagPlace.INSIDE, self.now)
        enrol_tag(self.url, where)
        visit = await plan(self.url, self.visited, at=self.now - COMES)
        async with (
            running(self.url, self.broker_url, self.folder / "gateway") as process,
            browser(process, KARIN) as phone,
        ):
            yield process, phone, visit

    async def come(self, process: Running, phone: httpx.AsyncClient, visit: str) -> None:
        """Karin read the tag inside."""
        keys = TagKeys(read_key(process.config.data / "tag.key"))
        tag = Tag(UID, meta_key=keys.meta, file_key=keys.file(UID))
        body = {"url": tag.read("https://vaka.example/t"), "visit": visit, "at": self._shown(COMES)}
        answer = await phone.post("/api/v1/phone/tag", json=body)
        assert answer.json()["visit"]["standing"] == "started", answer.text

    async def leave(self, phone: httpx.AsyncClient, visit: str) -> None:
        """Her phone tells it late."""
        body = {"at": self._shown(LEAVES), "key": "key-leaves-01", "reason": "Taggen är borta"}
        answer = await phone.post(f"/api/v1/phone/visits/{visit}/end", json=body)
        assert answer.json()["standing"] == "ended", answer.text

    def _shown(self, ago: int) -> str:
        return datetime.fromtimestamp((self.now - ago) / SECOND, ZONE).isoformat()

    async def beat(self) -> None:
        """Both edges vouch for everything up to their now, a second later each time."""
        for edge in self.edges:
            edge.clock.advance(SECOND)  # type: ignore[attr-defined]
            edge.beat()

    async def judged(self) -> None:
        """Return when both homes were judged up to a heartbeat that comes after this call."""
        before = {edge.house.home: self.said("reached", edge.house.home) for edge in self.edges}
        await self.beat()
        await until(
            lambda: all(self.said("reached", home) > count for home, count in before.items()), seconds=DRAIN_SECONDS
        )

    def said(self, kind: str, home: str) -> int:
        """Stimuli of a kind that were applied to a home."""
        applied = [one for (body,) in rows(self.url, SAID) for one in json.loads(body)]
        return sum(1 for _, at, stimulus in applied if at == home and stimulus["type"] == kind)

    def raised(self, house: Household) -> list[Any]:
        """When its door was told of."""
        return [at for home, at in rows(self.url, RAISED) if home == house.home]


@pytest.mark.asyncio
async def test_an_open_door_is_not_told_of_while_somebody_is_inside(
    database_url: str, broker: PrivateBroker, tmp_path: Path
) -> None:
    """A tag begins the visit. The same night next door raises, and so do a press and the door left open behind her."""
    night = Night(database_url, broker.url, tmp_path, number=131)
    here, next_door = night.edges
    async with night.phone() as (process, phone, visit), lane_running(new_lane(database_url, broker.url)):
        await night.come(process, phone, visit)
        await until(lambda: night.said("staffed", night.visited.home) == 1)
        async with on_line(here, broker.url), on_line(next_door, broker.url):
            await until(lambda: night.raised(night.alone), seconds=DRAIN_SECONDS)
            await night.judged()
            raised = night.raised(night.visited)
            assert not raised, f"forged: the door of {night.visited.home}: Karin is inside since before it was opened"
            here.press()
            await until(lambda: rows(database_url, CALLED) == [(night.visited.home,)], seconds=DRAIN_SECONDS)
            await night.leave(phone, visit)
            await until(lambda: night.said("staffed", night.visited.home) == 2)
            await night.judged()
            await until(lambda: night.raised(night.visited), seconds=DRAIN_SECONDS)
    [at] = night.raised(night.visited)
    assert round(at.timestamp() * SECOND) == night.now - LEAVES + DOOR_AFTER, "its full time, from her leaving on"
    assert value(database_url, "SELECT count(*) FROM staff_inbox") == 0
    for edge in night.edges:
        edge.journal.close()


@pytest.mark.asyncio
async def test_a_visit_told_while_nobody_judged_keeps_the_rules_quiet(
    database_url: str, broker: PrivateBroker, tmp_path: Path
) -> None:
    """It begins while bulk is down; the first batch that takes it in is rolled back, after its row was deleted."""
    night = Night(database_url, broker.url, tmp_path, number=133)
    here, next_door = night.edges
    async with night.phone() as (process, phone, visit):
        await night.come(process, phone, visit)
        assert value(database_url, "SELECT count(*) FROM staff_inbox") == 1
        sever_at(database_url, "shard_state")
        async with lane_running(new_lane(database_url, broker.url)):
            await until(lambda: severed(database_url) and night.said("blind", night.visited.home))
            async with on_line(here, broker.url), on_line(next_door, broker.url):
                await until(lambda: night.raised(night.alone), seconds=DRAIN_SECONDS)
                await night.judged()
    raised, said = night.raised(night.visited), night.said("staffed", night.visited.home)
    assert not raised, f"forged: the door of {night.visited.home}: the word that Karin is inside was lost"
    assert said == 1, f"doubled: Karin came {said} times"
    assert value(database_url, "SELECT count(*) FROM staff_inbox") == 0
    for edge in night.edges:
        edge.journal.close()
