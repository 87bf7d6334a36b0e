"""Signing in and out, who is signed in, and whom an administrator lets in or out."""

from typing import Annotated, Any, Final

from fastapi import APIRouter, Path, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from gateway.model.authorisation import Permission, Role, Subject, allowed, units_for
from gateway.ports.people import How, Person
from gateway.web.operator import PROBLEMS
from gateway.web.schemas import Id, Instant, rfc3339
from gateway.web.services import Behind, Services
from gateway.web.session import (
    Signed,
    from_this_machine,
    give_cookie,
    require_own_origin,
    signed_in,
    take_cookie,
)
from homecare.errors import Unknown
from homecare.identity import ID_PATTERN, UnitId

INVITATION_DIGITS: Final = 64
"""Hex digits of an invitation's secret: 256 bits."""

router: Final = APIRouter(prefix="/api/v1", responses=PROBLEMS)
PersonPath = Annotated[str, Path(pattern=ID_PATTERN, alias="person")]


class May(BaseModel):
    """What the caller may do in a unit, as the gateway decides it: screens draw what is in here and nothing else."""

    unit: Id | None = Field(description="null: in every unit")
    all: list[Permission] = Field(description="to everything of the unit")
    own: list[Permission] = Field(description="to the caller's own work: a visit planned, an alarm sent")


class Me(BaseModel):
    """Who calls. `roles`: by unit; empty for the token, which is operator, coordinator and integrator of every unit."""

    person: str
    display: str
    roles: dict[Id, list[Role]]
    may: list[May]
    how: How | None = Field(description="null: the token")


class Choice(BaseModel):
    """Somebody as whom one may sign in without proof, in a demonstration only."""

    person: Id
    display: str
    roles: dict[Id, list[Role]]
    may: list[May]


class Ways(BaseModel):
    """How one may sign in here. `passkeys_at` is the only address at which passkeys work."""

    passkeys_at: str
    demonstration: list[Choice]


class PersonRequest(BaseModel):
    """Whom to sign in as."""

    model_config = ConfigDict(extra="forbid")
    person: Id


class CredentialRequest(BaseModel):
    """What the authenticator answered, as `PublicKeyCredential.toJSON()` gives it."""

    model_config = ConfigDict(extra="forbid")
    credential: dict[str, Any]


class InvitationRequest(BaseModel):
    """An invitation's secret."""

    model_config = ConfigDict(extra="forbid")
    invitation: Annotated[str, Field(min_length=INVITATION_DIGITS, max_length=INVITATION_DIGITS)]


class RegistrationRequest(InvitationRequest, CredentialRequest):
    """An invitation and the passkey that was made for it."""


class OptionsView(BaseModel):
    """What the authenticator is asked, for `parseRequestOptionsFromJSON` or `parseCreationOptionsFromJSON`."""

    options: dict[str, Any]
    display: str | None = Field(default=None, description="who is invited")


class InvitationView(BaseModel):
    """An invitation for one passkey. `path` is opened in the browser of the person who is invited."""

    invitation: str
    path: str
    expires_at: Instant


class PersonView(BaseModel):
    """Somebody who may sign in."""

    person: Id
    unit: Id
    name: str
    display: str
    roles: dict[Id, list[Role]]


@router.get("/session", summary="Who am I")
async def me(request: Request, subject: Signed) -> Me:
    """The subject of this call."""
    found = await signed_in(request) if subject.session else None
    if found is None:
        may = [_may(subject, None)]
        return Me(person=subject.person, display=subject.display, roles={}, may=may, how=None)
    return _me(found.person, found.session.how)


@router.delete("/session", summary="Sign out", status_code=204)
async def sign_out(behind: Behind, subject: Signed, response: Response) -> None:
    """The session is over, in every window; open streams of it end."""
    if subject.session:
        await behind.sessions.end(subject.session)
    take_cookie(response, behind)


@router.get("/session/ways", summary="How one may sign in here")
async def ways(behind: Behind, request: Request) -> Ways:
    """By passkey always; by choosing a person only in a demonstration on this machine."""
    shown = await behind.people.people(None) if from_this_machine(request) else ()
    return Ways(passkeys_at=behind.origins[0], demonstration=[_choice(person) for person in shown])


