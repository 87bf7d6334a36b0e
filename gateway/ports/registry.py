"""The registry's values: who is under care, with what, and which edge stood in which home when."""

from collections.abc import Mapping
from typing import Any, Protocol

import msgspec

from homecare.consent import MemberKind
from homecare.device import Device
from homecare.identity import EdgeId, HomeId, UnitId


class Home(msgspec.Struct, frozen=True, gc=False):
    """One dwelling. `label`, `address` and `resident` are for authorised screens only: never in a log or topic.

    `time_zone` is an IANA name. `settings` are the rules' limits for this home, as `rules` reads them.
    `lacks_consent`: who of those who live there has not consented to sensors; then no sensor's fact is kept.
    `in_service`: False from the first claim code on until everything was seen to work.
    """

    id: HomeId
    unit: UnitId
    shard: int
    label: str
    address: str
    resident: str
    time_zone: str
    settings: Mapping[str, Any] = {}
    lacks_consent: tuple[MemberKind, ...] = ()
    in_service: bool = True


class Binding(msgspec.Struct, frozen=True, gc=False):
    """An edge stood in a home from `valid_from` until `valid_until` (wall microseconds; None: it still does)."""

    edge: EdgeId
    home: HomeId
    valid_from: int
    valid_until: int | None = None


class Edge(msgspec.Struct, frozen=True, gc=False):
    """An edge's identity: its long-term X25519 public key, 32 bytes."""

    id: EdgeId
    public_key: bytes


class HomeRegistration(msgspec.Struct, frozen=True):
    """Everything that enrols one home: a unit (made if new), the home, its edges from `valid_from` on, its devices.

    `devices` pairs each device with the edge that hears it, `consented` is who lives there and consents, to
    sensors and to a log at the door.
    """

    unit: UnitId
    unit_label: str
    home: Home
    edges: tuple[Edge, ...]
    devices: tuple[tuple[EdgeId, Device], ...]
    valid_from: int
    consented: tuple[MemberKind, ...] = ()


class Snapshot(msgspec.Struct, frozen=True):
    """The whole registry at one change number."""

    number: int
    homes: tuple[Home, ...]
    edges: tuple[Edge, ...]
    bindings: tuple[Binding, ...]
    installed: Mapping[HomeId, bytes]
    """The devices of each home, as `gateway.installed` packs them."""
    names: Mapping[str, str] = {}
    """What colleagues see, by a person's pseudonym."""


class RegistrySource(Protocol):
    """Where the registry is kept."""

    async def change_number(self) -> int:
        """Rises with every change."""
        ...

    async def load(self) -> Snapshot:
        """The registry as it stands."""
        ...
