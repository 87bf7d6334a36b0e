"""Openings: no bolt moves on a wish that is spent or unwritten, no command for somebody who is not at the door."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Generator
from pathlib import Path

import pytest
import pytest_asyncio

from edge.actuation import Actuation, Surroundings
from edge.commands import Commands
from edge.driver import Heard, Result, Step, endless
from edge.entry import Entry
from edge.journal import Journal
from gateway.adapters.mqtt import MqttBroker
from gateway.adapters.postgres.access import PostgresAccess
from gateway.adapters.postgres.case import PostgresCases
from gateway.adapters.postgres.commands import PostgresCommands
from gateway.adapters.postgres.connections import Connections
from gateway.adapters.postgres.proximity import PostgresProximity
from gateway.adapters.postgres.registry_source import ReconnectingRegistry
from gateway.adapters.postgres.tags import PostgresTags, enrol_tag
from gateway.adapters.postgres.visits import PostgresVisits
from gateway.doors.access import Access, DoorDenied, Wish
from gateway.doors.commanding import Commanding
from gateway.doors.tagging import Tagging, Touch
from gateway.intake.registry import Registry
from gateway.model.authorisation import Role, Subject
from gateway.model.pulses import Pulses
from gateway.model.tag_sun import TagKeys, read_url, verify
from gateway.ports.tags import Replayed, TagPlace, TagRegistration
from homecare.clock import MINUTE, SystemClock
from homecare.command import COMMAND_LIFE, Action, Command
from homecare.errors import Unavailable
from homecare.event import AnyEvent
from homecare.grant import Purpose
from homecare.identity import DeviceId, new_epoch, new_id
from simulator.tag import Tag
from tests.asking import rows
from tests.edge.locked_out import EDGE, KEYS, sealed
from tests.gateway.doorstep import KARIN, UNWRITTEN, plan, settle, stand_at_the_door, with_lock
from tests.gateway.enrolled import GATEWAY_PRIVATE
from tests.gateway.planned import HOUSES, NOW, OMAR, SINCE, UNIT, planned, record
from tests.gateway.planned import KARIN as CAREGIVER
from tests.gateway.planned import plan as planning
from tests.gateway.planned import settle as settle_plan
from tests.locks import HOME, LOCK, SECRET, Remembering, Wire, driver, emulated
from tests.scenarios.severing import sever_at, severed
from tests.waiting import SECONDS

HOUSE = with_lock(121)


class Hall:
    """An edge at an emulated lock, with a real journal on a disk that may stop writing."""

    name = "ble"

    def __init__(self, folder: Path) -> None:
        self.path = folder / "journal.db"
        self.journal = self.opened()
        self.lock = emulated()
        self.writes = True
        self.commands = Commands(edge=EDGE, run=self.journal.epoch, key=KEYS.down, devices=[(LOCK, driver())])
        around = Surroundings(
            elapsed=lambda: 0,
            journal=self.write,
            challenged=lambda: None,
            memory=lambda _: self.memory,
            secret=lambda _: SECRET,
        )
        self.memory = Remembering()
        self.actuation = Actuation(self.commands, ((LOCK, driver()),), connecting=self, around=around, durable=True)

    def opened(self) -> Journal:
        return Journal.open(self.path, epoch=new_epoch(), home=HOME, clock=SystemClock(), quota=1_000_000)

    def write(self, device: DeviceId | None, event: AnyEvent) -> asyncio.Event:
        durable, now = asyncio.Event(), SystemClock().now().wall
        if self.writes:
            entry = Entry(event=event, device=device, occurred_at=now, received_at=now, uncertainty=0, elapsed=0)
            self.journal.append([entry])
            durable.set()
        return durable

    async def act(
        self, _: str, script: Generator[Step, Heard, Result], *, left: Callable[[], float] = endless
    ) -> Result | None:
        return Wire(self.lock, left=left).hold(script)

    def wish(self) -> Command:
        """Somebody taps, by the heartbeat that the gateway has."""
        return Command(
            id=new_id("command"),
            action=Action.UNLOCK,
            actor=KARIN.id,
            challenge=self.commands.challenge,
            not_after=COMMAND_LIFE,
            device=LOCK.id,
        )

    async def hear(self, command: Command) -> None:
        """The command arrives; returns when whatever it began is over."""
        work = asyncio.create_task(self.actuation.run())
        await asyncio.sleep(0)
        self.actuation.receive(sealed(command, self.journal.epoch))
        async with asyncio.timeout(SECONDS):
            await self.actuation.settled()
        work.cancel()
        await asyncio.gather(work, return_exceptions=True)


@pytest.mark.asyncio
async def test_a_spent_challenge_moves_no_bolt(tmp_path: Path) -> None:
    """Two taps by one heartbeat; the broker keeps the second frame, and meanwhile somebody locked by hand."""
    hall = Hall(tmp_path)
    first, kept = hall.wish(), hall.wish()
    await hall.hear(first)
    assert hall.lock.log, "the first one is obeyed"
    hall.lock.by_hand(unlocked=False)
    before = len(hall.lock.log)
    await hall.hear(kept)
    hall.journal.close()
    assert len(hall.lock.log) == before, (
        f"forged: {kept.id}: it moved the bolt on the challenge that {first.id} had spent"
    )


@pytest.mark.asyncio
async def test_no_bolt_moves_that_the_journal_knows_nothing_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The disk hangs, a command comes, and then the power goes."""
    monkeypatch.setattr("edge.actuation.JOURNAL_SECONDS", 0.1)
    hall = Hall(tmp_path)
    hall.writes = False
    command = hall.wish()
    await hall.hear(command)
    hall.journal.close()
    journal = hall.opened()
    known = command.id in journal.commands().ids
    journal.close()
    assert known or not hall.lock.log, f"lost: {command.id}: the bolt moved, and the journal knows nothing of it"


