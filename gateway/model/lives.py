"""Lives: which runs of an edge were alive when, so that a copied edge is told from one that began again. Pure.

An edge opens a new run at every start, and then the old run never beats again, whatever of it still drains. Two cases
only a copy explains (a restored card image beside the old card, a copied machine, anybody else with the key):

- Two runs at once: each came again after the other, and one beat that its own clock dates well after the other began.
- One run twice: its beats count up and so does its clock, so a later beat with an earlier clock is another machine's.

Beats are QoS 0 and may be lost, repeated, late or out of order; nothing of that is ever taken for a copy as long as a
beat that overtakes others does so by less than `TOGETHER`. Times are the gateway's steady clock, in microseconds.
"""

from array import array
from bisect import bisect_left
from typing import Final

import msgspec

from homecare.clock import HOUR
from homecare.delivery import EDGE_LOST_AFTER
from homecare.identity import EdgeId, Epoch

TOGETHER: Final = EDGE_LOST_AFTER
"""Microseconds that two runs must have been alive together: no beat is later than the line's own end."""
RUNS_KEPT: Final = 4
"""Runs remembered an edge, the ones heard last: a copy is among them as soon as it has spoken twice."""
POINTS_KEPT: Final = 8
"""Beats remembered of a run, spread over its life, the newest among them."""
AGAIN_EVERY: Final = 8 * HOUR
"""Microseconds between two tellings about one edge while it goes on: once a shift."""


class Copied(msgspec.Struct, frozen=True):
    """There is more than one of this edge. `runs` are the two that live at once, or the one that lives twice.

    `times` counts the tellings from 0, so that the same finding has the same name after a restart of the gateway.
    """

    edge: EdgeId
    runs: tuple[Epoch, ...]
    times: int


class _Life:
    """One run: when it began at the latest, how long it lasts, the places of its first and its newest beat
    in the order of arrival.
    """

    def __init__(self, place: int, began: int) -> None:
        self.first = self.last = place
        self.began = began
        self._beats = array("q")
        self._elapsed = array("q")

    @property
    def until(self) -> int:
        return self.began + self._elapsed[-1]

    def take(self, beat: int, elapsed: int, *, place: int, now: int) -> bool:
        """Whether the beat fits the others of its run; only then it is remembered."""
        at = bisect_left(self._beats, beat)
        known = at < len(self._beats) and self._beats[at] == beat
        after = at + 1 if known else at
        if known and self._elapsed[at] != elapsed:
            return False
        if at and self._elapsed[at - 1] > elapsed:
            return False
        if after < len(self._beats) and self._elapsed[after] < elapsed:
            return False
        if at == len(self._beats):
            self.last = place
        if not known:
            self._beats.insert(at, beat)
            self._elapsed.insert(at, elapsed)
            self._thin()
        self.began = min(self.began, now - elapsed)
        return True

    def _thin(self) -> None:
        if len(self._beats) > POINTS_KEPT:
            self._beats = self._beats[:-1:2] + self._beats[-1:]
            self._elapsed = self._elapsed[:-1:2] + self._elapsed[-1:]


class Lives:
    """The latest runs of every edge that was heard since this process began."""

    def __init__(self) -> None:
        self._edges: dict[EdgeId, dict[Epoch, _Life]] = {}
        self._told: dict[EdgeId, tuple[int, int]] = {}
        self._place = 0

    def heard(self, edge: EdgeId, run: Epoch, beat: int, *, elapsed: int, now: int) -> Copied | None:
        """A verified heartbeat came, new or again; what people must be told, if this is the time to tell it.

        `elapsed` is the edge's steady clock since the run opened, as the beat states it.
        """
        self._place += 1
        lives = self._edges.setdefault(edge, {})
        life = lives.pop(run, None) or _Life(self._place, now - elapsed)
        lives[run] = life
        if len(lives) > RUNS_KEPT:
            del lives[next(iter(lives))]
        if not life.take(beat, elapsed, place=self._place, now=now):
            return self._tell(edge, (run,), now)
        for other, twin in lives.items():
            if other != run and life.first < twin.last and _together(life, elapsed, twin) > TOGETHER:
                return self._tell(edge, (min(run, other), max(run, other)), now)
        return None

    def untold(self, copied: Copied) -> None:
        """It could not be told: the next beat that proves it says so again, under the same name."""
        self._told[copied.edge] = (0, copied.times)

    def _tell(self, edge: EdgeId, runs: tuple[Epoch, ...], now: int) -> Copied | None:
        due, times = self._told.get(edge, (now, 0))
        if now < due:
            return None
        self._told[edge] = (now + AGAIN_EVERY, times + 1)
        return Copied(edge, runs, times)


def _together(life: _Life, elapsed: int, twin: _Life) -> int:
    """For how long both were alive until this beat; negative where one ended before the other began."""
    return min(life.began + elapsed, twin.until) - max(life.began, twin.began)
