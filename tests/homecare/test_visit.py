"""Visits: late evidence adds, nothing is rewritten, no time is made up."""

from itertools import permutations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from homecare.clock import HOUR, MINUTE
from homecare.errors import Refused
from homecare.visit import (
    CLOCK_SUSPECT,
    EVIDENCE_MOST,
    LATE_AFTER,
    OVERDUE_AFTER,
    SAME_READING,
    Delay,
    Evidence,
    Movement,
    PlannedVisit,
    Proof,
    Visit,
    VisitStanding,
    VisitTransition,
    delay,
    from_plan,
    nearest,
    overdue,
    replan,
    step,
)

KARIN, OMAR, SURE = "person-karin-01", "person-omar-001", "person-sure-001"
SINCE = 1_760_000_000_000_000
PLANNED = PlannedVisit(
    id="visit-00000001",
    unit="unit-00000001",
    external_id="1001",
    home="home-00000001",
    since=SINCE,
    until=SINCE + HOUR,
    people=(KARIN,),
)
VISIT, _ = from_plan(PLANNED)


def piece(id_: str, movement: Movement, *, person: str = KARIN, at: int = SINCE, **more: object) -> Evidence:
    values = {"proof": Proof.DOOR, "received_at": at + 1, **more}
    return Evidence(id=id_, person=person, movement=movement, claimed_at=at, **values)  # type: ignore[arg-type]


def after(visit: Visit, *pieces: Evidence) -> Visit:
    for one in pieces:
        visit, _ = step(visit, one)
    return visit


ARRIVED = piece("a", Movement.ARRIVED)
LEFT = piece("b", Movement.LEFT, at=SINCE + 20 * MINUTE)

pieces = st.builds(
    Evidence,
    id=st.sampled_from("abcdefgh"),
    person=st.sampled_from([KARIN, OMAR, SURE]),
    proof=st.sampled_from(Proof),
    movement=st.sampled_from(Movement),
    claimed_at=st.integers(SINCE - HOUR, SINCE + 3 * HOUR),
    received_at=st.integers(SINCE - HOUR, SINCE + 9 * HOUR),
    reason=st.just("said so"),
)


@given(st.lists(pieces, max_size=20))
def test_evidence_is_only_added_and_a_mark_once_set_stays(found: list[Evidence]) -> None:
    visit = VISIT
    for one in found:
        before = visit
        visit, changes = step(visit, one)
        assert visit.evidence[: len(before.evidence)] == before.evidence
        assert visit.version == before.version + len(changes)
        for known in before.participants:
            now = visit.participant(known.person)
            assert known.arrived is None or now.arrived == known.arrived
            assert known.left is None or now.left == known.left


@given(st.lists(pieces, max_size=12), st.lists(st.integers(0, 11), max_size=12))
def test_a_piece_that_comes_again_changes_nothing(found: list[Evidence], again: list[int]) -> None:
    visit = after(VISIT, *found)
    for index in again:
        if index < len(found):
            assert step(visit, found[index]) == (visit, ())


@given(st.lists(pieces, max_size=12))
def test_no_time_is_made_up(found: list[Evidence]) -> None:
    visit, _ = overdue(after(VISIT, *found), SINCE + 24 * HOUR)
    claimed = {one.claimed_at for one in found}
    for known in visit.participants:
        for mark in (known.arrived, known.left):
            assert mark is None or mark.claimed_at in claimed
    assert visit.started_at is None or visit.started_at in claimed
    assert visit.ended_at is None or visit.ended_at in claimed
    if not any(one.movement in {Movement.LEFT, Movement.PRESENT} for one in found):
        assert visit.ended_at is None


KNOWN = [
    piece("1", Movement.ARRIVED),
    piece("2", Movement.LEFT, at=SINCE + 30 * MINUTE),
    piece("3", Movement.ARRIVED, person=OMAR, at=SINCE + MINUTE),
    piece("4", Movement.LEFT, person=OMAR, at=SINCE + 29 * MINUTE),
    piece("5", Movement.NO_ENTRY, proof=Proof.BY_HAND, reason="nobody opens"),
]


