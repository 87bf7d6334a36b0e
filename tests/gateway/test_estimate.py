"""The best estimate of a fact's time under clocks that are right, wrong, wild, or set in the middle."""

from hypothesis import given
from hypothesis import strategies as st

from gateway.model.estimate import DELAY_MOST, Claim, anchored, occurred, when
from homecare.clock import DAY, HOUR, LATEST, MINUTE, SECOND, UNCERTAIN
from tests.gateway.enrolled import ENROLLED_AT, NOW

TIMES = st.integers(0, LATEST)


def test_a_clock_that_knows_the_time_is_believed() -> None:
    claim = Claim(NOW - HOUR, uncertainty=1000, elapsed=5)
    assert when(claim, anchor=None, earliest=ENROLLED_AT, now=NOW) == NOW - HOUR
    assert when(claim, anchor=NOW - HOUR + 2 * SECOND, earliest=ENROLLED_AT, now=NOW) == NOW - HOUR


def test_a_clock_that_booted_in_1970_is_read_by_its_steady_clock() -> None:
    claim = Claim(HOUR, uncertainty=UNCERTAIN, elapsed=10 * MINUTE)
    assert when(claim, anchor=NOW - HOUR, earliest=ENROLLED_AT, now=NOW) == NOW - 50 * MINUTE


def test_a_clock_that_is_sure_and_wrong_is_not_believed_against_its_heartbeats() -> None:
    claim = Claim(NOW - 3 * DAY, uncertainty=1000, elapsed=10 * MINUTE)
    assert when(claim, anchor=NOW - HOUR, earliest=ENROLLED_AT, now=NOW) == NOW - 50 * MINUTE


def test_without_any_anchor_a_wild_claim_is_brought_between_enrolment_and_now() -> None:
    assert when(Claim(0, UNCERTAIN, 0), anchor=None, earliest=ENROLLED_AT, now=NOW) == ENROLLED_AT
    assert when(Claim(LATEST, UNCERTAIN, 0), anchor=None, earliest=ENROLLED_AT, now=NOW) == NOW


@given(wall=TIMES, uncertainty=TIMES, elapsed=TIMES, anchor=st.none() | TIMES)
def test_whatever_is_claimed_the_estimate_is_after_enrolment_and_not_in_the_future(
    wall: int, uncertainty: int, elapsed: int, anchor: int | None
) -> None:
    estimate = when(Claim(wall, uncertainty, elapsed), anchor=anchor, earliest=ENROLLED_AT, now=NOW)
    assert ENROLLED_AT <= estimate <= NOW


@given(first=st.integers(0, HOUR), second=st.integers(0, HOUR), walls=st.tuples(TIMES, TIMES))
def test_an_unsure_wall_clock_never_reorders_one_run(first: int, second: int, walls: tuple[int, int]) -> None:
    one, two = (
        when(Claim(wall, UNCERTAIN, elapsed), anchor=NOW - HOUR, earliest=ENROLLED_AT, now=NOW)
        for wall, elapsed in zip(walls, sorted((first, second)), strict=True)
    )
    assert one <= two


def test_the_heartbeat_with_the_shortest_way_is_the_anchor() -> None:
    assert anchored(None, now=NOW, elapsed=10 * SECOND) == NOW - 10 * SECOND
    assert anchored(NOW - 10 * SECOND, now=NOW + 33 * SECOND, elapsed=40 * SECOND) == NOW - 10 * SECOND
    assert anchored(NOW - 10 * SECOND, now=NOW + 29 * SECOND, elapsed=40 * SECOND) == NOW - 11 * SECOND


@given(delay=st.integers(-LATEST, LATEST))
def test_a_device_may_have_kept_a_fact_to_itself_but_not_for_ever_and_not_from_the_future(delay: int) -> None:
    at = occurred(NOW, delay=delay, earliest=ENROLLED_AT)
    assert at == (max(NOW - delay, ENROLLED_AT) if 0 < delay <= DELAY_MOST else NOW)
