"""The processes of a fault run: started, killed with -9 and started again. Only their own pids are ever signalled."""

import os
import shutil
import signal
import subprocess
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Protocol

STOP_WITHIN: Final = 15.0
"""Seconds for an orderly stop before the process is killed."""


class Killable(Protocol):
    """What a kill needs: `pid` is 0 while it is down."""

    @property
    def pid(self) -> int:
        """Process id while it runs."""
        ...

    def start(self) -> None:
        """Start it."""
        ...

    def kill(self) -> None:
        """SIGKILL, and wait until it is gone."""
        ...

    def stop(self) -> None:
        """Stop it in order."""
        ...


@dataclass
class Process:
    """One of our own processes, with its output in a file."""

    command: list[str]
    log: Path
    environment: dict[str, str] = field(default_factory=dict)
    _child: subprocess.Popen[bytes] | None = None
    _wanted: bool = False
    _turn: threading.Lock = field(default_factory=threading.Lock)

    @property
    def ended_by_itself(self) -> bool:
        """Whether it was started, neither killed nor stopped, and is gone all the same."""
        with self._turn:
            return self._wanted and self.pid == 0

    @property
    def pid(self) -> int:
        """Process id while it runs, otherwise 0."""
        return self._child.pid if self._child is not None and self._child.poll() is None else 0

    def start(self) -> None:
        """Start it, unless it runs: the supervisor and a kill may both want to, and two agents must not share a key."""
        with self._turn:
            self._wanted = True
            if not self.pid:
                self._start()

    def _start(self) -> None:
        with self.log.open("ab") as output:
            self._child = subprocess.Popen(
                self.command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env={**os.environ, **self.environment},
            )

    def kill(self) -> None:
        """SIGKILL, and wait until it is gone."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """SIGTERM, and SIGKILL if that takes too long."""
        self._end(signal.SIGTERM)

    def _end(self, how: signal.Signals) -> None:
        with self._turn:
            self._wanted = False
            self._signal(how)

    def _signal(self, how: signal.Signals) -> None:
        if self._child is None:
            return
        if self._child.poll() is None:
            self._child.send_signal(how)
        try:
            self._child.wait(STOP_WITHIN)
        except subprocess.TimeoutExpired:
            self._child.kill()
            self._child.wait()


def wipe(folder: Path) -> None:
    """Empty a folder, as a changed disk would be."""
    for entry in folder.iterdir():
        if entry.is_dir():
            shutil.rmtree(entry)
        else:
            entry.unlink()
