"""Commands under faults: a crash, a stall, a step of the clock, a revocation or a killed transaction opens no door."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import psycopg
import pytest
import pytest_asyncio

from gateway.adapters.mqtt import MqttBroker
from gateway.adapters.postgres.access import PostgresAccess
from gateway.adapters.postgres.commands import PostgresCommands
from gateway.adapters.postgres.connections import Connections
from gateway.adapters.postgres.people import PostgresPeople
from gateway.adapters.postgres.registry import PostgresRegistry
from gateway.doors.access import Access, DoorDenied, Wish
from gateway.doors.commanding import CLOSES_AFTER, Commanding
from gateway.embedded import PrivateBroker
from gateway.intake.registry import Registry
from gateway.model.authorisation import Subject
from gateway.model.pulses import CROSSING, Pulses
from homecare.clock import HOUR, SECOND, ManualClock, SystemClock
from homecare.command import COMMAND_LIFE, LIFE_LIMIT, Action, Message
from homecare.delivery import EDGE_LOST_AFTER, Heartbeat
from homecare.errors import Conflict, Unavailable
from homecare.grant import Purpose
from homecare.identity import EdgeId, Epoch, new_challenge
from tests.asking import rows
from tests.gateway.doorstep import KARIN, OMAR, UNWRITTEN, LockEdge, audited, plan, settle, stand_at_the_door, with_lock
from tests.gateway.enrolled import GATEWAY_PRIVATE
from tests.waiting import until

HOUSE = with_lock(51)
EDGE = HOUSE.edge


def heartbeat(elapsed: int, challenge: str | None) -> Heartbeat:
    return Heartbeat(
        wall=0, uncertainty=0, elapsed=elapsed, heard_through=0, epochs=(), undrained=0, challenge=challenge
    )


@dataclass
class Gateway:
    """The door side of one alarm process, whose time the test moves; `restart` forgets all that is in memory."""

    url: str
    broker: MqttBroker
    registry: Registry
    connections: Connections
    clock: ManualClock = field(default_factory=lambda: ManualClock(SystemClock().now().wall, elapsed=1_000 * SECOND))

    def __post_init__(self) -> None:
        self.restart()

    def restart(self) -> None:
        self.pulses = Pulses()
        commands = PostgresCommands(self.connections)
        self.commanding = Commanding(commands, self.broker, self.registry, pulses=self.pulses, clock=self.clock)
        self.access = Access(PostgresAccess(self.connections), self.registry, self.commanding, self.clock)

    def hear(self, edge: LockEdge, *, beat: int = 1) -> None:
        """The edge's newest heartbeat."""
        now = self.clock.elapsed
        self.pulses.heard(EdgeId(EDGE), HOUSE.epoch, beat, heartbeat(edge.elapsed, edge.challenge), now)

    async def round(self) -> None:
        """What the sender does when it is woken."""
        await self.commanding._round()

    async def tap(self, visit: str, key: str = "key-00000001", *, who: str = KARIN.id) -> str:
        subject = Subject(who, who, KARIN.roles, session="session-00000001")
        wish = Wish(HOUSE.home, Action.UNLOCK, Purpose.VISIT, visit, key)
        return (await self.access.open(subject, wish)).id

    def standing(self) -> list[tuple[Any, ...]]:
        return rows(self.url, "SELECT standing, reason FROM command ORDER BY issued_at")


@pytest_asyncio.fixture
async def gateway(database_url: str, broker: PrivateBroker) -> AsyncIterator[Gateway]:
    settle(database_url, HOUSE)
    registry = Registry(GATEWAY_PRIVATE)
    async with await psycopg.AsyncConnection.connect(database_url, autocommit=True) as connection:
        await registry.refresh(PostgresRegistry(connection))
    connections = Connections(database_url, name="test-commanding", size=3, lock_ms=2_000)
    mqtt = MqttBroker(broker.url, client_id="test-commanding", filters=[("nothing", 0)])
    await mqtt.start()
    await until(lambda: mqtt.connected)
    yield Gateway(database_url, mqtt, registry, connections)
    await mqtt.stop()
    await connections.close()
    assert rows(database_url, UNWRITTEN) == []


