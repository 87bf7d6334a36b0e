"""No personal data in topics, payloads, logs and errors: a run with canary names through the whole chain."""

import contextlib
import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote, urlsplit

import httpx
import msgspec
import paho.mqtt.client as mqtt
import psycopg
import pytest

from gateway.adapters.postgres.people import enrol_people
from gateway.discretion import trace_of
from gateway.embedded import PrivateBroker, PrivateDatabase
from gateway.model.authorisation import Role
from homecare.clock import SystemClock
from homecare.errors import Conflict
from tests import patient
from tests.asking import rows
from tests.browser.days import one_day
from tests.browser.gateway_process import GatewayProcess
from tests.browser.homes import CallingHome
from tests.gateway.signed import enrol_everybody, person, sign_in
from tests.servers import ROOT

NAME = "Kanariefågel"
ADDRESS = "Fågelburen 7"
PERSONAL = (NAME, ADDRESS, NAME.upper(), quote(NAME), json.dumps(NAME).strip('"'), NAME.encode().hex())
"""A name in every spelling in which it could get out: as it is, in an address, in JSON, in hex."""
MAY_HOLD_NAMES = {"home", "person", "quarantine"}
"""Tables; every other one carries pseudonyms. What nobody can read is kept as it came, for a bounded time."""
OPERATOR = msgspec.structs.replace(person(Role.OPERATOR), name=f"{NAME} Olsson", display=f"{NAME} O")
CAREGIVER = msgspec.structs.replace(person(Role.CAREGIVER), name=f"{NAME} Karlsson", display=f"{NAME} K")
WAIT_SECONDS = 60.0


def personal(text: str) -> list[str]:
    return [word for word in PERSONAL if word in text]


class Listener:
    """Hears everything that passes the broker."""

    def __init__(self, url: str) -> None:
        self.heard: list[tuple[str, bytes]] = []
        parts = urlsplit(url)
        self._client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2)
        self._client.on_message = lambda _client, _given, message: self.heard.append((message.topic, message.payload))
        self._client.connect(parts.hostname or "127.0.0.1", parts.port or 1883)
        ready = threading.Event()
        self._client.on_subscribe = lambda *_: ready.set()
        self._client.subscribe("#", qos=1)
        self._client.loop_start()
        assert ready.wait(WAIT_SECONDS)

    def publish(self, topic: str, payload: bytes) -> None:
        self._client.publish(topic, payload, qos=1).wait_for_publish(WAIT_SECONDS)

    def text(self) -> str:
        return "\n".join(
            f"{topic} {payload.decode('utf-8', 'replace')} {payload.hex()}" for topic, payload in self.heard
        )

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()


@pytest.fixture
def home(database_url: str) -> CallingHome:
    made = CallingHome(91, f"{NAME} Svensson", ADDRESS)
    made.enrol(database_url)
    enrol_everybody(database_url, [OPERATOR, CAREGIVER])
    return made


@pytest.fixture
def gateway(home: CallingHome, database_url: str, broker: PrivateBroker, tmp_path: Path) -> Iterator[GatewayProcess]:
    process = GatewayProcess(database_url=database_url, broker_url=broker.url, data=tmp_path, VAKA_DEMO="1")
    process.start()
    process.start_watch()
    yield process
    process.stop()


def test_a_name_stands_on_the_screen_and_nowhere_else(
    home: CallingHome,
    gateway: GatewayProcess,
    database_url: str,
    broker: PrivateBroker,
    database_server: PrivateDatabase,
    tmp_path: Path,
) -> None:
    listener = Listener(broker.url)
    home.press(broker.url)
    home.record(broker.url, one_day(home, SystemClock().now().wall))
    with sign_in(gateway.url, database_url, OPERATOR) as client:
        alert = _alert_of(client)
        _work(client, alert)
        answers = _refusals(client, home)
    # Not a frame, under a known edge's name and under none: the gateway sets both aside.
    for topic in (home.house.topic("alarm"), home.house.topic("record"), "vaka/1/0/edge-nobody1/up/alarm"):
        listener.publish(topic, f"{NAME}, {ADDRESS}".encode())
    told = [entry for entry in listener.heard if entry[1] != f"{NAME}, {ADDRESS}".encode()]
    _the_same_name_twice(database_url)
    _until_it_is_set_aside(database_url)
    gateway.kill()
    gateway.start()
    metrics = patient.get(f"{gateway.url}/metrics").text + httpx.get(f"{gateway.url}/readyz").text
    listener.close()
    gateway.stop()

    assert told
    listener.heard = told
    logs = [*tmp_path.glob("*.log"), *database_server.data.glob("log*"), *broker.data.glob("log*")]
    assert len(logs) >= 4, logs
    for source, text in (
        ("the broker", listener.text()),
        ("the answers", "\n".join(answers)),
        ("the figures", metrics),
        *((str(log.name), log.read_text(errors="replace")) for log in logs),
    ):
        assert not personal(text), (source, personal(text))
    _names_are_in_their_tables_only(database_url)


