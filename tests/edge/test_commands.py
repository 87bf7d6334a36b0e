"""Commands at the edge: what is taken, what is refused and why, and that nothing moves before the journal has it."""

import asyncio
from collections.abc import Callable, Generator
from pathlib import Path

import msgspec
import pytest

from edge.actuation import Actuation, Surroundings
from edge.command_history import History
from edge.commands import IDS_LIMIT, REFUSALS_A_MINUTE, Commands, Taken, Turned
from edge.driver import Actuator, Done, Heard, Lost, Result, Step, endless
from edge.drivers.immediate_alert import ImmediateAlert
from edge.drivers.nuki import Nuki
from edge.journal import Journal
from homecare.clock import MINUTE, SECOND
from homecare.command import COMMAND_LIFE, LIFE_LIMIT, Action, Command, Message, Outcome, Reason
from homecare.device import Device
from homecare.errors import Malformed, Refused
from homecare.event import AnyEvent, CommandEnded, CommandTaken, LockOperated, LockState
from homecare.identity import DeviceId, Epoch
from homecare.wire import Kind, kind_of
from simulator.nuki import LOCKED
from tests.edge.line import Line
from tests.edge.locked_out import EDGE, KEYS, OTHER, SENSOR, sealed
from tests.locks import LOCK, SECRET, SOUNDER, Remembering, Wire, emulated
from tests.waiting import SECONDS

RUN = 1
DEVICES: list[tuple[Device, Actuator | None]] = [(LOCK, Nuki()), (SENSOR, None), (SOUNDER, ImmediateAlert())]


def commands() -> Commands:
    return Commands(edge=EDGE, run=Epoch(RUN), key=KEYS.down, devices=DEVICES)


def asked(at: Commands, action: Action = Action.UNLOCK, **changes: object) -> Command:
    fields = {
        "id": f"command-{id(changes):016}",
        "action": action,
        "actor": "person-00000001",
        "challenge": at.challenge,
        "not_after": COMMAND_LIFE,
        "device": LOCK.id,
    }
    return Command(**{**fields, **changes})  # type: ignore[arg-type] # names of the command's own fields


def test_a_fresh_command_is_taken_and_makes_another_challenge() -> None:
    at = commands()
    one = asked(at)
    found = at.take(sealed(one, RUN), 0)
    assert isinstance(found, Taken)
    assert (found.command, [device.id for device, _ in found.targets]) == (one, [LOCK.id])
    assert at.challenge != one.challenge


@pytest.mark.parametrize(
    ("changes", "elapsed", "reason"),
    [
        ({}, COMMAND_LIFE + 1, Reason.EXPIRED),
        ({"not_after": LIFE_LIMIT + 1}, 0, Reason.LIFE_TOO_LONG),
        ({"challenge": "0" * 32}, 0, Reason.STALE_CHALLENGE),
        ({"device": "lock-of-others"}, 0, Reason.NO_SUCH_DEVICE),
        ({"device": None}, 0, Reason.NO_SUCH_DEVICE),
        ({"device": SENSOR.id}, 0, Reason.NOT_AN_ACTUATOR),
        ({"device": SOUNDER.id}, 0, Reason.NOT_AN_ACTUATOR),
        ({"device": LOCK.id, "action": Action.ANNOUNCE, "message": Message.RECEIVED}, 0, Reason.NOT_AN_ACTUATOR),
    ],
)
def test_what_is_not_fresh_or_not_possible_is_refused(changes: dict[str, object], elapsed: int, reason: Reason) -> None:
    at = commands()
    found = at.take(sealed(asked(at, **changes), RUN), elapsed)  # type: ignore[arg-type] # names of the fields
    assert isinstance(found, Turned)
    assert found.reason is reason


def test_another_run_and_another_edge_are_refused() -> None:
    at = commands()
    found = at.take(sealed(asked(at), RUN + 1), 0)
    assert isinstance(found, Turned)
    assert found.reason is Reason.STALE_CHALLENGE
    found = at.take(sealed(asked(at, id="command-other-edge"), RUN, edge=OTHER), 0)
    assert isinstance(found, Turned)
    assert found.reason is Reason.NOT_OURS


