"""The watermark: up to when is everything here that an edge knew? Pure.

A heartbeat states heads and a time. The time is reached only when the cursor of every stream of every epoch that it
names stands at its head or above: else it would vouch for a silence that a fact on its way contradicts (rule 12).
"""

from collections.abc import Callable, Iterable
from typing import Final

import msgspec

from homecare.delivery import EpochHeld, Heartbeat
from homecare.event import Stream
from homecare.identity import EdgeId, Epoch, read_epoch

WAITING_MOST: Final = 2
"""Statements kept an edge: the oldest, which is reached first, and the newest, which then is the next."""

Durable = Callable[[EdgeId, Epoch, Stream], int | None]
"""The committed cursor: 0 where the database has none, None where nobody looked yet."""


class Statement(msgspec.Struct, frozen=True):
    """By `through` (the gateway's estimate) the edge had assigned nothing beyond these heads."""

    epoch: Epoch
    through: int
    heads: tuple[tuple[Epoch, Stream, int], ...]


def statement(run: Epoch, through: int, heartbeat: Heartbeat) -> Statement | None:
    """What a heartbeat states; None where it could not name every epoch that still holds something unreceipted."""
    named = sum(1 for held in heartbeat.epochs if _undrained(held))
    if named < heartbeat.undrained:
        return None
    heads = tuple(
        (read_epoch(held.epoch), stream, held.of(stream).head)
        for held in heartbeat.epochs
        for stream in Stream
        if held.of(stream).head
    )
    return Statement(run, through, heads)


def _undrained(held: EpochHeld) -> bool:
    return any(held.of(stream).receipted < held.of(stream).head for stream in Stream)


class Watermark:
    """What each edge stated, and how far it was vouched for."""

    def __init__(self) -> None:
        self._waiting: dict[EdgeId, list[Statement]] = {}
        self._reached: dict[EdgeId, int] = {}

    def state(self, edge: EdgeId, stated: Statement) -> None:
        """Take a heartbeat's statement."""
        waiting = self._waiting.setdefault(edge, [])
        if len(waiting) >= WAITING_MOST:
            waiting.pop()
        waiting.append(stated)

    def reached(self, edge: EdgeId, durable: Durable) -> Statement | None:
        """The newest statement of the edge that is now reached and vouches for more than before, if any."""
        waiting = self._waiting.get(edge)
        best: Statement | None = None
        while waiting and all((durable(edge, epoch, stream) or 0) >= head for epoch, stream, head in waiting[0].heads):
            best = waiting.pop(0)
        if not waiting:
            self._waiting.pop(edge, None)
        if best is None or best.through <= self._reached.get(edge, 0):
            return None
        self._reached[edge] = best.through
        return best

    def vouched(self, edge: EdgeId) -> int:
        """Up to when silence was vouched for; a fact that comes later occurred after it, whatever its clock says."""
        return self._reached.get(edge, 0)

    def waiting(self) -> Iterable[EdgeId]:
        """Edges with a statement that is not reached."""
        return tuple(self._waiting)

    def alarm_wanted(self, durable: Durable) -> set[tuple[EdgeId, Epoch]]:
        """The alarm cursors that hold a statement up; the other process moves them."""
        return {
            (edge, epoch)
            for edge, waiting in self._waiting.items()
            for epoch, stream, head in waiting[0].heads
            if stream is Stream.ALARM and (durable(edge, epoch, stream) or 0) < head
        }

    def forget(self) -> None:
        """Drop everything: the cursors are in doubt. The next heartbeats state it again."""
        self._waiting.clear()
        self._reached.clear()
