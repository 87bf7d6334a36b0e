"""What people do about an alert: every step, who may take it, and what an unknowing phone may say twice."""

import msgspec
import pytest

from homecare.alert import (
    CALL_LIMIT,
    INSIDE,
    ON_THE_WAY,
    UNLOCKED,
    URGENCY_OF,
    Action,
    Alert,
    Condition,
    Said,
    Standing,
    act,
)
from homecare.answering import Answer, answer
from homecare.case import CallResult, ResponseStanding
from homecare.clock import MINUTE, SECOND
from homecare.errors import Conflict, Refused
from homecare.identity import AlertId, HomeId
from homecare.ladder import LADDERS, due, step

ALERT = Alert(
    id=AlertId("alert-0001"),
    home=HomeId("home-00000001"),
    condition=Condition.HELP_CALL,
    subject=None,
    occurred_at=1,
    raised_at=2,
    last_occurred_at=1,
    occurrences=1,
    active=True,
    standing=Standing.RAISED,
    version=1,
)
DESK, OTHER, CARER = "person-desk-01", "person-desk-02", "person-care-01"
CLOSE = Said(reason="hjälp är på plats")


def do(alert: Alert, action: Action, said: Said = CLOSE, *, person: str = DESK, at: int = 10) -> Alert:
    return act(alert, action, person=person, version=alert.version, at=at, said=said)


def sent() -> Alert:
    return do(do(ALERT, Action.TAKE), Action.SEND, Said(to=CARER))


def standing(alert: Alert) -> ResponseStanding | None:
    return alert.case.response.standing if alert.case.response else None


def test_a_case_from_press_to_outcome_has_every_step() -> None:
    called = do(do(ALERT, Action.TAKE), Action.CALL_BACK, Said(result=CallResult.NO_ANSWER), at=11)
    out = do(called, Action.SEND, Said(to=CARER), at=12)
    accepted = answer(out, Answer.ACCEPT, person=CARER, at=13)
    there = answer(accepted, Answer.ON_SITE, person=CARER, at=14)
    told = answer(there, Answer.OUTCOME, person=CARER, at=15, text=" Lyfte upp. ")
    left = answer(told, Answer.LEFT, person=CARER, at=16)
    over = do(left, Action.RESOLVE)
    assert [step.version for step in (called, out, accepted, there, told, left, over)] == [3, 4, 5, 6, 7, 8, 9]
    assert called.case.called_back is not None
    assert (called.case.called_back.by, called.case.called_back.result) == (DESK, CallResult.NO_ANSWER)
    response = over.case.response
    assert response is not None
    assert (response.sent_at, response.accepted_at, response.on_site_at, response.left_at) == (12, 13, 14, 16)
    assert (told.case.outcome, told.case.inside, left.case.inside) == ("Lyfte upp.", True, False)
    assert (over.standing, over.resolved_by, over.case.outcome) == (Standing.RESOLVED, DESK, "Lyfte upp.")


def test_an_alert_is_handed_over_to_somebody_and_is_then_theirs() -> None:
    theirs = do(do(ALERT, Action.TAKE), Action.HAND_OVER, Said(to=OTHER))
    assert theirs.claimed_by == OTHER
    with pytest.raises(Conflict):
        do(theirs, Action.RELEASE)
    assert do(theirs, Action.RELEASE, person=OTHER).claimed_by is None


@pytest.mark.parametrize(
    ("action", "said"),
    [
        (Action.HAND_OVER, Said()),
        (Action.SEND, Said()),
        (Action.CALL_BACK, Said()),
        (Action.OUTCOME, Said(text="  ")),
        (Action.OUTCOME, Said(text="x" * 501)),
        (Action.RESOLVE, Said()),
    ],
)
def test_what_an_action_needs_must_be_said(action: Action, said: Said) -> None:
    with pytest.raises(Refused):
        do(ALERT, action, said)


@pytest.mark.parametrize("action", [Action.ON_SITE, Action.LEFT])
def test_nobody_is_on_site_who_was_not_sent(action: Action) -> None:
    with pytest.raises(Conflict):
        do(ALERT, action)


