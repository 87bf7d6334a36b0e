"""The settings by which one home is judged: its limits, its edges and devices, and what cannot be proved with them."""

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from homecare.alert import Condition
from homecare.clock import HOUR, SECOND
from homecare.device import Capability, Device
from homecare.identity import DeviceId, EdgeId, HomeId

SILENCE_MOST: Final = 25 * HOUR
"""Microseconds; no device's silence and no person's stillness is waited for longer: a day and an hour of grace."""
SILENT_MISSES: Final = 3
"""Promised signs of life that a device may miss: radio loses single ones."""


class Setting(msgspec.Struct, frozen=True):
    """One limit: its unit, its bounds, what it is unless a home says otherwise, and why."""

    unit: str
    least: int
    most: int
    default: int
    because: str


SETTINGS: Final[dict[str, Setting]] = {
    "night_from": Setting("minutes after local midnight", 0, 1439, 22 * 60, "the night of most care plans"),
    "night_until": Setting("minutes after local midnight", 0, 1439, 6 * 60, "the night of most care plans"),
    "door_open_after": Setting("seconds", 10, 3600, 120, "time to let the cat out and shut the door again"),
    "quiet_by_day": Setting("seconds", 600, 12 * 3600, 6 * 3600, "longer than a nap, shorter than a day on the floor"),
    "quiet_by_night": Setting("seconds", 600, 25 * 3600, 11 * 3600, "longer than a night's sleep"),
    "device_silent_least": Setting("seconds", 180, 3600, 180, "a deaf radio is a fact within 2 minutes: wait longer"),
    "edge_lost_after": Setting("seconds", 10, 600, 90, "three missed heartbeats: social alarms know by the minute"),
    "edge_stable_for": Setting("seconds", 10, 3600, 300, "a line that flaps is not back yet"),
}
"""The settings of a home's rules, all of them: names as in `Limits`."""


