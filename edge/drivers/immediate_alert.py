"""Announcers: small sounders and lights with the Immediate Alert Service of Bluetooth.

Characteristic 0x2A06 of service 0x1802 takes one byte: 1 is a mild alert, 2 a high one. Here a mild one says that a
call for help was received, a high one that help is on its way. Source: Bluetooth SIG, Immediate Alert Service 1.0.
"""

from typing import Final

from edge.driver import Done, Failed, Look, Lost, Memory, Reading, Script, Sighting, TooLate, Write
from homecare.command import Action, Command, Message, Reason
from homecare.device import Device

ALERT_LEVEL: Final = "00002a06-0000-1000-8000-00805f9b34fb"
LEVEL: Final = {Message.RECEIVED: 1, Message.HELP_ON_ITS_WAY: 2}


class ImmediateAlert:
    """See the module."""

    name = "immediate_alert"
    keys: tuple[str, ...] = ("ble:1802",)
    actions: frozenset[Action] = frozenset({Action.ANNOUNCE})

    def read(self, sighting: Sighting, device: Device, *, secret: bytes | None, memory: Memory) -> Reading:  # noqa: ARG002 - one form for all drivers
        """Nothing: an announcer only shows that it is there."""
        return Reading(events=())

    def look(self, device: Device, *, secret: bytes | None, memory: Memory) -> Look:  # noqa: ARG002 - one form for all drivers
        """Nothing to ask for."""
        yield from ()
        return ()

    def script(self, command: Command, device: Device, *, secret: bytes | None, memory: Memory) -> Script:  # noqa: ARG002 - one form for all drivers
        """One byte. Said again it does no harm, but a confirmed write needs no second one."""
        level = LEVEL[command.message or Message.RECEIVED]
        answer = yield Write(ALERT_LEVEL, bytes((level,)), acts=True)
        if isinstance(answer, TooLate):
            return Failed(Reason.EXPIRED)
        return Failed(Reason.NO_ANSWER) if isinstance(answer, Lost) else Done()
