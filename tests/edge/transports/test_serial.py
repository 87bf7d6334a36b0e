"""The serial transport on real ttys: unplugged, replugged, noisy, silent and stuck."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from edge.drivers.esp3 import Esp3Framer
from edge.health import DEAF_WITHIN
from edge.transports.serial import LOOK_SECONDS, Limits, SerialTransport
from homecare.clock import SECOND, SystemClock
from homecare.event import TransportState
from simulator import enocean
from simulator.devices import EnoceanStick
from simulator.serial_port import SerialPort
from tests.radio import PATIENCE, Listener

SENDER = bytes.fromhex("0180902B")
OPEN = enocean.contact(SENDER, is_open=True)
CLOSED = enocean.contact(SENDER, is_open=False)
TOLD_SECONDS = 2.0
"""From unplugging to the word of it, where two minutes are promised."""
HEALED_SECONDS = 7.0
"""From the return to an open port: the longest wait between two tries, and room."""


def test_a_port_that_falls_silent_or_stuck_is_told_within_two_minutes() -> None:
    limits = Limits()
    assert max(limits.stuck_after, limits.unanswered) + LOOK_SECONDS * SECOND < DEAF_WITHIN


class Stick:
    def __init__(self, link: Path) -> None:
        self.link = link
        self.written: asyncio.Queue[bytes] = asyncio.Queue()
        self.port = SerialPort(link, self.written.put_nowait)

    def transport(self, **settings: int) -> SerialTransport:
        return SerialTransport(
            "stick",
            str(self.link),
            baud=57_600,
            framer=Esp3Framer(),
            clock=SystemClock(),
            limits=Limits(**settings),
        )


@pytest_asyncio.fixture
async def stick(tmp_path: Path) -> AsyncIterator[Stick]:
    stick = Stick(tmp_path / "stick")
    stick.port.plug()
    yield stick
    stick.port.unplug()


async def said_again(stick: Stick, listener: Listener) -> None:
    """Say a telegram until the transport tells a state: bytes while the port is closed are lost, as on any wire."""
    async with asyncio.timeout(PATIENCE):
        while listener.states.empty():
            stick.port.write(OPEN)
            await asyncio.sleep(0.05)


@pytest.mark.asyncio
async def test_a_telegram_arrives_whole_whatever_pieces_it_comes_in(stick: Stick) -> None:
    async with Listener(stick.transport()) as listener:
        assert await listener.state() is TransportState.WORKING
        for byte in OPEN:
            stick.port.write(bytes((byte,)))
        sighting = await listener.sighting()
    assert (sighting.transport, sighting.address, sighting.telegram) == ("serial:stick", "0180902B", OPEN)


@pytest.mark.asyncio
async def test_a_port_that_is_heard_and_then_idle_is_not_taken_for_unplugged(stick: Stick) -> None:
    async with Listener(stick.transport()) as listener:
        assert await listener.state() is TransportState.WORKING
        for _ in range(50):
            stick.port.write(OPEN)
            await listener.sighting()
            await asyncio.sleep(0)
        assert listener.states.empty()


@pytest.mark.asyncio
async def test_unplugging_is_told_at_once_and_replugging_heals(stick: Stick) -> None:
    async with Listener(stick.transport()) as listener:
        assert await listener.state() is TransportState.WORKING
        stick.port.unplug()
        async with asyncio.timeout(TOLD_SECONDS):
            assert await listener.state() is TransportState.GONE
        stick.port.plug()
        async with asyncio.timeout(HEALED_SECONDS):
            assert await listener.state() is TransportState.WORKING
        stick.port.write(OPEN)
        assert (await listener.sighting()).telegram == OPEN


@pytest.mark.asyncio
async def test_a_port_that_is_no_serial_port_is_gone(stick: Stick) -> None:
    stick.port.unplug()
    stick.link.mkdir()
    async with Listener(stick.transport()) as listener:
        assert await listener.state() is TransportState.GONE
    stick.link.rmdir()


@pytest.mark.asyncio
async def test_noise_before_between_and_after_hides_no_telegram(stick: Stick) -> None:
    async with Listener(stick.transport()) as listener:
        await listener.state()
        stick.port.write(b"\x55\x00\xff" + OPEN + b"\x00\x55\x55garbage" + CLOSED[:-1] + b"\x99" + CLOSED + b"\x55")
        assert [(await listener.sighting()).telegram for _ in range(2)] == [OPEN, CLOSED]


@pytest.mark.asyncio
async def test_a_header_made_of_noise_does_not_hold_back_the_press_behind_it(stick: Stick) -> None:
    """The false header announces 128 bytes that never come: the line's silence gives the press free."""
    false = b"\x00\x80\x00\x01"
    async with Listener(stick.transport()) as listener:
        await listener.state()
        stick.port.write(b"\x55" + false + bytes((enocean.crc8(false),)) + OPEN)
        assert (await listener.sighting()).telegram == OPEN


