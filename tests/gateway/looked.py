"""Every client of these tests looks behind each answer: what shows a home has left a row in `read_log`.

A command that is under way names its home and shows nothing of it; an edge that comes in by its code is no reader.
"""

import re
from collections import Counter
from typing import Any, Final

import httpx
import psycopg

from tests.asking import rows

UNDER_WAY: Final = '"final":false'
NO_READER: Final = "/api/v1/enrolment"
HOME: Final = re.compile(r'"(?:home|id)":"(home-[a-z0-9-]+)"')
"""Where an answer names a home itself; what somebody wrote into a reason may look like one."""


def _logged(database_url: str) -> Counter[str] | None:
    """The read log's rows, counted by home; None while a test has killed the database, or taken the log away."""
    try:
        return Counter(dict(rows(database_url, "SELECT home, count(*) FROM read_log GROUP BY home")))
    except (psycopg.OperationalError, psycopg.errors.UndefinedTable):
        return None


def _shows(response: httpx.Response) -> bool:
    is_json = response.headers.get("content-type", "").startswith("application/json")
    return response.is_success and is_json and response.request.url.path != NO_READER


def _judge(database_url: str, response: httpx.Response) -> None:
    shown = set() if UNDER_WAY in response.text else set(HOME.findall(response.text))
    before, after = response.request.extensions["logged"], _logged(database_url)
    if shown and before is not None and after is not None:
        added = after - before
        what = f"{response.request.method} {response.request.url.path}"
        assert shown <= set(added), f"{what} showed {sorted(shown - set(added))} and left no row in read_log"


def hooks(database_url: str) -> dict[str, Any]:
    """For `httpx.Client(event_hooks=...)`."""

    def begin(request: httpx.Request) -> None:
        request.extensions["logged"] = _logged(database_url)

    def answered(response: httpx.Response) -> None:
        if _shows(response):
            response.read()
            _judge(database_url, response)

    return {"request": [begin], "response": [answered]}


def async_hooks(database_url: str) -> dict[str, Any]:
    """For `httpx.AsyncClient(event_hooks=...)`."""

    async def begin(request: httpx.Request) -> None:
        request.extensions["logged"] = _logged(database_url)

    async def answered(response: httpx.Response) -> None:
        if _shows(response):
            await response.aread()
            _judge(database_url, response)

    return {"request": [begin], "response": [answered]}
