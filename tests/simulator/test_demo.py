"""`make run` as a person uses it: everything up, a press on the desk's list, kills survived, everything down."""

import contextlib
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import pytest

from gateway.embedded import Binaries, PrivateBroker
from gateway.embedded.ports import listens
from homecare.clock import SystemClock
from simulator.demo import start_on_free_port
from simulator.supervisor import Supervisor
from tests.ports import new_port

START_SECONDS = 180.0
STOP_SECONDS = 120.0
SEEN_SECONDS = 120.0
"""Far above everything that is awaited, so that a busy machine turns no test red."""
MAIN = "import sys; from simulator.demo import main; sys.exit(main())"


class Demonstration:
    def __init__(self, data: Path, port: int, **environment: str) -> None:
        self.data = data
        self.port = port
        self.output = data / "output"
        self.environment = {**os.environ, "VAKA_DATA": str(data), "VAKA_PORT": str(port), **environment}
        with self.output.open("wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-c", MAIN], stdout=output, stderr=output, env=self.environment
            )

    def said(self) -> str:
        return self.output.read_text()

    def until(self, true: Callable[[], Any], seconds: float, *, alive: bool = True, every: float = 0.05) -> Any:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if found := true():
                return found
            assert not alive or self.process.poll() is None, self.said()
            time.sleep(every)
        raise AssertionError(self.said())

    def tell(self, *words: str) -> str:
        command = [sys.executable, "-m", "simulator", *words]
        return subprocess.run(
            command, env=self.environment, check=True, capture_output=True, text=True, timeout=SEEN_SECONDS
        ).stdout

    def asked(self, path: str, *, method: str = "GET") -> Any:
        """What the API answers to the installation's own token."""
        token = (self.data / "token").read_text().strip()
        request = Request(f"http://127.0.0.1:{self.port}/api/v1/{path}", method=method)
        request.add_header("Authorization", f"Bearer {token}")
        with urlopen(request, timeout=5) as answer:  # noqa: S310 why: our own address
            return json.loads(answer.read() or "null")

    def alerts(self, home: str, condition: str) -> int:
        """How often this happened in the home, of what is open, as the API tells; 0 while nobody answers."""
        with contextlib.suppress(OSError):
            alerts = self.asked("alerts?state=open")["alerts"]
            return sum(one["occurrences"] for one in alerts if (one["home"], one["condition"]) == (home, condition))
        return 0

    def presses(self, home: str) -> int:
        """How often help was called from the home."""
        return self.alerts(home, "help_call")

    def up(self) -> bool:
        return "Ctrl-C stops everything" in self.said()

    def pids(self) -> dict[str, int]:
        return json.loads((self.data / "run" / "pids.json").read_text())

    def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(STOP_SECONDS)


@pytest.fixture
def data(tmp_path: Path, binaries: Binaries) -> Path:
    (tmp_path / "services").symlink_to(binaries.root.parent)
    return tmp_path


@pytest.fixture
def taken_port() -> Iterator[int]:
    """A port that another program has."""
    port = new_port()
    with socket.create_server(("127.0.0.1", port)):
        yield port


def test_a_press_reaches_the_list_whatever_is_killed_and_nothing_is_left_behind(data: Path, taken_port: int) -> None:
    demonstration = Demonstration(data, taken_port)
    try:
        demonstration.until(demonstration.up, START_SECONDS)
        assert f"port {taken_port} is taken" in demonstration.said()
        demonstration.port = int(demonstration.said().split("/desk#token=")[0].rsplit(":", 1)[1])
        homes = json.loads(demonstration.tell("homes"))
        assert len(homes) == 3
        first, second = homes[0], homes[1]
        assert "sending tonight's plan" in demonstration.said()
        pressed = re.search(r"Press a button: (.+? press) ", demonstration.said())
        assert pressed is not None
        assert first["home"] in subprocess.check_output(f"{pressed[1][:-6]} homes", shell=True, text=True)  # noqa: S602 why: what a person types
        assert demonstration.tell("tag", first["home"], "inside", "--base", "x").startswith("x?e=")
        demonstration.tell("press", first["home"])
        demonstration.until(lambda: demonstration.presses(first["home"]) == 1, SEEN_SECONDS)
        demonstration.until(lambda: "received" in demonstration.tell("alerts", first["home"]), SEEN_SECONDS)

        before = demonstration.pids()
        for role in ("gateway-alarm", f"edge:{second['edge']}", "broker"):
            demonstration.tell("kill", role)
        demonstration.until(lambda: demonstration.said().count(" again") >= 3, SEEN_SECONDS)
        assert all(demonstration.pids()[role] != before[role] for role in ("gateway-alarm", "broker"))
        demonstration.until(_pressing(demonstration, second["home"]), SEEN_SECONDS)
        assert demonstration.until(lambda: demonstration.presses(first["home"]), SEEN_SECONDS) == 1
        running = demonstration.pids()
    finally:
        code = demonstration.stop()
    assert code == 0, demonstration.said()
    assert not [role for role, pid in running.items() if Path(f"/proc/{pid}").exists()]
    assert not any("Traceback" in log.read_text() for log in (data / "run" / "log").glob("*.log"))