@router.post("/session/demo", summary="Sign in as somebody, in a demonstration only")
async def demonstrate(behind: Behind, request: Request, response: Response, chosen: PersonRequest) -> Me:
    """There only where `VAKA_DEMO=1`, and only for this machine."""
    if not from_this_machine(request):
        raise Unknown("find", "path or method", "see /openapi.json")
    require_own_origin(request)
    person, secret = await behind.signing_in.demonstrate(chosen.person)
    return await _enter(behind, request, response, (person, secret), How.DEMONSTRATION)


@router.post("/session/passkey/options", summary="What to ask the authenticator in order to sign in")
async def begin(behind: Behind, request: Request) -> OptionsView:
    """A challenge for any passkey of this gateway."""
    require_own_origin(request)
    return OptionsView(options=await behind.signing_in.begin())


@router.post("/session/passkey", summary="Sign in with a passkey")
async def sign_in(behind: Behind, request: Request, response: Response, given: CredentialRequest) -> Me:
    """Sets the session's cookie."""
    require_own_origin(request)
    entered = await behind.signing_in.sign_in(given.credential)
    return await _enter(behind, request, response, entered, How.PASSKEY)


@router.post("/session/invitation/options", summary="What to ask the authenticator in order to make a passkey")
async def begin_registration(behind: Behind, request: Request, given: InvitationRequest) -> OptionsView:
    """Who is invited, and a challenge for a new passkey."""
    require_own_origin(request)
    person, options = await behind.signing_in.begin_registration(given.invitation)
    return OptionsView(options=options, display=person.display)


@router.post("/session/invitation", summary="Use an invitation up: keep the new passkey and sign in")
async def register(behind: Behind, request: Request, response: Response, given: RegistrationRequest) -> Me:
    """Sets the session's cookie."""
    require_own_origin(request)
    entered = await behind.signing_in.register(given.invitation, given.credential)
    return await _enter(behind, request, response, entered, How.PASSKEY)


@router.get("/people", summary="Who may sign in")
async def list_people(behind: Behind, subject: Signed) -> list[PersonView]:
    """Everybody of the administrator's units."""
    found = await behind.people.people(units_for(subject, Permission.PERSON_READ))
    return [
        PersonView(person=one.id, unit=one.unit, name=one.name, display=one.display, roles=_roles(one)) for one in found
    ]


@router.post("/people/{person}/invitation", summary="Let somebody make a passkey")
async def invite(behind: Behind, request: Request, subject: Signed, person: PersonPath) -> InvitationView:
    """Single use, for a day; asks for a fresh sign-in of the administrator."""
    await _require_fresh(behind, request, subject.session)
    secret, until = await behind.signing_in.invite(subject, person)
    return InvitationView(invitation=secret, path=f"/desk#invitation={secret}", expires_at=rfc3339(until))


@router.delete("/people/{person}", summary="Let somebody in no more", status_code=204)
async def revoke(behind: Behind, request: Request, subject: Signed, person: PersonPath) -> None:
    """Passkeys and invitations go, sessions and their streams end; what the person did stays in the logs."""
    await _require_fresh(behind, request, subject.session)
    await behind.signing_in.revoke(subject, person)


async def _require_fresh(behind: Services, request: Request, session: str | None) -> None:
    """A stolen, unlocked screen must not let anybody in or out."""
    found = await signed_in(request) if session else None
    if found is not None:
        behind.sessions.require_fresh(found)


async def _enter(behind: Services, request: Request, response: Response, entered: tuple[Person, str], how: How) -> Me:
    """Hand over the new session; the one that this browser had is over."""
    if (before := await signed_in(request)) is not None:
        await behind.sessions.end(before.session.id)
    person, secret = entered
    give_cookie(response, behind, secret)
    return _me(person, how)


def _me(person: Person, how: How) -> Me:
    return Me(person=person.id, display=person.display, roles=_roles(person), may=_all_of(person), how=how)


def _choice(person: Person) -> Choice:
    return Choice(person=person.id, display=person.display, roles=_roles(person), may=_all_of(person))


def _all_of(person: Person) -> list[May]:
    subject = Subject(person.id, person.display, person.roles)
    return [_may(subject, unit) for unit in sorted(person.roles)]


def _may(subject: Subject, unit: UnitId | None) -> May:
    """None: whatever the subject is everywhere."""
    asked = UnitId("") if unit is None else unit
    return May(
        unit=unit, all=list(allowed(subject, asked, assigned=False)), own=list(allowed(subject, asked, assigned=True))
    )


def _roles(person: Person) -> dict[Id, list[Role]]:
    return {str(unit): sorted(held) for unit, held in person.roles.items()}
