"""Who may do what: one pure function over one table. What the table does not allow is denied, with the reason.

A role counts only in the unit in which it is held. `ASSIGNED` rows allow the person's own work only: a visit that is
planned for the person, an alarm that was sent to the person. Whether a door opens is decided twice: here (may this
person ask at all) and by `homecare.grant` (does a grant cover this door now).
"""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final

import msgspec

from homecare.errors import Refused
from homecare.identity import UnitId


class Role(StrEnum):
    """What a person is in a unit; a person may be several things, also in several units."""

    CAREGIVER = "caregiver"
    OPERATOR = "operator"
    COORDINATOR = "coordinator"
    INTEGRATOR = "integrator"
    ADMINISTRATOR = "administrator"


class Permission(StrEnum):
    """Everything that somebody may want to do; each call of the web asks for one of them."""

    ALERT_READ = "alert.read"
    ALERT_TAKE = "alert.take"
    ALERT_RELEASE = "alert.release"
    ALERT_HAND_OVER = "alert.hand_over"
    ALERT_ACKNOWLEDGE = "alert.acknowledge"
    ALERT_CALL_BACK = "alert.call_back"
    ALERT_CALLING = "alert.calling"
    ALERT_SEND = "alert.send"
    ALERT_RESPOND = "alert.respond"
    ALERT_ON_SITE = "alert.on_site"
    ALERT_LEFT = "alert.left"
    ALERT_OUTCOME = "alert.outcome"
    ALERT_RESOLVE = "alert.resolve"
    HOME_READ = "home.read"
    DAY_READ = "day.read"
    INSTRUCTION_READ = "instruction.read"
    INSTRUCTION_WRITE = "instruction.write"
    RESPONDER_READ = "responder.read"
    TODAY_READ = "today.read"
    VISIT_READ = "visit.read"
    VISIT_PLAN = "visit.plan"
    VISIT_WORK = "visit.work"
    NO_ENTRY_CLOSE = "no_entry.close"
    TAG_PROVE = "tag.prove"
    DOOR_OPEN = "door.open"
    DOOR_REMOTE = "door.remote"
    DOOR_SECOND = "door.second"
    COMMAND_READ = "command.read"
    CONSENT_READ = "consent.read"
    CONSENT_WRITE = "consent.write"
    EDGE_ENROL = "edge.enrol"
    EDGE_REVOKE = "edge.revoke"
    COMMISSIONING_READ = "commissioning.read"
    COMMISSIONING_WRITE = "commissioning.write"
    WORDS_READ = "words.read"
    PERSON_READ = "person.read"
    PERSON_INVITE = "person.invite"
    PERSON_REVOKE = "person.revoke"
    SESSION_OWN = "session.own"
    AUDIT_READ = "audit.read"


class Relation(StrEnum):
    """How a subject stands to what it asks about."""

    OTHER_UNIT = "other_unit"
    UNIT = "unit"
    ASSIGNED = "assigned"
    OWN = "own"


class Reason(StrEnum):
    """Why not."""

    OTHER_UNIT = "other_unit"
    ROLE = "role"
    NOT_ASSIGNED = "not_assigned"
    NOT_OWN = "not_own"


class Subject(msgspec.Struct, frozen=True):
    """Who asks: the person's pseudonym, the name that colleagues see, and the roles by unit.

    `everywhere` are roles in every unit: only the bearer of the installation's token has any. `session` is the web
    session's id, None for the token.
    """

    person: str
    display: str
    roles: Mapping[UnitId, frozenset[Role]]
    session: str | None = None
    everywhere: frozenset[Role] = frozenset()

    def roles_in(self, unit: UnitId) -> frozenset[Role]:
        """The roles that count for what belongs to the unit."""
        return self.roles.get(unit, frozenset()) | self.everywhere


class Resource(msgspec.Struct, frozen=True):
    """What is asked about: the unit it belongs to, whether it is the subject's own work, or whose record it is."""

    unit: UnitId
    assigned: bool = False
    owner: str | None = None


class Allowed(msgspec.Struct, frozen=True):
    """Yes; `role` is the one that allows it, None for one's own record."""

    role: Role | None


class Denied(msgspec.Struct, frozen=True):
    """No."""

    reason: Reason


class NotAllowed(Refused):
    """Denied, as an answer; the hint is the reason's word."""


Units = frozenset[UnitId] | None
"""The units that a query may show; None is every unit."""

