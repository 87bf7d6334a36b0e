"""Grants: every combination of what may be right or wrong with a request, and the edges of every window."""

import itertools
from collections import Counter
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from homecare.clock import HOUR, MINUTE
from homecare.command import Action
from homecare.grant import (
    Allowed,
    CaseFacts,
    Denial,
    Denied,
    Door,
    Grant,
    How,
    Over,
    Person,
    Proximity,
    Purpose,
    Request,
    VisitFacts,
    decide,
    from_alert,
    from_visit,
)
from homecare.identity import DeviceId, HomeId, UnitId

NOW = 1_790_000_000_000_000
HOME, ELSEWHERE = HomeId("home-00000001"), HomeId("home-00000002")
UNIT, FOREIGN = UnitId("unit-00000001"), UnitId("unit-00000002")
LOCK, OTHER_LOCK = DeviceId("lock-00000001"), DeviceId("lock-00000002")
KARIN, OMAR, DISA = "person-karin", "person-omar0", "person-disa0"
REASON = "visit-or-alert-1"


# --- the table: what each thing can be, and what is wrong with it ----------------------------------------------------
# Written from the rules and not from the code: every fault that holds is collected, in any order, and the one that
# stands first in `Denial` must be told. Where no fault holds the request must be allowed.

LOCKS = {"ours": None, "none": Denial.NO_LOCK, "another": Denial.NO_LOCK, "another_home": Denial.NO_LOCK}
PEOPLE = {
    "fit": None,
    "unknown": Denial.UNKNOWN_PERSON,
    "revoked": Denial.REVOKED,
    "foreign": Denial.WRONG_UNIT,
}
GRANTS = {
    "valid": None,
    "none": Denial.NO_GRANT,
    "of_another_person": Denial.NO_GRANT,
    "for_another_reason": Denial.NO_GRANT,
    "of_another_home": Denial.WRONG_HOME,
    "cancelled": Denial.CANCELLED,
    "ended": Denial.ENDED,
    "closed": Denial.CLOSED,
    "not_accepted": Denial.NOT_ACCEPTED,
    "early": Denial.TOO_EARLY,
    "late": Denial.TOO_LATE,
}
READY = {
    (True, True): None,
    (True, False): Denial.NO_CONSENT,
    (False, True): Denial.NOT_IN_SERVICE,
    (False, False): Denial.NOT_IN_SERVICE,
}
"""(in service, consent), for a visit alone: an alarm waits for neither."""
BEYOND = {
    (Action.UNLOCK, False): None,
    (Action.UNLOCK, True): None,
    (Action.LOCK, False): None,
    (Action.LOCK, True): None,
    (Action.UNLATCH, False): Denial.UNLATCH_NOT_ALLOWED,
    (Action.UNLATCH, True): None,
    (Action.ANNOUNCE, False): Denial.UNLATCH_NOT_ALLOWED,
    (Action.ANNOUNCE, True): Denial.UNLATCH_NOT_ALLOWED,
}
"""(action, the grant includes the latch)."""
NEAR = {
    "fresh": True,
    "none": False,
    "old": False,
    "of_another_person": False,
    "of_another_home": False,
    "ahead": False,
}
SECONDS = {
    "none": Denial.NOT_AT_THE_DOOR,
    "same": Denial.SECOND_SAME,
    "unknown": Denial.SECOND_UNKNOWN,
    "revoked": Denial.SECOND_REVOKED,
    "foreign": Denial.SECOND_WRONG_UNIT,
    "without_right": Denial.SECOND_NO_RIGHT,
    "right_is_over": Denial.SECOND_NO_RIGHT,
    "right_elsewhere": Denial.SECOND_NO_RIGHT,
    "approves": None,
    "has_grant": None,
}
ORDER = list(Denial)


Combination = tuple[str, str, str, Purpose, tuple[bool, bool], tuple[Action, bool], str, str]


