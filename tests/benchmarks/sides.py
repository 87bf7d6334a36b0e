"""The sides of the intake race: Vaka, a Node-RED flow, a naive script.

Each takes the same facts into the same tables.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final, Protocol

from gateway.embedded import free_port
from tests.benchmarks.place import DATA, ROOT, Gateway, Place, Process

PEERS: Final = Path(__file__).resolve().parent / "peers"
NODE_RED: Final = PEERS / "node_red"
INSTALLED: Final = DATA / "bench" / "node-red"
PEER_PORT: Final = 24_180
INSTALL_SECONDS: Final = 300


class Side(Protocol):
    """One way from the broker to the table."""

    name: str
    sealed: bool
    ceiling: int
    """Facts a second that it surely does not reach: how many packets are built."""

    def start(self, database_url: str) -> None:
        """Start, and return when it hears the broker."""
        ...

    def stop(self) -> None:
        """Stop."""
        ...

    def pids(self) -> dict[str, int]:
        """The side's own processes by what they are; only while it runs."""
        ...


class Vaka:
    """The product: both processes."""

    name = "Vaka"
    sealed = True
    ceiling = 30_000

    def __init__(self, place: Place) -> None:
        self._place = place
        self.gateway: Gateway | None = None

    def start(self, database_url: str) -> None:
        """Start both processes."""
        self.gateway = Gateway(self._place, database_url).start()

    def stop(self) -> None:
        """Stop both processes."""
        if self.gateway is not None:
            self.gateway.stop()

    def pids(self) -> dict[str, int]:
        """Both."""
        assert self.gateway is not None
        return {"bulk": self.gateway.bulk.pid, "alarm": self.gateway.alarm.pid}


class NodeRed:
    """A flow: mqtt in, a stateful function, a pool of PostgreSQL connections."""

    name = "Node-RED 4.1 with a pool"
    sealed = False
    ceiling = 12_000

    def __init__(self, place: Place) -> None:
        self._place = place
        self._process: Process | None = None

    def start(self, database_url: str) -> None:
        """Install it if it is not there yet, and start it."""
        install_node_red()
        environment = {
            "PEER_PORT": str(free_port(PEER_PORT, print)),
            "PEER_DATABASE_URL": database_url,
            "PEER_BROKER_PORT": str(self._place.broker.port),
        }
        program = INSTALLED / "node_modules" / "node-red" / "red.js"
        log = self._place.folder / "node-red.log"
        log.unlink(missing_ok=True)
        words = ["node", str(program), "--userDir", str(INSTALLED), "--settings", str(INSTALLED / "settings.js")]
        self._process = Process(words, log, environment)
        self._process.start()
        self._process.until(lambda: "Connected to broker" in self._process_said())

    def _process_said(self) -> str:
        assert self._process is not None
        return self._process.said()

    def stop(self) -> None:
        """Stop it."""
        if self._process is not None:
            self._process.stop()

    def pids(self) -> dict[str, int]:
        """The one process."""
        assert self._process is not None
        return {"Node-RED": self._process.pid}


class Naive:
    """A script as one writes it on an afternoon."""

    name = "naive script"
    sealed = False
    ceiling = 5_000

    def __init__(self, place: Place) -> None:
        self._place = place
        self._process: Process | None = None

    def start(self, database_url: str) -> None:
        """Start it."""
        log = self._place.folder / "naive.log"
        log.unlink(missing_ok=True)
        words = [sys.executable, "-m", "tests.benchmarks.peers.naive", str(self._place.broker.port), database_url]
        process = self._process = Process(words, log, {"PYTHONPATH": str(ROOT)})
        process.start()
        process.until(lambda: "subscribed" in process.said())

    def stop(self) -> None:
        """Stop it."""
        if self._process is not None:
            self._process.stop()

    def pids(self) -> dict[str, int]:
        """The one process."""
        assert self._process is not None
        return {"script": self._process.pid}


def install_node_red() -> None:
    """Install Node-RED and its PostgreSQL client by the lock file, once, into an ignored folder."""
    lock = (NODE_RED / "package-lock.json").read_bytes()
    INSTALLED.mkdir(parents=True, exist_ok=True)
    stamp = INSTALLED / "installed.stamp"
    for name in ("package.json", "package-lock.json", ".npmrc", "settings.js", "flow.json"):
        shutil.copyfile(NODE_RED / name, INSTALLED / name)
    if stamp.exists() and stamp.read_bytes() == lock:
        return
    print("installing Node-RED (once)", flush=True)
    subprocess.run(
        ["npm", "ci", "--loglevel=error"], cwd=INSTALLED, check=True, timeout=INSTALL_SECONDS, env=dict(os.environ)
    )
    stamp.write_bytes(lock)
