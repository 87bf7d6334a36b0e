"""Committed cursors in memory: what the one writer knows without asking. Worthless after any rollback."""

from collections.abc import Iterable
from typing import Final

from gateway.ports.record import CursorKey
from homecare.event import Stream
from homecare.identity import EdgeId, Epoch

PAIRS_LIMIT: Final = 100_000
"""Epochs remembered, some 30 MB; then the memory starts anew and reads what it needs."""

PLACE: Final = {stream: place for place, stream in enumerate(Stream)}
"""Where a stream's cursor stands among those of its epoch."""


class Cursors:
    """The durable seq of every stream of the epochs that were asked for."""

    def __init__(self) -> None:
        self._known: dict[tuple[EdgeId, Epoch], list[int]] = {}

    def missing(self, pairs: Iterable[tuple[EdgeId, Epoch]]) -> list[tuple[EdgeId, Epoch]]:
        """The epochs that must be read first."""
        known = self._known
        return list(dict.fromkeys([pair for pair in pairs if pair not in known]))

    def make_room(self, wanted: int) -> bool:
        """Before a batch: forget everything if `wanted` more epochs would pass the bound; True if it did."""
        if len(self._known) + wanted <= PAIRS_LIMIT:
            return False
        self._known.clear()
        return True

    def learn(self, pairs: Iterable[tuple[EdgeId, Epoch]], rows: dict[CursorKey, int]) -> None:
        """Take what the database has of these epochs; streams that are not in `rows` stand at 0."""
        for edge, epoch in pairs:
            self._known[edge, epoch] = [rows.get((edge, epoch, stream), 0) for stream in Stream]

    def durable(self, edge: EdgeId, epoch: Epoch, stream: Stream) -> int | None:
        """The cursor; None for one that was not read."""
        known = self._known.get((edge, epoch))
        return None if known is None else known[PLACE[stream]]

    def of(self, edge: EdgeId, epoch: Epoch) -> list[int]:
        """The cursors of an epoch that was read, each at its stream's `PLACE`, to look at and to move at once."""
        return self._known[edge, epoch]

    def forget(self) -> None:
        """Drop everything."""
        self._known.clear()