@given(st.sets(st.sampled_from(range(len(KNOWN)))), st.randoms(use_true_random=False))
def test_the_order_of_arrival_does_not_change_how_it_stands(chosen: set[int], random: object) -> None:
    one = [KNOWN[index] for index in sorted(chosen)]
    other = sorted(one, key=lambda _: random.random())  # type: ignore[attr-defined]
    first, second = after(VISIT, *one), after(VISIT, *other)
    assert first.standing is second.standing
    assert (first.started_at, first.ended_at) == (second.started_at, second.ended_at)


def test_from_planned_to_ended() -> None:
    started, [change] = step(VISIT, ARRIVED)
    assert (VISIT.standing, started.standing) == (VisitStanding.PLANNED, VisitStanding.STARTED)
    assert (change.transition, change.evidence) == (VisitTransition.ARRIVED, ARRIVED)
    ended, [change] = step(started, LEFT)
    assert (ended.standing, change.transition) == (VisitStanding.ENDED, VisitTransition.LEFT)
    assert (ended.started_at, ended.ended_at) == (ARRIVED.claimed_at, LEFT.claimed_at)


def test_hc1_two_people_have_a_start_and_an_end_each() -> None:
    omar = (piece("c", Movement.ARRIVED, person=OMAR), piece("d", Movement.LEFT, person=OMAR, at=SINCE + HOUR))
    half = after(VISIT, ARRIVED, omar[0], LEFT)
    assert (half.standing, half.ended_at) == (VisitStanding.STARTED, None)
    whole = after(half, omar[1])
    assert (whole.standing, whole.ended_at) == (VisitStanding.ENDED, SINCE + HOUR)
    assert {one.person for one in whole.participants} == {KARIN, OMAR}


def test_late_evidence_stands_beside_what_was_known() -> None:
    by_hand = piece("hand", Movement.ARRIVED, proof=Proof.BY_HAND, reason="no tag", at=SINCE + 5 * MINUTE)
    door = piece("door", Movement.ARRIVED, at=SINCE, received_at=SINCE + HOUR)
    known, [change] = step(after(VISIT, by_hand), door)
    assert change.transition is VisitTransition.ADDED
    assert known.participant(KARIN).arrived == after(VISIT, by_hand).participant(KARIN).arrived
    assert door in known.evidence


def test_hc7_only_a_start_is_partial_after_a_while_and_ends_when_the_end_comes_late() -> None:
    started = after(VISIT, ARRIVED)
    assert overdue(started, VISIT.until + OVERDUE_AFTER - 1) == (started, ())
    partial, [change] = overdue(started, VISIT.until + OVERDUE_AFTER)
    assert (partial.standing, partial.ended_at) == (VisitStanding.PARTIAL, None)
    assert change.transition is VisitTransition.OVERDUE
    assert after(partial, LEFT).standing is VisitStanding.ENDED


def test_hc7_only_an_end_is_partial_until_the_start_comes_late() -> None:
    lone = after(VISIT, piece("b", Movement.LEFT, at=SINCE + 20 * MINUTE, proof=Proof.BY_HAND, reason="no tag"))
    assert (lone.standing, lone.started_at) == (VisitStanding.PARTIAL, None)
    assert after(lone, ARRIVED).standing is VisitStanding.ENDED


def test_who_locks_the_door_before_having_come_has_not_left() -> None:
    """Red when a slip of the thumb at a shut door ends a visit, or makes it one with half a story."""
    slip = piece("slip", Movement.LEFT, at=SINCE - MINUTE)
    visit, [change] = step(VISIT, slip)
    assert (visit.standing, visit.ended_at, visit.participants) == (VisitStanding.PLANNED, None, ())
    assert (change.transition, visit.evidence) == (VisitTransition.ADDED, (slip,)), "it is kept"
    assert delay(visit, VISIT.until) is Delay.MISSED
    begun, [change] = step(visit, ARRIVED)
    assert (begun.standing, change.transition) == (VisitStanding.STARTED, VisitTransition.ARRIVED)
    ended, [change] = step(begun, LEFT)
    assert (ended.standing, change.transition) == (VisitStanding.ENDED, VisitTransition.LEFT)
    assert ended.ended_at == LEFT.claimed_at


