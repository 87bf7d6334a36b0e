"""To which unit something belongs, in PostgreSQL."""

from gateway.adapters.postgres.connections import AWAY, Connections
from gateway.adapters.postgres.pool import unavailable
from homecare.identity import AlertId, HomeId, UnitId


class PostgresTenancy:
    """`Tenancy` on PostgreSQL."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    async def unit_of_alert(self, alert: AlertId) -> UnitId | None:
        """Through the home that it is about."""
        return await self._one("SELECT h.unit FROM alert AS a JOIN home AS h ON h.id = a.home WHERE a.id = %s", alert)

    async def unit_of_home(self, home: HomeId) -> UnitId | None:
        """The home's own row."""
        return await self._one("SELECT unit FROM home WHERE id = %s", home)

    async def _one(self, statement: str, id_: str) -> UnitId | None:
        try:
            async with self._connections.transaction() as cursor:
                await cursor.execute(statement, (id_,))
                row = await cursor.fetchone()
        except AWAY as error:
            raise unavailable("read unit", error) from error
        return None if row is None else UnitId(row[0])
