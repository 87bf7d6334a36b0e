"""Pulses: the newest heartbeat of every edge, as far as a command needs it. Memory of one process; pure."""

from typing import Final

import msgspec

from homecare.clock import SECOND
from homecare.delivery import EDGE_LOST_AFTER, Heartbeat
from homecare.identity import EdgeId, Epoch

CROSSING: Final = 3 * SECOND
"""Microseconds in which a heartbeat may cross with the command that uses its challenge up: it shows the old one."""


class Pulse(msgspec.Struct, frozen=True):
    """A heartbeat of `run`, heard at `heard_at` of our steady clock; `elapsed` is the edge's, in that run."""

    run: Epoch
    beat: int
    elapsed: int
    heard_at: int
    challenge: str


class Pulses:
    """What the edges that take commands said last."""

    def __init__(self) -> None:
        self._newest: dict[EdgeId, Pulse] = {}
        self._spent: dict[EdgeId, tuple[str, int]] = {}

    def heard(self, edge: EdgeId, run: Epoch, beat: int, heartbeat: Heartbeat, now: int) -> None:
        """A heartbeat newer than all before it of its run; `now` is our steady clock, microseconds."""
        if heartbeat.challenge is None:
            self._newest.pop(edge, None)
            return
        self._newest[edge] = Pulse(run, beat, heartbeat.elapsed, now, heartbeat.challenge)

    def usable(self, edge: EdgeId, now: int) -> Pulse | None:
        """By what a command can be made for this edge now; None: it is away, or its challenge is used up."""
        pulse = self._newest.get(edge)
        if pulse is None or now - pulse.heard_at > EDGE_LOST_AFTER:
            return None
        spent, at = self._spent.get(edge, ("", 0))
        return None if pulse.challenge == spent and pulse.heard_at < at + CROSSING else pulse

    def spend(self, edge: EdgeId, pulse: Pulse, now: int) -> None:
        """A command that carries the pulse's challenge left."""
        self._spent[edge] = (pulse.challenge, now)
