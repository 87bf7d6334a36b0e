"""The picture of a day: what is drawn, and what is left open."""

from typing import Any

import pytest

from gateway.alarms.day import Covered, coverage, lanes
from gateway.ports.desk import DayEvent, Window
from homecare.device import Capability, Device
from homecare.identity import DeviceId, EdgeId, HomeId

DOOR = DeviceId("device-door")
WINDOW = Window(since=100, until=200)


def event(at: int, kind: str, *, device: DeviceId | None = DOOR, **body: object) -> DayEvent:
    return DayEvent(at=at, edge=EdgeId("edge-0001"), device=device, kind=kind, body=body)


def confirmed(through: int, *devices: str) -> DayEvent:
    return event(through, "coverage_confirmed", device=None, through=through, covered=list(devices))


@pytest.mark.parametrize(
    ("events", "expected"),
    [
        ([], [(100, 200, None)]),
        ([confirmed(90, DOOR), confirmed(150, DOOR)], [(100, 150, True), (150, 200, None, True)]),
        ([confirmed(90, DOOR), confirmed(150)], [(100, 150, True), (150, 200, None)]),
        (
            [confirmed(90, DOOR), event(150, "coverage_changed", covered=False, since=130), confirmed(180)],
            [(100, 130, True), (130, 180, False), (180, 200, None)],
        ),
        ([event(120, "coverage_changed", covered=True, since=120)], [(100, 120, None), (120, 200, None, True)]),
        ([confirmed(90, "device-other"), confirmed(150, "device-other")], [(100, 150, False), (150, 200, None)]),
    ],
)
def test_nothing_is_claimed_beyond_what_was_stated(events: list[DayEvent], expected: list[tuple[Any, ...]]) -> None:
    """`awaited` (the fourth) is red when a newest stretch counts as heard again, or as lost, before the edge spoke."""
    assert coverage(DOOR, events, WINDOW) == tuple(Covered(*part) for part in expected)


def test_states_last_and_measured_values_are_marks() -> None:
    device = Device(
        id=DOOR,
        home=HomeId("home-0001"),
        driver="bthome",
        address="",
        capabilities=(Capability.CONTACT, Capability.LOCK, Capability.OBSERVATION),
    )
    events = [
        event(90, "contact_changed", open=True),
        event(110, "contact_changed", open=True),
        event(120, "contact_changed", open=False),
        event(130, "lock_operated", state="locked"),
        event(140, "observed", quantity="temperature", value=21.5, unit="°C"),
        event(150, "help_called", device=DeviceId("device-other"), presses=1),
    ]
    contact, lock, values = lanes([device], events, WINDOW)
    assert [(span.since, span.until, span.state) for span in contact.spans] == [
        (100, 120, "open"),
        (120, 200, "closed"),
    ]
    assert [(span.since, span.until, span.state) for span in lock.spans] == [(130, 200, "locked")]
    assert [(mark.at, mark.kind, mark.value, mark.unit) for mark in values.marks] == [(140, "observed", 21.5, "°C")]
    assert not contact.marks
    assert not lock.marks
