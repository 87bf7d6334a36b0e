"""One server as a direct child of this process.

A child has its own session, so that Ctrl-C reaches only us and we decide the order of stopping. It is told by the
kernel to stop when its parent thread ends: start it from a thread that lives as long as the server shall.
"""

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from gateway.embedded.account import Account
from homecare.errors import Unavailable

KILLED_SECONDS: Final = 10
"""Within this the kernel has ended a process that got SIGKILL; longer means a stuck disk."""
ORPHAN_POLL_SECONDS: Final = 0.05
LOG_BYTES: Final = 4 * 1024 * 1024
"""At the next start after this the log begins anew: two of them are a few days of a busy demo."""
LOG_TAIL_BYTES: Final = 1_000
"""Of a server's own words in our error: its last lines say why it stopped."""


def environment() -> dict[str, str]:
    """What a server may see of ours: no locale (its libc has none of the host's), no PG* settings, no secrets."""
    return {"PATH": f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C", "TZ": "UTC"}


class Child:
    """A started process. Its folder `home` gets what it prints (`log`, when long put aside as `log.1`) and its `pid`.

    `farewell` is the signal that asks this kind of server to stop in order.
    """

    def __init__(self, command: Sequence[str], *, account: Account, home: Path, farewell: signal.Signals) -> None:
        log = home / "log"
        if log.exists() and log.stat().st_size > LOG_BYTES:
            log.replace(home / "log.1")
        self._log = log
        self._before = log.stat().st_size if log.exists() else 0
        self._farewell = farewell
        follow = ("setpriv", "--pdeathsig", farewell.name.removeprefix("SIG")) if shutil.which("setpriv") else ()
        with log.open("ab") as output:
            try:
                self._process = subprocess.Popen(  # noqa: S603 why: the command is built here, from our own folders
                    [*account.prefix, *follow, *command],
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=output,
                    env=environment(),
                    cwd=home,
                    start_new_session=True,
                )
            except OSError as error:
                raise Unavailable("start a server", str(command[0]), str(error)) from error
        (home / "pid").write_text(f"{self._process.pid} {int(farewell)}\n", encoding="ascii")

    @property
    def pid(self) -> int:
        """The server's process id."""
        return self._process.pid

    @property
    def running(self) -> bool:
        """Whether it has not ended; an ended one is reaped."""
        return self._process.poll() is None

    def stop(self, seconds: float) -> None:
        """Ask it to stop, and end it with SIGKILL if it has not within `seconds`."""
        if self.running:
            self._process.send_signal(self._farewell)
            try:
                self._process.wait(seconds)
            except subprocess.TimeoutExpired:
                self.kill()

    def kill(self) -> None:
        """End it with SIGKILL, as a power cut would, and reap it."""
        self._process.kill()
        self._process.wait(KILLED_SECONDS)

    def last_words(self) -> str:
        """The end of what this start wrote to the log."""
        with self._log.open("rb") as log:
            log.seek(max(self._before, self._log.stat().st_size - LOG_TAIL_BYTES))
            return log.read().decode(errors="replace").strip()


def end_orphan(home: Path, seconds: float) -> None:
    """End the server of this folder if it outlived the process that started it; nothing is done if there is none.

    It is asked first and ended with SIGKILL after `seconds`. A process that has merely inherited the number is spared:
    its command line does not name the folder.
    """
    try:
        pid, farewell = (int(word) for word in (home / "pid").read_text(encoding="ascii").split())
    except (FileNotFoundError, ValueError):
        return
    for sign in (farewell, signal.SIGKILL):
        if not _serves(pid, home):
            break
        os.kill(pid, sign)
        for _ in range(round(seconds / ORPHAN_POLL_SECONDS)):
            if not _serves(pid, home):
                break
            time.sleep(ORPHAN_POLL_SECONDS)
    (home / "pid").unlink()


def _serves(pid: int, home: Path) -> bool:
    try:
        return os.fsencode(home) in Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False
