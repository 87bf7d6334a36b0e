"""The built phone below /phone. Open: it holds no data. A tag's address opens it too; the page itself reads it."""

from typing import Final

from fastapi import APIRouter
from starlette.responses import FileResponse, PlainTextResponse, Response

from gateway.web.desk_files import NOT_BUILT, inside
from gateway.web.services import Behind

router: Final = APIRouter(include_in_schema=False)

PAGE: Final = "phone.html"
SCOPE: Final = "/phone"
WORKER: Final = "worker.js"
_TYPES: Final = {".webmanifest": "application/manifest+json", ".js": "text/javascript"}


@router.get("/phone")
@router.get("/phone/")
@router.get("/phone/tag")
async def page(behind: Behind) -> Response:
    """The app, also for the address that a tag gives."""
    found = behind.static / PAGE
    if not found.is_file():
        return PlainTextResponse(NOT_BUILT, status_code=503)
    return FileResponse(found, headers={"Cache-Control": "no-cache"})


@router.get("/phone/{name}")
async def file(behind: Behind, name: str) -> Response:
    """The manifest, an icon, or the service worker, which alone may serve the pages above it."""
    found = inside(behind.static / "phone", name)
    if found is None or not found.is_file():
        return PlainTextResponse("there is no such file\n", status_code=404)
    headers = {"Cache-Control": "no-cache"}
    if name == WORKER:
        headers["Service-Worker-Allowed"] = SCOPE
    return FileResponse(found, headers=headers, media_type=_TYPES.get(found.suffix))
