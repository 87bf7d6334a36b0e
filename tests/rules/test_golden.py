"""Golden days: what happened, as text, and what must be answered; also over restarts and with everything said twice."""

from pathlib import Path

import pytest

from rules import CATALOGUE, engine
from rules.engine import decode, encode, step
from rules.home_state import HomeState
from rules.verdict import Verdict
from tests.rules.days import GOLDEN, Day, read_day

DAYS = sorted(GOLDEN.glob("*.yaml"))


def run(day: Day, *, restart: bool = False, twice: bool = False) -> list[tuple[str, list[str]]]:
    state = HomeState()
    told = []
    for line in day.lines:
        verdicts: tuple[Verdict, ...] = ()
        for stimulus in line.stimuli:
            for _ in range(2 if twice else 1):
                state, more = step(day.settings, decode(encode(state)) if restart else state, stimulus)
                verdicts += more
        told.append((line.text, [day.answer(verdict) for verdict in verdicts]))
    return told


def expected(day: Day) -> list[tuple[str, list[str]]]:
    return [(line.text, line.answers) for line in day.lines]


@pytest.mark.parametrize("path", DAYS, ids=lambda path: path.stem)
def test_a_day_is_answered_as_written(path: Path) -> None:
    day = read_day(path)
    assert run(day) == expected(day)


@pytest.mark.parametrize("path", DAYS, ids=lambda path: path.stem)
def test_a_restart_between_any_two_steps_changes_nothing(path: Path) -> None:
    day = read_day(path)
    assert run(day, restart=True) == expected(day)


@pytest.mark.parametrize("path", DAYS, ids=lambda path: path.stem)
def test_saying_everything_twice_changes_nothing(path: Path) -> None:
    day = read_day(path)
    assert run(day, twice=True) == expected(day)


@pytest.mark.parametrize("path", DAYS, ids=lambda path: path.stem)
def test_all_in_one_go_is_the_same_bit_for_bit(path: Path) -> None:
    day = read_day(path)
    stimuli = [stimulus for line in day.lines for stimulus in line.stimuli]
    state, said = HomeState(), list[Verdict]()
    for stimulus in stimuli:
        state, more = step(day.settings, state, stimulus)
        said += more
    at_once, verdicts = engine.run(day.settings, HomeState(), stimuli)
    assert (encode(at_once), list(verdicts)) == (encode(state), said)


def test_every_rule_has_a_golden_day() -> None:
    for rule in CATALOGUE:
        assert any(f"raise {rule.condition}" in path.read_text(encoding="utf-8") for path in DAYS), rule.condition
