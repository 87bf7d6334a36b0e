"""Asking the demonstration to end, whatever it does in that moment."""

import subprocess
import sys

from simulator.stopping import Stop
from tests.servers import ROOT

SECONDS = 60.0
CHILD = """
import signal
from simulator.stopping import Stop
for step in range(300):
    stop = Stop()
    signal.signal(signal.SIGALRM, lambda *_: stop.set())
    signal.setitimer(signal.ITIMER_REAL, 0.000002 + step % 100 * 0.000001)
    while not stop.wait(0.00001):
        pass
print("ended")
"""
"""Alarms aimed at every place inside of a wait."""


def test_it_is_said_once_and_for_all() -> None:
    stop = Stop()
    assert not stop.is_set()
    assert not stop.wait(0.001)
    stop.set()
    stop.set()
    assert stop.is_set()
    assert stop.wait()


def test_a_signal_inside_a_wait_hangs_nobody() -> None:
    """Red with the library's own event: the handler waits for a lock that its own thread holds."""
    child = subprocess.run(
        [sys.executable, "-c", CHILD], capture_output=True, text=True, cwd=ROOT, timeout=SECONDS, check=False
    )
    assert child.stdout == "ended\n", child.stderr
