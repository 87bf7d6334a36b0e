"""Who is inside, as a visit's evidence and an alert's case say; and that it always ends."""

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from homecare.alert import Action, Alert, Condition, Said, Standing, act
from homecare.answering import Answer, answer
from homecare.attendance import RESPONDER_MOST, of_case, of_visit
from homecare.clock import HOUR, MINUTE
from homecare.grant import LONGEST
from homecare.grant_sources import AFTER_SHIFT, VisitFacts, from_visit
from homecare.identity import AlertId, HomeId
from homecare.visit import OVERDUE_AFTER, Evidence, Movement, Proof, Visit, step

SINCE = 1_000 * HOUR
PLANNED = Visit("visit-00000001", "unit-0001", "home-000001", SINCE, SINCE + 30 * MINUTE, ("karin", "omar"))


def said(movement: Movement, at: int, *, person: str = "karin", received_at: int | None = None) -> Evidence:
    id_ = f"{person}-{movement}-{at}"
    return Evidence(id_, person, Proof.BY_HAND, movement, at, at if received_at is None else received_at, "why")


def visit(*evidence: Evidence) -> Visit:
    found = PLANNED
    for one in evidence:
        found, _ = step(found, one)
    return found


def test_nobody_came() -> None:
    assert of_visit(PLANNED, "karin") is None
    assert of_visit(visit(said(Movement.NO_ENTRY, SINCE)), "karin") is None
    assert of_visit(visit(said(Movement.ARRIVED, SINCE)), "omar") is None


def test_two_people_are_two_attendances_and_each_ends_by_itself() -> None:
    both = visit(
        said(Movement.ARRIVED, SINCE),
        said(Movement.ARRIVED, SINCE + MINUTE, person="omar"),
        said(Movement.LEFT, SINCE + 20 * MINUTE),
    )
    karin, omar = of_visit(both, "karin"), of_visit(both, "omar")
    assert karin is not None
    assert omar is not None
    assert (karin.since, karin.until, karin.seen) == (SINCE, SINCE + 20 * MINUTE, True)
    assert (omar.since, omar.until, omar.seen) == (SINCE + MINUTE, None, False)
    assert karin.id != omar.id
    assert of_visit(visit(said(Movement.ARRIVED, SINCE)), "karin").id == karin.id  # type: ignore[union-attr]


def test_whoever_is_turned_away_is_inside_no_longer_and_proves_nothing() -> None:
    for movement in (Movement.DECLINED, Movement.NO_ENTRY):
        found = of_visit(visit(said(Movement.ARRIVED, SINCE), said(movement, SINCE + 5 * MINUTE)), "karin")
        assert found is not None
        assert (found.until, found.seen) == (SINCE + 5 * MINUTE, False)


def test_a_leaving_alone_is_a_moment_at_which_somebody_was_seen() -> None:
    found = of_visit(visit(said(Movement.LEFT, SINCE)), "karin")
    assert found is not None
    assert (found.since, found.until, found.seen) == (SINCE, SINCE, True)


def test_a_clock_that_runs_ahead_keeps_nothing_quiet() -> None:
    found = of_visit(visit(said(Movement.ARRIVED, SINCE + 9 * HOUR, received_at=SINCE)), "karin")
    assert found is not None
    assert (found.since, found.bound) == (SINCE, PLANNED.until + OVERDUE_AFTER)


