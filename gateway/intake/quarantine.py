"""Frames of the alarm topic that nobody can take, kept for whoever looks for the cause."""

import asyncio
import logging
from typing import Final

from gateway.intake.door import Reason
from gateway.ports.alarm import AlarmStore, SeqRange, SetAside
from gateway.ports.broker import Message
from homecare.clock import MINUTE, Clock
from homecare.errors import Unavailable
from homecare.identity import EdgeId

log = logging.getLogger(__name__)

SET_ASIDE_A_MINUTE: Final = 60
"""Frames kept for whoever looks for the cause; more are only counted, so that no flood fills the disk."""


class Quarantine:
    """What is set aside, within its bound; `keep` is for frames that have no transaction of their own."""

    def __init__(self, store: AlarmStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._waiting: asyncio.Queue[SetAside] = asyncio.Queue(SET_ASIDE_A_MINUTE)
        self._since = 0
        self._kept = 0

    def aside(
        self, message: Message, reason: Reason, detail: str, *, edge: EdgeId | None, seqs: SeqRange | None = None
    ) -> SetAside | None:
        """The bytes for the quarantine; None beyond the bound a minute."""
        now = self._clock.now().elapsed
        if now - self._since > MINUTE:
            self._since, self._kept = now, 0
        self._kept += 1
        if self._kept > SET_ASIDE_A_MINUTE:
            return None
        return SetAside(
            reason=reason,
            detail=detail,
            topic=message.topic,
            frame=message.payload,
            authentic=seqs is not None,
            edge=edge,
            seqs=seqs,
        )

    def keep(self, message: Message, reason: Reason, detail: str, *, edge: EdgeId | None) -> None:
        """Put one in line for the store, within the bounds."""
        aside = self.aside(message, reason, detail, edge=edge)
        if aside is not None and not self._waiting.full():
            self._waiting.put_nowait(aside)

    async def run(self) -> None:
        """Until cancelled."""
        while True:  # bounded by the process's life; each round waits for a frame
            what = await self._waiting.get()
            try:
                await self._store.set_aside(what, self._clock.now().wall)
            except Unavailable as error:
                log.warning("a frame could not be set aside: %s", error.subject)
