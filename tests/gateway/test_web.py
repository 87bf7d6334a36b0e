"""The API as a desk and an integrator meet it: the real process, over HTTP."""

import json
import re
import socket
import subprocess
import sys
import time
from datetime import datetime, timedelta
from pathlib import Path

import httpx
import psycopg
import pytest

from gateway.embedded import PrivateBroker
from gateway.web.bounds import SECURITY_HEADERS
from gateway.web.live import PULSE_SECONDS
from tests import patient
from tests.gateway.serving import ANSWER_SECONDS, HOUSES, Serving, assert_problem
from tests.gateway.signed import OPEN
from tests.servers import ROOT

# --- supervision ------------------------------------------------------------------------------------------------------


def test_ready_names_what_stands_behind_it(serving: Serving) -> None:
    answer = patient.get(f"{serving.url}/readyz")
    ready = answer.json()
    assert answer.status_code == 200
    assert set(ready) >= {"vaka", "postgresql", "timescaledb", "timescaledb_license", "broker", "bulk"}
    assert re.fullmatch(r"127\.0\.0\.1:\d+", ready["broker"])
    assert ready["bulk"] == {"alive": False, "seconds_since": None}
    assert patient.get(f"{serving.url}/healthz").json() == {"alive": True}


def test_figures_are_prometheus_text(serving: Serving) -> None:
    text = patient.get(f"{serving.url}/metrics").text
    for name in ("vaka_alarm_facts_total", "vaka_open_alerts", "vaka_feed_latency_seconds_bucket", "vaka_live_desks"):
        assert re.search(rf"^{name}", text, re.MULTILINE), name


def test_the_description_is_complete(serving: Serving) -> None:
    described = patient.get(f"{serving.url}/openapi.json").json()
    assert {path for path in described["paths"] if path.startswith("/api")} >= {
        "/api/v1/alerts",
        "/api/v1/alerts/{alert}/{action}",
        "/api/v1/homes",
        "/api/v1/homes/{home}/day",
        "/api/v1/live",
    }
    for path, methods in described["paths"].items():
        for method, operation in methods.items():
            assert operation["summary"], (method, path)
            if path.startswith("/api"):
                signed = [{"HTTPBearer": []}, {"APIKeyCookie": []}]
                assert operation.get("security", []) == ([] if path in OPEN else signed), path
                assert {"401", "404", "422", "503"} <= set(operation["responses"]), path
    assert {"from", "to"} <= set(described["components"]["schemas"]["Day"]["properties"])


# --- who may call -----------------------------------------------------------------------------------------------------

PATHS = ("/api/v1/alerts", "/api/v1/homes", f"/api/v1/homes/{HOUSES[0].home}/day", "/api/v1/live")


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("given", [None, "", "Bearer wrong", "Basic YTpi", "bearer", "Bearer \xff"])
def test_http_01_25_without_the_token_nothing_is_shown(serving: Serving, path: str, given: str | None) -> None:
    headers = {} if given is None else {"Authorization": given.encode("latin-1")}
    answer = patient.get(serving.url + path, headers=headers)  # type: ignore[arg-type]
    assert_problem(answer, 401, "refused")
    assert answer.headers["www-authenticate"] == "Bearer"


def test_every_answer_carries_the_security_headers(serving: Serving, client: httpx.Client) -> None:
    for answer in (client.get("/api/v1/alerts"), patient.get(f"{serving.url}/desk"), client.get("/nowhere")):
        for name in set(SECURITY_HEADERS) - {"Cache-Control"}:
            assert answer.headers[name] == SECURITY_HEADERS[name]
    assert "unsafe" not in SECURITY_HEADERS["Content-Security-Policy"]
    assert client.get("/api/v1/alerts").headers["cache-control"] == "no-store"
    assert "server" not in client.get("/healthz").headers


def test_it_listens_on_loopback_only(serving: Serving) -> None:
    with socket.socket() as probe:
        probe.settimeout(1)
        address = socket.gethostbyname(socket.gethostname())
        if not address.startswith("127."):
            assert probe.connect_ex((address, serving.port)) != 0


# --- alerts and what people do with them -----------------------------------------------------------------------------


