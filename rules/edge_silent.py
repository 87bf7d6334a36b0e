"""Edge silent: no heartbeat for as long as three of them take, judged by the gateway's own clock.

Opens once and closes only after a stable hold, so that a line that flaps neither flickers nor hides. Heartbeats are
not journaled: while the gateway was blind nobody could have heard one, so counting begins anew when it sees again.
An edge is watched from its assignment on, heard or not.
"""

from collections.abc import Mapping

import msgspec

from homecare.alert import Condition
from homecare.clock import SECOND
from homecare.identity import EdgeId
from rules.home_settings import AssignedEdge, HomeSettings
from rules.rule import Judgement, Rule, View
from rules.stimulus import Blind, EdgeHeard, Elapsed
from rules.verdict import Clear, Raise


class EdgeWatch(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One edge: last heard, the start of the run without a gap that it is in, and since when it is raised as silent."""

    heard: int
    stable: int
    silent_since: int | None = None


class EdgeSilentState(msgspec.Struct, frozen=True, array_like=True):
    """`seen_from`: since when the gateway has been able to hear; None before the first stimulus."""

    seen_from: int | None = None
    edges: Mapping[EdgeId, EdgeWatch] = {}


def judge(view: View, state: EdgeSilentState, stimulus: EdgeHeard | Elapsed | Blind) -> Judgement[EdgeSilentState]:
    """See the module."""
    settings = view.settings
    if isinstance(stimulus, Blind):
        seen_from = max(state.seen_from or 0, stimulus.until)
        return _judgement(settings, msgspec.structs.replace(state, seen_from=seen_from), ())
    if state.seen_from is None:
        state = msgspec.structs.replace(state, seen_from=stimulus.at)
    state, verdicts = _overdue(settings, state, stimulus.at)
    if isinstance(stimulus, EdgeHeard) and any(edge.id == stimulus.edge for edge in settings.edges):
        state, cleared = _heard(settings, state, stimulus)
        verdicts += cleared
    return _judgement(settings, state, verdicts)


def _overdue(
    settings: HomeSettings, state: EdgeSilentState, at: int
) -> tuple[EdgeSilentState, tuple[Raise | Clear, ...]]:
    """Raise every edge whose time is up."""
    verdicts: list[Raise | Clear] = []
    edges = {edge.id: state.edges[edge.id] for edge in settings.edges if edge.id in state.edges}
    for edge in settings.edges:
        known = edges.get(edge.id)
        if known is not None and known.silent_since is not None:
            continue
        since = _counted_from(state, edge)
        due = since + settings.limits.edge_lost_after * SECOND
        if at >= due:
            edges[edge.id] = EdgeWatch(heard=0 if known is None else known.heard, stable=at, silent_since=since)
            verdicts.append(_raise(settings, edge, since=since, due=due))
    if edges != state.edges:
        verdicts += _gone(settings, state, edges, at)
        state = EdgeSilentState(state.seen_from, edges)
    return state, tuple(verdicts)


def _heard(
    settings: HomeSettings, state: EdgeSilentState, heard: EdgeHeard
) -> tuple[EdgeSilentState, tuple[Clear, ...]]:
    """Note the sign of life; a silent edge that has been stable for long enough is back."""
    before = state.edges.get(heard.edge, EdgeWatch(0, heard.at))
    if heard.at <= before.heard:
        return state, ()
    gap = heard.at - max(before.heard, state.seen_from or 0)
    stable = heard.at if gap >= settings.limits.edge_lost_after * SECOND else before.stable
    back = before.silent_since is not None and heard.at - stable >= settings.limits.edge_stable_for * SECOND
    silent_since = None if back else before.silent_since
    edges = {**state.edges, heard.edge: EdgeWatch(heard.at, stable, silent_since)}
    cleared = _gone(settings, state, edges, heard.at) if back else ()
    return EdgeSilentState(state.seen_from, edges), cleared


def _gone(
    settings: HomeSettings, state: EdgeSilentState, edges: Mapping[EdgeId, EdgeWatch], at: int
) -> tuple[Clear, ...]:
    """The condition is over when it held for some edge and holds for none any more."""
    if not _any_silent(state.edges) or _any_silent(edges):
        return ()
    return (Clear(Condition.EDGE_SILENT, settings.home, None, at),)


def _any_silent(edges: Mapping[EdgeId, EdgeWatch]) -> bool:
    return any(edge.silent_since is not None for edge in edges.values())


def _counted_from(state: EdgeSilentState, edge: AssignedEdge) -> int:
    known = state.edges.get(edge.id)
    return max(0 if known is None else known.heard, state.seen_from or 0, edge.assigned_at)


def _raise(settings: HomeSettings, edge: AssignedEdge, *, since: int, due: int) -> Raise:
    return Raise(
        condition=Condition.EDGE_SILENT,
        home=settings.home,
        subject=None,
        window=f"{edge.id}/{since}",
        occurred_at=due,
        fact=None,
        presses=1,
        explanation={"edge": edge.id, "since": since, "seconds": settings.limits.edge_lost_after},
    )


def _judgement(
    settings: HomeSettings, state: EdgeSilentState, verdicts: tuple[Raise | Clear, ...]
) -> Judgement[EdgeSilentState]:
    waits = [
        _counted_from(state, edge) + settings.limits.edge_lost_after * SECOND
        for edge in settings.edges
        if edge.id not in state.edges or state.edges[edge.id].silent_since is None
    ]
    return Judgement(state, verdicts, min(waits, default=None))


RULE = Rule(
    condition=Condition.EDGE_SILENT,
    state=EdgeSilentState,
    judge=judge,
    wants=frozenset({EdgeHeard, Elapsed, Blind}),
)
