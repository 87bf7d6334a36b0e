"""What the caregiver to whom an alert was sent says of it: goes, cannot, is there, and what was done."""

from typing import Annotated, Final

from fastapi import APIRouter, Path
from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from gateway.model.authorisation import Permission, Resource, Subject, require
from gateway.web.operator import PROBLEMS
from gateway.web.schemas import REASON_LENGTH, Problem, clean
from gateway.web.services import Behind, Services
from gateway.web.session import Signed
from gateway.web.visit_schemas import Key, TodayAlert, today_alert
from homecare.answering import Answer
from homecare.errors import Unknown
from homecare.identity import ID_PATTERN, AlertId

router: Final = APIRouter(prefix="/api/v1/phone", responses=PROBLEMS)

PERMISSION_OF: Final = {
    Answer.ACCEPT: Permission.ALERT_RESPOND,
    Answer.DECLINE: Permission.ALERT_RESPOND,
    Answer.ON_SITE: Permission.ALERT_ON_SITE,
    Answer.LEFT: Permission.ALERT_ON_SITE,
    Answer.OUTCOME: Permission.ALERT_OUTCOME,
}


class AnswerRequest(BaseModel):
    """`text` is what was done, for an outcome. The same answer again changes nothing, whatever its key and version."""

    model_config = ConfigDict(extra="forbid")

    key: Key
    version: Annotated[int, Field(ge=1, le=2**31 - 1)] | None = None
    text: Annotated[str, Field(max_length=REASON_LENGTH), AfterValidator(clean)] = ""


@router.post(
    "/alerts/{alert}/{action}",
    summary="Accept or decline an alert that was sent to me, say that I am there, or what was done",
    responses={409: {"model": Problem, "description": "it is over, or not sent to this person any more"}},
)
async def answer_alert(
    behind: Behind,
    subject: Signed,
    alert: Annotated[str, Path(pattern=ID_PATTERN)],
    action: Annotated[Answer, Path(description="what the person says")],
    request: AnswerRequest,
) -> TodayAlert | None:
    """On the alert as it stands: a phone may be late."""
    identity, at = AlertId(alert), behind.clock.now().wall
    await _require_sent(behind, subject, identity, action=action, now=at)
    view = await behind.cases.answer(identity, action, person=subject.person, at=at, text=request.text)
    behind.feed.kick()
    if action is Answer.ACCEPT:
        await behind.access.help_is_coming(view.alert.home, alert, person=subject.person)
    return today_alert(view, behind.registry, subject.person)


async def _require_sent(behind: Services, subject: Subject, alert: AlertId, *, action: Answer, now: int) -> None:
    """`Unknown` for an alert of another unit exactly as for none, `NotAllowed` for one that is not this person's."""
    unit = await behind.tenancy.unit_of_alert(alert)
    if unit is None or not subject.roles_in(unit):
        raise Unknown("read alert", "alert", "there is no such alert; read the list again")
    cases = await behind.cases.case_facts(subject.person, now)
    assigned = any(case.alert == alert for case in cases)
    require(subject, PERMISSION_OF[action], Resource(unit=unit, assigned=assigned))
