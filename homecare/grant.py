"""Grants: a person's right to open one home's door, for a purpose, in a window; and the decision over one request.

A grant comes from a planned visit, an accepted alert or a held one and ends with it (`homecare.grant_sources`).
`decide` is pure and denies by default: every denial is a `Denial`, and people's words for each stand with the screens.
All times are wall microseconds of the gateway; the lock side has limits of its own (`homecare.command`).

- No grant lasts longer than 12 hours.
- Whoever has not proved within the last 2 minutes to stand at this home's door opens it from afar: that takes two
  people. Locking opens nothing and needs the grant alone.
- Locking outlives the grant of whoever it let in by 2 hours, whatever ended it and whatever the home lacks by then: an
  operator may close an alarm, or the day's end pass, while somebody is still inside, and the door must not stay open.
"""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Final

import msgspec

from homecare.clock import HOUR, MINUTE
from homecare.command import Action
from homecare.identity import DeviceId, HomeId, UnitId

LONGEST: Final = 12 * HOUR
"""Microseconds: a right that nobody took back ends by itself within half a day."""
PROXIMITY_LIFE: Final = 2 * MINUTE
"""Microseconds from a proof of standing at the door to the tap that opens it."""


class Purpose(StrEnum):
    """What a door is opened for."""

    VISIT = "visit"
    ALERT = "alert"


class Over(StrEnum):
    """What ended a grant before its time."""

    CANCELLED = "cancelled"
    ENDED = "ended"
    CLOSED = "closed"
    NOT_ACCEPTED = "not_accepted"
    """The alert was sent to this person and is not, or no longer, accepted."""


class How(StrEnum):
    """How an allowed request reaches the door."""

    AT_THE_DOOR = "at_the_door"
    REMOTE = "remote"
    LOCKING = "locking"


class Denial(StrEnum):
    """Why not. The order of the members is the order in which `decide` looks; the first that holds is told."""

    NO_LOCK = "no_lock"
    """The home has no such lock, or the device is not of this home."""
    UNKNOWN_PERSON = "unknown_person"
    REVOKED = "revoked"
    WRONG_UNIT = "wrong_unit"
    NO_GRANT = "no_grant"
    WRONG_HOME = "wrong_home"
    """The visit or alert is another home's."""
    CANCELLED = "cancelled"
    ENDED = "ended"
    CLOSED = "closed"
    NOT_ACCEPTED = "not_accepted"
    TOO_EARLY = "too_early"
    TOO_LATE = "too_late"
    NOT_IN_SERVICE = "not_in_service"
    NO_CONSENT = "no_consent"
    UNLATCH_NOT_ALLOWED = "unlatch_not_allowed"
    NOT_AT_THE_DOOR = "not_at_the_door"
    SECOND_SAME = "second_same"
    SECOND_UNKNOWN = "second_unknown"
    SECOND_REVOKED = "second_revoked"
    SECOND_WRONG_UNIT = "second_wrong_unit"
    SECOND_NO_RIGHT = "second_no_right"


class Grant(msgspec.Struct, frozen=True):
    """The right of `person` at one home's door from `since` until `until`, for one visit or alert (`ends_with`).

    `over` is set where that visit or alert ended, whatever the window says. `unlatch`: the right includes pulling the
    latch, so that the door stands open. `held`: the right is that of whoever holds the alert at the desk. `lock_until`:
    until then the person may lock the door also when the right is over; None where it let nobody in.
    """

    person: str
    home: HomeId
    purpose: Purpose
    ends_with: str
    since: int
    until: int
    over: Over | None = None
    unlatch: bool = False
    held: bool = False
    lock_until: int | None = None


class Person(msgspec.Struct, frozen=True):
    """Who asks, or agrees: the units that the person works for now, and what the person may do at any door there.

    `approves`: be the second one. `holds`: ask for a remote opening for an alert that the person holds at the desk.
    """

    id: str
    units: frozenset[UnitId]
    revoked: bool = False
    approves: bool = False
    holds: bool = False


class Door(msgspec.Struct, frozen=True):
    """One home's door as it is registered; `lock` is None where no lock that takes commands is installed."""

    home: HomeId
    unit: UnitId
    lock: DeviceId | None
    in_service: bool = True
    consent: bool = True
    """Whether a consent to logging at the door is in force."""


class Proximity(msgspec.Struct, frozen=True):
    """`person` proved at `proved_at` to stand at the home's door; `how` is the method, such as `tag`."""

    person: str
    home: HomeId
    how: str
    proved_at: int


class Request(msgspec.Struct, frozen=True):
    """What a person asks for; `second_person` has agreed to a remote opening."""

    person: str
    home: HomeId
    device: DeviceId
    action: Action
    purpose: Purpose
    ends_with: str
    second_person: str | None = None


class Allowed(msgspec.Struct, frozen=True):
    """It may happen, by this grant and in this way."""

    grant: Grant
    how: How