def expected(combination: Combination) -> Denial | How:
    """What the rules say of one combination."""
    lock, person, grant, purpose, ready, beyond, near, second = combination
    faults = {LOCKS[lock], PEOPLE[person], GRANTS[grant], BEYOND[beyond]}
    if purpose is Purpose.VISIT:
        faults.add(READY[ready])
    if beyond[0] is Action.LOCK:
        way = How.LOCKING
    elif NEAR[near]:
        way = How.AT_THE_DOOR
    else:
        way = How.REMOTE
        faults.add(SECONDS[second])
    standing = faults - {None}
    return min(standing, key=ORDER.index) if standing else way  # type: ignore[arg-type, type-var]


# --- the same combinations as values ---------------------------------------------------------------------------------


def a_grant(**changes: object) -> Grant:
    values = {
        "person": KARIN,
        "home": HOME,
        "purpose": Purpose.VISIT,
        "ends_with": REASON,
        "since": NOW - HOUR,
        "until": NOW + HOUR,
    }
    return Grant(**{**values, **changes})  # type: ignore[arg-type]


GRANT_CHANGES: dict[str, dict[str, object] | None] = {
    "valid": {},
    "none": None,
    "of_another_person": {"person": OMAR},
    "for_another_reason": {"ends_with": "visit-or-alert-2"},
    "of_another_home": {"home": ELSEWHERE},
    "cancelled": {"over": Over.CANCELLED},
    "ended": {"over": Over.ENDED},
    "closed": {"over": Over.CLOSED},
    "not_accepted": {"over": Over.NOT_ACCEPTED},
    "early": {"since": NOW + 1},
    "late": {"until": NOW},
}
PERSON_OF = {
    "fit": Person(KARIN, frozenset({UNIT, FOREIGN})),
    "unknown": None,
    "revoked": Person(KARIN, frozenset({UNIT}), revoked=True),
    "foreign": Person(KARIN, frozenset({FOREIGN})),
}
SECOND_OF: dict[str, Person | None] = {
    "none": None,
    "same": None,
    "unknown": None,
    "revoked": Person(DISA, frozenset({UNIT}), revoked=True, approves=True),
    "foreign": Person(DISA, frozenset({FOREIGN}), approves=True),
    "without_right": Person(DISA, frozenset({UNIT})),
    "right_is_over": Person(DISA, frozenset({UNIT})),
    "right_elsewhere": Person(DISA, frozenset({UNIT})),
    "approves": Person(DISA, frozenset({UNIT}), approves=True),
    "has_grant": Person(DISA, frozenset({UNIT})),
}
SECOND_GRANTS = {
    "right_is_over": {"over": Over.CLOSED},
    "right_elsewhere": {"home": ELSEWHERE},
    "has_grant": {"purpose": Purpose.ALERT, "ends_with": "alert-0000001"},
}
DOOR_OF = {"ours": (LOCK, HOME), "none": (None, HOME), "another": (OTHER_LOCK, HOME), "another_home": (LOCK, ELSEWHERE)}
PROOF_OF = {
    "fresh": [Proximity(KARIN, HOME, "tag", NOW - 2 * MINUTE)],
    "none": [],
    "old": [Proximity(KARIN, HOME, "tag", NOW - 2 * MINUTE - 1)],
    "of_another_person": [Proximity(OMAR, HOME, "tag", NOW)],
    "of_another_home": [Proximity(KARIN, ELSEWHERE, "tag", NOW)],
    "ahead": [Proximity(KARIN, HOME, "tag", NOW + 1)],
}


def combinations() -> Iterator[Combination]:
    return itertools.product(LOCKS, PEOPLE, GRANTS, Purpose, READY, BEYOND, NEAR, SECONDS)