def test_a_door_locked_behind_somebody_whose_coming_is_told_late_ends_the_visit() -> None:
    visit = after(VISIT, LEFT)
    late = piece("late", Movement.ARRIVED, received_at=SINCE + HOUR, proof=Proof.TAG)
    known, [change] = step(visit, late)
    assert (known.standing, change.transition) == (VisitStanding.ENDED, VisitTransition.ARRIVED)
    assert (known.started_at, known.ended_at) == (SINCE, LEFT.claimed_at)


def test_a_coming_told_late_puts_no_other_leaving_in_the_place_of_the_known_one() -> None:
    """Red when a lock that counts only now stands before the leaving that was stated, and shown, long ago."""
    stated = piece("hand", Movement.LEFT, at=SINCE + 30 * MINUTE, proof=Proof.BY_HAND, reason="no tag")
    visit = after(VISIT, LEFT, stated)
    assert visit.participant(KARIN).left == after(visit, ARRIVED).participant(KARIN).left
    assert after(visit, ARRIVED).ended_at == stated.claimed_at


def test_a_phone_whose_clock_runs_ahead_hides_no_leaving() -> None:
    """Red when the times are compared as they were claimed."""
    ahead = piece("a", Movement.ARRIVED, at=SINCE + HOUR, received_at=SINCE, proof=Proof.TAG)
    assert after(VISIT, ahead, LEFT).standing is VisitStanding.ENDED


def test_only_a_start_is_overdue() -> None:
    for visit in (VISIT, after(VISIT, ARRIVED, LEFT)):
        assert overdue(visit, visit.until + 9 * HOUR) == (visit, ())


def test_hc4_declined_needs_a_reason() -> None:
    with pytest.raises(Refused):
        step(VISIT, piece("x", Movement.DECLINED, proof=Proof.BY_HAND, reason="  "))
    assert after(VISIT, piece("x", Movement.DECLINED, reason="not today")).standing is VisitStanding.DECLINED


@pytest.mark.parametrize("movement", Movement)
def test_by_hand_needs_a_reason_of_a_length_one_reads(movement: Movement) -> None:
    one_tap = movement is Movement.NO_ENTRY
    for reason in ("x" * 501,) if one_tap else ("", " ", "x" * 501):
        with pytest.raises(Refused):
            step(VISIT, piece("x", movement, proof=Proof.BY_HAND, reason=reason))


def test_hc9_no_entry_and_then_somebody_came_in() -> None:
    stuck = after(VISIT, piece("x", Movement.NO_ENTRY, proof=Proof.BY_HAND, reason="nobody opens"))
    assert stuck.standing is VisitStanding.NO_ENTRY
    assert after(stuck, ARRIVED).standing is VisitStanding.STARTED


def test_a_tag_is_read_at_the_start_and_at_the_end_and_twice_by_accident() -> None:
    first = piece("r1", Movement.PRESENT, proof=Proof.TAG)
    twice = piece("r2", Movement.PRESENT, proof=Proof.TAG, at=SINCE + SAME_READING - 1)
    last = piece("r3", Movement.PRESENT, proof=Proof.TAG, at=SINCE + SAME_READING)
    assert after(VISIT, first, twice).standing is VisitStanding.STARTED
    assert after(VISIT, first, twice, last).standing is VisitStanding.ENDED


def test_an_earlier_reading_that_comes_late_is_no_end() -> None:
    first = piece("r1", Movement.PRESENT, proof=Proof.TAG, at=SINCE + HOUR)
    late = piece("r2", Movement.PRESENT, proof=Proof.TAG, at=SINCE)
    assert after(VISIT, first, late).standing is VisitStanding.STARTED


def test_hc16_a_claim_from_the_future_is_kept_and_marked() -> None:
    wrong = piece("x", Movement.ARRIVED, at=SINCE, received_at=SINCE - CLOCK_SUSPECT - 1)
    late = piece("y", Movement.ARRIVED, person=OMAR, at=SINCE, received_at=SINCE + 8 * HOUR)
    visit = after(VISIT, wrong, late)
    marks = [one.arrived for one in visit.participants]
    assert [mark.clock_suspect for mark in marks if mark] == [True, False]
    assert visit.participant(KARIN).arrived is not None


