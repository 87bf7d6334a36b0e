"""What the desk does with an alert, and what it needs beside it: a home's instruction, and whom to send."""

from typing import Annotated, Final

from fastapi import APIRouter, Path, Query

from gateway.alarms.case import act_on, require_addressee
from gateway.model.authorisation import Permission, units_for
from gateway.ports.case import Instruction
from gateway.ports.desk import Read
from gateway.web.case_schemas import InstructionRequest, InstructionView, ResponderView, instruction_view
from gateway.web.operator import PROBLEMS
from gateway.web.problems import problem
from gateway.web.schemas import ActionRequest, AlertView, Problem, alert_view
from gateway.web.services import Behind
from gateway.web.session import Signed, actor
from gateway.web.tenancy import require_alert, require_home
from homecare.alert import Action, Said
from homecare.errors import Conflict
from homecare.identity import ID_PATTERN, AlertId, HomeId

router: Final = APIRouter(prefix="/api/v1", responses=PROBLEMS)

AlertPath = Annotated[str, Path(pattern=ID_PATTERN, alias="alert")]
HomePath = Annotated[str, Path(pattern=ID_PATTERN, alias="home")]


@router.post(
    "/alerts/{alert}/{action}",
    summary="Do something with an alert: take it, call back, send it, close it",
    responses={
        403: {"model": Problem, "description": "what the action needs was not said"},
        409: {"model": Problem, "description": "it changed since it was read, somebody else has it, or a warning"},
    },
)
async def act_on_alert(
    behind: Behind,
    subject: Signed,
    alert: AlertPath,
    action: Annotated[Action, Path(description="what the person does")],
    request: ActionRequest,
) -> AlertView:
    """Done on the version that the person saw; a newer press is a conflict, and the answer shows how it stands now."""
    identity, person = AlertId(alert), actor(behind, subject, request.operator)
    unit = await require_alert(behind, subject, Permission(f"alert.{action}"), identity)
    await require_addressee(behind.cases, identity, action, request.to)
    said = Said(
        reason=request.reason,
        to=request.to,
        result=request.result,
        text=request.text,
        confirm=request.confirm,
        unlocked=action is Action.RESOLVE and await behind.cases.left_unlocked(identity),
    )
    at = behind.clock.now().wall
    try:
        view = await act_on(behind.store, identity, action, person=person, version=request.version, at=at, said=said)
    except Conflict as error:
        now = await behind.store.view(identity, Read(person=person, what="alert.conflict", within=frozenset({unit})))
        return problem(error, alert=alert_view(now, behind.registry))  # type: ignore[return-value] # an answer as it is
    behind.feed.kick()
    return alert_view(view, behind.registry)


@router.get("/homes/{home}/instruction", summary="What is to be done when an alarm comes from this home")
async def read_instruction(behind: Behind, subject: Signed, home: HomePath) -> InstructionView:
    """Empty, with version 0, where nobody has written any."""
    unit = await require_home(behind, subject, Permission.INSTRUCTION_READ, HomeId(home))
    read = Read(person=subject.person, what="instruction", within=frozenset({unit}))
    return instruction_view(await behind.cases.instruction(HomeId(home), read))


@router.put(
    "/homes/{home}/instruction",
    summary="Say what is to be done when an alarm comes from this home",
    responses={409: {"model": Problem, "description": "it changed since it was read"}},
)
async def write_instruction(
    behind: Behind, subject: Signed, home: HomePath, request: InstructionRequest
) -> InstructionView:
    """On the version that the person read; open desks see it at once."""
    await require_home(behind, subject, Permission.INSTRUCTION_WRITE, HomeId(home))
    instruction = Instruction(
        home=HomeId(home), text=request.text, call_link=request.call_link, version=request.version
    )
    written = await behind.cases.instruct(instruction, person=subject.person, at=behind.clock.now().wall)
    behind.feed.kick()
    return instruction_view(written)


@router.get("/responders", summary="Who can be sent to a home, or take over an alert of it")
async def list_responders(
    behind: Behind,
    subject: Signed,
    home: Annotated[str | None, Query(pattern=ID_PATTERN, description="of whose unit; else of all own units")] = None,
) -> list[ResponderView]:
    """People on duty, by role and name."""
    if home is not None:
        await require_home(behind, subject, Permission.RESPONDER_READ, HomeId(home))
        found = await behind.cases.on_duty(HomeId(home), None)
    else:
        found = await behind.cases.on_duty(None, units_for(subject, Permission.RESPONDER_READ))
    return [ResponderView(person=one.person, name=one.name, role=one.role) for one in found]
