"""A private PostgreSQL, with TimescaleDB where its extension lies beside it."""

import re
import shutil
import signal
import time
from pathlib import Path
from subprocess import run
from typing import Final

from gateway.embedded.account import this_account
from gateway.embedded.binaries import Binaries
from gateway.embedded.child import Child, end_orphan, environment
from gateway.embedded.ports import LOOPBACK, is_free, told_of_a_taken_port
from homecare.errors import Conflict, Unavailable
from homecare.identity import new_secret

NAME: Final = "vaka"
"""The role and the database."""
DURABLE: Final = {"fsync": "on", "synchronous_commit": "on", "full_page_writes": "on"}
"""A receipt is sent after commit, so commit must mean on the disk."""
SETTINGS: Final = {
    **DURABLE,
    "listen_addresses": LOOPBACK,
    "unix_socket_directories": "",  # TCP alone: the path of a socket in a deep folder passes 107 characters
    "max_connections": "100",
    "shared_buffers": "128MB",
    "max_wal_size": "2GB",  # a checkpoint in the middle of a drained backlog costs more than this disk
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_error_verbosity": "terse",  # a detail repeats the row that was refused, names and all
    "log_min_error_statement": "panic",
    "password_encryption": "scram-sha-256",
}
WITH_TIMESCALEDB: Final = {
    "shared_preload_libraries": "timescaledb",
    "timescaledb.telemetry_level": "off",
    "timescaledb.max_background_workers": "0",  # no jobs in this edition; idle, they block a template's copies
}

INITDB_SECONDS: Final = 120
STOP_SECONDS: Final = 60
"""A fast shutdown ends with a checkpoint; after this the server is killed and recovers at its next start."""
POLL_SECONDS: Final = 0.02
READY_POLLS: Final = 3_000
"""One minute: the recovery after a crash replays at most `max_wal_size`."""
ATTEMPTS: Final = 100
ATTEMPT_SECONDS: Final = 0.2
"""Starts and the wait between: after SIGKILL a backend in mid-query holds the shared memory until its query ends."""
KILLED_LOOKS: Final = 250
"""At the port, five seconds: children of a killed postmaster keep it until they notice."""
LAST_WORDS: Final = 400
"""Characters of a tool's own words where none of its lines says why."""
_refusal = re.compile(r"(?:ERROR|FATAL|PANIC|error|could not [a-z]+):\s+")
READY_LINE: Final = 7
"""Of `postmaster.pid`, from 0: the server's own word on its state."""


