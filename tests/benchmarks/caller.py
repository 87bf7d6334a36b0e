"""The home from which real presses come: one edge, forty call buttons.

Forty, because an edge collapses the presses of one button beyond ten a minute.
"""

import json
from pathlib import Path
from typing import Final

from gateway.ports.registry import Edge, Home, HomeRegistration
from homecare.consent import MemberKind
from homecare.device import Capability, Device, Placement
from homecare.identity import DeviceId, EdgeId, HomeId, shard_of
from homecare.seal import public_key
from simulator.world import World
from tests.benchmarks.street import GATEWAY_PRIVATE, PAST, UNIT

BUTTONS: Final = 40
HOME: Final = HomeId("home-caller-00001")
EDGE: Final = EdgeId("edge-caller-00001")
PRIVATE: Final = bytes(range(1, 33))


class Button:
    """One encrypted BTHome button."""

    def __init__(self, number: int) -> None:
        self.id = DeviceId(f"button-caller-{number:03}")
        self.address = f"EE:00:00:00:01:{number:02X}"
        self.key = World(1).secret("key", self.id)

    @property
    def device(self) -> Device:
        """As it is installed."""
        return Device(
            id=self.id,
            home=HOME,
            driver="bthome",
            address=self.address,
            capabilities=(Capability.HELP_CALL,),
            placement=Placement.WORN,
        )


def registration(now: int) -> HomeRegistration:
    """What enrols the home."""
    home = Home(
        id=HOME,
        unit=UNIT,
        shard=shard_of(HOME),
        label="Ropargatan 1",
        address="Ropargatan 1",
        resident="Prov Ropare",
        time_zone="Europe/Stockholm",
    )
    return HomeRegistration(
        consented=(MemberKind.RESIDENT,),
        unit=UNIT,
        unit_label="Mätgatan",
        home=home,
        edges=(Edge(EDGE, public_key(PRIVATE)),),
        devices=tuple((EDGE, Button(number).device) for number in range(BUTTONS)),
        valid_from=now - PAST,
    )


def configure_edge(folder: Path, broker_url: str) -> Path:
    """The edge's configuration file in `folder`."""
    key = folder / "edge.key"
    key.write_text(PRIVATE.hex())
    key.chmod(0o600)
    devices = [
        {
            "id": button.id,
            "home": HOME,
            "driver": "bthome",
            "address": button.address,
            "capabilities": [Capability.HELP_CALL.value],
            "placement": Placement.WORN.value,
            "secret": button.key.hex(),
        }
        for button in map(Button, range(BUTTONS))
    ]
    configuration = {
        "edge": EDGE,
        "home": HOME,
        "private_key_file": str(key),
        "gateway_public_key": public_key(GATEWAY_PRIVATE).hex(),
        "broker_url": broker_url,
        "data_folder": str(folder / "journal"),
        "ble": True,
        "devices": devices,
    }
    path = folder / "edge.json"
    path.write_text(json.dumps(configuration, indent=1))
    return path
