"""Recording: envelopes of a verified frame become rows with an estimated time, stimuli for the rules, and check-ins."""

from collections.abc import Sequence
from typing import Final

from gateway.intake.judging import Judging
from gateway.intake.presence import Presence
from gateway.intake.registry import EdgeEntry, Registry
from gateway.model.estimate import Claim, occurred, when
from gateway.ports.record import Batch, CheckIn, Faulted, Recorded, Run
from homecare.consent import is_sensed
from homecare.envelope import Envelope, FactId
from homecare.event import LockOperated, LockState, Stream, TagRead
from homecare.identity import Epoch, HomeId, derived_id
from rules.stimulus import Happened

_DIRECTION: Final = {LockState.UNLOCKED: "in", LockState.LOCKED: "out"}


class Recording:
    """Puts facts into a batch and before the rules, in order."""

    def __init__(self, registry: Registry, judging: Judging, presence: Presence) -> None:
        self._registry = registry
        self._judging = judging
        self._presence = presence

    def record(
        self,
        batch: Batch,
        edge: EdgeEntry,
        epoch: Epoch,
        stream: Stream,
        *,
        first: int,
        envelopes: Sequence[Envelope],
        digests: Sequence[bytes] | None,
    ) -> int:
        """Take the facts from seq `first` on; how many were left out: the edge did not stand in the home they name.

        What a home lacks consent for is passed over and only counted.
        """
        anchor = self._presence.anchor(edge.id, epoch)
        least = min(self._presence.vouched(edge.id) + 1, batch.recorded_at)
        now, earliest = batch.recorded_at, edge.earliest
        facts: list[Recorded] = []
        withheld = 0
        for index, envelope in enumerate(envelopes):
            claim = Claim(envelope.received_at, envelope.uncertainty, envelope.elapsed)
            received = when(claim, anchor=anchor, earliest=earliest, now=now)
            if not edge.stood_in(envelope.home, received):
                continue
            if is_sensed(envelope.event) and self._registry.homes[HomeId(envelope.home)].lacks_consent:
                withheld += 1
                continue
            delay = envelope.received_at - envelope.occurred_at
            at = max(occurred(received, delay=delay, earliest=earliest), least)
            seq, applied = first + index, self._judging.number()
            facts.append(Recorded(seq, applied, at, envelope, None if digests is None else digests[index]))
            self._judge(batch, FactId(edge.id, epoch, stream, seq), envelope, at=at, applied=applied)
        if facts:
            batch.runs.append(Run(edge.id, epoch, stream, facts))
        if withheld:
            batch.faults.append(Faulted("withheld", edge.id, "sensors' facts not kept: consent is missing", withheld))
        return len(envelopes) - len(facts) - withheld

    def _judge(self, batch: Batch, fact: FactId, envelope: Envelope, *, at: int, applied: int) -> None:
        home = HomeId(envelope.home)
        event = envelope.event
        if fact.stream is Stream.ACCESS and isinstance(event, LockOperated | TagRead):
            check_in = _check_in(fact, envelope, at)
            if check_in is not None:
                batch.check_ins.append(check_in)
        self._judging.happened(home, Happened(fact, envelope, at), applied=applied, recorded_at=batch.recorded_at)


def _check_in(fact: FactId, envelope: Envelope, at: int) -> CheckIn | None:
    """What a lock or a tag proves; a bolt that is jammed or unknown proves nothing."""
    event = envelope.event
    if isinstance(event, TagRead):
        method, direction = "tag", "unknown"
    elif isinstance(event, LockOperated) and event.state in _DIRECTION:
        method, direction = event.cause.value, _DIRECTION[event.state]
    else:
        return None
    return CheckIn(
        id=derived_id("checkin", str(fact)),
        fact=fact,
        home=HomeId(envelope.home),
        device=envelope.device,
        method=method,
        direction=direction,
        occurred_at=at,
    )
