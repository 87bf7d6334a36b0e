"""A home with a lock for tests: its people and visits, and an edge that speaks frames and does what it is told."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

import httpx
import msgspec
import pytest

from gateway.adapters.mqtt import MqttBroker
from gateway.adapters.postgres.connections import Connections
from gateway.adapters.postgres.people import PostgresPeople
from gateway.adapters.postgres.proximity import PostgresProximity
from gateway.adapters.postgres.registry import enrol
from gateway.adapters.postgres.visit_rows import save_visit
from gateway.doors.commanding import CLOSES_AFTER
from gateway.model.authorisation import Role
from gateway.people.sessions import Sessions
from gateway.ports.people import How, Person
from gateway.web.session import COOKIE
from homecare import topic
from homecare.clock import MINUTE, SystemClock
from homecare.command import Command, Outcome, Reason
from homecare.delivery import Heartbeat, Receipt
from homecare.device import Capability, Device, Placement
from homecare.event import AnyEvent, CommandEnded, CommandTaken, LockCause, LockOperated, LockState, Stream
from homecare.identity import DeviceId, HomeId, new_challenge, new_epoch, new_id
from homecare.visit import PlannedVisit, from_plan
from homecare.wire import Header, Kind, read_body, unpack
from tests.asking import rows
from tests.gateway import looked
from tests.gateway.enrolled import Household, household
from tests.gateway.running import Running
from tests.gateway.signed import FIRST, enrol_everybody, everybody, person
from tests.waiting import SECONDS, until

KARIN = person(Role.CAREGIVER)
OMAR = person(Role.CAREGIVER, number=2)
DISA = person(Role.OPERATOR)
PEOPLE = (*everybody(), OMAR)


def with_lock(number: int, **settings: object) -> Household:
    """The household with a lock at its front door, in a run of its own."""
    house = household(number, epoch=new_epoch())
    registration = house.registration
    lock = Device(
        id=lock_of(house),
        home=house.home,
        driver="nuki",
        address="54:D2:72:00:00:01",
        capabilities=(Capability.LOCK,),
        placement=Placement.FRONT_DOOR,
    )
    home = msgspec.structs.replace(registration.home, settings=settings)
    changed = msgspec.structs.replace(
        registration, home=home, devices=(*registration.devices, (registration.edges[0].id, lock))
    )
    return msgspec.structs.replace(house, registration=changed)


def lock_of(house: Household) -> DeviceId:
    return DeviceId(f"lock-{house.home}")


def settle(url: str, *houses: Household) -> None:
    """Enrol homes and people."""
    for house in houses:
        enrol(url, house.registration)
    enrol_everybody(url, PEOPLE)


async def plan(url: str, house: Household, *, who: Person = KARIN, at: int | None = None, id_: str = "") -> str:
    """A visit of half an hour around `at` (now unless said otherwise)."""
    now = SystemClock().now().wall if at is None else at
    visit, changes = from_plan(
        PlannedVisit(
            id=id_ or new_id("visit"),
            unit=FIRST,
            external_id="1",
            home=house.home,
            since=now - 5 * MINUTE,
            until=now + 25 * MINUTE,
            people=(who.id,),
        )
    )
    async with connecting(url) as connections, connections.transaction() as cursor:
        await save_visit(cursor, visit, changes, recorded_at=now)
    return visit.id


async def stand_at_the_door(url: str, home: HomeId, *, who: Person = KARIN, at: int | None = None) -> None:
    """The tag was read just now."""
    async with connecting(url) as connections:
        now = SystemClock().now().wall if at is None else at
        await PostgresProximity(connections).prove(who.id, home, how="tag", at=now)


@contextlib.asynccontextmanager
async def connecting(url: str, *, size: int = 2) -> AsyncIterator[Connections]:
    connections = Connections(url, name="test-doors", size=size, lock_ms=5_000)
    try:
        yield connections
    finally:
        await connections.close()


def be_patient(monkeypatch: pytest.MonkeyPatch, *, times: int = 4) -> None:
    """Wait so many times as long for a home's answer: what comes late on a busy machine is `unknown`, honestly."""
    for module in ("access", "commanding"):
        monkeypatch.setattr(f"gateway.doors.{module}.CLOSES_AFTER", times * CLOSES_AFTER)


@contextlib.asynccontextmanager
async def browser(process: Running, who: Person) -> AsyncIterator[httpx.AsyncClient]:
    """A phone or a desk in which the person is signed in."""
    async with connecting(process.config.database_url) as connections:
        secret = await Sessions(PostgresPeople(connections), SystemClock()).open(who, How.DEMONSTRATION)
    client = httpx.AsyncClient(
        base_url=process.url,
        cookies={COOKIE: secret},
        headers={"Origin": process.url},
        timeout=SECONDS,
        event_hooks=looked.async_hooks(process.config.database_url),
    )
    async with client:
        yield client


def wish(visit: str, key: str = "key-00000001", *, action: str = "unlock", purpose: str = "visit") -> dict[str, Any]:
    return {"action": action, "purpose": {purpose: visit}, "key": key}


