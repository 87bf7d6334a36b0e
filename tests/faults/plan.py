"""What will happen in a fault run: drawn from a seed before anything starts, and the same for the same seed.

Nothing here reads a clock; times are seconds from the start of the run.
"""

import random
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

EDGES: Final = 20
HOMES: Final = 10
"""Two edges a home, so that two edges meet at one writer and one alert."""
SECONDS_PER_KILL: Final = 2.4
"""On average; a role needs about a second to come back and must do work before it may be killed again."""
SHORTEST: Final = 30.0
"""Seconds: the backup needs something to lose before it and after it."""
WIPE_EVERY: Final = 3
"""Every third kill of the broker also wipes its disk."""
LONG: Final = 300.0
"""Seconds from which a run is long enough to wait for a silent edge as well (90 s and some)."""
SILENCED: Final = 3
"""Edges that are taken away at the end of a long run."""
PRESS_EVERY: Final = 8.0
"""Seconds between two presses of one button at least: faster ones are collapsed by the edge, which is another test."""


class Role(StrEnum):
    """Who can be killed."""

    EDGE = "edge"
    BROKER = "broker"
    ALARM = "gateway-alarm"
    BULK = "gateway-bulk"
    DATABASE = "database"


class Sort(StrEnum):
    """What a device states, by the BTHome object that it sends."""

    BUTTON = "button"
    LOCK = "lock"
    DOOR = "door"
    THERMOMETER = "thermometer"


SHARES: Final = {Sort.LOCK: 0.08, Sort.DOOR: 0.22, Sort.THERMOMETER: 0.70}
"""Shares of the facts that are no presses."""


@dataclass(frozen=True)
class PlannedDevice:
    """One device: its sender number and how many facts it will state, evenly spread over the run."""

    id: str
    edge: int
    sort: Sort
    sender: int
    facts: int


@dataclass(frozen=True)
class PlannedKill:
    """A kill -9 at `at`; `down` seconds until it is started again; `edge` where the role is an edge."""

    at: float
    role: Role
    edge: int
    down: float
    wipe: bool


@dataclass(frozen=True)
class Plan:
    """A whole run. Edges in `silenced` are taken away after the last kill, for longer than an edge may be silent."""

    seed: int
    seconds: float
    devices: tuple[PlannedDevice, ...]
    kills: tuple[PlannedKill, ...]
    backup_at: float
    restore_at: float
    silenced: tuple[int, ...]

    @property
    def facts(self) -> int:
        """Facts that the devices will state in all."""
        return sum(device.facts for device in self.devices)

    def expected(self) -> dict[tuple[int, str], int | None]:
        """The oracle: which (home, condition) must be open at the end, with how many occurrences (None: any number).

        A help call for every home with a press; a front door open at night where a door's last word was "open"; a
        silent edge where one was taken away. Nothing else, whatever was killed.
        """
        alerts: dict[tuple[int, str], int | None] = {}
        for device in self.devices:
            home = home_of(device.edge)
            if device.sort is Sort.BUTTON and device.facts:
                alerts[home, "help_call"] = (alerts.get((home, "help_call")) or 0) + device.facts
            if device.sort is Sort.DOOR and device.facts % 2:
                alerts[home, "front_door_open_at_night"] = None
        return alerts | {(home_of(edge), "edge_silent"): None for edge in self.silenced}


def home_of(edge: int) -> int:
    """The home in which an edge lives."""
    return edge % HOMES


def left_open(edge: int) -> bool:
    """Whether the door of this edge stands open at the end: in every other home, on both its edges."""
    return home_of(edge) % 2 == 0


def draw(*, seed: int, facts: int, kills: int) -> Plan:
    """The plan of a seed: as many facts and kills as asked for, every role killed equally often."""
    chance = random.Random(seed)
    seconds = max(SHORTEST, kills * SECONDS_PER_KILL)
    silenced = tuple(sorted(chance.sample(range(EDGES), SILENCED))) if seconds >= LONG else ()
    return Plan(
        seed=seed,
        seconds=seconds,
        devices=tuple(_devices(chance, facts, seconds)),
        kills=tuple(_kills(chance, kills, seconds)),
        backup_at=seconds * 0.40,
        restore_at=seconds * 0.55,
        silenced=silenced,
    )


def _devices(chance: random.Random, facts: int, seconds: float) -> list[PlannedDevice]:
    presses = max(1, min(int(seconds / PRESS_EVERY), facts // (EDGES * 20)))
    rest = facts - presses * EDGES
    devices = []
    for edge in range(EDGES):
        counts = {sort: int(rest / EDGES * share) for sort, share in SHARES.items()}
        counts[Sort.BUTTON] = presses
        share = rest // EDGES + (1 if edge < rest % EDGES else 0)
        counts[Sort.DOOR] += (counts[Sort.DOOR] % 2) != left_open(edge)
        counts[Sort.THERMOMETER] += share - sum(counts[sort] for sort in SHARES)
        for sort, count in counts.items():
            sender = chance.randrange(1, 2**32 - 1)
            devices.append(PlannedDevice(f"device-{edge:02}-{sort.value}", edge, sort, sender, count))
    return devices


def _kills(chance: random.Random, kills: int, seconds: float) -> list[PlannedKill]:
    roles = [role for _ in range(kills // len(Role) + 1) for role in Role][:kills]
    chance.shuffle(roles)
    wiped = 0
    planned = []
    for index, role in enumerate(roles):
        at = seconds * (0.03 + 0.94 * (index + chance.random() * 0.8) / max(kills, 1))
        wiped += role is Role.BROKER
        planned.append(
            PlannedKill(
                at=at,
                role=role,
                edge=chance.randrange(EDGES),
                down=chance.random() * 0.6,
                wipe=role is Role.BROKER and wiped % WIPE_EVERY == 0,
            )
        )
    return planned
