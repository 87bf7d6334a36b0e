"""HTTP calls that wait as long as a busy machine takes; httpx by itself gives up after five seconds."""

import time
from collections.abc import Iterator
from functools import partial

import httpx

SECONDS = 60.0
"""Far above everything that is awaited."""

get, post, put, delete, request = (
    partial(call, timeout=SECONDS) for call in (httpx.get, httpx.post, httpx.put, httpx.delete, httpx.request)
)


def lines(answer: httpx.Response, *, seconds: float = SECONDS) -> Iterator[str]:
    """The lines of a live stream; `AssertionError` where whoever reads them still waits after `seconds`.

    A pulse comes every 2 s for ever: who waits for something else that never comes would never know.
    """
    began = time.monotonic()
    for line in answer.iter_lines():
        yield line
        assert time.monotonic() < began + seconds, "what is awaited did not come"
