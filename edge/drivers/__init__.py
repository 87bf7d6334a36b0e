"""The device models and protocol profiles that the edge can read, one line each."""

from typing import Final

from edge.driver import Driver, Framer
from edge.drivers.battery_service import BatteryService
from edge.drivers.bthome import BTHome
from edge.drivers.counted import Counted
from edge.drivers.enocean import ENOCEAN
from edge.drivers.esp3 import Esp3Framer

_ALL: Final[tuple[Driver, ...]] = (
    BatteryService(),
    BTHome(),
    Counted(),
    *ENOCEAN,
)

DRIVERS: Final[dict[str, Driver]] = {driver.name: driver for driver in _ALL}
"""By the name that `Device.driver` says."""

FRAMERS: Final[dict[str, type[Framer]]] = {"esp3": Esp3Framer}
"""By the name that a serial port's configuration says; the telegrams are found under the key `serial:NAME`."""
