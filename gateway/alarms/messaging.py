"""Messaging: what the outbox holds for another system is sent, tried again, and given up aloud.

A message goes at least once: a process that dies between the other system's answer and our note of it sends it again
under the same key, by which the other system knows it.
"""

import asyncio
import logging
from typing import Final

from gateway.ports.escalation import OutboxStore, Outgoing, Transport
from homecare.clock import MINUTE, SECOND, Clock
from homecare.errors import Unavailable

log = logging.getLogger(__name__)

LOOK_SECONDS: Final = 0.5
"""How long a new message may lie."""
LEASE: Final = 15 * SECOND
"""Microseconds for one attempt, above the road's own bound: after it another process may try."""
WAITS: Final = tuple(seconds * SECOND for seconds in (1, 2, 5, 10, 30, 60))
"""Microseconds between attempts; the last one repeats."""
LIFE: Final = 30 * MINUTE
"""Microseconds from its making for which a message is worth sending; the ladder makes a new one every minute."""
ROUND: Final = 50
"""Messages of one round."""


class Messaging:
    """Carries the outbox to one other system."""

    def __init__(self, store: OutboxStore, transport: Transport, clock: Clock) -> None:
        self._store = store
        self._transport = transport
        self._clock = clock

    async def run(self) -> None:
        """Until cancelled; goes on by itself when the database comes back."""
        while True:  # bounded by the process's life
            try:
                await self.round()
            except Unavailable as error:
                log.warning("the outbox waits for the database: %s", error.subject)
            await asyncio.sleep(LOOK_SECONDS)

    async def round(self) -> int:
        """Try what is due now; how many messages were tried."""
        for tried in range(ROUND):
            now = self._clock.now().wall
            message = await self._store.claim(now, now + LEASE)
            if message is None:
                return tried
            await self._try(message, now)
        return ROUND

    async def _try(self, message: Outgoing, now: int) -> None:
        if now - message.created_at > LIFE:
            log.error("message %s was never taken and is given up", message.key)
            await self._store.give_up(message, now, why="too old")
            return
        try:
            await self._transport.send(message, now)
        except Unavailable as error:
            log.warning("message %s did not go (attempt %d): %s", message.key, message.attempts, error.subject)
            wait = WAITS[min(message.attempts, len(WAITS)) - 1]
            await self._store.postpone(message, until=self._clock.now().wall + wait, why=error.subject)
            return
        await self._store.delivered(message, self._clock.now().wall)
