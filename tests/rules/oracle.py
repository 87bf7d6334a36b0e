"""The oracle: what the silence rules must say, worked out minute by minute (or second by second) from the plan alone.

It shares no code with the rules: no spans, no folding, no state, only arrays and counters. A fault run asks
`edge_silences` what its plan must lead to.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

Span = tuple[int, int]


# --- the line, in seconds -------------------------------------------------------------------------------------


def heartbeats(*, end: int, every: int, down: Sequence[Span]) -> list[int]:
    """When the gateway hears an edge that beats from second 0 on and, after each span of `down`, at once again."""
    beats, last = [], -every
    for second in range(end + 1):
        if any(start <= second < stop for start, stop in down):
            last = second + 1 - every
        elif second - last >= every:
            beats.append(second)
            last = second
    return beats


def edge_silences(
    heard: Iterable[int], *, end: int, blind: Sequence[Span] = (), lost_after: int = 90, stable_for: int = 300
) -> list[tuple[str, int]]:
    """("raise", second) and ("clear", second) for one edge that is watched from second 0 to `end`.

    `heard`: the seconds at which a sign of life was heard, none of them in `blind`, when the gateway heard nobody.
    """
    beats = set(heard)
    told: list[tuple[str, int]] = []
    unheard, stable, silent = 0, 0, False
    for second in range(end + 1):
        if any(start < second <= stop for start, stop in blind):
            unheard = 0
        elif second:
            unheard += 1
        if not silent and unheard >= lost_after:
            silent = True
            stable = second
            told.append(("raise", second))
        if second in beats:
            if unheard >= lost_after:
                stable = second
            unheard = 0
            if silent and second - stable >= stable_for:
                silent = False
                told.append(("clear", second))
    return told


# --- a home, in minutes ----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class PlannedSensor:
    """A sensor: a report each `every` minutes, shifted by `phase`; when it is dead, and when it sees motion."""

    name: str
    edge: int
    sees_motion: bool
    every: int
    phase: int
    dead: tuple[Span, ...]
    moving: tuple[Span, ...]

    @property
    def patience(self) -> int:
        return 3 * self.every

    def state(self, minute: int) -> bool:
        return within(self.moving, minute)

    def sends(self, minute: int) -> bool:
        """Whether it transmits: at its report times, and when what it sees changes."""
        if within(self.dead, minute):
            return False
        changed = self.sees_motion and minute > 0 and self.state(minute) is not self.state(minute - 1)
        return changed or minute % self.every == self.phase


@dataclass(frozen=True)
class PlannedEdge:
    """An edge: spans (from, until) of running, of a broken radio, and of a line to the gateway."""

    up: tuple[Span, ...]
    deaf: tuple[Span, ...]
    online: tuple[Span, ...]


@dataclass(frozen=True)
class PlannedDoor:
    """A front door that speaks only when it is opened or shut; `open`: when it stands open."""

    name: str
    edge: int
    open: tuple[Span, ...]


@dataclass(frozen=True)
class PlannedStay:
    """Somebody from the staff: when they came, when they were gone at the latest, and whether they said that they
    left (None: nobody said anything; False: they said that they saw nobody).
    """

    came: int
    gone: int
    left: bool | None


@dataclass(frozen=True)
class PlannedHome:
    """A home from local time `begins` (microseconds) on, for so many minutes."""

    zone: str
    begins: int
    minutes: int
    edges: tuple[PlannedEdge, ...]
    sensors: tuple[PlannedSensor, ...]
    by_day: int
    by_night: int
    doors: tuple[PlannedDoor, ...] = ()
    staff: tuple[PlannedStay, ...] = ()
    door_after: int = 2


def within(spans: Iterable[Span], minute: int) -> bool:
    return any(start <= minute < stop for start, stop in spans)


@dataclass
class Known:
    """What can be known of one sensor, for each minute from m to m + 1: it was proved, heard, listened for; marks."""

    proved: list[bool]
    heard: list[bool]
    listening: list[bool]
    signs: list[int]
    lives: list[int]
    moving: list[bool]


def known(home: PlannedHome, sensor: PlannedSensor) -> Known:
    """Walk through the life of the sensor's edge: its runs, the radio within them, the reports within that."""
    size = home.minutes
    found = Known([False] * size, [False] * size, [False] * size, [], [], [False] * size)
    edge = home.edges[sensor.edge]
    remembered_moving = False
    for opened, crashed in edge.up:
        vouched = max([m for m in range(opened, crashed) if _vouches(edge, opened, m)], default=opened)
        minute, memory = opened, None
        while minute < crashed:
            if within(edge.deaf, minute):
                minute += 1
                continue
            stop = minute
            while stop < crashed and not within(edge.deaf, stop):
                stop += 1
            told_until, end = stop, stop if stop < crashed else vouched
            _fill(found.listening, minute, end)
            hears = [m for m in range(minute, stop) if sensor.sends(m)]
            _cover(found, sensor, hears, told_until=told_until, end=end)
            for m in hears:
                if sensor.sees_motion and memory is not sensor.state(m):
                    memory = sensor.state(m)
                    found.lives += [m] if memory else []
                    if memory is not remembered_moving:
                        _mark(found.moving, m, moving=memory)
                        remembered_moving = memory
            minute = stop
    return found


