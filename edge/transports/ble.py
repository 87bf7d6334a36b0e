"""Bluetooth LE through BlueZ: hears advertisements, supervises the adapter, reads batteries, lets devices act.

This file and `edge.transports.ble_act` are all that knows `bleak`. An adapter fails in three ways and none may pass
unnoticed: it is gone (unplugged, powered off, bluetoothd or the bus away), it is deaf (no error and no advertisements:
BlueZ issue 1554), or it is stuck (calls are not answered). What goes is told at once, by `edge.transports.bluez_watch`;
all else, and what that misses, by silence within two minutes. Each is healed by starting the scan again, for ever, with
bounded backoff.
"""

import asyncio
from collections.abc import Callable, Collection, Generator
from contextlib import suppress
from functools import partial
from typing import Final

from bleak import BleakClient, BleakScanner
from bleak.backends.device import BLEDevice
from bleak.backends.scanner import AdvertisementData
from bleak.exc import BleakError

from edge.driver import Heard, Result, Sighting, Step, endless
from edge.transports.ble_act import Conversation, Partner
from edge.transports.bluez_watch import Watch, watching
from homecare.clock import DAY, HOUR, SECOND, Clock
from homecare.event import TransportState

NAME: Final = "ble"
DEAF_AFTER: Final = 90 * SECOND
"""Microseconds without any advertisement: leaves half a minute to tell it within two."""
ANSWER_SECONDS: Final = 20.0
"""BlueZ answers a scan command within a second; beyond this it is stuck."""
STOP_SECONDS: Final = 3.0
"""A scan's end has so long. bleak forgets the scan before it asks BlueZ, so what a dead bus or a stuck adapter leaves
unanswered costs nothing but this time, in which nobody listens."""
BACKOFF_SECONDS: Final = (1, 2, 4, 8)
"""Waits before the next start; the last one repeats, so that an adapter or a bus that is back is used within 15 s."""
WAITING_LIMIT: Final = 4096
"""Sightings between radio and agent: two seconds of the loudest house. More are dropped: advertisements repeat."""
BATTERY_EVERY: Final = DAY
BATTERY_RETRY: Final = HOUR
BATTERY_SECONDS: Final = 30.0
"""Connecting, discovering and reading one value."""
BATTERY_SERVICE: Final = "180f"
_BATTERY_LEVEL: Final = "00002a19-0000-1000-8000-00805f9b34fb"
_BASE_UUID: Final = "-0000-1000-8000-00805f9b34fb"
_NAME_LIMIT: Final = 80
_RSSI_RANGE: Final = range(-126, 21)
"""dBm that a controller can state (Core Specification 5.4, volume 4, part E, 7.7.65); 127 and -127 mean unknown."""
_AWAY: Final = (BleakError, OSError, EOFError)
"""BlueZ or its adapter is not there, or the bus broke."""


