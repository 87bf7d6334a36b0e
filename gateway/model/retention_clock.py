"""The time that retention deletes by: no clock that jumped may delete what should be kept. Pure.

Gateway and database each say what time it is; the earlier of the two is listened to, because it deletes less. What is
*believed* follows it: at once within a day, otherwise by at most two days for each day that was lived through. Both
clocks may be wrong alike, since they are often one machine's; then a day of evidence is lost a day at the most, and
whoever supervises is told every hour. All times are wall microseconds.
"""

from enum import StrEnum
from typing import Final

import msgspec

from homecare.clock import DAY, HOUR, MINUTE

AGREE: Final = 10 * MINUTE
"""Microseconds by which the two clocks may differ unsaid: a time server keeps both within a second, and the smallest
mistake of a hand, a time zone, is half an hour."""
AT_ONCE: Final = DAY
"""Microseconds that are believed without waiting: a night without power, a restart. Well below the margin of 7 days
that `gateway.retention.LEAST` leaves, and a day of 400 if it was wrong."""
PACE: Final = 2
"""Microseconds believed for each one lived through: what an outage left over goes in as long as the outage was, and a
clock that runs years ahead costs one day of evidence for each day that nobody puts it right."""


class Doubt(StrEnum):
    """Why the clocks are not simply believed; the fault's subject."""

    DISAGREE = "clocks_disagree"
    AHEAD = "clocks_ahead"
    BEHIND = "clocks_behind"


class Reading(msgspec.Struct, frozen=True):
    """What both clocks say, and how long the process lived since it last asked, by the steady clock (0: just begun)."""

    gateway: int
    database: int
    lived: int


class Kept(msgspec.Struct, frozen=True):
    """What is believed, and the database's clock when that was last looked at; survives every restart."""

    believed: int
    moved_at: int


class Judgement(msgspec.Struct, frozen=True):
    """What to keep, the time to delete by, and a doubt with the microseconds that it is about."""

    kept: Kept
    now: int
    doubt: Doubt | None = None
    off: int = 0

    @property
    def hint(self) -> str:
        """What is wrong by how much, and what to do: for the fault's row and the log."""
        days, hours = divmod(self.off // HOUR, DAY // HOUR)
        return _HINTS[self.doubt].format(off=f"{days} d {hours} h") if self.doubt else ""


_HINTS: Final = {
    Doubt.DISAGREE: "gateway and database differ by {off}: set the clock that is wrong; the earlier one counts",
    Doubt.AHEAD: "the clocks are {off} ahead of what is believed: after an outage wait, else set them",
    Doubt.BEHIND: "the clocks are {off} behind what was believed: set them, if they are wrong; if not, wait",
}


def judge(kept: Kept, reading: Reading, *, homes: bool) -> Judgement:
    """Move what is believed toward what the clocks say. Without `homes` nothing can be lost: they are believed at once.

    Several processes may share one `kept`: time that one of them has counted is not counted by the next, because the
    database's clock bounds it too.
    """
    said = min(reading.gateway, reading.database)
    lived = max(min(reading.lived, reading.database - kept.moved_at), 0)
    believed = _toward(kept.believed, said, PACE * lived) if homes else said
    doubt, off = _doubt(believed, said, abs(reading.gateway - reading.database))
    return Judgement(Kept(believed, reading.database), min(believed, said), doubt, off)


def _toward(believed: int, said: int, reach: int) -> int:
    if abs(said - believed) <= AT_ONCE:
        return said
    return min(believed + reach, said) if said > believed else max(believed - reach, said)


def _doubt(believed: int, said: int, differ: int) -> tuple[Doubt | None, int]:
    if differ > AGREE:
        return Doubt.DISAGREE, differ
    if said == believed:
        return None, 0
    return (Doubt.AHEAD, said - believed) if said > believed else (Doubt.BEHIND, believed - said)
