"""Devices as installed: what they are, where they sit, what may be expected of them."""

from enum import StrEnum

import msgspec

from homecare.identity import DeviceId, HomeId


class Capability(StrEnum):
    """What a device can state. `HELP_CALL` makes a button a call for help; without it a press is only a fact."""

    HELP_CALL = "help_call"
    BUTTON = "button"
    CONTACT = "contact"
    MOTION = "motion"
    LEAK = "leak"
    LOCK = "lock"
    HAZARD = "hazard"
    FALL = "fall"
    OBSERVATION = "observation"
    TAG = "tag"


class Placement(StrEnum):
    """Where in the home a device sits."""

    FRONT_DOOR = "front_door"
    BALCONY_DOOR = "balcony_door"
    WINDOW = "window"
    HALL = "hall"
    KITCHEN = "kitchen"
    BATHROOM = "bathroom"
    BEDROOM = "bedroom"
    LIVING_ROOM = "living_room"
    WORN = "worn"
    OTHER = "other"


class Device(msgspec.Struct, frozen=True, gc=False):
    """One installed device.

    `driver` names the file of `edge/drivers/` that reads it, `address` is how its transport names it (BLE address in
    upper case with colons; EnOcean sender id as 8 hex digits). `reports_every` is the longest time in seconds between
    two signs of life that the device promises; None for a device that speaks only when something happens, whose
    silence therefore proves nothing.
    """

    id: DeviceId
    home: HomeId
    driver: str
    address: str
    capabilities: tuple[Capability, ...]
    placement: Placement = Placement.OTHER
    reports_every: int | None = None
