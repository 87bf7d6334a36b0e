"""Staffing: over which time was somebody from the staff inside the home? Folded from what people and doors prove.

Another process knows it and says it by `Staffed`; it may come late, and the newest word about one attendance stands.
"""

from collections.abc import Mapping
from typing import Final

import msgspec

from homecare.attendance import Attendance
from rules.coverage import CoverageState
from rules.home_settings import SILENCE_MOST, HomeSettings
from rules.spans import SPANS_MOST, Span, Spans, add, union

UNENDED_MOST: Final = 8
"""Attendances without an end kept of one home: two visits with four people each; beyond it the one that is bound to
end first is forgotten, and the rules judge."""
KEPT: Final = 2 * SILENCE_MOST
"""Microseconds for which an attendance is kept: the longest stillness that is waited for, found out so late."""


class StaffingState(msgspec.Struct, frozen=True, array_like=True):
    """`unended`: (since, bound) by attendance. `ended`: the time of all others. `seen`: when somebody left who had
    seen the resident.
    """

    unended: Mapping[str, Span] = {}
    ended: Spans = ()
    seen: tuple[int, ...] = ()


NOBODY: Final = StaffingState()


def inside(state: StaffingState) -> Spans:
    """The time over which somebody from the staff is inside; it may reach beyond now, up to a bound."""
    return union((*state.ended, *state.unended.values())) if state.unended else state.ended


def fold(state: StaffingState, said: Attendance) -> StaffingState:
    """Staffing after the newest word about one attendance; the very same state where it says nothing new."""
    unended = {id_: span for id_, span in state.unended.items() if id_ != said.id}
    if said.until is None:
        unended[said.id] = (said.since, max(said.since, said.bound))
        while len(unended) > UNENDED_MOST:
            del unended[min(unended, key=lambda id_: (unended[id_][1], id_))]
        after = StaffingState(unended, state.ended, state.seen)
        return state if after == state else after
    ended = add(state.ended, (said.since, said.until))[-SPANS_MOST:]
    seen = tuple(sorted({*state.seen, said.until}))[-SPANS_MOST:] if said.seen else state.seen
    after = StaffingState(unended, ended, seen)
    return state if after == state else after


def prune(settings: HomeSettings, state: StaffingState, coverage: CoverageState) -> StaffingState:
    """Staffing without what every rule has judged; the very same state where that is nothing."""
    if state is NOBODY:
        return state
    horizon = min((coverage.reached(edge.id) for edge in settings.edges), default=0) - KEPT
    kept = StaffingState(
        {id_: span for id_, span in state.unended.items() if span[1] >= horizon},
        tuple(span for span in state.ended if span[1] >= horizon),
        tuple(at for at in state.seen if at >= horizon),
    )
    if kept == NOBODY:
        return NOBODY
    return state if kept == state else kept
