"""Wall microseconds to and from the database's timestamps."""

from datetime import UTC, datetime, timedelta
from typing import Final

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)


def from_wall(microseconds: int) -> datetime:
    """The timestamp of a wall time; every wall time of the wire fits."""
    return _EPOCH + timedelta(microseconds=microseconds)


def wall(moment: datetime) -> int:
    """The wall time of a timestamp."""
    return (moment - _EPOCH) // _MICROSECOND
