"""The desk's feed in this process: number what is committed, read it in order, hand it to every live desk.

Everything rests on the numbers in the database; a notification or a kick only ends the wait sooner.
"""

import asyncio
import logging
from typing import Final

from gateway.ports.desk import FeedStore, Numbered
from homecare.clock import SECOND, Clock
from homecare.errors import Unavailable

log = logging.getLogger(__name__)

POLL_SECONDS: Final = 0.25
"""The longest wait without a notification: an eighth of what a press may take."""
BACKOFF_SECONDS: Final = (0.05, 0.1, 0.2, 0.5, 1.0)
"""Waits while the database is away; the last one repeats. Its restart takes about half a second."""
PAGE: Final = 200
"""Rows read at once: as many as are numbered at once."""
WAITING_LIMIT: Final = 1_000
"""Rows that may wait for one desk; a slower one is cut and starts again from a snapshot."""
TRIM_EVERY: Final = 3_600 * SECOND
"""Microseconds between two trims of rows that nobody can ask for any more."""
BUCKETS: Final = (0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 10.0)
"""Upper bounds, seconds, of the time from the recording of a row to its number here."""


class Subscription:
    """The rows numbered since it was made, in order, until it is cut. `desk`: for a live desk, and counted as one."""

    def __init__(self, *, desk: bool = True) -> None:
        self.desk = desk
        self._waiting: asyncio.Queue[Numbered] = asyncio.Queue(WAITING_LIMIT)
        self.cut = False

    def give(self, row: Numbered) -> None:
        """Hand over one row; cuts a subscription that does not keep up."""
        try:
            self._waiting.put_nowait(row)
        except asyncio.QueueFull:
            self.cut = True

    async def next(self, seconds: float) -> Numbered | None:
        """The next row, or None when none came within `seconds`."""
        try:
            async with asyncio.timeout(seconds):
                return await self._waiting.get()
        except TimeoutError:
            return None

    async def several(self, seconds: float, limit: int) -> list[Numbered]:
        """The next row and what waits behind it, at most `limit`; nothing when none came within `seconds`."""
        row = await self.next(seconds)
        rows = [] if row is None else [row]
        while rows and len(rows) < limit and not self._waiting.empty():
            rows.append(self._waiting.get_nowait())
        return rows


class Latency:
    """How long rows waited for their number: counts a bucket, and their sum in seconds."""

    def __init__(self) -> None:
        self.counts = [0] * (len(BUCKETS) + 1)
        self.total = 0.0

    def observe(self, seconds: float) -> None:
        """Count one row."""
        place = next((index for index, bound in enumerate(BUCKETS) if seconds <= bound), len(BUCKETS))
        self.counts[place] += 1
        self.total += seconds


class Feed:
    """One reader of the numbered rows for all live desks of this process."""

    def __init__(self, store: FeedStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._subscriptions: set[Subscription] = set()
        self._trimmed_at: int | None = None
        self.away = False
        self.position: int | None = None
        self.latency = Latency()

    @property
    def desks(self) -> int:
        """Live desks."""
        return sum(one.desk for one in self._subscriptions)

    def subscribe(self, *, desk: bool = True) -> Subscription:
        """From now on every numbered row; `Unavailable` before the feed has found its place."""
        if self.position is None:
            raise Unavailable("subscribe", "feed", "the gateway is starting or its database is away; try again")
        subscription = Subscription(desk=desk)
        self._subscriptions.add(subscription)
        return subscription

    def unsubscribe(self, subscription: Subscription) -> None:
        """No more."""
        self._subscriptions.discard(subscription)

    def kick(self) -> None:
        """A transaction of this process has just committed feed rows."""
        self._store.kick()

    async def run(self) -> None:
        """Until cancelled; goes on by itself when the database comes back."""
        attempt = 0
        while True:  # bounded by the process's life; each round waits or moves on by at least one row
            try:
                if not await self.step():
                    await self._store.wait(POLL_SECONDS)
                attempt = 0
            except Unavailable as error:
                log.warning("feed waits for the database: %s", error.subject)
                self.away = True
                await asyncio.sleep(BACKOFF_SECONDS[min(attempt, len(BACKOFF_SECONDS) - 1)])
                attempt += 1

    async def step(self) -> int:
        """Number, read, hand over and, once an hour, trim; how many rows were handed over."""
        if self.position is None or self.away:
            await self._place()
        await self._store.number_committed()
        rows = await self._store.after(self.position or 0, PAGE)
        now = self._clock.now()
        for row in rows:
            self._hand_over(row, now.wall)
        if self._trimmed_at is None or now.elapsed - self._trimmed_at > TRIM_EVERY:
            await self._store.trim()
            self._trimmed_at = now.elapsed
        return len(rows)

    def _hand_over(self, row: Numbered, now: int) -> None:
        self.position = row.number
        self.latency.observe(max(0, now - row.recorded_at) / SECOND)
        for subscription in tuple(self._subscriptions):
            subscription.give(row)
            if subscription.cut:
                self._subscriptions.discard(subscription)

    async def _place(self) -> None:
        """Where to go on; if the numbers went back (a restored backup), all desks start again from a snapshot."""
        newest = await self._store.newest()
        if self.position is None or newest < self.position:
            self.position = newest
            for subscription in self._subscriptions:
                subscription.cut = True
            self._subscriptions.clear()
        self.away = False
