"""Recording: envelopes of a verified frame become rows with an estimated time, stimuli for the rules, and check-ins."""

from collections.abc import Sequence
from typing import Final

from gateway.intake.judging import Judging
from gateway.intake.presence import Presence
from gateway.intake.registry import EdgeEntry, Registry
from gateway.model.estimate import moments
from gateway.ports.record import Batch, CheckIn, Faulted, Recorded, Run
from homecare.consent import is_sensed
from homecare.envelope import Envelope, FactId
from homecare.event import LockOperated, LockState, Stream, TagRead
from homecare.identity import Epoch, HomeId, derived_id

_ACCESS: Final = Stream.ACCESS
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
        times = moments(envelopes, anchor=anchor, earliest=edge.earliest, now=batch.recorded_at)
        applied = self._judging.number(len(envelopes))
        homes: dict[HomeId, list[Recorded]] = {}
        home, facts, lacking, strangers, withheld = HomeId(""), [], False, 0, 0
        for index, envelope in enumerate(envelopes):
            received, at = times[index]
            if not edge.stood_in(envelope.home, received):
                strangers += 1
                continue
            if envelope.home != home:
                home = HomeId(envelope.home)
                facts = homes.setdefault(home, [])
                lacking = bool(self._registry.homes[home].lacks_consent)
            if lacking and is_sensed(envelope.event):
                withheld += 1
                continue
            digest = None if digests is None else digests[index]
            facts.append(Recorded(first + index, applied + index, max(at, least), envelope, digest))
        for home, facts in homes.items():
            if facts:
                self._take(batch, home, Run(edge.id, epoch, stream, facts))
        if withheld:
            batch.faults.append(Faulted("withheld", edge.id, "sensors' facts not kept: consent is missing", withheld))
        return strangers

    def _take(self, batch: Batch, home: HomeId, run: Run) -> None:
        """Facts of one frame in one home."""
        batch.runs.append(run)
        if run.stream is _ACCESS:
            proofs = (_check_in(run, fact) for fact in run.facts)
            batch.check_ins += [proof for proof in proofs if proof is not None]
        self._judging.facts(home, run, recorded_at=batch.recorded_at)


def _check_in(run: Run, recorded: Recorded) -> CheckIn | None:
    """What a lock or a tag proves; a bolt that is jammed or unknown proves nothing."""
    envelope, event = recorded.envelope, recorded.envelope.event
    if isinstance(event, TagRead):
        method, direction = "tag", "unknown"
    elif isinstance(event, LockOperated) and event.state in _DIRECTION:
        method, direction = event.cause.value, _DIRECTION[event.state]
    else:
        return None
    fact = FactId(run.edge, run.epoch, run.stream, recorded.seq)
    return CheckIn(
        id=derived_id("checkin", str(fact)),
        fact=fact,
        home=HomeId(envelope.home),
        device=envelope.device,
        method=method,
        direction=direction,
        occurred_at=recorded.at,
    )