def test_a_challenge_is_good_for_one_frame_even_a_refused_one() -> None:
    at = commands()
    first = asked(at, device="lock-of-others")
    at.take(sealed(first, RUN), 0)
    found = at.take(sealed(asked(at, id="command-second", challenge=first.challenge), RUN), 0)
    assert isinstance(found, Turned)
    assert found.reason is Reason.STALE_CHALLENGE


def test_a_doubled_frame_is_not_even_refused() -> None:
    """A refusal would be an end beside the one that the first copy will have."""
    at = commands()
    frame = sealed(asked(at), RUN)
    assert isinstance(at.take(frame, 0), Taken)
    assert at.take(frame, 0) is None


def test_a_busy_device_takes_no_second_command_until_it_is_free() -> None:
    at = commands()
    at.take(sealed(asked(at), RUN), 0)
    found = at.take(sealed(asked(at, id="command-second"), RUN), 0)
    assert isinstance(found, Turned)
    assert found.reason is Reason.BUSY
    at.ended(LOCK.id)
    assert isinstance(at.take(sealed(asked(at, id="command-third"), RUN), 0), Taken)


def test_a_forged_frame_and_an_announcement_of_nothing_are_errors() -> None:
    at = commands()
    frame = sealed(asked(at), RUN)
    with pytest.raises(Refused):
        at.take(frame[:-1] + bytes((frame[-1] ^ 1,)), 0)
    with pytest.raises(Malformed):
        at.take(sealed(asked(at, Action.ANNOUNCE, device=None), RUN), 0)
    assert isinstance(at.take(frame, 0), Taken), "neither cost the challenge"


def test_refusals_are_bounded_in_rate_and_counted_beyond() -> None:
    at = commands()

    def refuse(number: int, elapsed: int) -> object:
        return at.take(
            sealed(asked(at, id=f"command-{number:08}", challenge="0" * 32, not_after=elapsed), RUN), elapsed
        )

    told = [refuse(number, 0) for number in range(REFUSALS_A_MINUTE + 5)]
    assert sum(found is not None for found in told) == REFUSALS_A_MINUTE
    assert at.untold == 5
    assert refuse(1000, MINUTE) is not None


def test_ids_are_bounded() -> None:
    at = commands()
    at.know(f"command-{number:08}" for number in range(3 * IDS_LIMIT))
    assert len(at._ids) == IDS_LIMIT


def test_an_announcement_goes_to_every_announcer_that_is_free() -> None:
    at = commands()
    found = at.take(sealed(asked(at, Action.ANNOUNCE, device=None, message=Message.HELP_ON_ITS_WAY), RUN), 0)
    assert isinstance(found, Taken)
    assert [device.id for device, _ in found.targets] == [SOUNDER.id]


# --- carrying out ----------------------------------------------------------------------------------------------------


class House:
    """An Actuation whose journal is ready when the test says so, and whose radio is an emulated lock."""

    name = "ble"

    def __init__(self, *, durable: bool = True, ready: bool = True) -> None:
        self.lock = emulated()
        self.now = 0
        self.ready = ready
        self.told: list[tuple[DeviceId | None, AnyEvent]] = []
        self.waiting: list[asyncio.Event] = []
        self.on_act: Callable[[], None] = lambda: None
        self.left: Callable[[], float] = endless
        self.reachable = True
        self.memories: dict[str, Remembering] = {}
        self.beats = 0
        self.commands = commands()
        around = Surroundings(
            elapsed=lambda: self.now,
            journal=self._journal,
            challenged=self._challenged,
            memory=lambda device: self.memories.setdefault(device, Remembering()),
            secret=lambda device: SECRET if device == LOCK.id else None,
        )
        able = tuple((device, actuator) for device, actuator in DEVICES if actuator is not None)
        self.actuation = Actuation(self.commands, able, connecting=self, around=around, durable=durable)

    def _journal(self, device: DeviceId | None, event: AnyEvent) -> asyncio.Event:
        self.told.append((device, event))
        durable = asyncio.Event()
        self.waiting.append(durable)
        if self.ready:
            durable.set()
        return durable

    def _challenged(self) -> None:
        self.beats += 1

    async def act(
        self, address: str, script: Generator[Step, Heard, Result], *, left: Callable[[], float] = endless
    ) -> Result | None:
        assert address in (LOCK.address, SOUNDER.address)
        self.left = left
        self.on_act()
        return Wire(self.lock, reachable=self.reachable, left=left).hold(script)

    def events(self) -> list[AnyEvent]:
        return [event for _, event in self.told]

    async def carry_out(self, command: Command) -> None:
        work = asyncio.create_task(self.actuation.run())
        await asyncio.sleep(0)
        self.actuation.receive(sealed(command, RUN))
        async with asyncio.timeout(SECONDS):
            await self.actuation.settled()
        work.cancel()
        await asyncio.gather(work, return_exceptions=True)


