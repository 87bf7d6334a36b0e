"""The silence rules against the oracle, over random homes: nothing false, nothing missed, in any order."""

import dataclasses

from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from homecare.alert import Condition
from homecare.clock import MINUTE, SECOND
from homecare.identity import EdgeId, HomeId
from rules.engine import decode, encode, step
from rules.home_settings import AssignedEdge, HomeSettings
from rules.home_state import HomeState
from rules.stimulus import Blind, EdgeHeard, Elapsed, Stimulus
from rules.verdict import Clear, Raise, Verdict
from tests.rules.homes import planned_homes, settings_for, stimuli
from tests.rules.oracle import PlannedHome, device_silences, edge_silences, heartbeats, inactivities, night_exits

MANY = settings(
    max_examples=40,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


def run(by: HomeSettings, told: list[Stimulus], *, restart_every: int = 0) -> list[Verdict]:
    state, verdicts = HomeState(), []
    for number, stimulus in enumerate(told, 1):
        state, more = step(by, state, stimulus)
        verdicts += more
        if restart_every and number % restart_every == 0:
            state = decode(encode(state))
    return verdicts


def minutes_of(home: PlannedHome, verdicts: list[Verdict], condition: Condition) -> list[tuple[str, int]]:
    found = []
    for verdict in verdicts:
        assert isinstance(verdict, Raise | Clear), verdict
        if verdict.condition is condition:
            kind = "raise" if isinstance(verdict, Raise) else "clear"
            found.append((kind, (verdict.occurred_at - home.begins) // MINUTE))
    return found


@MANY
@given(home=planned_homes(), newest_first=st.booleans())
def test_inactivity_is_what_the_oracle_says(*, home: PlannedHome, newest_first: bool) -> None:
    verdicts = run(settings_for(home), stimuli(home, newest_first=newest_first))
    wanted = inactivities(home)
    event(f"inactivities: {min(len(wanted), 5)}")
    told = minutes_of(home, verdicts, Condition.INACTIVITY)
    if newest_first:  # what clears is the first sign of life that arrives, which then need not be the first there was
        told, wanted = ([(kind, at if kind == "raise" else 0) for kind, at in each] for each in (told, wanted))
    assert told == wanted


@MANY
@given(home=planned_homes(), newest_first=st.booleans())
def test_no_inactivity_while_somebody_moved(*, home: PlannedHome, newest_first: bool) -> None:
    """Against the truth of the home itself, whatever was heard of it."""
    for verdict in run(settings_for(home), stimuli(home, newest_first=newest_first)):
        if isinstance(verdict, Raise) and verdict.condition is Condition.INACTIVITY:
            since = (int(verdict.explanation["since"]) - home.begins) // MINUTE
            until = (verdict.occurred_at - home.begins) // MINUTE
            for sensor in home.sensors:
                alive = [minute for minute in range(since + 1, until) if sensor.state(minute)]
                assert not alive, (sensor.name, since, until, alive)


@MANY
@given(home=planned_homes(), newest_first=st.booleans())
def test_silent_devices_are_what_the_oracle_says(*, home: PlannedHome, newest_first: bool) -> None:
    verdicts = run(settings_for(home), stimuli(home, newest_first=newest_first))
    for sensor in home.sensors:
        told = [
            (verdict.occurred_at - home.begins) // MINUTE
            for verdict in verdicts
            if isinstance(verdict, Raise) and verdict.subject == sensor.name
        ]
        wanted = device_silences(home, sensor)
        event(f"silences: {min(len(wanted), 3)}")
        assert told == wanted, sensor


@MANY
@given(home=planned_homes(), newest_first=st.booleans(), restart_every=st.integers(1, 7))
def test_restarts_change_nothing(*, home: PlannedHome, newest_first: bool, restart_every: int) -> None:
    by, told = settings_for(home), stimuli(home, newest_first=newest_first)
    assert run(by, told, restart_every=restart_every) == run(by, told)


# --- the staff comes and goes ----------------------------------------------------------------------------------------


@MANY
@given(home=planned_homes(visited=True), newest_first=st.booleans())
def test_inactivity_with_visits_is_what_the_oracle_says(*, home: PlannedHome, newest_first: bool) -> None:
    home = dataclasses.replace(home, doors=())
    verdicts = run(settings_for(home), stimuli(home, newest_first=newest_first))
    wanted, unvisited = inactivities(home), inactivities(dataclasses.replace(home, staff=()))
    event(f"inactivities: {min(len(wanted), 5)}, {'changed' if wanted != unvisited else 'unchanged'} by visits")
    told = minutes_of(home, verdicts, Condition.INACTIVITY)
    if newest_first:
        told, wanted = ([(kind, at if kind == "raise" else 0) for kind, at in each] for each in (told, wanted))
    assert told == wanted


@MANY
@given(home=planned_homes(visited=True), newest_first=st.booleans())
def test_doors_open_at_night_are_what_the_oracle_says(*, home: PlannedHome, newest_first: bool) -> None:
    verdicts = run(settings_for(home), stimuli(home, newest_first=newest_first))
    for door in home.doors:
        told = [
            (verdict.occurred_at - home.begins) // MINUTE
            for verdict in verdicts
            if isinstance(verdict, Raise) and verdict.subject == door.name
        ]
        wanted = night_exits(home, door)
        unvisited = night_exits(dataclasses.replace(home, staff=()), door)
        event(f"doors: {min(len(wanted), 5)}, {'changed' if wanted != unvisited else 'unchanged'} by visits")
        assert told == wanted, door


@MANY
@given(home=planned_homes(visited=True), restart_every=st.integers(1, 7))
def test_restarts_in_a_visited_home_change_nothing(*, home: PlannedHome, restart_every: int) -> None:
    by, told = settings_for(home), stimuli(home, newest_first=False)
    assert run(by, told, restart_every=restart_every) == run(by, told)


@MANY
@given(home=planned_homes())
def test_the_order_in_which_epochs_drain_changes_nothing_that_is_raised(home: PlannedHome) -> None:
    by = settings_for(home)
    told = [run(by, stimuli(home, newest_first=newest_first)) for newest_first in (True, False)]
    raised, cleared = [[one for one in each if isinstance(one, Raise)] for each in told], [len(each) for each in told]
    assert raised[0] == raised[1]
    assert cleared[0] == cleared[1]


# --- the edge's line -------------------------------------------------------------------------------------------------

EDGE = EdgeId("edge-oracle")
LINE = HomeSettings(HomeId("home-oracle"), "UTC", edges=(AssignedEdge(EDGE, 0),))
spans = st.lists(st.integers(1, 3500), max_size=8, unique=True).map(
    lambda cuts: list(zip(sorted(cuts)[::2], sorted(cuts)[1::2], strict=False))
)


def line_stimuli(heard: list[int], blind: list[tuple[int, int]], end: int) -> list[Stimulus]:
    """What the gateway sees, second by second; it looks at the time only while it is not blind."""
    told: list[Stimulus] = []
    for second in range(end + 1):
        if any(stop == second for _, stop in blind):
            told.append(Blind(next(start for start, stop in blind if stop == second) * SECOND, second * SECOND))
        if not any(start < second < stop for start, stop in blind):
            told.append(Elapsed(second * SECOND))
        if second in heard:
            told.append(EdgeHeard(EDGE, second * SECOND))
    return told


def line_verdicts(told: list[Stimulus], *, only_when_due: bool) -> list[tuple[str, int]]:
    state, found = HomeState(), []
    for stimulus in told:
        if only_when_due and isinstance(stimulus, Elapsed) and not stimulus.at >= (state.wake_at or 0):
            continue
        state, verdicts = step(LINE, state, stimulus)
        for verdict in verdicts:
            assert isinstance(verdict, Raise | Clear)
            found.append(("raise" if isinstance(verdict, Raise) else "clear", verdict.occurred_at // SECOND))
    return found


@MANY
@given(down=spans, blind=spans, every=st.sampled_from([10, 30, 60]), only_when_due=st.booleans())
def test_silent_edges_are_what_the_oracle_says(
    *, down: list[tuple[int, int]], blind: list[tuple[int, int]], every: int, only_when_due: bool
) -> None:
    end = 3600
    heard = [at for at in heartbeats(end=end, every=every, down=down) if not any(a < at <= b for a, b in blind)]
    wanted = edge_silences(heard, end=end, blind=blind)
    event(f"silences: {len(wanted)}")
    assert line_verdicts(line_stimuli(heard, blind, end), only_when_due=only_when_due) == wanted


def test_blips_of_five_seconds_every_forty_for_two_days_never_open_it() -> None:
    end = 2 * 24 * 3600
    beats = [at for at in range(0, end, 5) if at % 40 >= 5 and (at % 30 == 0 or at % 40 == 5)]
    assert edge_silences(beats, end=3600) == []
    assert line_verdicts(line_stimuli_of_beats(beats), only_when_due=True) == []


def line_stimuli_of_beats(beats: list[int]) -> list[Stimulus]:
    return [stimulus for at in beats for stimulus in (Elapsed(at * SECOND), EdgeHeard(EDGE, at * SECOND))]
