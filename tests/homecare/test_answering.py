"""Two responders and more: whoever is inside stays known until having left, whoever else is sent meanwhile."""

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from homecare.alert import FULL, INSIDE, ON_THE_WAY, THERE, Action, Alert, Said, Standing, Urgency, act
from homecare.answering import Answer, answer
from homecare.case import BESIDE_LIMIT, Case, Response, ResponseStanding
from homecare.clock import MINUTE, SECOND
from homecare.errors import Conflict, VakaError
from homecare.ladder import LADDERS, due
from tests.homecare.test_case import ALERT, CARER, CLOSE, DESK, do, sent

SECOND_CARER = "person-care-02"
CONFIRMED = msgspec.structs.replace(CLOSE, confirm=True)


def send(alert: Alert, to: str, *, at: int = 10, confirm: bool = True) -> Alert:
    return do(alert, Action.SEND, Said(to=to, confirm=confirm), at=at)


def there(alert: Alert, person: str = CARER, *, at: int = 5) -> Alert:
    return answer(alert, Answer.ON_SITE, person=person, at=at)


def second_sent() -> Alert:
    """The first one is inside, and a second one was sent."""
    return send(there(sent()), SECOND_CARER)


def inside(alert: Alert) -> list[str]:
    return [one.person for one in alert.case.people_inside]


def test_whoever_is_inside_stays_a_responder_when_a_second_one_is_sent() -> None:
    """Red when the second one takes the first one's place: nobody would know any more that somebody is inside."""
    both = second_sent()
    assert (inside(both), both.case.inside) == ([CARER], True)
    first = both.case.response_of(CARER)
    assert first is not None
    assert (first.standing, first.on_site_at, first.accepted_at) == (ResponseStanding.ON_SITE, 5, 5)
    assert answer(both, Answer.ON_SITE, person=CARER, at=11) is both, "a phone may say so again"
    assert inside(there(both, SECOND_CARER)) == [CARER, SECOND_CARER]


def test_whoever_locks_the_door_before_having_been_let_in_has_not_left() -> None:
    """Red when a slip of the thumb at the door ends the right to open it: the helper would stand outside."""
    accepted = answer(sent(), Answer.ACCEPT, person=CARER, at=4)
    assert answer(accepted, Answer.LEFT, person=CARER, at=5) is accepted
    assert inside(there(accepted)) == [CARER]
    assert inside(answer(there(accepted), Answer.LEFT, person=CARER, at=6)) == []


def test_the_first_one_says_what_was_done_and_leaves_and_nothing_else() -> None:
    both = second_sent()
    told = answer(both, Answer.OUTCOME, person=CARER, at=11, text="Lyfte upp.")
    assert told.case.outcome == "Lyfte upp."
    assert answer(both, Answer.ACCEPT, person=CARER, at=11) is both
    with pytest.raises(Conflict):
        answer(both, Answer.DECLINE, person=CARER, at=11)
    left = answer(told, Answer.LEFT, person=CARER, at=12)
    assert (inside(left), left.version) == ([], told.version + 1)
    assert left.case.response == both.case.response, "the second one's answer is their own"
    assert answer(left, Answer.LEFT, person=CARER, at=13) is left
    for what in (Answer.ACCEPT, Answer.DECLINE, Answer.ON_SITE):
        with pytest.raises(Conflict):
            answer(left, what, person=CARER, at=13)


def test_an_alert_that_is_over_hears_of_the_first_ones_leaving() -> None:
    over = do(second_sent(), Action.RESOLVE, CONFIRMED)
    left = answer(over, Answer.LEFT, person=CARER, at=20)
    first = left.case.response_of(CARER)
    assert first is not None
    assert (left.standing, first.standing, first.left_at) == (Standing.RESOLVED, ResponseStanding.LEFT, 20)
    with pytest.raises(Conflict):
        answer(over, Answer.ACCEPT, person=CARER, at=20)


def test_the_close_warns_as_long_as_anybody_is_inside() -> None:
    """Red when only the newest responder counts."""
    gone = answer(there(second_sent(), SECOND_CARER), Answer.LEFT, person=SECOND_CARER, at=12)
    for alert in (second_sent(), gone):
        with pytest.raises(Conflict, match=INSIDE):
            do(alert, Action.RESOLVE)
        assert do(alert, Action.RESOLVE, CONFIRMED).standing is Standing.RESOLVED
    assert do(answer(gone, Answer.LEFT, person=CARER, at=13), Action.RESOLVE).standing is Standing.RESOLVED


