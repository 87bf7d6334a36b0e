"""Days as text: one line a stimulus, in the order in which the gateway applies them, and what it must answer.

    22:10 door open | 22:12:30 reached | 23:00 unheard hall since 22:10 | 02:30b tick => raise edge_silent @02:29b

Times are the home's local clock; `+1` before a time is the next day, `b` after it the second of two equal hours.
After `=>` stand the verdicts, separated by `;`: `raise CONDITION [DEVICE] @WHEN` or `clear CONDITION @WHEN`.
"""

import re
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from itertools import count
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

import msgspec
import yaml

from homecare.attendance import Attendance
from homecare.clock import UNCERTAIN
from homecare.device import Capability, Device, Placement
from homecare.envelope import Envelope, FactId
from homecare.event import (
    AnyEvent,
    ButtonAction,
    ButtonPressed,
    ContactChanged,
    CoverageChanged,
    CoverageConfirmed,
    CoverageReason,
    DeviceFault,
    DeviceFaulted,
    EpochOpened,
    LockCause,
    LockOperated,
    LockState,
    MotionChanged,
    TelemetryEvicted,
    TransportChanged,
    TransportState,
    stream_of,
)
from homecare.identity import DeviceId, EdgeId, Epoch, HomeId
from rules.home_settings import HomeSettings, settings_of
from rules.stimulus import Blind, EdgeHeard, Elapsed, Happened, Lost, Reached, Staffed, Stimulus
from rules.verdict import Clear, Raise, Verdict

GOLDEN: Final = Path(__file__).parent / "golden"
HOME: Final = HomeId("home-golden")
LINE: Final = re.compile(r"(?P<at>\S+)\s+(?P<words>[^=]*?)\s*(?:=>\s*(?P<answers>.*))?$")


@dataclass
class Written:
    """One line: its text, the stimuli it stands for and the answers it expects from the last of them."""

    text: str
    stimuli: list[Stimulus]
    answers: list[str]