@pytest_asyncio.fixture
async def edge(broker: PrivateBroker) -> AsyncIterator[LockEdge]:
    async with LockEdge(HOUSE, broker.url) as edge:
        yield edge


@pytest_asyncio.fixture
async def visit(gateway: Gateway) -> str:
    await stand_at_the_door(gateway.url, HOUSE.home, at=gateway.clock.wall)
    return await plan(gateway.url, HOUSE, at=gateway.clock.wall)


@pytest.mark.asyncio
async def test_a_command_leaves_once_with_a_deadline_by_the_edges_clock(
    gateway: Gateway, edge: LockEdge, visit: str
) -> None:
    gateway.hear(edge)
    heard = edge.elapsed
    gateway.clock.advance(2 * SECOND)
    id_ = await gateway.tap(visit)
    gateway.clock.advance(3 * SECOND)
    for _ in range(3):
        await gateway.round()
    command = await edge.told()
    assert command.id == id_
    assert abs(command.not_after - (heard + 5 * SECOND + COMMAND_LIFE - 3 * SECOND)) < SECOND
    assert gateway.standing() == [("sent", None)]


@pytest.mark.asyncio
async def test_a_crash_between_commit_and_sending_ends_as_expired_and_is_never_sent_late(
    gateway: Gateway, edge: LockEdge, visit: str
) -> None:
    await gateway.tap(visit)
    gateway.restart()
    gateway.hear(edge)
    await gateway.round()
    assert gateway.standing() == [("issued", None)]
    gateway.clock.advance(COMMAND_LIFE)
    await gateway.round()
    assert gateway.standing() == [("failed", "expired")]
    assert rows(gateway.url, "SELECT count(*) FROM outbox WHERE sent_at IS NOT NULL") == [(0,)]
    await asyncio.sleep(0.3)
    assert edge.frames == []


@pytest.mark.asyncio
async def test_a_crash_after_marking_and_before_sending_is_unknown_and_is_never_sent(
    gateway: Gateway, edge: LockEdge, visit: str
) -> None:
    gateway.hear(edge)
    id_ = await gateway.tap(visit)
    claimed = await PostgresCommands(gateway.connections).claim([id_], gateway.clock.wall)
    assert [one.id for one in claimed] == [id_]
    gateway.restart()
    gateway.hear(edge)
    gateway.commanding.hand(id_, EdgeId(EDGE), issued=gateway.clock.elapsed)
    await gateway.round()
    gateway.clock.advance(CLOSES_AFTER)
    await gateway.round()
    assert gateway.standing() == [("unknown", "no_answer")]
    await asyncio.sleep(0.3)
    assert edge.frames == []


@pytest.mark.asyncio
@pytest.mark.parametrize("stall", [11 * SECOND, 31 * SECOND, HOUR, 24 * HOUR], ids=["11s", "31s", "1h", "24h"])
@pytest.mark.parametrize("step", [0, -HOUR, -24 * HOUR, HOUR], ids=["steady", "1h-back", "24h-back", "1h-ahead"])
async def test_no_stall_and_no_step_of_the_clock_lets_a_command_leave_late(
    gateway: Gateway, edge: LockEdge, visit: str, stall: int, step: int
) -> None:
    gateway.hear(edge)
    await gateway.tap(visit)
    gateway.clock.advance(stall)
    gateway.clock.wall += step - (stall if step < 0 else 0)
    gateway.hear(edge, beat=2)
    await gateway.round()
    gateway.clock.advance(6 * SECOND)
    await gateway.round()
    assert gateway.standing()[0][0] in {"failed", "unknown"}
    await asyncio.sleep(0.1)
    assert edge.frames == []


