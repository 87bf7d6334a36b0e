"""GattCharacteristic1: one characteristic of a connected device as BlueZ shows it: read, written, notified."""

import uuid
from collections.abc import Awaitable
from typing import Any, Final, TypeVar

from bumble import att, core, gatt_client
from dbus_fast import DBusError

from simulator.bluez.tree import Interface, Method, ObjectTree

CHARACTERISTIC: Final = "org.bluez.GattCharacteristic1"
FAILED: Final = "org.bluez.Error.Failed"
_FLAGS: Final = ("broadcast", "read", "write-without-response", "write", "notify", "indicate")
"""Names of the characteristic's property bits, from bit 0."""
_REFUSED: Final = {
    att.ErrorCode.READ_NOT_PERMITTED: ("org.bluez.Error.NotPermitted", "Read not permitted"),
    att.ErrorCode.WRITE_NOT_PERMITTED: ("org.bluez.Error.NotPermitted", "Write not permitted"),
    att.ErrorCode.INSUFFICIENT_AUTHENTICATION: ("org.bluez.Error.NotPermitted", "Not paired"),
    att.ErrorCode.INSUFFICIENT_ENCRYPTION: ("org.bluez.Error.NotPermitted", "Not paired"),
    att.ErrorCode.REQUEST_NOT_SUPPORTED: ("org.bluez.Error.NotSupported", "Not supported"),
}
_SIGNATURES: Final = {
    "UUID": "s",
    "Service": "o",
    "Value": "ay",
    "Notifying": "b",
    "Flags": "as",
    "MTU": "q",
}
_Answer = TypeVar("_Answer")


class RemoteCharacteristic:
    """One characteristic, shown below its service until the connection ends."""

    def __init__(
        self, characteristic: gatt_client.CharacteristicProxy[bytes], tree: ObjectTree, *, service: str, mtu: int
    ) -> None:
        self._characteristic = characteristic
        self._tree = tree
        # BlueZ names a characteristic by its declaration, one handle before its value.
        self._path = f"{service}/char{characteristic.handle - 1:04x}"
        properties = int(characteristic.properties)
        values = {
            "UUID": uuid_text(characteristic.uuid),
            "Service": service,
            "Value": b"",
            "Notifying": False,
            "Flags": [name for bit, name in enumerate(_FLAGS) if properties & 1 << bit],
            "MTU": mtu,
        }
        methods: dict[str, tuple[str, Method]] = {
            "ReadValue": ("ay", self._read),
            "WriteValue": ("", self._write),
            "StartNotify": ("", self._start_notify),
            "StopNotify": ("", self._stop_notify),
        }
        self._shown = Interface(CHARACTERISTIC, _SIGNATURES, values, methods)
        tree.add(self._path, self._shown)

    async def _read(self, _options: object) -> list[Any]:
        return [bytes(await _answered(self._characteristic.read_value()))]

    async def _write(self, value: bytes, options: dict[str, Any]) -> list[Any]:
        kind = options.get("type")
        confirmed = kind is None or kind.value == "request"
        await _answered(self._characteristic.write_value(bytes(value), with_response=confirmed))
        return []

    async def _start_notify(self) -> list[Any]:
        await _answered(self._characteristic.subscribe(self._heard))
        self._tree.change(self._path, self._shown, {"Notifying": True})
        return []

    async def _stop_notify(self) -> list[Any]:
        await _answered(self._characteristic.unsubscribe(self._heard))
        self._tree.change(self._path, self._shown, {"Notifying": False})
        return []

    def _heard(self, value: bytes) -> None:
        self._tree.change(self._path, self._shown, {"Value": bytes(value)})


def uuid_text(short_or_long: core.UUID) -> str:
    """A UUID as BlueZ writes it."""
    return str(uuid.UUID(bytes=short_or_long.to_bytes(force_128=True)[::-1]))


async def _answered(asked: Awaitable[_Answer]) -> _Answer:
    """The remote device's answer, its refusals in BlueZ's words."""
    try:
        return await asked
    except att.ATT_Error as error:
        fallback = (FAILED, f"Operation failed with ATT error: 0x{int(error.error_code):02x}")
        raise DBusError(*_REFUSED.get(att.ErrorCode(error.error_code), fallback)) from error
    except (core.BaseBumbleError, TimeoutError) as error:
        raise DBusError(FAILED, "Not connected") from error