def test_every_combination_is_decided_as_the_table_says(capsys: pytest.CaptureFixture[str]) -> None:
    counts: Counter[str] = Counter()
    doors = {
        (lock, ready): Door(home, UNIT, device, in_service=ready[0], consent=ready[1])
        for (lock, (device, home)), ready in itertools.product(DOOR_OF.items(), READY)
    }
    people = {
        (one, two): {each.id: each for each in (PERSON_OF[one], SECOND_OF[two]) if each}
        for one, two in itertools.product(PEOPLE, SECONDS)
    }
    held = {
        (name, purpose, latch, second): _held(name, purpose, second, latch=latch)
        for name, purpose, latch, second in itertools.product(GRANTS, Purpose, (True, False), SECONDS)
    }
    requests = {
        (purpose, action, second): Request(KARIN, HOME, LOCK, action, purpose, REASON, _second_name(second))
        for purpose, action, second in itertools.product(Purpose, Action, SECONDS)
    }
    for each in combinations():
        lock, person, grant, purpose, ready, (action, latch), near, second = each
        answer = decide(
            requests[purpose, action, second],
            held[grant, purpose, latch, second],
            door=doors[lock, ready],
            people=people[person, second],
            proximity=PROOF_OF[near],
            now=NOW,
        )
        told = answer.reason if isinstance(answer, Denied) else answer.how
        assert told == expected(each), each
        counts[told] += 1
    total = sum(counts.values())
    allowed = sum(counts[how] for how in How)
    with capsys.disabled():
        print(f"\ngrants: {total} combinations, {allowed} allowed, {total - allowed} denied")
        print("  " + ", ".join(f"{name} {counts[name]}" for name in (*How, *Denial)))
    assert all(counts[name] for name in (*How, *Denial)), "a reason that is never told"


def _second_name(second: str) -> str | None:
    return None if second == "none" else KARIN if second == "same" else DISA


def _held(name: str, purpose: Purpose, second: str, *, latch: bool) -> list[Grant]:
    changes = GRANT_CHANGES[name]
    grants = [] if changes is None else [a_grant(**{"purpose": purpose, "unlatch": latch, **changes})]
    if second in SECOND_GRANTS:
        grants.append(a_grant(**{"person": DISA, "unlatch": True, **SECOND_GRANTS[second]}))
    return grants


# --- where grants come from ------------------------------------------------------------------------------------------

START, END, SHIFT = NOW, NOW + 30 * MINUTE, NOW + 5 * HOUR


def visit(**changes: object) -> VisitFacts:
    values = {"visit": REASON, "person": KARIN, "home": HOME, "since": START, "until": END, "shift_until": SHIFT}
    return VisitFacts(**{**values, **changes})  # type: ignore[arg-type]


def case(**changes: object) -> CaseFacts:
    values = {"alert": REASON, "person": KARIN, "home": HOME, "accepted_at": NOW, "shift_until": SHIFT}
    return CaseFacts(**{**values, **changes})  # type: ignore[arg-type]


def opens(grant: Grant, at: int) -> Denial | How:
    """What an opening at the door gives at `at`."""
    request = Request(KARIN, HOME, LOCK, Action.UNLOCK, grant.purpose, REASON)
    answer = decide(
        request,
        [grant],
        door=Door(HOME, UNIT, LOCK),
        people={KARIN: Person(KARIN, frozenset({UNIT}))},
        proximity=[Proximity(KARIN, HOME, "tag", at)],
        now=at,
    )
    return answer.how if isinstance(answer, Allowed) else answer.reason


@pytest.mark.parametrize(
    ("facts", "first", "last"),
    [
        pytest.param(visit(), START - 30 * MINUTE, END + 2 * HOUR, id="planned"),
        pytest.param(visit(shift_until=END - HOUR), START - 30 * MINUTE, END + HOUR, id="the-shift-ends-first"),
        pytest.param(visit(shift_until=None), START - 30 * MINUTE, END + 2 * HOUR, id="no-shift-known"),
        pytest.param(visit(started_at=START), START - 30 * MINUTE, SHIFT + 2 * HOUR, id="begun"),
        pytest.param(visit(started_at=START, cancelled=True), START - 30 * MINUTE, SHIFT + 2 * HOUR, id="plan-28"),
        pytest.param(
            visit(started_at=START, since=START + 3 * HOUR, until=END + 3 * HOUR), START, SHIFT + 2 * HOUR, id="plan-27"
        ),
        pytest.param(
            visit(until=START + 48 * HOUR, shift_until=START + 48 * HOUR),
            START - HOUR / 2,
            START + 11.5 * HOUR,
            id="plan-25",
        ),
        pytest.param(
            visit(started_at=START, shift_until=START + 48 * HOUR), START - HOUR / 2, START + 11.5 * HOUR, id="12-hours"
        ),
    ],
)
def test_a_visit_opens_from_its_first_microsecond_to_its_last(facts: VisitFacts, first: int, last: int) -> None:
    grant = from_visit(facts)
    assert opens(grant, int(first) - 1) is Denial.TOO_EARLY
    assert opens(grant, int(first)) is How.AT_THE_DOOR
    assert opens(grant, int(last) - 1) is How.AT_THE_DOOR
    assert opens(grant, int(last)) is Denial.TOO_LATE


