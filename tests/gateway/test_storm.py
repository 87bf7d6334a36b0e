"""A town falls silent in one moment, and somebody presses a button: the call waits for none of the faults."""

import asyncio
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import pairwise
from typing import Any

import httpx
import msgspec
import psycopg
import pytest

from gateway.adapters.postgres.alarm_intake import LOCK_MS, PostgresAlarms
from gateway.adapters.postgres.alerts import apply_verdicts
from gateway.adapters.postgres.connections import Connections
from gateway.adapters.postgres.desk_views import PostgresDesk
from gateway.adapters.postgres.feed import NUMBER_LIMIT, PostgresFeed
from gateway.intake.registry import Registry
from gateway.ports.desk import Read
from gateway.web.alert_events import KEPT, AlertEvents
from homecare.alert import Condition
from homecare.clock import SystemClock
from homecare.identity import HomeId
from rules.verdict import Clear, Raise
from tests import patient
from tests.gateway.alarms import judged, rows
from tests.gateway.enrolled import GATEWAY_PRIVATE, NOW, household
from tests.gateway.serving import HOUSES, Serving
from tests.waiting import until

TOWN = 10_000
AT_ONCE = 500
PROMISED_SECONDS = 2.0
"""From a press to the desk, whatever else happens."""
PREPARED = 12
"""After ten calls of a statement the server may keep the plan that it then has."""
PRESSES_LIMIT = 60
_TOUCHED = "SELECT coalesce(sum(seq_tup_read), 0)::int FROM pg_stat_user_tables WHERE relname = 'alert'"
_GONE = "SELECT count(*) FROM pg_stat_activity WHERE application_name IN ('test-feed', 'test-desk')"
"""A session that has ended has told all its figures."""


def silent(number: int) -> Raise:
    return Raise(Condition.EDGE_SILENT, HomeId(f"home-storm-{number:05}"), None, f"w{number}", NOW, None, 1, {})


async def fall_silent(database_url: str, first: int, count: int, *, clear: bool = False) -> None:
    """Verdicts as the bulk lane puts them into force, in one transaction."""
    connections = Connections(database_url, name="test-storm", size=1, lock_ms=LOCK_MS, keeps_plans=True)
    raised = [silent(number) for number in range(first, first + count)]
    cleared = [Clear(one.condition, one.home, None, NOW) for one in raised] if clear else []
    async with connections.transaction() as cursor:
        await apply_verdicts(cursor, [*raised, *cleared], SystemClock().now().wall)
    await connections.close()


async def call(database_url: str, seq: int) -> None:
    connections = Connections(database_url, name="test-press", size=1, lock_ms=LOCK_MS)
    await PostgresAlarms(connections).take(judged(household(1), seq), NOW)
    await connections.close()


# --- the order ----------------------------------------------------------------------------------------------------


@pytest.mark.asyncio
async def test_a_call_is_numbered_before_every_fault_that_waits(database_url: str) -> None:
    await fall_silent(database_url, 1, NUMBER_LIMIT + 50, clear=True)
    await call(database_url, 1)
    feed = PostgresFeed(database_url, name="test-feed")
    while await feed.number_committed():
        pass
    seen = [row.view.alert for row in await feed.after(0, 10_000)]
    await feed.close()
    assert [alert.condition for alert in seen] == [Condition.HELP_CALL, *[Condition.EDGE_SILENT] * (len(seen) - 1)]
    assert len(seen) == 1 + 2 * (NUMBER_LIMIT + 50)
    for home in {alert.home for alert in seen}:
        versions = [alert.version for alert in seen if alert.home == home]
        assert all(one < other for one, other in pairwise(versions)), "each alert in its own order"


@pytest.mark.asyncio
async def test_ten_thousand_faults_are_numbered_some_at_a_time(database_url: str) -> None:
    await fall_silent(database_url, 1, NUMBER_LIMIT + 1)
    feed = PostgresFeed(database_url, name="test-feed")
    assert await feed.number_committed() == NUMBER_LIMIT
    await call(database_url, 1)
    assert await feed.number_committed() == 2
    [first, _] = await feed.after(NUMBER_LIMIT, 10)
    await feed.close()
    assert first.view.alert.condition is Condition.HELP_CALL


# --- the plans ----------------------------------------------------------------------------------------------------


