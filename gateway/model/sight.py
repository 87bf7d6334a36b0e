"""Sight: over which time did this gateway hear nothing, or too late? Pure.

Silence counts only while the gateway itself was connected and caught up with heartbeats (rule 12; with facts, the
watermark sees to it). A process that was not running was blind too, from its last sign of life on.
"""

from rules.stimulus import Blind


class Sight:
    """Blind from the start on, since `since`, until it is looked at with everything in order."""

    def __init__(self, since: int) -> None:
        self._since: int | None = since
        self._looked = since
        self._connections = -1

    @property
    def sees(self) -> bool:
        """Whether the last look found everything in order, and `Blind` was told for what lay before."""
        return self._since is None

    def look(self, now: int, *, hears: bool, connections: int) -> Blind | None:
        """Look; what to tell the homes when sight is back, None while it lasts or is still gone.

        `hears`: connected, and no heartbeat waits unread. `connections` counts connections made: a new one means a gap,
        however short.
        """
        looked, self._looked = self._looked, now
        if self._since is None and (not hears or connections != self._connections):
            self._since = min(looked, now)
        if self._since is None or not hears:
            return None
        since, self._since = self._since, None
        self._connections = connections
        return Blind(min(since, now), now)

    def lose(self, since: int) -> None:
        """Blind again since then: what was told may not have been committed."""
        self._since = since if self._since is None else min(self._since, since)
