"""The supervisor restarts what dies, takes power away, and ends everything in order."""

import json
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from homecare.clock import SystemClock
from simulator.supervisor import Process, Supervisor

PATIENCE = 60.0
OBEDIENT = (
    "import signal, sys, time; signal.signal(15, lambda *_: sys.exit(0)); print('up', flush=True); time.sleep(60)"
)
SLEEPER = [sys.executable, "-c", OBEDIENT]


class World:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.lines: list[str] = []
        self.told = threading.Condition()
        self.stop = threading.Event()
        self.supervisor = Supervisor(folder / "pids.json", SystemClock(), self.report)

    def report(self, line: str) -> None:
        with self.told:
            self.lines.append(line)
            self.told.notify_all()

    def wait_for(self, line: str) -> None:
        with self.told:
            assert self.told.wait_for(lambda: line in self.lines, PATIENCE), self.lines

    def process(self, name: str) -> Process:
        return Process(SLEEPER, environment={}, log=self.folder / "log" / name)

    def pids(self) -> dict[str, int]:
        return json.loads((self.folder / "pids.json").read_text())


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    world = World(tmp_path)
    world.supervisor.start("home:a", world.process("a"))
    world.supervisor.start("edge:b", world.process("b"))
    watching = threading.Thread(target=world.supervisor.watch, args=(world.stop,))
    watching.start()
    yield world
    world.stop.set()
    watching.join(PATIENCE)
    world.supervisor.stop(("home:", "edge:"))


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_what_is_killed_is_started_again_with_another_pid(world: World) -> None:
    before = world.pids()
    os.kill(before["edge:b"], signal.SIGKILL)
    world.wait_for("started edge:b again")
    after = world.pids()
    assert after["home:a"] == before["home:a"]
    assert after["edge:b"] != before["edge:b"]
    assert alive(after["edge:b"])


def test_what_cannot_be_written_down_ends_nothing(world: World) -> None:
    """Red when a full disk ends everything that runs, instead of waiting for room."""
    before = world.pids()
    in_the_way = world.folder / "pids.json.new"
    in_the_way.mkdir()
    for _ in range(2):
        lines = len(world.lines)
        os.kill(world.supervisor._parts["edge:b"].part.pid, signal.SIGKILL)
        with world.told:
            assert world.told.wait_for(lambda lines=lines: len(world.lines) > lines, PATIENCE)
    assert world.pids() == before
    in_the_way.rmdir()
    os.kill(before["home:a"], signal.SIGKILL)
    world.wait_for("started home:a again")
    assert all(alive(pid) for pid in world.pids().values())


def test_a_role_without_power_stays_down_until_it_has_power_again(world: World) -> None:
    world.supervisor.unplugged("edge:b").touch()
    world.wait_for("edge:b is without power")
    assert "edge:b" not in world.pids()
    world.supervisor.unplugged("edge:b").unlink()
    world.wait_for("started edge:b again")
    assert alive(world.pids()["edge:b"])


def test_everything_ends_in_the_order_given_and_nothing_is_left(tmp_path: Path) -> None:
    world = World(tmp_path)
    for role in ("edge:b", "home:a", "home:c"):
        world.supervisor.start(role, world.process(role))
    pids = world.pids()
    world.supervisor.stop(("home:", "edge:"))
    assert world.lines == ["stopped home:a", "stopped home:c", "stopped edge:b"]
    assert world.pids() == {}
    assert not any(alive(pid) for pid in pids.values())


def test_what_does_not_end_when_asked_is_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("simulator.supervisor.STOP_SECONDS", 0.2)
    stubborn = "import signal, time; signal.signal(15, signal.SIG_IGN); print('up', flush=True); time.sleep(60)"
    process = Process([sys.executable, "-c", stubborn], environment={}, log=tmp_path / "log")
    process.start()
    until(lambda: process.last_words() == "up")
    process.stop()
    assert not process.running


def until(true: Callable[[], bool]) -> None:
    waiting = threading.Event()
    for _ in range(round(PATIENCE / 0.02)):
        if true():
            return
        waiting.wait(0.02)
    raise AssertionError
