"""When did it happen? The gateway's best estimate of a fact's time from claims that may all be wrong. Pure.

Sources, in the order in which they are believed: the edge's wall clock where it admits little uncertainty and agrees
with its heartbeats; its steady clock, anchored to the gateway's by heartbeats of the same run; the bare claim. The
result lies between the edge's enrolment and now. All times are microseconds.
"""

from typing import Final

import msgspec

from homecare.clock import DAY, MINUTE, SECOND

TRUSTED: Final = 10 * SECOND
"""An edge that admits more than this does not know the time."""
SLACK: Final = MINUTE
"""A heartbeat may be this late on its way before a clock that it contradicts counts as wrong."""
DELAY_MOST: Final = 7 * DAY
"""A device that kept a fact to itself for longer is not believed about how long."""


class Claim(msgspec.Struct, frozen=True, gc=False):
    """What an edge says of one instant: its wall clock, how far that may be off, its steady clock in that epoch."""

    wall: int
    uncertainty: int
    elapsed: int


def anchored(known: int | None, *, now: int, elapsed: int) -> int:
    """The offset from an edge's steady clock to the gateway's wall after one more heartbeat of the same run.

    Every heartbeat's offset is too large by its time on the way, so the smallest one is the best.
    """
    offset = now - elapsed
    return offset if known is None else min(known, offset)


def when(claim: Claim, *, anchor: int | None, earliest: int, now: int) -> int:
    """The instant of the claim, at least `earliest` (or `now`, if that is earlier still) and at most `now`."""
    moment = claim.wall
    if anchor is not None:
        steady = anchor + claim.elapsed
        if claim.uncertainty > TRUSTED or abs(claim.wall - steady) > claim.uncertainty + SLACK:
            moment = steady
    return min(max(moment, earliest), now)


def occurred(received: int, *, delay: int, earliest: int) -> int:
    """When a fact occurred that the edge heard at `received`; `delay` is how much earlier the device says it was."""
    if not 0 < delay <= DELAY_MOST:
        return received
    return max(received - delay, min(earliest, received))
