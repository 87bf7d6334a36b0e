"""The ladder: its waits, and that no pattern of presses, takes and releases keeps an alert from its last rung."""

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from homecare.alert import (
    URGENCY_OF,
    Action,
    Alert,
    Condition,
    Said,
    Standing,
    Transition,
    Urgency,
    act,
)
from homecare.answering import Answer, answer
from homecare.case import CallResult
from homecare.clock import MINUTE, SECOND
from homecare.errors import Conflict
from homecare.ladder import LADDERS, LAST, SECOND_DESK, WEBHOOK, due, first_due, ladder_of, rung, step
from tests.homecare.test_case import ALERT, CARER, DESK, OTHER

LADDER = LADDERS[Urgency.CALL]
RAISED = msgspec.structs.replace(ALERT, raised_at=1_000 * SECOND)
START = RAISED.raised_at


def do(alert: Alert, action: Action, at: int, said: Said | None = None, person: str = DESK) -> Alert:
    given_said = said or Said(reason="klart", to=OTHER, result=CallResult.NO_ANSWER, text="klart")
    return act(alert, action, person=person, version=alert.version, at=at, said=given_said)


def pressed(alert: Alert) -> Alert:
    """One press more, as the database counts it: nothing of the case changes."""
    return msgspec.structs.replace(
        alert, occurrences=alert.occurrences + 1, version=alert.version + 1, standing=Standing.RAISED
    )


def climbed(alert: Alert, until: int) -> tuple[Alert, list[tuple[int, Transition, int]]]:
    """Let time pass as the service does; what happened, when, and to which rung."""
    steps = []
    for _ in range(1_000):
        at = due(alert, LADDER)
        if at is None or at > until:
            return alert, steps
        taken = step(alert, LADDER, at)
        assert taken is not None, "due and step agree"
        alert, transition = taken
        steps.append((at - START, transition, alert.case.rung))
    raise AssertionError("the ladder never ends its round")


def test_nobody_takes_it() -> None:
    alert, steps = climbed(RAISED, START + 5 * MINUTE)
    escalated = Transition.ESCALATED
    assert steps == [
        (30 * SECOND, escalated, SECOND_DESK),
        (60 * SECOND, escalated, WEBHOOK),
        (180 * SECOND, escalated, LAST),
        (240 * SECOND, escalated, LAST + 1),
        (300 * SECOND, escalated, LAST + 2),
    ]
    assert alert.case.escalated_at == START + 300 * SECOND


@pytest.mark.parametrize(
    ("seconds", "reached"),
    [(-5, 0), (0, 0), (29, 0), (30, 1), (59, 1), (60, 2), (179, 2), (180, 3), (239, 3), (240, 4)],
)
def test_the_rung_of_an_instant(seconds: int, reached: int) -> None:
    assert rung(RAISED, LADDER, START + seconds * SECOND) == reached


def test_a_ladder_that_was_away_makes_every_rung_good_and_one_of_the_missed_repetitions() -> None:
    alert, late = RAISED, START + 60 * MINUTE
    rungs = []
    while taken := step(alert, LADDER, late):
        alert = taken[0]
        rungs.append(alert.case.rung)
    assert rungs == [1, 2, 3, 60]


def test_a_take_is_quiet_for_120_seconds_and_then_the_ladder_is_where_it_would_have_been() -> None:
    taken = do(RAISED, Action.TAKE, START + 10 * SECOND)
    assert rung(taken, LADDER, START + 100 * SECOND) == 0
    alert, steps = climbed(taken, START + 131 * SECOND)
    assert steps[0] == (130 * SECOND, Transition.LAPSED, 0)
    assert [at for at, *_ in steps[1:]] == [30 * SECOND, 60 * SECOND], "both are over: they are made good at once"
    assert (alert.claimed_by, alert.case.rung) == (None, 2)


def test_progress_starts_the_ladder_again_and_accepting_waits_longer() -> None:
    out = do(do(RAISED, Action.TAKE, START), Action.SEND, START + 60 * SECOND, Said(to=CARER))
    assert due(out, LADDER) == START + 180 * SECOND
    accepted = answer(out, Answer.ACCEPT, person=CARER, at=START + 70 * SECOND)
    assert due(accepted, LADDER) == START + 70 * SECOND + LADDER.way
    there = answer(accepted, Answer.ON_SITE, person=CARER, at=START + 80 * SECOND)
    assert due(there, LADDER) == START + 80 * SECOND + LADDER.there


