"""Random homes for the oracle, and what their edges would really tell: coverage by the edge's own health code.

A home is a plan (`PlannedHome`). `stimuli` plays it minute by minute and delivers what the edge journaled whenever the
line is up, older epochs first or last, watermark afterwards.
"""

from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from edge.health import Health
from homecare.attendance import Attendance
from homecare.clock import MINUTE, Instant
from homecare.device import Capability, Device, Placement
from homecare.envelope import Envelope, FactId
from homecare.event import AnyEvent, ContactChanged, EpochOpened, MotionChanged, TransportState, stream_of
from homecare.identity import DeviceId, EdgeId, Epoch, HomeId
from rules.home_settings import HomeSettings, settings_of
from rules.stimulus import Happened, Reached, Staffed, Stimulus
from tests.rules.oracle import PlannedDoor, PlannedEdge, PlannedHome, PlannedSensor, PlannedStay, Span, within

HOME: Final = HomeId("home-oracle")
ZONE: Final = "Europe/Stockholm"
DAYS: Final = ((2026, 1, 15), (2026, 3, 28), (2026, 10, 24))
"""An ordinary day and the eves of both changes of the clock."""


def spans_of(cuts: list[int], end: int) -> tuple[Span, ...]:
    """The stretches between cuts, every second one."""
    edges = sorted({cut for cut in cuts if 0 < cut < end})
    return tuple((start, stop) for start, stop in zip(edges[::2], edges[1::2], strict=False))


@st.composite
def spans(draw: st.DrawFn, end: int, most: int) -> tuple[Span, ...]:
    return spans_of(draw(st.lists(st.integers(1, end - 1), max_size=2 * most)), end)


def between(holes: tuple[Span, ...], end: int) -> tuple[Span, ...]:
    """What the holes leave."""
    starts = [0, *(stop for _, stop in holes)]
    stops = [*(start for start, _ in holes), end]
    return tuple((start, stop) for start, stop in zip(starts, stops, strict=True) if start < stop)


@st.composite
def sensors(draw: st.DrawFn, name: str, edges: int, end: int) -> PlannedSensor:
    every = draw(st.sampled_from([1, 5, 10]))
    dead = tuple((start, stop) for start, stop in draw(spans(end, 1)) if stop - start > 4 * every)
    moving = draw(spans(end, 5))
    return PlannedSensor(
        name=name,
        edge=draw(st.integers(0, edges - 1)),
        sees_motion=name != "device-meter",
        every=every,
        phase=draw(st.integers(0, every - 1)),
        dead=dead,
        moving=moving if name != "device-meter" else (),
    )


@st.composite
def stays(draw: st.DrawFn, end: int) -> tuple[PlannedStay, ...]:
    """Up to six, of which some overlap and some are never said to end."""
    came = draw(st.lists(st.integers(1, end - 2), max_size=6))
    lasts, says = st.integers(1, 120), st.sampled_from([True, True, False, None])
    return tuple(PlannedStay(at, min(at + draw(lasts), end - 1), draw(says)) for at in sorted(came))


@st.composite
def planned_homes(draw: st.DrawFn, *, visited: bool = False) -> PlannedHome:
    """One to two edges, one to three sensors, some 26 hours; at the end everything runs and every line is up.

    `visited`: the staff comes and goes, and each edge hears a front door.
    """
    minutes = draw(st.integers(300, 1560))
    year, month, day = draw(st.sampled_from(DAYS))
    begins = datetime(year, month, day, draw(st.integers(0, 23)), tzinfo=ZoneInfo(ZONE))
    count = draw(st.integers(1, 2))
    names = ["device-hall", "device-bath", "device-meter"][: draw(st.integers(1, 3))]
    return PlannedHome(
        zone=ZONE,
        begins=int(begins.timestamp()) * 1_000_000,
        minutes=minutes,
        edges=tuple(
            PlannedEdge(
                up=between(draw(spans(minutes - 1, 3)), minutes + 1),
                deaf=draw(spans(minutes - 1, 2)),
                online=between(draw(spans(minutes - 1, 4)), minutes + 1),
            )
            for _ in range(count)
        ),
        sensors=tuple(draw(sensors(name, count, minutes)) for name in names),
        by_day=draw(st.sampled_from([30, 60, 120])),
        by_night=draw(st.sampled_from([45, 180, 400])),
        doors=tuple(
            PlannedDoor(f"device-door-{n}", n, draw(spans(minutes, 6))) for n in range(count if visited else 0)
        ),
        staff=draw(stays(minutes)) if visited else (),
        door_after=draw(st.sampled_from([2, 10, 45])) if visited else 2,
    )


def edge_id(number: int) -> EdgeId:
    return EdgeId(f"edge-oracle-{number}")


