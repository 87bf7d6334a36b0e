"""What the golden days and the oracle leave: alarms, settings, nights, the engine's promises, the plain words."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import rules.engine
from homecare.alert import ALARM_CLASS, Condition
from homecare.clock import HOUR, MINUTE, SECOND
from homecare.device import Capability, Device, Placement
from homecare.envelope import Envelope, Fact, FactId
from homecare.errors import Malformed
from homecare.event import (
    AnyEvent,
    ContactChanged,
    FallDetected,
    Hazard,
    HazardChanged,
    HelpCalled,
    MotionChanged,
    Observed,
    Stream,
)
from homecare.identity import DeviceId, EdgeId, Epoch, HomeId
from rules import CATALOGUE
from rules.engine import decode, encode, step
from rules.explain import SENTENCES, Language, explain
from rules.help_call import judge
from rules.home_settings import SETTINGS, HomeSettings, Limits, Problem, settings_of
from rules.home_state import HomeState
from rules.local_night import nights
from rules.rule import Rule
from rules.stimulus import Blind, EdgeHeard, Elapsed, Happened, Lost, Reached, Stimulus
from rules.verdict import Clear, Raise, RuleFailed
from tests.rules.days import GOLDEN, Teller, read_day

HOME, EDGE = HomeId("home-rules-test"), EdgeId("edge-rules-test")


def envelope(event: AnyEvent, *, at: int = 1_000, device: str | None = "device-test", position: int = 1) -> Envelope:
    return Envelope(position, HOME, at, at, 0, at, event, device)


def fact(event: AnyEvent, *, seq: int = 1) -> Fact:
    return Fact(FactId(EDGE, Epoch(7), Stream.ALARM, seq), envelope(event), b"")


def device(name: str, able: Capability, every: int | None) -> Device:
    return Device(DeviceId(name), HOME, "bthome_v2", "A4:C1:38:00:00:01", (able,), reports_every=every)


def home(*devices: Device, **limits: Any) -> tuple[HomeSettings, list[Problem]]:
    pairs = [(EDGE, one) for one in devices]
    return settings_of(HOME, "Europe/Stockholm", limits=limits, edges=[(EDGE, 0)], devices=pairs)


# --- alarms ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("event", "condition", "presses"),
    [
        (HelpCalled(), Condition.HELP_CALL, 1),
        (HelpCalled(presses=9), Condition.HELP_CALL, 9),
        (FallDetected(), Condition.FALL, 1),
        (HazardChanged(hazard=Hazard.SMOKE, present=True), Condition.HAZARD, 1),
    ],
)
def test_an_alarm_fact_raises(event: AnyEvent, condition: Condition, presses: int) -> None:
    raised = judge(fact(event))
    assert isinstance(raised, Raise)
    assert (raised.condition, raised.presses, raised.subject) == (condition, presses, "device-test")
    assert (raised.home, raised.occurred_at, raised.fact) == (HOME, 1_000, fact(event).id)


def test_every_press_is_a_firing_of_its_own() -> None:
    first, second = (judge(fact(HelpCalled(), seq=seq)) for seq in (1, 2))
    assert isinstance(first, Raise)
    assert isinstance(second, Raise)
    assert first.window != second.window
    assert judge(fact(HelpCalled(), seq=1)) == first


def test_a_hazard_that_is_gone_clears_its_own_part() -> None:
    cleared = judge(fact(HazardChanged(hazard=Hazard.SMOKE, present=False)))
    assert cleared == Clear(Condition.HAZARD, HOME, DeviceId("device-test"), 1_000)


def test_other_facts_are_no_alarms() -> None:
    assert judge(fact(ContactChanged(open=True))) is None


# --- settings --------------------------------------------------------------------------------------------------------


def test_every_setting_has_bounds_that_hold_its_default() -> None:
    assert set(SETTINGS) | {"watch_inactivity"} == set(Limits.__struct_fields__)
    for name, setting in SETTINGS.items():
        assert setting.least <= setting.default <= setting.most, name
        assert setting.because, name


@pytest.mark.parametrize("name", SETTINGS)
@pytest.mark.parametrize("value", [-1, 10**9, "ten", 1.5, True, None])
def test_a_limit_out_of_bounds_is_named_and_the_default_holds(name: str, value: object) -> None:
    read, problems = home(**{name: value})
    assert [problem.setting for problem in problems] == [name]
    assert read.limits == Limits()


def test_an_unknown_setting_is_named() -> None:
    assert [problem.setting for problem in home(quiet_by_dusk=7)[1]] == ["quiet_by_dusk"]


def test_silence_of_a_sensor_that_makes_no_promise_is_not_judged() -> None:
    read, problems = home(device("device-hall", Capability.MOTION, None))
    assert [problem.rule for problem in problems] == [Condition.INACTIVITY]
    assert Condition.INACTIVITY in read.off


def test_a_sensor_that_reports_too_seldom_for_the_limit_is_refused() -> None:
    read, problems = home(device("device-hall", Capability.MOTION, 3600), quiet_by_day=3 * 3600 - 1)
    assert [problem.setting for problem in problems] == ["reports_every"]
    assert Condition.INACTIVITY in read.off
    assert home(device("device-hall", Capability.MOTION, 3600), quiet_by_day=3 * 3600)[1] == []


def test_a_limit_beyond_its_bound_turns_its_rule_off() -> None:
    read = HomeSettings(HOME, "Europe/Stockholm", limits=Limits(quiet_by_night=26 * 3600))
    assert Condition.INACTIVITY in read.off


def test_a_time_zone_that_does_not_exist_turns_the_calendar_rules_off() -> None:
    read = HomeSettings(HOME, "Europe/Nowhere")
    assert read.off >= {Condition.FRONT_DOOR_OPEN_AT_NIGHT, Condition.INACTIVITY}
    assert Condition.EDGE_SILENT not in read.off


def test_a_home_that_did_not_ask_is_not_watched_for_inactivity() -> None:
    read, problems = home(device("device-hall", Capability.MOTION, 60), watch_inactivity=False)
    assert not problems
    assert Condition.INACTIVITY in read.off


# --- nights ----------------------------------------------------------------------------------------------------------


@settings(max_examples=60, deadline=None, derandomize=True)
@given(
    night_from=st.integers(0, 1439),
    night_until=st.integers(0, 1439),
    day=st.sampled_from([(2026, 3, 28), (2026, 3, 29), (2026, 10, 24), (2026, 10, 25), (2026, 6, 1)]),
    minutes=st.lists(st.integers(0, 1500), min_size=20, max_size=20),
)
def test_a_night_covers_exactly_its_local_window(
    *, night_from: int, night_until: int, day: tuple[int, int, int], minutes: list[int]
) -> None:
    read, _ = home(night_from=night_from, night_until=night_until)
    zone = ZoneInfo("Europe/Stockholm")
    start = datetime(*day, tzinfo=zone).astimezone(UTC)
    for minute in minutes:
        moment = start + timedelta(minutes=minute, seconds=30)
        local = moment.astimezone(zone)
        shown = local.hour * 60 + local.minute
        if night_from < night_until:
            expected = night_from <= shown < night_until
        else:
            expected = shown >= night_from or shown < night_until
        at = int(moment.timestamp()) * SECOND
        inside = any(begin <= at < end for begin, end in nights(read, at, at))
        repeated = local.replace(fold=0).utcoffset() != local.replace(fold=1).utcoffset()
        assert inside == expected or repeated, (local, nights(read, at, at))


@pytest.mark.parametrize(("day", "hours"), [((2026, 3, 28), 7), ((2026, 10, 24), 9), ((2026, 6, 1), 8)])
def test_the_usual_night_on_the_nights_of_the_change(day: tuple[int, int, int], hours: int) -> None:
    read, _ = home()
    at = int(datetime(*day, 23, tzinfo=ZoneInfo("Europe/Stockholm")).timestamp()) * SECOND
    ((begin, end),) = nights(read, at, at)
    assert end - begin == hours * HOUR


@pytest.mark.parametrize(
    ("day", "night_from", "night_until", "minutes"),
    [
        pytest.param((2026, 10, 24), 22 * 60, 2 * 60 + 30, 5 * 60 + 30, id="ends at the second of two half past two"),
        pytest.param((2026, 10, 25), 2 * 60 + 30, 6 * 60, 4 * 60 + 30, id="begins at the first of two half past two"),
        pytest.param((2026, 3, 28), 22 * 60, 2 * 60 + 30, 4 * 60, id="ends when the clock jumps over half past two"),
        pytest.param((2026, 3, 29), 2 * 60 + 30, 6 * 60, 3 * 60, id="begins when the clock jumps over half past two"),
    ],
)
def test_a_night_that_begins_or_ends_in_the_hour_of_the_change(
    *, day: tuple[int, int, int], night_from: int, night_until: int, minutes: int
) -> None:
    read, _ = home(night_from=night_from, night_until=night_until)
    at = int((datetime(*day, 22, tzinfo=ZoneInfo("Europe/Stockholm"))).timestamp()) * SECOND
    at += 3 * HOUR if night_from > night_until else -16 * HOUR
    ((begin, end),) = nights(read, at, at)
    assert (end - begin) // MINUTE == minutes


# --- the engine ------------------------------------------------------------------------------------------------------


def _burst(view: object, state: msgspec.Struct, stimulus: object) -> Any:
    raise ZeroDivisionError("the door of 19121212-1212 is open")


def test_a_rule_with_a_bug_silences_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    sound = next(rule for rule in CATALOGUE if rule.condition is Condition.EDGE_SILENT)
    broken: Rule[Any] = Rule(Condition.INACTIVITY, sound.state, _burst, sound.wants)
    both = rules.engine._Wanted(known=False, rules=(("inactivity", broken), ("edge_silent", sound)))
    monkeypatch.setattr(rules.engine, "_heeded", lambda _off: {Elapsed: both})
    read, _ = home(device("device-hall", Capability.MOTION, 60))
    before, _ = step(read, HomeState(), Elapsed(0))
    after, verdicts = step(read, before, Elapsed(2 * MINUTE))
    assert [type(verdict) for verdict in verdicts] == [RuleFailed, Raise]
    failed = verdicts[0]
    assert isinstance(failed, RuleFailed)
    assert (failed.rule, failed.home) == ("inactivity", HOME)
    assert failed.error.startswith("ZeroDivisionError in _burst")
    assert "1912" not in failed.error
    assert "inactivity" not in after.slices


def test_bulk_rules_never_open_what_the_alarm_process_opens() -> None:
    assert not {rule.condition for rule in CATALOGUE} & ALARM_CLASS


def test_a_stimulus_that_says_nothing_leaves_the_very_same_state() -> None:
    read, _ = home(device("device-test", Capability.OBSERVATION, 60))
    state, _ = step(read, HomeState(), EdgeHeard(EDGE, 5))
    told = Happened(fact(HelpCalled()).id, envelope(Observed(quantity="temperature", value=20.5, unit="°C")), 1_000)
    assert step(read, state, told)[0] is state


def test_a_wake_up_that_comes_early_only_checks_again() -> None:
    read, _ = home()
    state, _ = step(read, HomeState(), Elapsed(0))
    assert state.wake_at == 90 * SECOND
    after, verdicts = step(read, state, Elapsed(89 * SECOND))
    assert verdicts == ()
    assert after.wake_at == state.wake_at


STIMULI = st.one_of(
    st.builds(
        Happened,
        st.builds(FactId, st.just(EDGE), st.integers(1, 3).map(Epoch), st.just(Stream.RECORD), st.integers(1, 9)),
        st.builds(
            envelope,
            st.one_of(
                st.builds(MotionChanged, moving=st.booleans()),
                st.builds(ContactChanged, open=st.booleans()),
                st.from_type(rules.coverage.CoverageChanged),
                st.from_type(rules.coverage.CoverageConfirmed),
                st.from_type(rules.coverage.TransportChanged),
                st.from_type(rules.coverage.TelemetryEvicted),
                st.from_type(rules.coverage.EpochOpened),
            ),
            at=st.integers(0, 2**53),
            device=st.sampled_from(["device-hall", "device-door", "device-else", None]),
        ),
        st.integers(0, 253_402_300_799_999_999),
    ),
    st.builds(Reached, st.just(EDGE), st.integers(1, 3).map(Epoch), st.integers(0, 253_402_300_799_999_999)),
    st.builds(EdgeHeard, st.just(EDGE), st.integers(0, 2**50)),
    st.builds(Elapsed, st.integers(0, 2**50)),
    st.builds(Blind, st.integers(0, 2**50), st.integers(0, 2**50)),
    st.builds(Lost, st.just(EDGE), st.just(()), st.integers(0, 2**50), st.integers(0, 2**50)),
)


@settings(max_examples=150, deadline=None, derandomize=True)
@given(told=st.lists(STIMULI, max_size=40))
def test_no_nonsense_breaks_a_rule_or_the_stored_form(told: list[Stimulus]) -> None:
    read, _ = home(
        device("device-hall", Capability.MOTION, 60), msgspec.structs.replace(DOOR, placement=Placement.FRONT_DOOR)
    )
    state = stored = HomeState()
    for stimulus in told:
        state, verdicts = step(read, state, stimulus)
        stored, again = step(read, decode(encode(stored)), stimulus)
        assert again == verdicts
        assert encode(stored) == encode(state)
        assert not [verdict for verdict in verdicts if isinstance(verdict, RuleFailed)]


DOOR = device("device-door", Capability.CONTACT, None)


@pytest.mark.parametrize("data", [b"", b"{}", b"[]", b'{"version":2,"coverage":{},"slices":{},"wakes":{}}', b"\xff"])
def test_what_is_no_state_is_malformed(data: bytes) -> None:
    with pytest.raises(Malformed):
        decode(data)


def test_a_slice_that_its_rule_does_not_understand_begins_anew() -> None:
    data = b'{"version":1,"coverage":{"edges":{}},"slices":{"inactivity":[7],"gone":[1]},"wakes":{"gone":1}}'
    assert decode(data) == HomeState()


def test_the_state_of_an_ordinary_home_is_small() -> None:
    day = read_day(GOLDEN / "ordinary_home.yaml")
    state, largest = HomeState(), 0
    for line in day.lines:
        for stimulus in line.stimuli:
            state, _ = step(day.settings, state, stimulus)
            largest = max(largest, len(encode(state)))
    assert 300 < largest < 1024


def test_a_month_of_restarts_and_motion_leaves_a_small_state() -> None:
    day = read_day(GOLDEN / "ordinary_home.yaml")
    state, teller = HomeState(), Teller(day)
    for number in range(30):
        for line in day.lines:
            clock, words = line.text.split(" ", 1)
            days, time = (1, clock.removeprefix("+1/")) if clock.startswith("+1/") else (0, clock)
            for stimulus in teller.tell(day.wall(f"+{number + days}/{time}"), words.split()):
                state, _ = step(day.settings, state, stimulus)
        assert len(encode(state)) < 1024
    (edge,) = state.coverage.edges.values()
    assert len(edge.epochs) == 1


# --- plain words -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", Language)
def test_every_verdict_of_the_golden_days_is_explained(language: Language) -> None:
    explained = set()
    for path in sorted(GOLDEN.glob("*.yaml")):
        day, state = read_day(path), HomeState()
        for line in day.lines:
            for stimulus in line.stimuli:
                state, verdicts = step(day.settings, state, stimulus)
                for verdict in verdicts:
                    if isinstance(verdict, Raise):
                        values = verdict.explanation
                        words = explain(verdict.condition, values, language=language, time_zone=day.zone)
                        assert "20" in words
                        assert "{" not in words
                        explained.add(verdict.condition)
    assert explained == {rule.condition for rule in CATALOGUE}


def test_the_words_are_exact() -> None:
    values = {"since": 1_768_510_800_000_000, "until": 1_768_539_600_000_000, "limit": "night", "seconds": 28_800}
    said = {
        language: explain(Condition.INACTIVITY, values, language=language, time_zone="Europe/Stockholm")
        for language in Language
    }
    assert said[Language.SWEDISH].startswith("Inget livstecken från 2026-01-15 kl. 22:00 till 2026-01-16 kl. 06:00.")
    assert "The limit is 8 h." in said[Language.ENGLISH]


@pytest.mark.parametrize("language", Language)
def test_every_condition_has_words_and_missing_values_do_not_break_them(language: Language) -> None:
    assert set(SENTENCES) == set(Condition)
    for condition in Condition:
        assert explain(condition, {}, language=language, time_zone="UTC")
