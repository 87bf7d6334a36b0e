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

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Final

import msgspec

from homecare.event import (
    CoverageChanged,
    CoverageConfirmed,
    CoverageReason,
    EpochOpened,
    TelemetryEvicted,
    TransportChanged,
    TransportState,
)
from homecare.identity import EdgeId
from rules.rule import Happened, Lost, Reached, Stimulus
from rules.spans import SPANS_MOST, Spans, add, union, without

if TYPE_CHECKING:
    from rules.home_state import AssignedDevice, HomeSettings

EPOCHS_MOST: Final = 24
"""Epochs kept of one edge that may still drain: as many as a heartbeat names."""
SOURCES_MOST: Final = 256
"""Devices and transports of one edge whose coverage is kept; an edge that names more is not believed about them."""


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
    """One edge: the watermark, its epochs (by number as text), runs that ended, and spans that were lost."""

    reached: int = 0
    epochs: Mapping[str, EpochCoverage] = {}
    runs: Mapping[str, tuple[Run, ...]] = {}
    lost: Mapping[str, Spans] = {}


class CoverageState(msgspec.Struct, frozen=True):
    """Every edge of the home that ever said something."""

    edges: Mapping[EdgeId, EdgeCoverage] = {}

    def reached(self, edge: EdgeId) -> int:
        """The watermark of an edge: everything up to it is here; 0 for an edge that never reached any."""
        known = self.edges.get(edge)
        return 0 if known is None else known.reached


WANTS: Final = frozenset(
    {CoverageChanged, CoverageConfirmed, EpochOpened, TelemetryEvicted, TransportChanged, Reached, Lost}
)
"""Stimuli and events that say something about coverage."""
