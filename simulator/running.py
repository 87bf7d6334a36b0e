"""A running demonstration as others find it: the files that it leaves in `$VAKA_DATA/run`."""

import contextlib
import fcntl
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import msgspec

from homecare.errors import Conflict, Unavailable, Unknown
from simulator import control
from simulator.household import HomePlan, Kind

LOCK_TRIES: Final = 20
LOCK_PAUSE_SECONDS: Final = 0.05
"""A second in all: `find` holds the lock for a moment to see whether anybody else does."""


class RunningDevice(msgspec.Struct, frozen=True):
    """A simulated device, as `vaka-sim homes` lists it."""

    id: str
    kind: Kind
    placement: str
    driver: str
    address: str


class RunningHome(msgspec.Struct, frozen=True):
    """A simulated home, as `vaka-sim homes` lists it; `control` is the socket on which it is told what happens."""

    home: str
    edge: str
    control: str
    devices: tuple[RunningDevice, ...]

    @staticmethod
    def of(plan: HomePlan, control: str) -> "RunningHome":
        """The home that was started from this plan."""
        devices = tuple(
            RunningDevice(
                id=planned.device.id,
                kind=planned.kind,
                placement=planned.device.placement,
                driver=planned.device.driver,
                address=planned.device.address,
            )
            for planned in plan.devices
        )
        return RunningHome(home=plan.home, edge=plan.edge, control=control, devices=devices)


class Running(msgspec.Struct, frozen=True):
    """What runs."""

    homes: tuple[RunningHome, ...]


@contextlib.contextmanager
def alone(data: Path) -> Iterator[None]:
    """Be the one demonstration on this data folder; `Conflict` where there is another. Death gives the lock back."""
    with (data / "lock").open("w") as lock:
        for _ in range(LOCK_TRIES):
            if _taken(lock.fileno(), fcntl.LOCK_EX):
                break
            time.sleep(LOCK_PAUSE_SECONDS)
        else:
            hint = "stop it, or set VAKA_DATA to another folder"
            raise Conflict("start a second one", f"Vaka is running on {data} already", hint)
        yield


def _taken(lock: int, how: int) -> bool:
    try:
        fcntl.flock(lock, how | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _runs(data: Path) -> bool:
    """Whether a demonstration lives: one that was killed leaves its files, and its numbers may be others' by now."""
    with (data / "lock").open("rb") as lock:
        return not _taken(lock.fileno(), fcntl.LOCK_SH)


def find(data: Path) -> Running:
    """The demonstration on this data folder; `Unavailable` if none runs."""
    try:
        if not _runs(data):
            raise FileNotFoundError
        return msgspec.json.decode((data / "run" / "homes.json").read_bytes(), type=Running)
    except (OSError, msgspec.DecodeError) as error:
        hint = "start it with `make run`, or set VAKA_DATA to its folder"
        raise Unavailable("find a demonstration", str(data), hint) from error


def home_with(running: Running, name: str) -> RunningHome:
    """The home with this home, edge or device id; `Unknown` if there is none."""
    for home in running.homes:
        if name in (home.home, home.edge) or any(device.id == name for device in home.devices):
            return home
    raise Unknown("find a home", name, "`vaka-sim homes` lists what there is")


def tell(running: Running, name: str, words: list[str]) -> Any:  # noqa: ANN401 - whatever the home answers
    """Tell the home with this id what happens."""
    return control.tell(home_with(running, name).control, words)


def kill(data: Path, role: str) -> int:
    """End a role with SIGKILL, as a power cut would; its pid. The supervisor starts it again."""
    pids = _pids(data)
    if role not in pids:
        raise Unknown("kill", role, f"one of {', '.join(sorted(pids))}")
    try:
        os.kill(pids[role], signal.SIGKILL)
    except ProcessLookupError as error:
        raise Conflict("kill", role, "it is dead already and is being started again: wait a moment") from error
    return pids[role]


def power(data: Path, role: str, *, on: bool) -> None:
    """Take a role's power away until it is given back."""
    marker = data / "run" / f"unplugged-{role.replace(':', '-')}"
    if on:
        marker.unlink(missing_ok=True)
    else:
        marker.touch()


def _pids(data: Path) -> dict[str, int]:
    try:
        return msgspec.json.decode((data / "run" / "pids.json").read_bytes(), type=dict[str, int])
    except (OSError, msgspec.DecodeError) as error:
        raise Unavailable("find the processes", str(data), "start them with `make run`") from error
