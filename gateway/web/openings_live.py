"""Remote openings that wait for a second person, on a desk's live connection."""

from typing import Final

from fastapi import Request
from pydantic import BaseModel

from gateway.model.authorisation import Permission, Subject, Units
from gateway.ports.access import Opening
from gateway.ports.desk import Read
from gateway.web.door_schemas import OpeningAnswer, opening_answer
from gateway.web.live_list import LiveList
from gateway.web.services import Services

WHAT: Final = "openings"
"""In the read log, as for the call that asks once."""


class Openings(BaseModel):
    """Those that the subject may be the second person of, the subject's own aside, oldest first."""

    openings: list[OpeningAnswer]


class OpeningWatch(LiveList[Opening]):
    """For whoever may be the second person."""

    event = "openings"

    def __init__(self, behind: Services, request: Request, subject: Subject) -> None:
        super().__init__(behind, request, subject, Permission.DOOR_SECOND)

    async def _read(self, units: Units) -> tuple[Opening, ...]:
        person = self._subject.person
        found = await self._behind.access.openings_within(units, person)
        fresh = {one.ask.home for one in found} - self._shown
        await self._behind.store.log_reads(sorted(fresh), Read(person=person, what=WHAT, within=units))
        self._shown |= fresh
        return found

    def _told(self, found: tuple[Opening, ...]) -> Openings:
        now = self._behind.clock.now().wall
        return Openings(openings=[opening_answer(one, self._behind.registry, now) for one in found])

    def _over(self, found: tuple[Opening, ...]) -> bool:
        now = self._behind.clock.now().wall
        return any(one.expires_at <= now for one in found)
