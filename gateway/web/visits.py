"""The coordinator's calls: the plan, the visits, and the no entries that wait for somebody."""

from datetime import datetime
from typing import Annotated, Final

from fastapi import APIRouter, Path, Query, Request
from pydantic import AwareDatetime

from gateway.model.authorisation import Permission, Resource, Subject, require, units_for
from gateway.ports.desk import Read, Window
from gateway.ports.visits import Closing
from gateway.visits.visits import SentPlan, close_no_entry, preview_plan, take_plan
from gateway.web.operator import PROBLEMS
from gateway.web.schemas import Problem
from gateway.web.services import Behind, Services
from gateway.web.session import Signed
from gateway.web.visit_schemas import (
    ClosingRequest,
    NoEntryView,
    PlanAnswer,
    VisitView,
    no_entry_view,
    plan_answer,
    visit_view,
    wall_of,
)
from homecare.clock import DAY
from homecare.errors import Malformed, Unknown
from homecare.identity import ID_PATTERN, UnitId

CSV: Final = "text/csv"
WINDOW_MOST: Final = 40 * DAY
"""Microseconds of visits in one answer."""
_BODY: Final = {"requestBody": {"required": True, "content": {CSV: {"schema": {"type": "string"}}}}}

router: Final = APIRouter(prefix="/api/v1", responses=PROBLEMS)

UnitQuery = Annotated[str | None, Query(pattern=ID_PATTERN, description="may be left out by who plans for one unit")]
NoEntryPath = Annotated[str, Path(pattern=ID_PATTERN, alias="no_entry")]


@router.post("/visits/plan/preview", summary="What a plan would change; changes nothing", openapi_extra=_BODY)
async def preview(behind: Behind, subject: Signed, request: Request, unit: UnitQuery = None) -> PlanAnswer:
    """The whole file is looked at; see docs/plan_csv.md."""
    sent = await _sent(behind, subject, request, unit=unit, exported_at=None)
    return plan_answer(*await preview_plan(behind.visits.visits, sent))


@router.post(
    "/visits/plan",
    summary="Take a plan over, whole or not at all",
    openapi_extra=_BODY,
    responses={409: {"model": Problem, "description": "a plan that was exported later was taken"}},
)
async def take(
    behind: Behind,
    subject: Signed,
    request: Request,
    unit: UnitQuery = None,
    exported_at: Annotated[AwareDatetime | None, Query(description="when the planning system wrote it")] = None,
) -> PlanAnswer:
    """With errors nothing was taken. The same file again changes nothing."""
    sent = await _sent(behind, subject, request, unit=unit, exported_at=exported_at)
    return plan_answer(*await take_plan(behind.visits.visits, sent, subject.person))


async def _sent(
    behind: Services, subject: Subject, request: Request, *, unit: str | None, exported_at: datetime | None
) -> SentPlan:
    planned = _unit(behind, subject, unit)
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != CSV:
        raise Malformed("read request", "Content-Type", f"send the file as {CSV}")
    now = behind.clock.now().wall
    return SentPlan(
        unit=planned,
        zones={home.id: home.time_zone for home in behind.registry.homes.values() if home.unit == planned},
        content=await request.body(),
        received_at=now,
        exported_at=now if exported_at is None else min(wall_of(exported_at), now),
    )


def _unit(behind: Services, subject: Subject, unit: str | None) -> UnitId:
    """The unit whose plan it is; another's is as unknown as none."""
    units = units_for(subject, Permission.VISIT_PLAN)
    known = {home.unit for home in behind.registry.homes.values()} if units is None else units
    if unit is None:
        if len(known) != 1:
            raise Malformed("read request", "unit", "name the unit: you plan for several, or for none")
        return next(iter(known))
    if UnitId(unit) not in known:
        raise Unknown("read unit", "unit", "there is no such unit")
    require(subject, Permission.VISIT_PLAN, Resource(unit=UnitId(unit)))
    return UnitId(unit)


@router.get("/visits", summary="Visits in order of time, as planned and as done")
async def list_visits(
    behind: Behind,
    subject: Signed,
    since: Annotated[AwareDatetime, Query(alias="from")],
    until: AwareDatetime,
) -> list[VisitView]:
    """Every home that is shown leaves a read log row."""
    window = window_of(since, until)
    read = Read(person=subject.person, what="visits", within=units_for(subject, Permission.VISIT_READ))
    now = behind.clock.now().wall
    return [visit_view(visit, behind.registry, now) for visit in await behind.visits.visits.visits(window, read)]


def window_of(since: datetime, until: datetime) -> Window:
    """The stretch of time that was asked for; `Malformed` where it is none, or too long for one answer."""
    window = Window(since=wall_of(since), until=wall_of(until))
    if not 0 < window.until - window.since <= WINDOW_MOST:
        raise Malformed("read request", "from and until", "until is later, by at most 40 days")
    return window


@router.get("/no-entries", summary="Where somebody could not get in and nobody has closed it, oldest first")
async def list_no_entries(behind: Behind, subject: Signed) -> list[NoEntryView]:
    """For whoever must see to it that somebody gets in."""
    read = Read(person=subject.person, what="no_entries", within=units_for(subject, Permission.NO_ENTRY_CLOSE))
    return [no_entry_view(one, behind.registry) for one in await behind.visits.visits.no_entries(read)]


@router.post(
    "/no-entries/{no_entry}/close",
    summary="Close a no entry with a reason",
    responses={409: {"model": Problem, "description": "somebody else has closed it"}},
)
@router.post(
    "/phone/no-entries/{no_entry}/close",
    summary="Close a no entry of one's own visit with a reason",
    responses={409: {"model": Problem, "description": "somebody else has closed it"}},
)
async def close(behind: Behind, subject: Signed, no_entry: NoEntryPath, request: ClosingRequest) -> NoEntryView:
    """Under the person's name; the same key again is the same closing."""
    closing = Closing(person=subject.person, reason=request.reason, key=request.key, at=behind.clock.now().wall)
    closed = await close_no_entry(behind.visits.visits, subject, no_entry, closing)
    return no_entry_view(closed, behind.registry)
