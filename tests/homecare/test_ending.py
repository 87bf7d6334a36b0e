"""Whoever is told to end, ends: the task, and whoever waits for it."""

import asyncio
import contextlib

import pytest

from homecare.ending import end
from tests.waiting import SECONDS


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
    async with asyncio.timeout(SECONDS):
        await end(task)
    assert swallowed.is_set()
    assert task.cancelled()


@pytest.mark.asyncio
async def test_whoever_is_ended_while_ending_another_ends() -> None:
    """Red with `suppress(CancelledError)` around `await task`: the second loop never learns that it was told."""
    slow, resting = asyncio.Event(), asyncio.Event()

    async def last_words() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            slow.set()
            await asyncio.sleep(0.01)

    async def for_ever() -> None:
        task = asyncio.create_task(last_words())
        await asyncio.sleep(0)
        await end(task)
        resting.set()
        await asyncio.Event().wait()

    work = asyncio.create_task(for_ever())
    async with asyncio.timeout(SECONDS):
        await slow.wait()
        work.cancel()
        await asyncio.wait({work}, timeout=SECONDS)
    assert work.cancelled()
    assert not resting.is_set()


@pytest.mark.asyncio
async def test_what_failed_is_ended_and_complains_of_nothing() -> None:
    async def fails() -> None:
        raise ValueError

    task = asyncio.create_task(fails())
    await asyncio.sleep(0)
    complaints: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: complaints.append(context))
    await end(task)
    del task
    await asyncio.sleep(0)
    assert not complaints
