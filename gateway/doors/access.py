"""Access: a person asks for a door, the decision is written down, and only then anything leaves for the home.

The request, its decision, its audit entry and its command are one transaction of the store; the sender takes over from
there. Whoever is not at the door needs a second person, who agrees in a session of their own within `OPENING_LIFE`.
"""

import logging
from collections.abc import Iterable
from typing import Final

import msgspec

from gateway.doors.commanding import CLOSES_AFTER, Commanding
from gateway.intake.registry import Registry
from gateway.model import authorisation
from gateway.model.authorisation import Permission, Resource, Subject, Units
from gateway.ports.access import (
    UNLOCKED,
    AccessStore,
    Ask,
    CommandView,
    Decision,
    Facts,
    Issue,
    Known,
    Lock,
    Opening,
)
from homecare.clock import MINUTE, Clock, Instant
from homecare.command import COMMAND_LIFE, Action
from homecare.device import Capability, Device, Placement
from homecare.errors import Refused, Unavailable, Unknown
from homecare.grant import Allowed, Denial, Denied, Door, Grant, How, Person, Purpose, Request, decide
from homecare.identity import DeviceId, EdgeId, HomeId, UnitId, derived_id

log = logging.getLogger(__name__)

OPENING_LIFE: Final = 5 * MINUTE
"""Microseconds in which a second person can agree: whoever waits stands at a door."""
UNLATCH: Final = "unlatch"
"""The setting by which a home allows that its latch is pulled."""
LOCK: Final = "lock"
"""The setting that names the home's lock where there are several."""

_RIGHTS: Final = (Permission.DOOR_OPEN, Permission.DOOR_REMOTE, Permission.DOOR_SECOND)
_NONE: Final = DeviceId("")


class DoorDenied(Refused):
    """The decision was no; `hint` is the word of the `Denial`."""

    def __init__(self, home: HomeId, reason: Denial) -> None:
        super().__init__(f"door.{reason}", home, reason.value)
        self.reason = reason


class Wish(msgspec.Struct, frozen=True):
    """What the person at the phone wants; `key` is the phone's idempotency key."""

    home: HomeId
    action: Action
    purpose: Purpose
    ends_with: str
    key: str


