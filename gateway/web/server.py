"""The web server inside the process's own event loop."""

import contextlib
import socket
from collections.abc import Iterator
from typing import Final

import uvicorn

from gateway.web.app import create_app
from gateway.web.services import Services

HEADER_BYTES: Final = 16 * 1024
"""Of a request's line and headers together."""
STOP_SECONDS: Final = 2
"""For answers under way when the process ends."""


async def serve(services: Services, listening: socket.socket) -> None:
    """Answer on the socket until cancelled."""
    config = uvicorn.Config(
        create_app(services),
        log_level="warning",
        access_log=False,
        lifespan="off",
        server_header=False,
        proxy_headers=False,
        ws="none",
        h11_max_incomplete_event_size=HEADER_BYTES,
        timeout_graceful_shutdown=STOP_SECONDS,
    )
    await _Server(config).serve(sockets=[listening])


class _Server(uvicorn.Server):
    """Leaves the process's signals to whoever started it."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Nothing is captured."""
        yield