@pytest.mark.asyncio
async def test_the_same_wish_again_makes_an_old_command_no_younger(
    gateway: Gateway, edge: LockEdge, visit: str
) -> None:
    """The wall clock stands still, so that by it the command would still live."""
    id_ = await gateway.tap(visit)
    gateway.clock.elapsed += 60 * SECOND
    gateway.hear(edge)
    assert await gateway.tap(visit) == id_
    for _ in range(2):
        gateway.clock.wall += 1
        assert await gateway.tap(visit) == id_
        await gateway.round()
    await asyncio.sleep(0.2)
    assert edge.frames == []


@pytest.mark.asyncio
async def test_a_wish_that_comes_thirty_times_at_once_is_one_command(
    gateway: Gateway, edge: LockEdge, visit: str
) -> None:
    gateway.hear(edge)
    assert len(set(await asyncio.gather(*(gateway.tap(visit) for _ in range(30))))) == 1
    await gateway.round()
    await edge.told()
    assert len(rows(gateway.url, "SELECT FROM audit")) == 1


@pytest.mark.asyncio
async def test_who_is_revoked_between_the_tap_and_the_sending_opens_nothing(
    gateway: Gateway, edge: LockEdge, visit: str
) -> None:
    await gateway.tap(visit)
    await PostgresPeople(gateway.connections).revoke(KARIN.id, gateway.clock.wall)
    gateway.hear(edge)
    await gateway.round()
    assert gateway.standing() == [("refused", "revoked")]
    await asyncio.sleep(0.2)
    assert edge.frames == []
    assert audited(gateway.url)[-1] == ("gateway", "door.unlock.ended", "refused", "revoked")


@pytest.mark.asyncio
async def test_a_broker_that_is_away_fails_the_command_and_keeps_nothing(
    gateway: Gateway, edge: LockEdge, visit: str, broker: PrivateBroker
) -> None:
    gateway.hear(edge)
    await gateway.tap(visit)
    await gateway.broker.stop()
    await gateway.round()
    assert gateway.standing() == [("issued", None)]
    gateway.clock.advance(COMMAND_LIFE)
    await gateway.round()
    assert gateway.standing() == [("failed", "expired")]


@pytest.mark.asyncio
@pytest.mark.parametrize(
    "trigger",
    [
        pytest.param("BEFORE INSERT ON audit", id="before-the-entry"),
        pytest.param("AFTER INSERT ON audit", id="after-the-entry"),
        pytest.param("BEFORE INSERT ON command", id="before-the-command"),
        pytest.param("AFTER INSERT ON command", id="after-the-command"),
        pytest.param("AFTER INSERT ON outbox", id="after-the-outbox"),
    ],
)
async def test_a_transaction_killed_anywhere_leaves_neither_command_nor_entry(
    gateway: Gateway, edge: LockEdge, visit: str, trigger: str
) -> None:
    """The session is killed by the server in the middle of the work, as by a power cut of the database."""
    with psycopg.connect(gateway.url) as connection:
        connection.execute(
            "CREATE FUNCTION kill_me() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); PERFORM pg_sleep(5); RETURN NEW; END $$"
        )
        connection.execute(f"CREATE TRIGGER kill_me {trigger} FOR EACH ROW EXECUTE FUNCTION kill_me()")
    gateway.hear(edge)
    with pytest.raises(Unavailable):
        await gateway.tap(visit)
    table = trigger.rsplit(" ", 1)[1]
    with psycopg.connect(gateway.url) as connection:
        connection.execute(f"DROP TRIGGER kill_me ON {table}")
    await gateway.round()
    for table in ("command", "audit", "outbox"):
        assert rows(gateway.url, f"SELECT count(*) FROM {table}") == [(0,)]
    assert edge.frames == []
    await gateway.tap(visit)
    await gateway.round()
    await edge.told()


@pytest.mark.asyncio
async def test_two_people_who_tap_at_once_open_once(gateway: Gateway, edge: LockEdge, visit: str) -> None:
    await stand_at_the_door(gateway.url, HOUSE.home, who=OMAR, at=gateway.clock.wall)
    other = await plan(gateway.url, HOUSE, who=OMAR, at=gateway.clock.wall)
    gateway.hear(edge)
    taps = [gateway.tap(visit, "key-karin-1"), gateway.tap(other, "key-omar-01", who=OMAR.id)]
    done = await asyncio.gather(*taps, return_exceptions=True)
    assert sorted(type(one) for one in done if isinstance(one, Exception)) == [Conflict]
    await gateway.round()
    await edge.told()


