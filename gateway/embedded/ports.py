"""Ports on loopback."""

import os
import socket
from collections.abc import Callable
from typing import Final

from homecare.errors import Unavailable

LOOPBACK: Final = "127.0.0.1"
PORTS_TRIED: Final = 100
"""Ports above the wanted one that are tried: enough for dozens of copies side by side, and an end to the search."""

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


def listens(port: int) -> bool:
    """Whether somebody accepts connections on this port of loopback."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.settimeout(1)
        return probe.connect_ex((LOOPBACK, port)) == 0