def _until_it_is_set_aside(database_url: str) -> None:
    """Both processes have kept what nobody can read; the one for alarms does so behind the alarms' back."""
    deadline = time.monotonic() + WAIT_SECONDS
    while rows(database_url, "SELECT count(*) FROM quarantine") < [(2,)]:
        assert time.monotonic() < deadline, "nothing was set aside"
        time.sleep(0.05)


def _alert_of(client: httpx.Client) -> dict[str, object]:
    deadline = time.monotonic() + WAIT_SECONDS
    while time.monotonic() < deadline:
        answer = client.get("/api/v1/alerts")
        assert answer.status_code == 200
        if alerts := answer.json()["alerts"]:
            assert personal(answer.text), "the screen shows who it is: else nothing is proved"
            return dict(alerts[0])
        time.sleep(0.05)
    raise AssertionError("no alert")


def _work(client: httpx.Client, alert: dict[str, object]) -> None:
    for action, more in (("take", {}), ("send", {"to": CAREGIVER.id}), ("release", {})):
        version = client.get("/api/v1/alerts").json()["alerts"][0]["version"]
        answer = client.post(f"/api/v1/alerts/{alert['id']}/{action}", json={"version": version, **more})
        assert answer.status_code == 200, answer.text
    with contextlib.suppress(httpx.ReadTimeout), client.stream("GET", "/api/v1/live") as live:
        next(patient.lines(live))


def _refusals(client: httpx.Client, home: CallingHome) -> list[str]:
    """The same name in every part of a call that is refused."""
    day = f"/api/v1/homes/{home.house.home}/day"
    calls = [
        client.get(f"/api/v1/homes/{NAME}/day"),
        client.get(f"/api/v1/alerts?state={NAME}"),
        client.get(day, headers={"X-Vaka-Operator": quote(NAME), "Authorization": f"Bearer {quote(NAME)}"}),
        client.get("/api/v1/live", headers={"Last-Event-ID": quote(NAME) * 5}),
        client.post(f"/api/v1/alerts/{NAME}/take", json={"version": NAME, "operator": NAME}),
        client.post("/api/v1/session/demo", json={"person": NAME}),
        client.post("/api/v1/session/passkey", json={"credential": {"rawId": NAME, "response": {NAME: NAME}}}),
        client.post("/api/v1/session/invitation", json={"invitation": NAME, "credential": {}}),
        client.get(f"/{NAME}"),
        client.post(f"/api/v1/{NAME}", content=f"{{{NAME}".encode()),
    ]
    assert all(400 <= call.status_code < 500 for call in calls), [call.status_code for call in calls]
    return [f"{call.headers} {call.text}" for call in calls]


def _the_same_name_twice(database_url: str) -> None:
    """PostgreSQL's own words about it repeat the name; ours do not."""
    other = msgspec.structs.replace(OPERATOR, id="person-other-0001")
    with pytest.raises(Conflict) as refused:
        enrol_people(database_url, [other])
    assert personal(str(refused.value.__cause__)), "else this proves nothing"
    assert not personal(str(refused.value))


def _names_are_in_their_tables_only(database_url: str) -> None:
    tables = rows(
        database_url,
        "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public' AND table_type = 'BASE TABLE'",
    )
    assert len(tables) > 20
    found = set()
    for (table,) in tables:
        with psycopg.connect(database_url) as connection:
            text = "\n".join(str(row[0]) for row in connection.execute(f'SELECT t::text FROM "{table}" AS t'))  # type: ignore[call-overload]
        found |= {table} if personal(text) else set()
    assert found == MAY_HOLD_NAMES


# --- errors that nobody foresaw ---------------------------------------------------------------------------------------


def _raised() -> BaseException:
    try:
        try:
            raise ValueError(f"cannot read {NAME}")
        except ValueError as error:
            raise ExceptionGroup(NAME, [KeyError(NAME), Conflict("enrol", "home", "it is there")]) from error
    except ExceptionGroup as group:
        return group


def test_a_trace_says_what_kind_and_where_and_repeats_nothing() -> None:
    trace = trace_of(_raised())
    assert not personal(trace)
    assert all(word in trace for word in ("ExceptionGroup", "ValueError", "KeyError", "it is there", "_raised"))


def test_a_process_that_dies_of_a_bug_does_not_tell_what_it_held() -> None:
    """Red without the process's own excepthook and formatter."""
    program = f"""
import asyncio, logging
from gateway.discretion import log_discreetly
log_discreetly()
try:
    {{}}["{NAME}"]
except KeyError:
    logging.getLogger("x").exception("a call failed")
async def main():
    task = asyncio.create_task(fail())
    await asyncio.sleep(0)
    raise ValueError("{NAME}")
async def fail():
    raise OSError("{NAME}")
asyncio.run(main())
"""
    ended = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False)
    assert ended.returncode == 1
    assert all(word in ended.stderr for word in ("KeyError", "ValueError", "a call failed"))
    assert not personal(ended.stderr)
