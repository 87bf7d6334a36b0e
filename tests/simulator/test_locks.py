"""Emulated locks and sounders over bleak's own BlueZ backend: the edge's transport and drivers, unmodified."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable

import pytest
import pytest_asyncio

from edge.driver import Done, End, Failed, endless
from edge.drivers.immediate_alert import ImmediateAlert
from edge.transports import ble_act
from edge.transports.ble import DEAF_AFTER, BleTransport
from homecare.clock import SECOND, SystemClock
from homecare.command import Action, Command, Message, Reason
from homecare.event import LockState, TransportState
from simulator import nuki
from simulator.bluez import adapter
from simulator.nuki import Fault, NukiLock
from simulator.peripheral import NukiPeripheral, Sounder
from tests.locks import LOCK, SECRET, SOUNDER, Remembering, command, driver, emulated
from tests.radio import Listener, Radio
from tests.waiting import SECONDS, until

UNLOCK = command(Action.UNLOCK)


class Door:
    """A lock and a sounder on the air, and an edge's radio that hears them."""

    def __init__(
        self, radio: Radio, lock: NukiLock, peripheral: NukiPeripheral, sounder: Sounder, *, deaf_after: int
    ) -> None:
        self.radio, self.lock, self.peripheral, self.sounder = radio, lock, peripheral, sounder
        named = [LOCK.address, SOUNDER.address]
        self.ble = BleTransport(SystemClock(), actuators=named, answer_seconds=1.0, deaf_after=deaf_after)
        self.listener = Listener(self.ble)

    async def act(self, asked: Command, left: Callable[[], float] = endless) -> End | None:
        script = driver().script(asked, LOCK, secret=SECRET, memory=Remembering())
        return await self.ble.act(LOCK.address, script, left=left)

    async def alert(self, message: Message = Message.RECEIVED) -> End | None:
        asked = command(Action.ANNOUNCE, device=SOUNDER.id, message=message)
        script = ImmediateAlert().script(asked, SOUNDER, secret=None, memory=Remembering())
        return await self.ble.act(SOUNDER.address, script)


@contextlib.asynccontextmanager
async def at_a_door(radio: Radio, *, silent: bool, deaf_after: int = DEAF_AFTER) -> AsyncIterator[Door]:
    """A radio that works, with a lock that says nothing until it is told to, or that was heard."""
    await radio.plug()
    lock = emulated()
    lock.motor_seconds = 0.1
    peripheral = NukiPeripheral("lock", LOCK.address, lock, air=radio.air)
    peripheral.silent = silent
    sounder = Sounder("sounder", SOUNDER.address, air=radio.air)
    tasks = [asyncio.create_task(one.run()) for one in (peripheral, sounder)]
    found = Door(radio, lock, peripheral, sounder, deaf_after=deaf_after)
    async with Listener(found.ble) as found.listener:
        await found.listener.sighting(lambda one: one.address == (SOUNDER if silent else LOCK).address)
        yield found
    for task in tasks:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


@pytest_asyncio.fixture
async def door(radio: Radio) -> AsyncIterator[Door]:
    async with at_a_door(radio, silent=False) as found:
        yield found


@pytest_asyncio.fixture
async def unheard(radio: Radio) -> AsyncIterator[Door]:
    async with at_a_door(radio, silent=True) as found:
        yield found


@pytest.mark.asyncio
async def test_an_unlock_goes_through_bleak_and_comes_back_done(door: Door) -> None:
    end = await door.act(UNLOCK)
    assert isinstance(end, Done)
    assert end.state is LockState.UNLOCKED
    assert [entry.name for entry in door.lock.log] == ["person-demo-care-01"]


@pytest.mark.asyncio
@pytest.mark.parametrize("fault", [Fault.DROP, Fault.LOSE])
async def test_a_connection_that_ends_in_mid_action_is_made_again_to_read_the_state(door: Door, fault: Fault) -> None:
    door.lock.fault = fault
    end = await door.act(command(Action.UNLATCH))
    assert isinstance(end, Done)
    assert (end.state, door.lock.bolt, len(door.lock.log)) == (LockState.UNLOCKED, nuki.UNLATCHED, 1)


@pytest.mark.asyncio
async def test_a_jam_is_told(door: Door) -> None:
    door.lock.fault = Fault.JAM
    end = await door.act(UNLOCK)
    assert isinstance(end, Failed)
    assert (end.reason, end.state) == (Reason.JAMMED, LockState.JAMMED)


@pytest.mark.asyncio
async def test_one_conversation_at_a_time_and_the_second_finds_it_done(door: Door) -> None:
    first, second = await asyncio.gather(door.act(UNLOCK), door.act(UNLOCK))
    assert isinstance(first, Done)
    assert isinstance(second, Done)
    assert second.reason is Reason.ALREADY_SO
    assert len(door.lock.log) == 1


@pytest.mark.asyncio
async def test_a_lock_that_is_out_of_range_was_not_reached(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ble_act, "CONNECT_SECONDS", 0.5)
    door.peripheral.silent = True
    assert await door.act(UNLOCK) is None


