"""A fourth home in which nothing is installed yet: its air, its button, and a sensor that Vaka has never seen."""

import asyncio
import threading
from pathlib import Path

from bumble import hci

from edge.kit.capture import Capture, read_capture
from gateway.adapters.postgres.registry import enrol
from gateway.ports.registry import Home, HomeRegistration
from homecare.identity import HomeId, shard_of
from simulator import bthome
from simulator.air import Advertisement, VirtualAir
from simulator.bluez.adapter import Bluez
from simulator.bluez.bus import PrivateBus
from simulator.people import FIRST
from tests.servers import ROOT

HOME = HomeId("home-demo-0004")
BUTTON = "E4:00:00:00:00:01"
BUTTON_KEY = bytes(range(16))
CAPTURE = ROOT / "tests" / "captures" / "unseen" / "ruuvi_raw_v2.jsonl"
SENSOR_EVERY_SECONDS = 2.5
"""A turn of the capture then takes longer than the ten seconds in which its driver takes a number for a repetition."""
REPEATS = 6
"""Advertisements of one press, as `firmware_configs/bthome/help_button.yaml` asks for."""
_MANUFACTURER_DATA = 0xFF


def register(database: str) -> None:
    """The home and its resident, without edge, devices or consent."""
    home = Home(
        id=HOME,
        unit=FIRST,
        shard=shard_of(HOME),
        label="Ängsro 4 (påhittat hem)",
        address="Påhittade vägen 4, 000 01 Exempelby",
        resident="David Skenberg (påhittad)",
        time_zone="Europe/Stockholm",
    )
    enrol(
        database,
        HomeRegistration(unit=FIRST, unit_label="", home=home, edges=(), devices=(), valid_from=0),
    )


class NewHome:
    """The home's radio in a thread of its own, behind a private bus."""

    def __init__(self, folder: Path, daemon: Path | None) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._bus = PrivateBus(folder, daemon)
        self._capture: Capture = read_capture(CAPTURE)
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, name="new-home", daemon=True)
        self._counter = 0
        self.mounted = False
        """Whether the unseen sensor hangs on the wall and speaks."""

    @property
    def bus_address(self) -> str:
        """Where an edge finds this home's Bluetooth."""
        return self._bus.address

    def start(self) -> None:
        """Return when the radio stands."""
        self._thread.start()
        assert self._ready.wait(20), "the new home's radio does not start"

    def stop(self) -> None:
        """Take it down."""
        self._loop.call_soon_threadsafe(self._end.set)
        self._thread.join(20)

    def press(self) -> None:
        """Somebody presses the worn button."""
        self._counter += 1
        data = bthome.encrypted(bthome.button(), address=BUTTON, key=BUTTON_KEY, counter=self._counter, triggered=True)
        for _ in range(REPEATS):
            self._loop.call_soon_threadsafe(self._say, BUTTON, bthome.advertising_data(data))

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_until_complete(self._live())

    async def _live(self) -> None:
        self._end, self._air = asyncio.Event(), VirtualAir()
        await self._bus.start()
        bluez = Bluez(self._air, self._bus.address)
        await bluez.start()
        self._ready.set()
        number = 0
        while not self._end.is_set():
            if self.mounted:
                line = self._capture.lines[number % len(self._capture.lines)]
                number += 1
                ((company, value),) = line.manufacturer_data.items()
                data = int(company, 16).to_bytes(2, "little") + bytes.fromhex(value)
                self._say(self._capture.head.address, bthome.structure(_MANUFACTURER_DATA, data))
            try:
                async with asyncio.timeout(SENSOR_EVERY_SECONDS):
                    await self._end.wait()
            except TimeoutError:
                continue
        await bluez.stop()
        await self._bus.stop()

    def _say(self, address: str, data: bytes) -> None:
        heard = Advertisement(hci.Address(address), data, b"", scannable=False, legacy=len(data) <= 31, cut_off=False)
        self._air.broadcast("sender", heard)
