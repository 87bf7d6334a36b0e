"""Emulated locks and sounders over bleak's own BlueZ backend: the edge's transport and drivers, unmodified."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable

import pytest
import pytest_asyncio

from edge.driver import Done, End, Failed
from edge.drivers.immediate_alert import ImmediateAlert
from edge.transports import ble_act
from edge.transports.ble import BleTransport
from homecare.clock import SystemClock
from homecare.command import Action, Command, Message, Reason
from homecare.event import LockState
from simulator import nuki
from simulator.nuki import Fault, NukiLock
from simulator.peripheral import NukiPeripheral, Sounder
from tests.locks import LOCK, SECRET, SOUNDER, Remembering, command, driver, emulated
from tests.radio import Listener, Radio
from tests.waiting import until

UNLOCK = command(Action.UNLOCK)


class Door:
    """A lock and a sounder on the air, and an edge's radio that hears them."""

    def __init__(self, radio: Radio, lock: NukiLock, peripheral: NukiPeripheral, sounder: Sounder) -> None:
        self.radio, self.lock, self.peripheral, self.sounder = radio, lock, peripheral, sounder
        self.ble = BleTransport(SystemClock(), actuators=[LOCK.address, SOUNDER.address], answer_seconds=1.0)

    async def act(self, asked: Command) -> End | None:
        script = driver().script(asked, LOCK, secret=SECRET, memory=Remembering())
        return await self.ble.act(LOCK.address, script)


@pytest_asyncio.fixture
async def door(radio: Radio) -> AsyncIterator[Door]:
    await radio.plug()
    lock = emulated()
    lock.motor_seconds = 0.1
    peripheral = NukiPeripheral("lock", LOCK.address, lock, air=radio.air)
    sounder = Sounder("sounder", SOUNDER.address, air=radio.air)
    tasks = [asyncio.create_task(one.run()) for one in (peripheral, sounder)]
    found = Door(radio, lock, peripheral, sounder)
    async with Listener(found.ble) as listener:
        await listener.sighting(lambda one: one.address == LOCK.address)
        yield found
    for task in tasks:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


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
    async with asyncio.timeout(5):
        assert await door.act(UNLOCK) is None
    assert not door.lock.log
    await door.radio.unplug()
    await until(lambda: not ble_act._STRAYS)


@pytest.mark.asyncio
async def test_an_adapter_pulled_in_mid_action_ends_the_act_in_time(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ble_act, "ACT_SECONDS", 2.0)
    door.lock.motor_seconds = 1.0
    act = asyncio.create_task(door.act(UNLOCK))
    await until(lambda: door.lock.bolt == nuki.UNLOCKING)
    await door.radio.unplug()
    async with asyncio.timeout(6):
        end = await act
    assert not isinstance(end, Done | Failed), "nobody can say"
    await until(lambda: door.lock.bolt == nuki.UNLOCKED)
    await until(lambda: not ble_act._STRAYS)


@pytest.mark.asyncio
@pytest.mark.parametrize(("message", "level"), [(Message.RECEIVED, 1), (Message.HELP_ON_ITS_WAY, 2)])
async def test_an_announcement_is_an_alert_of_its_level(door: Door, message: Message, level: int) -> None:
    asked = command(Action.ANNOUNCE, device=SOUNDER.id, message=message)
    script = ImmediateAlert().script(asked, SOUNDER, secret=None, memory=Remembering())
    assert await door.ble.act(SOUNDER.address, script) == Done()
    assert door.sounder.alerts == [level]


@pytest.mark.asyncio
async def test_a_hand_on_the_knob_is_seen_in_the_beacon(radio: Radio, door: Door) -> None:
    heard: list[bytes] = []
    seen: Callable[[], bool] = lambda: any(data[-1] & 1 for data in heard)  # noqa: E731 - one line
    async with Listener(BleTransport(SystemClock())) as listener:
        door.lock.by_hand(unlocked=True)
        while not seen():
            sighting = await listener.sighting(lambda one: one.address == LOCK.address)
            heard.append(sighting.manufacturer_data.get(0x4C, b"\0"))
