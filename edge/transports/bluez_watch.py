"""A watch over BlueZ: says at once that the bus, bluetoothd or an adapter went; a scan would notice it by silence only.

A scan that has lost its ground hears nothing and is told nothing. D-Bus tells it to whoever asks, so the watch asks on
a small connection of its own, because bleak keeps its own to itself. This file is all that knows `dbus_fast`.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Final

from dbus_fast import BusType, DBusFastError, Message, MessageType
from dbus_fast.aio import MessageBus

BEGIN_SECONDS: Final = 2.0
"""To connect and to ask: the bus itself answers, within milliseconds, whatever state BlueZ is in."""
END_SECONDS: Final = 1.0
"""For our own connection to close, which needs nobody's answer."""
_BLUEZ: Final = "org.bluez"
_ADAPTER: Final = "org.bluez.Adapter1"
_BUS: Final = "org.freedesktop.DBus"
RULES: Final = (
    f"type='signal',sender='{_BUS}',member='NameOwnerChanged',arg0='{_BLUEZ}'",
    f"type='signal',sender='{_BLUEZ}',member='InterfacesRemoved',arg0path='/org/bluez/'",
    f"type='signal',sender='{_BLUEZ}',member='PropertiesChanged',arg0='{_ADAPTER}'",
)
"""What the bus shall tell; none of it is told for an advertisement, only for a device that BlueZ forgets."""
_FAILED: Final = (OSError, EOFError, TimeoutError, DBusFastError)
"""The bus is not there, does not answer, or does not let us in."""
_log = logging.getLogger(__name__)


class Watch:
    """What a watch has seen. `lost` says that the ground of any scan begun before is gone; it stays so."""

    def __init__(self, on_lost: Callable[[], None]) -> None:
        self.lost = False
        self._on_lost = on_lost

    def lose(self) -> None:
        """Once: tell."""
        if not self.lost:
            self.lost = True
            self._on_lost()

    def read(self, message: Message) -> None:
        """A message of the bus. With several adapters each counts: bleak does not say on which one it scans."""
        if message.message_type is MessageType.SIGNAL and _tells_loss(message.member, message.body):
            self.lose()


@asynccontextmanager
async def watching(on_lost: Callable[[], None]) -> AsyncIterator[Watch]:
    """Watch until the block ends; `on_lost` is called at most once.

    What cannot be watched is logged and not told: whether there is any BlueZ to scan with is the scan's to find out,
    and silence still tells a loss, only later.
    """
    watch = Watch(on_lost)
    bus = MessageBus(bus_type=BusType.SYSTEM)
    ending: asyncio.Future[None] | None = None
    try:
        async with asyncio.timeout(BEGIN_SECONDS):
            await bus.connect()
            ending = asyncio.ensure_future(_ended(bus))
            ending.add_done_callback(lambda _: watch.lose())
            await _ask(bus, watch)
    except _FAILED as error:
        _log.info("no watch over BlueZ: %s", type(error).__name__)
    try:
        yield watch
    finally:
        watch.lost = True  # our own hanging up is no loss to be told
        if ending is not None:
            bus.disconnect()
            await asyncio.wait({ending}, timeout=END_SECONDS)
            ending.cancel()


async def _ask(bus: MessageBus, watch: Watch) -> None:
    bus.add_message_handler(watch.read)
    for rule in RULES:
        ask = Message(
            destination=_BUS,
            path="/org/freedesktop/DBus",
            interface=_BUS,
            member="AddMatch",
            signature="s",
            body=[rule],
        )
        answer = await bus.call(ask)
        if answer.message_type is MessageType.ERROR:
            raise DBusFastError(f"the bus takes no match rule: {rule}")


async def _ended(bus: MessageBus) -> None:
    try:
        await bus.wait_for_disconnect()  # type: ignore[no-untyped-call] # dbus-fast leaves it without annotations
    except _FAILED:
        return  # broken off instead of closed: it has ended all the same


def _tells_loss(member: str | None, body: list[object]) -> bool:
    """Whether a signal that was asked for says that BlueZ or an adapter went; a sender's nonsense says nothing."""
    match member, body:
        case "NameOwnerChanged", [str(name), str(before), str()]:
            return name == _BLUEZ and before != ""
        case "InterfacesRemoved", [str(), list(interfaces)]:
            return _ADAPTER in interfaces
        case "PropertiesChanged", [str(interface), dict(changed), list()]:
            powered = changed.get("Powered")
            return interface == _ADAPTER and powered is not None and powered.value is False
        case _:
            return False
