"""A running demonstration as others find it: the files that it leaves in `$VAKA_DATA/run`."""

import os
import signal
from pathlib import Path
from typing import Any

import msgspec

from homecare.errors import Unavailable, Unknown
from simulator import control
from simulator.household import HomePlan, Kind


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


def find(data: Path) -> Running:
    """The demonstration on this data folder; `Unavailable` if none runs."""
    try:
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
    os.kill(pids[role], signal.SIGKILL)
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
