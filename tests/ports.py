"""Ports for servers under test: no two of this run ask for the same one, whatever runs side by side."""

import contextlib
import itertools
import os
import socket
from collections import deque

from gateway.embedded import free_port
from gateway.embedded.ports import LOOPBACK, is_free

FIRST = 20_000
RUNS = 40
PORTS_A_RUN = 300
"""20,000 to 31,999: below the ports that a system gives to its own clients (32,768 on Linux)."""

_count = itertools.count()
_given: deque[int] = deque(maxlen=PORTS_A_RUN // 2)


def new_port() -> int:
    """A free port that this process has not given before (within its last 150)."""
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    parent = os.getppid() if "PYTEST_XDIST_WORKER" in os.environ else os.getpid()
    run = (parent * 2 + worker) % RUNS  # workers of one run stand side by side, another run elsewhere
    port = free_port(FIRST + run * PORTS_A_RUN + next(_count) % PORTS_A_RUN, print)
    while port in _given:  # another run stands here: what was stepped over for one port is not given for the next
        port = free_port(port + 1, print)
    _given.append(port)
    return port


def taken_after_the_look(port: int, others: contextlib.ExitStack) -> bool:
    """What a look says of the port; another program listens there as soon as the look is over, until `others` ends."""
    free = is_free(port)
    others.enter_context(socket.create_server((LOOPBACK, port)))
    return free
