"""The built desk below /desk. Open: it holds no data and asks for the token itself."""

from pathlib import Path
from typing import Final

from fastapi import APIRouter
from starlette.responses import FileResponse, PlainTextResponse, RedirectResponse, Response

from gateway.web.services import Behind

router: Final = APIRouter(include_in_schema=False)

NOT_BUILT: Final = """\
Skärmarna är inte byggda. Kör "make run", eller i mappen gateway/web/screens: npm ci och npm run build.
The screens are not built. Run "make run", or in the folder gateway/web/screens: npm ci and npm run build.
"""
_FOREVER: Final = "public, max-age=31536000, immutable"
"""Built files carry a digest of their contents in their names."""


@router.get("/")
async def root() -> Response:
    """To the desk."""
    return RedirectResponse("/desk")


@router.get("/desk")
@router.get("/desk/{name:path}")
async def desk(behind: Behind, name: str = "") -> Response:
    """A file of the desk; `index.html` for everything that is no file's name."""
    index = behind.static / "index.html"
    found = inside(behind.static, name) if name else index
    if found is not None and found.is_file():
        fixed = name.startswith("assets/")
        return FileResponse(found, headers={"Cache-Control": _FOREVER if fixed else "no-cache"})
    if not index.is_file():
        return PlainTextResponse(NOT_BUILT, status_code=503)
    return PlainTextResponse("there is no such file\n", status_code=404)


def inside(folder: Path, name: str) -> Path | None:
    """The file called `name` in the folder; None for a name that leads out of it or is none."""
    if "\x00" in name:
        return None
    found = (folder / name).resolve()
    return found if found.is_relative_to(folder.resolve()) else None
