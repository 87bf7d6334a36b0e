"""To which unit something belongs: asked before anybody is shown anything of it."""

from typing import Protocol

from homecare.identity import AlertId, HomeId, UnitId


class Tenancy(Protocol):
    """Looks up units; `Unavailable` when the store is away."""

    async def unit_of_alert(self, alert: AlertId) -> UnitId | None:
        """The unit of the alert's home, None for no such alert."""
        ...

    async def unit_of_home(self, home: HomeId) -> UnitId | None:
        """The unit of the home, None for no such home."""
        ...
