"""The service `org.bluez` with one adapter that hears the virtual air."""

import asyncio
from typing import Any, Final

from bumble.device import Advertisement
from dbus_fast import DBusError
from dbus_fast.aio import MessageBus

from simulator.air import LONGEST_DATA, VirtualAir, device_on
from simulator.bluez import advertising
from simulator.bluez.device import RemoteDevice
from simulator.bluez.tree import CLIENT, Interface, Method, ObjectTree

ADAPTER: Final = "org.bluez.Adapter1"
PATH: Final = "/org/bluez/hci0"
ADDRESS: Final = "F0:F1:F2:F3:F4:F5"
NAME: Final = "edge"
"""The name by which the air knows this receiver."""
FORGET_SECONDS: Final = 30
"""BlueZ forgets a device that it has not heard for this long (its TemporaryTimeout)."""
_SIGNATURES: Final = {
    **dict.fromkeys(("Address", "AddressType", "Name", "Alias"), "s"),
    **dict.fromkeys(("Powered", "Discoverable", "Pairable", "Discovering"), "b"),
    "UUIDs": "as",
    "Roles": "as",
}
_VALUES: Final = {
    "Address": ADDRESS,
    "AddressType": "random",
    "Name": NAME,
    "Alias": NAME,
    "Powered": True,
    "Discoverable": False,
    "Pairable": True,
    "Discovering": False,
    "UUIDs": [],
    "Roles": ["central"],
}


class Bluez:
    """`org.bluez` on the bus at `bus_address`.

    `deaf` makes it answer every call and hear nothing; `stuck` makes it accept calls and answer none until it is over:
    both as real adapters fail. `power` and `plug` switch the adapter and take it away, which BlueZ tells its clients.
    """

    def __init__(self, air: VirtualAir, bus_address: str) -> None:
        self._air = air
        self._bus = MessageBus(bus_address=bus_address)
        self._tree = ObjectTree(self._bus)
        self._host, self._controller = device_on(air, NAME, ADDRESS)
        self._devices: dict[str, RemoteDevice] = {}
        self._chains: dict[str, bytes] = {}
        self._discovering: set[str] = set()
        self._connecting = asyncio.Lock()
        self._duplicates = True
        self.deaf = False
        self._answers = asyncio.Event()
        self._answers.set()
        methods: dict[str, tuple[str, Method]] = {
            "SetDiscoveryFilter": ("", self._set_filter),
            "StartDiscovery": ("", self._start_discovery),
            "StopDiscovery": ("", self._stop_discovery),
        }
        self._adapter = Interface(ADAPTER, _SIGNATURES, _VALUES, methods)

    @property
    def stuck(self) -> bool:
        """Whether calls wait for their answer."""
        return not self._answers.is_set()

    @stuck.setter
    def stuck(self, stuck: bool) -> None:
        if stuck:
            self._answers.clear()
        else:
            self._answers.set()

    async def start(self) -> None:
        """Power on and appear on the bus."""
        await self._host.power_on()
        self._host.on(self._host.EVENT_ADVERTISEMENT, self._hear)
        await self._bus.connect()
        self._tree.add(PATH, self._adapter)
        await self._bus.request_name("org.bluez")

    async def stop(self) -> None:
        """Vanish, as a bluetoothd that was killed: nobody is told but by the bus."""
        await self._tree.close()
        for device in list(self._devices.values()):  # one more may appear while one is closed
            await device.close()
        was_connected = self._bus.connected
        self._bus.disconnect()
        if was_connected:  # otherwise dbus-fast would wait for ever
            await self._bus.wait_for_disconnect()  # type: ignore[no-untyped-call] # dbus-fast leaves it without annotations
        self._air.remove(self._controller)

    async def power(self, *, on: bool) -> None:
        """Switch the adapter, as rfkill and settings do: switched off, it hears nothing and ends every scan."""
        if not on:
            await self._end_scans()
        self._tree.change(PATH, self._adapter, {"Powered": on})

    async def plug(self, *, on: bool) -> None:
        """Take the adapter out of its socket, with all that it had heard, or put it back, bluetoothd staying."""
        if on:
            self._tree.add(PATH, self._adapter)
            return
        await self._end_scans()
        self._devices.clear()
        self._tree.remove(PATH)

    async def _end_scans(self) -> None:
        if self._discovering:
            self._discovering.clear()
            await self._host.stop_scanning()
            self._tree.change(PATH, self._adapter, {"Discovering": False})

    async def _set_filter(self, wanted: dict[str, Any]) -> list[Any]:
        await self._delay()
        self._must_be_on()
        duplicates = wanted.get("DuplicateData")
        self._duplicates = duplicates is None or bool(duplicates.value)
        return []

    async def _start_discovery(self) -> list[Any]:
        await self._delay()
        self._must_be_on()
        if CLIENT.get() in self._discovering:
            raise DBusError("org.bluez.Error.InProgress", "Operation already in progress")
        self._discovering.add(CLIENT.get())
        if len(self._discovering) == 1:
            await self._host.start_scanning(active=True)
            self._tree.change(PATH, self._adapter, {"Discovering": True})
        return []

    async def _stop_discovery(self) -> list[Any]:
        await self._delay()
        self._must_be_on()
        if CLIENT.get() not in self._discovering:
            raise DBusError("org.bluez.Error.Failed", "No discovery started")
        self._discovering.remove(CLIENT.get())
        if not self._discovering:
            await self._host.stop_scanning()
            self._tree.change(PATH, self._adapter, {"Discovering": False})
        return []

    def _must_be_on(self) -> None:
        if not self._adapter.values["Powered"]:
            raise DBusError("org.bluez.Error.NotReady", "Resource Not Ready")

    async def _delay(self) -> None:
        await self._answers.wait()

    def _hear(self, heard: Advertisement) -> None:
        if self.deaf:
            return
        now = asyncio.get_running_loop().time()
        self._forget(now)
        data = self._whole(heard)
        if data is None:
            return
        values = {**advertising.properties(data), "RSSI": heard.rssi}
        address = heard.address.to_string(with_type_qualifier=False)
        device = self._devices.get(address)
        if device is None:
            device = RemoteDevice(
                self._host,
                self._tree,
                adapter=PATH,
                address=heard.address,
                heard_at=now,
                delay=self._delay,
                connecting=self._connecting,
            )
            device.shown.values.update(values)
            self._devices[address] = device
            self._tree.add(device.path, device.shown)
            return
        self._devices[address] = self._devices.pop(address)  # the last heard comes last
        device.heard_at = now
        if not self._duplicates:
            values = {name: value for name, value in values.items() if device.shown.values.get(name) != value}
        if values:
            device.change(values)

    def _whole(self, heard: Advertisement) -> bytes | None:
        """The advertisement's data when its last part is here; None before, and for a chain that was cut off."""
        address = heard.address.to_string(with_type_qualifier=False)
        data = self._chains.pop(address, b"") + bytes(heard.data_bytes if not heard.is_scan_response else b"")
        if heard.is_scan_response:
            return bytes(heard.data)
        if heard.is_complete:
            return data
        if not heard.is_truncated and len(data) <= LONGEST_DATA:
            self._chains[address] = data
        return None

    def _forget(self, now: float) -> None:
        """Forget devices that fell silent, so that changing addresses do not fill the memory."""
        for address, device in list(self._devices.items()):
            if now - device.heard_at <= FORGET_SECONDS:
                break
            if not device.connected:
                del self._devices[address]
                self._chains.pop(address, None)
                self._tree.remove(device.path)