@pytest.mark.asyncio
async def test_what_was_read_over_no_alerts_is_read_as_well_over_thousands(database_url: str) -> None:
    """A plan that the server kept from the quiet time would look through all alerts for each row of a page."""
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE alert, feed")  # as the server itself does in time
    feed = PostgresFeed(database_url, name="test-feed")
    connections = Connections(database_url, name="test-desk", size=1, lock_ms=LOCK_MS)
    desk, read = PostgresDesk(connections), Read(person="Storm", what="test", within=None)
    for _ in range(PREPARED):
        await feed.number_committed()
        await feed.after(0, NUMBER_LIMIT)
        await desk.alerts("open", 10, read)
    await fall_silent(database_url, 1, 2_000)
    while await feed.number_committed():
        pass
    [(before,)] = rows(database_url, _TOUCHED)
    await feed.after(0, NUMBER_LIMIT)
    await desk.alerts("open", NUMBER_LIMIT, read)
    await feed.close()
    await connections.close()
    await until(lambda: rows(database_url, _GONE) == [(0,)])
    [(after,)] = rows(database_url, _TOUCHED)
    assert after - before < 10 * 2_000


# --- the whole ----------------------------------------------------------------------------------------------------


class Desk:
    """What a live connection has heard: each alert with the moment at which it came."""

    def __init__(self) -> None:
        self.heard: dict[tuple[str, int], float] = {}
        self.came = threading.Condition()

    def listen(self, lines: Iterator[str]) -> None:
        event = ""
        with suppress(httpx.StreamError, httpx.TransportError):  # the test closes the stream
            for line in lines:
                name, _, value = line.partition(": ")
                if name == "event":
                    event = value
                elif name == "data" and event == "alert":
                    self.hear(json.loads(value))

    def hear(self, alert: dict[str, Any]) -> None:
        with self.came:
            self.heard[alert["home"], alert["occurrences"]] = time.monotonic()
            self.came.notify_all()

    def until(self, what: tuple[str, int]) -> float:
        with self.came:
            assert self.came.wait_for(lambda: what in self.heard, patient.SECONDS), what
            return self.heard[what]


@contextmanager
def live(serving: Serving) -> Iterator[Desk]:
    desk = Desk()
    with serving.client(**{"X-Vaka-Operator": "Storm"}) as client, client.stream("GET", "/api/v1/live") as response:
        lines = response.iter_lines()
        next(lines)
        listening = threading.Thread(target=desk.listen, args=(lines,), daemon=True)
        listening.start()
        yield desk
    listening.join()


def test_a_press_passes_a_town_that_falls_silent(serving: Serving) -> None:
    """And an operator's call is answered meanwhile; every fault is shown, and stands in the read log, in the end."""
    house, took = HOUSES[2], []
    with live(serving) as desk, serving.client() as client:

        def press(count: int) -> None:
            pressed = time.monotonic()
            serving.press(house, count)
            took.append(desk.until((house.home, count)) - pressed)
            client.get("/api/v1/alerts", params={"limit": 5}).raise_for_status()
            took.append(time.monotonic() - pressed)

        for count in range(1, PREPARED + 1):
            press(count)
        storm = threading.Thread(target=_storm, args=(serving.database_url,))
        storm.start()
        for count in range(PREPARED + 1, PRESSES_LIMIT):
            press(count)
            if not storm.is_alive():
                break
        storm.join()
        for number in range(1, TOWN + 1):
            desk.until((silent(number).home, 1))
    assert max(took) < PROMISED_SECONDS, [round(one, 2) for one in took]
    logged = "SELECT count(DISTINCT home), count(DISTINCT at) FROM read_log WHERE person = 'Storm' AND home ~ 'storm'"
    asyncio.run(until(lambda: serving.rows(logged)[0][0] == TOWN))
    assert int(str(serving.rows(logged)[0][1])) < TOWN / 10
    with psycopg.connect(serving.database_url) as connection:
        connection.execute("DELETE FROM alert WHERE home ~ 'storm'")


# --- what many desks read ---------------------------------------------------------------------------------------------


@pytest.mark.asyncio
async def test_a_row_is_encoded_once_for_all_desks_and_a_number_given_again_is_another_row(database_url: str) -> None:
    await fall_silent(database_url, 1, 2)
    feed = PostgresFeed(database_url, name="test-feed")
    await feed.number_committed()
    [one, other] = await feed.after(0, 2)
    await feed.close()
    events = AlertEvents(Registry(GATEWAY_PRIVATE))
    assert events.of(one) is events.of(one)
    restored = msgspec.structs.replace(other, number=one.number)
    assert one.view.alert.home in events.of(one).decode()
    assert other.view.alert.home in events.of(restored).decode()
    for number in range(KEPT + 5):
        events.of(msgspec.structs.replace(one, number=number))
    assert len(events._kept) == KEPT


def _storm(database_url: str) -> None:
    for first in range(1, TOWN + 1, AT_ONCE):
        asyncio.run(fall_silent(database_url, first, AT_ONCE))
