"""Commands: how long one may be under way, and what its challenge is."""

import re

import pytest

from homecare.clock import LATEST, SECOND
from homecare.command import CHALLENGE_PATTERN, COMMAND_LIFE, LIFE_LIMIT, deadline
from homecare.identity import new_challenge


def test_challenges_are_fresh_and_fit_the_wire() -> None:
    made = {new_challenge() for _ in range(100)}
    assert len(made) == 100
    assert all(re.fullmatch(CHALLENGE_PATTERN, one) for one in made)


@pytest.mark.parametrize(
    ("elapsed", "since_heard", "life", "not_after"),
    [
        (0, 0, COMMAND_LIFE, 10 * SECOND),
        (100 * SECOND, 3 * SECOND, COMMAND_LIFE, 113 * SECOND),
        (0, 0, 3600 * SECOND, LIFE_LIMIT),
        (LATEST, SECOND, COMMAND_LIFE, LATEST),
    ],
)
def test_a_deadline_is_a_reading_of_the_edges_clock(elapsed: int, since_heard: int, life: int, not_after: int) -> None:
    assert deadline(elapsed, since_heard, life) == not_after
