"""A radio for tests, and a listener to transports: the virtual air behind `org.bluez` on a real dbus-daemon."""

import asyncio
import contextlib
import tempfile
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
import pytest_asyncio
from bumble import hci

from edge.driver import Sighting, Transport
from homecare.event import TransportState
from simulator import bthome
from simulator.air import Advertisement, VirtualAir
from simulator.bluez.adapter import Bluez
from simulator.bluez.bus import VARIABLE, PrivateBus

PATIENCE = 30.0
"""Seconds after which a test that waits for something has failed; far above everything that is awaited."""
AGAIN = 0.2
"""Seconds until somebody presses again."""
BUTTON = "E1:00:00:00:00:01"


class Radio:
    """The air, and the adapter that hears it, which can be taken away and put back."""

    def __init__(self, bus: PrivateBus) -> None:
        self.bus = bus
        self.air = VirtualAir()
        self.bluez: Bluez | None = None

    async def plug(self) -> Bluez:
        self.bluez = Bluez(self.air, self.bus.address)
        await self.bluez.start()
        return self.bluez

    async def unplug(self) -> None:
        if self.bluez is not None:
            await self.bluez.stop()
            self.bluez = None

    def advertise(self, data: bytes, *, address: str = BUTTON, response: bytes = b"", cut_off: bool = False) -> None:
        heard = Advertisement(
            hci.Address(address),
            data,
            response,
            scannable=bool(response),
            legacy=len(data) <= 31,
            cut_off=cut_off,
        )
        self.air.broadcast("sender", heard)

    def press(self, number: int = 1) -> bytes:
        """One plain press; gives the service data that must arrive."""
        data = bthome.plain(bthome.packet_id(number) + bthome.button(), triggered=True)
        self.advertise(bthome.advertising_data(data))
        return data


class Listener:
    """A transport at work and everything that it tells."""

    def __init__(self, transport: Transport) -> None:
        self.transport = transport
        self.sightings: asyncio.Queue[Sighting] = asyncio.Queue()
        self.states: asyncio.Queue[TransportState] = asyncio.Queue()
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> "Listener":
        self._task = asyncio.create_task(self.transport.run(self.sightings.put_nowait, self.states.put_nowait))
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._task is not None
        self._task.cancel()
        try:
            async with asyncio.timeout(PATIENCE):
                await self._task
        except asyncio.CancelledError:
            pass

    async def state(self) -> TransportState:
        async with asyncio.timeout(PATIENCE):
            return await self.states.get()

    async def reaches(self, state: TransportState) -> None:
        """Wait for this state, whatever is told before it."""
        while await self.state() is not state:  # bounded by the patience of each
            pass

    async def hears(self, radio: Radio, number: int) -> None:
        """Press until this press is heard: what is in the air while the scan starts again is lost, as on any radio."""
        async with asyncio.timeout(PATIENCE):
            while True:
                pressed = radio.press(number)
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(AGAIN):
                        while (await self.sightings.get()).service_data.get("fcd2") != pressed:
                            pass
                        return

    async def sighting(self, wanted: Callable[[Sighting], bool] = lambda _: True) -> Sighting:
        async with asyncio.timeout(PATIENCE):
            while True:
                sighting = await self.sightings.get()
                if wanted(sighting):
                    return sighting


@pytest_asyncio.fixture
async def radio(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Radio]:
    with tempfile.TemporaryDirectory(prefix="vaka-") as folder:
        bus = PrivateBus(Path(folder))
        await bus.start()
        monkeypatch.setenv(VARIABLE, bus.address)
        radio = Radio(bus)
        yield radio
        await radio.unplug()
        await bus.stop()
