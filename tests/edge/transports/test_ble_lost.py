"""What a BLE scan stands on goes away: told at once and healed soon, whichever part it is; what is no loss is not."""

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable
from typing import NamedTuple

import pytest

from edge.health import DEAF_WITHIN
from edge.transports import bluez_watch
from edge.transports.ble import ANSWER_SECONDS, DEAF_AFTER, STOP_SECONDS, BleTransport
from homecare.clock import SECOND, SystemClock
from homecare.event import TransportState
from simulator.bluez.adapter import Bluez
from tests.radio import Listener, Radio

TOLD_SECONDS = 5.0
"""From the loss to the word of it, where two minutes are promised."""
HEALED_SECONDS = 15.0
"""From the return to the first press that is heard."""
MOMENT_SECONDS = 0.5
"""In which a loss would have been told: it takes milliseconds."""


async def _kill_bus(radio: Radio) -> None:
    os.kill(radio.bus.pid, signal.SIGKILL)
    await radio.bus.ended()


async def _restart_bus(radio: Radio) -> None:
    await radio.unplug()
    await radio.bus.start()
    await radio.plug()


async def _replug_facade(radio: Radio) -> None:
    await radio.plug()


def _adapter(radio: Radio) -> Bluez:
    assert radio.bluez is not None
    return radio.bluez


class Loss(NamedTuple):
    id: str
    take: Callable[[Radio], Awaitable[None]]
    give: Callable[[Radio], Awaitable[None]]


LOSSES = (
    Loss("the bus is killed", _kill_bus, _restart_bus),
    Loss("bluetoothd is killed", Radio.unplug, _replug_facade),
    Loss(
        "the adapter is switched off",
        lambda radio: _adapter(radio).power(on=False),
        lambda radio: _adapter(radio).power(on=True),
    ),
    Loss(
        "the adapter is unplugged",
        lambda radio: _adapter(radio).plug(on=False),
        lambda radio: _adapter(radio).plug(on=True),
    ),
)


@pytest.mark.asyncio
@pytest.mark.parametrize("loss", LOSSES, ids=lambda loss: loss.id)
async def test_a_loss_is_told_at_once_and_healed_soon(radio: Radio, loss: Loss) -> None:
    await radio.plug()
    async with Listener(BleTransport(SystemClock())) as listener:
        assert await listener.state() is TransportState.WORKING
        for number in (1, 3):  # the second time shows that the watch is set up again
            await listener.hears(radio, number)
            await loss.take(radio)
            async with asyncio.timeout(TOLD_SECONDS):
                assert await listener.state() is TransportState.GONE
            await loss.give(radio)
            async with asyncio.timeout(HEALED_SECONDS):
                await listener.hears(radio, number + 1)
            assert await listener.state() is TransportState.WORKING


def test_what_only_silence_tells_is_told_within_two_minutes() -> None:
    assert DEAF_AFTER + STOP_SECONDS * SECOND < DEAF_WITHIN
    assert ANSWER_SECONDS * SECOND < DEAF_WITHIN


@pytest.mark.asyncio
async def test_a_watch_that_the_bus_refuses_leaves_the_scan_as_it_is(
    radio: Radio, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bluez_watch, "RULES", ("no such rule",))
    await radio.plug()
    async with Listener(BleTransport(SystemClock())) as listener:
        assert await listener.state() is TransportState.WORKING
        await listener.hears(radio, 1)
        assert listener.states.empty()


@pytest.mark.asyncio
async def test_what_is_no_loss_is_not_told(radio: Radio, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another client's scan, a device that BlueZ forgets and an adapter that is switched on once more."""
    monkeypatch.setattr("simulator.bluez.adapter.FORGET_SECONDS", 0)
    bluez = await radio.plug()
    lost = asyncio.Event()
    async with bluez_watch.watching(lost.set), Listener(BleTransport(SystemClock())) as listener:
        await listener.state()
        await listener.hears(radio, 1)
        radio.advertise(b"", address="E1:00:00:00:00:02")  # with which the first one is forgotten
        await bluez.power(on=True)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(MOMENT_SECONDS):
                await lost.wait()
        assert listener.states.empty()
    assert not lost.is_set()  # nor is our own hanging up


@pytest.mark.asyncio
async def test_bluetoothd_that_starts_is_no_loss_and_its_end_is(radio: Radio) -> None:
    lost = asyncio.Event()
    async with bluez_watch.watching(lost.set) as watch:
        await radio.plug()
        assert not watch.lost
        await radio.unplug()
        async with asyncio.timeout(TOLD_SECONDS):
            await lost.wait()


@pytest.mark.asyncio
async def test_a_scan_that_cannot_be_ended_keeps_nobody_waiting(radio: Radio) -> None:
    """A bluetoothd that hangs: nothing tells it but silence, and what follows must not use up the two minutes."""
    bluez = await radio.plug()
    async with Listener(BleTransport(SystemClock(), expected=True, deaf_after=SECOND)) as listener:
        assert await listener.state() is TransportState.WORKING
        bluez.stuck = True
        assert await listener.state() is TransportState.DEAF
        async with asyncio.timeout(STOP_SECONDS + 2):
            assert await listener.state() is TransportState.STUCK
        bluez.stuck = False
        async with asyncio.timeout(HEALED_SECONDS):
            await listener.hears(radio, 1)