class Limits(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """The limits of one home, in the units of `SETTINGS`. `watch_inactivity` False: nobody asked for that rule."""

    night_from: int = SETTINGS["night_from"].default
    night_until: int = SETTINGS["night_until"].default
    door_open_after: int = SETTINGS["door_open_after"].default
    quiet_by_day: int = SETTINGS["quiet_by_day"].default
    quiet_by_night: int = SETTINGS["quiet_by_night"].default
    device_silent_least: int = SETTINGS["device_silent_least"].default
    edge_lost_after: int = SETTINGS["edge_lost_after"].default
    edge_stable_for: int = SETTINGS["edge_stable_for"].default
    watch_inactivity: bool = True


DEFAULTS: Final = Limits()
"""Of a home that says nothing else; each lies within its bounds."""
LIMITS_KEPT: Final = 1_024
"""Different limits that are kept once; a unit has a handful."""


class AssignedEdge(msgspec.Struct, frozen=True, gc=False):
    """An edge that stands in the home, since `assigned_at` (wall microseconds)."""

    id: EdgeId
    assigned_at: int


class AssignedDevice(msgspec.Struct, frozen=True, gc=False):
    """A device of the home and the edge that hears it. It is watched from its edge's assignment on, heard or not."""

    device: Device
    edge: AssignedEdge

    @property
    def transport(self) -> str:
        """The kind of transport that hears it, by the shape of its address: `ble` or `serial`."""
        return "ble" if ":" in self.device.address else "serial"

    @property
    def patience(self) -> int | None:
        """Microseconds of silence after which the edge no longer believes in it; None: it promised nothing."""
        every = self.device.reports_every
        return None if every is None else min(SILENT_MISSES * every * SECOND, SILENCE_MOST)


class HomeSettings(msgspec.Struct, frozen=True):
    """Everything by which a home is judged.

    A home without a motion sensor, or where nobody asked for it, is not watched for inactivity.
    """

    home: HomeId
    time_zone: str
    edges: tuple[AssignedEdge, ...] = ()
    devices: tuple[AssignedDevice, ...] = ()
    limits: Limits = DEFAULTS
    off: frozenset[Condition] = frozenset()
    watched: Mapping[DeviceId, AssignedDevice] = {}
    brief: int = 0
    problems: tuple["Problem", ...] = ()

    def __post_init__(self) -> None:
        """Look up once what is asked again: `watched` devices by id, `problems`, and the rules `off` for them.

        `brief`: microseconds; stillness up to this long between two signs of life is never too long.
        """
        shortest = min(self.limits.quiet_by_day, self.limits.quiet_by_night) * SECOND
        msgspec.structs.force_setattr(self, "brief", shortest - 1)
        msgspec.structs.force_setattr(self, "watched", {one.device.id: one for one in self.devices})
        msgspec.structs.force_setattr(self, "problems", tuple(check_settings(self)))
        off = {problem.rule for problem in self.problems if problem.rule is not None}
        if not self.limits.watch_inactivity or not self.able(Capability.MOTION):
            off.add(Condition.INACTIVITY)
        msgspec.structs.force_setattr(self, "off", frozenset(off))

    def able(self, capability: Capability) -> tuple[AssignedDevice, ...]:
        """The devices that have a capability."""
        return tuple(one for one in self.devices if capability in one.device.capabilities)


class Problem(msgspec.Struct, frozen=True):
    """A setting that cannot be used: the rule is not run for this home (None: all are, with the default)."""

    rule: Condition | None
    setting: str
    hint: str


DOOR_SETTINGS: Final = frozenset({"lock", "unlatch"})
"""Settings of a home that say something about its door: which lock it has, and whether its latch may be pulled."""


def settings_of(
    home: HomeId,
    time_zone: str,
    *,
    limits: Mapping[str, Any],
    edges: Iterable[tuple[EdgeId, int]],
    devices: Iterable[tuple[EdgeId, Device]],
) -> tuple[HomeSettings, list[Problem]]:
    """The settings that a registry's rows give, and what is wrong with them.

    `edges` pairs each edge with the time since which it stands in the home; a device on another edge is left out. A
    limit that is unknown or outside its bounds is a problem, and the default holds.
    """
    standing = {id_: AssignedEdge(id=id_, assigned_at=since) for id_, since in edges}
    read, problems = _read_limits(limits)
    settings = HomeSettings(
        home=home,
        time_zone=time_zone,
        edges=tuple(standing.values()),
        devices=tuple(AssignedDevice(device, standing[edge]) for edge, device in devices if edge in standing),
        limits=read,
    )
    return settings, [*problems, *settings.problems]


def _read_limits(raw: Mapping[str, Any]) -> tuple[Limits, list[Problem]]:
    if not raw:
        return DEFAULTS, []
    fields = {*SETTINGS, "watch_inactivity", *DOOR_SETTINGS}
    problems = [Problem(None, name, "there is no such setting") for name in sorted(set(raw) - fields)]
    values: dict[str, Any] = {}
    for name, setting in SETTINGS.items():
        value = raw.get(name, setting.default)
        if type(value) is int and setting.least <= value <= setting.most:
            values[name] = value
        else:
            problems.append(Problem(None, name, f"{setting.least} to {setting.most} {setting.unit}"))
    limits = Limits(**values, watch_inactivity=raw.get("watch_inactivity") is not False)
    return _once(limits), problems


@lru_cache(maxsize=LIMITS_KEPT)
def _once(limits: Limits) -> Limits:
    """Equal limits are one object: most homes have those of their unit."""
    return limits


def check_settings(settings: HomeSettings) -> list[Problem]:
    """What the rules could not prove with these settings; each problem's rule is not run for the home.

    A rule that asserts silence may only watch devices that promise to speak, and its window must be so long that a
    device that died is found out within it, else silence would be taken for peace, or peace for silence.
    """
    problems = [] if settings.limits is DEFAULTS else _outside(settings.limits)
    if not _known_zone(settings.time_zone):
        hint = "an IANA time zone, such as Europe/Stockholm"
        problems += [
            Problem(rule, "time_zone", hint) for rule in (Condition.FRONT_DOOR_OPEN_AT_NIGHT, Condition.INACTIVITY)
        ]
    return problems + _unproved(settings)


def _outside(limits: Limits) -> list[Problem]:
    """The limits that lie outside their bounds."""
    return [
        Problem(rule, name, f"{SETTINGS[name].least} to {SETTINGS[name].most} {SETTINGS[name].unit}")
        for name, rule in _RULE_OF.items()
        if not SETTINGS[name].least <= getattr(limits, name) <= SETTINGS[name].most
    ]


def _unproved(settings: HomeSettings) -> list[Problem]:
    """Why inactivity could not be proved in this home."""
    if not settings.limits.watch_inactivity:
        return []
    shortest = min(settings.limits.quiet_by_day, settings.limits.quiet_by_night) * SECOND
    found = []
    for sensor in settings.able(Capability.MOTION):
        if sensor.patience is None:
            hint = f"{sensor.device.id} does not report regularly: its silence proves nothing"
            found.append(Problem(Condition.INACTIVITY, "reports_every", hint))
        elif sensor.patience > shortest:
            hint = f"{sensor.device.id} reports too seldom for a limit of {shortest // SECOND} seconds"
            found.append(Problem(Condition.INACTIVITY, "reports_every", hint))
    return found


_RULE_OF: Final = {
    "night_from": Condition.FRONT_DOOR_OPEN_AT_NIGHT,
    "night_until": Condition.FRONT_DOOR_OPEN_AT_NIGHT,
    "door_open_after": Condition.FRONT_DOOR_OPEN_AT_NIGHT,
    "quiet_by_day": Condition.INACTIVITY,
    "quiet_by_night": Condition.INACTIVITY,
    "device_silent_least": Condition.DEVICE_SILENT,
    "edge_lost_after": Condition.EDGE_SILENT,
    "edge_stable_for": Condition.EDGE_SILENT,
}


def _known_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True