@dataclass
class Day:
    """A golden day."""

    zone: str
    date: date
    settings: HomeSettings
    lines: list[Written] = field(default_factory=list)

    def wall(self, text: str) -> int:
        """Microseconds of a local time of this day."""
        days, shown, late = re.fullmatch(r"(?:\+(\d+)/)?([\d:]+)(b?)", text).groups()  # type: ignore[union-attr]
        local = datetime.combine(self.date + timedelta(days=int(days or 0)), time.fromisoformat(shown))
        return _microseconds(local.replace(tzinfo=ZoneInfo(self.zone), fold=1 if late else 0))

    def shown(self, wall: int) -> str:
        """The text of a time."""
        local = datetime.fromtimestamp(wall // 1_000_000, ZoneInfo(self.zone))
        days = (local.date() - self.date).days
        clock = local.strftime("%H:%M:%S").removesuffix(":00")
        return f"{f'+{days}/' if days else ''}{clock}{'b' if local.fold else ''}"

    def answer(self, verdict: Verdict) -> str:
        """The text of a verdict."""
        match verdict:
            case Raise():
                subject = f" {verdict.subject.removeprefix('device-')}" if verdict.subject else ""
                return f"raise {verdict.condition}{subject} @{self.shown(verdict.occurred_at)}"
            case Clear():
                return f"clear {verdict.condition} @{self.shown(verdict.occurred_at)}"
            case _:
                return f"{verdict}"


def _microseconds(moment: datetime) -> int:
    return (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)


def edge_id(name: str) -> EdgeId:
    return EdgeId(f"edge-golden-{name}")


def device_id(name: str) -> DeviceId:
    return DeviceId(f"device-{name}")


def device(name: str, says: dict[str, Any]) -> Device:
    """A device as a fixture describes it: `what`, `every` (seconds), `placement`, `address`."""
    return Device(
        id=device_id(name),
        home=HOME,
        driver="bthome_v2",
        address=says.get("address", "A4:C1:38:00:00:01"),
        capabilities=(Capability(says["what"]),),
        placement=Placement(says.get("placement", "other")),
        reports_every=says.get("every"),
    )


def read_day(path: Path) -> Day:
    """The day that a file describes."""
    says = yaml.safe_load(path.read_text(encoding="utf-8"))
    day = Day(says.get("zone", "Europe/Stockholm"), says["date"], HomeSettings(HOME, "UTC"))
    devices = says.get("devices", {})
    names = says.get("edges", ["a"])
    day.settings, _ = settings_of(
        HOME,
        day.zone,
        limits=says.get("limits", {}),
        edges=[(edge_id(name), day.wall(says.get("assigned", "00:00"))) for name in names],
        devices=[(edge_id(says_.get("edge", "a")), device(name, says_)) for name, says_ in devices.items()],
    )
    teller = Teller(day)
    for text in says["day"].strip().splitlines():
        for part in text.split(" | "):
            match = LINE.fullmatch(part.strip())
            assert match, part
            answers = [answer.strip() for answer in (match["answers"] or "").split(";") if answer.strip()]
            day.lines.append(Written(part, teller.tell(day.wall(match["at"]), match["words"].split()), answers))
    return day


class Teller:
    """Turns words into stimuli; keeps each edge's epoch and seqs."""

    def __init__(self, day: Day) -> None:
        self.day = day
        self.epochs: dict[EdgeId, int] = {}
        self.seqs = count(1)
        self.shift: dict[EdgeId, int] = {}
        self.came: dict[str, Attendance] = {}

    def tell(self, at: int, words: list[str]) -> list[Stimulus]:
        """What one line stands for. An edge other than `a` is named by a last word `@b`."""
        edge = edge_id("a")
        if words[-1].startswith("@"):
            edge = edge_id(words.pop()[1:])
        match words:
            case ["staff", name, *rest]:
                self.came[name] = self._attendance(name, at, rest)
                return [Staffed(self.came[name])]
            case ["old", *rest]:
                epoch = self.epochs[edge]
                self.epochs[edge] = epoch - 1
                told = self.tell(at, [*rest, f"@{edge.removeprefix('edge-golden-')}"])
                self.epochs[edge] = epoch
                return told
            case _:
                return self._said(edge, at, words)

    def _said(self, edge: EdgeId, at: int, words: list[str]) -> list[Stimulus]:
        match words:
            case ["start"]:
                return self._start(edge, at)
            case ["clock", text]:
                self.shift[edge] = self.day.wall(text) - at
                return []
            case ["reached"]:
                return [Reached(edge, Epoch(self.epochs[edge]), at)]
            case ["beat"]:
                return [EdgeHeard(edge, at)]
            case ["tick"]:
                return [Elapsed(at)]
            case ["blind", "since", since]:
                return [Blind(self.day.wall(since), at)]
            case ["lost", name, since, until]:
                return [Lost(edge, (device_id(name),), self.day.wall(since), self.day.wall(until))]
            case _:
                return [self._fact(edge, at, *self._event(edge, at, words))]

    def _attendance(self, name: str, at: int, words: list[str]) -> Attendance:
        """`came, bound TIME`; `left`; `gone` (inside no longer, and nobody was seen); `was FROM UNTIL`, said later."""
        match words:
            case ["came", "bound", bound]:
                return Attendance(f"attendance-{name}", at, None, self.day.wall(bound))
            case ["left" | "gone" as how]:
                return msgspec.structs.replace(self.came[name], until=at, seen=how == "left")
            case ["was", since, until]:
                since_, until_ = self.day.wall(since), self.day.wall(until)
                return Attendance(f"attendance-{name}", since_, until_, until_, seen=True)
            case _:
                raise AssertionError(words)

    def _event(self, edge: EdgeId, at: int, words: list[str]) -> tuple[str | None, AnyEvent]:
        match words:
            case [name, "open" | "shut" as state]:
                return name, ContactChanged(open=state == "open")
            case [name, "motion" | "still" as state]:
                return name, MotionChanged(moving=state == "motion")
            case [name, "press"]:
                return name, ButtonPressed(action=ButtonAction.PRESS)
            case [name, "unlock", cause]:
                return name, LockOperated(state=LockState.UNLOCKED, cause=LockCause(cause))
            case [name, "refused", fault]:
                return name, DeviceFaulted(fault=DeviceFault(fault))
            case ["radio", state]:
                return None, TransportChanged(transport="ble", state=TransportState(state))
            case _:
                return self._coverage(self.shift.get(edge, 0), at, words)

    def _coverage(self, said: int, at: int, words: list[str]) -> tuple[str | None, AnyEvent]:
        match words:
            case ["heard", name]:
                return name, CoverageChanged(covered=True, since=at + said, reason=CoverageReason.HEARD)
            case ["unheard", name, "since", since]:
                since_ = self.day.wall(since) + said
                return name, CoverageChanged(covered=False, since=since_, reason=CoverageReason.NOT_HEARD)
            case ["deaf", name]:
                return name, CoverageChanged(covered=False, since=at + said, reason=CoverageReason.TRANSPORT_LOST)
            case ["confirmed", *names]:
                return None, CoverageConfirmed(through=at + said, covered=tuple(map(device_id, names)))
            case ["evicted", name, since, until]:
                earliest, latest = self.day.wall(since) + said, self.day.wall(until) + said
                return None, TelemetryEvicted("0" * 16, 1, 2, (device_id(name),), earliest, latest)
            case _:
                raise AssertionError(words)

    def _start(self, edge: EdgeId, at: int) -> list[Stimulus]:
        """A new epoch; the transport works and covers what makes no promise."""
        self.epochs[edge] = self.epochs.get(edge, 6) + 1
        told: list[tuple[str | None, AnyEvent]] = [
            (None, EpochOpened(predecessor=None, heads=(), software="golden")),
            (None, TransportChanged(transport="ble", state=TransportState.WORKING)),
        ]
        since = at + self.shift.get(edge, 0)
        covered = CoverageChanged(covered=True, since=since, reason=CoverageReason.STARTED)
        told += [
            (one.device.id.removeprefix("device-"), covered)
            for one in self.day.settings.devices
            if one.edge.id == edge and one.device.reports_every is None
        ]
        return [self._fact(edge, at, name, event) for name, event in told]

    def _fact(self, edge: EdgeId, at: int, name: str | None, event: AnyEvent) -> Happened:
        seq, wall = next(self.seqs), at + self.shift.get(edge, 0)
        return Happened(
            FactId(edge, Epoch(self.epochs[edge]), stream_of(event), seq),
            Envelope(
                position=seq,
                home=HOME,
                occurred_at=wall,
                received_at=wall,
                uncertainty=UNCERTAIN if self.shift.get(edge) else 0,
                elapsed=seq,
                event=event,
                device=None if name is None else device_id(name),
            ),
            at,
        )
