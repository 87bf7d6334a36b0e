"""Waiting for something that tells nobody when it happens: a poll with a deadline."""

import asyncio
from collections.abc import Callable

SECONDS = 30.0
"""Far above everything that is awaited, so that a busy machine turns no test red."""


async def until(condition: Callable[[], object], *, seconds: float = SECONDS) -> None:
    """Return when `condition` holds; `TimeoutError` after `seconds`."""
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110 why: what is awaited sets no event
            await asyncio.sleep(0.01)


async def end(*tasks: "asyncio.Task[None]", seconds: float = SECONDS) -> None:
    """Cancel until all have ended; in Python 3.11 `wait_for`, and so aiomqtt, may swallow a cancellation."""
    async with asyncio.timeout(seconds):
        while pending := [task for task in tasks if not task.done()]:
            for task in pending:
                task.cancel()
            await asyncio.wait(pending, timeout=0.2)
    await asyncio.gather(*tasks, return_exceptions=True)
