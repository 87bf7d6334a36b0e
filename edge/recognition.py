"""Recognition: whose sighting is this? An index look-up, never a search.

A device is known by its transport's address and the recognition keys of its driver. Addresses are compared without
regard to case. Strangers (neighbours' phones rotate their addresses by the thousand) are counted, and only the last
`STRANGERS_LIMIT` of them are remembered.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from edge.driver import Driver, Sighting
from edge.drivers import FRAMERS
from homecare.device import Device
from homecare.errors import Conflict, Unknown

STRANGERS_LIMIT: Final = 256
"""Addresses of strangers remembered, so that one of them counts once while it stays: more than a stairwell holds."""

COMMON: Final = "ble:gatt:"
"""Keys of standard services, which any BLE device may have beside what its own driver reads."""


class Recognition:
    """The devices of one edge, indexed. `strangers` counts the addresses met that belong to none of them."""

    def __init__(self, devices: Iterable[Device], drivers: Mapping[str, Driver]) -> None:
        """`Unknown` for a device whose driver does not exist, `Conflict` for two that cannot be told apart."""
        self.strangers = 0
        self._met: dict[str, None] = {}
        self._known: dict[tuple[str, str], tuple[Device, Driver]] = {}
        for device in devices:
            if device.driver not in drivers:
                raise Unknown("recognise", device.id, "its driver does not exist; see docs/devices.md")
            self._learn(device, drivers[device.driver], drivers)

    def _learn(self, device: Device, driver: Driver, drivers: Mapping[str, Driver]) -> None:
        address = device.address.upper()
        for key in driver.keys:
            if (key, address) in self._known:
                raise Conflict("recognise", device.id, "another device has the same address and kind of driver")
            self._known[key, address] = (device, driver)
        if any(key.startswith("ble:") for key in driver.keys):
            for common in drivers.values():
                for key in common.keys:
                    if key.startswith(COMMON):
                        self._known.setdefault((key, address), (device, common))

    def find(self, sighting: Sighting) -> tuple[Device, Driver] | None:
        """The device that was heard and the driver that reads it; None for a stranger."""
        address = sighting.address.upper()
        for key in keys_of(sighting):
            found = self._known.get((key, address))
            if found is not None:
                return found
        self._count(address)
        return None

    def _count(self, address: str) -> None:
        if address in self._met:
            return
        self.strangers += 1
        self._met[address] = None
        if len(self._met) > STRANGERS_LIMIT:
            del self._met[next(iter(self._met))]


def keys_of(sighting: Sighting) -> Iterator[str]:
    """The recognition keys that a sighting offers (see `edge.driver.Driver`)."""
    if sighting.telegram:
        for kind in FRAMERS:
            yield f"serial:{kind}"
    for service in sighting.service_data:
        yield f"ble:{service.lower()}"
        yield f"ble:gatt:{service.lower()}"
    for company in sighting.manufacturer_data:
        yield f"ble:company:{company:04x}"