def test_a_responder_who_cannot_brings_the_case_back_where_nobody_has_it() -> None:
    out = do(RAISED, Action.SEND, START, Said(to=CARER))
    lapsed, _ = climbed(out, START + 121 * SECOND)
    accepted = answer(lapsed, Answer.ACCEPT, person=CARER, at=START + 125 * SECOND)
    assert (accepted.claimed_by, accepted.attended, accepted.case.rung) == (None, True, 0)
    declined = answer(accepted, Answer.DECLINE, person=CARER, at=START + 130 * SECOND)
    assert not declined.attended
    assert due(declined, LADDER) == START + 125 * SECOND + LADDER.second_desk, "it waits since it last got further"


def test_an_escalation_hides_nothing_from_whoever_read_the_alert_before() -> None:
    escalated, _ = climbed(RAISED, START + 60 * SECOND)
    assert escalated.version == 3
    assert act(escalated, Action.TAKE, person=DESK, version=1, at=START).claimed_by == DESK
    newer, _ = climbed(pressed(escalated), START + 180 * SECOND)
    with pytest.raises(Conflict):
        act(newer, Action.TAKE, person=DESK, version=1, at=START)
    assert act(newer, Action.TAKE, person=DESK, version=4, at=START).claimed_by == DESK


@pytest.mark.parametrize("condition", list(Condition))
def test_calls_and_concerns_have_a_ladder_and_faults_are_work_for_the_day(condition: Condition) -> None:
    fault = URGENCY_OF[condition] is Urgency.FAULT
    assert (ladder_of(condition) is None) == fault
    assert (first_due(condition, START) is None) == fault


def test_a_concern_that_is_gone_waits_and_is_not_escalated() -> None:
    gone = msgspec.structs.replace(RAISED, condition=Condition.INACTIVITY, active=False)
    assert due(gone, ladder_of(gone.condition)) is None
    assert due(msgspec.structs.replace(gone, active=True), ladder_of(gone.condition)) is not None


IDLE = st.sampled_from(["press", "take", "release", "hand_over", "wait", "acknowledge"])


@settings(max_examples=400, deadline=None)
@given(st.lists(st.tuples(IDLE, st.integers(1, 90)), min_size=1, max_size=40))
def test_eight_presses_that_nobody_answers_reach_the_last_rung_whatever_people_click(
    doings: list[tuple[str, int]],
) -> None:
    """Takes that are dropped, releases, hand-overs and presses: none of them is progress, none resets or silences."""
    alert, now = RAISED, START
    for what, seconds in [*doings, *[("press", 60)] * 8]:
        now += seconds * SECOND
        alert, _ = climbed(alert, now)
        waiting = due(alert, LADDER)
        assert waiting is not None, "an open call is never silent"
        assert waiting - now <= LADDER.claim
        before = (alert.case, waiting)
        alert = clicked(alert, what, now)
        if what == "press":
            assert (alert.case, due(alert, LADDER)) == before, "a press restarts nothing"
    alert, _ = climbed(alert, now + LADDER.claim)
    assert alert.case.rung >= LAST
    assert alert.case.waiting_since is None


def clicked(alert: Alert, what: str, now: int) -> Alert:
    if what == "press":
        return pressed(alert)
    if what == "wait":
        return alert
    return do(alert, Action(what), now, person=alert.claimed_by or DESK)


ANYTHING = st.sampled_from(["press", "wait", *Action, *(f"answer {one}" for one in Answer)])


@settings(max_examples=400, deadline=None)
@given(st.lists(st.tuples(ANYTHING, st.integers(0, 4_000)), max_size=40))
def test_whatever_people_do_an_open_call_always_has_a_next_step(doings: list[tuple[str, int]]) -> None:
    alert, now = RAISED, START
    for what, seconds in doings:
        now += seconds * SECOND
        alert, _ = climbed(alert, now)
        rung_before, version = alert.case.rung, alert.version
        try:
            if what.startswith("answer "):
                alert = answer(alert, Answer(what[7:]), person=OTHER, at=now, text="klart")
            else:
                alert = clicked(alert, what, now)
        except Conflict:
            assert (alert.case.rung, alert.version) == (rung_before, version)
        waiting = due(alert, LADDER)
        if alert.standing is Standing.RESOLVED:
            assert waiting is None
            return
        assert waiting is not None
        assert waiting - now <= LADDER.there
