"""What a broker's connection has read and nobody has taken yet: bounded, in order."""

import asyncio
import contextlib
from collections import deque
from typing import Final

from gateway.ports.broker import Message

WAITING_BYTES: Final = 8 * 1024 * 1024
"""Of payloads that wait here: a second of work at full rate, and small beside the process's memory."""
WAITING_MESSAGES: Final = 20_000
"""The same bound for very small frames."""


class Backlog:
    """A queue that says when its connection must stop reading and when it may go on."""

    def __init__(self) -> None:
        self._messages: deque[Message] = deque()
        self._bytes = 0
        self._arrived = asyncio.Event()
        self._failure: BaseException | None = None

    def __len__(self) -> int:
        return len(self._messages)

    @property
    def full(self) -> bool:
        """Whether too much waits: stop reading."""
        return self._bytes > WAITING_BYTES or len(self._messages) > WAITING_MESSAGES

    @property
    def roomy(self) -> bool:
        """Whether half the room is free again: read on."""
        return self._bytes <= WAITING_BYTES // 2 and len(self._messages) <= WAITING_MESSAGES // 2

    def add(self, message: Message) -> None:
        """One more message came."""
        self._messages.append(message)
        self._bytes += len(message.payload)
        self._arrived.set()

    def take(self, limit: int, size: int) -> list[Message]:
        """The oldest, at most `limit` messages and about `size` bytes; raises what ended the connection for good."""
        self._heed()
        taken: list[Message] = []
        least = self._bytes - size
        while self._messages and len(taken) < limit and self._bytes > least:
            message = self._messages.popleft()
            self._bytes -= len(message.payload)
            taken.append(message)
        return taken

    def close(self, connecting: asyncio.Task[None]) -> None:
        """Whoever keeps the connection has ended: if by a bug, nothing will ever come, and whoever waits is told."""
        if not connecting.cancelled() and (failure := connecting.exception()) is not None:
            self._failure = failure
            self._arrived.set()

    async def arrival(self) -> None:
        """Return when anything waits; raises what ended the connection for good."""
        while not self._messages:
            self._heed()
            self._arrived.clear()
            await self._arrived.wait()

    async def arrival_within(self, seconds: float) -> None:
        """Return when anything waits, at the latest after `seconds`."""
        if not self._messages:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    await self.arrival()

    def clear(self) -> None:
        """Forget all, also what ended the connection."""
        self._messages.clear()
        self._bytes = 0
        self._failure = None

    def _heed(self) -> None:
        if self._failure is not None and not self._messages:
            raise self._failure
