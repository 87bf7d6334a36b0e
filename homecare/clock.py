"""Time: the only place in the product that reads the real clocks.

Wall time is an integer of microseconds since 1970-01-01 UTC. It may be wrong; `uncertainty` says by how much as far
as the machine knows. Elapsed time is microseconds of a clock that never steps, counted from an arbitrary start.
Order never rests on wall time: inside an edge `position` orders facts.
"""

import ctypes
import time
from typing import Final, Protocol

import msgspec

SECOND: Final = 1_000_000
MINUTE: Final = 60 * SECOND
HOUR: Final = 60 * MINUTE
DAY: Final = 24 * HOUR
LATEST: Final = 253_402_300_799_999_999
"""Microseconds; the last instant of year 9999: the wire carries no later one."""
UNCERTAIN: Final = 365 * DAY
"""Microseconds; what an unsynchronised clock admits: it knows nothing within a year."""


class Instant(msgspec.Struct, frozen=True):
    """One reading of both clocks, microseconds; `wall` is within 0 to `LATEST`."""

    wall: int
    elapsed: int
    uncertainty: int = UNCERTAIN


class Clock(Protocol):
    """Whoever needs time takes a clock."""

    def now(self) -> Instant:
        """Both clocks, read together."""
        ...


class _Timex(ctypes.Structure):
    """`struct timex` of adjtimex(2), of which only the status and the maximum error are read."""

    _fields_ = (
        ("modes", ctypes.c_uint),
        ("offset", ctypes.c_long),
        ("freq", ctypes.c_long),
        ("maxerror", ctypes.c_long),
        ("esterror", ctypes.c_long),
        ("status", ctypes.c_int),
        ("rest", ctypes.c_byte * 256),
    )


_STA_UNSYNC: Final = 0x0040


class SystemClock:
    """The machine's clocks. Uncertainty is what the kernel states (adjtimex), `UNCERTAIN` when unsynchronised."""

    def __init__(self) -> None:
        self._adjtimex = getattr(ctypes.CDLL(None), "adjtimex", None)

    def now(self) -> Instant:
        """Both clocks now; a wall clock outside the wire's range is brought to its edge."""
        wall = min(max(time.time_ns() // 1000, 0), LATEST)
        return Instant(wall=wall, elapsed=time.monotonic_ns() // 1000, uncertainty=self._uncertainty())

    def _uncertainty(self) -> int:
        timex = _Timex()
        if self._adjtimex is None or self._adjtimex(ctypes.byref(timex)) < 0 or timex.status & _STA_UNSYNC:
            return UNCERTAIN
        return min(int(timex.maxerror), UNCERTAIN)


class ManualClock:
    """A clock that moves when told: for simulation in virtual time and for tests."""

    def __init__(self, wall: int = 0, *, elapsed: int = 0, uncertainty: int = 0) -> None:
        self.wall = wall
        self.elapsed = elapsed
        self.uncertainty = uncertainty

    def now(self) -> Instant:
        """The instant that was set."""
        return Instant(wall=self.wall, elapsed=self.elapsed, uncertainty=self.uncertainty)

    def advance(self, microseconds: int) -> None:
        """Let time pass on both clocks."""
        self.wall += microseconds
        self.elapsed += microseconds
