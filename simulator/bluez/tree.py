"""A tree of D-Bus objects: what a service shows, changes and answers, without any code generated from annotations.

Knows the three standard interfaces that every BlueZ client uses: ObjectManager at the root, Properties on every
object, and the methods of the objects' own interfaces.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextvars import ContextVar
from typing import Any, Final

from dbus_fast import DBusError, ErrorType, Message, MessageType, Variant
from dbus_fast.aio import MessageBus

OBJECT_MANAGER: Final = "org.freedesktop.DBus.ObjectManager"
PROPERTIES: Final = "org.freedesktop.DBus.Properties"

Method = Callable[..., Awaitable[list[Any]]]
CLIENT: ContextVar[str] = ContextVar("client", default="")
"""Who called the method that is being answered: its unique name on the bus."""


class Interface:
    """One interface of one object.

    `signatures` gives each property its D-Bus type; a property without a value in `values` is not shown. `methods`
    gives each method the signature of its answer and the coroutine that answers with the values; it may raise
    `DBusError`.
    """

    def __init__(
        self,
        name: str,
        signatures: Mapping[str, str],
        values: Mapping[str, Any],
        methods: Mapping[str, tuple[str, Method]] | None = None,
    ) -> None:
        self.name = name
        self.signatures = signatures
        self.values = dict(values)
        self.methods = methods or {}

    def variants(self) -> dict[str, Variant]:
        """All properties as D-Bus carries them."""
        return {name: Variant(self.signatures[name], value) for name, value in self.values.items()}


class ObjectTree:
    """The objects of one service on one bus connection."""

    def __init__(self, bus: MessageBus) -> None:
        self._bus = bus
        self._objects: dict[str, dict[str, Interface]] = {}
        self._answering: set[asyncio.Task[None]] = set()
        bus.add_message_handler(self._on_message)

    def add(self, path: str, interface: Interface) -> None:
        """Show an object and tell every client."""
        self._objects.setdefault(path, {})[interface.name] = interface
        shown = {interface.name: interface.variants()}
        self._signal("/", OBJECT_MANAGER, "InterfacesAdded", "oa{sa{sv}}", [path, shown])

    def remove(self, path: str) -> None:
        """Take an object and everything below it away and tell every client, the deepest first."""
        below = [other for other in self._objects if other == path or other.startswith(f"{path}/")]
        for gone in sorted(below, reverse=True):
            names = list(self._objects.pop(gone))
            self._signal("/", OBJECT_MANAGER, "InterfacesRemoved", "oas", [gone, names])

    def change(self, path: str, interface: Interface, values: Mapping[str, Any]) -> None:
        """Give properties new values and tell every client; unchanged ones are told again too."""
        interface.values.update(values)
        changed = {name: Variant(interface.signatures[name], value) for name, value in values.items()}
        self._signal(path, PROPERTIES, "PropertiesChanged", "sa{sv}as", [interface.name, changed, []])

    async def close(self) -> None:
        """Cancel what is still being answered."""
        self._bus.remove_message_handler(self._on_message)
        for task in list(self._answering):
            task.cancel()
        await asyncio.gather(*self._answering, return_exceptions=True)

    def _signal(self, path: str, interface: str, member: str, signature: str, body: list[Any]) -> None:
        if self._bus.connected:
            self._bus.send(Message.new_signal(path, interface, member, signature, body))

    def _on_message(self, message: Message) -> Message | bool | None:
        if message.message_type is not MessageType.METHOD_CALL:
            return None
        path, member = message.path or "", message.member or ""
        if path == "/" and message.interface == OBJECT_MANAGER and member == "GetManagedObjects":
            return Message.new_method_return(message, "a{oa{sa{sv}}}", [self._everything()])
        interfaces = self._objects.get(path)
        if interfaces is None:
            return Message.new_error(message, ErrorType.UNKNOWN_OBJECT, f"no object {path}")
        if message.interface == PROPERTIES:
            return _properties(message, interfaces)
        interface = interfaces.get(message.interface or "")
        if interface is None or member not in interface.methods:
            return Message.new_error(message, ErrorType.UNKNOWN_METHOD, f"no method {member}")
        task = asyncio.ensure_future(self._answer(message, *interface.methods[member]))
        self._answering.add(task)
        task.add_done_callback(self._answering.discard)
        return True

    async def _answer(self, message: Message, signature: str, method: Method) -> None:
        CLIENT.set(message.sender or "")
        try:
            answer = Message.new_method_return(message, signature, await method(*message.body))
        except DBusError as error:
            answer = Message.new_error(message, error.type, error.text)
        if self._bus.connected:
            self._bus.send(answer)

    def _everything(self) -> dict[str, dict[str, dict[str, Variant]]]:
        return {
            path: {name: interface.variants() for name, interface in interfaces.items()}
            for path, interfaces in self._objects.items()
        }


def _properties(message: Message, interfaces: Mapping[str, Interface]) -> Message:
    interface = interfaces.get(message.body[0])
    if interface is None:
        return Message.new_error(message, ErrorType.UNKNOWN_INTERFACE, f"no interface {message.body[0]}")
    variants = interface.variants()
    if message.member == "GetAll":
        return Message.new_method_return(message, "a{sv}", [variants])
    if message.member == "Get" and message.body[1] in variants:
        return Message.new_method_return(message, "v", [variants[message.body[1]]])
    return Message.new_error(message, ErrorType.UNKNOWN_PROPERTY, "no such property, or it is read-only")