async def final(client: httpx.AsyncClient, command: str, *, seconds: float = SECONDS) -> dict[str, Any]:
    """The command once it has an end."""
    async with asyncio.timeout(seconds):
        while True:
            answer = await client.get(f"/api/v1/phone/commands/{command}")
            assert answer.status_code == 200, answer.text
            if answer.json()["final"]:
                found: dict[str, Any] = answer.json()
                return found
            await asyncio.sleep(0.05)


def audited(url: str) -> list[tuple[Any, ...]]:
    """Every entry: who, what, result and why."""
    return rows(url, "SELECT person, action, result, reason FROM audit ORDER BY number")


UNWRITTEN = """
SELECT c.id FROM command AS c WHERE NOT EXISTS (
    SELECT FROM audit AS a WHERE a.subject = c.id AND a.result = 'allowed' AND a.person = c.person)
"""
"""Commands without an entry: there must never be one."""


class LockEdge:
    """An edge with a lock: beats, keeps what it is told, and answers as the test says."""

    def __init__(self, house: Household, broker_url: str) -> None:
        self.house = house
        self.commands: list[Command] = []
        self.frames: list[bytes] = []
        self.challenge = new_challenge()
        self._seq = 0
        self._beat = 0
        self._said: dict[int, bytes] = {}
        """Frames of the access stream without a receipt, by the seq of their last fact."""
        down = (topic.command(house.shard, house.edge), topic.receipt(house.shard, house.edge))
        self._broker = MqttBroker(broker_url, client_id=new_id("edge"), filters=[(one, 1) for one in down])
        self._clock = SystemClock()
        self._started = self._clock.now().elapsed

    async def __aenter__(self) -> "LockEdge":
        await self._broker.start()
        await until(lambda: self._broker.connected)
        self._task = asyncio.create_task(self._hear())
        return self

    async def __aexit__(self, *_: object) -> None:
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        await self._broker.stop()

    @property
    def elapsed(self) -> int:
        return self._clock.now().elapsed - self._started

    def beat(self, *, challenge: str | None = None) -> None:
        """A heartbeat with the challenge of now."""
        self._beat += 1
        now = self._clock.now().wall
        heartbeat = Heartbeat(
            wall=now,
            uncertainty=1000,
            elapsed=self.elapsed,
            heard_through=now,
            epochs=(),
            undrained=0,
            challenge=challenge or self.challenge,
        )
        frame = self.house.heartbeat(heartbeat, beat=self._beat)
        assert self._broker.publish(self.house.topic("heartbeat"), frame, qos=0)
        for said in self._said.values():  # as an edge does: whoever starts may not have heard it
            self._broker.publish(self.house.topic("access"), said)

    async def _hear(self) -> None:
        while True:
            for message in await self._broker.messages(100):
                self._broker.acknowledge([message])
                frame = unpack(message.payload)
                frame.verify(self.house.keys.down)
                if frame.header.kind is Kind.RECEIPT:
                    self._learn(frame.header, read_body(frame, Receipt))
                    continue
                assert frame.header.kind is Kind.COMMAND
                assert frame.header.run == self.house.epoch
                self.frames.append(message.payload)
                self.commands.append(read_body(frame, Command))
                self.challenge = new_challenge()
                self.beat()

    def _learn(self, header: Header, receipt: Receipt) -> None:
        if header.stream is Stream.ACCESS and header.epoch == self.house.epoch:
            for last in [last for last in self._said if last <= receipt.durable]:
                del self._said[last]

    async def told(self, count: int = 1, *, seconds: float = SECONDS) -> Command:
        """The newest of `count` commands, once there are so many."""
        await until(lambda: len(self.commands) >= count, seconds=seconds)
        assert len(self.commands) == count
        return self.commands[-1]

    def say(self, *events: AnyEvent, at: int | None = None) -> None:
        """Facts of the access stream, about the lock."""
        now = self._clock.now().wall if at is None else at
        envelopes = [
            self.house.envelope(event, position=self._seq + index + 1, at=now, device=lock_of(self.house))
            for index, event in enumerate(events)
        ]
        frame = self.house.frame(self._seq + 1, envelopes)
        self._seq += len(events)
        self._said[self._seq] = frame
        assert self._broker.publish(self.house.topic("access"), frame)

    def obey(self, command: Command, state: LockState = LockState.UNLOCKED) -> None:
        """Take it, move the bolt, and say so."""
        self.say(
            CommandTaken(command.id, command.action, command.actor),
            LockOperated(state, LockCause.COMMAND, command.id),
            CommandEnded(command.id, Outcome.DONE, None, state),
        )

    def fail(self, command: Command, outcome: Outcome = Outcome.FAILED, reason: Reason = Reason.JAMMED) -> None:
        """Take it, and say that it did not work."""
        self.say(
            CommandTaken(command.id, command.action, command.actor),
            CommandEnded(command.id, outcome, reason, LockState.JAMMED),
        )
