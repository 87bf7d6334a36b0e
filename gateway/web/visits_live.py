"""A coordinator's live connection: the visits of a stretch of time and who cannot get in, anew after every change.

Every event `visits` is the whole list as it is then. A visit becomes late or missed by time alone, without a change:
the list that was read last is judged again with every pulse, and sent again where the judgement differs.
"""

import asyncio
from collections.abc import AsyncGenerator
from typing import Annotated, Final

from fastapi import APIRouter, Query, Request
from pydantic import AwareDatetime, BaseModel

from gateway.model.authorisation import Permission
from gateway.ports.desk import Read, Window
from gateway.ports.visits import NoEntry
from gateway.visits.days import DayView
from gateway.web.live import EventStream
from gateway.web.operator import PROBLEMS
from gateway.web.schemas import Instant, rfc3339
from gateway.web.services import Behind, Services
from gateway.web.session import Watching
from gateway.web.tenancy import Reach
from gateway.web.visit_schemas import NoEntryView, VisitView, no_entry_view, visit_view
from gateway.web.visits import window_of
from homecare.errors import Unavailable
from homecare.identity import HomeId
from homecare.visit import Delay, Visit, delay

PULSE_SECONDS: Final = 2.0
"""As the desk's own feed: a screen that heard nothing for 5 s says that it is not current."""
SETTLE_SECONDS: Final = 1.0
"""Changes that come together are shown together: visits begin by the dozen, and each list is a whole one."""

router: Final = APIRouter(prefix="/api/v1", responses=PROBLEMS)


class VisitList(BaseModel):
    """Visits in order of time; open no entries of the same units and closed ones of these visits, oldest first."""

    at: Instant
    visits: list[VisitView]
    no_entries: list[NoEntryView]
    closed: list[NoEntryView]


class VisitsPulse(BaseModel):
    """Every 2 s: the gateway's time."""

    at: Instant


@router.get(
    "/visits/live",
    summary="Live events: visits, pulse",
    status_code=200,
    response_class=EventStream,
    responses={200: {"description": "server-sent events", "content": {"text/event-stream": {"schema": {}}}}},
)
async def visits_live(
    behind: Behind,
    subject: Watching,
    request: Request,
    since: Annotated[AwareDatetime, Query(alias="from")],
    until: AwareDatetime,
) -> EventStream:
    """First `visits` (a `VisitList`), again after every change, and every 2 s a `pulse`.

    A home leaves a read log row when this connection first shows it.
    """
    window = window_of(since, until)
    reach = Reach(behind, request, subject, Permission.VISIT_READ)
    try:
        view = behind.visits.days.open(None)
    except Unavailable:
        reach.close()
        raise

    def end() -> None:
        reach.close()
        behind.visits.days.close(view)

    return EventStream(_Overview(behind, subject.person, window, reach).events(view), on_end=end)


class _Overview:
    """One live connection: what it showed last, and of which homes."""

    def __init__(self, behind: Services, person: str, window: Window, reach: Reach) -> None:
        self._behind = behind
        self._person = person
        self._window = window
        self._reach = reach
        self._units = reach.units
        self._shown: frozenset[HomeId] = frozenset()
        self._visits: tuple[Visit, ...] = ()
        self._no_entries: tuple[NoEntry, ...] = ()
        self._closed: tuple[NoEntry, ...] = ()
        self._delays: tuple[Delay | None, ...] = ()

    async def events(self, view: DayView) -> AsyncGenerator[bytes, None]:
        """The encoded events; ends with the session, or when the database leaves."""
        loop = asyncio.get_running_loop()
        try:
            await self._read()
            yield self._list()
            pulse_at = loop.time()
            while True:  # bounded by the connection and the session
                if not await self._reach.goes_on():
                    return
                if loop.time() >= pulse_at:
                    pulse_at = loop.time() + PULSE_SECONDS
                    if self._reach.units != self._units:
                        await self._read()
                        yield self._list()
                    elif self._judged() != self._delays:
                        yield self._list()
                    yield _event("pulse", VisitsPulse(at=rfc3339(self._behind.clock.now().wall)))
                if await view.wait(max(0.0, pulse_at - loop.time())):
                    await asyncio.sleep(SETTLE_SECONDS)
                    view.changed.clear()
                    if await self._reach.goes_on():
                        await self._read()
                        yield self._list()
        except Unavailable:
            return

    async def _read(self) -> None:
        self._units = self._reach.units
        store, read = self._behind.visits.visits, Read(person=self._person, what="visits", within=self._units)
        self._visits = await store.visits(self._window, read, shown=self._shown)
        self._shown |= {HomeId(visit.home) for visit in self._visits}
        self._no_entries = await store.no_entries(read, shown=self._shown)
        self._closed = await store.closed_no_entries([visit.id for visit in self._visits])
        self._shown |= {one.home for one in self._no_entries}

    def _judged(self) -> tuple[Delay | None, ...]:
        now = self._behind.clock.now().wall
        return tuple(delay(visit, now) for visit in self._visits)

    def _list(self) -> bytes:
        self._delays = self._judged()
        now, registry = self._behind.clock.now().wall, self._behind.registry
        told = VisitList(
            at=rfc3339(now),
            visits=[visit_view(visit, registry, now) for visit in self._visits],
            no_entries=[no_entry_view(one, registry) for one in self._no_entries],
            closed=[no_entry_view(one, registry) for one in self._closed],
        )
        return _event("visits", told)


def _event(name: str, data: BaseModel) -> bytes:
    return f"event: {name}\ndata: {data.model_dump_json(by_alias=True)}\n\n".encode()
