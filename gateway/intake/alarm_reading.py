"""Reading a frame of the alarm stream: every fact that can be read, and by seq what cannot. Pure."""

from collections.abc import Iterable

import msgspec

from gateway.intake.door import Admitted, Reason
from gateway.intake.registry import EdgeEntry
from gateway.model.estimate import Claim, occurred, when
from homecare import wire
from homecare.envelope import Envelope, Fact, FactId, content_digest, decode_envelope
from homecare.errors import Malformed
from homecare.event import Stream, stream_of
from homecare.wire import Frame


class Unreadable(msgspec.Struct, frozen=True):
    """`count` seqs from `first` on that hold an alarm nobody can read, and why."""

    first: int
    count: int
    why: Reason


def read_alarms(admitted: Admitted, now: int) -> tuple[list[Fact], list[Unreadable]]:
    """The facts of a facts frame, and what of it is no alarm of a home in which the edge stands."""
    header = admitted.frame.header
    try:
        facts = wire.read_facts(admitted.frame)
        unreadable: list[Unreadable] = []
    except Malformed:
        facts, seqs = salvage(admitted.frame)
        unreadable = [Unreadable(seq, 1, Reason.BODY) for seq in seqs]
        if not facts and not unreadable:
            return [], [Unreadable(header.first, header.count, Reason.BODY)]
    known = [fact for fact in facts if _stood(admitted.edge, fact, now)]
    strangers = {fact.id.seq for fact in facts} - {fact.id.seq for fact in known}
    return known, unreadable + [Unreadable(seq, 1, Reason.HOME) for seq in sorted(strangers)]


def estimate(envelope: Envelope, *, anchor: int | None, earliest: int, now: int) -> int:
    """When it occurred, as far as the gateway can tell; at most `now`. All times are wall microseconds."""
    claim = Claim(envelope.received_at, envelope.uncertainty, envelope.elapsed)
    received = when(claim, anchor=anchor, earliest=earliest, now=now)
    return occurred(received, delay=envelope.received_at - envelope.occurred_at, earliest=earliest)


def salvage(frame: Frame) -> tuple[list[Fact], list[int]]:
    """Of a frame that cannot be read whole: the facts that can be read, and the seqs of the others.

    Nothing, where header and body do not even agree on how many there are.
    """
    header = frame.header
    try:
        raws = msgspec.json.decode(frame.body, type=list[msgspec.Raw])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return [], []
    if header.first < 1 or len(raws) != header.count or not 1 <= header.count <= wire.FACTS_LIMIT:
        return [], []
    facts: list[Fact] = []
    unreadable: list[int] = []
    for seq, raw in enumerate(raws, header.first):
        fact = _fact(FactId(edge=header.edge, epoch=header.epoch, stream=Stream.ALARM, seq=seq), raw)
        if fact is None:
            unreadable.append(seq)
        else:
            facts.append(fact)
    return facts, unreadable


def _fact(identity: FactId, raw: msgspec.Raw) -> Fact | None:
    try:
        envelope = decode_envelope(raw)
    except Malformed:
        return None
    if stream_of(envelope.event) is not identity.stream:
        return None
    return Fact(id=identity, envelope=envelope, digest=content_digest(raw))


def _stood(edge: EdgeEntry, fact: Fact, now: int) -> bool:
    """Whether the edge stood in the home that the fact names, then or now (its clock may be wrong)."""
    home: str = fact.envelope.home
    instants: Iterable[int] = (fact.envelope.occurred_at, now)
    return any(edge.stood_in(home, at) for at in instants)
