"""Presence: what heartbeats say. Last seen, clocks, and the watermark, all in memory; never an event row."""

from collections.abc import Iterable
from typing import Final

import msgspec

from gateway.intake.registry import EdgeEntry
from gateway.model.estimate import Claim, anchored, when
from gateway.model.watermark import Durable, Watermark, statement
from gateway.ports.record import Seen
from homecare.clock import MINUTE
from homecare.delivery import Heartbeat
from homecare.identity import EdgeId, Epoch
from rules.stimulus import EdgeHeard, Reached

WRITTEN_EVERY: Final = MINUTE
"""Last-seen rows are for screens after a restart; memory knows better."""


class _Known(msgspec.Struct, gc=False):
    run: Epoch
    anchor: int
    last_seen: int
    beat: int = 0
    heard_through: int = 0
    written_at: int = 0


class Presence:
    """What is known of every edge that was heard since this process began."""

    def __init__(self) -> None:
        self._edges: dict[EdgeId, _Known] = {}
        self.watermark = Watermark()

    def anchor(self, edge: EdgeId, epoch: Epoch) -> int | None:
        """The offset from the steady clock of the edge's epoch to ours, if its heartbeats told."""
        known = self._edges.get(edge)
        return known.anchor if known is not None and known.run == epoch else None

    def vouched(self, edge: EdgeId) -> int:
        """Up to when the edge's silence was vouched for."""
        return self.watermark.vouched(edge)

    def fresh(self, edge: EdgeId, run: Epoch, beat: int) -> bool:
        """Whether a heartbeat is newer than the last one of its run; a repeated one proves no life."""
        known = self._edges.get(edge)
        return known is None or known.run != run or beat > known.beat

    def heartbeat(self, edge: EdgeEntry, run: Epoch, beat: int, heartbeat: Heartbeat, *, now: int) -> EdgeHeard:
        """Take a fresh heartbeat."""
        known = self._edges.get(edge.id)
        if known is None or known.run != run:
            written = 0 if known is None else known.written_at
            known = self._edges[edge.id] = _Known(run, now - heartbeat.elapsed, now, written_at=written)
        known.anchor = anchored(known.anchor, now=now, elapsed=heartbeat.elapsed)
        known.beat, known.last_seen = beat, now
        behind = max(heartbeat.wall - heartbeat.heard_through, 0)
        claim = Claim(heartbeat.heard_through, heartbeat.uncertainty, heartbeat.elapsed - behind)
        through = when(claim, anchor=known.anchor, earliest=edge.earliest, now=now)
        stated = statement(run, through, heartbeat)
        if stated is not None:
            self.watermark.state(edge.id, stated)
        return EdgeHeard(edge.id, now)

    def reached(self, edge: EdgeId, durable: Durable) -> Reached | None:
        """The edge's watermark, if it moved."""
        best = self.watermark.reached(edge, durable)
        if best is None:
            return None
        known = self._edges.get(edge)
        if known is not None:
            known.heard_through = max(known.heard_through, best.through)
        return Reached(edge, best.epoch, best.through)

    def to_write(self, now: int) -> list[Seen]:
        """Rows that are due: at most one an edge and minute."""
        due = []
        for edge, known in self._edges.items():
            if known.last_seen > known.written_at and now - known.written_at >= WRITTEN_EVERY:
                known.written_at = now
                due.append(Seen(edge, known.last_seen, known.heard_through))
        return due

    def clocks_moved(self) -> None:
        """Our own wall clock was set: what was anchored to it is void until the next heartbeats."""
        for known in self._edges.values():
            known.run = Epoch(-1)

    def waiting(self) -> Iterable[EdgeId]:
        """Edges whose watermark waits for a cursor."""
        return self.watermark.waiting()
