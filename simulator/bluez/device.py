"""Device1 and the GATT objects below it: one remote device as BlueZ shows it, carried by a bumble host."""

import asyncio
import uuid
from collections.abc import Mapping
from typing import Any, Final

from bumble import att, core, gatt_client, hci
from bumble.device import Connection, Device, Peer
from dbus_fast import DBusError

from simulator.bluez.tree import Interface, ObjectTree

DEVICE: Final = "org.bluez.Device1"
SERVICE: Final = "org.bluez.GattService1"
CHARACTERISTIC: Final = "org.bluez.GattCharacteristic1"
FAILED: Final = "org.bluez.Error.Failed"
CONNECT_SECONDS: Final = 20
"""BlueZ gives up a connection attempt after about this."""
LARGEST_MTU: Final = 517
_FLAGS: Final = ("broadcast", "read", "write-without-response", "write", "notify", "indicate")
"""Names of the characteristic's property bits, from bit 0."""
_REFUSED: Final = {
    att.ErrorCode.READ_NOT_PERMITTED: ("org.bluez.Error.NotPermitted", "Read not permitted"),
    att.ErrorCode.INSUFFICIENT_AUTHENTICATION: ("org.bluez.Error.NotPermitted", "Not paired"),
    att.ErrorCode.INSUFFICIENT_ENCRYPTION: ("org.bluez.Error.NotPermitted", "Not paired"),
    att.ErrorCode.REQUEST_NOT_SUPPORTED: ("org.bluez.Error.NotSupported", "Not supported"),
}

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
_CHARACTERISTIC_SIGNATURES: Final = {
    "UUID": "s",
    "Service": "o",
    "Value": "ay",
    "Notifying": "b",
    "Flags": "as",
    "MTU": "q",
}


class RemoteDevice:
    """One device that was heard. `heard_at` is the loop's time of its last advertisement, in seconds."""

    def __init__(self, host: Device, tree: ObjectTree, *, adapter: str, address: hci.Address, heard_at: float) -> None:
        self._host = host
        self._tree = tree
        self._address = address
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
        if self._connection is not None:
            return []
        try:
            connection = await self._host.connect_le(self._address, timeout=CONNECT_SECONDS)
        except (core.BaseBumbleError, hci.HCI_Error) as error:
            raise DBusError(FAILED, "le-connection-abort-by-local") from error
        self._connection = connection
        connection.on(connection.EVENT_DISCONNECTION, self._gone)
        self.change({"Connected": True})
        self._resolving = asyncio.ensure_future(self._resolve(connection))
        return []

    async def _disconnect(self) -> list[Any]:
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
                values = {"UUID": _text(service.uuid), "Primary": True, "Device": self.path, "Includes": []}
                self._tree.add(path, Interface(SERVICE, _SERVICE_SIGNATURES, values))
                self._services.append(path)
                for characteristic in await service.discover_characteristics():
                    self._show(characteristic, path, connection.att_mtu)
            self.change({"ServicesResolved": True})
        except core.BaseBumbleError:
            return

    def _show(self, characteristic: gatt_client.CharacteristicProxy[bytes], service: str, mtu: int) -> None:
        flags = [name for bit, name in enumerate(_FLAGS) if int(characteristic.properties) & 1 << bit]
        values = {
            "UUID": _text(characteristic.uuid),
            "Service": service,
            "Value": b"",
            "Notifying": False,
            "Flags": flags,
            "MTU": mtu,
        }

        async def read(_options: object) -> list[Any]:
            try:
                return [bytes(await characteristic.read_value())]
            except att.ATT_Error as error:
                fallback = (FAILED, f"Operation failed with ATT error: 0x{int(error.error_code):02x}")
                raise DBusError(*_REFUSED.get(att.ErrorCode(error.error_code), fallback)) from error
            except core.BaseBumbleError as error:
                raise DBusError(FAILED, "Not connected") from error

        # BlueZ names a characteristic by its declaration, one handle before its value.
        path = f"{service}/char{characteristic.handle - 1:04x}"
        self._tree.add(path, Interface(CHARACTERISTIC, _CHARACTERISTIC_SIGNATURES, values, {"ReadValue": ("ay", read)}))


def _text(short_or_long: core.UUID) -> str:
    return str(uuid.UUID(bytes=short_or_long.to_bytes(force_128=True)[::-1]))
