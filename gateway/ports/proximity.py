"""Proof that a person stands at a home's door, kept for whoever decides about the door."""

from typing import Protocol

from homecare.identity import HomeId


class ProximityStore(Protocol):
    """Keeps the newest proof of a person at a home. `Unavailable` when the store is away."""

    async def prove(self, person: str, home: HomeId, *, how: str, at: int) -> None:
        """`person` proved at `at` (wall microseconds of the gateway) by `how`, such as `tag`; an older proof of the
        same person and home never replaces a newer one.
        """
        ...
