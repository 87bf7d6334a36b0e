"""Coverage: over which time could the home be heard? Folded from what its edges say of themselves.

Positive evidence only, so that it does not matter in which order the epochs of an edge drain: what no fact proves is
unknown. Kept for each edge, and in it for each epoch, because a new epoch may overtake an older one that still
drains. Two kinds of source can be heard: a device (is it alive within its promise?) and a transport (would we have
heard?).

A device that reports regularly is believed for its `patience` after it was last heard, and found out only then; the
edge then tells it with effect from when it was last heard. Its coverage is therefore final only up to `patience`
before the end of a run, unless the run ended by that very finding. `proved` gives the final part.

Wall times inside an event are the edge's. They are moved by the same amount by which the gateway's estimate of the
event moved its `occurred_at`.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

import msgspec

from homecare.envelope import Envelope
from homecare.event import (
    CoverageChanged,
    CoverageConfirmed,
    CoverageReason,
    EpochOpened,
    TelemetryEvicted,
    TransportChanged,
    TransportState,
)
from homecare.identity import DeviceId, EdgeId, epoch_text
from rules.home_settings import AssignedDevice, HomeSettings
from rules.spans import SPANS_MOST, Span, Spans, add, clipped, union, without
from rules.stimulus import Happened, Lost, Reached, Stimulus

EPOCHS_MOST: Final = 24
"""Epochs kept of one edge that may still drain: as many as a heartbeat names."""


class Run(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A stretch over which a source was covered. `final`: it ended because the source fell silent at its end."""

    start: int
    end: int
    final: bool = False


class EpochCoverage(msgspec.Struct, frozen=True, array_like=True):
    """One epoch of an edge: which sources are covered since when, and up to when the edge vouches for that.

    `down` are the transports, by their full names, that are not working.
    """

    vouched: int
    since: Mapping[str, int] = {}
    down: tuple[str, ...] = ()


class EdgeCoverage(msgspec.Struct, frozen=True, array_like=True):
    """One edge: the watermark, its epochs (by number as text), runs that ended, and spans that were lost.

    `ended`: epochs that have drained, with when they were vouched for last; only while the rules judge just that.
    """

    reached: int = 0
    epochs: Mapping[str, EpochCoverage] = {}
    runs: Mapping[str, tuple[Run, ...]] = {}
    lost: Mapping[str, Spans] = {}
    ended: Mapping[str, int] = {}


class CoverageState(msgspec.Struct, frozen=True):
    """Every edge of the home that ever said something."""

    edges: Mapping[EdgeId, EdgeCoverage] = {}

    def reached(self, edge: EdgeId) -> int:
        """The watermark of an edge: everything up to it is here; 0 for an edge that never reached any."""
        known = self.edges.get(edge)
        return 0 if known is None else known.reached


# --- what is asked of it ---------------------------------------------------------------------------------------------


def proved(state: CoverageState, one: AssignedDevice, through: int) -> Spans:
    """Over which time until `through` it is proved that the device was alive and could be heard."""
    edge = state.edges.get(one.edge.id)
    if edge is None:
        return ()
    patience = one.patience or 0
    ends = [(run.start, run.end if run.final else run.end - patience) for run in edge.runs.get(one.device.id, ())]
    for epoch in edge.epochs.values():
        since = epoch.since.get(one.device.id)
        if since is not None:
            ends.append((since, epoch.vouched - patience))
    spans = union(span for span in ends if span[0] <= span[1])
    lost = edge.lost.get(one.device.id, ())
    return clipped(without(spans, lost) if lost else spans, one.edge.assigned_at, through)


def signs(state: CoverageState, one: AssignedDevice, through: int) -> Spans:
    """Over which time until `through` the device counts as heard; where facts were lost it gets the benefit."""
    edge = state.edges.get(one.edge.id)
    if edge is None:
        return ()
    spans = _spans(edge, one.device.id) + list(edge.lost.get(one.device.id, ()))
    return clipped(union(spans), one.edge.assigned_at, through)


def listened(state: CoverageState, one: AssignedDevice, through: int) -> Spans:
    """Over which time until `through` the edge ran and the device's transport worked."""
    edge = state.edges.get(one.edge.id)
    return () if edge is None else clipped(union(_spans(edge, one.transport)), one.edge.assigned_at, through)


def covered_now(state: CoverageState, one: AssignedDevice) -> bool:
    """Whether the device is covered as far as the edge has told."""
    edge = state.edges.get(one.edge.id)
    return edge is not None and any(one.device.id in epoch.since for epoch in edge.epochs.values())


def _spans(edge: EdgeCoverage, source: str) -> list[Span]:
    spans = [(run.start, run.end) for run in edge.runs.get(source, ())]
    for epoch in edge.epochs.values():
        since = epoch.since.get(source)
        if since is not None:
            spans.append((since, max(since, epoch.vouched)))
    return spans


# --- how it is folded ------------------------------------------------------------------------------------------------


