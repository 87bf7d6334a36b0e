"""What the caller's municipality calls things."""

from typing import Annotated, Final

from fastapi import APIRouter, Query

from gateway.model.authorisation import Permission, Resource, require
from gateway.people.words import spoken
from gateway.web.operator import PROBLEMS
from gateway.web.schemas import Words
from gateway.web.services import Behind
from gateway.web.session import Signed
from homecare.errors import Unknown
from homecare.identity import ID_PATTERN, UnitId

router: Final = APIRouter(prefix="/api/v1", responses=PROBLEMS)


@router.get("/words", summary="What the municipality calls things")
async def words(
    behind: Behind,
    subject: Signed,
    unit: Annotated[
        str | None, Query(pattern=ID_PATTERN, description="one of one's own; else the first of them")
    ] = None,
) -> dict[str, Words]:
    """Every term in Swedish and English; the built-in words where a municipality says nothing else."""
    asked = UnitId(unit) if unit else min(subject.roles, default=None)
    if asked is not None:
        if not subject.roles_in(asked):
            raise Unknown("read words", "unit", "there is no such unit")
        require(subject, Permission.WORDS_READ, Resource(unit=asked))
    own = await behind.people.words(asked)
    return {term: Words(sv=said.sv, en=said.en) for term, said in spoken(own).items()}
