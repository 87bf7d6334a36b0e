"""The registry over a connection of its own that is opened again when it breaks."""

from psycopg import AsyncConnection
from psycopg.rows import TupleRow

from gateway.adapters.postgres.pool import connect
from gateway.adapters.postgres.registry import PostgresRegistry
from gateway.ports.registry import Snapshot


class ReconnectingRegistry:
    """A `RegistrySource` without the words of screens; every call raises `Unavailable` while the database is away."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._connection: AsyncConnection[TupleRow] | None = None

    async def change_number(self) -> int:
        """Rises with every change."""
        return await (await self._source()).change_number()

    async def load(self) -> Snapshot:
        """The registry as it stands."""
        return await (await self._source()).load()

    async def close(self) -> None:
        """Close the connection, if there is one."""
        if self._connection is not None:
            await self._connection.close()

    async def _source(self) -> PostgresRegistry:
        if self._connection is None or self._connection.closed:
            self._connection = await connect(self._url, name="vaka-bulk-registry", autocommit=True)
        return PostgresRegistry(self._connection, words=False)