class Denied(msgspec.Struct, frozen=True):
    """It may not happen."""

    reason: Denial


def decide(
    request: Request,
    grants: Sequence[Grant],
    *,
    door: Door,
    people: Mapping[str, Person],
    proximity: Sequence[Proximity],
    now: int,
) -> Allowed | Denied:
    """Whether the person may, now. `grants` may be of any person and home; `people` holds whoever is known."""
    if door.lock is None or door.lock != request.device or door.home != request.home:
        return Denied(Denial.NO_LOCK)
    person = people.get(request.person)
    if person is None:
        return Denied(Denial.UNKNOWN_PERSON)
    if (reason := _unfit(person, door)) is not None:
        return Denied(reason)
    found = _grant(request, grants)
    if isinstance(found, Denial):
        return Denied(found)
    if found.held and not person.holds:
        return Denied(Denial.NO_GRANT)
    if request.action is Action.LOCK and _let_in(found, now):
        return Allowed(found, How.LOCKING)
    reason = _void(found, now) or _unready(found, door) or _beyond(found, request.action)
    if reason is not None:
        return Denied(reason)
    if request.action is Action.LOCK:
        return Allowed(found, How.LOCKING)
    if not found.held and any(_proves(proof, request, now) for proof in proximity):
        return Allowed(found, How.AT_THE_DOOR)
    reason = _second(request, grants, asked=found, door=door, people=people, now=now)
    return Denied(reason) if reason is not None else Allowed(found, How.REMOTE)


def _unfit(person: Person, door: Door) -> Denial | None:
    if person.revoked:
        return Denial.REVOKED
    return None if door.unit in person.units else Denial.WRONG_UNIT


def _grant(request: Request, grants: Sequence[Grant]) -> Grant | Denial:
    """The person's grant for what the request names."""
    wanted = (request.person, request.purpose, request.ends_with)
    named = [grant for grant in grants if (grant.person, grant.purpose, grant.ends_with) == wanted]
    if not named:
        return Denial.NO_GRANT
    return next((grant for grant in named if grant.home == request.home), Denial.WRONG_HOME)


_DENIAL_OF: Final = {
    Over.CANCELLED: Denial.CANCELLED,
    Over.ENDED: Denial.ENDED,
    Over.CLOSED: Denial.CLOSED,
    Over.NOT_ACCEPTED: Denial.NOT_ACCEPTED,
}


def _void(grant: Grant, now: int) -> Denial | None:
    """Why the grant gives nothing now; its first instant is inside, its last is not."""
    if grant.over is not None:
        return _DENIAL_OF[grant.over]
    if now < grant.since:
        return Denial.TOO_EARLY
    return Denial.TOO_LATE if now >= min(grant.until, grant.since + LONGEST) else None


def _let_in(grant: Grant, now: int) -> bool:
    """Whether the person may lock behind themselves, whatever has ended since."""
    return grant.lock_until is not None and grant.since <= now < grant.lock_until


def _unready(grant: Grant, door: Door) -> Denial | None:
    """What a home may lack for a visit; nothing of it holds up whoever answers an alarm."""
    if grant.purpose is Purpose.ALERT:
        return None
    if not door.in_service:
        return Denial.NOT_IN_SERVICE
    return None if door.consent else Denial.NO_CONSENT


def _beyond(grant: Grant, action: Action) -> Denial | None:
    if action in (Action.UNLOCK, Action.LOCK):
        return None
    return None if action is Action.UNLATCH and grant.unlatch else Denial.UNLATCH_NOT_ALLOWED


def _proves(proof: Proximity, request: Request, now: int) -> bool:
    """Whether this person stood at this door a moment ago; a proof of the future proves nothing."""
    mine = (proof.person, proof.home) == (request.person, request.home)
    return mine and 0 <= now - proof.proved_at <= PROXIMITY_LIFE


def _second(
    request: Request, grants: Sequence[Grant], *, asked: Grant, door: Door, people: Mapping[str, Person], now: int
) -> Denial | None:
    """Why the second person does not make this a remote opening: another one, fit, and with a right at this door.

    A right that is only held gives nobody's agreement, and to one only the responder of that alert agrees by a right.
    """
    name = request.second_person
    if name is None:
        return Denial.NOT_AT_THE_DOOR
    if name == request.person:
        return Denial.SECOND_SAME
    second = people.get(name)
    if second is None:
        return Denial.SECOND_UNKNOWN
    if second.revoked:
        return Denial.SECOND_REVOKED
    if door.unit not in second.units:
        return Denial.SECOND_WRONG_UNIT
    own = (grant for grant in grants if (grant.person, grant.home, grant.held) == (name, request.home, False))
    if asked.held:
        own = (grant for grant in own if (grant.purpose, grant.ends_with) == (asked.purpose, asked.ends_with))
    has_right = any(_void(grant, now) is None and _unready(grant, door) is None for grant in own)
    return None if second.approves or has_right else Denial.SECOND_NO_RIGHT
