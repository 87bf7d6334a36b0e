"""The MQTT transport's own rim: what works on a connection ends with it, whatever the libraries below do."""

import asyncio
import contextlib

import pytest

from edge.transports.mqtt import _end


@pytest.mark.asyncio
async def test_what_swallows_a_cancellation_is_ended_all_the_same() -> None:
    """As `wait_for` of Python 3.11 does when an acknowledgement and the cancellation come in one moment."""
    swallowed = asyncio.Event()

    async def stubborn() -> None:
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.Event().wait()
        swallowed.set()
        await asyncio.Event().wait()

    task = asyncio.create_task(stubborn())
    await asyncio.sleep(0)
    async with asyncio.timeout(5):
        await _end([task])
    assert swallowed.is_set()
    assert task.cancelled()