def test_ending_over_the_head_of_somebody_inside_must_be_confirmed() -> None:
    there = answer(answer(sent(), Answer.ACCEPT, person=CARER, at=1), Answer.ON_SITE, person=CARER, at=2)
    with pytest.raises(Conflict, match=INSIDE):
        do(there, Action.RESOLVE)
    with pytest.raises(Conflict, match=INSIDE):
        do(answer(there, Answer.OUTCOME, person=CARER, at=3, text="klart"), Action.RESOLVE)
    with pytest.raises(Conflict, match=INSIDE):
        do(there, Action.SEND, Said(to="person-care-02"))
    assert do(there, Action.RESOLVE, msgspec.structs.replace(CLOSE, confirm=True)).standing is Standing.RESOLVED


def test_ending_while_somebody_is_on_the_way_must_be_confirmed() -> None:
    accepted = answer(sent(), Answer.ACCEPT, person=CARER, at=1)
    with pytest.raises(Conflict, match=ON_THE_WAY):
        do(accepted, Action.RESOLVE)
    told = answer(accepted, Answer.OUTCOME, person=CARER, at=3, text="pratade genom dörren")
    assert do(told, Action.RESOLVE).standing is Standing.RESOLVED


@pytest.mark.parametrize(("standing", "first"), [(Answer.ACCEPT, ON_THE_WAY), (Answer.ON_SITE, INSIDE)])
def test_both_are_said_where_somebody_is_there_and_the_door_is_unlocked(standing: Answer, first: str) -> None:
    """Red when one hides the other. The person comes first: that is how a desk knows that it is a warning."""
    alert = answer(answer(sent(), Answer.ACCEPT, person=CARER, at=1), standing, person=CARER, at=2)
    with pytest.raises(Conflict) as warned:
        do(alert, Action.RESOLVE, msgspec.structs.replace(CLOSE, unlocked=True))
    assert warned.value.hint.startswith(f"{first} and {UNLOCKED};")


def test_an_answer_that_comes_twice_says_nothing_new() -> None:
    alert = sent()
    for what in (Answer.ACCEPT, Answer.ON_SITE, Answer.LEFT, Answer.OUTCOME):
        alert = answer(alert, what, person=CARER, at=20, text="klart")
        assert answer(alert, what, person=CARER, at=21, text="klart") is alert
    over = do(alert, Action.RESOLVE)
    assert answer(over, Answer.OUTCOME, person=CARER, at=22, text="klart") is over
    with pytest.raises(Conflict):
        answer(over, Answer.ACCEPT, person=CARER, at=22)


def test_an_answer_needs_no_version_but_must_come_from_whom_it_was_sent_to() -> None:
    pressed = msgspec.structs.replace(sent(), version=40)
    assert answer(pressed, Answer.ACCEPT, person=CARER, at=1).version == 41
    for alert, person in ((pressed, "person-care-02"), (ALERT, CARER)):
        with pytest.raises(Conflict):
            answer(alert, Answer.ACCEPT, person=person, at=1)


def test_one_who_is_there_accepts_nothing_anew_and_one_who_declined_may_still_go() -> None:
    there = answer(sent(), Answer.ON_SITE, person=CARER, at=5)
    assert there.case.response is not None
    assert (standing(there), there.case.response.accepted_at) == (ResponseStanding.ON_SITE, 5), "the door says both"
    assert answer(there, Answer.ACCEPT, person=CARER, at=6) is there
    declined = answer(sent(), Answer.DECLINE, person=CARER, at=5)
    assert standing(answer(declined, Answer.ACCEPT, person=CARER, at=6)) is ResponseStanding.ACCEPTED


