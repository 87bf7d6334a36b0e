"""Two copies of one edge are told from one that began again, whatever the line does to their beats."""

from collections.abc import Sequence
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.model.lives import AGAIN_EVERY, RUNS_KEPT, TOGETHER, Copied, Lives
from homecare.clock import HOUR, MINUTE, SECOND
from homecare.delivery import HEARTBEAT_EVERY
from homecare.identity import EdgeId, Epoch

EDGE, OLD, NEW = EdgeId("edge-000001"), Epoch(0x11), Epoch(0x22)
FAR = HOUR
"""Where the gateway's steady clock stands when a story begins."""


@dataclass(frozen=True)
class Sent:
    """A beat as its edge sent it, and when it arrived."""

    run: Epoch
    beat: int
    elapsed: int
    arrives: int


def life(run: Epoch, *, opened: int, beats: int, late: Sequence[int] = (), every: int = HEARTBEAT_EVERY) -> list[Sent]:
    """A run's beats, the first a moment after its opening; each is `late` by as much."""
    delays = [*late, *([0] * beats)]
    return [
        Sent(run, number, SECOND + (number - 1) * every, opened + SECOND + (number - 1) * every + delays[number - 1])
        for number in range(1, beats + 1)
    ]


def hear(lives: Lives, sent: Sequence[Sent]) -> list[Copied]:
    found = [lives.heard(EDGE, one.run, one.beat, elapsed=one.elapsed, now=one.arrives) for one in sent]
    return [one for one in found if one is not None]


def in_order_of_arrival(sent: Sequence[Sent]) -> list[Sent]:
    return sorted(sent, key=lambda one: one.arrives)


runs = st.lists(st.tuples(st.integers(1, 8), st.integers(0, 10 * MINUTE)), min_size=2, max_size=5)
"""How many beats each run of a restarting edge has, and how long it is off afterwards."""


@st.composite
def restarts(draw: st.DrawFn) -> list[Sent]:
    """An edge that begins again and again; beats are lost, come twice, and overtake each other by up to the bound."""
    sent: list[Sent] = []
    opened = FAR
    for number, (beats, off) in enumerate(draw(runs), 1):
        late = draw(st.lists(st.integers(0, TOGETHER), min_size=beats, max_size=beats))
        sent += life(Epoch(number), opened=opened, beats=beats, late=late)
        opened += beats * HEARTBEAT_EVERY + off
    kept = [one for one in sent if draw(st.integers(0, 9)) > 0]
    twice = [one for one in kept if draw(st.integers(0, 9)) == 0]
    return in_order_of_arrival(kept) + twice


@given(restarts())
def test_an_edge_that_begins_again_is_never_taken_for_two(sent: list[Sent]) -> None:
    assert hear(Lives(), sent) == []


@given(restarts(), st.integers(0, HOUR))
def test_nor_is_one_whose_beats_waited_in_a_line_and_came_at_once(sent: list[Sent], late: int) -> None:
    """The gateway stood still: everything comes in order, however late."""
    made = sorted(sent, key=lambda one: (one.run, one.beat))
    until = max((one.arrives for one in made), default=FAR) + late
    lined_up = [Sent(one.run, one.beat, one.elapsed, until + place) for place, one in enumerate(made)]
    assert hear(Lives(), lined_up) == []


@given(
    ahead=st.integers(0, 12 * HOUR),
    off=st.integers(SECOND, HEARTBEAT_EVERY),
    late=st.lists(st.integers(0, 5 * SECOND), min_size=16, max_size=16),
    lost=st.sets(st.integers(0, 15), max_size=3),
)
def test_two_copies_are_found_within_minutes(ahead: int, off: int, late: list[int], lost: set[int]) -> None:
    """The old one has run for a while; the copy begins, and both go on."""
    begun = int(ahead // HEARTBEAT_EVERY)
    old = life(OLD, opened=FAR, beats=begun + 9)
    copy = life(NEW, opened=FAR + begun * HEARTBEAT_EVERY + off, beats=8, late=late[8:])
    both = [one for place, one in enumerate(in_order_of_arrival([*old[begun:], *copy])) if place not in lost]
    (found,) = hear(Lives(), [*old[:begun], *in_order_of_arrival(both)])
    assert found == Copied(EDGE, (OLD, NEW), 0)


@given(lag=st.integers(1, 200), beats=st.integers(1, 200))
def test_a_running_machine_copied_whole_is_found_when_the_copy_counts_on(lag: int, beats: int) -> None:
    """Same run, same counter, another clock: each takes the other's place at the broker and beats at once."""
    original = life(OLD, opened=FAR, beats=beats + lag)
    lives = Lives()
    assert hear(lives, original) == []
    resumed, at = original[beats - 1], original[-1].arrives
    copy = [
        Sent(OLD, beats + number, resumed.elapsed + number * SECOND, at + number * SECOND)
        for number in range(1, lag + 2)
    ]
    (found,) = hear(lives, copy)
    assert found == Copied(EDGE, (OLD,), 0)


def together(beats: int) -> list[Sent]:
    return in_order_of_arrival([*life(OLD, opened=FAR, beats=beats), *life(NEW, opened=FAR + 7 * SECOND, beats=beats)])


def test_while_it_goes_on_it_is_told_once_a_shift() -> None:
    found = hear(Lives(), together(2 * AGAIN_EVERY // HEARTBEAT_EVERY))
    assert [one.times for one in found] == [0, 1]


def test_what_could_not_be_told_is_told_with_the_next_beat_under_the_same_name() -> None:
    lives = Lives()
    sent = together(20)
    (first,) = hear(lives, sent[:20])
    assert hear(lives, sent[20:21]) == []
    lives.untold(first)
    assert hear(lives, sent[21:]) == [first]


def test_a_beat_that_comes_again_proves_nothing_even_where_the_first_ones_were_late() -> None:
    """The gateway stood still for five minutes, in which the edge began again; then old beats are repeated."""
    until = FAR + 5 * MINUTE
    made = [*life(OLD, opened=FAR, beats=5), *life(NEW, opened=FAR + 150 * SECOND, beats=20)]
    came = [Sent(one.run, one.beat, one.elapsed, max(one.arrives, until)) for one in made]
    again = [Sent(one.run, one.beat, one.elapsed, came[-1].arrives) for one in made]
    assert hear(Lives(), [*came, *again[:1], *again[-1:], *again[:1], *again[-1:]]) == []


@pytest.mark.parametrize(("beat", "elapsed"), [(5, HOUR - 1), (3, HOUR + 1), (4, HOUR + 1), (4, HOUR - 1)])
def test_a_counter_and_a_clock_that_disagree_are_two_machines(beat: int, elapsed: int) -> None:
    fits = [Sent(OLD, 4, HOUR, FAR), Sent(OLD, 3, HOUR, FAR), Sent(OLD, 5, HOUR, FAR), Sent(OLD, 4, HOUR, FAR)]
    assert hear(Lives(), fits) == []
    assert hear(Lives(), [fits[0], Sent(OLD, beat, elapsed, FAR)]) == [Copied(EDGE, (OLD,), 0)]


@pytest.mark.parametrize("count", [RUNS_KEPT, 1_000])
def test_what_is_remembered_of_an_edge_is_bounded(count: int) -> None:
    lives = Lives()
    for number in range(count):
        hear(lives, life(Epoch(number), opened=FAR + number * MINUTE, beats=1))
    assert len(lives._edges[EDGE]) == RUNS_KEPT
