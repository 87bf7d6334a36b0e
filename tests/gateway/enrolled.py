"""Households for tests: a home with one edge whose key we hold, and frames as that edge would make them."""

from collections.abc import Sequence

import msgspec

from gateway.model import installed
from gateway.ports.registry import Binding, Edge, Home, HomeRegistration, Snapshot
from homecare import topic
from homecare.clock import DAY
from homecare.consent import MemberKind
from homecare.delivery import Heartbeat, Loss
from homecare.device import Capability, Device, Placement
from homecare.envelope import Envelope, encode_envelope
from homecare.event import AnyEvent, Stream, stream_of
from homecare.identity import DeviceId, EdgeId, Epoch, HomeId, UnitId, shard_of
from homecare.seal import SealKeys, agree_at_edge, public_key
from homecare.wire import Header, Kind, encode_body, facts_body, pack

GATEWAY_PRIVATE = bytes.fromhex("77076d0a7318a57d3c16c17251b26645df7d2a9e0b1f7ee55b6f2b8a1c2d3e4f")
ENROLLED_AT = 1_750_000_000_000_000
"""2025-06-15: before everything that the tests let happen."""
NOW = ENROLLED_AT + 30 * DAY


class Household(msgspec.Struct, frozen=True):
    """One home with one edge; `epoch` is the run in which the edge speaks unless said otherwise."""

    home: HomeId
    edge: EdgeId
    private: bytes
    registration: HomeRegistration
    epoch: Epoch = Epoch(0x1111)

    @property
    def shard(self) -> int:
        return shard_of(self.home)

    @property
    def keys(self) -> SealKeys:
        return agree_at_edge(self.private, public_key(GATEWAY_PRIVATE))

    @property
    def began(self) -> int:
        """Where the edge's steady clock stands at 0."""
        return NOW

    @property
    def door(self) -> DeviceId:
        return DeviceId(f"door-{self.home}")

    def topic(self, channel: str) -> str:
        return topic.up(self.shard, self.edge, channel)

    def with_edges(self, *edges: Edge, valid_from: int = ENROLLED_AT) -> "Household":
        registration = msgspec.structs.replace(self.registration, edges=edges, valid_from=valid_from, devices=())
        return msgspec.structs.replace(self, registration=registration)

    def envelope(self, event: AnyEvent, *, position: int, at: int = NOW, device: str | None = None) -> Envelope:
        return Envelope(
            position=position,
            home=self.home,
            occurred_at=at,
            received_at=at,
            uncertainty=1000,
            elapsed=max(at - NOW, 0),
            event=event,
            device=device,
        )

    def header(self, stream: Stream | None, **changes: object) -> Header:
        values = {"kind": Kind.FACTS, "edge": self.edge, "stream": stream, "epoch": self.epoch, "run": self.epoch}
        return Header(**{**values, **changes})  # type: ignore[arg-type]

    def frame(self, first: int, envelopes: Sequence[Envelope], **changes: object) -> bytes:
        stream = stream_of(envelopes[0].event)
        header = self.header(stream, **{"first": first, "count": len(envelopes), **changes})
        return pack(header, facts_body([encode_envelope(envelope) for envelope in envelopes]), self.keys.up)

    def facts(self, first: int, events: Sequence[AnyEvent], *, at: int = NOW, **changes: object) -> bytes:
        envelopes = [self.envelope(event, position=first + index, at=at) for index, event in enumerate(events)]
        return self.frame(first, envelopes, **changes)

    def raw(self, stream: Stream, body: bytes, *, first: int = 1, count: int = 1, **changes: object) -> bytes:
        return pack(self.header(stream, **{"first": first, "count": count, **changes}), body, self.keys.up)

    def lost(self, stream: Stream, first: int, count: int, loss: Loss, **changes: object) -> bytes:
        header = self.header(stream, **{"kind": Kind.LOST, "first": first, "count": count, **changes})
        return pack(header, encode_body(loss), self.keys.up)

    def heartbeat(self, heartbeat: Heartbeat, *, beat: int = 1, **changes: object) -> bytes:
        header = self.header(None, **{"kind": Kind.HEARTBEAT, "epoch": Epoch(0), "beat": beat, **changes})
        return pack(header, encode_body(heartbeat), self.keys.up)


def snapshot_of(*houses: Household) -> Snapshot:
    """The registry in which these are enrolled."""
    registrations = [house.registration for house in houses]
    return Snapshot(
        number=1,
        homes=tuple(each.home for each in registrations),
        edges=tuple(edge for each in registrations for edge in each.edges),
        bindings=tuple(
            Binding(edge=edge.id, home=each.home.id, valid_from=each.valid_from)
            for each in registrations
            for edge in each.edges
        ),
        installed=installed.pack(device for each in registrations for device in each.devices),
    )


def household(number: int, *, epoch: int = 0x1111) -> Household:
    """The household with this number: always the same ids and keys."""
    home, edge = HomeId(f"home-{number:06d}"), EdgeId(f"edge-{number:06d}")
    private = number.to_bytes(4, "big") * 8
    registration = HomeRegistration(
        consented=(MemberKind.RESIDENT,),
        unit=UnitId("unit-0001"),
        unit_label="Test unit",
        home=Home(
            id=home,
            unit=UnitId("unit-0001"),
            shard=shard_of(home),
            label=f"Test home {number}",
            address="Test street 1",
            resident="Test resident",
            time_zone="Europe/Stockholm",
        ),
        edges=(Edge(id=edge, public_key=public_key(private)),),
        devices=(
            (
                edge,
                Device(
                    id=DeviceId(f"door-{home}"),
                    home=home,
                    driver="bthome",
                    address="00:11:22:33:44:55",
                    capabilities=(Capability.CONTACT,),
                    placement=Placement.FRONT_DOOR,
                ),
            ),
        ),
        valid_from=ENROLLED_AT,
    )
    return Household(home=home, edge=edge, private=private, registration=registration, epoch=Epoch(epoch))