@pytest.mark.asyncio
async def test_nothing_moves_before_the_journal_has_it() -> None:
    house = House(ready=False)
    command = asked(house.commands)
    work = asyncio.create_task(house.carry_out(command))
    for _ in range(20):
        await asyncio.sleep(0)
    assert house.events() == [CommandTaken(command.id, Action.UNLOCK, "person-00000001")]
    assert not house.lock.log
    house.waiting[0].set()
    await work
    assert len(house.lock.log) == 1
    assert house.beats == 1, "the new challenge is told"


@pytest.mark.asyncio
async def test_a_disk_that_does_not_answer_keeps_the_door_shut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("edge.actuation.JOURNAL_SECONDS", 0.05)
    house = House(ready=False)
    command = asked(house.commands)
    await house.carry_out(command)
    assert house.events()[-1] == CommandEnded(command.id, Outcome.REFUSED, Reason.JOURNAL)
    assert not house.lock.log


@pytest.mark.asyncio
async def test_a_journal_in_memory_opens_no_door() -> None:
    house = House(durable=False)
    command = asked(house.commands)
    await house.carry_out(command)
    assert house.events() == [CommandEnded(command.id, Outcome.REFUSED, Reason.JOURNAL)]
    assert not house.lock.log


@pytest.mark.asyncio
async def test_a_deadline_that_passed_while_the_disk_thought_is_kept() -> None:
    house = House(ready=False)
    command = asked(house.commands)
    work = asyncio.create_task(house.carry_out(command))
    for _ in range(20):
        await asyncio.sleep(0)
    house.now = COMMAND_LIFE + 1
    house.waiting[0].set()
    await work
    assert house.events()[-1] == CommandEnded(command.id, Outcome.REFUSED, Reason.EXPIRED)
    assert not house.lock.log


@pytest.mark.asyncio
async def test_a_lock_out_of_reach_fails_and_frees_the_device() -> None:
    house = House()
    house.reachable = False
    command = asked(house.commands)
    await house.carry_out(command)
    assert house.events()[-1] == CommandEnded(command.id, Outcome.FAILED, Reason.NO_ANSWER)
    assert not [event for event in house.events() if isinstance(event, LockOperated)]
    house.reachable = True
    second = asked(house.commands, id="command-second")
    await house.carry_out(second)
    assert house.events()[-1] == CommandEnded(second.id, Outcome.DONE, None, LockState.UNLOCKED)


@pytest.mark.asyncio
async def test_a_command_whose_time_passes_at_the_lock_moves_nothing_and_the_edges_own_word_has_no_such_time() -> None:
    """A radio that waits long for the lock, or connects slowly, must not open a door that nobody stands at any more."""
    house = House()
    command = asked(house.commands)
    house.on_act = lambda: setattr(house, "now", COMMAND_LIFE + 1)
    await house.carry_out(command)
    assert house.lock.bolt == LOCKED
    assert not house.lock.log
    assert house.events()[-1] == CommandEnded(command.id, Outcome.FAILED, Reason.EXPIRED, LockState.LOCKED)
    assert not [event for event in house.events() if isinstance(event, LockOperated)]
    lefts: list[float] = []
    house.on_act = lambda: lefts.append(house.left())
    work = asyncio.create_task(house.actuation.run())
    await asyncio.sleep(0)
    house.actuation.announce(Message.RECEIVED)
    await house.actuation.settled()
    work.cancel()
    await asyncio.gather(work, return_exceptions=True)
    assert lefts == [endless()]


