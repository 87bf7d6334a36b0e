"""The integrator's calls: let an edge in, turn one away; consent, and how a home comes into service."""

from typing import Annotated, Final

from fastapi import APIRouter, Path
from fastapi.responses import PlainTextResponse

from gateway.edges.enrolment import Enrolled
from gateway.model.authorisation import Permission, Subject
from gateway.ports.desk import Read
from gateway.ports.enrolment import PlannedDevice
from gateway.web.integrator_schemas import (
    ClaimCodeView,
    ClaimRequest,
    CommissioningView,
    ConsentRequest,
    EnrolledView,
    EnrolRequest,
    MemberRequest,
    WayInRequest,
    commissioning_view,
    device_view,
)
from gateway.web.operator import PROBLEMS
from gateway.web.schemas import rfc3339
from gateway.web.services import Behind, Services
from gateway.web.session import Signed
from gateway.web.tenancy import homes_of_edge, require_home
from homecare.errors import Unknown
from homecare.identity import ID_PATTERN, DeviceId, EdgeId, HomeId

open_router: Final = APIRouter(prefix="/api/v1", responses=PROBLEMS)
"""For an edge that has nothing but a claim code."""
router: Final = APIRouter(prefix="/api/v1", responses=PROBLEMS)

HomePath = Annotated[str, Path(pattern=ID_PATTERN, alias="home")]
EdgePath = Annotated[str, Path(pattern=ID_PATTERN, alias="edge")]
MemberPath = Annotated[str, Path(pattern=ID_PATTERN, alias="member")]
_NOT_YET: Final = DeviceId("device-to-be-named")


@open_router.get("/authority", summary="The authority's certificate", response_class=PlainTextResponse)
async def authority(behind: Behind) -> PlainTextResponse:
    """In PEM; an edge compares it with the first half of its claim code before it says the second."""
    return PlainTextResponse(behind.identity.enrolment.authority.certificate, media_type="application/x-pem-file")


@open_router.post("/enrolment", summary="An edge comes in with a claim code", status_code=201)
async def enrol(behind: Behind, request: EnrolRequest) -> EnrolledView:
    """Once, within 15 minutes; afterwards the code is worth nothing."""
    enrolled = await behind.identity.enrolment.enrol(
        bytes.fromhex(request.secret), public_key=bytes.fromhex(request.public_key), request=request.request.encode()
    )
    return _enrolled(behind, enrolled)


def _enrolled(behind: Services, enrolled: Enrolled) -> EnrolledView:
    identity = behind.identity
    return EnrolledView(
        edge=enrolled.edge,
        home=enrolled.claimed.home,
        gateway_public_key=identity.gateway_public_key,
        certificate=enrolled.certificate.decode(),
        due_at=rfc3339(enrolled.due_at),
        broker_url=identity.edges_url,
        devices=[device_view(device) for device in enrolled.claimed.devices],
    )


@router.post("/homes/{home}/claim-codes", summary="Make a claim code for a new edge", status_code=201)
async def make_claim_code(behind: Behind, subject: Signed, home: HomePath, request: ClaimRequest) -> ClaimCodeView:
    """Shown once. Whoever brings it within 15 minutes becomes an edge of this home."""
    await require_home(behind, subject, Permission.EDGE_ENROL, HomeId(home))
    devices = [
        PlannedDevice(
            id=_NOT_YET,
            driver=one.driver,
            address=one.address,
            capabilities=tuple(one.capabilities),
            placement=one.placement,
            reports_every=one.reports_every,
        )
        for one in request.devices
    ]
    code, expires_at = await behind.identity.enrolment.make_code(HomeId(home), devices, by=subject.person)
    return ClaimCodeView(code=str(code), expires_at=rfc3339(expires_at))


@router.post("/edges/{edge}/revoke", summary="Turn an edge away", status_code=204)
async def revoke_edge(behind: Behind, subject: Signed, edge: EdgePath) -> None:
    """Its frames are refused within seconds; what it said before stays."""
    homes = await homes_of_edge(behind, EdgeId(edge))
    if not homes:
        raise Unknown("revoke edge", "edge", "there is no such edge; read the list of homes again")
    for home in homes:
        await require_home(behind, subject, Permission.EDGE_REVOKE, home)
    await behind.identity.enrolment.revoke(EdgeId(edge))


@router.get("/homes/{home}/commissioning", summary="What is missing before the home is in service")
async def read_commissioning(behind: Behind, subject: Signed, home: HomePath) -> CommissioningView:
    """A press and an opened door that came since the last look are noted."""
    await require_home(behind, subject, Permission.COMMISSIONING_READ, HomeId(home))
    await _shown(behind, subject, home)
    return commissioning_view(home, await behind.identity.commissioning.look(HomeId(home)))


@router.put("/homes/{home}/members/{member}", summary="Somebody permanently lives in the home")
async def add_member(
    behind: Behind, subject: Signed, home: HomePath, member: MemberPath, request: MemberRequest
) -> CommissioningView:
    """By pseudonym; from now on that person's consent is needed as well."""
    await require_home(behind, subject, Permission.CONSENT_WRITE, HomeId(home))
    await _shown(behind, subject, home)
    return commissioning_view(home, await behind.identity.commissioning.add_member(HomeId(home), member, request.kind))


@router.put("/homes/{home}/members/{member}/consent", summary="Consent is given or withdrawn")
async def write_consent(
    behind: Behind, subject: Signed, home: HomePath, member: MemberPath, request: ConsentRequest
) -> CommissioningView:
    """Withdrawn from `sensors`: nothing more that they see is kept, within seconds. From `door_log`: no planned visit
    opens the door any more. Alarms are always taken, and whoever accepted one gets in.
    """
    await require_home(behind, subject, Permission.CONSENT_WRITE, HomeId(home))
    await _shown(behind, subject, home)
    commissioning = behind.identity.commissioning
    standing = (await commissioning.look(HomeId(home))).standing
    if member not in {one.id for one in standing.members}:
        raise Unknown("consent", "member", "nobody of this id lives in the home; add the person first")
    return commissioning_view(
        home,
        await commissioning.consent(HomeId(home), member, request.purpose, given=request.given, by=subject.person),
    )


@router.post("/homes/{home}/commissioning/way-in", summary="A way in was tried by hand")
async def way_in(behind: Behind, subject: Signed, home: HomePath, request: WayInRequest) -> CommissioningView:
    """A key or a key box; a door that Vaka opened counts by itself."""
    await require_home(behind, subject, Permission.COMMISSIONING_WRITE, HomeId(home))
    await _shown(behind, subject, home)
    return commissioning_view(
        home, await behind.identity.commissioning.way_in_by_hand(HomeId(home), by=subject.person, how=request.how)
    )


@router.post(
    "/homes/{home}/commissioning/in-service",
    summary="Put the home in service",
    responses={403: {"description": "something is missing; the hint names it"}},
)
async def put_in_service(behind: Behind, subject: Signed, home: HomePath) -> CommissioningView:
    """Only when consent is there, a press was seen end to end, and a way in was tested."""
    await require_home(behind, subject, Permission.COMMISSIONING_WRITE, HomeId(home))
    await _shown(behind, subject, home)
    return commissioning_view(home, await behind.identity.commissioning.put_in_service(HomeId(home), by=subject.person))


async def _shown(behind: Services, subject: Subject, home: str) -> None:
    """Each of these answers shows who lives in a home and what they consented to: written down before it is given."""
    await behind.store.log_reads([HomeId(home)], Read(person=subject.person, what="commissioning"))
