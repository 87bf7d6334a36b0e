"""Health: what is covered, since when, and that nothing is vouched for that could not have been heard."""

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from edge.health import CONFIRM_EVERY, DEAF_WITHIN, OVERDUE_LIMIT, STEP_LIMIT, Health
from homecare.clock import HOUR, MINUTE, SECOND, Instant
from homecare.device import Capability, Device
from homecare.event import (
    ClockStepped,
    CoverageChanged,
    CoverageConfirmed,
    CoverageReason,
    TransportChanged,
    TransportState,
)
from homecare.identity import DeviceId, HomeId

BOOT = 1_800_000_000 * SECOND
BEACON, BUTTON, LINE = DeviceId("device-beacon"), DeviceId("device-button"), DeviceId("device-line")
ROADS = {"ble": (BEACON, BUTTON), "serial:a": (LINE,)}
WORKING = TransportState.WORKING


def device(name: DeviceId, every: int | None) -> Device:
    return Device(
        id=name,
        home=HomeId("home-00000001"),
        driver="bthome",
        address="",
        capabilities=(Capability.CONTACT,),
        reports_every=every,
    )


def at(elapsed: int, *, stepped: int = 0) -> Instant:
    return Instant(wall=BOOT + elapsed + stepped, elapsed=elapsed)


def health(every: int | None = 60) -> Health:
    return Health((device(BEACON, every), device(BUTTON, None), device(LINE, 60)), ROADS, at(0))


def changed(name: DeviceId, covered: bool, since: int, reason: CoverageReason) -> tuple[DeviceId, CoverageChanged]:  # noqa: FBT001 - reads like the event
    return name, CoverageChanged(covered=covered, since=BOOT + since, reason=reason)


def test_nothing_is_covered_before_its_transport_works() -> None:
    home = health()
    assert home.tick(at(SECOND)) == []
    assert home.covered() == frozenset()


def test_a_device_that_promises_nothing_is_covered_by_its_transport() -> None:
    home = health()
    assert home.transport("ble", WORKING, at(SECOND)) == [
        (None, TransportChanged("ble", WORKING)),
        changed(BEACON, False, SECOND, CoverageReason.STARTED),
        changed(BUTTON, True, SECOND, CoverageReason.STARTED),
    ]


def test_a_device_that_promises_is_covered_once_heard() -> None:
    home = health()
    home.transport("ble", WORKING, at(SECOND))
    assert home.heard(BEACON, at(9 * SECOND)) == [changed(BEACON, True, 9 * SECOND, CoverageReason.HEARD)]
    assert home.heard(BEACON, at(10 * SECOND)) == []


def test_an_overdue_device_is_uncovered_since_it_was_last_heard() -> None:
    home = health()
    home.transport("ble", WORKING, at(0))
    home.heard(BEACON, at(10 * SECOND))
    assert home.tick(at(190 * SECOND)) == []
    assert home.tick(at(191 * SECOND)) == [changed(BEACON, False, 10 * SECOND, CoverageReason.NOT_HEARD)]
    assert home.tick(at(192 * SECOND)) == []
    assert home.heard(BEACON, at(200 * SECOND)) == [changed(BEACON, True, 200 * SECOND, CoverageReason.HEARD)]


def test_nobody_waits_longer_than_the_limit() -> None:
    home = health(every=86_400)
    home.transport("ble", WORKING, at(0))
    home.heard(BEACON, at(0))
    assert BEACON in home.covered()
    home.tick(at(OVERDUE_LIMIT))
    assert BEACON in home.covered()
    home.tick(at(OVERDUE_LIMIT + SECOND))
    assert BEACON not in home.covered()


def test_a_lost_transport_uncovers_its_devices_only() -> None:
    home = health()
    for road in ROADS:
        home.transport(road, WORKING, at(0))
    for one in (BEACON, LINE):
        home.heard(one, at(SECOND))
    assert home.transport("ble", TransportState.GONE, at(5 * SECOND)) == [
        (None, TransportChanged("ble", TransportState.GONE)),
        changed(BEACON, False, 5 * SECOND, CoverageReason.TRANSPORT_LOST),
        changed(BUTTON, False, 5 * SECOND, CoverageReason.TRANSPORT_LOST),
    ]
    assert home.covered() == {LINE}