@given(came=st.integers(-HOUR // 2, 3 * HOUR), lasts=st.integers(1, 30 * HOUR))
def test_an_attendance_that_nobody_ended_ends_with_the_visit_and_never_after_every_right(
    *, came: int, lasts: int
) -> None:
    planned = msgspec.structs.replace(PLANNED, until=SINCE + lasts)
    began, _ = step(planned, said(Movement.ARRIVED, SINCE + came))
    found = of_visit(began, "karin")
    assert found is not None
    assert found.until is None
    assert found.bound == min(max(SINCE, found.since) + lasts + OVERDUE_AFTER, found.since + LONGEST)
    shift = VisitFacts("v", "karin", HomeId("home-000001"), SINCE, SINCE + lasts, started_at=found.since)
    if came <= AFTER_SHIFT - OVERDUE_AFTER:
        assert found.bound <= max(from_visit(shift).until, found.since + LONGEST)


CALL = Alert(
    id=AlertId("alert-00000001"),
    home=HomeId("home-000001"),
    condition=Condition.INACTIVITY,
    subject=None,
    occurred_at=SINCE,
    raised_at=SINCE,
    last_occurred_at=SINCE,
    occurrences=1,
    active=True,
    standing=Standing.RAISED,
    version=1,
)


def sent() -> Alert:
    return act(CALL, Action.SEND, person="disa", version=1, at=SINCE, said=Said(to="karin"))


def test_a_responder_is_inside_from_on_site_until_they_left() -> None:
    coming = answer(sent(), Answer.ACCEPT, person="karin", at=SINCE + 1)
    assert of_case(sent(), coming, SINCE + 1) == ()
    there = answer(coming, Answer.ON_SITE, person="karin", at=SINCE + 2)
    [came] = of_case(coming, there, SINCE + 2)
    assert (came.since, came.until, came.bound) == (SINCE + 2, None, SINCE + 2 + RESPONDER_MOST)
    told = answer(there, Answer.OUTCOME, person="karin", at=SINCE + 3, text="Satt på golvet")
    assert of_case(there, told, SINCE + 3) == ()
    left = answer(told, Answer.LEFT, person="karin", at=SINCE + 4, heard_at=SINCE + 9)
    [gone] = of_case(told, left, SINCE + 9)
    assert (gone.id, gone.since, gone.until, gone.seen) == (came.id, SINCE + 2, SINCE + 4, True)
    back = answer(left, Answer.ON_SITE, person="karin", at=SINCE + 20)
    [again] = of_case(left, back, SINCE + 20)
    assert again.id != came.id


def test_an_alert_that_ends_over_a_responder_ends_the_attendance_and_proves_nothing() -> None:
    there = answer(sent(), Answer.ON_SITE, person="karin", at=SINCE + 2)
    over = Said(reason="Klart", confirm=True)
    resolved = act(there, Action.RESOLVE, person="disa", version=there.version, at=SINCE + 5, said=over)
    [ended] = of_case(there, resolved, SINCE + 5)
    assert (ended.since, ended.until, ended.seen) == (SINCE + 2, SINCE + 5, False)


def test_a_second_one_who_is_sent_ends_nobodys_attendance() -> None:
    """Two stretches, each with an id of its own, each ended by its own person's leaving or by the end of the alert."""
    there = answer(sent(), Answer.ON_SITE, person="karin", at=SINCE + 2)
    [karin] = of_case(sent(), there, SINCE + 2)
    other = Said(to="omar", confirm=True)
    elsewhere = act(there, Action.SEND, person="disa", version=there.version, at=SINCE + 6, said=other)
    assert of_case(there, elsewhere, SINCE + 6) == ()
    both = answer(elsewhere, Answer.ON_SITE, person="omar", at=SINCE + 7)
    [omar] = of_case(elsewhere, both, SINCE + 7)
    assert (omar.since, omar.until, omar.bound) == (SINCE + 7, None, SINCE + 7 + RESPONDER_MOST)
    assert omar.id != karin.id
    alone = answer(both, Answer.LEFT, person="karin", at=SINCE + 8)
    [gone] = of_case(both, alone, SINCE + 9)
    assert (gone.id, gone.since, gone.until, gone.seen) == (karin.id, SINCE + 2, SINCE + 8, True)
    over = Said(reason="Klart", confirm=True)
    for before, inside in ((both, {karin.id, omar.id}), (alone, {omar.id})):
        resolved = act(before, Action.RESOLVE, person="disa", version=before.version, at=SINCE + 10, said=over)
        ended = of_case(before, resolved, SINCE + 10)
        assert {one.id for one in ended} == inside
        assert {(one.until, one.seen) for one in ended} == {(SINCE + 10, False)}
