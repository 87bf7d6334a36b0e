"""A town whose edges all fell silent: ten thousand open alerts, and desks that look at them."""

import json
import re
from contextlib import ExitStack
from pathlib import Path

import httpx
import psycopg

from tests import patient
from tests.gateway.serving import HOUSES, Serving

CROWD = 10_000
GROWTH_MIB = 20
"""Of ten thousand alerts: what the database says about them, once and for a moment, whatever the number of desks."""
_COLUMNS = """
    SELECT string_agg(column_name, ', ') FROM information_schema.columns
    WHERE table_name = 'alert' AND table_schema = 'public' AND is_generated = 'NEVER'
"""
_CROWD = """
    INSERT INTO alert ({0}) SELECT {0} FROM generate_series(1, %s) AS n, LATERAL (SELECT (jsonb_populate_record(
        alert, jsonb_build_object('id', 'alert-crowd-' || lpad(n::text, 5, '0'),
                                  'home', 'home-crowd-' || lpad(n::text, 5, '0')))).* FROM alert WHERE id = %s) AS one
"""


def resident_mib(serving: Serving) -> int:
    status = Path(f"/proc/{serving.process.pid}/status").read_text()
    return int(re.search(r"VmRSS:\s+(\d+)", status)[1]) // 1024  # type: ignore[index]


def snapshot(live: httpx.Response) -> dict[str, str]:
    """The first event of a live connection."""
    event: dict[str, str] = {}
    for line in patient.lines(live):
        if not line:
            return event
        name, _, value = line.partition(": ")
        event[name] = value
    raise AssertionError("the stream ended")


def test_ten_thousand_open_alerts_do_not_stay_in_memory_with_each_desk(serving: Serving) -> None:
    [alert] = serving.press(HOUSES[7], 1)
    with psycopg.connect(serving.database_url) as connection:
        ((columns,),) = connection.execute(_COLUMNS).fetchall()
        connection.execute(_CROWD.format(columns), (CROWD, alert.id))
    before = resident_mib(serving)
    with ExitStack() as desks:
        client = desks.enter_context(serving.client())
        events = [snapshot(desks.enter_context(client.stream("GET", "/api/v1/live"))) for _ in range(4)]
        event = events[-1]
        assert event["event"] == "snapshot"
        said = json.loads(event["data"])
        assert said["number"] == int(event["id"])
        assert sum(one["home"].startswith("home-crowd-") for one in said["alerts"]) == CROWD
        grown = resident_mib(serving) - before
    with psycopg.connect(serving.database_url) as connection:
        connection.execute("DELETE FROM alert WHERE home LIKE 'home-crowd-%%'")
    assert grown < GROWTH_MIB, f"{grown} MiB"
