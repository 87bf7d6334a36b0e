"""Who may call: whoever holds the bearer token. Who looks: the name that the desk gives, until people sign in."""

import hmac
from typing import Annotated, Final
from urllib.parse import unquote

from fastapi import Depends, Header, Request, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from gateway.web.schemas import operator_name
from gateway.web.services import services_of
from homecare.errors import Malformed, Refused

NAMELESS: Final = "token holder"
"""Who is in the read log when a caller with the token gives no name."""
NAME_BYTES: Final = 800
"""Bytes of the header: 60 characters, percent-encoded at their longest."""

_bearer: Final = HTTPBearer(auto_error=False, description="the contents of $VAKA_DATA/token")


class NotSignedIn(Refused):
    """The token is missing or wrong."""

    status = 401


async def require_token(
    request: Request, given: Annotated[HTTPAuthorizationCredentials | None, Security(_bearer)]
) -> None:
    """`NotSignedIn` unless the caller holds the token; takes the same time whatever is wrong with it."""
    expected = services_of(request).token
    offered = given.credentials.encode("utf-8", "surrogateescape") if given else b""
    if not expected or not hmac.compare_digest(offered, expected):
        raise NotSignedIn("sign in", "bearer token", "send Authorization: Bearer with the contents of the token file")


async def reader_name(
    x_vaka_operator: Annotated[
        str | None, Header(max_length=NAME_BYTES, description="the operator's name, percent-encoded UTF-8")
    ] = None,
) -> str:
    """Who reads, for the read log."""
    if x_vaka_operator is None:
        return NAMELESS
    try:
        return operator_name(unquote(x_vaka_operator, errors="strict"))
    except ValueError as error:
        raise Malformed("read header", "X-Vaka-Operator", "1 to 60 readable characters, percent-encoded") from error


ReaderName = Annotated[str, Depends(reader_name)]
