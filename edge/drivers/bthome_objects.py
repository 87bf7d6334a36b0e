"""The object table of BTHome v2: what each object id states, how long it is, how its number is scaled.

Source: the format page of bthome.io (version 2) with the ids that were added up to November 2026. All numbers are
little-endian. Objects of the ids 0x53, 0x54 (text, raw) and 0x3B (command) carry their own length; nothing of them
is passed on, because free text from a radio may hold anything. Device information (0xF0 to 0xF2) states no fact.
"""

from collections.abc import Callable
from typing import Final

import msgspec

from homecare.event import (
    AnyEvent,
    BatteryReported,
    ButtonAction,
    ContactChanged,
    Hazard,
    HazardChanged,
    LeakChanged,
    LockOperated,
    LockState,
    MotionChanged,
    StateObserved,
)

PACKET_ID: Final = 0x00
BATTERY: Final = 0x01
LOCK: Final = 0x1F
BUTTON: Final = 0x3A
COMMAND: Final = 0x3B
DIMMER: Final = 0x3C
HAPPENING: Final = frozenset({BUTTON, DIMMER})
"""Objects that state something that happens, not how something is."""

ACTIONS: Final[dict[int, ButtonAction]] = {
    0x01: ButtonAction.PRESS,
    0x02: ButtonAction.DOUBLE_PRESS,
    0x03: ButtonAction.TRIPLE_PRESS,
    0x04: ButtonAction.LONG_PRESS,
    0x05: ButtonAction.LONG_DOUBLE_PRESS,
    0x06: ButtonAction.LONG_TRIPLE_PRESS,
    0x80: ButtonAction.HOLD,
}
"""Button actions; 0x00 is none (a device with several buttons names the others so), 0x81 the end of a hold."""

ROTATION: Final = {0x01: -1, 0x02: 1}
"""Dimmer: the sign of the steps that follow (left is negative)."""

PREFIXED: Final = frozenset({0x53, 0x54})
"""Objects whose first byte is the length of the rest."""

SKIPPED: Final[dict[int, int]] = {0xF0: 2, 0xF1: 4, 0xF2: 3}
"""Bytes of the objects that state no fact: device type id, firmware version of four and of three parts."""


class Measured(msgspec.Struct, frozen=True):
    """A number of `size` bytes; its value is number x `factor`, rounded to `places` decimals, in `unit`."""

    quantity: str
    size: int
    places: int
    unit: str = ""
    signed: bool = False
    factor: float = 0.0

    def value(self, raw: bytes) -> float:
        """The measured value; `factor` is the last decimal unless another one is given."""
        number = int.from_bytes(raw, "little", signed=self.signed)
        return round(number * self.factor, 2) if self.factor else number / 10**self.places


MEASURED: Final[dict[int, Measured]] = {
    0x02: Measured("temperature", 2, 2, "°C", signed=True),
    0x03: Measured("humidity", 2, 2, "%"),
    0x04: Measured("pressure", 3, 2, "hPa"),
    0x05: Measured("illuminance", 3, 2, "lx"),
    0x06: Measured("mass", 2, 2, "kg"),
    0x07: Measured("mass", 2, 2, "lb"),
    0x08: Measured("dew_point", 2, 2, "°C", signed=True),
    0x09: Measured("count", 1, 0),
    0x0A: Measured("energy", 3, 3, "kWh"),
    0x0B: Measured("power", 3, 2, "W"),
    0x0C: Measured("voltage", 2, 3, "V"),
    0x0D: Measured("pm25", 2, 0, "µg/m³"),
    0x0E: Measured("pm10", 2, 0, "µg/m³"),
    0x12: Measured("carbon_dioxide", 2, 0, "ppm"),
    0x13: Measured("volatile_organic_compounds", 2, 0, "µg/m³"),
    0x14: Measured("moisture", 2, 2, "%"),
    0x2E: Measured("humidity", 1, 0, "%"),
    0x2F: Measured("moisture", 1, 0, "%"),
    0x3D: Measured("count", 2, 0),
    0x3E: Measured("count", 4, 0),
    0x3F: Measured("rotation", 2, 1, "°", signed=True),
    0x40: Measured("distance", 2, 0, "mm"),
    0x41: Measured("distance", 2, 1, "m"),
    0x42: Measured("duration", 3, 3, "s"),
    0x43: Measured("current", 2, 3, "A"),
    0x44: Measured("speed", 2, 2, "m/s"),
    0x45: Measured("temperature", 2, 1, "°C", signed=True),
    0x46: Measured("uv_index", 1, 1),
    0x47: Measured("volume", 2, 1, "L"),
    0x48: Measured("volume", 2, 0, "mL"),
    0x49: Measured("volume_flow_rate", 2, 3, "m³/h"),
    0x4A: Measured("voltage", 2, 1, "V"),
    0x4B: Measured("gas_volume", 3, 3, "m³"),
    0x4C: Measured("gas_volume", 4, 3, "m³"),
    0x4D: Measured("energy", 4, 3, "kWh"),
    0x4E: Measured("volume", 4, 3, "L"),
    0x4F: Measured("water_volume", 4, 3, "L"),
    0x50: Measured("device_time", 4, 0, "s"),
    0x51: Measured("acceleration", 2, 3, "m/s²"),
    0x52: Measured("angular_velocity", 2, 3, "°/s"),
    0x55: Measured("volume_storage", 4, 3, "L"),
    0x56: Measured("conductivity", 2, 0, "µS/cm"),
    0x57: Measured("temperature", 1, 0, "°C", signed=True),
    0x58: Measured("temperature", 1, 2, "°C", signed=True, factor=0.35),
    0x59: Measured("count", 1, 0, signed=True),
    0x5A: Measured("count", 2, 0, signed=True),
    0x5B: Measured("count", 4, 0, signed=True),
    0x5C: Measured("power", 4, 2, "W", signed=True),
    0x5D: Measured("current", 2, 3, "A", signed=True),
    0x5E: Measured("direction", 2, 2, "°"),
    0x5F: Measured("precipitation", 2, 1, "mm"),
    0x60: Measured("channel", 1, 0),
    0x61: Measured("rotational_speed", 2, 0, "rpm"),
    0x62: Measured("speed", 4, 6, "m/s", signed=True),
    0x63: Measured("acceleration", 4, 6, "m/s²", signed=True),
    0x64: Measured("light_level", 1, 0),
    0x65: Measured("settings_revision", 1, 0),
}
"""`device_time` (0x50) is only reported: a device's clock never dates a fact."""


