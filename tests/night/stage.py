"""The stage: `make run` as a process of its own on a folder of its own, with the means to see, tell and harm."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import psycopg

from tests.night.webhook import Webhook
from tests.servers import ROOT

START_SECONDS = 90.0
STOP_SECONDS = 60.0
POLL_SECONDS = 0.05
PORT = "18600"
CONNECT_TRIES = 7
"""Half a minute in all: a person would try again too. What was refused a connection was not heard."""


class Stage:
    """A running demonstration."""

    def __init__(self, services: Path) -> None:
        self.data = Path(tempfile.mkdtemp(prefix="vaka-night-"))
        (self.data / "services").symlink_to(services.resolve())
        self.log = self.data / "night.log"
        self.webhook = Webhook()
        self.process: subprocess.Popen[bytes] | None = None
        self.desk = self.database = self.tls = ""

    def start(self) -> None:
        """Return when everything stands and its addresses are known."""
        told = {"VAKA_DATA": str(self.data), "VAKA_PORT": PORT, "VAKA_WEBHOOK_URL": self.webhook.url}
        environment = {**os.environ, **told}
        for name in ("VAKA_DATABASE_URL", "VAKA_BROKER_URL"):
            environment.pop(name, None)
        with self.log.open("ab") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-c", "from simulator.demo import main; raise SystemExit(main())"],
                cwd=ROOT,
                env=environment,
                stdout=output,
                stderr=output,
            )
        self.until(lambda: "Ctrl-C stops" in self.log.read_text(), "the stage stands", seconds=START_SECONDS)
        said = dict(re.findall(r"^(API|new edges|database) +(\S+)", self.log.read_text(), flags=re.MULTILINE))
        password = (self.data / "database" / "password").read_text(encoding="ascii").strip()
        self.database = said["database"].replace("://", f"://vaka:{password}@")
        self.tls = said["new edges"]
        self.desk = said["API"].removesuffix("/api/v1/").replace("127.0.0.1", "localhost")

    def stop(self, *, keep: bool) -> None:
        """End it in order; `keep` leaves its folder for a look."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            self.process.wait(STOP_SECONDS)
        self.webhook.stop()
        if not keep:
            shutil.rmtree(self.data)

    @property
    def token(self) -> str:
        """The installation's bearer token."""
        return (self.data / "token").read_text(encoding="ascii").strip()

    def sim(self, *words: str) -> str:
        """`vaka-sim ...`; what it answers."""
        done = subprocess.run(
            [sys.executable, "-m", "simulator", *words],
            cwd=ROOT,
            env={**os.environ, "VAKA_DATA": str(self.data)},
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout.strip()

    def call(self, method: str, path: str, body: object = None, *, kind: str = "application/json") -> Any:
        """The API with the installation's token; the answer's JSON."""
        answer = self.ask(method, path, body, kind=kind)
        answer.raise_for_status()
        return answer.json() if answer.content else None

    def ask(self, method: str, path: str, body: object = None, *, kind: str = "application/json") -> httpx.Response:
        """The same, with whatever the answer is; a gateway that was killed a moment ago is asked again."""
        data = body if isinstance(body, bytes) else None if body is None else json.dumps(body).encode()
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": kind}
        with httpx.Client(transport=httpx.HTTPTransport(retries=CONNECT_TRIES), timeout=20) as client:
            return client.request(method, f"{self.desk}/api/v1/{path}", content=data, headers=headers)

    def rows(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        """What the database says; nothing while it is down."""
        try:
            with psycopg.connect(self.database, autocommit=True, connect_timeout=5) as connection:
                return connection.execute(statement, values).fetchall()
        except psycopg.OperationalError:
            return []

    def until(self, there: Callable[[], object], what: str, *, seconds: float = 60.0) -> None:
        """Wait until something is so; AssertionError with the stage's last words otherwise."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if there():
                return
            assert self.process is None or self.process.poll() is None, self.log.read_text()[-2000:]
            time.sleep(POLL_SECONDS)
        raise AssertionError(f"not within {seconds:.0f} s: {what}")