def test_an_alert_from_press_to_end(serving: Serving, client: httpx.Client) -> None:
    house = HOUSES[0]
    serving.press(house, 1)
    listed = client.get("/api/v1/alerts", params={"state": "open"}).json()
    [alert] = [one for one in listed["alerts"] if one["home"] == house.home]
    assert (alert["home_label"], alert["urgency"], alert["occurrences"]) == ("Test home 31", "call", 1)
    assert alert["raised_at"].endswith("Z")
    action = f"/api/v1/alerts/{alert['id']}"
    taken = client.post(f"{action}/take", json={"version": 1, "operator": " Åsa "}).json()
    assert (taken["claimed_by"], taken["version"]) == ("Åsa", 2)
    body = assert_problem(client.post(f"{action}/take", json={"version": 2, "operator": "Bo"}), 409, "conflict")
    assert body["alert"]["claimed_by"] == "Åsa"
    assert "tagen" in body["message"]["sv"] or "taget" in body["message"]["sv"]
    without = client.post(f"{action}/resolve", json={"version": 2, "operator": "Åsa", "reason": ""})
    assert "varför" in assert_problem(without, 403, "refused")["message"]["sv"]
    ended = client.post(f"{action}/resolve", json={"version": 2, "operator": "Åsa", "reason": "feltryck"})
    assert (ended.json()["standing"], ended.json()["reason"]) == ("resolved", "feltryck")
    again = client.post(f"{action}/take", json={"version": 3, "operator": "Bo"})
    assert "avslutat" in assert_problem(again, 409, "conflict")["message"]["sv"]


def test_http_24_a_stale_version_is_a_conflict_that_shows_the_newer_press(
    serving: Serving, client: httpx.Client
) -> None:
    house = HOUSES[1]
    [first, _] = serving.press(house, 1, count=2)
    answer = client.post(f"/api/v1/alerts/{first.id}/take", json={"version": 1, "operator": "Åsa"})
    body = assert_problem(answer, 409, "conflict")
    assert (body["alert"]["occurrences"], body["alert"]["version"]) == (2, 2)


# --- who looked -------------------------------------------------------------------------------------------------------


def test_http_34_every_read_path_leaves_a_row_a_home(serving: Serving) -> None:
    house = HOUSES[2]
    [alert] = serving.press(house, 1)

    def logged(name: str) -> set[tuple[object, ...]]:
        return set(serving.rows("SELECT what, home FROM read_log WHERE person = %s AND home = %s", name, house.home))

    with serving.client(**{"X-Vaka-Operator": "Reader%20Karin"}) as client:
        client.get("/api/v1/alerts")
        client.get("/api/v1/homes")
        client.get(f"/api/v1/homes/{house.home}/day")
        with client.stream("GET", "/api/v1/live") as live:
            next(patient.lines(live))
        body = {"version": 9, "operator": "Reader Karin"}
        client.post(f"/api/v1/alerts/{alert.id}/take", json=body)
        client.post(f"/api/v1/alerts/{alert.id}/take", json={**body, "version": 1})
    kinds = {"alerts", "homes", "day", "live", "alert.conflict", "alert.claimed"}
    assert logged("Reader Karin") == {(kind, house.home) for kind in kinds}
    with serving.client() as client:
        assert client.head("/api/v1/alerts").status_code == 405, "no read path without a row"


def test_a_home_that_first_appears_on_a_live_connection_is_logged(serving: Serving) -> None:
    house = HOUSES[3]
    with (
        serving.client(**{"X-Vaka-Operator": "Live"}) as client,
        client.stream("GET", "/api/v1/live") as live,
    ):
        lines = patient.lines(live)
        next(lines)
        serving.press(house, 1)
        assert next(line for line in lines if line.startswith("data: ") and house.home in line)
    deadline = time.monotonic() + ANSWER_SECONDS
    statement = "SELECT count(*) FROM read_log WHERE person = 'Live' AND home = %s"
    while serving.rows(statement, house.home) != [(1,)]:
        assert time.monotonic() < deadline
        time.sleep(0.02)


# --- live -------------------------------------------------------------------------------------------------------------


def events(client: httpx.Client, alerts: int, last: str | None = None, *, home: str = "") -> list[dict[str, str]]:
    """The events of a new connection up to the given number of the home's alerts."""
    found: list[dict[str, str]] = [{}]
    headers = {} if last is None else {b"Last-Event-ID": last.encode()}
    with client.stream("GET", "/api/v1/live", headers=headers) as live:
        assert live.headers["content-type"].startswith("text/event-stream")
        for line in patient.lines(live):
            if line:
                name, _, value = line.partition(": ")
                found[-1][name] = value
                continue
            if len(of_home(found, home)) >= alerts and len(found) > 1:
                return found
            found.append({})
    raise AssertionError("the stream ended")


def of_home(found: list[dict[str, str]], home: str) -> list[dict[str, str]]:
    return [event for event in found if event["event"] == "alert" and home in event["data"]]


