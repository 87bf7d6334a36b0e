"""The simulated homes: who lives there and what is installed. Every name and address is invented, and looks it."""

from enum import StrEnum
from typing import Final

import msgspec

from homecare.device import Capability, Device, Placement
from homecare.identity import DeviceId, EdgeId, HomeId
from simulator.nuki import AUTHORISED, KEY_BYTES, authorisation
from simulator.world import World

STICK: Final = "stick"
"""The name of the serial port with the EnOcean stick."""
REPORTS_EVERY: Final = 60
"""Seconds between two signs of life of the sensors that promise them: short, so that a demonstration shows silence."""
NUMBER_OF_HOMES: Final = 3


class Kind(StrEnum):
    """What a simulated device notices of the world."""

    CALL_BUTTON = "call_button"
    DOOR = "door"
    MOTION = "motion"
    LEAK = "leak"
    TEMPERATURE = "temperature"
    LOCK = "lock"
    SOUNDER = "sounder"


class PlannedDevice(msgspec.Struct, frozen=True):
    """One device to be simulated; `key` is its secret in hex: what encrypts its advertisements, or an authorisation."""

    kind: Kind
    device: Device
    key: str | None = None


class HomePlan(msgspec.Struct, frozen=True):
    """One simulated home."""

    home: HomeId
    edge: EdgeId
    label: str
    address: str
    resident: str
    seed: int
    devices: tuple[PlannedDevice, ...]


class _Model(msgspec.Struct, frozen=True):
    kind: Kind
    driver: str
    capability: Capability | None
    placement: Placement
    encrypted: bool = False
    regular: bool = False


_MODELS: Final = (
    _Model(Kind.CALL_BUTTON, "bthome", Capability.HELP_CALL, Placement.WORN, encrypted=True),
    _Model(Kind.CALL_BUTTON, "enocean:F6-02-01", Capability.HELP_CALL, Placement.BATHROOM),
    _Model(Kind.DOOR, "bthome", Capability.CONTACT, Placement.FRONT_DOOR, encrypted=True, regular=True),
    _Model(Kind.DOOR, "enocean:D5-00-01", Capability.CONTACT, Placement.BALCONY_DOOR),
    _Model(Kind.LOCK, "bthome", Capability.LOCK, Placement.FRONT_DOOR, encrypted=True, regular=True),
    _Model(Kind.MOTION, "bthome", Capability.MOTION, Placement.HALL, regular=True),
    _Model(Kind.MOTION, "bthome", Capability.MOTION, Placement.KITCHEN, regular=True),
    _Model(Kind.TEMPERATURE, "bthome", Capability.OBSERVATION, Placement.LIVING_ROOM, regular=True),
    _Model(Kind.TEMPERATURE, "enocean:A5-02-05", Capability.OBSERVATION, Placement.BEDROOM, regular=True),
    _Model(Kind.LEAK, "enocean:F6-05-01", Capability.LEAK, Placement.KITCHEN),
)
_NUKI: Final = _Model(Kind.LOCK, "nuki", Capability.LOCK, Placement.FRONT_DOOR, encrypted=True, regular=True)
"""Stands where the BTHome lock stands in the homes of `NUKI_HOMES`."""
NUKI_HOMES: Final = (1, 2)
_SOUNDER: Final = _Model(Kind.SOUNDER, "immediate_alert", None, Placement.LIVING_ROOM)
_RADIO: Final = frozenset({"bthome", "nuki", "immediate_alert"})
_PEOPLE: Final = (
    ("Ängsro 1 (påhittat hem)", "Påhittade vägen 1, 000 01 Exempelby", "Astrid Exempelsson (påhittad)"),
    ("Ängsro 2 (påhittat hem)", "Påhittade vägen 2, 000 01 Exempelby", "Bertil Provsson (påhittad)"),
    ("Ängsro 3 (påhittat hem)", "Påhittade vägen 3, 000 01 Exempelby", "Cecilia Testgren (påhittad)"),
)


def homes(seed: int, mark: str = "") -> tuple[HomePlan, ...]:
    """The demonstration's homes; the same seed gives the same keys. `mark` stands at the end of their edges' ids."""
    return tuple(_home(number, World(seed), mark) for number in range(1, NUMBER_OF_HOMES + 1))


def edge_id(number: int, mark: str) -> EdgeId:
    """The id of the edge in this home."""
    return EdgeId(f"edge-demo-{number:04}{mark}")


def _home(number: int, world: World, mark: str) -> HomePlan:
    home = HomeId(f"home-demo-{number:04}")
    label, address, resident = _PEOPLE[number - 1]
    return HomePlan(
        home=home,
        edge=edge_id(number, mark),
        label=label,
        address=address,
        resident=resident,
        seed=world.seed + number,
        devices=tuple(_device(home, number, index, world) for index in range(len(_models(number)))),
    )


def _models(number: int) -> tuple[_Model, ...]:
    nuki = number in NUKI_HOMES
    return (*(_NUKI if nuki and model.kind is Kind.LOCK else model for model in _MODELS), _SOUNDER)


def _device(home: HomeId, number: int, index: int, world: World) -> PlannedDevice:
    model = _models(number)[index]
    radio = f"E{number:01X}:00:00:00:00:{index + 1:02X}"
    device = Device(
        id=DeviceId(f"device-demo-{number:04}-{index + 1:02}"),
        home=home,
        driver=model.driver,
        address=radio if model.driver in _RADIO else f"0180{number:02X}{index + 1:02X}",
        capabilities=() if model.capability is None else (model.capability,),
        placement=model.placement,
        reports_every=REPORTS_EVERY if model.regular else None,
    )
    return PlannedDevice(kind=model.kind, device=device, key=_key(device, number, world) if model.encrypted else None)


def _key(device: Device, number: int, world: World) -> str:
    """Of a lock the authorisation that it gave when it was paired at commissioning."""
    if device.driver != "nuki":
        return world.secret(device.id).hex()
    return authorisation(AUTHORISED, number, world.secret(device.id, "authorisation", length=KEY_BYTES)).hex()
