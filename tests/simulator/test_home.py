"""A simulated home as its own process: heard by an edge's transports, told what to do through `vaka-sim`'s roads."""

import asyncio
import contextlib
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest
import pytest_asyncio

from edge.driver import Done
from edge.drivers.esp3 import Esp3Framer
from edge.transports.ble import BleTransport
from edge.transports.serial import SerialTransport
from homecare.clock import SystemClock
from homecare.command import Action
from homecare.errors import Unavailable
from homecare.event import TransportState
from simulator import control
from simulator.bluez.bus import VARIABLE
from simulator.home import HomeConfig
from simulator.household import Kind, homes
from tests.locks import Remembering, command, driver
from tests.radio import PATIENCE, Listener

PLAN = homes(7)[0]
BUTTON = PLAN.devices[0].device
START_SECONDS = 90.0
"""A home takes two to start, on a machine that does nothing else."""
SILENT_SECONDS = 1.0
"""Longer than between two repetitions of a press."""


class RunningHome:
    def __init__(self, config: HomeConfig, process: asyncio.subprocess.Process) -> None:
        self.config = config
        self.process = process

    async def told(self, *words: str) -> str:
        return await asyncio.to_thread(control.tell, self.config.control, list(words))


@pytest_asyncio.fixture
async def home(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[RunningHome]:
    folder = tempfile.mkdtemp(prefix="vaka-")
    config = HomeConfig(plan=PLAN, state=folder, sockets=folder, broker="mqtt://127.0.0.1:9")
    file = Path(folder) / "home.json"
    file.write_bytes(msgspec.json.encode(config))
    monkeypatch.setenv(VARIABLE, config.bus_address)
    process = await asyncio.create_subprocess_exec(sys.executable, "-m", "simulator", "home", str(file))
    try:
        async with asyncio.timeout(START_SECONDS):
            while not os.path.exists(config.control):  # noqa: ASYNC110, ASYNC240, PTH110 - the process tells by its socket
                await asyncio.sleep(0.02)
        yield RunningHome(config, process)
        if process.returncode is None:
            process.send_signal(signal.SIGTERM)
            async with asyncio.timeout(PATIENCE):
                assert await process.wait() == 0
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()  # one that did not come up in time is not left behind
        shutil.rmtree(folder)


@pytest.mark.asyncio
async def test_a_press_is_heard_by_the_edge_and_silence_is_not(home: RunningHome) -> None:
    async with Listener(BleTransport(SystemClock())) as listener:
        assert await listener.state() is TransportState.WORKING
        assert await home.told("press") == "the call button was pressed"
        pressed = await listener.sighting(lambda one: one.address == BUTTON.address)
        assert len(pressed.service_data["fcd2"]) > 10
        await home.told("silence", BUTTON.id)
        async with asyncio.timeout(PATIENCE):
            while await _heard_within(listener, SILENT_SECONDS):  # repetitions of the press that were on their way
                pass
        await home.told("press")
        assert not await _heard_within(listener, SILENT_SECONDS)


async def _heard_within(listener: Listener, seconds: float) -> bool:
    """Whether the button is heard."""
    try:
        async with asyncio.timeout(seconds):
            await listener.sighting(lambda one: one.address == BUTTON.address)
    except TimeoutError:
        return False
    return True


@pytest.mark.asyncio
async def test_stick_and_radio_are_unplugged_and_plugged_in_again(home: RunningHome) -> None:
    stick = SerialTransport("stick", home.config.stick, baud=57_600, framer=Esp3Framer(), clock=SystemClock())
    async with Listener(stick) as listener:
        assert await listener.state() is TransportState.WORKING
        await home.told("unplug", "serial")
        assert await listener.state() is TransportState.GONE
        await home.told("unplug", "radio")
        await home.told("plug")
        assert await listener.state() is TransportState.WORKING
    async with Listener(BleTransport(SystemClock())) as listener:
        assert await listener.state() is TransportState.WORKING


@pytest.mark.asyncio
async def test_a_home_whose_bus_dies_alone_ends_with_it(home: RunningHome) -> None:
    """Deaf and alive would look like a home in which nothing happens; the supervisor starts what has ended."""
    [daemon] = _children(home.process.pid)
    os.kill(daemon, signal.SIGKILL)
    async with asyncio.timeout(PATIENCE):
        assert await home.process.wait() == -signal.SIGKILL


@pytest.mark.asyncio
async def test_the_line_is_cut_and_mended(home: RunningHome) -> None:
    assert await home.told("cut") == "the line is cut"
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection("127.0.0.1", home.config.router_port)
    await home.told("heal")
    _, writer = await asyncio.open_connection("127.0.0.1", home.config.router_port)
    writer.transport.abort()


@pytest.mark.asyncio
@pytest.mark.parametrize("seconds", ["-5", "0", "nan", "inf", "1e300", "soon"])
async def test_a_cut_of_no_length_is_refused_and_cuts_nothing(home: RunningHome, seconds: str) -> None:
    with pytest.raises(Unavailable, match="more than 0"):
        await home.told("cut", seconds)
    _, writer = await asyncio.open_connection("127.0.0.1", home.config.router_port)
    writer.transport.abort()


@pytest.mark.asyncio
async def test_what_it_does_not_understand_is_answered_and_harms_nothing(home: RunningHome) -> None:
    for words in (["dance"], ["door", "ajar"], ["silence", "nobody"], ["cut", "soon"], []):
        with pytest.raises(Unavailable):
            await home.told(*words)
    assert await home.told("door", "open")


@pytest.mark.asyncio
async def test_nothing_is_left_when_the_home_is_killed(home: RunningHome) -> None:
    """The bus is the home's child and ends with it, whatever ends the home."""
    children = _children(home.process.pid)
    assert children
    home.process.kill()
    await home.process.wait()
    async with asyncio.timeout(PATIENCE):
        while any(_alive(pid) for pid in children):  # noqa: ASYNC110 - other programs' ends have no bell
            await asyncio.sleep(0.02)


def _children(pid: int) -> list[int]:
    return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def _alive(pid: int) -> bool:
    """Whether it runs; what has ended and was fetched by nobody, as where no init does that, does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


@pytest.mark.asyncio
async def test_the_lock_misbehaves_and_is_used_as_it_is_told(home: RunningHome) -> None:
    assert await home.told("lock", "jam") == "the lock's fault is now: jam"
    assert await home.told("lock", "unlock") == "somebody turned the knob: unlocked"
    assert await home.told("lock", "show") == "unlocked, fault: jam"
    assert await home.told("lock", "free") == "the lock works"
    assert await home.told("alerts") == "the sounder was told: nothing"
    with pytest.raises(Unavailable):
        await home.told("lock", "dance")


def test_two_homes_have_a_lock_that_obeys_one_has_a_lock_that_only_tells_and_all_have_a_sounder() -> None:
    locks = [[one.device.driver for one in plan.devices if one.kind is Kind.LOCK] for plan in homes(7)]
    assert locks == [["nuki"], ["nuki"], ["bthome"]]
    assert all(sum(one.kind is Kind.SOUNDER for one in plan.devices) == 1 for plan in homes(7))


@pytest.mark.asyncio
async def test_the_homes_lock_knows_its_edge_from_commissioning(home: RunningHome) -> None:
    planned = next(one for one in PLAN.devices if one.kind is Kind.LOCK)
    lock = planned.device
    ble = BleTransport(SystemClock(), actuators=[lock.address])
    async with Listener(ble) as listener:
        await listener.sighting(lambda one: one.address == lock.address)
        asked = command(Action.UNLOCK, device=lock.id)
        secret = bytes.fromhex(planned.key or "")
        end = await ble.act(lock.address, driver().script(asked, lock, secret=secret, memory=Remembering()))
    assert isinstance(end, Done)
    assert await home.told("lock", "show") == "unlocked, fault: free\nperson-demo-care-01: action 1, ended 0"