def settings_for(home: PlannedHome) -> HomeSettings:
    """The plan's settings."""
    settings, problems = settings_of(
        HOME,
        home.zone,
        limits={
            "quiet_by_day": home.by_day * 60,
            "quiet_by_night": home.by_night * 60,
            "door_open_after": home.door_after * 60,
        },
        edges=[(edge_id(number), home.begins) for number in range(len(home.edges))],
        devices=[
            *((edge_id(sensor.edge), _device(sensor)) for sensor in home.sensors),
            *((edge_id(door.edge), _door(door)) for door in home.doors),
        ],
    )
    assert not problems
    return settings


def _device(sensor: PlannedSensor) -> Device:
    able = Capability.MOTION if sensor.sees_motion else Capability.OBSERVATION
    return Device(
        DeviceId(sensor.name), HOME, "bthome_v2", "A4:C1:38:00:00:01", (able,), reports_every=sensor.every * 60
    )


def _door(door: PlannedDoor) -> Device:
    able, place = (Capability.CONTACT,), Placement.FRONT_DOOR
    return Device(DeviceId(door.name), HOME, "bthome_v2", "A4:C1:38:00:00:02", able, placement=place)


class _Edge:
    """One edge at work: its health, what it remembers of each sensor, and what it has not yet delivered."""

    def __init__(self, home: PlannedHome, number: int) -> None:
        self.home, self.number, self.plan = home, number, home.edges[number]
        self.sensors = [sensor for sensor in home.sensors if sensor.edge == number]
        self.doors = [door for door in home.doors if door.edge == number]
        self.epoch = 10 * number
        self.queue: dict[int, list[Stimulus]] = {}

    def now(self, minute: int) -> Instant:
        return Instant(self.home.begins + minute * MINUTE, minute * MINUTE, 0)

    def start(self, minute: int) -> None:
        self.epoch += 1
        self.queue[self.epoch] = []
        self.memory: dict[str, bool] = {}
        self.seq = 0
        devices = [*map(_device, self.sensors), *map(_door, self.doors)]
        self.health = Health(devices, {"ble": tuple(device.id for device in devices)}, self.now(minute))
        self.tell(minute, [(None, EpochOpened(predecessor=None, heads=(), software="oracle"))])

    def tell(self, minute: int, told: list[tuple[DeviceId | None, AnyEvent]]) -> None:
        at = self.now(minute).wall
        for device, event in told:
            self.seq += 1
            fact = FactId(edge_id(self.number), Epoch(self.epoch), stream_of(event), self.seq)
            envelope = Envelope(self.seq, HOME, at, at, 0, self.seq, event, device)
            self.queue[self.epoch].append(Happened(fact, envelope, at))

    def live(self, minute: int) -> None:
        """One minute of the running edge."""
        now = self.now(minute)
        works = not within(self.plan.deaf, minute)
        self.tell(minute, self.health.transport("ble", TransportState.WORKING if works else TransportState.GONE, now))
        for sensor in self.sensors:
            if works and sensor.sends(minute):
                self.tell(minute, self.health.heard(DeviceId(sensor.name), now))
                if sensor.sees_motion and self.memory.get(sensor.name) is not sensor.state(minute):
                    self.memory[sensor.name] = sensor.state(minute)
                    self.tell(minute, [(DeviceId(sensor.name), MotionChanged(moving=sensor.state(minute)))])
        for door in self.doors:
            is_open = within(door.open, minute)
            if works and minute > 0 and is_open is not within(door.open, minute - 1):
                self.tell(minute, [(DeviceId(door.name), ContactChanged(open=is_open))])
        self.tell(minute, self.health.tick(now))

    def deliver(self, minute: int, *, newest_first: bool) -> list[Stimulus]:
        """Everything that waits, then the watermark."""
        sent = [one for epoch in sorted(self.queue, reverse=newest_first) for one in self.queue[epoch]]
        self.queue = {self.epoch: []}
        return [*sent, Reached(edge_id(self.number), Epoch(self.epoch), self.now(minute).wall)]


def _staffed(home: PlannedHome, minute: int) -> list[Stimulus]:
    """What phones and doors say in this minute of whoever comes and goes."""
    told: list[Stimulus] = []
    for number, stay in enumerate(home.staff):
        since, end = (home.begins + at * MINUTE for at in (stay.came, stay.gone))
        if minute == stay.came:
            told.append(Staffed(Attendance(f"attendance-{number}", since, None, end)))
        if minute == stay.gone and stay.left is not None:
            told.append(Staffed(Attendance(f"attendance-{number}", since, end, end, seen=stay.left)))
    return told


def stimuli(home: PlannedHome, *, newest_first: bool) -> list[Stimulus]:
    """What the gateway gets to see of the plan, in order."""
    told: list[Stimulus] = []
    edges = [_Edge(home, number) for number in range(len(home.edges))]
    for minute in range(home.minutes + 1):
        told += _staffed(home, minute)
        for edge in edges:
            if any(minute == start for start, _ in edge.plan.up):
                edge.start(minute)
            if within(edge.plan.up, minute):
                edge.live(minute)
                if within(edge.plan.online, minute):
                    told += edge.deliver(minute, newest_first=newest_first)
    return told