@pytest.mark.asyncio
async def test_an_answer_is_written_to_the_device(stick: Stick) -> None:
    async with Listener(stick.transport()) as listener:
        await listener.state()
        listener.transport.write(b"accepted")
        async with asyncio.timeout(PATIENCE):
            while b"accepted" not in await stick.written.get():
                pass


@pytest.mark.asyncio
async def test_a_stick_that_answered_once_and_falls_silent_is_deaf_although_no_device_has_to_speak(
    tmp_path: Path,
) -> None:
    stick = EnoceanStick(tmp_path / "stick")
    stick.port.plug()
    transport = Stick(stick.port.link).transport(ask_every=SECOND // 10, unanswered=3 * SECOND)
    async with Listener(transport) as listener:
        assert await listener.state() is TransportState.WORKING
        with pytest.raises(TimeoutError):  # it answers, so silence of its devices is no deafness
            async with asyncio.timeout(4):
                await listener.states.get()
        stick.deaf = True
        assert await listener.state() is TransportState.DEAF
        stick.deaf = False
        assert await listener.state() is TransportState.WORKING
    stick.port.unplug()


@pytest.mark.asyncio
async def test_a_busy_port_that_takes_no_bytes_is_stuck_as_well(stick: Stick) -> None:
    stick.port.hold(held=True)
    transport = stick.transport(stuck_after=SECOND // 2)
    async with Listener(transport) as listener:
        assert await listener.state() is TransportState.WORKING
        for _ in range(64):
            transport.write(bytes(1024))
        await said_again(stick, listener)
        assert await listener.state() is TransportState.STUCK


@pytest.mark.asyncio
async def test_an_answer_to_nobody_is_dropped_and_counted(stick: Stick) -> None:
    transport = stick.transport()
    transport.write(b"accepted")
    assert transport.dropped == 1


@pytest.mark.asyncio
async def test_silence_where_signs_of_life_were_promised_is_deafness_until_a_byte_comes(stick: Stick) -> None:
    async with Listener(stick.transport(deaf_after=SECOND // 10)) as listener:
        assert [await listener.state(), await listener.state()] == [TransportState.WORKING, TransportState.DEAF]
        await said_again(stick, listener)
        assert await listener.state() is TransportState.WORKING


@pytest.mark.asyncio
async def test_a_port_that_takes_no_bytes_is_stuck_and_drops_what_is_too_much(tmp_path: Path) -> None:
    stick = Stick(tmp_path / "stick")
    stick.port.plug()
    stick.port.hold(held=True)
    transport = stick.transport(stuck_after=SECOND // 10)
    async with Listener(transport) as listener:
        assert await listener.state() is TransportState.WORKING
        for _ in range(64):
            transport.write(bytes(1024))
        assert transport.dropped
        assert await listener.state() is TransportState.STUCK
        stick.port.hold(held=False)
        await said_again(stick, listener)
        assert await listener.state() is TransportState.WORKING
    stick.port.unplug()