def test_what_a_power_cut_interrupted_ends_as_unknown() -> None:
    house = House()
    house.actuation.begin(History(ids=("command-00000001",), unended=(("command-00000001", DeviceId(LOCK.id)),)))
    assert house.told == [(LOCK.id, CommandEnded("command-00000001", Outcome.UNKNOWN, Reason.INTERRUPTED))]


def test_the_journal_remembers_commands_across_starts_and_which_have_no_end(tmp_path: Path) -> None:
    line = Line(tmp_path)
    line.append(CommandTaken("command-00000001", Action.UNLOCK, "person-00000001"))
    line.append(CommandEnded("command-00000001", Outcome.DONE, None, LockState.UNLOCKED))
    line.append(LockOperated(LockState.UNLOCKED), CommandTaken("command-00000002", Action.LOCK, "person-00000001"))
    line.append(CommandEnded("command-00000003", Outcome.REFUSED, Reason.EXPIRED))
    line.crash()
    assert isinstance(line.journal, Journal)
    found = line.journal.commands()
    assert found.ids == ("command-00000001", "command-00000002", "command-00000003")
    assert [command for command, _ in found.unended] == ["command-00000002"]
    line.append(CommandEnded("command-00000002", Outcome.UNKNOWN, Reason.INTERRUPTED))
    assert not line.journal.commands().unended


@pytest.mark.asyncio
async def test_looks_that_give_nothing_come_ever_more_rarely() -> None:
    house = House()
    house.reachable = False
    acts: list[int] = []
    house.on_act = lambda: acts.append(house.now)
    work = asyncio.create_task(house.actuation.run())
    await asyncio.sleep(0)
    for _ in range(400):
        house.actuation.look(DeviceId(LOCK.id))
        await house.actuation.settled()
        house.now += 10 * SECOND
    assert acts[:4] == [0, 10 * SECOND, 30 * SECOND, 70 * SECOND]
    assert acts[-1] - acts[-2] == 10 * MINUTE
    work.cancel()
    await asyncio.gather(work, return_exceptions=True)


@pytest.mark.asyncio
async def test_looks_are_bounded_in_rate() -> None:
    house = House()
    acts: list[int] = []
    house.on_act = lambda: acts.append(house.now)
    work = asyncio.create_task(house.actuation.run())
    await asyncio.sleep(0)
    for _ in range(50):
        house.actuation.look(DeviceId(LOCK.id))
    await house.actuation.settled()
    house.now = 11 * SECOND
    house.actuation.look(DeviceId(LOCK.id))
    await house.actuation.settled()
    assert acts == [0, 11 * SECOND]
    work.cancel()
    await asyncio.gather(work, return_exceptions=True)


def test_an_announcer_that_is_not_there_fails_and_one_that_is_hears_its_level() -> None:
    command = msgspec.structs.replace(
        asked(commands()), action=Action.ANNOUNCE, message=Message.HELP_ON_ITS_WAY, device=SOUNDER.id
    )

    def script() -> Generator[Step, Heard, object]:
        return ImmediateAlert().script(command, SOUNDER, secret=None, memory=Remembering())

    said = script()
    assert next(said).data == b"\2"  # type: ignore[union-attr] # it writes
    with pytest.raises(StopIteration) as end:
        said.send(None)
    assert end.value.value == Done()
    lost = script()
    next(lost)
    with pytest.raises(StopIteration) as end:
        lost.send(Lost())
    assert end.value.value.reason is Reason.NO_ANSWER


def test_the_kind_is_read_before_anything_is_believed() -> None:
    at = commands()
    frame = sealed(asked(at), RUN)
    assert kind_of(frame) is Kind.COMMAND
    assert kind_of(frame[:3] + b"\x77" + frame[4:]) is None
    assert kind_of(b"") is None
    assert kind_of(b"XX" + frame[2:]) is None
