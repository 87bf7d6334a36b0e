"""The street that is measured on: 10,000 enrolled homes with an edge each, of which 2,000 speak.

Every home has a call button, a motion sensor, a contact and a thermometer. Ids and keys follow from the number.
"""

from typing import Final

from gateway.ports.registry import Edge, Home, HomeRegistration
from homecare import topic
from homecare.clock import HOUR, SECOND
from homecare.consent import MemberKind
from homecare.delivery import EpochHeld, Heartbeat, StreamHeld
from homecare.device import Capability, Device, Placement
from homecare.envelope import Envelope, encode_envelope
from homecare.event import (
    AnyEvent,
    ContactChanged,
    HelpCalled,
    LockOperated,
    LockState,
    MotionChanged,
    Observed,
    Stream,
)
from homecare.identity import DeviceId, EdgeId, Epoch, HomeId, UnitId, epoch_text, shard_of
from homecare.seal import SealKeys, agree_at_edge, public_key
from homecare.wire import Header, Kind, encode_body, facts_body, pack

HOMES: Final = 10_000
EDGES: Final = 2_000
"""Of the 10,000, those that speak in a load."""
GATEWAY_PRIVATE: Final = bytes(range(64, 96))
UNIT: Final = UnitId("unit-street-0001")
REPORTS_EVERY: Final = 3_600
"""Seconds; the motion sensor's promise, without which its silence would prove nothing."""
PAST: Final = 30 * 24 * HOUR
"""Microseconds since the edges were enrolled."""


class Dwelling:
    """One home with its edge: what it is called, and frames as its edge makes them in one epoch."""

    def __init__(self, number: int, *, epoch: int = 1) -> None:
        self.number = number
        self.home = HomeId(f"home-street-{number:05}")
        self.edge = EdgeId(f"edge-street-{number:05}")
        self.shard = shard_of(self.home)
        self.epoch = Epoch((epoch << 32) + number + 1)
        self.private = (number + 1).to_bytes(4, "big") * 8
        self._keys: SealKeys | None = None

    @property
    def keys(self) -> SealKeys:
        """The keys between this edge and the gateway."""
        if self._keys is None:
            self._keys = agree_at_edge(self.private, public_key(GATEWAY_PRIVATE))
        return self._keys

    def device(self, what: str) -> DeviceId:
        """The id of a device of this home."""
        return DeviceId(f"{what}-street-{self.number:05}")

    def topic(self, channel: str) -> str:
        """Where this edge speaks."""
        return topic.up(self.shard, self.edge, channel)

    def registration(self, now: int) -> HomeRegistration:
        """What enrols this home."""
        return HomeRegistration(
            consented=(MemberKind.RESIDENT,),
            unit=UNIT,
            unit_label="Mätgatan",
            home=Home(
                id=self.home,
                unit=UNIT,
                shard=self.shard,
                label=f"Mätgatan {self.number}",
                address=f"Mätgatan {self.number}",
                resident=f"Prov {self.number}",
                time_zone="Europe/Stockholm",
            ),
            edges=(Edge(self.edge, public_key(self.private)),),
            devices=tuple((self.edge, device) for device in self.devices()),
            valid_from=now - PAST,
        )

    def devices(self) -> tuple[Device, ...]:
        """What is installed."""
        return (
            self._device("button", Capability.HELP_CALL, Placement.WORN),
            self._device("motion", Capability.MOTION, Placement.HALL),
            self._device("contact", Capability.CONTACT, Placement.KITCHEN),
            self._device("thermo", Capability.OBSERVATION, Placement.BEDROOM),
        )

    def _device(self, what: str, capability: Capability, placement: Placement) -> Device:
        address = f"{len(what):02X}:00:{self.number >> 8:02X}:{self.number & 255:02X}:00:01"
        return Device(
            id=self.device(what),
            home=self.home,
            driver="bthome",
            address=address,
            capabilities=(capability,),
            placement=placement,
            reports_every=REPORTS_EVERY if capability is Capability.MOTION else None,
        )

    # --- what its edge says ------------------------------------------------------------------------------------------

    def envelope(self, seq: int, now: int) -> Envelope:
        """The record fact with this seq: motion and its end, a cupboard and its end, a temperature, and again."""
        what, event = _everyday(seq)
        return self._said(seq, now, what, event)

    def _said(self, seq: int, now: int, what: str, event: AnyEvent) -> Envelope:
        return Envelope(
            position=seq,
            home=self.home,
            occurred_at=now,
            received_at=now,
            uncertainty=500,
            elapsed=seq,
            event=event,
            device=self.device(what),
        )

    def record(self, first: int, count: int, now: int) -> bytes:
        """A sealed frame with `count` record facts from `first` on."""
        bodies = [encode_envelope(self.envelope(seq, now)) for seq in range(first, first + count)]
        return self._frame(Stream.RECORD, first, bodies)

    def press(self, seq: int, now: int) -> bytes:
        """A sealed frame with one call for help."""
        return self._frame(Stream.ALARM, seq, [encode_envelope(self._said(seq, now, "button", HelpCalled()))])

    def lock(self, seq: int, now: int) -> bytes:
        """A sealed frame with one access fact: the same deed as a press, through the bulk lane."""
        event = LockOperated(state=LockState.UNLOCKED)
        return self._frame(Stream.ACCESS, seq, [encode_envelope(self._said(seq, now, "contact", event))])

    def heartbeat(self, beat: int, now: int, *, head: int, receipted: int) -> bytes:
        """A sealed heartbeat; the record stream stands at `head`, through `receipted` of it is receipted."""
        none = StreamHeld(0, 0, 0)
        lowest = receipted + 1 if receipted < head else 0
        held = EpochHeld(epoch_text(self.epoch), none, none, StreamHeld(lowest, receipted, head))
        body = Heartbeat(
            wall=now,
            uncertainty=500,
            elapsed=now % SECOND,
            heard_through=now - SECOND,
            epochs=(held,),
            undrained=int(receipted < head),
        )
        header = Header(kind=Kind.HEARTBEAT, edge=self.edge, run=self.epoch, beat=beat)
        return pack(header, encode_body(body), self.keys.up)

    def _frame(self, stream: Stream, first: int, bodies: list[bytes]) -> bytes:
        header = Header(
            kind=Kind.FACTS,
            edge=self.edge,
            stream=stream,
            epoch=self.epoch,
            first=first,
            count=len(bodies),
            run=self.epoch,
        )
        return pack(header, facts_body(bodies), self.keys.up)


def _everyday(seq: int) -> tuple[str, AnyEvent]:
    turn = seq % 5
    if turn < 2:
        return "motion", MotionChanged(moving=turn == 0)
    if turn < 4:
        return "contact", ContactChanged(open=turn == 2)
    return "thermo", Observed(quantity="temperature", value=20 + seq % 50 / 10, unit="°C")