# --- the plan changes ------------------------------------------------------------------------------------------------

MOVED = msgspec.structs.replace(PLANNED, home="home-00000002", since=SINCE + HOUR, until=SINCE + 2 * HOUR)
GONE = msgspec.structs.replace(PLANNED, cancelled=True)
SWAPPED = msgspec.structs.replace(PLANNED, people=(OMAR,))


def test_a_visit_follows_its_plan_until_somebody_came() -> None:
    assert replan(VISIT, PLANNED) == (VISIT, ())
    moved, [change] = replan(VISIT, MOVED)
    assert (moved.home, moved.since, change.transition) == (MOVED.home, MOVED.since, VisitTransition.REPLANNED)
    gone, [change] = replan(VISIT, GONE)
    assert (gone.standing, change.transition) == (VisitStanding.CANCELLED, VisitTransition.CANCELLED)
    back, [change] = replan(gone, PLANNED)
    assert (back.standing, change.transition) == (VisitStanding.PLANNED, VisitTransition.RESTORED)


@pytest.mark.parametrize("planned", [MOVED, GONE, SWAPPED])
def test_plan_27_28_hc19_a_started_visit_survives_its_plan(planned: PlannedVisit) -> None:
    started = after(VISIT, ARRIVED)
    kept, [change] = replan(started, planned)
    assert change.transition is VisitTransition.PLAN_KEPT
    assert msgspec.structs.replace(kept, version=started.version) == started


def test_a_cancelled_visit_to_which_somebody_came_after_all_has_started() -> None:
    gone, _ = replan(VISIT, GONE)
    assert after(gone, ARRIVED).standing is VisitStanding.STARTED


def test_a_visit_full_of_repetitions_still_ends() -> None:
    visit = after(VISIT, *(piece(f"n{number}", Movement.ARRIVED) for number in range(2 * EVIDENCE_MOST)))
    assert len(visit.evidence) == EVIDENCE_MOST
    assert after(visit, LEFT).standing is VisitStanding.ENDED


# --- which visit is meant --------------------------------------------------------------------------------------------

LATER = msgspec.structs.replace(VISIT, id="visit-00000002", since=SINCE + 3 * HOUR, until=SINCE + 4 * HOUR)


@pytest.mark.parametrize(
    ("at", "meant"), [(SINCE, VISIT), (SINCE + HOUR, VISIT), (SINCE + 3 * HOUR, LATER), (SINCE + 9 * HOUR, LATER)]
)
def test_the_nearest_visit_is_meant(at: int, meant: Visit) -> None:
    for visits in permutations((VISIT, LATER)):
        assert nearest(visits, person=KARIN, at=at) == meant


def test_a_begun_visit_is_meant_before_a_nearer_one_and_nobody_elses_ever() -> None:
    begun = after(VISIT, ARRIVED)
    assert nearest((LATER, begun), person=KARIN, at=LATER.since) == begun
    assert nearest((LATER, after(begun, LEFT)), person=KARIN, at=SINCE) == LATER
    assert nearest((LATER, VISIT), person=OMAR, at=SINCE) is None


def test_hc10_a_visit_that_nobody_began_is_late_and_then_missed() -> None:
    visit = VISIT
    assert delay(visit, visit.since + LATE_AFTER - 1) is None
    assert delay(visit, visit.since + LATE_AFTER) is Delay.LATE
    assert delay(visit, visit.until - 1) is Delay.LATE
    assert delay(visit, visit.until) is Delay.MISSED
    short = msgspec.structs.replace(visit, until=visit.since + 5)
    assert delay(short, short.until) is Delay.MISSED
    for known in (Movement.ARRIVED, Movement.LEFT, Movement.NO_ENTRY):
        assert delay(after(visit, piece("known", known, proof=Proof.BY_HAND, reason="said so")), visit.until) is None
    assert delay(msgspec.structs.replace(visit, cancelled=True), visit.until) is None
