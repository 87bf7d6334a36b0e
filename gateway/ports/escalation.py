"""What the ladder and the road out need of a store and of the other system; one method, one transaction.

Every method of a store raises `Unavailable` when it is away. Times are wall microseconds.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

import msgspec

from homecare.alert import Alert, Transition


class Message(msgspec.Struct, frozen=True):
    """Something that must leave the house: opaque ids only. The same `key` is the same message."""

    key: str
    body: Mapping[str, str | int]


class Step(msgspec.Struct, frozen=True):
    """One transition that time brought: the alert after it, what the log keeps beside it, what is sent with it."""

    alert: Alert
    transition: Transition
    detail: Mapping[str, object]
    message: Message | None = None


class LadderStore(Protocol):
    """The alerts that are due."""

    async def climb(self, now: int, decide: Callable[[Alert], Sequence[Step]]) -> bool:
        """Lock the alert that is longest overdue and that nobody else holds, and put `decide`'s steps in force.

        All of them or none, with their log, feed and outbox rows; when it is due next is written with them. False
        where nothing is due. Of two processes one takes the step, the other finds it done.
        """
        ...


class Outgoing(msgspec.Struct, frozen=True):
    """A message that this process may try now; `attempts` counts this one."""

    id: int
    key: str
    body: Mapping[str, object]
    created_at: int
    attempts: int


class OutboxStore(Protocol):
    """The messages on their way out."""

    async def claim(self, now: int, until: int) -> Outgoing | None:
        """The next message that is due, which nobody else gets before `until`; None for none."""
        ...

    async def delivered(self, message: Outgoing, at: int) -> None:
        """The other system has it."""
        ...

    async def postpone(self, message: Outgoing, *, until: int, why: str) -> None:
        """It did not go; it may be tried again from `until` on."""
        ...

    async def give_up(self, message: Outgoing, at: int, *, why: str) -> None:
        """It is not worth sending any more."""
        ...


class Transport(Protocol):
    """The road to the other system."""

    async def send(self, message: Outgoing, at: int) -> None:
        """Return once the other system said that it has the message; `Unavailable` for everything else."""
        ...
