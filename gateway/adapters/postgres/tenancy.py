"""To which unit something belongs, in PostgreSQL."""

from typing import Final

from gateway.adapters.postgres.connections import Connections
from homecare.identity import AlertId, EdgeId, HomeId, UnitId

_FOR_ALERT: Final = """
SELECT b.backup FROM alert AS a JOIN home AS h ON h.id = a.home JOIN unit_backup AS b ON b.unit = h.unit
WHERE a.id = %s AND a.handling ? 'escalated_at'
"""
_FOR_HOME: Final = """
SELECT b.backup FROM home AS h JOIN unit_backup AS b ON b.unit = h.unit
WHERE h.id = %s AND EXISTS (
    SELECT FROM alert AS a WHERE a.home = h.id AND a.standing <> 'resolved' AND a.handling ? 'escalated_at'
)
"""


class PostgresTenancy:
    """`Tenancy` on PostgreSQL."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    async def unit_of_alert(self, alert: AlertId) -> UnitId | None:
        """Through the home that it is about."""
        return await self._one("SELECT h.unit FROM alert AS a JOIN home AS h ON h.id = a.home WHERE a.id = %s", alert)

    async def standing_in_for_alert(self, alert: AlertId) -> frozenset[UnitId]:
        """Whoever was shown it while it was open is also shown that it ended."""
        return await self._units(_FOR_ALERT, alert)

    async def standing_in_for_home(self, home: HomeId) -> frozenset[UnitId]:
        """Only for as long as the case is open."""
        return await self._units(_FOR_HOME, home)

    async def unit_of_home(self, home: HomeId) -> UnitId | None:
        """The home's own row."""
        return await self._one("SELECT unit FROM home WHERE id = %s", home)

    async def homes_of_edge(self, edge: EdgeId) -> tuple[HomeId, ...]:
        """Its stays that have not ended."""
        stays = "SELECT home FROM edge_home WHERE edge = %s AND valid_until IS NULL ORDER BY home"
        return tuple(HomeId(home) for home in await self._column("read edge", stays, edge))

    async def _units(self, statement: str, id_: str) -> frozenset[UnitId]:
        return frozenset(UnitId(unit) for unit in await self._column("read backups", statement, id_))

    async def _column(self, op: str, statement: str, id_: str) -> list[str]:
        async with self._connections.work(op) as cursor:
            await cursor.execute(statement, (id_,))
            return [row[0] for row in await cursor.fetchall()]

    async def _one(self, statement: str, id_: str) -> UnitId | None:
        async with self._connections.work("read unit") as cursor:
            await cursor.execute(statement, (id_,))
            row = await cursor.fetchone()
        return None if row is None else UnitId(row[0])
