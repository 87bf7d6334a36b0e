"""What the alarm lane has done, counted for whoever supervises it."""

from collections import Counter

import msgspec


class Counts(msgspec.Struct):
    """What the lane has done since it started."""

    frames: int = 0
    facts: int = 0
    duplicates: int = 0
    equivocations: int = 0
    unreadable: int = 0
    lost: int = 0
    receipts: int = 0
    heartbeats: int = 0
    copied: int = 0
    contended: int = 0
    given_up: int = 0
    turned_away: Counter[str] = msgspec.field(default_factory=Counter)
    alerts: Counter[str] = msgspec.field(default_factory=Counter)