def _vouches(edge: PlannedEdge, opened: int, minute: int) -> bool:
    """A heartbeat that got through, or the quarter-hourly confirmation in the journal."""
    return within(edge.online, minute) or (minute > opened and (minute - opened) % 15 == 0)


def _fill(flags: list[bool], start: int, stop: int) -> None:
    for minute in range(start, min(stop, len(flags))):
        flags[minute] = True


def _mark(flags: list[bool], start: int, *, moving: bool) -> None:
    for minute in range(start, len(flags)):
        flags[minute] = moving


def _cover(found: Known, sensor: PlannedSensor, hears: list[int], *, told_until: int, end: int) -> None:
    """Groups of reports without a gap longer than the sensor's patience."""
    groups: list[list[int]] = []
    for hear in hears:
        if groups and hear - groups[-1][-1] <= sensor.patience:
            groups[-1].append(hear)
        else:
            groups.append([hear])
    for number, group in enumerate(groups):
        found_out = number < len(groups) - 1 or group[-1] + sensor.patience + 1 < told_until
        if not found_out and group[0] > end:
            continue
        last = group[-1] if found_out else end
        _fill(found.heard, group[0], last)
        _fill(found.proved, group[0], group[-1] if found_out else end - sensor.patience)
        found.signs += [group[0], last]


def is_day(home: PlannedHome, minute: int) -> bool:
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=home.begins, minutes=minute)
    return 6 <= moment.astimezone(ZoneInfo(home.zone)).hour < 22


def inactivities(home: PlannedHome) -> list[tuple[str, int]]:
    """("raise", minute) and ("clear", minute)."""
    sensors = [known(home, sensor) for sensor in home.sensors if sensor.sees_motion]
    told: list[tuple[str, int]] = []
    total, in_day, raised = 0, 0, False
    for minute in range(home.minutes):
        staffed = is_staffed(home, minute)
        moving = not staffed and any(sensor.moving[minute] for sensor in sensors)
        seen = any(stay.gone == minute and stay.left for stay in home.staff)
        if moving or seen or (not staffed and any(minute in sensor.lives for sensor in sensors)):
            total = in_day = 0
            if raised:
                raised = False
                told.append(("clear", minute))
        if moving or staffed or not all(sensor.proved[minute] for sensor in sensors):
            total = in_day = 0
            continue
        total += 1
        in_day = in_day + 1 if is_day(home, minute) else 0
        if not raised and (total >= home.by_night or in_day >= home.by_day):
            raised = True
            told.append(("raise", minute + 1))
    return told


def is_staffed(home: PlannedHome, minute: int) -> bool:
    return any(stay.came <= minute < stay.gone for stay in home.staff)


def night_exits(home: PlannedHome, door: PlannedDoor) -> list[int]:
    """The minutes at which the door has stood open at night for too long with nobody from the staff inside."""
    deaf_ears = PlannedSensor(door.name, door.edge, sees_motion=False, every=1, phase=-1, dead=(), moving=())
    listening, told = known(home, deaf_ears).listening, []
    believed, alone, fired = False, 0, False
    for minute in range(home.minutes):
        edge, state = home.edges[door.edge], within(door.open, minute)
        changed = minute > 0 and state is not within(door.open, minute - 1)
        if changed and within(edge.up, minute) and not within(edge.deaf, minute):
            believed = state
        if not believed or is_day(home, minute) or is_staffed(home, minute):
            alone, fired = 0, False
            continue
        alone = alone + 1 if listening[minute] else 0
        if alone >= home.door_after and not fired:
            fired = True
            told.append(minute + 1)
    return told


def device_silences(home: PlannedHome, sensor: PlannedSensor) -> list[int]:
    """The minutes at which the sensor has been silent for too long."""
    found = known(home, sensor)
    told: list[int] = []
    unheard, fired = 0, False
    for minute in range(home.minutes):
        if minute in found.signs or found.heard[minute]:
            unheard, fired = 0, False
        if found.listening[minute] and not found.heard[minute]:
            unheard += 1
            if unheard >= sensor.patience and not fired:
                fired = True
                told.append(minute + 1)
    return told
