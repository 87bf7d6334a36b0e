"""Intake of the bulk lane: verified frames become rows, cursors and stimuli of one batch, each fact once.

A fact at or below the cursor is a repeat; a frame beyond the next seq is dropped and asked for again by its receipt;
only what continues without a gap is taken. Nothing is promised before the batch is committed.
"""

from collections.abc import Iterable, Sequence
from typing import Final

import msgspec

from gateway.intake.cursors import PLACE, Cursors
from gateway.intake.door import Admitted, Reason
from gateway.intake.judging import Judging
from gateway.intake.recording import Recording
from gateway.intake.registry import Registry
from gateway.metrics import Metrics
from gateway.model.receipts import Receipts
from gateway.ports.broker import Message
from gateway.ports.record import Batch, CursorKey, Faulted, Hole, Quarantined
from homecare.delivery import Loss
from homecare.envelope import Envelope
from homecare.errors import Malformed
from homecare.event import Stream
from homecare.identity import DeviceId
from homecare.wire import FACTS_LIMIT, Header, Kind, read_body, read_envelopes, read_facts
from rules.stimulus import Lost

_ACCESS, _LOST = Stream.ACCESS, Kind.LOST
"""Not looked up in their enums for every frame: that takes a quarter of a microsecond each time."""
_NUL: Final = b"\\u0000"
"""The only spelling of NUL in JSON; PostgreSQL stores none in text."""
_BACKSLASH: Final = 0x5C
"""Looked for first: one byte is found ten times as fast as six, and hardly any body has it."""


class Repeat(msgspec.Struct, frozen=True):
    """Facts of a ledgered stream that came again, with their digests: the same contents, or an equivocation?"""

    key: CursorKey
    first: int
    digests: Sequence[bytes]


