"""A caregiver lays the phone on a tag: is it genuine, is it the right home, and which visit is it about.

A reading is counted before it is judged, so that it proves once even where it was refused. It proves that the person
stood there at the earlier of two times, the phone's and ours: one that waited in the phone opens no door.
"""

from collections.abc import Sequence
from typing import Final

import msgspec

from gateway.model.authorisation import Permission, Resource, Subject, require
from gateway.model.tag_sun import Reading
from gateway.ports.case import Responses
from gateway.ports.desk import Window
from gateway.ports.proximity import ProximityStore
from gateway.ports.tags import Tag, TagPlace, TagStore
from gateway.ports.visits import VisitStore
from homecare.clock import HOUR
from homecare.errors import Refused
from homecare.identity import AlertId, HomeId, derived_id
from homecare.visit import Evidence, Movement, Proof, Visit, nearest

AROUND: Final = 12 * HOUR
"""Microseconds around a reading within which a visit may be meant: a shift."""
TAG: Final = "tag"
"""How proximity was proved."""


class WrongHome(Refused):
    """A genuine tag, and not of a home where the person has anything to do now."""


class NothingLeft(Refused):
    """A genuine tag of the right home, where what the person had to do is over."""


class Touch(msgspec.Struct, frozen=True):
    """A genuine reading as the phone sends it: the phone's time, its idempotency key, the visit on its screen."""

    reading: Reading
    claimed_at: int
    received_at: int
    key: str
    visit: str | None = None


class Touched(msgspec.Struct, frozen=True):
    """What it is about: the home, and the visit or the alert that the person has there."""

    home: HomeId
    place: TagPlace
    visit: Visit | None
    alert: AlertId | None
    moved: Movement | None = None
    """What the reading said: that the person came or left, or nothing of the kind."""


class Tagging:
    """The use case over its stores."""

    def __init__(self, tags: TagStore, visits: VisitStore, *, alerts: Responses, proximity: ProximityStore) -> None:
        self._tags = tags
        self._visits = visits
        self._alerts = alerts
        self._proximity = proximity

    async def touch(self, subject: Subject, touch: Touch) -> Touched:
        """Prove, and start or end the visit where the tag is inside.

        `Replayed` and `NotInUse` as the store says, `WrongHome` where the person has nothing to do, or not what the
        phone shows, `NothingLeft` where it is over.
        """
        taken = await self._tags.take(touch.reading, person=subject.person, key=touch.key, at=touch.received_at)
        tag = taken.tag
        if not subject.roles_in(tag.unit):
            raise _wrong_home()
        require(subject, Permission.TAG_PROVE, Resource(unit=tag.unit))
        at = min(touch.claimed_at, taken.read_at)
        moved = None
        visits = await self._visits_around(tag, touch)
        visit = _visit(visits, subject, touch)
        cases = await self._alerts.case_facts(subject.person, touch.received_at)
        here = [case for case in cases if case.home == tag.home]
        alert = next((AlertId(case.alert) for case in here if case.closed_at is None), None)
        if visit is None and alert is None:
            over = bool(here) or any(subject.person in one.people for one in visits)
            raise NothingLeft("nothing left", "tag", "the visit or the alert is over") if over else _wrong_home()
        if visit is not None and tag.place is TagPlace.INSIDE:
            evidence = _evidence(subject, touch)
            visit = await self._visits.add(visit.id, evidence, _anybody)
            moved = _moved(visit, evidence.id)
        await self._proximity.prove(subject.person, tag.home, how=TAG, at=at)
        return Touched(home=tag.home, place=tag.place, visit=visit, alert=alert, moved=moved)

    async def _visits_around(self, tag: Tag, touch: Touch) -> Sequence[Visit]:
        window = Window(since=touch.claimed_at - AROUND, until=touch.claimed_at + AROUND)
        return await self._visits.visits_at(tag.home, window)


def _visit(found: Sequence[Visit], subject: Subject, touch: Touch) -> Visit | None:
    if touch.visit is None:
        return nearest(found, person=subject.person, at=touch.claimed_at)
    meant = next((one for one in found if one.id == touch.visit and subject.person in one.people), None)
    if meant is None:
        raise _wrong_home()
    return meant


def _evidence(subject: Subject, touch: Touch) -> Evidence:
    return Evidence(
        id=derived_id("evidence", subject.person, touch.key),
        person=subject.person,
        proof=Proof.TAG,
        movement=Movement.PRESENT,
        claimed_at=touch.claimed_at,
        received_at=touch.received_at,
    )


def _moved(visit: Visit, evidence: str) -> Movement | None:
    """What the visit made of the reading."""
    taken = next((one.movement for one in visit.evidence if one.id == evidence), Movement.PRESENT)
    return taken if taken in {Movement.ARRIVED, Movement.LEFT} else None


def _anybody(_: Visit) -> None:
    """The visit was found among the person's own."""


def _wrong_home() -> WrongHome:
    return WrongHome("wrong home", "tag", "no visit and no alert of this person at the tag's home")
