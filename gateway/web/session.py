"""Who calls: `Signed` gives the subject of every call below /api/v1, or answers 401.

Two ways in. The cookie `vaka-session` (`__Host-vaka-session` behind https) is a person's web session. The bearer token
of `$VAKA_DATA/token` is the installation's own: operator, coordinator and integrator of every unit, under the name in
`X-Vaka-Operator`. A call that changes something and comes with the cookie must come from our own pages: the cookie is
`SameSite=Strict`, and because other ports of one host are the same site, the `Origin` must be ours as well.
"""

import hmac
from typing import Annotated, Final
from urllib.parse import unquote

from fastapi import Depends, Header, Request, Response, Security
from fastapi.security import APIKeyCookie, HTTPAuthorizationCredentials, HTTPBearer

from gateway.model.authorisation import Role, Subject
from gateway.people.sessions import subject_of
from gateway.ports.people import SignedIn
from gateway.web.schemas import operator_name
from gateway.web.services import Services, services_of
from homecare.errors import Malformed, Refused

NAMELESS: Final = "token holder"
"""Who is in the read log when a caller with the token gives no name."""
NAME_BYTES: Final = 800
"""Bytes of the header: 60 characters, percent-encoded at their longest."""
COOKIE: Final = "vaka-session"
TOKEN_ROLES: Final = frozenset({Role.OPERATOR, Role.COORDINATOR, Role.INTEGRATOR})
"""What the bearer of the token is in every unit."""
_SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})

_bearer: Final = HTTPBearer(auto_error=False, description="the contents of $VAKA_DATA/token")
_cookie: Final = APIKeyCookie(name=COOKIE, auto_error=False, description="a signed-in person's web session")


class NotSignedIn(Refused):
    """No valid session and no valid token."""

    status = 401


class OtherOrigin(Refused):
    """A page that is not ours made the browser call."""


async def token_name(
    x_vaka_operator: Annotated[
        str | None, Header(max_length=NAME_BYTES, description="the token holder's name, percent-encoded UTF-8")
    ] = None,
) -> str:
    """The name that a holder of the token gives; sessions need none."""
    if x_vaka_operator is None:
        return NAMELESS
    try:
        return operator_name(unquote(x_vaka_operator, errors="strict"))
    except ValueError as error:
        raise Malformed("read header", "X-Vaka-Operator", "1 to 60 readable characters, percent-encoded") from error


async def signed(
    request: Request,
    given: Annotated[HTTPAuthorizationCredentials | None, Security(_bearer)],
    _: Annotated[str | None, Security(_cookie)],
    name: Annotated[str, Depends(token_name)],
) -> Subject:
    """The subject, `NotSignedIn` for nobody; a call that brings an Authorization header is judged by it alone."""
    return await _subject(request, given, name=name, used=True)


async def watching(
    request: Request,
    given: Annotated[HTTPAuthorizationCredentials | None, Security(_bearer)],
    _: Annotated[str | None, Security(_cookie)],
    name: Annotated[str, Depends(token_name)],
) -> Subject:
    """As `signed`, for a call that a screen makes by itself: it is no use of the session, which ends in its time."""
    return await _subject(request, given, name=name, used=False)


async def listening(
    request: Request,
    given: Annotated[HTTPAuthorizationCredentials | None, Security(_bearer)],
    _: Annotated[str | None, Security(_cookie)],
    name: Annotated[str, Depends(token_name)],
) -> Subject:
    """As `watching`, for a call that only waits for alarms: a session that nobody used for a while still counts."""
    return await _subject(request, given, name=name, used=False, listening=True)


Signed = Annotated[Subject, Depends(signed)]
Watching = Annotated[Subject, Depends(watching)]
Listening = Annotated[Subject, Depends(listening)]


async def _subject(
    request: Request, given: HTTPAuthorizationCredentials | None, *, name: str, used: bool, listening: bool = False
) -> Subject:
    services = services_of(request)
    if "Authorization" in request.headers:
        _check_token(services, given)
        _require_no_person(services, name, "X-Vaka-Operator")
        return Subject(person=name, display=name, roles={}, everywhere=TOKEN_ROLES)
    found = await signed_in(request, used=used, listening=listening)
    if found is None:
        raise NotSignedIn("sign in", "web session", "sign in again")
    return subject_of(found)


def actor(behind: Services, subject: Subject, operator: str | None) -> str:
    """Who acts: the person of the session, or whom the holder of the token names in the call."""
    if subject.session or operator is None:
        return subject.person
    _require_no_person(behind, operator, "operator")
    return operator


def _require_no_person(services: Services, name: str, where: str) -> None:
    """`Malformed` where a holder of the token calls itself by somebody's pseudonym: the logs would name that person."""
    if services.registry.is_person(name):
        raise Malformed("read header", where, "a name of one's own, not another person's identifier")


async def signed_in(request: Request, *, used: bool = True, listening: bool = False) -> SignedIn | None:
    """The web session of the call's cookie, None for none; `OtherOrigin` where it would change something from afar."""
    services = services_of(request)
    secret = request.cookies.get(cookie_name(services))
    if secret is None:
        return None
    require_own_origin(request)
    return await services.sessions.find(secret, used=used, listening=listening)


def require_own_origin(request: Request) -> None:
    """`OtherOrigin` for a changing call that does not come from one of our own pages."""
    if request.method not in _SAFE and request.headers.get("origin") not in services_of(request).origins:
        raise OtherOrigin("check origin", "Origin", "only Vaka's own pages may do this")


def from_this_machine(request: Request) -> bool:
    """Whether this is a demonstration and the caller a browser on this machine that meant to call us.

    A name that some page made to point at this machine (a rebound name) is not ours, and what a proxy brings is not
    from here.
    """
    services = services_of(request)
    here = request.client is not None and request.client.host in {"127.0.0.1", "::1"}
    meant = f"http://{request.headers.get('host', '')}" in services.origins
    brought = any(name in request.headers for name in ("forwarded", "x-forwarded-for", "x-forwarded-host"))
    return services.demonstration and here and meant and not brought


def give_cookie(response: Response, services: Services, secret: str) -> None:
    """Hand the browser its session; it keeps it until the window closes."""
    response.set_cookie(
        cookie_name(services), secret, httponly=True, samesite="strict", secure=_secure(services), path="/"
    )


def take_cookie(response: Response, services: Services) -> None:
    """Take it away again."""
    response.delete_cookie(cookie_name(services), httponly=True, samesite="strict", secure=_secure(services), path="/")


def cookie_name(services: Services) -> str:
    """Where https is, the browser itself holds the cookie to this host."""
    return f"__Host-{COOKIE}" if _secure(services) else COOKIE


def _secure(services: Services) -> bool:
    return services.origins[0].startswith("https://")


def _check_token(services: Services, given: HTTPAuthorizationCredentials | None) -> None:
    """`NotSignedIn` unless it is the token; takes the same time whatever is wrong with it."""
    offered = given.credentials.encode("utf-8", "surrogateescape") if given else b""
    if not services.token or not hmac.compare_digest(offered, services.token):
        raise NotSignedIn("sign in", "bearer token", "send Authorization: Bearer with the contents of the token file")
