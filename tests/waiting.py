"""Waiting for something that tells nobody when it happens: a poll with a deadline."""

import asyncio
from collections.abc import Callable

SECONDS = 10.0
"""Far above everything that is awaited, so that a busy machine turns no test red."""


async def until(condition: Callable[[], object], *, seconds: float = SECONDS) -> None:
    """Return when `condition` holds; `TimeoutError` after `seconds`."""
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110 why: what is awaited sets no event
            await asyncio.sleep(0.01)
