"""`make run` before anything is started, and what it leaves to others: each failure is told, none is half-done."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from homecare.errors import Conflict, Malformed, Unavailable, VakaError
from simulator import running
from simulator.given import read_given
from tests.ports import new_port
from tests.simulator.test_demo import MAIN, START_SECONDS

STOP_SECONDS = 30.0
"""A fetch that is broken off ends at once; one that goes on takes minutes."""
DEAD = 2**22
"""A number above every process's (the kernel's own bound on a 64-bit machine)."""


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("VAKA_PORT", "abc"),
        ("VAKA_PORT", "0"),
        ("VAKA_PORT", "70000"),
        ("VAKA_DATABASE_URL", "rubbish"),
        ("VAKA_DATABASE_URL", "mysql://a:geheim@127.0.0.1/x"),
        ("VAKA_BROKER_URL", "rubbish"),
        ("VAKA_BROKER_URL", "mqtt://a:geheim@127.0.0.1:port"),
        ("VAKA_BROKER_URL", "mqtts://127.0.0.1"),
    ],
)
def test_what_is_wrong_is_named_before_anything_is_made(variable: str, value: str, tmp_path: Path) -> None:
    data = tmp_path / "data"
    with pytest.raises(Malformed) as refused:
        read_given({"VAKA_DATA": str(data), variable: value})
    assert refused.value.subject == variable
    assert "geheim" not in str(refused.value)
    assert not data.exists()


def test_a_folder_that_cannot_be_made_is_told_in_one_line(tmp_path: Path) -> None:
    """Red when it ends in a traceback."""
    (tmp_path / "file").touch()
    environment = {**os.environ, "VAKA_DATA": str(tmp_path / "file" / "data")}
    done = subprocess.run(
        [sys.executable, "-c", MAIN],
        env=environment,
        capture_output=True,
        text=True,
        timeout=START_SECONDS,
        check=False,
    )
    assert done.returncode == 1
    assert "set VAKA_DATA to a folder that you may write to" in done.stdout
    assert "Traceback" not in done.stderr


def test_ctrl_c_while_the_servers_are_fetched_ends_and_takes_no_second_best(tmp_path: Path) -> None:
    """Red when a fetch that Ctrl-C broke off counts as one that failed: wheels, without TimescaleDB, for ever."""
    path, data = tmp_path / "path", tmp_path / "data"
    path.mkdir()
    slow = path / "apt-get"
    slow.write_text(f"#!/bin/sh\nexec sleep {START_SECONDS}\n")
    slow.chmod(0o755)
    environment = {
        **os.environ,
        "VAKA_DATA": str(data),
        "VAKA_PORT": str(new_port()),
        "PATH": f"{path}:{os.environ['PATH']}",
    }
    output = tmp_path / "output"
    with output.open("wb") as said:
        process = subprocess.Popen(
            [sys.executable, "-c", MAIN], stdout=said, stderr=said, env=environment, start_new_session=True
        )
    try:
        deadline = time.monotonic() + START_SECONDS
        while "reading the package list" not in output.read_text():
            assert time.monotonic() < deadline
            assert process.poll() is None, output.read_text()
            time.sleep(0.05)
        os.killpg(process.pid, signal.SIGINT)  # as a terminal does: to us and to apt
        assert process.wait(STOP_SECONDS) == 0
    finally:
        process.kill()
    assert "wheels" not in output.read_text()
    assert "Traceback" not in output.read_text()
    assert [one.name for one in (data / "services").iterdir()] == [".lock"]


def test_a_reader_that_has_gone_ends_nothing() -> None:
    """Red when the first line that nobody reads stops the homes (`make run | head`, a terminal that was closed)."""
    reader, writer = os.pipe()
    os.close(reader)
    words = "import sys; from simulator.demo import say; say('one'); say('two'); sys.exit(7)"
    done = subprocess.run(
        [sys.executable, "-c", words], stdout=writer, stderr=subprocess.PIPE, timeout=START_SECONDS, check=False
    )
    os.close(writer)
    assert (done.returncode, done.stderr) == (7, b"")


def leave_behind(data: Path) -> None:
    """What a demonstration leaves that was killed with everything that it had started."""
    (data / "run").mkdir()
    (data / "run" / "homes.json").write_text('{"homes": []}')
    (data / "run" / "pids.json").write_text(f'{{"broker": {DEAD}}}')


def test_what_a_killed_demonstration_left_behind_is_no_running_one(tmp_path: Path) -> None:
    """Red when its numbers are believed: `vaka-sim kill` would end whoever has them now."""
    with pytest.raises(Unavailable, match="make run"):
        running.find(tmp_path)
    leave_behind(tmp_path)
    with running.alone(tmp_path):
        assert running.find(tmp_path).homes == ()
    with pytest.raises(Unavailable, match="make run"):
        running.find(tmp_path)


def test_a_second_kill_of_what_is_down_says_so(tmp_path: Path) -> None:
    leave_behind(tmp_path)
    with pytest.raises(Conflict, match="is being started again"):
        running.kill(tmp_path, "broker")
    with pytest.raises(VakaError, match="one of broker"):
        running.kill(tmp_path, "nobody")


def test_there_is_one_demonstration_a_folder_and_death_makes_room(tmp_path: Path) -> None:
    with running.alone(tmp_path), pytest.raises(Conflict, match="is running on"), running.alone(tmp_path):
        pass
    with contextlib.suppress(ZeroDivisionError), running.alone(tmp_path):
        raise ZeroDivisionError
    with running.alone(tmp_path):
        pass
