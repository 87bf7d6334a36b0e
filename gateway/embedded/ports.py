"""Ports on loopback."""

import contextlib
import errno
import os
import socket
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from homecare.errors import Unavailable

LOOPBACK: Final = "127.0.0.1"
PORTS_TRIED: Final = 100
"""Ports above the wanted one that are tried: enough for dozens of copies side by side, and an end to the search."""
LISTENING: Final = "0A"
"""How the system's table of sockets writes that one listens."""
PRIVILEGED: Final = 1024
"""Ports below this one are root's on most systems."""


def is_free(port: int) -> bool:
    """Whether a server could listen on this port of loopback now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True


def free_port(wanted: int, report: Callable[[str], None]) -> int:
    """`wanted` if it is free, else the next free port above it, which is reported in one line.

    `Unavailable` if none of the `PORTS_TRIED` ports from `wanted` on is free, or this user may have none of them.
    """
    if wanted < PRIVILEGED and os.geteuid() != 0 and not is_free(wanted):
        raise Unavailable("find a free port", str(wanted), f"only root listens below {PRIVILEGED}: name a higher one")
    for port in range(wanted, min(wanted + PORTS_TRIED, 65_536)):
        if is_free(port):
            if port != wanted:
                report(f"port {wanted} is taken by another program; using {port} instead")
            return port
    raise Unavailable("find a free port", f"{wanted} and the {PORTS_TRIED - 1} above", "stop a program or name another")


def told_of_a_taken_port(words: str) -> bool:
    """Whether a server's own last words say that another program had its port: somebody was quicker than its start."""
    return os.strerror(errno.EADDRINUSE).lower() in words.lower()


def holds(pid: int, port: int) -> bool:
    """Whether this process, and no other, listens on this port of loopback. False for a process that is not ours."""
    with contextlib.suppress(OSError):
        sockets = {str(held.readlink()) for held in Path(f"/proc/{pid}/fd").iterdir()}
        return any(f"socket:[{inode}]" in sockets for inode in _listening(port))
    return False


def _listening(port: int) -> Iterator[str]:
    """The system's numbers of the sockets that listen on this port of loopback."""
    address = f"{int.from_bytes(socket.inet_aton(LOOPBACK), sys.byteorder):08X}:{port:04X}"
    for line in Path("/proc/net/tcp").read_text(encoding="ascii").splitlines()[1:]:
        fields = line.split()
        if fields[1] == address and fields[3] == LISTENING:
            yield fields[9]


def listens(port: int) -> bool:
    """Whether somebody accepts connections on this port of loopback."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.settimeout(1)
        return probe.connect_ex((LOOPBACK, port)) == 0
