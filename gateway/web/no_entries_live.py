"""Who cannot get in, on a desk's live connection."""

from typing import Final

from fastapi import Request
from pydantic import BaseModel

from gateway.model.authorisation import Permission, Subject, Units
from gateway.ports.desk import Read
from gateway.ports.visits import NoEntry
from gateway.web.live_list import LiveList
from gateway.web.services import Services
from gateway.web.visit_schemas import NoEntryView, no_entry_view

WHAT: Final = "no_entries"
"""In the read log, as for the call that asks once."""


class NoEntries(BaseModel):
    """Open ones of the units whose no entries the subject may end, oldest first."""

    no_entries: list[NoEntryView]


class NoEntryWatch(LiveList[NoEntry]):
    """For whoever may end them."""

    event = "no_entries"

    def __init__(self, behind: Services, request: Request, subject: Subject) -> None:
        super().__init__(behind, request, subject, Permission.NO_ENTRY_CLOSE)

    async def _read(self, units: Units) -> tuple[NoEntry, ...]:
        read = Read(person=self._subject.person, what=WHAT, within=units)
        found = await self._behind.visits.visits.no_entries(read, shown=self._shown)
        self._shown |= {one.home for one in found}
        return found

    def _told(self, found: tuple[NoEntry, ...]) -> NoEntries:
        return NoEntries(no_entries=[no_entry_view(one, self._behind.registry) for one in found])