class Binary(msgspec.Struct, frozen=True):
    """An on-or-off object of one byte: the field's word, and the event that states it."""

    name: str
    states: Callable[[bool], AnyEvent]


def _contact(is_open: bool) -> AnyEvent:  # noqa: FBT001 - the table's one form
    return ContactChanged(open=is_open)


def _hazard(hazard: Hazard) -> Callable[[bool], AnyEvent]:
    return lambda present: HazardChanged(hazard=hazard, present=present)


def _other(name: str) -> Binary:
    return Binary(name, lambda on: StateObserved(property=name, on=on))


def lock_state(raw: int) -> LockState:
    """0 is locked, anything else unlocked (the format names 1)."""
    return LockState.UNLOCKED if raw else LockState.LOCKED


BINARY: Final[dict[int, Binary]] = {
    0x0F: _other("generic"),
    0x10: _other("power"),
    0x11: Binary("contact", _contact),
    0x15: Binary("battery_low", lambda low: BatteryReported(low=low)),
    0x16: _other("battery_charging"),
    0x17: Binary("carbon_monoxide", _hazard(Hazard.CARBON_MONOXIDE)),
    0x18: _other("cold"),
    0x19: _other("connectivity"),
    0x1A: Binary("contact", _contact),
    0x1B: Binary("contact", _contact),
    0x1C: Binary("gas", _hazard(Hazard.GAS)),
    0x1D: Binary("heat", _hazard(Hazard.HEAT)),
    0x1E: _other("light"),
    LOCK: Binary("lock", lambda unlocked: LockOperated(state=lock_state(unlocked))),
    0x20: Binary("leak", lambda wet: LeakChanged(wet=wet)),
    0x21: Binary("motion", lambda moving: MotionChanged(moving=moving)),
    0x22: _other("moving"),
    0x23: _other("occupancy"),
    0x24: _other("plug"),
    0x25: _other("presence"),
    0x26: _other("problem"),
    0x27: _other("running"),
    0x28: _other("safety"),
    0x29: Binary("smoke", _hazard(Hazard.SMOKE)),
    0x2A: _other("sound"),
    0x2B: _other("tamper"),
    0x2C: _other("vibration"),
    0x2D: Binary("contact", _contact),
}


def size_of(object_id: int, rest: bytes) -> int | None:
    """Bytes of the object after its id, given the bytes that follow; None where the id is unknown or cut off."""
    if object_id in MEASURED:
        return MEASURED[object_id].size
    if object_id in BINARY or object_id in (PACKET_ID, BATTERY, BUTTON):
        return 1
    if object_id == DIMMER:
        return 2
    if object_id in SKIPPED:
        return SKIPPED[object_id]
    if not rest:
        return None
    if object_id == COMMAND:
        return 2 + (rest[0] & 0x1F)
    return 1 + rest[0] if object_id in PREFIXED else None
