"""Grants: every combination of what may be right or wrong with a request."""

import itertools
from collections import Counter
from collections.abc import Callable, Iterator

from homecare.clock import HOUR, MINUTE
from homecare.command import Action
from homecare.grant import (
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
    decide,
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
    "holder": None,
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
    "held": None,
    "held_closed": Denial.CLOSED,
    "ended_inside": Denial.ENDED,
    "closed_inside": Denial.CLOSED,
    "late_inside": Denial.TOO_LATE,
    "ended_long_ago": Denial.ENDED,
    "inside_early": Denial.TOO_EARLY,
    "held_closed_just_now": Denial.CLOSED,
}
HELD = {"held", "held_closed", "held_closed_just_now"}
"""Rights of whoever holds the alert at the desk, and only of a `holder`: from afar, whoever is near."""
LOCKS_BEHIND = {"ended_inside", "closed_inside", "late_inside", "held_closed_just_now"}
"""Rights that let their person in and ended a moment ago: the door may be locked, whatever the home lacks."""
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
    "holds": Denial.SECOND_NO_RIGHT,
    "approves": None,
    "has_grant": None,
    "same_reason": None,
}
SECONDS_OF_HELD = {**SECONDS, "has_grant": Denial.SECOND_NO_RIGHT}
"""To what is held, a right at the door alone agrees only where it is for the same alert."""
ORDER = list(Denial)


Combination = tuple[str, str, str, Purpose, tuple[bool, bool], tuple[Action, bool], str, str]


def expected(combination: Combination) -> Denial | How:
    """What the rules say of one combination."""
    lock, person, grant, purpose, ready, beyond, near, second = combination
    held = grant in HELD
    faults: set[Denial | None] = {LOCKS[lock], PEOPLE[person]}
    if held:
        faults.add(None if person == "holder" else Denial.NO_GRANT)
    if not (beyond[0] is Action.LOCK and grant in LOCKS_BEHIND):
        faults |= {GRANTS[grant], BEYOND[beyond]}
        if purpose is Purpose.VISIT:
            faults.add(READY[ready])
    if beyond[0] is Action.LOCK:
        way = How.LOCKING
    elif NEAR[near] and not held:
        way = How.AT_THE_DOOR
    else:
        way = How.REMOTE
        faults.add((SECONDS_OF_HELD if held else SECONDS)[second])
    return next((denial for denial in ORDER if denial in faults), way)


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
    "held": {"held": True},
    "held_closed": {"held": True, "over": Over.CLOSED, "lock_until": NOW},
    "ended_inside": {"over": Over.ENDED, "lock_until": NOW + 1},
    "closed_inside": {"over": Over.CLOSED, "lock_until": NOW + 1},
    "late_inside": {"until": NOW, "lock_until": NOW + 1},
    "ended_long_ago": {"over": Over.ENDED, "lock_until": NOW},
    "inside_early": {"since": NOW + 1, "lock_until": NOW + 2},
    "held_closed_just_now": {"held": True, "over": Over.CLOSED, "lock_until": NOW + 1},
}
PERSON_OF = {
    "fit": Person(KARIN, frozenset({UNIT, FOREIGN})),
    "holder": Person(KARIN, frozenset({UNIT}), holds=True),
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
    "holds": Person(DISA, frozenset({UNIT}), holds=True),
    "approves": Person(DISA, frozenset({UNIT}), approves=True),
    "has_grant": Person(DISA, frozenset({UNIT})),
    "same_reason": Person(DISA, frozenset({UNIT})),
}
SECOND_GRANTS: dict[str, dict[str, object]] = {
    "right_is_over": {"over": Over.CLOSED, "lock_until": NOW + 1},
    "right_elsewhere": {"home": ELSEWHERE},
    "holds": {"held": True},
    "has_grant": {"purpose": Purpose.ALERT, "ends_with": "alert-0000001"},
    "same_reason": {},
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


def test_every_combination_is_decided_as_the_table_says(record_property: Callable[[str, object], None]) -> None:
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
    reasons = ", ".join(f"{name} {counts[name]}" for name in (*How, *Denial))
    record_property("figure", f"{total} combinations, {allowed} allowed, {total - allowed} denied: {reasons}")
    assert all(counts[name] for name in (*How, *Denial)), "a reason that is never told"


def _second_name(second: str) -> str | None:
    return None if second == "none" else KARIN if second == "same" else DISA


def _held(name: str, purpose: Purpose, second: str, *, latch: bool) -> list[Grant]:
    changes = GRANT_CHANGES[name]
    grants = [] if changes is None else [a_grant(**{"purpose": purpose, "unlatch": latch, **changes})]
    if second in SECOND_GRANTS:
        grants.append(a_grant(**{"person": DISA, "purpose": purpose, "unlatch": True, **SECOND_GRANTS[second]}))
    return grants
