"""What the edge says next, and what it believes: the delivery protocol at the edge, as a pure state machine.

No input or output: the agent tells what happened (`connected`, `stored`, `receive`, time), sends what `frames` gives,
reads from the journal what `wants` asks for and hands it to `load`. The journal stays the memory; what is lost here
is read again. Times are microseconds of the steady clock.

Order: alarms of all epochs first, then access, then record, each oldest first. Of access and record only the oldest
epoch that is not drained is sent, so that facts arrive in the order in which they happened. Nothing leaves the
journal because of anything but a verified receipt (protocol rules 8 to 10).
"""

from collections import OrderedDict
from collections.abc import Iterable, Sequence
from typing import Final

import msgspec

from edge.entry import Gap, Held, Kept, Stored
from edge.lane import BODY_LIMIT, Lane
from homecare import wire
from homecare.clock import LATEST, Instant
from homecare.delivery import EpochHeld, Heartbeat, Receipt, Refusal, StreamHeld
from homecare.errors import Malformed, Refused
from homecare.event import Stream
from homecare.identity import EdgeId, Epoch, read_epoch
from homecare.seal import SealKeys
from homecare.wire import Header, Kind

PAGE_BYTES: Final = BODY_LIMIT - wire.FACTS_LIMIT
"""Bytes read from the journal at once: one frame, less a comma for every fact that it can hold."""
FRAMES_AT_ONCE: Final = 16
"""Frames that one call of `frames` gives, so that a fresh alarm waits for few others."""
RING: Final = 1000
"""Alarms of this run kept in memory, so that they are sent even while the disk takes nothing."""
NAMED_LIMIT: Final = 256
"""Drained epochs of the latest heartbeats that a receipt may rewind."""


class Outgoing(msgspec.Struct, frozen=True):
    """A frame to be published; `channel` is the stream's name or `heartbeat`."""

    channel: str
    frame: bytes


class Want(msgspec.Struct, frozen=True):
    """Facts that the journal should be asked for (`Journal.pending`)."""

    epoch: Epoch
    stream: Stream
    after: int
    limit_bytes: int = PAGE_BYTES


class Noted(msgspec.Struct, frozen=True):
    """A receipt that was believed; the journal notes it (`Journal.receipt`)."""

    epoch: Epoch
    stream: Stream
    durable: int
    rewind: bool


