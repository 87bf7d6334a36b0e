"""Identifiers, topics, clocks and what people may do with an alert."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from homecare import identity, topic
from homecare.alert import ALARM_CLASS, LATCHED, URGENCY_OF, Action, Alert, Condition, Said, Standing, act
from homecare.clock import LATEST, ManualClock, SystemClock
from homecare.errors import Conflict, Malformed, Refused
from homecare.identity import AlertId, HomeId

ALERT = Alert(
    id=AlertId("alert-0001"),
    home=HomeId("home-00000001"),
    condition=Condition.HELP_CALL,
    subject=None,
    occurred_at=1,
    raised_at=2,
    last_occurred_at=1,
    occurrences=1,
    active=True,
    standing=Standing.RAISED,
    version=1,
)


@pytest.mark.parametrize(
    "text", ["", "short", "a" * 41, "UPPER-CASE", "with/slash", "with+plus", "with#hash", "å-åååååå"]
)
def test_what_is_no_identifier_is_malformed_and_not_repeated(text: str) -> None:
    with pytest.raises(Malformed) as raised:
        identity.checked(text, "home")
    assert not text or text not in str(raised.value)


def test_new_identifiers_are_valid_and_differ() -> None:
    assert len({identity.checked(identity.new_id("home"), "home") for _ in range(100)}) == 100


@given(st.integers(0, 2**63 - 1))
def test_an_epoch_survives_its_text(epoch: int) -> None:
    assert identity.read_epoch(identity.epoch_text(epoch)) == epoch


@pytest.mark.parametrize("text", ["", "0" * 15, "0" * 17, "8" + "0" * 15, "000000000000000G"])
def test_a_text_that_names_no_epoch_is_malformed(text: str) -> None:
    with pytest.raises(Malformed):
        identity.read_epoch(text)


def test_shards_are_fixed_for_ever() -> None:
    assert [identity.shard_of(f"home-{number:08}") for number in range(4)] == [16, 207, 50, 253]


def test_derived_identifiers_repeat_and_do_not_run_together() -> None:
    assert identity.derived_id("alert", "a", 1) == identity.derived_id("alert", "a", 1)
    assert identity.derived_id("alert", "a", "b") != identity.derived_id("alert", "ab", "")


def test_topics_come_back() -> None:
    read = topic.read_up(topic.up(7, "edge-00000001", "alarm"))
    assert (read.shard, read.edge, read.channel) == (7, "edge-00000001", "alarm")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "/",
        "vaka/v1/7/edge-00000001/up",
        "vaka/v1/7/edge-00000001/up/alarm/x",
        "vaka/v1/256/edge-00000001/up/alarm",
        "vaka/v1/07/edge-00000001/up/alarm",
        "vaka/v1/-1/edge-00000001/up/alarm",
        "vaka/v1/²/edge-00000001/up/alarm",
        "vaka/v1//edge-00000001/up/alarm",
        "vaka/v1/7/+/up/alarm",
        "vaka/v1/7/edge-00000001/down/receipt",
        "vaka/v2/7/edge-00000001/up/alarm",
        "vaka/v1/7/edge-00000001/up/other",
        "$SYS/v1/7/edge-00000001/up/alarm",
    ],
)
def test_what_is_no_up_topic_is_malformed(text: str) -> None:
    with pytest.raises(Malformed):
        topic.read_up(text)


def test_the_system_clock_stays_within_the_wire() -> None:
    clock = SystemClock()
    first, second = clock.now(), clock.now()
    assert 0 < first.wall <= LATEST
    assert second.elapsed >= first.elapsed
    assert first.uncertainty >= 0


def test_a_manual_clock_moves_when_told() -> None:
    clock = ManualClock(10)
    clock.advance(5)
    assert (clock.now().wall, clock.now().elapsed) == (15, 5)


def test_every_condition_has_an_urgency_and_latched_calls_are_alarm_class() -> None:
    assert set(URGENCY_OF) == set(Condition)
    assert LATCHED <= ALARM_CLASS


def test_an_alert_is_taken_acknowledged_and_resolved_with_a_reason() -> None:
    taken = act(ALERT, Action.TAKE, person="Operatör Ek", version=1, at=9)
    read = act(taken, Action.ACKNOWLEDGE, person="Operatör Ek", version=2, at=9)
    over = act(read, Action.RESOLVE, person="Operatör Ek", version=3, at=9, said=Said(reason="feltryck"))
    assert (taken.claimed_by, read.standing, over.standing) == ("Operatör Ek", Standing.ACKNOWLEDGED, Standing.RESOLVED)
    assert (over.version, over.active, over.reason) == (4, False, "feltryck")


def test_a_newer_press_must_be_read_first() -> None:
    with pytest.raises(Conflict):
        act(ALERT, Action.TAKE, person="Operatör Ek", version=0, at=9)


@pytest.mark.parametrize("action", list(Action))
def test_what_another_operator_has_taken_is_left_alone(action: Action) -> None:
    taken = act(ALERT, Action.TAKE, person="Operatör Ek", version=1, at=9)
    with pytest.raises(Conflict):
        act(taken, action, person="Operatör Alm", version=2, at=9, said=Said(reason="feltryck"))


def test_nothing_ends_without_a_reason() -> None:
    for reason in ("", "   ", "x" * 501):
        with pytest.raises(Refused):
            act(ALERT, Action.RESOLVE, person="Operatör Ek", version=1, at=9, said=Said(reason=reason))


def test_what_is_over_stays_over() -> None:
    over = act(ALERT, Action.RESOLVE, person="Operatör Ek", version=1, at=9, said=Said(reason="feltryck"))
    with pytest.raises(Conflict):
        act(over, Action.TAKE, person="Operatör Ek", version=2, at=9)


def test_a_condition_that_still_holds_stays_active_when_a_person_ends_its_alert() -> None:
    silent = Alert(
        **{field: getattr(ALERT, field) for field in ALERT.__struct_fields__} | {"condition": Condition.EDGE_SILENT}
    )
    assert act(
        silent, Action.RESOLVE, person="Operatör Ek", version=1, at=9, said=Said(reason="tekniker skickad")
    ).active
