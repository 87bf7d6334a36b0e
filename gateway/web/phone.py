"""The caregiver's calls: today, a tag that was read, and what the person states by hand.

A phone that was offline sends what it kept, each with its own time and key; sent twice, it counts once.
"""

from typing import Annotated, Final, Literal

from fastapi import APIRouter, Path

from gateway.doors.tagging import AROUND, Touch, Touched
from gateway.model.authorisation import Permission, Subject, units_for
from gateway.model.tag_sun import Sun, read_encrypted, read_url, verify
from gateway.ports.desk import Read, Window
from gateway.ports.tags import TagPlace
from gateway.ports.visits import no_entry_id
from gateway.visits.visits import Stated, state_by_hand
from gateway.web.operator import PROBLEMS
from gateway.web.schemas import Problem, Words, rfc3339
from gateway.web.services import Behind, Services
from gateway.web.session import Signed
from gateway.web.visit_schemas import (
    MOVEMENT_OF,
    CannotGetIn,
    StatedRequest,
    TagAnswer,
    TagRequest,
    Today,
    VisitView,
    no_entry_view,
    today_alert,
    visit_view,
    wall_of,
)
from gateway.web.visit_words import ALREADY, AT_THE_DOOR, ENDED, RESERVE, STARTED
from homecare.errors import Malformed
from homecare.grant_sources import BEFORE_VISIT, LOCK_AFTER
from homecare.identity import ID_PATTERN, HomeId, derived_id
from homecare.visit import Movement, Visit

router: Final = APIRouter(prefix="/api/v1/phone", responses=PROBLEMS)

VisitPath = Annotated[str, Path(pattern=ID_PATTERN, alias="visit")]
_USED: Final[dict[int | str, dict[str, object]]] = {
    409: {"model": Problem, "description": "the key was used for another visit"}
}

_MOVED: Final = {Movement.ARRIVED: STARTED, Movement.LEFT: ENDED}


@router.get("/today", summary="The person's visits around now, and the alerts that were sent to the person")
async def today(behind: Behind, subject: Signed) -> Today:
    """Every home that is shown leaves a read log row."""
    return await read_today(behind, subject)


async def read_today(behind: Services, subject: Subject) -> Today:
    """The person's day as of now; `NotAllowed` for who is no caregiver anywhere."""
    now = behind.clock.now().wall
    units = units_for(subject, Permission.TODAY_READ)
    read = Read(person=subject.person, what="today", within=units)
    window = Window(since=now - AROUND, until=now + AROUND)
    visits = await behind.visits.visits.visits_of(subject.person, window, read)
    alerts = await behind.cases.sent_to(subject.person, now, read)
    shown = (today_alert(view, behind.registry, subject.person) for view in alerts)
    stuck = await behind.visits.visits.no_entries(read, person=subject.person)
    homes = {view.alert.home for view in alerts} | {HomeId(visit.home) for visit in visits if _at_work(visit, now)}
    return Today(
        person=subject.person,
        name=subject.display,
        unit=min(units) if units else None,
        at=rfc3339(now),
        visits=[visit_view(visit, behind.registry, now) for visit in visits],
        alerts=[alert for alert in shown if alert is not None],
        no_entries=[no_entry_view(one, behind.registry) for one in stuck],
        unlocked=await behind.access.unlocked(homes),
    )


def _at_work(visit: Visit, now: int) -> bool:
    """Whether its door is the person's affair now: not before it may be opened, nor when it may be locked no more."""
    ended = visit.ended_at
    return visit.since - BEFORE_VISIT <= now and (ended is None or now < ended + LOCK_AFTER)


@router.post("/visits/{visit}/cannot-get-in", summary="Nobody opens: start the reserve routine", responses=_USED)
async def cannot_get_in(behind: Behind, subject: Signed, visit: VisitPath, request: StatedRequest) -> CannotGetIn:
    """One tap; it stays open until a named person closes it with a reason."""
    after = await _state(behind, subject, visit, movement=Movement.NO_ENTRY, request=request)
    evidence = derived_id("evidence", subject.person, request.key)
    view = visit_view(after, behind.registry, behind.clock.now().wall)
    return CannotGetIn(visit=view, no_entry=no_entry_id(evidence), next_step=RESERVE)


@router.post("/visits/{visit}/{action}", summary="Start, end or decline a visit by hand", responses=_USED)
async def by_hand(
    behind: Behind,
    subject: Signed,
    visit: VisitPath,
    action: Annotated[Literal["start", "end", "decline"], Path(description="what happened")],
    request: StatedRequest,
) -> VisitView:
    """With a reason, because no door and no tag says so."""
    after = await _state(behind, subject, visit, movement=MOVEMENT_OF[action], request=request)
    return visit_view(after, behind.registry, behind.clock.now().wall)


async def _state(
    behind: Services, subject: Subject, visit: str, *, movement: Movement, request: StatedRequest
) -> Visit:
    stated = Stated(
        movement=movement,
        claimed_at=wall_of(request.at),
        received_at=behind.clock.now().wall,
        key=request.key,
        reason=request.reason,
    )
    return await state_by_hand(behind.visits.visits, subject, visit, stated)


@router.post("/tag", summary="A tag was read: prove to be at the home, start or end the visit")
async def tag(behind: Behind, subject: Signed, request: TagRequest) -> TagAnswer:
    """A tag at the door proves; one inside starts the visit, and ends it when it is read again later."""
    units_for(subject, Permission.TAG_PROVE)
    reading = verify(_sun(request), behind.visits.keys)
    now = behind.clock.now().wall
    touched = await behind.visits.tagging.touch(
        subject,
        Touch(
            reading=reading,
            claimed_at=now if request.at is None else wall_of(request.at),
            received_at=now,
            key=derived_id("reading", reading.uid.hex(), reading.counter),
            visit=request.visit,
        ),
    )
    await behind.store.log_reads([touched.home], Read(person=subject.person, what="tag"))
    return _tag_answer(behind, touched)


def _sun(request: TagRequest) -> Sun:
    if request.url is not None:
        return read_url(request.url)
    if request.picc is None or request.cmac is None:
        raise Malformed("read request", "body", "send url, or picc and cmac")
    return read_encrypted(request.picc, request.cmac)


def _tag_answer(behind: Services, touched: Touched) -> TagAnswer:
    home = behind.registry.homes.get(touched.home)
    visit = touched.visit
    return TagAnswer(
        home=touched.home,
        label=home.label if home else touched.home,
        address=home.address if home else "",
        place=touched.place.value,
        visit=None if visit is None else visit_view(visit, behind.registry, behind.clock.now().wall),
        alert=touched.alert,
        words=_words(touched),
    )


def _words(touched: Touched) -> Words:
    if touched.place is TagPlace.DOOR:
        return AT_THE_DOOR
    return ALREADY if touched.moved is None else _MOVED[touched.moved]
