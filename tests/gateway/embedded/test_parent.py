"""The servers end with the process that started them."""

import subprocess
import sys
import textwrap
import time
from pathlib import Path

from gateway.embedded import Binaries, PrivateDatabase
from tests.ports import new_port

DEADLINE_SECONDS = 60

PARENT = """
    import pathlib, sys, time
    from gateway.embedded import Binaries, PrivateBroker, PrivateDatabase
    binaries, home = Binaries(pathlib.Path(sys.argv[1])), pathlib.Path(sys.argv[2])
    database = PrivateDatabase(binaries, home / "database", int(sys.argv[3]))
    broker = PrivateBroker(binaries, home / "broker", int(sys.argv[4]))
    database.start()
    broker.start()
    print(database.pid, broker.pid, flush=True)
    time.sleep(60)
"""


def test_servers_end_when_the_process_that_started_them_is_killed(binaries: Binaries, tmp_path: Path) -> None:
    ports = [new_port(), new_port()]
    command = [sys.executable, "-c", textwrap.dedent(PARENT), str(binaries.root), str(tmp_path), *map(str, ports)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        children = [int(word) for word in parent.stdout.readline().split()]
        parent.kill()
    assert len(children) == 2
    deadline = time.monotonic() + DEADLINE_SECONDS
    while any(map(alive, children)):
        assert time.monotonic() < deadline, "a server outlived its parent"
        time.sleep(0.05)
    survivor = PrivateDatabase(binaries, tmp_path / "database", ports[0])
    survivor.start()
    survivor.stop()


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False