def test_after_a_gap_a_device_that_promises_must_be_heard_again() -> None:
    home = health()
    home.transport("ble", WORKING, at(0))
    home.heard(BEACON, at(SECOND))
    home.transport("ble", TransportState.GONE, at(5 * SECOND))
    assert home.transport("ble", WORKING, at(9 * SECOND)) == [
        (None, TransportChanged("ble", WORKING)),
        changed(BUTTON, True, 9 * SECOND, CoverageReason.TRANSPORT_BACK),
    ]
    assert home.heard(BEACON, at(10 * SECOND)) == [changed(BEACON, True, 10 * SECOND, CoverageReason.HEARD)]


def test_a_deaf_transport_may_have_been_deaf_for_as_long_as_noticing_takes() -> None:
    home = health()
    home.transport("ble", WORKING, at(0))
    told = home.transport("ble", TransportState.DEAF, at(HOUR))
    assert told[1:] == [changed(BUTTON, False, HOUR - DEAF_WITHIN, CoverageReason.TRANSPORT_LOST)]


def test_a_deaf_transport_was_not_deaf_before_it_last_heard() -> None:
    home = health()
    home.transport("ble", WORKING, at(0))
    home.heard(BEACON, at(HOUR - MINUTE))
    told = home.transport("ble", TransportState.DEAF, at(HOUR))
    assert {event.since for _, event in told if isinstance(event, CoverageChanged)} == {BOOT + HOUR - MINUTE}


def test_a_transport_is_told_when_it_changes_only() -> None:
    home = health()
    assert home.transport("ble", WORKING, at(0))
    assert home.transport("ble", WORKING, at(SECOND)) == []
    assert home.transport("ble", TransportState.DEAF, at(2 * SECOND))[0] == (
        None,
        TransportChanged("ble", TransportState.DEAF),
    )


def test_coverage_is_confirmed_every_quarter_of_an_hour() -> None:
    home = health()
    home.transport("ble", WORKING, at(0))
    home.tick(at(CONFIRM_EVERY - SECOND))
    assert home.tick(at(CONFIRM_EVERY)) == [(None, CoverageConfirmed(BOOT + CONFIRM_EVERY, (BUTTON,)))]
    assert home.tick(at(CONFIRM_EVERY + SECOND)) == []


def test_a_step_of_the_wall_clock_is_told_and_changes_no_coverage() -> None:
    home = health()
    home.transport("ble", WORKING, at(0))
    home.heard(BEACON, at(0))
    assert home.tick(at(SECOND, stepped=STEP_LIMIT)) == []
    step = -400 * 24 * HOUR
    assert home.tick(at(2 * SECOND, stepped=step + STEP_LIMIT)) == [(None, ClockStepped(step))]
    assert home.covered() == {BEACON, BUTTON}


def test_since_is_told_by_the_wall_clock_of_now() -> None:
    home = health()
    home.transport("ble", WORKING, at(0))
    home.heard(BEACON, at(0))
    home.tick(at(SECOND, stepped=HOUR))
    [(_, event)] = home.tick(at(181 * SECOND, stepped=HOUR))
    assert event == CoverageChanged(covered=False, since=BOOT + HOUR, reason=CoverageReason.NOT_HEARD)


def test_an_unknown_device_changes_nothing() -> None:
    assert health().heard(DeviceId("device-other"), at(0)) == []


def test_the_tail_of_coverage_is_now() -> None:
    assert health().heard_through(at(7)) == BOOT + 7


step = st.one_of(
    st.tuples(st.just("tick"), st.just("")),
    st.tuples(st.just("heard"), st.sampled_from([BEACON, BUTTON, LINE])),
    st.tuples(st.sampled_from(list(TransportState)), st.sampled_from(list(ROADS))),
)


@given(steps=st.lists(st.tuples(st.integers(0, 120), step), max_size=60))
def test_told_changes_alternate_and_add_up_to_what_is_covered(steps: list[tuple[int, tuple[str, str]]]) -> None:
    home, now = health(), 0
    covered: dict[str, bool] = {}
    for passed, (what, subject) in steps:
        now += passed * SECOND
        if what == "tick":
            told = home.tick(at(now))
        elif what == "heard":
            told = home.heard(DeviceId(subject), at(now))
        else:
            told = home.transport(subject, TransportState(what), at(now))
        for name, event in told:
            if isinstance(event, CoverageChanged):
                assert name is not None
                assert covered.get(name) is not event.covered
                assert event.since <= BOOT + now
                covered[name] = event.covered
        assert {name for name, state in covered.items() if state} == home.covered()
    assert msgspec.json.encode(home.heard_through(at(now)))
