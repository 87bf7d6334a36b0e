"""The broker, as the services see it: a lossy pipe that may also repeat and reorder."""

from collections.abc import Sequence
from typing import Protocol

import msgspec


class Message(msgspec.Struct, frozen=True, gc=False):
    """One message as it came. `token` is what the broker's acknowledgement needs; nobody else reads it."""

    topic: str
    payload: bytes
    token: int = 0


class Broker(Protocol):
    """One connection. Acknowledgement is backpressure, not safety: receipts make every loss good."""

    @property
    def connected(self) -> bool:
        """Whether the broker's answer to our connection came and the subscriptions were granted."""
        ...

    @property
    def connections(self) -> int:
        """How often a connection was made; a change means that something may have been missed."""
        ...

    async def start(self) -> None:
        """Begin to connect and keep connecting; returns at once."""
        ...

    async def stop(self) -> None:
        """Disconnect in order; what was not acknowledged comes again."""
        ...

    async def messages(self, limit: int) -> list[Message]:
        """Everything that waits, at most `limit`, oldest first; waits for the first one."""
        ...

    async def wait(self, seconds: float) -> None:
        """Return when anything waits, at the latest after `seconds`."""
        ...

    def take(self, limit: int, *, size: int) -> list[Message]:
        """What waits now, at most `limit` messages and about `size` bytes of payload; perhaps nothing."""
        ...

    @property
    def waiting(self) -> int:
        """Messages that were read and not yet taken."""
        ...

    @property
    def paused(self) -> bool:
        """Whether reading stands still because too much waits: then we are behind."""
        ...

    def acknowledge(self, messages: Sequence[Message]) -> None:
        """Let the broker forget these; does nothing for those of an earlier connection."""
        ...

    def publish(self, topic: str, payload: bytes, *, qos: int = 1) -> bool:
        """Hand over one message; False, and it is gone, while there is no connection."""
        ...
