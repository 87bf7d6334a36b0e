"""Where the alarm process listens: sockets on loopback, taken before anything else is done.

Whoever started the process learns from its exit code that a port was taken, and may look for another one.
"""

import contextlib
import errno
import socket
from collections.abc import Iterator
from typing import Final

from homecare.errors import Conflict, Unavailable

LOOPBACK: Final = "127.0.0.1"
PORT_TAKEN: Final = 98
"""The exit code of a process that found its port taken: the system's own number for an address in use."""


class PortTaken(Conflict):
    """Another program listens where we were to listen."""


@contextlib.contextmanager
def listening(port: int, variable: str) -> Iterator[socket.socket]:
    """A socket on loopback; 0 takes any free port. `variable` names the port in what a person is told.

    `PortTaken`: another program has it. `Unavailable`: this user may not have it.
    """
    try:
        opened = socket.create_server((LOOPBACK, port), reuse_port=False)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise PortTaken("listen", f"port {port}", f"it is taken; set {variable} to a free one") from error
        raise Unavailable("listen", f"port {port}", f"{error.strerror}; set {variable} to another one") from error
    with opened:
        yield opened


@contextlib.contextmanager
def maybe_listening(port: int | None, variable: str) -> Iterator[socket.socket | None]:
    """The same where there is to be a socket; None where there is none."""
    with contextlib.ExitStack() as opened:
        yield None if port is None else opened.enter_context(listening(port, variable))
