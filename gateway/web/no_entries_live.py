"""Who cannot get in, on a desk's live connection: the whole list when it opens, and anew after every change.

A home leaves a read log row when a connection first shows it, as with alarms: a desk that asked every few seconds
would either fill the log or be missing in it. It is read beside the connection's alarms, none of which waits for it.
"""

import asyncio
import contextlib
from typing import Final

from fastapi import Request
from pydantic import BaseModel

from gateway.model.authorisation import NotAllowed, Permission, Subject
from gateway.ports.desk import Read
from gateway.ports.visits import NoEntry
from gateway.web.services import Services
from gateway.web.tenancy import Reach
from gateway.web.visit_schemas import NoEntryView, no_entry_view
from homecare.errors import Unavailable
from homecare.identity import HomeId

WHAT: Final = "no_entries"
"""In the read log, as for the call that asks once."""
LOOK_SECONDS: Final = 2.0
"""The longest wait for a change; then whether the subject may still see them is asked anew."""


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
        self._found: tuple[NoEntry, ...] | None = None
        self._asking: asyncio.Task[NoEntries | None] | None = None
        try:
            self._view = behind.visits.days.open(None)
        except BaseException:
            self._reach.close()
            raise
        self._view.changed.set()

    def news(self) -> NoEntries | None:
        """The list where it changed since it was last given, else None, at once; empty once it may not be seen.

        While the database cannot tell, the change waits.
        """
        told = None
        if self._asking is not None and self._asking.done():
            try:
                told = self._asking.result()
            except Unavailable:
                self._view.changed.set()
            self._asking = None
        if self._asking is None and not self._ended:
            self._asking = asyncio.create_task(self._ask())
        return told

    async def _ask(self) -> NoEntries | None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(LOOK_SECONDS):
                await self._view.changed.wait()
        if not await self._reach.goes_on():
            self._ended = True
            return NoEntries(no_entries=[])
        if not self._view.changed.is_set() and self._reach.units == self._units:
            return None
        self._view.changed.clear()
        self._units = self._reach.units
        before, self._found = self._found, await self._read()
        if self._found == before:
            return None
        return NoEntries(no_entries=[no_entry_view(one, self._behind.registry) for one in self._found])

    async def _read(self) -> tuple[NoEntry, ...]:
        read = Read(person=self._person, what=WHAT, within=self._units)
        found = await self._behind.visits.visits.no_entries(read, shown=self._shown)
        self._shown |= {one.home for one in found}
        return found

    def close(self) -> None:
        """The connection is over."""
        if self._asking is not None:
            self._asking.cancel()
        self._behind.visits.days.close(self._view)
        self._reach.close()


def watch_no_entries(behind: Services, request: Request, subject: Subject) -> NoEntryWatch | None:
    """None for a subject that may end none."""
    try:
        return NoEntryWatch(behind, request, subject)
    except NotAllowed:
        return None
