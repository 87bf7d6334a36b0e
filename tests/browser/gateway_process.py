"""The gateway as a desk meets it: processes of their own that can be killed, paused and started again."""

import json
import os
import signal
import time
import urllib.error
import urllib.request
from multiprocessing.process import BaseProcess
from pathlib import Path

from tests.forked import start_gateway
from tests.gateway.enrolled import GATEWAY_PRIVATE
from tests.ports import new_port

READY_SECONDS = 90.0
ANSWER_SECONDS = 10.0
POLL_SECONDS = 0.02


class GatewayProcess:
    """The alarm process over a database and a broker; its address and token stay the same across starts."""

    def __init__(self, *, database_url: str, broker_url: str, data: Path, **environment: str) -> None:
        self._data = data
        self._port = new_port()
        key = data / "gateway.key"
        key.write_text(GATEWAY_PRIVATE.hex())
        key.chmod(0o600)
        self._environment = {
            **os.environ,
            "VAKA_DATABASE_URL": database_url,
            "VAKA_BROKER_URL": broker_url,
            "VAKA_PORT": str(self._port),
            "VAKA_DATA": str(data),
            "VAKA_GATEWAY_KEY_FILE": str(key),
            **environment,
        }
        self._process: BaseProcess | None = None
        self._watch: BaseProcess | None = None
        self.url = f"http://127.0.0.1:{self._port}"
        self.passkeys_url = f"http://localhost:{self._port}"
        """The only address at which passkeys work: a number is no name."""

    @property
    def token(self) -> str:
        """What the API asks for."""
        return (self._data / "token").read_text().strip()

    def start(self) -> None:
        """Start, and return when it serves."""
        self._process = self._started("alarm")
        deadline = time.monotonic() + READY_SECONDS
        while not self._serves():
            assert self._process.is_alive(), self._last_words()
            assert time.monotonic() < deadline, self._last_words()
            time.sleep(POLL_SECONDS)

    def start_watch(self) -> None:
        """Start the bulk process beside it; the desk says when it has."""
        self._watch = self._started("bulk")

    def wait_for_watch(self) -> None:
        """Return when the bulk process has given a sign of life."""
        deadline = time.monotonic() + READY_SECONDS
        while not self._watched():
            assert time.monotonic() < deadline, "the bulk process does not live"
            time.sleep(POLL_SECONDS)

    def pause(self) -> None:
        """Let it hang: it lives, holds its connections and says nothing."""
        self._signal(signal.SIGSTOP)

    def go_on(self) -> None:
        """End the pause."""
        self._signal(signal.SIGCONT)

    def kill(self) -> None:
        """End it without warning."""
        if self._process is None:
            return
        self._process.kill()
        self._process.join()
        self._process = None

    def stop(self) -> None:
        """End both as their owner would; kill what does not go."""
        for process in (self._watch, self._process):
            if process is None:
                continue
            _send(process, signal.SIGCONT)
            process.terminate()
            process.join(READY_SECONDS)
            process.kill()
            process.join()
        self._watch = self._process = None

    def _started(self, name: str) -> BaseProcess:
        return start_gateway([name], self._environment, self._data / f"{name}.log")

    def _signal(self, number: signal.Signals) -> None:
        assert self._process is not None
        _send(self._process, number)

    def _serves(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}/readyz", timeout=ANSWER_SECONDS) as answer:  # noqa: S310 why: our own loopback
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False

    def _watched(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}/readyz", timeout=ANSWER_SECONDS) as answer:  # noqa: S310 why: our own loopback
                return bool(json.load(answer)["bulk"]["alive"])
        except (urllib.error.URLError, OSError):
            return False

    def _last_words(self) -> str:
        return (self._data / "alarm.log").read_text(errors="replace")[-2000:]


def _send(process: BaseProcess, number: signal.Signals) -> None:
    assert process.pid is not None
    os.kill(process.pid, number)