def test_the_desk_says_of_each_one_inside_that_they_have_left() -> None:
    """A telephone call does for a phone that is flat."""
    both = there(second_sent(), SECOND_CARER)
    assert inside(do(both, Action.LEFT, Said(to=CARER))) == [SECOND_CARER]
    assert inside(do(both, Action.LEFT, Said())) == [CARER]
    gone = do(both, Action.LEFT, Said(to=CARER))
    for nobody in (CARER, "person-care-03"):
        with pytest.raises(Conflict):
            do(gone, Action.LEFT, Said(to=nobody))


def test_a_third_one_is_warned_of_by_how_the_second_one_stands() -> None:
    both = second_sent()
    assert send(both, "person-care-03", confirm=False).case.beside == both.case.beside
    coming = answer(both, Answer.ACCEPT, person=SECOND_CARER, at=11)
    with pytest.raises(Conflict, match=ON_THE_WAY):
        send(coming, "person-care-03", confirm=False)


def test_nobody_is_sent_to_where_they_are() -> None:
    for alert in (there(sent()), second_sent()):
        with pytest.raises(Conflict, match=THERE):
            send(alert, CARER)
    again = send(answer(second_sent(), Answer.LEFT, person=CARER, at=11), CARER, at=12)
    assert (again.case.beside, again.case.response_of(CARER)) == ((), again.case.response), "each person stands once"


def test_whoever_has_left_makes_room_and_whoever_is_inside_never_does() -> None:
    people = [f"person-care-{number:02}" for number in range(BESIDE_LIMIT + 2)]
    alert = do(ALERT, Action.TAKE)
    for person in people[:-1]:
        alert = there(send(alert, person), person)
    assert len(inside(alert)) == BESIDE_LIMIT + 1
    with pytest.raises(Conflict, match=FULL):
        send(alert, people[-1])
    gone = answer(alert, Answer.LEFT, person=people[2], at=20)
    more = send(gone, people[-1])
    assert inside(more) == [one for one in people[:-1] if one != people[2]]
    assert (more.case.response_of(people[2]), len(more.case.beside)) == (None, BESIDE_LIMIT)


def test_a_second_one_who_does_not_answer_is_waited_for_no_longer_than_the_first() -> None:
    ladder, at = LADDERS[Urgency.CALL], 1_000 * SECOND
    both = send(there(sent(), at=at), SECOND_CARER, at=at)
    assert due(both, ladder) == at + ladder.claim
    coming = answer(both, Answer.ACCEPT, person=SECOND_CARER, at=at)
    assert due(coming, ladder) == at + ladder.way
    done = answer(there(coming, SECOND_CARER, at=at), Answer.LEFT, person=SECOND_CARER, at=at + MINUTE)
    assert due(done, ladder) == at + MINUTE + ladder.there, "the first one is at it still"
    alone = answer(done, Answer.LEFT, person=CARER, at=at + 2 * MINUTE)
    assert due(alone, ladder) == at + 2 * MINUTE + ladder.claim


PEOPLE = st.sampled_from([f"person-care-{number:02}" for number in range(BESIDE_LIMIT + 3)])
STEPS = st.one_of(
    st.tuples(st.just(Action.SEND), PEOPLE),
    st.tuples(st.sampled_from([Action.RELEASE, Action.TAKE, Action.ON_SITE, Action.LEFT]), PEOPLE),
    st.tuples(st.sampled_from(list(Answer)), PEOPLE),
    st.tuples(st.just(Answer.ON_SITE), PEOPLE),
)


@given(st.lists(STEPS, max_size=60))
@settings(max_examples=400, deadline=None)
def test_nobody_inside_is_lost_without_having_left(steps: list[tuple[Action | Answer, str]]) -> None:
    alert = ALERT
    for at, (step, person) in enumerate(steps, start=100):
        try:
            after = taken(alert, step, person, at)
        except VakaError:
            continue
        lost = set(inside(alert)) - set(inside(after))
        assert lost <= ({person} if step in (Answer.LEFT, Action.LEFT) else set())
        known = [one.person for one in after.case.responses]
        assert len(known) == len(set(known)) <= BESIDE_LIMIT + 1
        alert = after


def taken(alert: Alert, step: Action | Answer, person: str, at: int) -> Alert:
    if isinstance(step, Answer):
        return answer(alert, step, person=person, at=at, text=f"klart {at}")
    said = Said(to=person, confirm=True, result=None)
    return act(alert, step, person=DESK, version=alert.version, at=at, said=said)


def test_a_case_with_two_inside_is_the_same_after_its_way_through_the_database() -> None:
    case = second_sent().case
    assert msgspec.convert(msgspec.to_builtins(case), Case) == case
    assert isinstance(case.beside[0], Response)
    assert "beside" not in msgspec.to_builtins(sent().case), "nothing more in the rows of one responder alone"