@pytest_asyncio.fixture
async def connections(database_url: str) -> AsyncIterator[Connections]:
    connections = Connections(database_url, name="scenario-doors", size=2, lock_ms=5_000)
    yield connections
    await connections.close()


async def tap(url: str, connections: Connections, visit: str) -> None:
    """Karin taps `unlock` for her visit; a refusal and a database that dies are what they are."""
    registry = Registry(GATEWAY_PRIVATE)
    source = ReconnectingRegistry(url)
    await registry.refresh(source)
    await source.close()
    unconnected = MqttBroker("mqtt://127.0.0.1:1", client_id="scenario-doors", filters=[])
    clock = SystemClock()
    commanding = Commanding(PostgresCommands(connections), unconnected, registry, pulses=Pulses(), clock=clock)
    access = Access(PostgresAccess(connections), registry, commanding, clock)
    karin = Subject(KARIN.id, KARIN.display, KARIN.roles, session="session-00000001")
    with contextlib.suppress(DoorDenied, Unavailable):
        await access.open(karin, Wish(HOUSE.home, Action.UNLOCK, Purpose.VISIT, visit, "key-00000001"))


@pytest.mark.asyncio
async def test_who_is_far_from_the_door_opens_nothing(database_url: str, connections: Connections) -> None:
    """A planned visit, the right person, the right time, and no tag read."""
    settle(database_url, HOUSE)
    await tap(database_url, connections, await plan(database_url, HOUSE))
    commands = rows(database_url, "SELECT id FROM command")
    assert not commands, f"forged: {commands[0][0]}: for somebody of whom nobody knows that they are at the door"


@pytest.mark.asyncio
async def test_no_command_stands_without_its_entry(database_url: str, connections: Connections) -> None:
    """The database dies when the audit is written: the command must be gone with it."""
    settle(database_url, HOUSE)
    visit = await plan(database_url, HOUSE)
    await stand_at_the_door(database_url, HOUSE.home)
    sever_at(database_url, "audit")
    await tap(database_url, connections, visit)
    unwritten = rows(database_url, UNWRITTEN)
    assert severed(database_url) == 1
    assert not unwritten, f"lost: the audit's entry of {unwritten[0][0]}: the command stands and will leave"


@pytest.mark.asyncio
async def test_an_old_reading_of_a_tag_proves_nothing(database_url: str, connections: Connections) -> None:
    """Somebody noted what the tag gave and kept it; meanwhile another phone read the tag."""
    settle_plan(database_url)
    uid, keys = b"at-door", TagKeys(bytes(range(32)))
    enrol_tag(database_url, TagRegistration("tag-scenario", uid, HOUSES[0].home, TagPlace.DOOR, NOW))
    visits, proximity = PostgresVisits(connections), PostgresProximity(connections)
    await visits.take(planning(planned(people=(CAREGIVER, OMAR))), record())
    tagging = Tagging(PostgresTags(connections), visits, alerts=PostgresCases(connections), proximity=proximity)
    tag = Tag(uid, meta_key=keys.meta, file_key=keys.file(uid))
    kept, read = (verify(read_url(tag.read("https://vaka.example/t")), keys) for _ in range(2))
    for person, reading, at in ((CAREGIVER, read, SINCE), (OMAR, kept, SINCE + MINUTE)):
        subject = Subject(person=person, display=person, roles={UNIT: frozenset({Role.CAREGIVER})})
        with contextlib.suppress(Replayed):
            await tagging.touch(subject, Touch(reading=reading, claimed_at=at, received_at=at, key=f"key-{person}"))
    proved = [person for (person,) in rows(database_url, "SELECT person FROM proximity")]
    assert CAREGIVER in proved, "the newer reading proves"
    assert OMAR not in proved, f"forged: a proof that {OMAR} is at {HOUSES[0].home}: the reading was an old one"
