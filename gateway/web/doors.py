"""Doors: a phone asks for one, hears how it went, and two people open one from afar. No call waits for a home."""

from typing import Annotated, Final

from fastapi import APIRouter, Path

from gateway.doors.access import Wish
from gateway.ports.access import CommandView, Opening
from gateway.ports.desk import Read
from gateway.web.door_schemas import CommandAnswer, DoorRequest, OpeningAnswer, command_answer, opening_answer
from gateway.web.operator import PROBLEMS
from gateway.web.schemas import Problem
from gateway.web.services import Behind, Services
from gateway.web.session import Signed, Watching
from homecare.errors import Malformed
from homecare.identity import ID_PATTERN, HomeId

router: Final = APIRouter(prefix="/api/v1", responses=PROBLEMS)

HomePath = Annotated[str, Path(pattern=ID_PATTERN, alias="home")]
CommandPath = Annotated[str, Path(pattern=ID_PATTERN, alias="command")]
OpeningPath = Annotated[str, Path(pattern=ID_PATTERN, alias="opening")]
_ANSWERS: Final[dict[int | str, dict[str, object]]] = {
    403: {"model": Problem, "description": "the door stays as it is, and why"},
    409: {"model": Problem, "description": "another command is under way at the door, or the key was used before"},
}


@router.post("/phone/doors/{home}/open", summary="Unlock, lock or open a door", status_code=202, responses=_ANSWERS)
async def open_door(behind: Behind, subject: Signed, home: HomePath, request: DoorRequest) -> CommandAnswer:
    """Allowed and on its way, or refused in plain words; how it ends is read from the command, within 15 s."""
    return await _told(behind, subject.person, await behind.access.open(subject, _wish(request, home)))


@router.get("/phone/commands/{command}", summary="How a command stands")
async def read_command(behind: Behind, subject: Signed, command: CommandPath) -> CommandAnswer:
    """For the person who asked, and whoever approved."""
    return await _told(behind, subject.person, await behind.access.command(subject, command))


@router.post(
    "/phone/doors/{home}/remote", summary="Ask a colleague for a remote opening", status_code=202, responses=_ANSWERS
)
async def ask_for_opening(behind: Behind, subject: Signed, home: HomePath, request: DoorRequest) -> OpeningAnswer:
    """Waits five minutes for a second person; refused at once where a second person would not help."""
    return await _answer(behind, subject.person, await behind.access.ask(subject, _wish(request, home)))


@router.get("/phone/openings/{opening}", summary="How my remote opening stands")
async def read_opening(behind: Behind, subject: Watching, opening: OpeningPath) -> OpeningAnswer:
    """For the person who asked."""
    return await _answer(behind, subject.person, await behind.access.opening(subject, opening))


@router.get("/phone/openings", summary="Remote openings that wait for me as the responder")
async def list_openings_to_agree(behind: Behind, subject: Watching) -> list[OpeningAnswer]:
    """For alerts that the caller has accepted, oldest first; every home shown leaves a read log row."""
    return await _listed(behind, subject.person, await behind.access.openings_to_agree(subject))


@router.get("/doors/openings", summary="Remote openings that wait for a second person")
async def list_openings(behind: Behind, subject: Watching) -> list[OpeningAnswer]:
    """Of the caller's units, oldest first; every home shown leaves a read log row."""
    return await _listed(behind, subject.person, await behind.access.openings(subject))


@router.post("/doors/openings/{opening}/approve", summary="Be the second person", status_code=202, responses=_ANSWERS)
async def approve_opening(behind: Behind, subject: Signed, opening: OpeningPath) -> CommandAnswer:
    """In a session of one's own; the door is asked for at once."""
    return await _told(behind, subject.person, await behind.access.approve(subject, opening))


@router.post("/doors/openings/{opening}/decline", summary="Do not agree to a remote opening", responses=_ANSWERS)
async def decline_opening(behind: Behind, subject: Signed, opening: OpeningPath) -> OpeningAnswer:
    """The door stays as it is."""
    return await _answer(behind, subject.person, await behind.access.decline(subject, opening))


def _wish(request: DoorRequest, home: str) -> Wish:
    wish = request.wish(home)
    if wish is None:
        raise Malformed("read request", "purpose", "either a visit or an alert")
    return wish


async def _told(behind: Services, person: str, command: CommandView) -> CommandAnswer:
    """A command that has ended shows how the home's door stands; one under way shows nothing of the home."""
    if command.ended_at is not None:
        await behind.store.log_reads([HomeId(command.home)], Read(person=person, what="command"))
    return command_answer(command)


async def _listed(behind: Services, person: str, found: tuple[Opening, ...]) -> list[OpeningAnswer]:
    now = behind.clock.now().wall
    await behind.store.log_reads([one.ask.home for one in found], Read(person=person, what="openings"))
    return [opening_answer(one, behind.registry, now) for one in found]


async def _answer(behind: Services, person: str, opening: Opening) -> OpeningAnswer:
    """With the home's words, and so with its read log row."""
    await behind.store.log_reads([HomeId(opening.ask.home)], Read(person=person, what="opening"))
    return opening_answer(opening, behind.registry, behind.clock.now().wall)
