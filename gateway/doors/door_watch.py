"""The doors' watch: what homes say of their doors closes commands, starts and ends visits, and puts people on site.

It takes the facts of the access stream one by one, each in a transaction of its own, in every home in the order in
which the home stated them. A fact taken twice changes nothing the second time. One that cannot be taken is set aside
with its reason and holds up neither its home nor anybody else's; nothing on an alarm's road waits for any of this.
"""

import asyncio
import logging
from collections.abc import Callable
from typing import Final, Protocol

import msgspec

from gateway.ports.access import DoorFact
from homecare.clock import Clock
from homecare.errors import Unavailable
from homecare.identity import HomeId

log = logging.getLogger(__name__)

POLL_SECONDS: Final = 0.5
"""The longest wait without a notification: a quarter of what a check-in may take."""
BACKOFF_SECONDS: Final = (0.05, 0.1, 0.2, 0.5, 1.0)
"""Waits while the database is away; the last one repeats."""
PAGE: Final = 200
"""Facts looked at together."""


class DoorStore(Protocol):
    """Where the facts wait and what they change; `Unavailable` when it is away."""

    async def waiting(self, limit: int) -> list[DoorFact]:
        """At most `limit` facts that nobody has taken, in order."""
        ...

    async def take(self, fact: DoorFact, now: int) -> bool:
        """Put the fact into force and mark it as taken, in one transaction; False where another process did."""
        ...

    async def set_aside(self, fact: DoorFact, why: str, now: int) -> None:
        """Mark it as one that could not be taken."""
        ...

    async def wait(self, seconds: float) -> None:
        """Return when there may be something new, at the latest after `seconds`."""
        ...


class Contended(Unavailable):
    """Somebody holds a row that the fact changes: try again in a moment."""


class Counts(msgspec.Struct):
    """What was done since the start."""

    taken: int = 0
    set_aside: int = 0
    contended: int = 0


class DoorWatch:
    """The loop. `told` is called after facts that desks and phones may want to hear of."""

    def __init__(self, store: DoorStore, clock: Clock, *, told: Callable[[], None]) -> None:
        self._store = store
        self._clock = clock
        self._told = told
        self.counts = Counts()

    async def run(self) -> None:
        """Until cancelled."""
        away = 0
        while True:  # bounded by the process's life; each round waits
            try:
                if not await self._round():
                    await self._store.wait(POLL_SECONDS)
                away = 0
            except Unavailable as error:
                log.warning("the doors' watch waits for the database: %s", error.subject)
                await asyncio.sleep(BACKOFF_SECONDS[min(away, len(BACKOFF_SECONDS) - 1)])
                away += 1

    async def _round(self) -> int:
        """Take what waits; how many facts went. Where one is held up, its home's later ones stay for the next round."""
        held_up: set[HomeId] = set()
        gone = 0
        for fact in await self._store.waiting(PAGE):
            if fact.home in held_up:
                continue
            try:
                await self._take(fact)
                gone += 1
            except Contended:
                self.counts.contended += 1
                held_up.add(fact.home)
        if gone:
            self._told()
        return gone

    async def _take(self, fact: DoorFact) -> None:
        try:
            self.counts.taken += await self._store.take(fact, self._clock.now().wall)
        except Unavailable:
            raise
        except Exception as error:  # why: a fact that breaks us would end the process of the alarms at every start
            log.exception("a fact of a door is set aside: %s", fact.id)
            self.counts.set_aside += 1
            await self._store.set_aside(fact, f"{type(error).__name__}: {error}", self._clock.now().wall)
