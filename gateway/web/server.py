"""The web server inside the process's own event loop."""

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import uvicorn
from fastapi import FastAPI

HEADER_BYTES: Final = 16 * 1024
"""Of a request's line and headers together."""
STOP_SECONDS: Final = 2
"""For answers under way when the process ends."""


def configured(application: FastAPI, *, certificate: Path | None = None) -> uvicorn.Config:
    """An application and its bounds; with a file of certificate and key it is served over TLS."""
    config = uvicorn.Config(
        application,
        ssl_certfile=certificate,
        log_level="warning",
        log_config=None,  # its own handlers would tell what an error said
        access_log=False,
        lifespan="off",
        server_header=False,
        proxy_headers=False,
        ws="none",
        h11_max_incomplete_event_size=HEADER_BYTES,
        timeout_graceful_shutdown=STOP_SECONDS,
    )
    config.load()
    return config


class Server(uvicorn.Server):
    """Answers until cancelled; leaves the process's signals to whoever started it."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Nothing is captured."""
        yield
