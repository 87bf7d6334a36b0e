"""The Battery Service of Bluetooth: characteristic 0x2A19 of service 0x180F, one byte, percent of full.

The transport that reads the characteristic hands its value over as `service_data["180f"]`. Source: Bluetooth SIG,
Battery Service 1.0.
"""

from typing import Final

from edge.driver import Memory, Reading, Sighting
from edge.drivers import remembered
from homecare.device import Device
from homecare.errors import Malformed
from homecare.event import BatteryReported

SERVICE: Final = "180f"
FULL: Final = 100


class BatteryService:
    """See the module."""

    name = "battery_service"
    keys: tuple[str, ...] = (f"ble:gatt:{SERVICE}",)

    def read(self, sighting: Sighting, device: Device, *, secret: bytes | None, memory: Memory) -> Reading:  # noqa: ARG002 - one form for all drivers
        """The battery when it changed. `Malformed` for anything but one byte from 0 to 100."""
        value = sighting.service_data.get(SERVICE, b"")
        if len(value) != 1 or value[0] > FULL:
            raise Malformed("read battery", "level", "one byte from 0 to 100")
        event = BatteryReported(percent=value[0])
        return Reading(events=(event,) if remembered.changed(memory.values, "battery", event) else ())
