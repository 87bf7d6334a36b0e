"""Wake-ups: which home wants to know that time passed, and what time it is. Pure but for the clock it is given."""

import heapq
from typing import Final

from homecare.clock import MINUTE, SECOND, Instant
from homecare.identity import HomeId

STEP: Final = 5 * SECOND
"""A wall clock that moves this far against the steady clock between two looks is wrong now or was wrong before."""
HOLD: Final = 10 * MINUTE
"""A wall clock that stays displaced for so long is believed: somebody set it right."""


class Wakeups:
    """At most one wake-up a home counts: the last one set. Earlier ones are skipped when their time comes."""

    def __init__(self) -> None:
        self._heap: list[tuple[int, HomeId]] = []
        self._wanted: dict[HomeId, int] = {}

    def set(self, home: HomeId, at: int | None) -> None:
        """The home wants to be woken at `at`; None: not at all."""
        if at is None:
            self._wanted.pop(home, None)
        elif self._wanted.get(home) != at:
            self._wanted[home] = at
            heapq.heappush(self._heap, (at, home))

    def due(self, now: int, limit: int) -> list[HomeId]:
        """At most `limit` homes whose time has come, earliest first; each is taken off until it is set again."""
        found: list[HomeId] = []
        while self._heap and self._heap[0][0] <= now and len(found) < limit:
            at, home = heapq.heappop(self._heap)
            if self._wanted.get(home) == at:
                del self._wanted[home]
                found.append(home)
        return found

    def late(self, now: int) -> int:
        """Microseconds for which the earliest wake-up has waited in vain; 0 where none is due."""
        return max(now - self._heap[0][0], 0) if self._heap else 0

    def __len__(self) -> int:
        return len(self._wanted)

    def clear(self) -> None:
        """Forget all."""
        self._heap.clear()
        self._wanted.clear()


class SteadyWall:
    """Wall time that never jumps by itself: a step of the machine's clock is a fault, not an hour that passed.

    Until the clock has stayed displaced for `HOLD`, time goes on with the steady clock. Then the new time is taken,
    and `taken` says how far it moved; whatever was not heard in between, nobody may judge.
    """

    def __init__(self, start: Instant) -> None:
        self._offset = start.wall - start.elapsed
        self._displaced_since: int | None = None
        self.stepped = False
        """Whether the last look found a new step: one fault a step."""
        self.taken = 0
        """Microseconds by which the last look moved the time; 0 but for the moment when a step is believed."""

    def now(self, instant: Instant) -> int:
        """The wall time to act on at this reading of the clocks."""
        self.stepped, self.taken = False, 0
        offset = instant.wall - instant.elapsed
        moved = offset - self._offset
        if abs(moved) <= STEP:
            self._offset = offset
            self._displaced_since = None
        elif self._displaced_since is None:
            self._displaced_since = instant.elapsed
            self.stepped = True
        elif instant.elapsed - self._displaced_since >= HOLD:
            self._offset = offset
            self._displaced_since = None
            self.taken = moved
        return self._offset + instant.elapsed
