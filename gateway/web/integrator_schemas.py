"""What the integrator's calls take and give."""

from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field

from gateway.edges.commissioning import PROOF_LIMIT, Commissioned, DoorLog, Missing
from gateway.edges.enrolment import DEVICES_LIMIT
from gateway.model.certificates import REQUEST_LIMIT
from gateway.ports.enrolment import PlannedDevice
from gateway.web.schemas import Words, rfc3339
from homecare.consent import MemberKind, Purpose
from homecare.device import Capability, Placement

_MISSING_WORDS: Final[dict[Missing, Words]] = {
    Missing.CONSENT_RESIDENT: Words(
        sv="Samtycke saknas från den som bor i hemmet.", en="The resident's consent is missing."
    ),
    Missing.CONSENT_COHABITANT: Words(
        sv="Samtycke saknas från en närstående som stadigvarande sammanbor.",
        en="Consent is missing from a relative who permanently lives there.",
    ),
    Missing.PRESS: Words(
        sv="Provlarm saknas. Tryck på anropsknappen i hemmet och se att larmet kommer fram.",
        en="A test alarm is missing. Press the button in the home and see that the alarm arrives.",
    ),
    Missing.WAY_IN: Words(
        sv="Vägen in är inte provad. Öppna dörren med Vaka, eller prova nyckeln och skriv det.",
        en="The way in was not tried. Open the door with Vaka, or try the key and write it down.",
    ),
}
_DOOR_LOG_WORDS: Final[dict[DoorLog, Words]] = {
    DoorLog.IN_FORCE: Words(sv="Samtycke till låslogg finns.", en="There is consent to a door log."),
    DoorLog.MISSING: Words(
        sv="Samtycke till låslogg saknas. Planerade besök får använda nyckeln tills alla i hemmet har samtyckt.",
        en="Consent to a door log is missing. Planned visits use the key until everybody in the home has consented.",
    ),
    DoorLog.NOT_ASKED: Words(
        sv="Ingen har svarat om låslogg än. Dörren öppnas som förut tills det första svaret är antecknat: fråga alla.",
        en="Nobody has answered about a door log. The door opens as before until the first answer: ask everybody.",
    ),
}


class Strict(BaseModel):
    """Nothing that it does not name."""

    model_config = ConfigDict(extra="forbid")


class NewDevice(Strict):
    """A device that the new edge shall hear."""

    driver: Annotated[str, Field(min_length=1, max_length=60)]
    address: Annotated[str, Field(min_length=1, max_length=40)]
    capabilities: Annotated[list[Capability], Field(max_length=8)]
    placement: Placement = Placement.OTHER
    reports_every: Annotated[int, Field(ge=1)] | None = None


class ClaimRequest(Strict):
    """What the new edge will hear; may be empty."""

    devices: Annotated[list[NewDevice], Field(max_length=DEVICES_LIMIT)] = []


class ClaimCodeView(Strict):
    """The code, which nobody can read again, and when it ends."""

    code: str
    expires_at: str


class EnrolRequest(Strict):
    """The second half of the code, the edge's X25519 public key, and its signing request in PEM."""

    secret: Annotated[str, Field(pattern="^[0-9a-f]{20}$")]
    public_key: Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
    request: Annotated[str, Field(max_length=REQUEST_LIMIT)]


class DeviceView(NewDevice):
    """A device of the edge, with its id; its key, where it has one, is never sent."""

    id: str


class EnrolledView(Strict):
    """Everything that the edge's configuration needs beside its own keys."""

    edge: str
    home: str
    gateway_public_key: str
    certificate: str
    due_at: str
    broker_url: str
    devices: list[DeviceView]


class MemberRequest(Strict):
    """Who somebody is to the home."""

    kind: MemberKind


class ConsentRequest(Strict):
    """Whether consent is given, and to what; an answer that was no is `given` false."""

    given: bool
    purpose: Purpose = Purpose.SENSORS


class WayInRequest(Strict):
    """By what the integrator went in."""

    how: Annotated[str, Field(min_length=1, max_length=PROOF_LIMIT)]


class MemberView(Strict):
    """Somebody who lives there, and whether that person consents to sensors, and to a log at the door."""

    member: str
    kind: MemberKind
    consents: bool
    door_log: bool


class StepView(Strict):
    """A step that was taken."""

    step: str
    at: str
    by: str
    proof: str


class MissingView(Strict):
    """What is missing, and what to do about it."""

    what: Missing
    message: Words


class DoorLogView(Strict):
    """Whether consent to a log at the door is in force, and what to do if it is not."""

    standing: DoorLog
    message: Words


class CommissioningView(Strict):
    """How far a home has come."""

    home: str
    in_service: bool
    missing: list[MissingView]
    door_log: DoorLogView
    members: list[MemberView]
    steps: list[StepView]


def device_view(device: PlannedDevice) -> DeviceView:
    """As the edge's configuration has it."""
    return DeviceView(
        id=device.id,
        driver=device.driver,
        address=device.address,
        capabilities=list(device.capabilities),
        placement=device.placement,
        reports_every=device.reports_every,
    )


def commissioning_view(home: str, found: Commissioned) -> CommissioningView:
    """As the screen shows it."""
    return CommissioningView(
        home=home,
        in_service=found.in_service,
        missing=[MissingView(what=what, message=_MISSING_WORDS[what]) for what in found.missing],
        door_log=DoorLogView(standing=found.door_log, message=_DOOR_LOG_WORDS[found.door_log]),
        members=[
            MemberView(
                member=member.id,
                kind=member.kind,
                consents=Purpose.SENSORS in member.consents,
                door_log=Purpose.DOOR_LOG in member.consents,
            )
            for member in found.standing.members
        ],
        steps=[
            StepView(step=done.step.value, at=rfc3339(done.at), by=done.by, proof=done.proof)
            for done in found.standing.steps
        ],
    )