class BleTransport:
    """The BLE adapter of this edge, as `edge.driver.Transport`.

    `expected` says that some device promises signs of life, so that silence from the very start means deaf; otherwise
    only silence after something was heard does. `batteries` are the addresses whose Battery Service is read, at most
    daily; the level comes as a sighting with service data `180f`. `actuators` are the addresses that `act` may name.
    """

    name = NAME

    def __init__(
        self,
        clock: Clock,
        *,
        expected: bool = False,
        batteries: Collection[str] = (),
        actuators: Collection[str] = (),
        deaf_after: int = DEAF_AFTER,
        answer_seconds: float = ANSWER_SECONDS,
    ) -> None:
        self._clock = clock
        self._expected = expected
        self._due = dict.fromkeys((address.upper() for address in batteries), 0)
        self._deaf_seconds = deaf_after / SECOND
        self._answer_seconds = answer_seconds
        self._waiting: asyncio.Queue[Sighting | None] = asyncio.Queue(WAITING_LIMIT)
        self._polls: asyncio.TaskGroup | None = None
        self._polled: str | None = None
        named = {address.upper() for address in actuators}
        self._partners = {address: Partner(partial(self._known, address)) for address in named}
        self._scanner: BleakScanner | None = None
        self._connecting = asyncio.Lock()
        self._state: TransportState | None = None
        self.dropped = 0

    def write(self, data: bytes) -> None:
        """Advertisements cannot be answered: dropped."""

    async def act(
        self, address: str, script: Generator[Step, Heard, Result], *, left: Callable[[], float] = endless
    ) -> Result | None:
        """Hold a conversation with one of `actuators`; see `edge.driver.Connecting`."""
        partner = self._partners[address.upper()]
        conversation = Conversation(partner, self._connecting, left)  # its time runs from here
        async with partner.turn:
            return await conversation.hold(script)

    async def run(self, on_sighting: Callable[[Sighting], None], on_state: Callable[[TransportState], None]) -> None:
        """Scan until cancelled; see `edge.driver.Transport`."""
        attempt = 0

        def tell(state: TransportState) -> None:
            nonlocal attempt
            attempt = 0 if state is TransportState.WORKING else attempt
            if state is not self._state:
                self._state = state
                on_state(state)

        async with asyncio.TaskGroup() as self._polls:
            while True:
                async with watching(self._wake) as watch:
                    failure = await self._scan(watch, on_sighting, tell)
                self._scanner = None
                if failure is not None:
                    tell(failure)
                await asyncio.sleep(BACKOFF_SECONDS[min(attempt, len(BACKOFF_SECONDS) - 1)])
                attempt += 1

    async def _scan(
        self, watch: Watch, on_sighting: Callable[[Sighting], None], tell: Callable[[TransportState], None]
    ) -> TransportState | None:
        """Scan until something fails; what failed, or None when merely nothing was there to be heard."""
        # Every advertisement counts, also one that says the same again: it is the proof that the radio hears.
        scanner = BleakScanner(self._hear, scanning_mode="active", bluez={"filters": {"DuplicateData": True}})
        self._scanner = scanner
        try:
            async with asyncio.timeout(self._answer_seconds):
                await scanner.start()
        except TimeoutError:
            return TransportState.STUCK
        except _AWAY:
            return TransportState.GONE
        if self._state is not TransportState.DEAF:
            tell(TransportState.WORKING)  # a deaf adapter starts as well as any: only hearing disproves it
        failure: TransportState | None = None
        broken: TransportState | None = None
        try:
            failure = await self._listen(watch, on_sighting, tell)
            if failure is not None:
                tell(failure)
        finally:
            broken = await self._stop(scanner)
        return failure if failure is TransportState.GONE else broken or failure

    async def _listen(
        self, watch: Watch, on_sighting: Callable[[Sighting], None], tell: Callable[[TransportState], None]
    ) -> TransportState | None:
        """Pass sightings on until there are none for too long, or none can come any more."""
        while True:
            if watch.lost and self._waiting.empty():
                return TransportState.GONE
            try:
                async with asyncio.timeout(self._deaf_seconds):
                    sighting = await self._waiting.get()
            except TimeoutError:
                return TransportState.DEAF if self._expected else None
            if sighting is None:
                continue
            self._expected = True
            tell(TransportState.WORKING)
            on_sighting(sighting)

    async def _stop(self, scanner: BleakScanner) -> TransportState | None:
        try:
            async with asyncio.timeout(min(STOP_SECONDS, self._answer_seconds)):
                await scanner.stop()
        except TimeoutError:
            return TransportState.STUCK
        except _AWAY:
            return TransportState.GONE
        return None

    def _hear(self, device: BLEDevice, heard: AdvertisementData) -> None:
        address = device.address.upper()
        partner = self._partners.get(address)
        if partner is not None:
            partner.hear()
        if address == self._polled or (partner is not None and partner.talking):
            return  # a change of its connection, told with the advertisement that BlueZ still remembers
        self._pass_on(
            Sighting(
                transport=NAME,
                address=address,
                heard_at=self._clock.now(),
                rssi=heard.rssi if heard.rssi in _RSSI_RANGE else None,
                local_name=_printable(heard.local_name),
                service_data={_short(uuid): data for uuid, data in heard.service_data.items()},
                manufacturer_data=dict(heard.manufacturer_data),
            )
        )
        due = self._due.get(address)
        if due is not None and self._polled is None and self._polls and self._clock.now().elapsed >= due:
            self._polled = address
            self._polls.create_task(self._poll(device, address))

    def _known(self, address: str) -> BLEDevice | None:
        """What the running scan has heard under the address. bleak takes out what BlueZ has forgotten."""
        devices = () if self._scanner is None else self._scanner.discovered_devices
        return next((device for device in devices if device.address.upper() == address), None)

    def _wake(self) -> None:
        """Let the scan look at its watch; one that has sightings waiting looks by itself."""
        with suppress(asyncio.QueueFull):
            self._waiting.put_nowait(None)

    def _pass_on(self, sighting: Sighting) -> None:
        try:
            self._waiting.put_nowait(sighting)
        except asyncio.QueueFull:
            self.dropped += 1

    async def _poll(self, device: BLEDevice, address: str) -> None:
        """Read one battery and come back tomorrow, or sooner if it could not be read."""
        wait = BATTERY_RETRY
        try:
            async with asyncio.timeout(BATTERY_SECONDS), BleakClient(device) as client:
                level = bytes(await client.read_gatt_char(_BATTERY_LEVEL))
            data = {BATTERY_SERVICE: level}
            self._pass_on(Sighting(transport=NAME, address=address, heard_at=self._clock.now(), service_data=data))
            wait = BATTERY_EVERY
        except (*_AWAY, TimeoutError):
            pass  # out of reach or busy: the next try is due in an hour
        finally:
            self._due[address] = self._clock.now().elapsed + wait
            self._polled = None


def _short(uuid: str) -> str:
    """A UUID as drivers name it: four hex digits where it is a 16-bit one."""
    uuid = uuid.lower()
    if uuid.startswith("0000") and uuid.endswith(_BASE_UUID):
        return uuid.removesuffix(_BASE_UUID)[4:]
    return uuid


def _printable(name: str | None) -> str | None:
    """A name that no terminal and no page can be surprised by; senders may put anything into it."""
    if name is None:
        return None
    return "".join(character for character in name if character.isprintable())[:_NAME_LIMIT]
