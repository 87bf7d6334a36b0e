"""Reading the audit on a screen: by unit and home, newest first."""

from collections.abc import Sequence
from typing import Protocol

from gateway.model.audit import Entry
from gateway.ports.desk import Read
from homecare.identity import HomeId


class AuditStore(Protocol):
    """The audit for whoever answers for it; `Unavailable` when the store is away."""

    async def entries(self, home: HomeId | None, since: int, *, limit: int, read: Read) -> Sequence[Entry]:
        """At most `limit` entries about homes of `read.within` from that wall time on, newest first.

        Of one home, or of all for None. The reading is logged: a row for every home that is shown, and for the one that
        was asked for.
        """
        ...
