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
    standing: Standing,
    reason: str | None = None,
    action: Action = Action.UNLOCK,
    *,
    purpose: Purpose = Purpose.VISIT,
    late: Standing | None = None,
) -> CommandView:
    return CommandView(
        id="command-00000001",
        person="person-00000001",
        home=HomeId("home-00000001"),
        device=DeviceId("lock-00000001"),
        action=action,
        purpose=purpose,
        ends_with="visit-00000001",
        how="at_the_door",
        issued_at=0,
        standing=standing,
        reason=reason,
        late=late,
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


@pytest.mark.parametrize(
    ("late", "said"),
    [
        (Standing.DONE, "Svaret kom för sent: dörren låstes upp."),
        (Standing.FAILED, "Svaret kom för sent: dörren låstes inte upp."),
    ],
)
def test_a_late_answer_is_told_as_late(late: Standing, said: str) -> None:
    words, next_step = said_of(command(Standing.UNKNOWN, "no_answer", late=late))
    assert words.sv == said
    assert next_step.sv


@pytest.mark.parametrize(
    ("action", "what"),
    [
        (Action.UNLOCK, "dörren låstes upp"),
        (Action.LOCK, "dörren låstes"),
        (Action.UNLATCH, "dörren öppnades"),
        (Action.ANNOUNCE, "det hördes i hemmet"),
    ],
)
def test_what_is_not_known_is_named(action: Action, what: str) -> None:
    words, _ = said_of(command(Standing.UNKNOWN, action=action))
    assert words.sv == f"Vi vet inte om {what}: svaret kom inte fram i tid."


@pytest.mark.parametrize(("standing", "reason"), list(itertools.product(ENDS, WHY)))
def test_only_who_wants_in_on_a_visit_is_told_of_cannot_get_in(standing: Standing, reason: str) -> None:
    """Red when the one sentence stands everywhere: an alarm has no such button, and locking is not getting in."""
    visit = said_of(command(standing, reason))[1]
    alarm = said_of(command(standing, reason, purpose=Purpose.ALERT))[1]
    lock = said_of(command(standing, reason, Action.LOCK))[1]
    assert ("Kommer inte in" in visit.sv, "Cannot get in" in visit.en) == ("Ring in" in visit.sv, "Call in" in visit.en)
    assert "Kommer inte in" not in alarm.sv + lock.sv
    assert "Cannot get in" not in alarm.en + lock.en
    assert ("Ring in" in alarm.sv) == ("Ring in" in visit.sv)


def test_a_home_without_a_lock_says_nothing_of_visits_because_an_alarm_meets_it_too() -> None:
    assert "Kommer inte in" not in DENIED[Denial.NO_LOCK].sv
    assert "Kommer inte in" in DENIED[Denial.NO_CONSENT].sv
