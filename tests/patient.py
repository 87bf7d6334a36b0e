"""HTTP calls that wait as long as a busy machine takes; httpx by itself gives up after five seconds."""

from functools import partial

import httpx

SECONDS = 60.0
"""Far above everything that is awaited."""

get, post, put, delete, request = (
    partial(call, timeout=SECONDS) for call in (httpx.get, httpx.post, httpx.put, httpx.delete, httpx.request)
)