@pytest.mark.asyncio
async def test_one_challenge_carries_one_command(gateway: Gateway, edge: LockEdge, visit: str) -> None:
    gateway.hear(edge)
    await gateway.tap(visit)
    await gateway.commanding.help_is_coming(HOUSE.home, "alert-00000001", person=KARIN.id)
    for _ in range(3):
        await gateway.round()
    first = await edge.told()
    gateway.hear(edge, beat=2)
    await gateway.round()
    second = await edge.told(2)
    assert {first.action, second.action} == {Action.UNLOCK, Action.ANNOUNCE}
    assert first.challenge != second.challenge
    announced = first if first.action is Action.ANNOUNCE else second
    assert (announced.message, announced.device) == (Message.HELP_ON_ITS_WAY, None)


@pytest.mark.asyncio
async def test_an_announcement_is_made_once(gateway: Gateway, edge: LockEdge) -> None:
    for beat in range(1, 4):
        gateway.hear(edge, beat=beat)
        await gateway.commanding.help_is_coming(HOUSE.home, "alert-00000001", person=KARIN.id)
        await gateway.round()
    await edge.told()


@pytest.mark.asyncio
async def test_who_never_was_a_person_opens_nothing(gateway: Gateway, visit: str) -> None:
    with pytest.raises(DoorDenied) as denied:
        await gateway.tap(visit, who="person-unknown-1")
    assert denied.value.hint == "unknown_person"
    with contextlib.suppress(DoorDenied):
        await gateway.tap(visit, "key-00000002", who="person-unknown-1")
    assert rows(gateway.url, "SELECT count(*) FROM command") == [(0,)]


# --- pulses ----------------------------------------------------------------------------------------------------------

ONE, RUN = EdgeId("edge-00000001"), Epoch(7)


def test_an_edge_that_takes_no_commands_or_was_lost_gives_no_pulse() -> None:
    pulses, challenge = Pulses(), new_challenge()
    assert pulses.usable(ONE, 0) is None
    pulses.heard(ONE, RUN, 1, heartbeat(5, challenge), 100)
    found = pulses.usable(ONE, 100 + EDGE_LOST_AFTER)
    assert found is not None
    assert (found.run, found.beat, found.elapsed, found.challenge) == (RUN, 1, 5, challenge)
    assert pulses.usable(ONE, 101 + EDGE_LOST_AFTER) is None
    pulses.heard(ONE, RUN, 2, heartbeat(6, None), 200)
    assert pulses.usable(ONE, 200) is None


def test_a_spent_challenge_is_used_again_only_if_the_edge_still_names_it_later() -> None:
    """The command may have been lost on its way: then the edge's challenge never changed."""
    pulses, challenge = Pulses(), new_challenge()
    pulses.heard(ONE, RUN, 1, heartbeat(0, challenge), 0)
    pulse = pulses.usable(ONE, 0)
    assert pulse is not None
    pulses.spend(ONE, pulse, 10)
    assert pulses.usable(ONE, 20) is None
    pulses.heard(ONE, RUN, 2, heartbeat(1, challenge), 9 + CROSSING)
    assert pulses.usable(ONE, 9 + CROSSING) is None
    pulses.heard(ONE, RUN, 3, heartbeat(2, challenge), 10 + CROSSING)
    assert pulses.usable(ONE, 10 + CROSSING) is not None
    pulses.spend(ONE, pulse, 11 + CROSSING)
    pulses.heard(ONE, RUN, 4, heartbeat(3, new_challenge()), 12 + CROSSING)
    assert pulses.usable(ONE, 12 + CROSSING) is not None


def test_lives_fit_into_one_another() -> None:
    assert COMMAND_LIFE <= LIFE_LIMIT <= 30 * SECOND
    assert COMMAND_LIFE < CLOSES_AFTER < 15 * SECOND