class _Draft:
    """One edge while a stimulus is folded in; only here is anything changed in place."""

    def __init__(self, edge: EdgeCoverage, epoch: int, at: int) -> None:
        self.reached = edge.reached
        self.epochs = dict(edge.epochs)
        self.runs = dict(edge.runs)
        self.lost = dict(edge.lost)
        self.ended = dict(edge.ended)
        self.epoch = epoch_text(epoch)
        known = self.epochs.get(self.epoch)
        self.vouched = at if known is None else known.vouched
        self.since = {} if known is None else dict(known.since)
        self.down = () if known is None else known.down

    def begin(self, source: str, at: int) -> None:
        """The source is covered from now on, if it was not before."""
        self.since.setdefault(source, at)

    def cut(self, source: str, at: int, *, final: bool = False) -> None:
        """The source is no longer covered."""
        start = self.since.pop(source, None)
        if start is not None:
            self.keep(source, Run(start, max(start, at), final))

    def keep(self, source: str, run: Run) -> None:
        """Remember a run that ended; beyond the bound the oldest is forgotten, which leaves it unknown."""
        runs = self.runs.get(source, ())
        if run not in runs:
            self.runs[source] = tuple(sorted((*runs, run), key=lambda kept: kept.start))[-SPANS_MOST:]

    def close_other_epochs(self) -> None:
        """The watermark of this epoch says that all older ones have drained: their runs end where they were vouched."""
        for name in [name for name in self.epochs if name != self.epoch]:
            epoch = self.epochs.pop(name)
            self.ended[name] = epoch.vouched
            for source, start in epoch.since.items():
                if start <= epoch.vouched:
                    self.keep(source, Run(start, epoch.vouched))

    def done(self) -> EdgeCoverage:
        """The edge as it stands now."""
        self.epochs[self.epoch] = EpochCoverage(self.vouched, self.since, self.down)
        for name in list(self.epochs)[:-EPOCHS_MOST]:
            del self.epochs[name]
        return EdgeCoverage(self.reached, self.epochs, self.runs, self.lost, self.ended)


def fold(settings: HomeSettings, state: CoverageState, stimulus: Stimulus) -> CoverageState:
    """Coverage after the stimulus; the very same state where it says nothing about coverage."""
    match stimulus:
        case Happened(envelope=Envelope(event=TelemetryEvicted() as event)):
            edge = _draft(state, stimulus.fact.edge, stimulus.fact.epoch, stimulus.at).done()
            span = (moved(event.earliest, stimulus), moved(event.latest, stimulus))
            devices = named(settings, stimulus.fact.edge, event.devices)
            return _with(state, stimulus.fact.edge, _forget(edge, devices, span))
        case Happened():
            change = _CHANGES.get(type(stimulus.envelope.event))
            if change is None:
                return state
            draft = _draft(state, stimulus.fact.edge, stimulus.fact.epoch, stimulus.at)
            change(draft, settings, stimulus, stimulus.envelope.event)
            return _with(state, stimulus.fact.edge, draft.done())
        case Reached():
            if (simple := _simply_reached(state, stimulus)) is not None:
                return _with(state, stimulus.edge, simple)
            draft = _draft(state, stimulus.edge, stimulus.epoch, stimulus.through)
            draft.vouched = max(draft.vouched, stimulus.through)
            draft.reached = max(draft.reached, stimulus.through)
            draft.close_other_epochs()
            return _with(state, stimulus.edge, draft.done())
        case Lost():
            devices = named(settings, stimulus.edge, stimulus.devices)
            edge = state.edges.get(stimulus.edge) or EdgeCoverage()
            return _with(state, stimulus.edge, _forget(edge, devices, (stimulus.earliest, stimulus.latest)))
        case _:
            return state


def _simply_reached(state: CoverageState, reached: Reached) -> EdgeCoverage | None:
    """The ordinary case: one epoch, which is the running one; only two numbers move."""
    edge = state.edges.get(reached.edge)
    epoch = None if edge is None else edge.epochs.get(epoch_text(reached.epoch))
    if edge is None or epoch is None or len(edge.epochs) > 1:
        return None
    vouched = EpochCoverage(max(epoch.vouched, reached.through), epoch.since, epoch.down)
    epochs = {epoch_text(reached.epoch): vouched}
    return EdgeCoverage(max(edge.reached, reached.through), epochs, edge.runs, edge.lost, edge.ended)


def prune(settings: HomeSettings, state: CoverageState) -> CoverageState:
    """Coverage without what every rule has judged: to be called after the rules have seen a `Reached`.

    A rule that looks at several devices gets no further than the one that is believed longest without a word, and a
    run may be told with effect from as long ago: the runs of all are kept for that long.
    """
    known = {edge.id for edge in settings.edges}
    if known.issuperset(state.edges) and not any(edge.runs or edge.lost or edge.ended for edge in state.edges.values()):
        return state
    horizon = min((state.reached(id_) for id_ in known), default=0)
    final = horizon - max((one.patience or 0 for one in settings.devices), default=0)
    edges = {}
    for id_, edge in state.edges.items():
        runs = {source: tuple(run for run in runs if run.end >= final) for source, runs in edge.runs.items()}
        lost = {device: tuple(span for span in spans if span[1] >= horizon) for device, spans in edge.lost.items()}
        runs = {source: kept for source, kept in runs.items() if kept}
        lost = {device: kept for device, kept in lost.items() if kept}
        if runs == edge.runs and lost == edge.lost and not edge.ended:
            edges[id_] = edge
        else:
            edges[id_] = EdgeCoverage(edge.reached, edge.epochs, runs, lost)
    return CoverageState({id_: edge for id_, edge in edges.items() if id_ in known})