class Intake:
    """Turns frames into a batch; the cursors in memory move with it and must be forgotten if it fails."""

    def __init__(
        self,
        registry: Registry,
        cursors: Cursors,
        recording: Recording,
        *,
        judging: Judging,
        receipts: Receipts,
        metrics: Metrics,
    ) -> None:
        self._registry = registry
        self._cursors = cursors
        self._recording = recording
        self._judging = judging
        self._receipts = receipts
        self._metrics = metrics
        self._repeats: list[Repeat] = []

    def take(self, batch: Batch, message: Message, admitted: Admitted) -> None:
        """Take what is new of one frame."""
        header = admitted.frame.header
        stream = header.stream
        if stream is None or header.first < 1 or header.count < 1:
            _set_aside(batch, message, header, Reason.BODY, "seqs and counts begin at 1")
            return
        key = (header.edge, header.epoch, stream)
        cursors, place = self._cursors.of(header.edge, header.epoch), PLACE[stream]
        durable, last = cursors[place], header.first + header.count - 1
        self._receipts.ask_for(key, admitted.shard, run=header.run, beat=header.beat, now=batch.recorded_at)
        if last <= durable:
            self._metrics.count("intake_repeated_facts", header.count)
            self._note_repeat(admitted, key)
        elif header.first > durable + 1:
            self._metrics.count("intake_gaps")
        elif self._continue(batch, message, admitted, key=key, durable=durable):
            cursors[place] = batch.cursors[key] = last

    def pass_over(self, batch: Batch, message: Message, admitted: Admitted, why: str) -> None:
        """The store refused this frame when it stood alone: keep its bytes and let the cursor pass."""
        header = admitted.frame.header
        stream = header.stream
        if stream is None:
            return
        key = (header.edge, header.epoch, stream)
        cursors, place = self._cursors.of(header.edge, header.epoch), PLACE[stream]
        durable, last = cursors[place], header.first + header.count - 1
        if header.first <= durable + 1 and last > durable:
            _set_aside(batch, message, header, Reason.POISON, why, passed=last - durable)
            cursors[place] = batch.cursors[key] = last
        self._receipts.ask_for(key, admitted.shard, run=header.run, beat=header.beat, now=batch.recorded_at)

    def repeats(self) -> list[Repeat]:
        """Repeats of ledgered facts since the last call; the caller fetches the ledger's digests and compares."""
        repeats, self._repeats = self._repeats, []
        return repeats

    def compare(self, repeat: Repeat, known: dict[int, bytes]) -> list[Faulted]:
        """Same identity, other content: a cloned or lying edge. What came first stays; people are told."""
        different = sum(known.get(seq, digest) != digest for seq, digest in enumerate(repeat.digests, repeat.first))
        if not different:
            return []
        edge, _, stream = repeat.key
        self._metrics.count("intake_equivocations", different)
        return [Faulted("equivocation", edge, f"other content under known ids of {stream}", different)]

    def _note_repeat(self, admitted: Admitted, key: CursorKey) -> None:
        frame = admitted.frame
        if key[2] is _ACCESS and frame.header.kind is Kind.FACTS:
            try:
                digests = [fact.digest for fact in read_facts(frame)]
            except Malformed:
                return
            self._repeats.append(Repeat(key, frame.header.first, digests))

    def _continue(self, batch: Batch, message: Message, admitted: Admitted, *, key: CursorKey, durable: int) -> bool:
        """Take a frame that continues the stream; False if it must not move the cursor."""
        header = admitted.frame.header
        passed = header.first + header.count - 1 - durable
        try:
            if header.kind is _LOST:
                self._pass_hole(batch, admitted, key, durable)
            else:
                self._record(batch, message, admitted, durable=durable)
        except Malformed as error:
            believable = header.kind is _LOST or header.count <= FACTS_LIMIT
            self._metrics.count("intake_unreadable")
            _set_aside(batch, message, header, Reason.BODY, str(error), passed=passed if believable else 0)
            return believable
        return True

    def _record(self, batch: Batch, message: Message, admitted: Admitted, *, durable: int) -> None:
        frame, header = admitted.frame, admitted.frame.header
        new = durable + 1 - header.first
        digests: list[bytes] | None = None
        if header.stream is _ACCESS:
            facts = read_facts(frame)[new:]
            envelopes, digests = [fact.envelope for fact in facts], [fact.digest for fact in facts]
        else:
            envelopes = read_envelopes(frame)[new:]
        if _BACKSLASH in frame.body and _NUL in frame.body and _holds_nul(envelopes):
            raise Malformed("read facts", "text", "no NUL characters")
        strangers = self._recording.record(
            batch,
            admitted.edge,
            header.epoch,
            header.stream or Stream.RECORD,
            first=durable + 1,
            envelopes=envelopes,
            digests=digests,
        )
        self._metrics.count("intake_facts", len(envelopes) - strangers)
        if strangers:
            self._metrics.count("intake_facts_of_other_homes", strangers)
            detail = "facts name a home in which the edge did not stand"
            _set_aside(batch, message, header, Reason.HOME, detail, passed=strangers)

    def _pass_hole(self, batch: Batch, admitted: Admitted, key: CursorKey, durable: int) -> None:
        header, edge = admitted.frame.header, admitted.edge
        loss = read_body(admitted.frame, Loss)
        batch.holes.append(Hole(*key, first=durable + 1, last=header.first + header.count - 1, loss=loss))
        self._metrics.count("intake_holes")
        until = loss.latest or batch.recorded_at
        lost = Lost(edge.id, tuple(DeviceId(device) for device in loss.devices), loss.earliest or edge.earliest, until)
        for home in self._registry.homes_of(edge.id):
            self._judging.apply(home, lost, recorded_at=batch.recorded_at)


def _set_aside(batch: Batch, message: Message, header: Header, reason: Reason, detail: str, *, passed: int = 0) -> None:
    batch.quarantined.append(
        Quarantined(
            reason=reason,
            authentic=True,
            topic=message.topic,
            detail=detail,
            frame=message.payload,
            edge=header.edge,
            epoch=header.epoch,
            stream=header.stream,
            first=header.first,
            count=passed,
        )
    )


def _holds_nul(envelopes: Iterable[Envelope]) -> bool:
    """Whether a text really holds NUL, and not only the six characters of its escape."""
    return any(b"\\u0000" in msgspec.json.encode(envelope).replace(b"\\\\", b"") for envelope in envelopes)
