"""The application: routes, error mapping and bounds, put together over the services."""

from fastapi import FastAPI
from fastapi.responses import JSONResponse

from gateway.version import vaka_version
from gateway.web import (
    audit,
    case,
    desk_files,
    doors,
    integrator,
    live,
    operator,
    phone,
    phone_alerts,
    phone_files,
    phone_live,
    sign_in,
    supervision,
    visits,
    visits_live,
    words,
)
from gateway.web.bounds import BodyBound, SecurityHeaders
from gateway.web.problems import handle_problems
from gateway.web.services import Services

_DESCRIPTION = """
Vaka's gateway. Everything below `/api/v1` but signing in itself asks for a signed-in person's
session (a cookie) or for the bearer token. Errors are of five kinds (`Problem`), each with
words in Swedish and English that say what to do next. Whatever shows a home leaves a row in the read log under the
name in `X-Vaka-Operator` (percent-encoded UTF-8).

`GET /api/v1/live` sends server-sent events: `snapshot` (an `Alerts`), `alert` (an `AlertView`, its id is the feed
number; none is ever skipped) and every 2 s `pulse` (a `Pulse`). `Last-Event-ID` resumes.
"""


def create_app(services: Services) -> FastAPI:
    """The web over these services."""
    app = FastAPI(
        title="Vaka gateway",
        version=vaka_version(),
        description=_DESCRIPTION,
        docs_url=None,
        redoc_url=None,
        openapi_url=None,  # by itself it is made on the event loop: half a second in which no alarm is taken
    )

    @app.get("/openapi.json", include_in_schema=False)
    def description() -> JSONResponse:
        return JSONResponse(app.openapi())

    app.state.services = services
    app.add_middleware(BodyBound)
    app.add_middleware(SecurityHeaders)
    handle_problems(app)
    for router in (
        operator.router,
        case.router,
        doors.router,
        audit.router,
        live.router,
        visits.router,
        visits_live.router,
        phone.router,
        phone_alerts.router,
        phone_live.router,
        sign_in.router,
        integrator.open_router,
        integrator.router,
        words.router,
        supervision.router,
        desk_files.router,
        phone_files.router,
    ):
        app.include_router(router)
    return app