class Uplink:
    """The state of delivery of one run of one edge."""

    def __init__(self, *, edge: EdgeId, run: Epoch, keys: SealKeys) -> None:
        self._edge = edge
        self._run = run
        self._keys = keys
        self._beat = 0
        self._online = False
        self._order: dict[Epoch, int] = {}
        self._lanes: dict[tuple[Epoch, Stream], Lane] = {}
        self._named: OrderedDict[Epoch, tuple[int, dict[Stream, StreamHeld]]] = OrderedDict()
        self._ring: OrderedDict[int, bytes] = OrderedDict()
        self._unnamed = 0
        self.refused: Refusal | None = None
        """Why the gateway takes nothing just now; asked again with every heartbeat."""
        self.receipted_at: int | None = None
        """When the last receipt was believed."""

    # --- what happened ---------------------------------------------------------------------------------------------

    def connected(self) -> None:
        """A new connection: everything unreceipted is sent again."""
        self._online = True
        self.refused = None
        for lane in self._lanes.values():
            lane.reconnected()

    def disconnected(self) -> None:
        """The connection is gone."""
        self._online = False

    def alarm(self, fact: Stored, now: int) -> list[Outgoing]:
        """An alarm of this run, reserved or stored: its frame, whatever waits before it; nothing while offline."""
        lane = self._lane(fact.epoch, Stream.ALARM, fact.seq)
        self._ring[fact.seq] = fact.body
        while len(self._ring) > RING:
            self._ring.popitem(last=False)
        if not self._online:
            return []
        kept = [Kept(fact.seq, fact.body)]
        if lane.next == fact.seq and lane.open:
            lane.load(kept)
            taken = lane.take(now)
            kept = taken if isinstance(taken, list) else kept
        return [self._facts(lane, kept)]

    def stored(self, facts: Iterable[Stored]) -> None:
        """Facts of this run that are durable now (alarms are known already)."""
        for fact in facts:
            lane = self._lane(fact.epoch, fact.stream, fact.seq)
            if fact.stream is not Stream.ALARM:
                lane.load([Kept(fact.seq, fact.body)])

    def learn(self, held: Held) -> None:
        """What the journal holds, also of earlier epochs: those are drained from now on."""
        self._unnamed = held.undrained - sum(_undrained(row) for row in held.epochs)
        for number, row in zip(held.numbers, held.epochs, strict=True):
            epoch = read_epoch(row.epoch)
            self._order[epoch] = number
            rows = {stream: row.of(stream) for stream in Stream}
            self._named[epoch] = (number, rows)
            self._named.move_to_end(epoch)
            for stream, of_stream in rows.items():
                if of_stream.receipted < of_stream.head:
                    self._lanes.setdefault((epoch, stream), _lane(epoch, stream, of_stream))
        while len(self._named) > NAMED_LIMIT:
            self._named.popitem(last=False)

    def receive(self, data: bytes, now: int) -> Noted | None:
        """A frame from the gateway; None where nothing follows from it.

        `Malformed` or `Refused` (count it) where it is no receipt that our gateway made for this edge.
        """
        frame = wire.unpack(data)
        frame.verify(self._keys.down)
        header = frame.header
        receipt = wire.read_body(frame, Receipt)
        if header.edge != self._edge or header.stream is None:
            raise Refused("take receipt", "edge", "the receipt is for another edge")
        if header.run != self._run or header.beat > self._beat:
            return None
        if receipt.refused is not None:
            self.refused = receipt.refused
            return None
        lane = self._receipted_lane(header.epoch, header.stream)
        return None if lane is None else self._take(lane, receipt.durable, header.beat, now)

    # --- what to do ------------------------------------------------------------------------------------------------

    def heartbeat(
        self, now: Instant, *, elapsed: int, heard_through: int, held: Held, challenge: str | None = None
    ) -> Outgoing:
        """The next sign of life; `held` was read after everything known at `heard_through` was journaled."""
        self._beat += 1
        self.refused = None
        self.learn(held)
        body = Heartbeat(
            wall=now.wall,
            uncertainty=now.uncertainty,
            elapsed=min(elapsed, LATEST),
            heard_through=heard_through,
            epochs=held.epochs,
            undrained=held.undrained,
            challenge=challenge,
        )
        return Outgoing("heartbeat", self._pack(Header(kind=Kind.HEARTBEAT, edge=self._edge), wire.encode_body(body)))

    def wants(self, now: int) -> list[Want]:
        """What should be read from the journal now."""
        if not self._online or self.refused is not None:
            return []
        self._resend(now)
        return [Want(lane.epoch, lane.stream, lane.loaded) for lane in self._active() if lane.hungry]

    def load(self, want: Want, facts: Sequence[Kept | Gap]) -> None:
        """The journal's answer to a want."""
        self._lanes[want.epoch, want.stream].load(facts)

    def frames(self, now: int) -> list[Outgoing]:
        """What is to be sent now, most urgent first; at most `FRAMES_AT_ONCE`, so call again until it gives none."""
        found: list[Outgoing] = []
        if not self._online or self.refused is not None:
            return found
        self._resend(now)
        for lane in self._active():
            while len(found) < FRAMES_AT_ONCE and (taken := lane.take(now)) is not None:
                found.append(self._lost(lane, taken) if isinstance(taken, Gap) else self._facts(lane, taken))
        return found

    def deadline(self) -> int | None:
        """When `frames` should be asked at the latest; None while nothing is in flight."""
        return min((due for lane in self._active() if (due := lane.due_at) is not None), default=None)

    @property
    def more_epochs(self) -> bool:
        """Whether every known epoch is drained but the journal holds more of them (`learn` them)."""
        return self._unnamed > 0 and all(lane.drained for key, lane in self._lanes.items() if key[0] != self._run)

    # --- inside ----------------------------------------------------------------------------------------------------

    def _lane(self, epoch: Epoch, stream: Stream, head: int) -> Lane:
        lane = self._lanes.get((epoch, stream))
        if lane is None:
            lane = self._lanes[epoch, stream] = Lane(epoch, stream, head=0, durable=0)
        lane.head = max(lane.head, head)
        return lane

    def _active(self) -> list[Lane]:
        """The lanes that may send, most urgent first."""
        newest = len(self._order) + max(self._order.values(), default=0)
        waiting = sorted(
            (lane for lane in self._lanes.values() if not lane.drained),
            key=lambda lane: self._order.get(lane.epoch, newest),
        )
        alarms = [lane for lane in waiting if lane.stream is Stream.ALARM]
        if self._unnamed > 0:
            waiting = [lane for lane in waiting if lane.epoch != self._run]
        bulk = (
            next((lane for lane in waiting if lane.stream is stream), None) for stream in (Stream.ACCESS, Stream.RECORD)
        )
        return alarms + [lane for lane in bulk if lane is not None]

    def _resend(self, now: int) -> None:
        """Begin again where a receipt is overdue."""
        for lane in self._active():
            if lane.due_at is not None and now >= lane.due_at:
                lane.resend(now)
        self._load_ring()

    def _load_ring(self) -> None:
        """Alarms of this run come from memory where they are."""
        lane = self._lanes.get((self._run, Stream.ALARM))
        while lane is not None and lane.hungry and (body := self._ring.get(lane.loaded + 1)) is not None:
            lane.load([Kept(lane.loaded + 1, body)])

    def _receipted_lane(self, epoch: Epoch, stream: Stream) -> Lane | None:
        """The lane that a receipt is about; one of a drained epoch is made anew, for it may be a rewind."""
        lane = self._lanes.get((epoch, stream))
        if lane is None and epoch in self._named:
            lane = self._lanes[epoch, stream] = _lane(epoch, stream, self._named[epoch][1][stream])
        return lane

    def _take(self, lane: Lane, durable: int, beat: int, now: int) -> Noted | None:
        """Freshness as `homecare.delivery` states it."""
        durable = min(durable, lane.head)
        if beat < lane.beat or (beat == lane.beat and durable < lane.durable):
            return None
        lane.beat = beat
        self.receipted_at = now
        if durable == lane.durable:
            lane.asked_again(now)
            return None
        rewind = durable < lane.durable
        if rewind:
            lane.restart(durable)
        else:
            lane.receipted(durable, now)
        if (lane.epoch, lane.stream) == (self._run, Stream.ALARM):
            self._forget_ring(durable)
        return Noted(lane.epoch, lane.stream, durable, rewind)

    def _forget_ring(self, durable: int) -> None:
        for seq in [seq for seq in self._ring if seq <= durable]:
            del self._ring[seq]

    def _facts(self, lane: Lane, facts: Sequence[Kept]) -> Outgoing:
        header = Header(
            kind=Kind.FACTS,
            edge=self._edge,
            stream=lane.stream,
            epoch=lane.epoch,
            first=facts[0].seq,
            count=len(facts),
        )
        return Outgoing(lane.stream.value, self._pack(header, wire.facts_body([fact.body for fact in facts])))

    def _lost(self, lane: Lane, gap: Gap) -> Outgoing:
        count = gap.last - gap.first + 1
        if count > wire.LOSS_LIMIT:
            raise Malformed("state loss", "count", f"at most {wire.LOSS_LIMIT} seqs a frame")
        header = Header(
            kind=Kind.LOST, edge=self._edge, stream=lane.stream, epoch=lane.epoch, first=gap.first, count=count
        )
        return Outgoing(lane.stream.value, self._pack(header, wire.encode_body(gap.loss)))

    def _pack(self, header: Header, body: bytes) -> bytes:
        fresh = msgspec.structs.replace(header, run=self._run, beat=self._beat)
        return wire.pack(fresh, body, self._keys.up)


def _undrained(row: EpochHeld) -> bool:
    return any(row.of(stream).receipted < row.of(stream).head for stream in Stream)


def _lane(epoch: Epoch, stream: Stream, held: StreamHeld) -> Lane:
    return Lane(epoch, stream, head=held.head, durable=held.receipted)
