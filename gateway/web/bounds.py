"""What no request may exceed, and the headers that every answer carries. Plain ASGI, in front of everything."""

import asyncio
from typing import Final

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway.model.plan import PLAN_BYTES
from gateway.web.problems import problem
from homecare.errors import Malformed, VakaError

BODY_LIMIT: Final = 16 * 1024
"""Bytes of a request's body: an action with its reason is below one."""
PLAN_PATHS: Final = frozenset({"/api/v1/visits/plan", "/api/v1/visits/plan/preview"})
"""Where a body may be as long as a plan."""
BODY_SECONDS: Final = 10.0
"""Until a body must be here whole; a slower sender only holds a connection."""
SECURITY_HEADERS: Final = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "font-src 'self'; media-src 'self'; connect-src 'self'; manifest-src 'self'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Cache-Control": "no-store",
}
"""No inline script or style, no frame, no other origin; what an answer sets itself is kept."""


class TooLarge(Malformed):
    """More than `BODY_LIMIT`."""

    status = 413


class TooSlow(Malformed):
    """Not whole within `BODY_SECONDS`."""

    status = 408


class SecurityHeaders:
    """Adds `SECURITY_HEADERS` to every answer."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the call on."""

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in SECURITY_HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        await self._app(scope, receive, sending if scope["type"] == "http" else send)


class BodyBound:
    """Reads the whole body before anything else happens; too large or too slow, and nothing else happens."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the call on with the body in hand."""
        if scope["type"] != "http" or scope["method"] in {"GET", "HEAD", "OPTIONS"}:
            await self._app(scope, receive, send)
            return
        try:
            async with asyncio.timeout(BODY_SECONDS):
                body = await _read(receive, PLAN_BYTES if scope["path"] in PLAN_PATHS else BODY_LIMIT)
        except TimeoutError:
            await _refuse(TooSlow("too slow", "body", f"send it within {BODY_SECONDS:.0f} s"), scope, receive, send)
            return
        except TooLarge as error:
            await _refuse(error, scope, receive, send)
            return
        given = False

        async def receiving() -> Message:
            nonlocal given
            if given:
                return await receive()
            given = True
            return {"type": "http.request", "body": body, "more_body": False}

        await self._app(scope, receiving, send)


async def _read(receive: Receive, limit: int) -> bytes:
    body = bytearray()
    while True:  # bounded by the limit and BODY_SECONDS
        message = await receive()
        body += message.get("body", b"")
        if len(body) > limit:
            raise TooLarge("too large", "body", f"at most {limit} bytes")
        if message["type"] != "http.request" or not message.get("more_body", False):
            return bytes(body)


async def _refuse(error: VakaError, scope: Scope, receive: Receive, send: Send) -> None:
    await problem(error)(scope, receive, send)
