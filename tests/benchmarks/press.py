"""Presses: a real button on the air, a real edge, both gateway processes, a real desk; from press to document."""

import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from typing import Any, Final

from playwright.sync_api import Browser

from simulator.bluez.bus import VARIABLE, PrivateBus
from tests.benchmarks.caller import BUTTONS, configure_edge
from tests.benchmarks.place import DATA, ROOT, Gateway, Place, Process
from tests.benchmarks.screen import Desk

PACE_SECONDS: Final = (0.3, 0.45)
"""Between two presses; chance keeps them out of step with everything that ticks."""
LOST_SECONDS: Final = 10.0
"""A press that is not seen within this counts as this long."""


class Radio:
    """The home's radio process."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(exist_ok=True)
        daemon = shutil.which("dbus-daemon") or str(_unpacked_daemon())
        self.bus = PrivateBus(folder).address
        follow = ["setpriv", "--pdeathsig", "TERM"]
        words = [*follow, sys.executable, "-m", "tests.benchmarks.radio", str(folder), daemon]
        self._child = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT)
        self._pressed = 0
        assert self._output.readline() == b"ready\n", "the radio did not start"

    @property
    def _output(self) -> Any:
        return self._child.stdout

    def press(self) -> float:
        """Press the next button; the wall time (s) of its first advertisement."""
        assert self._child.stdin is not None
        self._child.stdin.write(b"%d\n" % (self._pressed % BUTTONS))
        self._child.stdin.flush()
        self._pressed += 1
        return int(self._output.readline()) / 1e9

    def stop(self) -> None:
        """Switch it off."""
        assert self._child.stdin is not None
        self._child.stdin.close()
        try:
            self._child.wait(10)
        except subprocess.TimeoutExpired:
            self._child.kill()
            self._child.wait()


class Rig:
    """Everything from the button to the desk, over one database."""

    def __init__(self, place: Place, url: str, browser: Browser) -> None:
        self.place = place
        self.url = url
        self.folder = place.folder / "caller"
        self.folder.mkdir(exist_ok=True)
        self.radio = Radio(self.folder / "radio")
        self.gateway = Gateway(place, url).start()
        configuration = configure_edge(self.folder, place.broker.url)
        log = self.folder / "edge.log"
        log.unlink(missing_ok=True)
        self.edge = Process([sys.executable, "-m", "edge", str(configuration)], log, {VARIABLE: self.radio.bus})
        self.edge.start()
        self.edge.until(lambda: "connected" in self.edge.said() and "ble is working" in self.edge.said())
        self.desk = Desk(browser, self.gateway)
        self._chance = Random(1)

    def presses(self, count: int) -> list[float]:
        """Press `count` times, one after another: seconds from each press to its line in the document."""
        found = []
        for _ in range(count):
            pressed = self.radio.press()
            seen = self.desk.next_call(LOST_SECONDS)
            found.append(LOST_SECONDS if seen is None else seen[1] - pressed)
            if seen is not None:
                self.desk.end(seen[0])
            time.sleep(max(0.0, pressed + self._chance.uniform(*PACE_SECONDS) - time.time()))
        return found

    def stop(self) -> None:
        """Take everything down."""
        self.desk.close()
        self.edge.stop()
        self.gateway.stop()
        self.radio.stop()
        shutil.rmtree(self.folder)


@contextmanager
def rig(place: Place, browser: Browser) -> Iterator[Rig]:
    """A rig over a fresh database."""
    with place.fresh() as url:
        standing = Rig(place, url, browser)
        try:
            yield standing
        finally:
            standing.stop()


def _unpacked_daemon() -> Path:
    from gateway.embedded import unpack  # noqa: PLC0415 why: only where the machine has none of its own

    return unpack(DATA / "services", print).program("dbus-daemon")
