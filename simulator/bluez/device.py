"""Device1 and the services below it: one remote device as BlueZ shows it, carried by a bumble host."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

from bumble import core, hci
from bumble.device import Connection, Device, Peer
from dbus_fast import DBusError

from simulator.bluez.characteristic import FAILED, RemoteCharacteristic, uuid_text
from simulator.bluez.tree import Interface, ObjectTree

DEVICE: Final = "org.bluez.Device1"
SERVICE: Final = "org.bluez.GattService1"
CONNECT_SECONDS: Final = 20
"""BlueZ gives up a connection attempt after about this."""
LARGEST_MTU: Final = 517

DEVICE_SIGNATURES: Final = {
    **dict.fromkeys(("Address", "AddressType", "Name", "Alias"), "s"),
    **dict.fromkeys(("Paired", "Bonded", "Trusted", "Blocked", "LegacyPairing", "Connected", "ServicesResolved"), "b"),
    **dict.fromkeys(("RSSI", "TxPower"), "n"),
    "UUIDs": "as",
    "Adapter": "o",
    "ManufacturerData": "a{qv}",
    "ServiceData": "a{sv}",
}
_SERVICE_SIGNATURES: Final = {"UUID": "s", "Primary": "b", "Device": "o", "Includes": "ao"}


class RemoteDevice:
    """One device that was heard.

    `delay` is awaited before connections are answered; `connecting` is held while one is made, because a controller
    makes one at a time; `heard_at` is the loop's time of the last advertisement, in seconds.
    """

    def __init__(
        self,
        host: Device,
        tree: ObjectTree,
        *,
        adapter: str,
        address: hci.Address,
        heard_at: float,
        delay: Callable[[], Awaitable[None]],
        connecting: asyncio.Lock,
    ) -> None:
        self._host = host
        self._tree = tree
        self._address = address
        self._delay = delay
        self._connecting = connecting
        self._connection: Connection | None = None
        self._resolving: asyncio.Task[None] | None = None
        self._services: list[str] = []
        self.heard_at = heard_at
        text = address.to_string(with_type_qualifier=False)
        self.path = f"{adapter}/dev_{text.replace(':', '_')}"
        values: dict[str, Any] = {
            "Address": text,
            "AddressType": "public" if address.is_public else "random",
            "Alias": text.replace(":", "-"),
            **dict.fromkeys(("Paired", "Bonded", "Trusted", "Blocked", "LegacyPairing"), False),
            "Connected": False,
            "ServicesResolved": False,
            "UUIDs": [],
            "Adapter": adapter,
        }
        methods = {"Connect": ("", self._connect), "Disconnect": ("", self._disconnect)}
        self.shown = Interface(DEVICE, DEVICE_SIGNATURES, values, methods)

    @property
    def connected(self) -> bool:
        """Whether a connection is open, which keeps the device from being forgotten."""
        return self._connection is not None

    def change(self, values: Mapping[str, Any]) -> None:
        """Tell clients what changed."""
        self._tree.change(self.path, self.shown, values)

    async def close(self) -> None:
        """Stop what is still going on."""
        if self._resolving is not None:
            self._resolving.cancel()
            await asyncio.gather(self._resolving, return_exceptions=True)

    async def _connect(self) -> list[Any]:
        await self._delay()
        if self._connection is not None:
            return []
        try:
            async with self._connecting:
                connection = await self._host.connect_le(self._address, timeout=CONNECT_SECONDS)
        except (core.BaseBumbleError, hci.HCI_Error) as error:
            raise DBusError(FAILED, "le-connection-abort-by-local") from error
        self._connection = connection
        connection.on(connection.EVENT_DISCONNECTION, self._gone)
        self.change({"Connected": True})
        self._resolving = asyncio.ensure_future(self._resolve(connection))
        return []

    async def _disconnect(self) -> list[Any]:
        await self._delay()
        if self._connection is not None:
            await self._connection.disconnect()
        return []

    def _gone(self, _reason: int) -> None:
        self._connection = None
        self.change({"Connected": False, "ServicesResolved": False})
        for path in self._services:
            self._tree.remove(path)
        self._services.clear()

    async def _resolve(self, connection: Connection) -> None:
        """Show what the device offers; a device that vanishes meanwhile shows nothing more."""
        try:
            peer = Peer(connection)
            await peer.request_mtu(LARGEST_MTU)
            for service in await peer.discover_services():
                path = f"{self.path}/service{service.handle:04x}"
                values = {"UUID": uuid_text(service.uuid), "Primary": True, "Device": self.path, "Includes": []}
                self._tree.add(path, Interface(SERVICE, _SERVICE_SIGNATURES, values))
                self._services.append(path)
                for characteristic in await service.discover_characteristics():
                    RemoteCharacteristic(characteristic, self._tree, service=path, mtu=connection.att_mtu)
            self.change({"ServicesResolved": True})
        except core.BaseBumbleError:
            return
