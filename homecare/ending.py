"""Ending tasks: told again until they have ended, and never at the price of one's own end."""

import asyncio
from typing import Any, Final

AGAIN_SECONDS: Final = 0.5
"""Before a task is told once more: what hangs up in order needs some milliseconds, on a slow line some hundred."""


async def end(*tasks: asyncio.Task[Any]) -> None:
    """Cancel until all have ended; what one of them raised meanwhile is told to nobody.

    Once is not enough: in Python 3.11 `wait_for`, and so aiomqtt, swallows a cancellation that comes in the same
    moment as what it waits for. And `suppress(CancelledError)` around `await task` would take one's own end for the
    task's: whoever runs for ever would run on. Here one's own cancellation is raised at once.
    """
    while pending := [task for task in tasks if not task.done()]:
        for task in pending:
            task.cancel()
        await asyncio.wait(pending, timeout=AGAIN_SECONDS)
    for task in tasks:
        if not task.cancelled():
            task.exception()  # it counts as read: the loop complains of nothing afterwards
