"""What people are told of a door: words in both languages for whatever can happen, and a next step where one is due."""

import itertools

import pytest

from gateway.doors.commanding import NOT_CONNECTED
from gateway.ports.access import CommandView, Standing
from gateway.web.door_words import DENIED, PROBLEMS, said_of
from homecare.command import Action, Reason
from homecare.grant import Denial, Purpose
from homecare.identity import DeviceId, HomeId

ENDS = (Standing.FAILED, Standing.REFUSED, Standing.UNKNOWN)
WHY = (*Reason, NOT_CONNECTED, "revoked")


def command(
    standing: Standing, reason: str | None = None, action: Action = Action.UNLOCK, **more: object
) -> CommandView:
    return CommandView(
        id="command-00000001",
        person="person-00000001",
        home=HomeId("home-00000001"),
        device=DeviceId("lock-00000001"),
        action=action,
        purpose=Purpose.VISIT,
        ends_with="visit-00000001",
        how="at_the_door",
        issued_at=0,
        standing=standing,
        reason=reason,
        **more,  # type: ignore[arg-type]
    )


@pytest.mark.parametrize("denial", Denial)
def test_every_denial_says_why_and_what_to_do(denial: Denial) -> None:
    words = DENIED[denial]
    assert PROBLEMS[f"door.{denial}"] is words
    for text in (words.sv, words.en):
        assert text.count(". ") >= 1, "why, and what to do next"
        assert "_" not in text


@pytest.mark.parametrize(("standing", "reason"), list(itertools.product(ENDS, WHY)))
def test_every_end_but_done_has_a_next_step(standing: Standing, reason: str) -> None:
    if (standing, reason) in {(Standing.FAILED, Reason.ALREADY_SO), (Standing.REFUSED, Reason.ALREADY_SO)}:
        return
    words, next_step = said_of(command(standing, reason))
    for text in (words.sv, words.en, next_step.sv, next_step.en):
        assert text.endswith(".")
        assert "_" not in text


@pytest.mark.parametrize("action", Action)
def test_what_was_done_needs_no_next_step(action: Action) -> None:
    words, next_step = said_of(command(Standing.DONE, action=action))
    assert words.sv
    assert (next_step.sv, next_step.en) == ("", "")


@pytest.mark.parametrize("late", [Standing.DONE, Standing.FAILED])
def test_a_late_answer_is_told_as_late(late: Standing) -> None:
    words, next_step = said_of(command(Standing.UNKNOWN, "no_answer", late=late))
    assert "för sent" in words.sv
    assert next_step.sv