_C, _O, _P, _T, _A = Role.CAREGIVER, Role.OPERATOR, Role.COORDINATOR, Role.INTEGRATOR, Role.ADMINISTRATOR
_UNIT: Final[Mapping[Permission, frozenset[Role]]] = MappingProxyType(
    {
        Permission.ALERT_READ: frozenset({_O, _P}),
        Permission.ALERT_TAKE: frozenset({_O}),
        Permission.ALERT_RELEASE: frozenset({_O}),
        Permission.ALERT_HAND_OVER: frozenset({_O}),
        Permission.ALERT_ACKNOWLEDGE: frozenset({_O}),
        Permission.ALERT_CALL_BACK: frozenset({_O}),
        Permission.ALERT_CALLING: frozenset({_O}),
        Permission.ALERT_SEND: frozenset({_O}),
        Permission.ALERT_ON_SITE: frozenset({_O}),
        Permission.ALERT_LEFT: frozenset({_O}),
        Permission.ALERT_OUTCOME: frozenset({_O}),
        Permission.ALERT_RESOLVE: frozenset({_O}),
        Permission.HOME_READ: frozenset({_O, _P, _T}),
        Permission.DAY_READ: frozenset({_O, _P}),
        Permission.INSTRUCTION_READ: frozenset({_O, _P}),
        Permission.INSTRUCTION_WRITE: frozenset({_O, _P}),
        Permission.RESPONDER_READ: frozenset({_O, _P}),
        Permission.TODAY_READ: frozenset({_C}),
        Permission.VISIT_READ: frozenset({_P}),
        Permission.VISIT_PLAN: frozenset({_P}),
        Permission.NO_ENTRY_CLOSE: frozenset({_O, _P}),
        Permission.TAG_PROVE: frozenset({_C}),
        Permission.DOOR_REMOTE: frozenset({_O}),
        Permission.DOOR_SECOND: frozenset({_O, _P}),
        Permission.CONSENT_READ: frozenset({_P, _T}),
        Permission.CONSENT_WRITE: frozenset({_P, _T}),
        Permission.EDGE_ENROL: frozenset({_T}),
        Permission.EDGE_REVOKE: frozenset({_T}),
        Permission.COMMISSIONING_READ: frozenset({_P, _T}),
        Permission.COMMISSIONING_WRITE: frozenset({_T}),
        Permission.WORDS_READ: frozenset(Role),
        Permission.PERSON_READ: frozenset({_A}),
        Permission.PERSON_INVITE: frozenset({_A}),
        Permission.PERSON_REVOKE: frozenset({_A}),
        Permission.AUDIT_READ: frozenset({_A}),
    }
)
"""Roles that may do it to everything of their unit."""
_ASSIGNED: Final[Mapping[Permission, frozenset[Role]]] = MappingProxyType(
    {
        Permission.ALERT_RESPOND: frozenset({_C}),
        Permission.ALERT_ON_SITE: frozenset({_C}),
        Permission.ALERT_LEFT: frozenset({_C}),
        Permission.ALERT_OUTCOME: frozenset({_C}),
        Permission.INSTRUCTION_READ: frozenset({_C}),
        Permission.VISIT_WORK: frozenset({_C}),
        Permission.NO_ENTRY_CLOSE: frozenset({_C}),
        Permission.DOOR_OPEN: frozenset({_C}),
    }
)
"""Roles that may do it to their own work of their unit."""
_OWN: Final = frozenset({Permission.SESSION_OWN, Permission.COMMAND_READ})
"""What everybody may do with a record of their own, and nobody with another's."""


def relation(subject: Subject, resource: Resource) -> Relation:
    """How the subject stands to the resource; another unit's is that first, whatever else it is."""
    if not subject.roles_in(resource.unit):
        return Relation.OTHER_UNIT
    if resource.owner is not None and resource.owner == subject.person:
        return Relation.OWN
    return Relation.ASSIGNED if resource.assigned else Relation.UNIT


def decide(subject: Subject, permission: Permission, resource: Resource) -> Allowed | Denied:
    """Whether the subject may; pure and total: what no row allows is denied."""
    stands = relation(subject, resource)
    if stands is Relation.OTHER_UNIT:
        return Denied(Reason.OTHER_UNIT)
    if permission in _OWN:
        return Allowed(None) if stands is Relation.OWN else Denied(Reason.NOT_OWN)
    held = subject.roles_in(resource.unit)
    for role in sorted(held & _UNIT.get(permission, frozenset())):
        return Allowed(role)
    mine = sorted(held & _ASSIGNED.get(permission, frozenset()))
    if mine and resource.assigned:
        return Allowed(mine[0])
    return Denied(Reason.NOT_ASSIGNED if mine else Reason.ROLE)


def require(subject: Subject, permission: Permission, resource: Resource) -> None:
    """`NotAllowed` unless `decide` allows it."""
    if isinstance(decision := decide(subject, permission, resource), Denied):
        raise NotAllowed("authorise", permission, decision.reason)


def allowed(subject: Subject, unit: UnitId, *, assigned: bool) -> tuple[Permission, ...]:
    """Everything that `decide` allows the subject to do in the unit: to all of it, or with `assigned` to own work.

    What is of a person's own record (`_OWN`) is no matter of a unit and not among it. For a screen, which draws no
    button that would be refused; what counts is still `require`.
    """
    resource = Resource(unit=unit, assigned=assigned)
    return tuple(one for one in Permission if isinstance(decide(subject, one, resource), Allowed))


def units_for(subject: Subject, permission: Permission) -> Units:
    """The units of which the subject may do this to everything; `NotAllowed` where there is none."""
    roles = _UNIT.get(permission, frozenset())
    if subject.everywhere & roles:
        return None
    units = frozenset(unit for unit, held in subject.roles.items() if held & roles)
    if not units:
        raise NotAllowed("authorise", permission, Reason.ROLE)
    return units


def within(unit: UnitId | None, units: Units) -> bool:
    """Whether something of `unit` may be shown to whoever is limited to `units`."""
    return units is None or (unit is not None and unit in units)
