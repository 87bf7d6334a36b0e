"""The administrator's look at the audit: who asked what of which door, when, why, and how it was answered."""

from typing import Annotated, Final

from fastapi import APIRouter, Query
from pydantic import AwareDatetime, BaseModel

from gateway.model.audit import Entry
from gateway.model.authorisation import Permission, Units, units_for
from gateway.ports.desk import Read
from gateway.web.operator import PROBLEMS
from gateway.web.schemas import Id, Instant, rfc3339
from gateway.web.services import Behind
from gateway.web.session import Signed
from gateway.web.tenancy import require_home
from gateway.web.visit_schemas import wall_of
from homecare.identity import ID_PATTERN, HomeId

ENTRIES_MOST: Final = 1_000
"""Entries in one answer: below half a megabyte."""

router: Final = APIRouter(prefix="/api/v1", responses=PROBLEMS)


class AuditEntry(BaseModel):
    """One entry. `person` is a pseudonym or a word for who acted by itself; `digest` is the chain's, in hex."""

    number: int
    at: Instant
    person: str
    action: str
    subject: str
    home: Id | None
    purpose: str | None
    result: str
    reason: str | None
    digest: str


@router.get("/audit", summary="What was asked of doors, newest first")
async def list_audit(
    behind: Behind,
    subject: Signed,
    home: Annotated[str | None, Query(pattern=ID_PATTERN)] = None,
    since: Annotated[AwareDatetime | None, Query(alias="from", description="nothing that is older")] = None,
    limit: Annotated[int, Query(ge=1, le=ENTRIES_MOST)] = 200,
) -> list[AuditEntry]:
    """About homes of the administrator's units. Looking leaves a read log row for every home that is shown."""
    if home is None:
        units: Units = units_for(subject, Permission.AUDIT_READ)
    else:
        units = frozenset({await require_home(behind, subject, Permission.AUDIT_READ, HomeId(home))})
    entries = await behind.audit.entries(
        None if home is None else HomeId(home),
        0 if since is None else wall_of(since),
        limit=limit,
        read=Read(person=subject.person, what="audit", within=units),
    )
    return [_view(entry) for entry in entries]


def _view(entry: Entry) -> AuditEntry:
    return AuditEntry(
        number=entry.number,
        at=rfc3339(entry.at),
        person=entry.person,
        action=entry.action,
        subject=entry.subject,
        home=entry.home,
        purpose=entry.purpose,
        result=entry.result,
        reason=entry.reason,
        digest=entry.digest.hex(),
    )
