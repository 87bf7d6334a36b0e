"""When did it happen? The gateway's best estimate of a fact's time from claims that may all be wrong. Pure.

Sources, in the order in which they are believed: the edge's wall clock where it admits little uncertainty and agrees
with its heartbeats; its steady clock, anchored to the gateway's by heartbeats of the same run; the bare claim. The
result lies between the edge's enrolment and now. All times are microseconds.
"""

from collections.abc import Iterable
from typing import Final

import msgspec

from homecare.clock import DAY, MINUTE, SECOND
from homecare.envelope import Envelope

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
    return _when(claim.wall, claim.uncertainty, claim.elapsed, anchor, earliest, now)


def moments(envelopes: Iterable[Envelope], *, anchor: int | None, earliest: int, now: int) -> list[tuple[int, int]]:
    """Of each envelope when it was received, by `when`, and when its event occurred, by `occurred`.

    A frame at once: a claim and two calls with five names for every fact took half a microsecond more.
    """
    found: list[tuple[int, int]] = []
    for one in envelopes:
        claimed = one.received_at
        received = at = _when(claimed, one.uncertainty, one.elapsed, anchor, earliest, now)
        if claimed != one.occurred_at:
            at = occurred(received, delay=claimed - one.occurred_at, earliest=earliest)
        found.append((received, at))
    return found


def _when(wall: int, uncertainty: int, elapsed: int, anchor: int | None, earliest: int, now: int) -> int:
    """`when`, without names and built-ins: it is asked for every fact."""
    if anchor is not None:
        steady = anchor + elapsed
        slack = uncertainty + SLACK
        if uncertainty > TRUSTED or wall - steady > slack or steady - wall > slack:
            wall = steady
    return wall if earliest <= wall <= now else min(max(wall, earliest), now)


def occurred(received: int, *, delay: int, earliest: int) -> int:
    """When a fact occurred that the edge heard at `received`; `delay` is how much earlier the device says it was."""
    if not 0 < delay <= DELAY_MOST:
        return received
    return max(received - delay, min(earliest, received))
