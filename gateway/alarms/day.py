"""The picture of a home's day: what happened, which states lasted how long, and when a device could be heard at all.

Pure. Where nobody confirmed that a device was covered, nothing is claimed: `covered` is None there.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import msgspec

from gateway.ports.desk import DayEvent, Window
from homecare.device import Capability, Device
from homecare.identity import DeviceId

CAPABILITY_OF: Final[Mapping[str, Capability]] = {
    "help_called": Capability.HELP_CALL,
    "fall_detected": Capability.FALL,
    "hazard_changed": Capability.HAZARD,
    "lock_operated": Capability.LOCK,
    "tag_read": Capability.TAG,
    "contact_changed": Capability.CONTACT,
    "motion_changed": Capability.MOTION,
    "leak_changed": Capability.LEAK,
    "button_pressed": Capability.BUTTON,
    "state_observed": Capability.OBSERVATION,
    "observed": Capability.OBSERVATION,
    "battery_reported": Capability.OBSERVATION,
}
"""The lane in which an event is drawn; what the edge says of itself is drawn in none."""

_STATES: Final[Mapping[str, tuple[str, str, str]]] = {
    "contact_changed": ("open", "open", "closed"),
    "motion_changed": ("moving", "moving", "still"),
    "leak_changed": ("wet", "wet", "dry"),
    "hazard_changed": ("present", "present", "absent"),
}
"""Events that begin a state that lasts: the body's field, and the state's name when it is true and when it is not."""


class Mark(msgspec.Struct, frozen=True):
    """Something that happened at one instant; `unit` of a measured value, None where there is none."""

    at: int
    kind: str
    value: str | float | bool | None
    unit: str | None = None


class Span(msgspec.Struct, frozen=True):
    """A state that lasted."""

    since: int
    until: int
    state: str


class Covered(msgspec.Struct, frozen=True):
    """Whether the device could be heard; None: nobody knows.

    `awaited`: the newest stretch, before which the edge said that it hears the device; its next word settles it.
    """

    since: int
    until: int
    covered: bool | None
    awaited: bool = False


class Lane(msgspec.Struct, frozen=True):
    """One capability of one device over the window."""

    device: Device
    capability: Capability
    marks: tuple[Mark, ...]
    spans: tuple[Span, ...]
    covered: tuple[Covered, ...]


def lanes(devices: Sequence[Device], events: Sequence[DayEvent], window: Window) -> list[Lane]:
    """A lane for every capability of every device, devices in the order given; `events` are oldest first."""
    drawn: list[Lane] = []
    for device in devices:
        own = [event for event in events if event.device == device.id]
        covered = coverage(device.id, events, window)
        for capability in device.capabilities:
            shown = [event for event in own if CAPABILITY_OF.get(event.kind) is capability]
            drawn.append(
                Lane(
                    device=device,
                    capability=capability,
                    marks=tuple(_marks(shown, window)),
                    spans=tuple(_spans(shown, window)),
                    covered=covered,
                )
            )
    return drawn


def _marks(events: Iterable[DayEvent], window: Window) -> Iterable[Mark]:
    for event in events:
        if event.kind not in _STATES and event.kind != "lock_operated" and event.at >= window.since:
            yield Mark(at=event.at, kind=event.kind, value=_value(event.body), unit=_unit(event.body))


def _unit(body: Mapping[str, Any]) -> str | None:
    if body.get("percent") is not None:
        return "%"
    return str(body["unit"]) if body.get("unit") else None


def _value(body: Mapping[str, Any]) -> str | float | bool | None:
    for field in ("value", "percent", "on", "action", "presses", "tag"):
        if (found := body.get(field)) is not None:
            return found if isinstance(found, str | float | bool) else float(found)
    return None


def _spans(events: Iterable[DayEvent], window: Window) -> Iterable[Span]:
    begun: tuple[int, str] | None = None
    for event in events:
        state = _state(event)
        if state is None or (begun is not None and begun[1] == state):
            continue
        if begun is not None and event.at > window.since:
            yield Span(since=max(begun[0], window.since), until=event.at, state=begun[1])
        begun = (event.at, state)
    if begun is not None:
        yield Span(since=max(begun[0], window.since), until=window.until, state=begun[1])


def _state(event: DayEvent) -> str | None:
    if event.kind == "lock_operated":
        return str(event.body.get("state", "unknown"))
    if event.kind not in _STATES:
        return None
    field, yes, no = _STATES[event.kind]
    return yes if event.body.get(field) else no


def coverage(device: DeviceId, events: Iterable[DayEvent], window: Window) -> tuple[Covered, ...]:
    """What the edges stated about hearing this device; nothing is stretched beyond what was stated."""
    parts: list[Covered] = []
    known_until, covered = window.since, None
    for event in events:
        stated = _stated(device, event)
        if stated is None:
            continue
        through, now = stated
        through = min(max(through, known_until), window.until)
        if through > known_until:
            parts.append(Covered(since=known_until, until=through, covered=covered))
        known_until, covered = through, now
    if known_until < window.until:
        parts.append(Covered(since=known_until, until=window.until, covered=None, awaited=covered is True))
    return tuple(_joined(parts))


def _stated(device: DeviceId, event: DayEvent) -> tuple[int, bool] | None:
    """Up to when the time before is settled by this event, and what holds from then on."""
    if event.kind == "coverage_changed" and event.device == device:
        return _instant(event.body.get("since"), event.at), bool(event.body.get("covered"))
    if event.kind == "coverage_confirmed":
        named = event.body.get("covered")
        return _instant(event.body.get("through"), event.at), isinstance(named, list) and device in named
    return None


def _instant(stated: object, otherwise: int) -> int:
    return stated if isinstance(stated, int) else otherwise


def _joined(parts: Iterable[Covered]) -> Iterable[Covered]:
    before: Covered | None = None
    for part in parts:
        if before is not None and before.covered is part.covered and not part.awaited:
            before = Covered(since=before.since, until=part.until, covered=part.covered)
            continue
        if before is not None:
            yield before
        before = part
    if before is not None:
        yield before
