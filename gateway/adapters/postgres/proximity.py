"""Proofs that somebody stands at a door: the newest of a person and home, read by whoever decides about the door."""

from typing import Final

from gateway.adapters.postgres.connections import Connections
from gateway.adapters.postgres.rows import from_wall
from homecare.grant import PROXIMITY_LIFE
from homecare.identity import HomeId

_PROVE: Final = """
INSERT INTO proximity (person, home, how, proved_at, expires_at) VALUES (%s, %s, %s, %s, %s)
ON CONFLICT (person, home) DO UPDATE SET
    how = excluded.how, proved_at = excluded.proved_at, expires_at = excluded.expires_at
WHERE proximity.proved_at < excluded.proved_at
"""


class PostgresProximity:
    """See `gateway.ports.proximity.ProximityStore`."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    async def prove(self, person: str, home: HomeId, *, how: str, at: int) -> None:
        """Keep it, unless there is a newer one."""
        times = (from_wall(at), from_wall(at + PROXIMITY_LIFE))
        async with self._connections.work("prove proximity") as cursor:
            await cursor.execute(_PROVE, (person, home, how, *times))