@pytest.mark.parametrize(
    ("facts", "denial"),
    [
        (visit(cancelled=True), Denial.CANCELLED),
        (visit(ended_at=NOW), Denial.ENDED),
        (visit(started_at=NOW, ended_at=NOW + 1), Denial.ENDED),
        (visit(started_at=NOW, ended_at=NOW + 1, cancelled=True), Denial.ENDED),
    ],
)
def test_a_visit_that_is_over_opens_nothing(facts: VisitFacts, denial: Denial) -> None:
    assert opens(from_visit(facts), NOW + MINUTE) is denial


@pytest.mark.parametrize(
    ("facts", "last"),
    [
        pytest.param(case(), SHIFT + 2 * HOUR, id="accepted"),
        pytest.param(case(shift_until=None), NOW + 2 * HOUR, id="no-shift-known"),
        pytest.param(case(shift_until=NOW - HOUR), NOW + HOUR, id="after-the-shift"),
        pytest.param(case(shift_until=NOW + 48 * HOUR), NOW + 12 * HOUR, id="12-hours"),
    ],
)
def test_an_accepted_alert_opens_while_it_is_asked_for_again(facts: CaseFacts, last: int) -> None:
    assert opens(from_alert(facts, NOW), NOW - 1) is Denial.TOO_EARLY
    assert opens(from_alert(facts, NOW), NOW) is How.AT_THE_DOOR
    assert opens(from_alert(facts, last - 1), last - 1) is How.AT_THE_DOOR
    assert opens(from_alert(facts, last), last) is Denial.TOO_LATE


def test_an_answer_of_an_hour_ago_opens_nothing() -> None:
    grant = from_alert(case(), NOW)
    assert opens(grant, NOW + HOUR - 1) is How.AT_THE_DOOR
    assert opens(grant, NOW + HOUR) is Denial.TOO_LATE


@pytest.mark.parametrize(
    ("facts", "denial"),
    [
        (case(closed=True), Denial.CLOSED),
        (case(accepted_at=None), Denial.NOT_ACCEPTED),
        (case(accepted_at=None, closed=True), Denial.CLOSED),
    ],
)
def test_an_alert_that_is_closed_or_not_accepted_opens_nothing(facts: CaseFacts, denial: Denial) -> None:
    assert opens(from_alert(facts, NOW), NOW) is denial


_instants = st.integers(min_value=NOW - 100 * HOUR, max_value=NOW + 100 * HOUR)


@given(
    since=_instants,
    until=_instants,
    shift=st.none() | _instants,
    started=st.none() | _instants,
    cancelled=st.booleans(),
)
def test_no_visit_gives_more_than_twelve_hours_nor_outlasts_the_shift(
    since: int, until: int, shift: int | None, started: int | None, *, cancelled: bool
) -> None:
    grant = from_visit(visit(since=since, until=until, shift_until=shift, started_at=started, cancelled=cancelled))
    assert grant.until - grant.since <= 12 * HOUR
    assert grant.until <= (until if shift is None else shift) + 2 * HOUR


@given(_instants, st.none() | _instants, _instants)
def test_no_alert_gives_more_than_an_hour_ahead_nor_outlasts_the_shift(
    accepted: int, shift: int | None, now: int
) -> None:
    grant = from_alert(case(accepted_at=accepted, shift_until=shift), now)
    assert grant.until <= now + HOUR
    assert grant.until - grant.since <= 12 * HOUR
    assert grant.until <= (accepted if shift is None else shift) + 2 * HOUR
