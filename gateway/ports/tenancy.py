"""To which unit something belongs: asked before anybody is shown anything of it."""

from typing import Protocol

from homecare.identity import AlertId, EdgeId, HomeId, UnitId


class Tenancy(Protocol):
    """Looks up units; `Unavailable` when the store is away."""

    async def unit_of_alert(self, alert: AlertId) -> UnitId | None:
        """The unit of the alert's home, None for no such alert."""
        ...

    async def standing_in_for_alert(self, alert: AlertId) -> frozenset[UnitId]:
        """The units whose desks stand in for the one that the alert belongs to: none before it was escalated."""
        ...

    async def standing_in_for_home(self, home: HomeId) -> frozenset[UnitId]:
        """The units whose desks stand in for the home's own: none without an open alert that was escalated."""
        ...

    async def unit_of_home(self, home: HomeId) -> UnitId | None:
        """The unit of the home, None for no such home."""
        ...

    async def homes_of_edge(self, edge: EdgeId) -> tuple[HomeId, ...]:
        """The homes in which the edge stands now; none for no such edge and for one that was revoked."""
        ...