class PrivateDatabase:
    """One server on loopback with its cluster, password and log in the folder `data`.

    `timescaledb=False` starts it plain, as on a machine where the extension does not exist. The extension itself is
    made by whoever makes the schema: what one process alone makes, as here, `pg_dump` takes for built in.
    """

    def __init__(self, binaries: Binaries, data: Path, port: int, *, timescaledb: bool = True) -> None:
        self._binaries = binaries
        self._account = this_account()
        self.data = self._account.place(data)
        self.port = port
        self.timescaledb = timescaledb and binaries.timescaledb
        self._child: Child | None = None

    @property
    def url(self) -> str:
        """Where clients connect, with the password; made known by `start`."""
        password = (self.data / "password").read_text(encoding="ascii").strip()
        return f"postgresql://{NAME}:{password}@{LOOPBACK}:{self.port}/{NAME}"

    @property
    def pid(self) -> int:
        """The postmaster's process id; `Unavailable` before `start`."""
        if self._child is None:
            raise Unavailable("read the process id", "private database", "start it first")
        return self._child.pid

    @property
    def running(self) -> bool:
        """Whether the postmaster lives."""
        return self._child is not None and self._child.running

    def start(self) -> None:
        """Make the cluster if there is none, start the server and return when it accepts connections.

        Also after `kill`, and after a crash of the process that started it before. Call it from a thread that lives
        as long as the server shall. `Conflict`: the port is taken. `Unavailable`: its own last words say why.
        """
        if self.running:
            return
        self.data.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._account.give(self.data)
        cluster = self.data / "cluster"
        if not cluster.exists():
            self._make(cluster)
        end_orphan(self.data, STOP_SECONDS)
        was_killed = (cluster / "postmaster.pid").exists()
        self._forget_namesake(cluster)
        if not self._has_its_port(KILLED_LOOKS if was_killed else 1):
            raise Conflict("start the private database", f"port {self.port} is taken", "choose a free port")
        for _ in range(ATTEMPTS):
            child = Child(self._command(cluster), account=self._account, home=self.data, farewell=signal.SIGINT)
            self._child = child
            if self._ready(cluster, child):
                return
            if "shared memory" not in child.last_words():
                break
            time.sleep(ATTEMPT_SECONDS)
        if told_of_a_taken_port(self._last_words()):
            raise Conflict("start the private database", f"port {self.port} was taken meanwhile", "choose a free port")
        raise Unavailable("start the private database", self._last_words(), f"see {self.data / 'log'}")

    def _has_its_port(self, looks: int) -> bool:
        """Whether the port is free, at one of so many looks."""
        for _ in range(looks):
            if is_free(self.port):
                return True
            time.sleep(POLL_SECONDS)
        return False

    def stop(self) -> None:
        """End it in order: sessions are cut, everything is written, and nothing is left running."""
        if self._child is not None:
            self._child.stop(STOP_SECONDS)

    def kill(self) -> None:
        """SIGKILL to the postmaster, as a power cut would end it; its children end themselves."""
        if self._child is not None:
            self._child.kill()

    def _command(self, cluster: Path) -> list[str]:
        settings = {**SETTINGS, "port": str(self.port)} | (WITH_TIMESCALEDB if self.timescaledb else {})
        options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        return [str(self._binaries.program("postgres")), "-D", str(cluster), *options]

    def _make(self, cluster: Path) -> None:
        """Create the cluster beside its place and rename it there when it is whole."""
        unfinished = cluster.with_name("cluster.unfinished")
        shutil.rmtree(unfinished, ignore_errors=True)
        password = self.data / "password"
        password.touch(mode=0o600)
        password.write_text(new_secret().hex(), encoding="ascii")
        self._account.give(password)
        program = str(self._binaries.program("initdb"))
        locale = ["-E", "UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        access = ["-U", NAME, "-A", "scram-sha-256", f"--pwfile={password}"]
        self._tool([program, "-D", str(unfinished), *locale, *access], "")
        alone = [*self._command(unfinished), "postgres"]
        self._tool([alone[0], "--single", *alone[1:]], f"CREATE DATABASE {NAME};\n")
        unfinished.rename(cluster)

    def _tool(self, command: list[str], statements: str) -> None:
        done = run(  # noqa: S603 why: programs of the folder that we unpacked
            [*self._account.prefix, *command],
            input=statements,
            capture_output=True,
            timeout=INITDB_SECONDS,
            env=environment(),
            cwd=self.data,
            check=False,
            text=True,
            errors="replace",
        )
        refusals = [line for line in done.stderr.splitlines() if _refusal.search(line)]
        if done.returncode or refusals:
            reason = _refusal.split(refusals[0])[-1] if refusals else done.stderr.strip()[-LAST_WORDS:]
            raise Unavailable("create the private database", reason, f"is the disk full, or not yours? {self.data}")

    def _ready(self, cluster: Path, child: Child) -> bool:
        """Wait until the server says that it is ready; False if it ends instead."""
        for _ in range(READY_POLLS):
            lines = _state(cluster)
            if lines[:1] == [str(child.pid)] and lines[READY_LINE : READY_LINE + 1] == ["ready"]:
                return True
            if not child.running:
                return False
            time.sleep(POLL_SECONDS)
        child.kill()
        return False

    def _forget_namesake(self, cluster: Path) -> None:
        """A crashed server's number may by now be another program's: PostgreSQL would wait for it to end."""
        owner = _state(cluster)[:1]
        if owner and Path("/proc", owner[0]).exists():
            (cluster / "postmaster.pid").unlink()

    def _last_words(self) -> str:
        return self._child.last_words() if self._child is not None else "not started"


def _state(cluster: Path) -> list[str]:
    """The lines of the server's own status file, without padding; none while there is no file."""
    try:
        return [line.strip() for line in (cluster / "postmaster.pid").read_text(encoding="utf-8").splitlines()]
    except FileNotFoundError:
        return []
