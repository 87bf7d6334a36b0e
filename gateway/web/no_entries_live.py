"""Who cannot get in, on a desk's live connection: the whole list when it opens, and anew after every change.

A home leaves a read log row when a connection first shows it, as with alarms: a desk that asked every few seconds
would either fill the log or be missing in it.
"""

from typing import Final

from fastapi import Request
from pydantic import BaseModel

from gateway.model.authorisation import NotAllowed, Permission, Subject
from gateway.ports.desk import Read
from gateway.ports.visits import NoEntry
from gateway.web.services import Services
from gateway.web.tenancy import Reach
from gateway.web.visit_schemas import NoEntryView, no_entry_view
from homecare.identity import HomeId

WHAT: Final = "no_entries"
"""In the read log, as for the call that asks once."""


class NoEntries(BaseModel):
    """Open ones of the units whose no entries the subject may end, oldest first."""

    no_entries: list[NoEntryView]


class NoEntryWatch:
    """Of one live connection. `NotAllowed` for a subject that may end none, `Unavailable` where it is full."""

    def __init__(self, behind: Services, request: Request, subject: Subject) -> None:
        self._behind = behind
        self._person = subject.person
        self._reach = Reach(behind, request, subject, Permission.NO_ENTRY_CLOSE)
        self._units = self._reach.units
        self._shown: frozenset[HomeId] = frozenset()
        self._ended = False
        try:
            self._view = behind.visits.days.open(None)
        except BaseException:
            self._reach.close()
            raise
        self._view.changed.set()

    async def news(self) -> NoEntries | None:
        """The list where it may have changed since it was last given, else None; empty once it may not be seen."""
        if self._ended:
            return None
        if not await self._reach.goes_on():
            self._ended = True
            return NoEntries(no_entries=[])
        if not self._view.changed.is_set() and self._reach.units == self._units:
            return None
        self._view.changed.clear()
        self._units = self._reach.units
        return NoEntries(no_entries=[no_entry_view(one, self._behind.registry) for one in await self._read()])

    async def _read(self) -> tuple[NoEntry, ...]:
        read = Read(person=self._person, what=WHAT, within=self._units)
        found = await self._behind.visits.visits.no_entries(read, shown=self._shown)
        self._shown |= {one.home for one in found}
        return found

    def close(self) -> None:
        """The connection is over."""
        self._behind.visits.days.close(self._view)
        self._reach.close()


def watch_no_entries(behind: Services, request: Request, subject: Subject) -> NoEntryWatch | None:
    """None for a subject that may end none."""
    try:
        return NoEntryWatch(behind, request, subject)
    except NotAllowed:
        return None
