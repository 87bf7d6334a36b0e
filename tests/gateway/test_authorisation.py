"""Who may do what, stated a second time and compared in every case: roles x permissions x relations."""

from itertools import combinations

import pytest

from gateway.model.authorisation import (
    Allowed,
    Denied,
    NotAllowed,
    Permission,
    Reason,
    Relation,
    Resource,
    Role,
    Subject,
    decide,
    relation,
    require,
    units_for,
    within,
)
from homecare.identity import UnitId

HERE, THERE = UnitId("unit-0001"), UnitId("unit-0002")
COLUMNS = (Role.CAREGIVER, Role.OPERATOR, Role.COORDINATOR, Role.INTEGRATOR, Role.ADMINISTRATOR)
TABLE = """
alert.read           - u u - -
alert.take           - u - - -
alert.release        - u - - -
alert.hand_over      - u - - -
alert.acknowledge    - u - - -
alert.call_back      - u - - -
alert.calling        - u - - -
alert.send           - u - - -
alert.respond        a - - - -
alert.on_site        a u - - -
alert.left           a u - - -
alert.outcome        a u - - -
alert.resolve        - u - - -
home.read            - u u u -
day.read             - u u - -
instruction.read     a u u - -
instruction.write    - u u - -
responder.read       - u u - -
today.read           u - - - -
visit.read           - - u - -
visit.plan           - - u - -
visit.work           a - - - -
no_entry.close       a u u - -
tag.prove            u - - - -
door.open            a - - - -
door.remote          - u - - -
door.second          - u u - -
command.read         o o o o o
consent.read         - - u u -
consent.write        - - u u -
edge.enrol           - - - u -
edge.revoke          - - - u -
commissioning.read   - - u u -
commissioning.write  - - - u -
words.read           u u u u u
person.read          - - - - u
person.invite        - - - - u
person.revoke        - - - - u
session.own          o o o o o
audit.read           - - - - u
"""
"""One column a role, in the order of `COLUMNS`: all of the unit (u), one's own work (a), one's own record (o)."""
ENOUGH = {
    "u": {Relation.UNIT, Relation.ASSIGNED, Relation.OWN},
    "a": {Relation.ASSIGNED},
    "o": {Relation.OWN},
    "-": set(),
}
WORDS = {row.split()[0]: dict(zip(COLUMNS, row.split()[1:], strict=True)) for row in TABLE.strip().splitlines()}
RESOURCES = {
    Relation.OTHER_UNIT: Resource(unit=THERE, assigned=True, owner="person-0001"),
    Relation.UNIT: Resource(unit=HERE),
    Relation.ASSIGNED: Resource(unit=HERE, assigned=True),
    Relation.OWN: Resource(unit=HERE, owner="person-0001"),
}
EVERY_SET = [frozenset(some) for count in range(6) for some in combinations(COLUMNS, count)]


def subject(roles: frozenset[Role]) -> Subject:
    return Subject(person="person-0001", display="P", roles={HERE: roles} if roles else {})


def test_the_table_names_every_permission_once() -> None:
    assert set(WORDS) == {permission.value for permission in Permission}
    assert set(COLUMNS) == set(Role)


@pytest.mark.parametrize("permission", Permission)
def test_every_set_of_roles_in_every_relation(permission: Permission) -> None:
    """32 sets of roles and 4 relations for each permission: 4,992 decisions, each with its reason."""
    for roles in EVERY_SET:
        for stands, resource in RESOURCES.items():
            words = {WORDS[permission][role] for role in roles}
            expected = any(stands in ENOUGH[word] for word in words)
            decision = decide(subject(roles), permission, resource)
            assert isinstance(decision, Allowed) == expected, (sorted(roles), stands, decision)
            if isinstance(decision, Denied):
                assert decision.reason == reason(words, stands, roles), (sorted(roles), stands)


def reason(words: set[str], stands: Relation, roles: frozenset[Role]) -> Reason:
    if stands is Relation.OTHER_UNIT or not roles:
        return Reason.OTHER_UNIT
    if "o" in words:
        return Reason.NOT_OWN
    return Reason.NOT_ASSIGNED if "a" in words else Reason.ROLE


def test_a_role_counts_only_in_its_unit() -> None:
    both = Subject(
        person="p", display="P", roles={HERE: frozenset({Role.OPERATOR}), THERE: frozenset({Role.CAREGIVER})}
    )
    assert isinstance(decide(both, Permission.ALERT_TAKE, Resource(unit=HERE)), Allowed)
    assert decide(both, Permission.ALERT_TAKE, Resource(unit=THERE)) == Denied(Reason.ROLE)
    assert units_for(both, Permission.ALERT_READ) == {HERE}
    with pytest.raises(NotAllowed):
        units_for(both, Permission.EDGE_ENROL)


def test_another_units_resource_is_other_whoever_owns_it() -> None:
    for resource in (RESOURCES[Relation.OTHER_UNIT], Resource(unit=THERE)):
        assert relation(subject(frozenset(Role)), resource) is Relation.OTHER_UNIT


def test_the_token_is_limited_by_its_roles_and_by_no_unit() -> None:
    token = Subject(person="T", display="T", roles={}, everywhere=frozenset({Role.OPERATOR}))
    assert units_for(token, Permission.ALERT_READ) is None
    assert isinstance(decide(token, Permission.ALERT_TAKE, Resource(unit=THERE)), Allowed)
    with pytest.raises(NotAllowed) as denied:
        require(token, Permission.PERSON_INVITE, Resource(unit=THERE))
    assert denied.value.hint == Reason.ROLE


def test_nothing_without_a_unit_is_within_units() -> None:
    assert within(None, None)
    assert not within(None, frozenset({HERE}))
    assert not within(THERE, frozenset({HERE}))
    assert not within(HERE, frozenset())
