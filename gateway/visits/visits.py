"""Visits as people work with them: a plan taken over, a visit started and ended by hand, a no entry closed."""

import asyncio
import hashlib
from collections.abc import Mapping
from typing import Final

import msgspec

from gateway.model.authorisation import Denied, NotAllowed, Permission, Reason, Resource, Subject, decide, require
from gateway.model.plan import Differences, Plan, read_plan
from gateway.model.plan_line import Place
from gateway.ports.visits import Closing, NoEntry, PlanImport, VisitStore
from homecare.errors import Refused, Unknown
from homecare.identity import HomeId, UnitId, derived_id
from homecare.visit import REASON_LIMIT, Evidence, Movement, Proof, Visit

NOTHING: Final = Differences()


class NotMine(NotAllowed):
    """A colleague's visit."""


class SentPlan(msgspec.Struct, frozen=True):
    """A file as it came, for a unit with these homes and their time zones; all times wall microseconds."""

    unit: UnitId
    zones: Mapping[HomeId, str]
    content: bytes
    received_at: int
    exported_at: int


class Stated(msgspec.Struct, frozen=True):
    """What a person states by hand: the phone's time and ours, and the phone's idempotency key."""

    movement: Movement
    claimed_at: int
    received_at: int
    key: str
    reason: str = ""


async def preview_plan(store: VisitStore, sent: SentPlan) -> tuple[Plan, Differences]:
    """What the file would do, or what is wrong with it."""
    plan = await _read(store, sent)
    return plan, NOTHING if plan.errors else await store.preview(sent.unit, plan)


async def take_plan(store: VisitStore, sent: SentPlan, person: str) -> tuple[Plan, Differences]:
    """Take the file over if nothing is wrong with it. `Conflict` where a later one was taken."""
    plan = await _read(store, sent)
    if plan.errors:
        return plan, NOTHING
    digest = hashlib.sha256(sent.content).digest()
    record = PlanImport(
        id=derived_id("import", sent.unit, digest.hex(), sent.received_at, person),
        unit=sent.unit,
        person=person,
        imported_at=sent.received_at,
        exported_at=sent.exported_at,
        digest=digest,
    )
    return plan, await store.take(plan, record)


async def _read(store: VisitStore, sent: SentPlan) -> Plan:
    """In a thread: a long file takes longer than an alarm may wait."""
    people = await store.caregivers(sent.unit)
    place = Place(unit=sent.unit, zones=sent.zones, people=people, now=sent.received_at)
    return await asyncio.to_thread(read_plan, sent.content, place)


async def state_by_hand(store: VisitStore, subject: Subject, visit: str, stated: Stated) -> Visit:
    """A person says by hand that a visit began, ended, was declined, or could not begin.

    `Unknown` for a visit of another unit exactly as for none, `NotAllowed` for somebody else's, `Refused` where a
    reason is missing.
    """
    evidence = Evidence(
        id=derived_id("evidence", subject.person, stated.key),
        person=subject.person,
        proof=Proof.BY_HAND,
        movement=stated.movement,
        claimed_at=stated.claimed_at,
        received_at=stated.received_at,
        reason=stated.reason,
    )
    return await store.add(visit, evidence, lambda found: _require_mine(subject, found))


def _require_mine(subject: Subject, visit: Visit) -> None:
    unit = UnitId(visit.unit)
    if not subject.roles_in(unit):
        raise Unknown("change visit", "visit", "there is no such visit; read the list again")
    resource = Resource(unit=unit, assigned=is_mine(subject.person, visit))
    if decide(subject, Permission.VISIT_WORK, resource) == Denied(Reason.NOT_ASSIGNED):
        raise NotMine("not mine", "visit", "it is planned for somebody else")
    require(subject, Permission.VISIT_WORK, resource)


def is_mine(person: str, visit: Visit) -> bool:
    """Whether the visit is planned for the person, or the person came to it."""
    return person in visit.people or any(one.person == person for one in visit.evidence)


async def close_no_entry(store: VisitStore, subject: Subject, id_: str, closing: Closing) -> NoEntry:
    """A named person ends the reserve routine with a reason; errors as `state_by_hand`, `Conflict` if it is closed."""
    if not closing.reason.strip() or len(closing.reason) > REASON_LIMIT:
        raise Refused("state by hand", "no entry", f"say why, in at most {REASON_LIMIT} characters")

    def allow(found: NoEntry, visit: Visit) -> None:
        if not subject.roles_in(found.unit):
            raise Unknown("close no entry", "no entry", "there is no such; read the list again")
        mine = is_mine(subject.person, visit)
        require(subject, Permission.NO_ENTRY_CLOSE, Resource(unit=found.unit, assigned=mine))

    return await store.close_no_entry(id_, closing, allow)
