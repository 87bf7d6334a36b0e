"""Renewals that are killed before their n-th operation on a file.

A program of its own, for it forks: only a process with a single thread may. In the tests' own one, a lock that another
thread holds in that moment stays held in the child for ever.
"""

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Self

import msgspec

from edge.credentials import Credentials
from gateway.model.certificates import Authority
from homecare.clock import DAY
from tests.edge.certified import EDGE, answered, files_in
from tests.servers import ROOT

LATER = 1_790_000_000_000_000 + 60 * DAY
OPERATIONS = {"open", "os.rename", "os.remove"}
"""As the interpreter's audit names them; each is told before it happens."""


class Cut(msgspec.Struct, frozen=True):
    """One renewal to come: in which folder, and before which step it is killed."""

    folder: str
    step: int


def renew(folder: Path, authority: Authority) -> None:
    """One renewal from the first byte to the last, from wherever it was left."""
    credentials = Credentials(files_in(folder), EDGE)
    if not credentials.waiting:
        credentials.take(answered(authority, credentials.request(), at=LATER))
    credentials.tls()
    credentials.connected()
    credentials.settle()


class Cutting:
    """The program, from the side of whoever asks it."""

    def __init__(self, authority: Authority) -> None:
        self._program = subprocess.Popen(
            [sys.executable, "-m", "tests.edge.cut_renewal"], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        self._say(authority)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._program.kill()
        self._program.communicate()

    def lived(self, folder: Path, step: int) -> bool:
        """Renew, and kill before the step; whether it ended by itself, as there are fewer."""
        self._say(Cut(str(folder), step))
        assert self._program.stdout is not None
        return msgspec.json.decode(self._program.stdout.readline(), type=bool)

    def _say(self, what: msgspec.Struct) -> None:
        assert self._program.stdin is not None
        self._program.stdin.write(msgspec.json.encode(what) + b"\n")
        self._program.stdin.flush()


def _cut(cut: Cut, authority: Authority) -> bool:
    child = os.fork()  # one thread
    if child == 0:
        left = cut.step

        def count(event: str, arguments: tuple[object, ...]) -> None:
            nonlocal left
            if event in OPERATIONS and str(arguments[0]).startswith(cut.folder):
                left -= 1
                if left == 0:
                    os.kill(os.getpid(), signal.SIGKILL)

        sys.addaudithook(count)
        try:
            renew(Path(cut.folder), authority)
        finally:
            os._exit(0)
    return os.waitpid(child, 0)[1] == 0


def main() -> None:
    authority = msgspec.json.decode(sys.stdin.readline(), type=Authority)
    for line in sys.stdin:
        print(msgspec.json.encode(_cut(msgspec.json.decode(line, type=Cut), authority)).decode(), flush=True)


if __name__ == "__main__":
    main()
