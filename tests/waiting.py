"""Waiting for something that tells nobody when it happens: a poll with a deadline."""

import asyncio
from collections.abc import Callable

from homecare import ending

SECONDS = 30.0
"""Far above everything that is awaited, so that a busy machine turns no test red."""
LOOK_SECONDS = 0.01


async def until(condition: Callable[[], object], *, seconds: float = SECONDS) -> None:
    """Return when `condition` holds; `TimeoutError` after `seconds`.

    A look at a database stops the loop; whatever is awaited and runs in it gets four times as long between two looks.
    """
    loop = asyncio.get_running_loop()
    async with asyncio.timeout(seconds):
        while True:
            began = loop.time()
            if condition():
                return
            await asyncio.sleep(max(LOOK_SECONDS, 4 * (loop.time() - began)))


async def end(*tasks: "asyncio.Task[None]", seconds: float = SECONDS) -> None:
    """Cancel until all have ended; `TimeoutError` after `seconds`."""
    async with asyncio.timeout(seconds):
        await ending.end(*tasks)
