"""A list beside a desk's live alarms: whole when the connection opens, and anew after every change.

A home leaves a read log row when a connection first shows it, as with alarms: a desk that asked every few seconds
would either fill the log or be missing in it. It is read beside the connection's alarms, none of which waits for it.
"""

import asyncio
import contextlib
from abc import ABC, abstractmethod
from typing import Final, Generic, TypeVar

from fastapi import Request
from pydantic import BaseModel

from gateway.model.authorisation import Permission, Subject, Units
from gateway.web.services import Services
from gateway.web.tenancy import Reach
from homecare.errors import Unavailable
from homecare.identity import HomeId

Found = TypeVar("Found")
LOOK_SECONDS: Final = 2.0
"""The longest wait for a change; then whether the subject may still see the list is asked anew."""


class LiveList(ABC, Generic[Found]):
    """Of one live connection. `NotAllowed` for a subject that may see none, `Unavailable` where it is full."""

    event: str
    """The name of the event that carries it."""

    def __init__(self, behind: Services, request: Request, subject: Subject, permission: Permission) -> None:
        self._behind = behind
        self._subject = subject
        self._reach = Reach(behind, request, subject, permission)
        self._units = self._reach.units
        self._shown: frozenset[HomeId] = frozenset()
        self._ended = False
        self._found: tuple[Found, ...] | None = None
        self._asking: asyncio.Task[BaseModel | None] | None = None
        try:
            self._view = behind.visits.days.open(None)
        except BaseException:
            self._reach.close()
            raise
        self._view.changed.set()

    @abstractmethod
    async def _read(self, units: Units) -> tuple[Found, ...]:
        """What is to be shown of these units now; homes that `_shown` lacks are logged and added to it."""

    @abstractmethod
    def _told(self, found: tuple[Found, ...]) -> BaseModel:
        """The event's content."""

    def _over(self, found: tuple[Found, ...]) -> bool:
        """Whether time alone has ended something that was shown."""
        del found
        return False

    def news(self) -> BaseModel | None:
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

    async def _ask(self) -> BaseModel | None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(LOOK_SECONDS):
                await self._view.changed.wait()
        if not await self._reach.goes_on():
            self._ended = True
            return self._told(())
        if not self._view.changed.is_set() and self._reach.units == self._units and not self._over(self._found or ()):
            return None
        self._view.changed.clear()
        self._units = self._reach.units
        before, self._found = self._found, await self._read(self._units)
        return None if self._found == before else self._told(self._found)

    def close(self) -> None:
        """The connection is over."""
        if self._asking is not None:
            self._asking.cancel()
        self._behind.visits.days.close(self._view)
        self._reach.close()
