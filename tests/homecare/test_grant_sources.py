"""Grants: where they come from, and the edges of every window."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from homecare.clock import HOUR, MINUTE
from homecare.command import Action
from homecare.grant import Allowed, Denial, Door, Grant, How, Person, Proximity, Purpose, Request, decide
from homecare.grant_sources import CaseFacts, HeldFacts, VisitFacts, from_alert, from_held, from_visit
from tests.homecare.test_grant import DISA, HOME, KARIN, LOCK, NOW, REASON, UNIT

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
        (case(closed_at=NOW), Denial.CLOSED),
        (case(accepted_at=None), Denial.NOT_ACCEPTED),
        (case(accepted_at=None, closed_at=NOW), Denial.CLOSED),
    ],
)
def test_an_alert_that_is_closed_or_not_accepted_opens_nothing(facts: CaseFacts, denial: Denial) -> None:
    assert opens(from_alert(facts, NOW), NOW) is denial


@pytest.mark.parametrize(
    ("moved_at", "closed", "answer"),
    [
        pytest.param(NOW, False, How.REMOTE, id="taken-this-moment"),
        pytest.param(NOW - 12 * HOUR + 1, False, How.REMOTE, id="nearly-half-a-day-ago"),
        pytest.param(NOW - 12 * HOUR, False, Denial.TOO_LATE, id="forgotten"),
        pytest.param(NOW + 1, False, How.REMOTE, id="a-clock-that-was-set-back"),
        pytest.param(NOW, True, Denial.CLOSED, id="closed"),
    ],
)
def test_a_held_alert_unlocks_with_a_second_person_while_it_is_worked_on(
    moved_at: int, *, closed: bool, answer: How | Denial
) -> None:
    held = from_held(
        HeldFacts(alert=REASON, person=KARIN, home=HOME, moved_at=moved_at, closed_at=NOW if closed else None), NOW
    )
    request = Request(KARIN, HOME, LOCK, Action.UNLOCK, Purpose.ALERT, REASON, DISA)
    units = frozenset({UNIT})
    known = {KARIN: Person(KARIN, units, holds=True), DISA: Person(DISA, units, approves=True)}
    near = [Proximity(KARIN, HOME, "tag", NOW)]
    told = decide(request, [held], door=Door(HOME, UNIT, LOCK), people=known, proximity=near, now=NOW)
    assert (told.how if isinstance(told, Allowed) else told.reason) is answer


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


def locks(grant: Grant, at: int, *, door: Door | None = None) -> Denial | How:
    """What locking gives at `at`, from wherever the person is."""
    request = Request(KARIN, HOME, LOCK, Action.LOCK, grant.purpose, REASON)
    people = {KARIN: Person(KARIN, frozenset({UNIT}), holds=True)}
    answer = decide(request, [grant], door=door or Door(HOME, UNIT, LOCK), people=people, proximity=[], now=at)
    return answer.how if isinstance(answer, Allowed) else answer.reason


_HELD = {"alert": REASON, "person": KARIN, "home": HOME}


@pytest.mark.parametrize(
    ("grant", "end", "after"),
    [
        pytest.param(from_visit(visit(started_at=START, ended_at=NOW)), NOW, Denial.ENDED, id="visit-ended"),
        pytest.param(from_visit(visit(started_at=START)), SHIFT + 2 * HOUR, Denial.TOO_LATE, id="never-ended"),
        pytest.param(from_alert(case(closed_at=NOW + 1), NOW), NOW + 1, Denial.CLOSED, id="alert-closed"),
        pytest.param(from_alert(case(), NOW), SHIFT + 2 * HOUR, Denial.TOO_LATE, id="never-closed"),
        pytest.param(from_held(HeldFacts(**_HELD, moved_at=NOW, closed_at=NOW), NOW), NOW, Denial.CLOSED, id="held"),
    ],
)
def test_whoever_was_let_in_may_lock_for_two_hours_more(grant: Grant, end: int, after: Denial) -> None:
    assert opens(grant, end) in (after, Denial.NO_GRANT)
    assert locks(grant, end + 2 * HOUR - 1) is How.LOCKING
    assert locks(grant, end + 2 * HOUR - 1, door=Door(HOME, UNIT, LOCK, in_service=False)) is How.LOCKING
    assert locks(grant, end + 2 * HOUR) is after


@pytest.mark.parametrize(
    "grant",
    [
        from_visit(visit(cancelled=True)),
        from_visit(visit(ended_at=NOW)),
        from_alert(case(accepted_at=None), NOW),
        from_alert(case(accepted_at=None, closed_at=NOW), NOW),
    ],
)
def test_whoever_was_not_let_in_locks_nothing_afterwards(grant: Grant) -> None:
    assert isinstance(locks(grant, NOW + 1), Denial)