def test_a_door_that_is_heard_late_says_when_it_was_opened_and_the_case_waits_from_now_on() -> None:
    there = answer(sent(), Answer.ON_SITE, person=CARER, at=50, heard_at=9_000)
    assert there.case.response is not None
    assert (there.case.response.on_site_at, there.case.moved_at, there.case.waiting_since) == (50, 9_000, 9_000)
    early = answer(sent(), Answer.ON_SITE, person=CARER, at=10_000, heard_at=9_000)
    assert early.case.response is not None
    assert early.case.response.on_site_at == 9_000, "nobody comes in the future"


def test_somebody_else_can_be_sent_once_the_first_one_cannot() -> None:
    declined = answer(sent(), Answer.DECLINE, person=CARER, at=5)
    again = do(declined, Action.SEND, Said(to="person-care-02"), at=6)
    assert again.case.response is not None
    assert (again.case.response.person, again.case.response.standing) == ("person-care-02", ResponseStanding.SENT)
    with pytest.raises(Conflict):
        answer(again, Answer.ACCEPT, person=CARER, at=7)


SAID_AGAIN = 45 * SECOND
LADDER = LADDERS[URGENCY_OF[Condition.HELP_CALL]]


def lapses(alert: Alert, at: int) -> bool:
    return step(alert, LADDER, at) is not None


def talks(alert: Alert, *, since: int, until: int) -> Alert:
    """The desk says again and again that the call goes on; nothing lapses in between."""
    for at in range(since, until, SAID_AGAIN):
        assert not lapses(alert, at)
        alert = do(alert, Action.CALLING, at=at)
    return alert


def test_a_call_of_ten_minutes_keeps_the_claim_and_says_since_when() -> None:
    called = talks(do(ALERT, Action.TAKE, at=0), since=0, until=10 * MINUTE)
    assert (called.claimed_by, called.case.calling_since) == (DESK, 0)
    assert called.case.waiting_since is None, "it got nobody any further: the ladder stands where it stood"
    noted = do(called, Action.CALL_BACK, Said(result=CallResult.REACHED), at=10 * MINUTE)
    assert noted.case.calling_since is None


def test_a_desk_that_is_gone_keeps_nothing() -> None:
    called = talks(do(ALERT, Action.TAKE, at=0), since=0, until=5 * MINUTE)
    last = called.case.moved_at
    assert last is not None
    assert not lapses(called, last + LADDER.claim - 1)
    lapsed = step(called, LADDER, last + LADDER.claim)
    assert lapsed is not None
    assert (lapsed[0].claimed_by, lapsed[0].case.calling_since) == (None, None)


def test_no_call_keeps_the_claim_for_longer_than_its_limit() -> None:
    """Red without the bound: a desk that was left with a call open would hold the alert for ever."""
    called = talks(do(ALERT, Action.TAKE, at=0), since=0, until=CALL_LIMIT + LADDER.claim)
    for at in range(CALL_LIMIT, CALL_LIMIT + LADDER.claim, SAID_AGAIN):
        called = do(called, Action.CALLING, at=at)
    assert due(called, LADDER) == CALL_LIMIT + LADDER.claim


def test_a_call_that_goes_on_spoils_no_click() -> None:
    """The operator notes the result as the desk says once more that she talks."""
    taken = do(ALERT, Action.TAKE, at=0)
    called = do(do(taken, Action.CALLING, at=1), Action.CALLING, at=2)
    noted = act(
        called, Action.CALL_BACK, person=DESK, version=taken.version, at=3, said=Said(result=CallResult.NO_ANSWER)
    )
    assert noted.case.called_back is not None


def test_only_whoever_has_it_calls_and_a_new_claim_is_a_new_call() -> None:
    taken = do(ALERT, Action.TAKE, at=0)
    with pytest.raises(Conflict):
        do(ALERT, Action.CALLING)
    with pytest.raises(Conflict):
        do(taken, Action.CALLING, person=OTHER)
    called = do(taken, Action.CALLING, at=1)
    assert do(called, Action.RELEASE).case.calling_since is None
    assert do(called, Action.HAND_OVER, Said(to=OTHER)).case.calling_since is None
    assert do(called, Action.ACKNOWLEDGE).case.calling_since == 1
