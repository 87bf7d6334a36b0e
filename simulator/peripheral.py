"""Connectable devices on the virtual air: the radio of an emulated lock, and a sounder that takes immediate alerts."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Iterator
from typing import Final

from bumble.att import Attribute
from bumble.core import UUID, AdvertisingData, BaseBumbleError
from bumble.device import Connection
from bumble.gatt import Characteristic, CharacteristicValue, Service

from simulator import nuki
from simulator.air import VirtualAir, device_on
from simulator.nuki import Doing, Drop, NukiLock, Say, Wait

APPLE: Final = 0x004C
BEACON_SECONDS: Final = 0.5
"""Between two looks at whether the beacon must say something else."""
ASKED_SECONDS: Final = 2.0
"""For what the radio is doing when it leaves the air."""
INTERVAL: Final = 200
"""Milliseconds between two advertisements."""
ALERTS_LIMIT: Final = 1000
"""Alerts that a sounder remembers."""
_FLAGS: Final = (AdvertisingData.FLAGS, b"\x06")


class _Radio:
    """A host with a controller; what it is asked to do is finished though the asker is cancelled.

    bumble swallows a cancellation that meets one of its commands, and its host is not usable after it.
    """

    def __init__(self, name: str, address: str, *, air: VirtualAir) -> None:
        self._air = air
        self.device, self.controller = device_on(air, name, address)
        self._asked: set[asyncio.Future[None]] = set()

    async def ask(self, work: Awaitable[None]) -> None:
        """Do one thing after the other."""
        task = asyncio.ensure_future(work)
        self._asked.add(task)
        task.add_done_callback(self._asked.discard)
        await asyncio.shield(task)

    async def advertise(self, data: bytes) -> None:
        """Advertise this from now on."""
        await self.ask(self._advertise(data))

    async def remove(self) -> None:
        """Leave the air."""
        if self._asked:
            await asyncio.wait(self._asked, timeout=ASKED_SECONDS)
        self._air.remove(self.controller)

    async def _advertise(self, data: bytes) -> None:
        with contextlib.suppress(BaseBumbleError):
            await self.device.stop_advertising()
        await self.device.start_advertising(
            auto_restart=True,
            advertising_data=data,
            advertising_interval_min=INTERVAL,
            advertising_interval_max=INTERVAL,
        )


class NukiPeripheral:
    """A lock's radio: beacon, pairing and keyturner characteristics. `silent` is a lock without batteries."""

    def __init__(self, name: str, address: str, lock: NukiLock, *, air: VirtualAir) -> None:
        self.name = name
        self.lock = lock
        self._silent = False
        self._air = air
        self._radio = _Radio(name, address, air=air)
        self._doing: set[asyncio.Task[None]] = set()
        pairing = self._characteristic(nuki.PAIRING, lock.hear_pairing)
        keyturner = self._characteristic(nuki.KEYTURNER, lock.hear)
        self._radio.device.add_services(
            [Service(nuki.PAIRING_SERVICE, [pairing]), Service(nuki.KEYTURNER_SERVICE, [keyturner])]
        )

    @property
    def silent(self) -> bool:
        """Whether its batteries are out."""
        return self._silent

    @silent.setter
    def silent(self, silent: bool) -> None:
        self._silent = silent
        self._air.set_range(self.name, None if silent else -60)

    async def run(self) -> None:
        """Be on the air until cancelled."""
        shown = b""
        try:
            await self._radio.ask(self._radio.device.power_on())
            while True:
                if self.lock.beacon != shown:
                    shown = self.lock.beacon
                    data = (AdvertisingData.MANUFACTURER_SPECIFIC_DATA, APPLE.to_bytes(2, "little") + shown)
                    await self._radio.advertise(bytes(AdvertisingData([_FLAGS, data])))
                await asyncio.sleep(BEACON_SECONDS)
        finally:
            for task in list(self._doing):
                task.cancel()
            await self._radio.remove()

    def _characteristic(self, uuid: str, answer: Callable[[bytes], Iterator[Doing]]) -> Characteristic[bytes]:
        properties = Characteristic.Properties.WRITE | Characteristic.Properties.INDICATE
        made: Characteristic[bytes]

        def written(connection: Connection, value: bytes) -> None:
            task = asyncio.ensure_future(self._do(connection, made, answer(bytes(value))))
            self._doing.add(task)
            task.add_done_callback(self._doing.discard)

        made = Characteristic(UUID(uuid), properties, Attribute.WRITEABLE, CharacteristicValue(write=written))
        return made

    async def _do(self, connection: Connection, on: Characteristic[bytes], doings: Iterator[Doing]) -> None:
        """Say and wait; the motor does not care whether somebody still listens."""
        for doing in doings:
            match doing:
                case Wait(seconds):
                    await asyncio.sleep(seconds)
                case Drop():
                    self._radio.controller.drop()
                case Say(data):
                    with contextlib.suppress(BaseBumbleError, TimeoutError):
                        await self._radio.device.indicate_subscriber(connection, on, data)


class Sounder:
    """A small sounder: `alerts` are the levels that it was told, in order."""

    def __init__(self, name: str, address: str, *, air: VirtualAir) -> None:
        self.name = name
        self.alerts: list[int] = []
        self.silent = False
        self._radio = _Radio(name, address, air=air)
        level: Characteristic[bytes] = Characteristic(
            UUID(0x2A06),
            Characteristic.Properties.WRITE | Characteristic.Properties.WRITE_WITHOUT_RESPONSE,
            Attribute.WRITEABLE,
            CharacteristicValue(write=self._written),
        )
        self._radio.device.add_services([Service(UUID(0x1802), [level])])

    async def run(self) -> None:
        """Be on the air until cancelled."""
        service = (AdvertisingData.COMPLETE_LIST_OF_16_BIT_SERVICE_CLASS_UUIDS, (0x1802).to_bytes(2, "little"))
        try:
            await self._radio.ask(self._radio.device.power_on())
            await self._radio.advertise(bytes(AdvertisingData([_FLAGS, service])))
            await asyncio.Event().wait()
        finally:
            await self._radio.remove()

    def _written(self, _connection: Connection, value: bytes) -> None:
        if value and not self.silent:
            self.alerts = [*self.alerts, value[0]][-ALERTS_LIMIT:]
