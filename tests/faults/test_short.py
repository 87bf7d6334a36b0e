"""The two-minute form of `make faults`: see tests/faults/__main__.py."""

import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.__main__ import run
from tests.faults.plan import Role, draw


@pytest.fixture
def short_folder() -> Iterator[Path]:
    """Short, because unix sockets and ttys live below it."""
    with tempfile.TemporaryDirectory(prefix="vf-", ignore_cleanup_errors=True) as folder:
        yield Path(folder)


def test_nothing_is_lost_or_doubled_whatever_dies(short_folder: Path) -> None:
    plan = draw(seed=time.time_ns() % 1_000_000, facts=3000, kills=25)
    outcome = run(plan, short_folder)
    assert outcome.verdict.lines() == [], f"seed {plan.seed}"
    assert outcome.verdict.rows == outcome.verdict.facts == plan.facts
    assert all(outcome.kills[role] >= 3 for role in Role), f"seed {plan.seed}: {outcome.kills}"


def test_a_plan_is_the_same_for_the_same_seed() -> None:
    assert draw(seed=7, facts=5000, kills=50) == draw(seed=7, facts=5000, kills=50)
    assert draw(seed=7, facts=5000, kills=50).facts == 5000


def test_every_role_is_killed_often_enough_in_a_full_run() -> None:
    kills = draw(seed=7, facts=100_000, kills=220).kills
    assert all(sum(kill.role is role for kill in kills) >= 40 for role in Role)
    assert any(kill.wipe for kill in kills)