def test_a_desk_that_resumes_has_missed_nothing(serving: Serving, client: httpx.Client) -> None:
    """Other homes' alerts may change meanwhile: they are numbered too."""
    home = HOUSES[4].home
    [snapshot, *_] = events(client, 0)
    start = int(snapshot["id"])
    serving.press(HOUSES[4], 1, count=30)
    resumed = events(client, 30, last=str(start), home=home)
    assert resumed[0]["event"] == "snapshot"
    numbers = [int(event["id"]) for event in of_home(resumed, "")]
    assert numbers == list(range(start + 1, start + 1 + len(numbers)))
    presses = of_home(resumed, home)
    assert [json.loads(event["data"])["occurrences"] for event in presses] == list(range(1, 31))
    halfway = events(client, 10, last=presses[19]["id"], home=home)
    assert of_home(halfway, home) == presses[20:]


@pytest.mark.parametrize("last", ["-1", "99999999999999999", "9" * 39, "abc", "1e3", "٣", "' OR 1=1"])
def test_http_25_a_position_that_is_none_starts_at_the_snapshot(client: httpx.Client, last: str) -> None:
    [snapshot, *_] = events(client, 0, last=last)
    assert snapshot["event"] == "snapshot"
    assert int(snapshot["id"]) >= 0


def test_a_pulse_comes_every_two_seconds(client: httpx.Client) -> None:
    with client.stream("GET", "/api/v1/live") as live:
        lines = patient.lines(live)
        said = (line for line in lines if line.startswith('data: {"at"'))
        first, second = (datetime.fromisoformat(json.loads(next(said)[6:])["at"]) for _ in range(2))
    assert PULSE_SECONDS == 2.0
    assert timedelta(seconds=PULSE_SECONDS - 0.1) < second - first, "by the gateway's clock; the machine may be slow"


# --- a home's day -----------------------------------------------------------------------------------------------------


def test_a_day_shows_what_happened_and_what_nobody_could_see(serving: Serving, client: httpx.Client) -> None:
    house = HOUSES[5]
    told = """INSERT INTO event (recorded_at, edge, epoch, stream, seq, position, home, device, kind, occurred_at,
        received_at, estimated_at, uncertainty, elapsed, body)
        SELECT at, %s, 1, 'record', 1, 1, %s, %s, %s, at, at, at, 0, 0, %s::jsonb
        FROM (SELECT now() - %s::interval AS at) AS t"""
    device = house.door
    since = int((time.time() - 6 * 3600) * 1_000_000)
    with psycopg.connect(serving.database_url) as connection:
        for kind, body, ago in (
            ("coverage_changed", f'{{"covered": true, "since": {since}, "reason": "started"}}', "6 hours"),
            ("contact_changed", '{"open": true}', "5 hours"),
            ("contact_changed", '{"open": false}', "4 hours"),
            (
                "coverage_changed",
                f'{{"covered": false, "since": {since + 3_600_000_000}, "reason": "gone"}}',
                "3 hours",
            ),
        ):
            connection.execute(told, (house.edge, house.home, device, kind, body, ago))
    day = client.get(f"/api/v1/homes/{house.home}/day").json()
    assert (day["home"], day["label"]) == (house.home, "Test home 36")
    [lane] = [lane for lane in day["lanes"] if lane["capability"] == "contact"]
    assert [span["state"] for span in lane["spans"]] == ["open", "closed"]
    assert [part["covered"] for part in lane["covered"]] == [None, True, None]
    assert set(lane["covered"][0]) == {"from", "to", "covered", "awaited"}
    [home] = [home for home in client.get("/api/v1/homes").json() if home["home"] == house.home]
    assert home["edges"] == [{"edge": house.edge, "last_seen": None, "silent": True}]
    assert home["devices"][0]["capabilities"] == ["contact"]


def test_memory_stays_lean(database_url: str, broker: PrivateBroker, tmp_path: Path) -> None:
    """Started as it is for people: what a fork shares would be counted as its own."""
    serving = Serving(database_url, broker.url, tmp_path)
    with subprocess.Popen([sys.executable, "-m", "gateway", "alarm"], cwd=ROOT, env=serving.environment) as process:
        serving.until_ready(lambda: process.poll() is None)
        status = Path(f"/proc/{process.pid}/status").read_text()
        process.terminate()
    resident = int(re.search(r"VmRSS:\s+(\d+)", status)[1])  # type: ignore[index]
    assert resident < 125 * 1024, f"{resident // 1024} MiB"
