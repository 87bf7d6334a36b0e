"""A test that hangs is named, with where it stands, and the others go on; else a run is cut and nobody knows why.

At the limit the test fails like any other. Where even that is not heeded, or hangs while it is taken down, the process
ends: with several, another one takes its tests over.
"""

import asyncio
import faulthandler
import os
import signal
from collections.abc import Iterator
from types import FrameType

import pytest
from _pytest.faulthandler import fault_handler_stderr_fd_key

LIMIT_SECONDS = 240.0
"""Of a test with its fixtures: four times what the longest one takes."""
HARD_SECONDS = 60.0
"""After that, for taking servers and browsers down."""


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[object]:
    """Hold one test to the limit; a long campaign has none."""
    if item.get_closest_marker("long"):
        return (yield)

    def fail(_number: int, _frame: FrameType | None) -> None:
        stand = where_tasks_stand()
        os.write(_screen(item), f"\n{item.nodeid} hangs:\n{stand}".encode())
        pytest.fail(f"hangs for {LIMIT_SECONDS:.0f} s: {stand}")

    before = signal.signal(signal.SIGALRM, fail)
    signal.setitimer(signal.ITIMER_REAL, LIMIT_SECONDS)
    _set_hard_limit(item)
    try:
        return (yield)
    finally:
        faulthandler.cancel_dump_traceback_later()
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


@pytest.hookimpl(trylast=True)
def pytest_exception_interact(node: pytest.Item | pytest.Collector) -> None:
    """A test that failed may hang while it is taken down; pytest's own hook has just lifted the hard limit."""
    if isinstance(node, pytest.Item) and not node.get_closest_marker("long"):
        _set_hard_limit(node)


def _set_hard_limit(item: pytest.Item) -> None:
    faulthandler.dump_traceback_later(LIMIT_SECONDS + HARD_SECONDS, file=_screen(item), exit=True)


def _screen(item: pytest.Item) -> int:
    """The real one: what a test writes is captured."""
    return item.config.stash[fault_handler_stderr_fd_key]


def where_tasks_stand() -> str:
    """Each task of this thread's loop and the lines in which it waits; without a loop nothing."""
    try:
        tasks = asyncio.all_tasks()
    except RuntimeError:
        return ""
    return "\n".join(line for task in tasks for line in (task.get_name(), *_waits(task)))


def _waits(task: "asyncio.Task[object]") -> Iterator[str]:
    awaited: object = task.get_coro()
    while awaited is not None:  # down to what no coroutine awaits
        frame = getattr(awaited, "cr_frame", None) or getattr(awaited, "gi_frame", None)
        if frame is None:
            return
        yield f"  {frame.f_code.co_filename}:{frame.f_lineno} {frame.f_code.co_name}"
        awaited = getattr(awaited, "cr_await", None) or getattr(awaited, "gi_yieldfrom", None)
