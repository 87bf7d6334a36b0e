"""The audit as a screen shows it: what is about homes of the reader's units, and a trace of the reading."""

from collections.abc import Sequence
from typing import Any, Final

from gateway.adapters.postgres.audit import read_entry
from gateway.adapters.postgres.connections import Connections
from gateway.adapters.postgres.desk_views import log_reads
from gateway.adapters.postgres.people import unit_list
from gateway.adapters.postgres.rows import from_wall
from gateway.model.audit import Entry
from gateway.ports.desk import Read
from homecare.identity import HomeId

_COLUMNS: Final = ", ".join(Entry.__struct_fields__)
_NEWEST: Final = f"""
SELECT {_COLUMNS} FROM audit
WHERE at >= %(since)s AND (%(home)s::text IS NULL OR home = %(home)s)
  AND home IN (SELECT id FROM home WHERE %(units)s::text[] IS NULL OR unit = ANY(%(units)s))
ORDER BY number DESC LIMIT %(limit)s
"""


class PostgresAudit:
    """`AuditStore` on PostgreSQL."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    async def entries(self, home: HomeId | None, since: int, *, limit: int, read: Read) -> Sequence[Entry]:
        """One statement over the newest entries, and the read log's rows in the same transaction."""
        named: dict[str, Any] = {"home": home, "since": from_wall(since), "units": unit_list(read.within)}
        async with self._connections.work("read the audit") as cursor:
            await cursor.execute(_NEWEST, {**named, "limit": limit})
            found = [read_entry(row) for row in await cursor.fetchall()]
            shown = {HomeId(one.home) for one in found if one.home is not None}
            await log_reads(cursor, shown if home is None else {home}, read)
        return found
