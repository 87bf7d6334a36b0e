"""The registry in memory: keys, homes and devices at the speed of a dictionary, read again when it changes."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Final, TypeVar

from gateway.model.installed import Installed, unpack
from gateway.ports.registry import Binding, Edge, Home, RegistrySource, Snapshot
from homecare.device import Device
from homecare.errors import Malformed
from homecare.identity import EdgeId, HomeId
from homecare.seal import SealKeys, agree_at_gateway

REFRESH_SECONDS: Final = 2.0
"""How old this picture may be: a newly enrolled edge is heard after at most this."""

Key = TypeVar("Key")
Value = TypeVar("Value")


class EdgeEntry:
    """One edge: its keys (agreed when first needed: 0.1 ms each), its bindings and the shards that they allow."""

    __slots__ = ("bindings", "earliest", "id", "keys", "shards")

    def __init__(self, edge: Edge, bindings: tuple[Binding, ...], shards: frozenset[int], keys: SealKeys) -> None:
        self.id = edge.id
        self.bindings = bindings
        self.shards = shards
        self.keys = keys
        self.earliest = min((binding.valid_from for binding in bindings), default=0)

    def stood_in(self, home: str, at: int) -> bool:
        """Whether the edge stood in `home` at `at` (wall microseconds)."""
        for binding in self.bindings:
            if binding.home == home and binding.valid_from <= at:
                until = binding.valid_until
                if until is None or at < until:
                    return True
        return False


class Registry:
    """Everything that the services look up. `refresh` replaces it; between two calls it does not change."""

    def __init__(self, gateway_private: bytes) -> None:
        self._private = gateway_private
        self.number = -1
        self.homes: dict[HomeId, Home] = {}
        self.moved: frozenset[HomeId] = frozenset()
        """The homes in which, by the newest picture, other edges stand than by the one before it, if there was one."""
        self._names: Mapping[str, str] = {}
        self._edges: dict[EdgeId, Edge] = {}
        self._entries: dict[EdgeId, EdgeEntry] = {}
        self._keys: dict[EdgeId, SealKeys] = {}
        self._bindings: dict[EdgeId, tuple[Binding, ...]] = {}
        self._edges_of: dict[HomeId, tuple[EdgeId, ...]] = {}
        self._installed: Mapping[HomeId, bytes] = {}
        self._shards: dict[frozenset[int], frozenset[int]] = {}

    async def refresh(self, source: RegistrySource) -> bool:
        """Read the registry again if it changed; True if it did."""
        if await source.change_number() == self.number:
            return False
        self.replace(await source.load())
        return True

    def replace(self, snapshot: Snapshot) -> None:
        """Take this picture instead of the one before; keys of edges that did not change are kept."""
        kept = {edge.id: edge.public_key for edge in snapshot.edges}
        self._keys = {
            id_: entry.keys for id_, entry in self._entries.items() if kept.get(id_) == self._edges[id_].public_key
        }
        self._entries = {}
        first = self.number < 0
        self.number = snapshot.number
        self.homes = {home.id: home for home in snapshot.homes}
        self._names = snapshot.names
        self._edges = {edge.id: edge for edge in snapshot.edges}
        self._bindings = _grouped((binding.edge, binding) for binding in snapshot.bindings)
        self._installed = snapshot.installed
        current = (binding for binding in snapshot.bindings if binding.valid_until is None)
        before, self._edges_of = self._edges_of, _grouped((binding.home, binding.edge) for binding in current)
        moved = (home for home in self.homes if before.get(home) != self._edges_of.get(home))
        self.moved = frozenset(() if first else moved)

    def edge(self, id_: EdgeId) -> EdgeEntry | None:
        """The edge, or None for one that was never enrolled or has no usable key."""
        entry = self._entries.get(id_)
        if entry is None and (edge := self._edges.get(id_)) is not None:
            entry = self._enter(edge)
        return entry

    def _enter(self, edge: Edge) -> EdgeEntry | None:
        keys = self._keys.pop(edge.id, None)
        try:
            keys = keys or agree_at_gateway(self._private, edge.public_key)
        except Malformed:
            return None
        bindings = self._bindings.get(edge.id, ())
        shards = frozenset(self.homes[binding.home].shard for binding in bindings)
        shards = self._shards.setdefault(shards, shards)
        entry = self._entries[edge.id] = EdgeEntry(edge, bindings, shards, keys)
        return entry

    def is_person(self, text: str) -> bool:
        """Whether this is somebody's pseudonym."""
        return text in self._names

    def name_of(self, person: str | None) -> str | None:
        """What colleagues see of a person; a name that somebody with the token gave is nobody's pseudonym and stays."""
        return None if person is None else self._names.get(person, person)

    def edges(self) -> Iterable[EdgeId]:
        """All enrolled edges."""
        return self._edges.keys()

    def edges_of(self, home: HomeId) -> tuple[EdgeId, ...]:
        """The edges that stand in the home now."""
        return self._edges_of.get(home, ())

    def homes_of(self, edge: EdgeId) -> tuple[HomeId, ...]:
        """The homes in which the edge stands now: usually one."""
        return tuple(binding.home for binding in self._bindings.get(edge, ()) if binding.valid_until is None)

    def devices_of(self, home: HomeId) -> tuple[Device, ...]:
        """The devices installed in the home."""
        return tuple(device for _, device in self.installed_in(home))

    def installed_in(self, home: HomeId) -> Installed:
        """The devices installed in the home, each with the edge that hears it; unpacked anew at every call."""
        packed = self._installed.get(home)
        return () if packed is None else unpack(home, packed)

    def stays_in(self, home: HomeId) -> tuple[tuple[EdgeId, int], ...]:
        """The edges that stand in the home now, each with the wall microseconds since when."""
        return tuple(
            (binding.edge, binding.valid_from)
            for edge in self.edges_of(home)
            for binding in self._bindings[edge]
            if binding.home == home and binding.valid_until is None
        )


def _grouped(pairs: Iterable[tuple[Key, Value]]) -> dict[Key, tuple[Value, ...]]:
    lists: defaultdict[Key, list[Value]] = defaultdict(list)
    for key, value in pairs:
        lists[key].append(value)
    return {key: tuple(values) for key, values in lists.items()}