def test_a_revoked_edge_stays_out_and_the_demonstration_starts_again_without_it(data: Path) -> None:
    """Red when the start tries to let the edge back in, or starts an agent that nobody listens to."""
    first = Demonstration(data, new_port())
    try:
        first.until(first.up, START_SECONDS)
        home = json.loads(first.tell("homes"))[1]
        first.asked(f"edges/{home['edge']}/revoke", method="POST")
        other = json.loads(first.tell("homes"))[0]["edge"]
    finally:
        code = first.stop()
    assert code == 0, first.said()
    pulled = data / "run" / f"unplugged-edge-{other}"
    pulled.touch()
    again = Demonstration(data, new_port())
    try:
        again.until(again.up, START_SECONDS)
        assert f"{home['edge']} was revoked: it is not started, and {home['home']} is not heard" in again.said()
        assert not pulled.exists(), "a plug that was pulled in an earlier run is in again"
        started = [role for role in again.pids() if role.startswith("edge:")]
        assert len(started) == 2
        assert f"edge:{home['edge']}" not in started
        again.until(lambda: again.alerts(home["home"], "edge_revoked"), SEEN_SECONDS)
    finally:
        code = again.stop()
    assert code == 0, again.said()


def test_a_port_that_another_program_takes_after_the_look_is_left_to_it(
    data: Path, taken_port: int, binaries: Binaries
) -> None:
    """Red when the first `Conflict` ends the start."""
    supervisor, ports = Supervisor(data / "pids.json", SystemClock(), print), iter((taken_port, new_port()))
    try:
        broker = start_on_free_port(supervisor, "broker", lambda: PrivateBroker(binaries, data / "broker", next(ports)))
        assert listens(broker.port)
    finally:
        supervisor.stop(("broker",))


def test_a_gateway_whose_port_goes_between_the_look_and_the_start_takes_the_next_one(
    data: Path, database_url: str, broker: PrivateBroker
) -> None:
    """Red when the start ends, or believes whoever answers on the port that it had looked at."""
    port = new_port()
    servers = {"VAKA_DATABASE_URL": database_url, "VAKA_BROKER_URL": broker.url}
    demonstration = Demonstration(data, port, **servers)
    try:
        pids = data / "run" / "pids.json"  # names the alarm process once its port was looked at, long before it listens
        demonstration.until(lambda: pids.exists() and b"gateway-alarm" in pids.read_bytes(), START_SECONDS, every=0.005)
        with socket.create_server(("127.0.0.1", port)):
            demonstration.until(demonstration.up, START_SECONDS)
            assert "another program took a port just then" in demonstration.said()
            assert f"port {port} is taken by another program; using {port + 1} instead" in demonstration.said()
            assert f"http://127.0.0.1:{port + 1}/desk" in demonstration.said()
            assert listens(port + 1)
    finally:
        code = demonstration.stop()
    assert code == 0, demonstration.said()


def _pressing(demonstration: Demonstration, home: str) -> Callable[[], bool]:
    """Press now and then, as somebody in need does while an edge that was killed is still starting."""
    last = [0.0]

    def seen() -> bool:
        if time.monotonic() - last[0] > 3:
            demonstration.tell("press", home)
            last[0] = time.monotonic()
        return demonstration.presses(home) > 0

    return seen


def test_a_failure_says_what_failed_and_what_to_do(tmp_path: Path) -> None:
    nowhere = new_port()
    demonstration = Demonstration(
        tmp_path,
        nowhere,
        VAKA_DATABASE_URL=f"postgresql://vaka@127.0.0.1:{nowhere}/vaka",
        VAKA_BROKER_URL=f"mqtt://127.0.0.1:{nowhere}",
    )
    assert demonstration.process.wait(START_SECONDS) == 1
    assert "Vaka could not start" in demonstration.said()
    assert "Traceback" not in demonstration.said()


def test_a_second_start_on_the_same_folder_says_that_one_is_running(tmp_path: Path) -> None:
    import fcntl  # noqa: PLC0415 why: only here

    with (tmp_path / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        demonstration = Demonstration(tmp_path, 1)
        assert demonstration.process.wait(START_SECONDS) == 1
    assert "is running on" in demonstration.said()