class Access:
    """The use case behind the phone's door buttons and the desk's approvals."""

    def __init__(self, store: AccessStore, registry: Registry, commanding: Commanding, clock: Clock) -> None:
        self._store = store
        self._registry = registry
        self._commanding = commanding
        self._clock = clock

    async def open(self, subject: Subject, wish: Wish) -> CommandView:
        """Issue the command, or raise: `DoorDenied` with the reason, `Conflict` as the store says, `Unknown` for a home
        that is not of the subject's units.

        The same wish with the same key is the same command, however often it comes.
        """
        return await self._issue(subject, _ask(subject, wish), second=None, opening=None)

    async def ask(self, subject: Subject, wish: Wish) -> Opening:
        """Ask for a remote opening; `DoorDenied` where the asker's own right would not do with a second person."""
        now, ask = self._clock.now().wall, _ask(subject, wish)
        opening = Opening(
            id=derived_id("opening", ask.person, ask.key), ask=ask, asked_at=now, expires_at=now + OPENING_LIFE
        )
        lock = self.lock_of(wish.home)
        decision = self._deciding(ask, lock, second=None, now=now)

        def alone(facts: Facts) -> Allowed | Denied:
            """What only a second person lacks, may be asked for."""
            decided = decision(facts)
            lacking = isinstance(decided, Denied) and decided.reason is Denial.NOT_AT_THE_DOOR
            return Allowed(_named(facts, ask), How.REMOTE) if lacking else decided

        kept = await self._store.ask(opening, lock, alone)
        if isinstance(kept, Denied):
            raise self._told(subject, wish.home, kept)
        return kept

    async def approve(self, subject: Subject, opening: str) -> CommandView:
        """The second person agrees, and the command is issued; every denial as for `open`."""
        found = await self._answerable(subject, opening)
        ask = msgspec.structs.replace(found.ask, key=found.id)
        return await self._issue(subject, ask, second=subject.person, opening=found.id)

    async def decline(self, subject: Subject, opening: str) -> Opening:
        """The second person does not agree; `Conflict` where it was answered."""
        found = await self._answerable(subject, opening)
        return await self._store.decline(found.id, second=subject.person, at=self._clock.now().wall)

    async def openings(self, subject: Subject) -> tuple[Opening, ...]:
        """What waits for a second person in the subject's units, the subject's own aside."""
        return await self.openings_within(authorisation.units_for(subject, Permission.DOOR_SECOND), subject.person)

    async def openings_within(self, units: Units, person: str) -> tuple[Opening, ...]:
        """What waits for a second person in these units, this person's own aside."""
        found = await self._store.openings(units, self._clock.now().wall)
        return tuple(one for one in found if one.ask.person != person)

    async def openings_to_agree(self, subject: Subject) -> tuple[Opening, ...]:
        """What waits for the subject as the responder who accepted the alert that the door is asked for."""
        return await self._store.openings_to_agree(subject.person, self._clock.now().wall)

    async def opening(self, subject: Subject, id_: str) -> Opening:
        """A remote opening, for whoever asked for it; `Unknown` for everybody else."""
        found = await self._store.opening(id_)
        if found.ask.person != subject.person:
            raise Unknown("read remote opening", "opening", "there is no such remote opening of yours")
        return found

    async def command(self, subject: Subject, id_: str) -> CommandView:
        """A command as it stands, for the two people that it is of; `Unknown` for everybody else."""
        found = await self._store.command(id_)
        if subject.person not in (found.person, found.second_person):
            raise Unknown("read command", "command", "there is no such command of yours")
        return found

    async def help_is_coming(self, home: HomeId, alert: str, *, person: str) -> None:
        """Let the home hear that this person accepted its alert, once; never a reason for the acceptance to fail."""
        try:
            await self._commanding.help_is_coming(home, alert, person=person)
        except Unavailable as error:
            log.warning("the home is told later that help is coming: %s", error.subject)

    async def unlocked(self, homes: Iterable[HomeId]) -> list[HomeId]:
        """The homes whose lock said last that it is not locked, by id; not one whose lock never spoke."""
        states = await self._store.states(tuple(homes))
        return sorted(home for home, door in states.items() if door.state in UNLOCKED)

    def lock_of(self, home: HomeId) -> Lock | None:
        """The home's lock: the one that its settings name, else one at the front door, else any."""
        known = self._registry.homes.get(home)
        locks = [(edge, one) for edge, one in self._registry.installed_in(home) if Capability.LOCK in one.capabilities]
        if known is None or not locks:
            return None
        named = known.settings.get(LOCK)
        edge, device = min(locks, key=lambda pair: _preference(pair, named))
        return Lock(device=device.id, edge=edge, unlatch=known.settings.get(UNLATCH) is True)

    async def _issue(self, subject: Subject, ask: Ask, *, second: str | None, opening: str | None) -> CommandView:
        instant, lock = self._clock.now(), self.lock_of(ask.home)
        issue = _issue_at(instant, ask, lock, second=second, opening=opening)
        done = await self._store.issue(issue, self._deciding(ask, lock, second=second, now=instant.wall))
        if isinstance(done, Denied):
            raise self._told(subject, ask.home, done)
        if done.issued_at == instant.wall and lock is not None:  # a repeat shows when the first one was issued
            self._commanding.hand(done.id, lock.edge, issued=instant.elapsed)
        return done

    def _told(self, subject: Subject, home: HomeId, denied: Denied) -> DoorDenied | Unknown:
        """The reason, for somebody of the home's unit; for everybody else the home does not exist."""
        known = self._registry.homes.get(home)
        if known is None or not subject.roles_in(known.unit):
            return Unknown("read home", "home", "there is no such home; read the list of homes again")
        return DoorDenied(home, denied.reason)

    async def _answerable(self, subject: Subject, opening: str) -> Opening:
        """An opening that the subject may answer: in a session of a person of that unit, never by the token alone."""
        found = await self._store.opening(opening)
        home = self._registry.homes.get(found.ask.home)
        if home is None or not subject.roles_in(home.unit):
            raise Unknown("read remote opening", "opening", "there is no such remote opening; read the list again")
        if subject.session is None:
            raise DoorDenied(found.ask.home, Denial.SECOND_UNKNOWN)
        return found

    def _deciding(self, ask: Ask, lock: Lock | None, *, second: str | None, now: int) -> Decision:
        """The pure decision over what the store will know."""
        home = self._registry.homes.get(ask.home)
        unit = UnitId("") if home is None else home.unit
        device = None if lock is None else lock.device
        request = Request(ask.person, ask.home, device or _NONE, ask.action, ask.purpose, ask.ends_with, second)

        def deciding(facts: Facts) -> Allowed | Denied:
            door = Door(ask.home, unit, device, in_service=facts.in_service, consent=facts.consent)
            return decide(
                request,
                facts.grants,
                door=door,
                people={id_: _person(known, unit) for id_, known in facts.people.items()},
                proximity=facts.proximity,
                now=now,
            )

        return deciding


def _ask(subject: Subject, wish: Wish) -> Ask:
    return Ask(subject.person, wish.key, wish.home, wish.action, wish.purpose, wish.ends_with)


def _issue_at(instant: Instant, ask: Ask, lock: Lock | None, *, second: str | None, opening: str | None) -> Issue:
    return Issue(
        command=derived_id("command", ask.person, ask.key),
        ask=ask,
        lock=lock,
        issued_at=instant.wall,
        expires_at=instant.wall + COMMAND_LIFE,
        closes_at=instant.wall + CLOSES_AFTER,
        second=second,
        opening=opening,
    )


def _preference(pair: tuple[EdgeId, Device], named: object) -> tuple[bool, bool, str]:
    device = pair[1]
    return (device.id != named, device.placement is not Placement.FRONT_DOOR, device.id)


def _person(known: Known, unit: UnitId) -> Person:
    """Where the person may ask for doors at all; whether in `unit` as the second one, or for an alert that is held."""
    subject = Subject(known.id, known.id, known.roles)
    units = frozenset(one for one in known.roles if any(_may(subject, right, one) for right in _RIGHTS))
    approves, holds = (_may(subject, right, unit) for right in (Permission.DOOR_SECOND, Permission.DOOR_REMOTE))
    return Person(known.id, units, revoked=known.revoked, approves=approves, holds=holds)


def _may(subject: Subject, permission: Permission, unit: UnitId) -> bool:
    allowed = authorisation.decide(subject, permission, Resource(unit, assigned=True))
    return isinstance(allowed, authorisation.Allowed)


def _named(facts: Facts, ask: Ask) -> Grant:
    """The grant that the decision found good but for the distance."""
    return next(
        grant
        for grant in facts.grants
        if (grant.person, grant.home, grant.ends_with) == (ask.person, ask.home, ask.ends_with)
    )
