"""The device models and protocol profiles that the edge can read, one line each.

A driver that lives elsewhere is found by its entry point in the group `vaka.drivers`; see docs/add_a_driver.md. It
may not take the name of one of ours, and one that cannot be loaded silences no other: `BROKEN` says what is wrong.
"""

from importlib.metadata import EntryPoint, entry_points
from typing import Final

from edge.driver import Driver, Framer
from edge.drivers.battery_service import BatteryService
from edge.drivers.bthome import BTHome
from edge.drivers.counted import Counted
from edge.drivers.enocean import ENOCEAN
from edge.drivers.esp3 import Esp3Framer
from edge.drivers.immediate_alert import ImmediateAlert
from edge.drivers.nuki import Nuki

GROUP: Final = "vaka.drivers"
"""The group of entry points; each names a driver object, or a tuple of them."""

_ALL: Final[tuple[Driver, ...]] = (
    BatteryService(),
    BTHome(),
    Counted(),
    *ENOCEAN,
    ImmediateAlert(),
    Nuki(),
)

DRIVERS: Final[dict[str, Driver]] = {driver.name: driver for driver in _ALL}
"""By the name that `Device.driver` says."""

BROKEN: Final[dict[str, str]] = {}
"""Entry points that gave no driver, and why."""

FRAMERS: Final[dict[str, type[Framer]]] = {"esp3": Esp3Framer}
"""By the name that a serial port's configuration says; the telegrams are found under the key `serial:NAME`."""


def _plug(entry: EntryPoint) -> None:
    try:
        found = entry.load()
    except Exception as error:  # noqa: BLE001 why: whatever a foreign module does while it loads, the others must work
        BROKEN[entry.name] = f"{type(error).__name__}: it cannot be loaded"
        return
    for driver in found if isinstance(found, tuple) else (found,):
        name = getattr(driver, "name", None)
        if (
            not isinstance(name, str)
            or not getattr(driver, "keys", None)
            or not callable(getattr(driver, "read", None))
        ):
            BROKEN[entry.name] = "it names no driver: an object with name, keys and read"
        elif name in DRIVERS:
            BROKEN[entry.name] = f"there is a driver {name} already"
        else:
            DRIVERS[name] = driver


for _entry in entry_points(group=GROUP):
    _plug(_entry)
