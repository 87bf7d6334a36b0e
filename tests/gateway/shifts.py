"""A night's plan around now for a served gateway: files as exported, and a phone's live events."""

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import httpx

from gateway.model.plan_line import COLUMNS
from homecare.clock import SystemClock
from tests import patient

STOCKHOLM = ZoneInfo("Europe/Stockholm")
PLAN = "/api/v1/visits/plan"
TODAY = "/api/v1/phone/today"


def now() -> datetime:
    return datetime.fromtimestamp(SystemClock().now().wall / 1_000_000, STOCKHOLM).replace(microsecond=0)


def rfc(moment: datetime) -> str:
    return moment.isoformat()


def line(external_id: str, home: str, *people: str, minutes: int = 0, status: str = "planned", tasks: str = "") -> str:
    """A visit of half an hour, so many minutes from now; with the offset, so that it is right in every night."""
    start = now() + timedelta(minutes=minutes)
    times = [(start + timedelta(minutes=more)).isoformat(sep=" ") for more in (0, 30)]
    shown = [f"{time[:16]}{time[-6:]}" for time in times]
    return ";".join((external_id, home, *shown, " ".join(people), str(len(people)), tasks, status))


def csv(*lines: str) -> bytes:
    return "".join(f"{one}\n" for one in (";".join(COLUMNS), *lines)).encode()


def send(client: httpx.Client, content: bytes, path: str = PLAN, **query: str) -> httpx.Response:
    return client.post(path, content=content, params=query, headers={"Content-Type": "text/csv"})


def events(answer: httpx.Response) -> Iterator[tuple[str, Any]]:
    """The events of a stream as they come."""
    name = ""
    for row in patient.lines(answer):
        if row.startswith("event: "):
            name = row.removeprefix("event: ")
        elif row.startswith("data: "):
            yield name, json.loads(row.removeprefix("data: "))
