"""Whose day changed: told by whatever changes a visit, a plan or a no entry."""

from typing import Protocol


class DayWatch(Protocol):
    """One listener of its own. `Unavailable` when the store is away."""

    async def changed(self, seconds: float) -> frozenset[str] | None:
        """People whose day changed since the last call, after at most `seconds`; none of them: an empty set.

        None: something may have been missed (the first call, or the first after a break), so everybody's.
        """
        ...

    async def close(self) -> None:
        """Listen no longer."""
        ...
