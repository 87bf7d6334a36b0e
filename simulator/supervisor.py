"""Keeps a handful of processes running, and ends them in order.

A process that dies is started again, at once first and then with growing waits. Each has a session of its own, so that
Ctrl-C reaches only the supervisor, and is ended by the kernel with the thread that started it, so that none survives.
"""

import contextlib
import os
import signal
import subprocess
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from threading import Event
from typing import Final, Protocol

import msgspec

from homecare.clock import SECOND, Clock
from homecare.errors import Unavailable, VakaError

STOP_SECONDS: Final = 15.0
"""Every process of ours ends in order within this; then it is killed."""
KILLED_SECONDS: Final = 10.0
LOOK_SECONDS: Final = 0.2
"""Between two looks at whether everything lives."""
BACKOFF: Final = (0, 1 * SECOND, 2 * SECOND, 5 * SECOND, 10 * SECOND)
"""Microseconds before each new start of one that keeps dying; the last repeats."""
STEADY: Final = 30 * SECOND
"""Microseconds of life after which its deaths are forgotten."""
TAIL_BYTES: Final = 600


class Part(Protocol):
    """Something that runs: a process of ours, or a private server."""

    @property
    def pid(self) -> int:
        """Its process id; only asked while it runs."""
        ...

    @property
    def running(self) -> bool:
        """Whether it lives."""
        ...

    def start(self) -> None:
        """Start it, also after it died."""
        ...

    def stop(self) -> None:
        """End it in order, and by force after a bounded wait."""
        ...

    def kill(self) -> None:
        """End it at once."""
        ...


class Process:
    """One of our own processes; what it prints goes to the file `log`."""

    def __init__(self, command: Sequence[str], *, environment: Mapping[str, str], log: Path) -> None:
        self._command = command
        self._environment = {**os.environ, **environment}
        self._log = log
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """Its process id; `Unavailable` before `start`."""
        if self._process is None:
            raise Unavailable("read the process id", self._command[-1], "start it first")
        return self._process.pid

    @property
    def running(self) -> bool:
        """Whether it lives; a dead one is reaped."""
        return self._process is not None and self._process.poll() is None

    @property
    def code(self) -> int | None:
        """What it ended with; None while it runs, and before `start`."""
        return None if self._process is None else self._process.poll()

    def start(self) -> None:
        """Start it; `Unavailable` if the system does not let us."""
        self._log.parent.mkdir(parents=True, exist_ok=True)
        with self._log.open("ab") as output:
            try:
                self._process = subprocess.Popen(
                    ["setpriv", "--pdeathsig", "TERM", *self._command],
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=output,
                    env=self._environment,
                    start_new_session=True,
                )
            except OSError as error:
                raise Unavailable("start a process", self._command[0], str(error)) from error

    def ask(self) -> None:
        """Ask it to end."""
        if self.running:
            os.kill(self.pid, signal.SIGTERM)

    def stop(self) -> None:
        """Ask it to end, and kill it when it takes too long."""
        self.ask()
        if self._process is not None:
            try:
                self._process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self.kill()

    def kill(self) -> None:
        """End it at once."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(KILLED_SECONDS)

    def last_words(self) -> str:
        """The end of what it printed."""
        try:
            return self._log.read_bytes()[-TAIL_BYTES:].decode(errors="replace").strip()
        except FileNotFoundError:
            return ""


class _Kept:
    """A part with its history."""

    def __init__(self, part: Part) -> None:
        self.part = part
        self.deaths = 0
        self.started_at = 0
        self.due = 0


class Supervisor:
    """Starts, watches and ends parts by role; the pids of what runs stand in the file `pids`, as JSON.

    While a file `unplugged-ROLE` lies beside it the role is without power: killed, and not started again.
    """

    def __init__(self, pids: Path, clock: Clock, report: Callable[[str], None]) -> None:
        self._pids = pids
        self._clock = clock
        self._report = report
        self._parts: dict[str, _Kept] = {}

    def start(self, role: str, part: Part) -> None:
        """Start a part and keep it running from now on."""
        kept = self._parts[role] = _Kept(part)
        kept.started_at = self._clock.now().elapsed
        part.start()
        self._write()

    def watch(self, stop: Event) -> None:
        """Keep everything running until `stop` is set."""
        while not stop.wait(LOOK_SECONDS):
            for role, kept in self._parts.items():
                self._look(role, kept)

    def stop(self, order: Sequence[str]) -> None:
        """End everything; roles that begin with the same word of `order` end together, one group after another."""
        for word in order:
            group = {role: self._parts.pop(role) for role in list(self._parts) if role.startswith(word)}
            for kept in group.values():
                if isinstance(kept.part, Process):
                    kept.part.ask()
            for role, kept in group.items():
                kept.part.stop()
                self._report(f"stopped {role}")
        self._write()

    def unplugged(self, role: str) -> Path:
        """The file that takes the role's power away while it lies there."""
        return self._pids.with_name(f"unplugged-{role.replace(':', '-')}")

    def _look(self, role: str, kept: _Kept) -> None:
        now = self._clock.now().elapsed
        if self.unplugged(role).exists():
            if kept.part.running:
                kept.part.kill()
                self._write()
                self._report(f"{role} is without power")
            return
        if kept.part.running:
            kept.deaths = 0 if now - kept.started_at > STEADY else kept.deaths
            kept.due = 0
        elif not kept.due:
            kept.due = now + BACKOFF[min(kept.deaths, len(BACKOFF) - 1)] or 1
            kept.deaths += 1
        if kept.due and now >= kept.due:
            self._start_again(role, kept)

    def _start_again(self, role: str, kept: _Kept) -> None:
        kept.due = 0
        kept.started_at = self._clock.now().elapsed
        try:
            kept.part.start()
            outcome = f"started {role} again"
        except (VakaError, OSError) as error:  # the system's own: a full disk, which somebody may clear
            outcome = f"{role} does not start: {error}"
        self._write()
        self._report(outcome)

    def _write(self) -> None:
        """For others to read; a disk that is full ends nothing of what runs, and the next change writes it again."""
        with contextlib.suppress(OSError):
            self._note()

    def _note(self) -> None:
        pids = {role: kept.part.pid for role, kept in self._parts.items() if kept.part.running}
        fresh = self._pids.with_name(f"{self._pids.name}.new")
        fresh.write_bytes(msgspec.json.encode(pids))
        fresh.replace(self._pids)
