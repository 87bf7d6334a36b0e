"""A phone's live connection: its person's day whenever something of it changed, and a pulse.

Every event `today` is the whole day as it is then: a phone that was away has missed nothing once it is back.
"""

import asyncio
from collections.abc import AsyncGenerator
from typing import Final

from fastapi import APIRouter, Request
from pydantic import BaseModel

from gateway.model.authorisation import Permission, Subject
from gateway.visits.days import DayView
from gateway.web.live import EventStream
from gateway.web.operator import PROBLEMS
from gateway.web.phone import read_today
from gateway.web.schemas import Instant, rfc3339
from gateway.web.services import Behind, Services
from gateway.web.session import Listening
from gateway.web.tenancy import Reach
from homecare.errors import Unavailable

PULSE_SECONDS: Final = 5.0
"""A phone that heard nothing for twice as long says that it is offline."""
SETTLE_SECONDS: Final = 0.2
"""Changes that come together are shown together: a plan changes many visits of a person."""

router: Final = APIRouter(prefix="/api/v1/phone", responses=PROBLEMS)


class PhonePulse(BaseModel):
    """Every 5 s: the gateway's time."""

    at: Instant


@router.get(
    "/live",
    summary="Live events: today, pulse",
    status_code=200,
    response_class=EventStream,
    responses={200: {"description": "server-sent events", "content": {"text/event-stream": {"schema": {}}}}},
)
async def phone_live(behind: Behind, subject: Listening, request: Request) -> EventStream:
    """First `today` (a `Today`), again after every change, and every 5 s a `pulse`.

    It goes on until the session's absolute end, so that a phone rings that nobody has touched for an hour.
    """
    reach = Reach(behind, request, subject, Permission.TODAY_READ, listening=True)
    try:
        view = behind.visits.days.open(subject.person)
    except Unavailable:
        reach.close()
        raise

    def end() -> None:
        reach.close()
        behind.visits.days.close(view)

    return EventStream(_events(behind, subject, view, reach), on_end=end)


async def _events(behind: Services, subject: Subject, view: DayView, reach: Reach) -> AsyncGenerator[bytes, None]:
    """The encoded events; ends with the session, or when the database leaves."""
    loop = asyncio.get_running_loop()
    try:
        yield _event("today", await read_today(behind, subject))
        pulse_at = loop.time()
        while True:  # bounded by the connection and the session
            if not await reach.goes_on():
                return
            if loop.time() >= pulse_at:
                pulse_at = loop.time() + PULSE_SECONDS
                yield _event("pulse", PhonePulse(at=rfc3339(behind.clock.now().wall)))
            if await view.wait(max(0.0, pulse_at - loop.time())):
                await asyncio.sleep(SETTLE_SECONDS)
                view.changed.clear()
                if await reach.goes_on():
                    yield _event("today", await read_today(behind, subject))
    except Unavailable:
        return


def _event(name: str, data: BaseModel) -> bytes:
    return f"event: {name}\ndata: {data.model_dump_json(by_alias=True)}\n\n".encode()