def _draft(state: CoverageState, edge: EdgeId, epoch: int, at: int) -> _Draft:
    return _Draft(state.edges.get(edge) or EdgeCoverage(), epoch, at)


def _with(state: CoverageState, edge: EdgeId, coverage: EdgeCoverage) -> CoverageState:
    before = state.edges.get(edge)
    return state if before == coverage else CoverageState({**state.edges, edge: coverage})


def moved(wall: int, stimulus: Happened) -> int:
    """A time inside an event, moved as the event itself was; never before 1970."""
    return max(wall + stimulus.at - stimulus.envelope.occurred_at, 0)


def _nothing(_draft: _Draft, _settings: HomeSettings, _stimulus: Happened, _event: EpochOpened) -> None:
    """Nothing is covered in a new epoch until it says so."""


def _device(draft: _Draft, settings: HomeSettings, stimulus: Happened, event: CoverageChanged) -> None:
    one = settings.watched.get(DeviceId(stimulus.envelope.device or ""))
    if one is None or one.edge.id != stimulus.fact.edge:
        return
    since = min(moved(event.since, stimulus), stimulus.at)
    if event.covered:
        draft.begin(one.device.id, since)
    else:
        draft.cut(one.device.id, since, final=event.reason is CoverageReason.NOT_HEARD)


def _confirmed(draft: _Draft, settings: HomeSettings, stimulus: Happened, event: CoverageConfirmed) -> None:
    through = min(moved(event.through, stimulus), stimulus.at)
    for one in settings.devices:
        if one.edge.id != stimulus.fact.edge:
            continue
        if one.device.id in event.covered:
            draft.begin(one.device.id, through)
        else:
            draft.cut(one.device.id, draft.vouched)
    draft.vouched = max(draft.vouched, through)


def _transport(draft: _Draft, _settings: HomeSettings, stimulus: Happened, event: TransportChanged) -> None:
    """A kind of transport is heard while none of that kind, of which this epoch spoke, is down."""
    kind = event.transport.partition(":")[0]
    down = set(draft.down) - {event.transport}
    if event.state is not TransportState.WORKING:
        down.add(event.transport)
    draft.down = tuple(sorted(down))
    if any(name.partition(":")[0] == kind for name in down):
        draft.cut(kind, stimulus.at)
    else:
        draft.begin(kind, stimulus.at)


_CHANGES: Final[dict[type, Callable[[_Draft, HomeSettings, Happened, Any], None]]] = {
    EpochOpened: _nothing,
    CoverageChanged: _device,
    CoverageConfirmed: _confirmed,
    TransportChanged: _transport,
}
CONCERNS: Final[frozenset[type]] = frozenset({*_CHANGES, TelemetryEvicted, Reached, Lost})
"""The events and stimuli that say something about coverage; `fold` gives the same state back for all others."""


def _forget(edge: EdgeCoverage, devices: list[DeviceId], span: Span) -> EdgeCoverage:
    """Coverage of these devices without the span over which their facts are lost.

    The span is taken out of what is known, and kept until it is judged: an older epoch may still say that it was
    covered then, and a device whose facts are lost gets the benefit of the doubt.
    """
    runs, lost, epochs = dict(edge.runs), dict(edge.lost), dict(edge.epochs)
    for device in devices:
        lost[device] = _bounded(add(lost.get(device, ()), span))
        cut = [piece for run in runs.pop(device, ()) for piece in _around(run, span)]
        for name, epoch in epochs.items():
            start = epoch.since.get(device)
            if start is not None and start < span[1]:
                epochs[name] = msgspec.structs.replace(epoch, since={**epoch.since, device: span[1]})
                cut += [Run(start, span[0], final=True)] if start <= span[0] else []
        if cut:
            runs[device] = tuple(sorted(set(cut), key=lambda run: run.start))[-SPANS_MOST:]
    return msgspec.structs.replace(edge, epochs=epochs, runs=runs, lost=lost)


def _around(run: Run, hole: Span) -> list[Run]:
    """The parts of a run beside a hole; the part before it was proved by what came after."""
    if hole[1] < run.start or hole[0] > run.end:
        return [run]
    before = [Run(run.start, hole[0], final=True)] if run.start <= hole[0] else []
    return before + ([Run(hole[1], run.end, run.final)] if hole[1] <= run.end else [])


def _bounded(spans: Spans) -> Spans:
    return spans if len(spans) <= SPANS_MOST else ((spans[0][0], spans[-1][1]),)


def named(settings: HomeSettings, edge: EdgeId, devices: tuple[str, ...]) -> list[DeviceId]:
    """The devices of this edge that a loss names; all of them where it names none."""
    ours = [one.device.id for one in settings.devices if one.edge.id == edge]
    return [device for device in ours if device in devices] if devices else ours
