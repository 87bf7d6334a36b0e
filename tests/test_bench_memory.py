"""What the bench counts as memory of several processes."""

import subprocess
import sys

from tests.benchmarks.processor import resident_mib, together_mib

OWN_MIB = 40
_SLEEPER = f"kept = bytearray({OWN_MIB} * 1024 * 1024); print(flush=True); input()"


def test_what_processes_share_is_counted_once_and_what_is_their_own_for_each() -> None:
    words = [sys.executable, "-c", _SLEEPER]
    children = [subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE) for _ in range(2)]
    try:
        for child in children:
            assert child.stdout is not None
            child.stdout.readline()
        one, both = resident_mib(children[0].pid), together_mib([child.pid for child in children])
        assert abs(together_mib([children[0].pid]) - one) < 1
        assert one + OWN_MIB < both < 2 * one - 1
    finally:
        for child in children:
            child.communicate()