@pytest.mark.asyncio
async def test_a_radio_that_is_stuck_is_given_up_in_time(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    """It takes the call to connect and never answers."""
    monkeypatch.setattr(ble_act, "CONNECT_SECONDS", 0.3)
    monkeypatch.setattr(ble_act, "PART_SECONDS", 0.3)
    assert door.radio.bluez is not None
    door.radio.bluez.stuck = True
    async with asyncio.timeout(SECONDS):
        assert await door.act(UNLOCK) is None
    assert not door.lock.log
    await door.radio.unplug()
    await until(lambda: not ble_act._STRAYS)


@pytest.mark.asyncio
async def test_an_adapter_pulled_in_mid_action_ends_the_act_in_time(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ble_act, "ACT_SECONDS", 6.0)
    door.lock.motor_seconds = 1.0
    act = asyncio.create_task(door.act(UNLOCK))
    await until(lambda: door.lock.bolt == nuki.UNLOCKING)
    await door.radio.unplug()
    async with asyncio.timeout(SECONDS):
        end = await act
    assert not isinstance(end, Done | Failed), "nobody can say"
    await until(lambda: door.lock.bolt == nuki.UNLOCKED)
    await until(lambda: not ble_act._STRAYS)


@pytest.mark.asyncio
@pytest.mark.parametrize(("message", "level"), [(Message.RECEIVED, 1), (Message.HELP_ON_ITS_WAY, 2)])
async def test_an_announcement_is_an_alert_of_its_level(door: Door, message: Message, level: int) -> None:
    assert await door.alert(message) == Done()
    assert door.sounder.alerts == [level]


@pytest.mark.asyncio
async def test_a_hand_on_the_knob_is_seen_in_the_beacon(door: Door) -> None:
    heard: list[bytes] = []
    seen: Callable[[], bool] = lambda: any(data[-1] & 1 for data in heard)  # noqa: E731 - one line
    door.lock.by_hand(unlocked=True)
    while not seen():
        sighting = await door.listener.sighting(lambda one: one.address == LOCK.address)
        heard.append(sighting.manufacturer_data.get(0x4C, b"\0"))


# --- a lock that is not heard yet ------------------------------------------------------------------------------------


@pytest.mark.asyncio
async def test_a_lock_that_is_heard_after_the_command_came_is_opened(unheard: Door) -> None:
    act = asyncio.create_task(unheard.act(UNLOCK))
    assert await unheard.alert() == Done(), "nobody else waits for it"
    assert not act.done()
    unheard.peripheral.silent = False
    end = await act
    assert isinstance(end, Done)
    assert [entry.name for entry in unheard.lock.log] == ["person-demo-care-01"]


@pytest.mark.asyncio
async def test_its_first_advertisement_is_a_sign_of_life_also_when_a_command_waits_for_it(unheard: Door) -> None:
    act = asyncio.create_task(unheard.act(UNLOCK))
    assert await unheard.alert() == Done()
    unheard.peripheral.silent = False
    await unheard.listener.sighting(lambda one: one.address == LOCK.address)
    assert not act.done()
    await act


@pytest.mark.asyncio
async def test_a_command_that_ends_while_the_lock_is_waited_for_never_reaches_it(unheard: Door) -> None:
    left = [5.0]
    unheard.lock.dirty = True  # until somebody asks for its states
    act = asyncio.create_task(unheard.act(UNLOCK, left=lambda: left[0]))
    assert await unheard.alert() == Done()
    left[0] = -0.001
    unheard.peripheral.silent = False
    assert await act is None
    assert unheard.lock.dirty
    assert not unheard.lock.log


@pytest.mark.asyncio
async def test_a_command_waits_no_longer_than_it_lives(unheard: Door) -> None:
    async with asyncio.timeout(ble_act.HEAR_SECONDS / 2):
        assert await unheard.act(UNLOCK, left=lambda: 0.3) is None


@pytest.mark.asyncio
async def test_a_command_that_ends_while_the_lock_answers_moves_no_bolt(door: Door) -> None:
    """Its challenge is the last thing before the bolt; until then the lock was only asked."""
    end = await door.act(UNLOCK, left=lambda: -1.0 if door.lock._challenges else 1.0)
    assert isinstance(end, Failed)
    assert (end.reason, end.state, end.moved) == (Reason.EXPIRED, LockState.LOCKED, False)
    assert not door.lock.log


@pytest.mark.asyncio
async def test_a_lock_that_is_never_heard_was_not_reached(unheard: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ble_act, "HEAR_SECONDS", 0.5)
    async with asyncio.timeout(ble_act.ACT_SECONDS * 2 / 3):
        assert await unheard.act(UNLOCK) is None


@pytest.mark.asyncio
async def test_a_lock_that_bluez_has_forgotten_is_waited_for(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(adapter, "FORGET_SECONDS", 0.6)  # three advertisements of the sounder
    door.peripheral.silent = True
    await until(lambda: not door.ble._known(LOCK.address))
    act = asyncio.create_task(door.act(UNLOCK))
    assert await door.alert() == Done()
    assert not act.done()
    door.peripheral.silent = False
    assert isinstance(await act, Done)


@pytest.mark.asyncio
async def test_a_lock_is_waited_for_after_the_adapter_healed(radio: Radio) -> None:
    """What the old scan had found means nothing to a BlueZ that was started anew."""
    async with at_a_door(radio, silent=False, deaf_after=SECOND // 2) as door:
        assert await door.listener.state() is TransportState.WORKING
        door.peripheral.silent = True
        await radio.unplug()
        await door.listener.reaches(TransportState.GONE)
        await radio.plug()
        await door.listener.reaches(TransportState.WORKING)
        act = asyncio.create_task(door.act(UNLOCK))
        assert await door.alert() == Done()
        assert not act.done()
        door.peripheral.silent = False
        assert isinstance(await act, Done)
