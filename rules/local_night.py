"""Nights by the calendar of the home: a night covers exactly the instants whose local clock lies in its window.

Also on the two nights of the year that are an hour shorter or longer.
"""

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

from homecare.clock import DAY, LATEST
from rules.home_settings import HomeSettings
from rules.spans import Span, Spans

NIGHTS_MOST: Final = 40
"""Nights looked back at most: longer than an edge keeps what it could still send."""
_START: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)


def nights(settings: HomeSettings, since: int, until: int) -> Spans:
    """The home's nights that meet the time from `since` to `until`, at most the last `NIGHTS_MOST` of them."""
    until = min(until, LATEST - 4 * DAY)  # the calendar ends with year 9999
    first = max(since, until - NIGHTS_MOST * DAY) // DAY - 2
    limits = settings.limits
    found = []
    for day in range(first, until // DAY + 2):
        night = _night(settings.time_zone, limits.night_from, limits.night_until, day)
        if night[0] <= until and night[1] >= since:
            found.append(night)
    return tuple(found)


@lru_cache(maxsize=4096)
def _night(zone: str, night_from: int, night_until: int, day: int) -> Span:
    """The night that begins on a local day, counted in days since 1970."""
    last = day if night_until > night_from else day + 1
    return _instant(zone, day, night_from), _instant(zone, last, night_until, late=True)


def _instant(zone: str, day: int, minutes: int, *, late: bool = False) -> int:
    """When the local clock shows this; of two such instants the earlier, or the later; of none, when it jumps."""
    shown = datetime(1970, 1, 1, tzinfo=ZoneInfo(zone)) + timedelta(days=day, minutes=minutes)
    early, later = sorted((_utc(shown.replace(fold=0)), _utc(shown.replace(fold=1))))
    if _local(zone, early) == shown.replace(tzinfo=None):
        return later if late else early
    while later - early > 1:  # the clock jumps over it, an hour or so: at most 32 halvings
        middle = (early + later) // 2
        early, later = (middle, later) if _local(zone, middle) < shown.replace(tzinfo=None) else (early, middle)
    return later


def _utc(shown: datetime) -> int:
    return (shown - _START) // _MICROSECOND


def _local(zone: str, instant: int) -> datetime:
    return (_START + instant * _MICROSECOND).astimezone(ZoneInfo(zone)).replace(tzinfo=None)
