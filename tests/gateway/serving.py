"""The alarm process as it is really started, on a database and a broker of the session, and a client with its token."""

import asyncio
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import psycopg

from gateway.adapters.postgres.alarm_intake import LOCK_MS, PostgresAlarms
from gateway.adapters.postgres.connections import Connections
from gateway.adapters.postgres.registry import enrol
from gateway.embedded import PrivateBroker, PrivateDatabase
from homecare.alert import Alert
from homecare.clock import SystemClock
from tests import patient
from tests.asking import rows
from tests.forked import start_gateway
from tests.gateway import looked
from tests.gateway.alarms import judged
from tests.gateway.enrolled import GATEWAY_PRIVATE, Household, household
from tests.ports import new_port
from tests.servers import COPIED

START_SECONDS = 90.0
STOP_SECONDS = 60.0
ANSWER_SECONDS = 60.0
"""Far above everything that is awaited, so that a busy machine turns no test red."""


HOUSES = tuple(household(number) for number in range(31, 39))
WORD = "vaka-word-that-must-not-come-back"


class Serving:
    """One alarm process in service."""

    def __init__(self, database_url: str, broker_url: str, data: Path, **environment: str) -> None:
        self.database_url = database_url
        self.port = new_port()
        key = data / "gateway.key"
        key.write_text(GATEWAY_PRIVATE.hex())
        self.environment = {
            **os.environ,
            "VAKA_DATABASE_URL": database_url,
            "VAKA_BROKER_URL": broker_url,
            "VAKA_PORT": str(self.port),
            "VAKA_DATA": str(data),
            **environment,
        }
        self._log = data / "log"
        self._token = data / "token"

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def token(self) -> str:
        return self._token.read_text().strip()

    def start(self) -> None:
        self.process = start_gateway(["alarm"], self.environment, self._log)
        self.until_ready(self.process.is_alive)

    def until_ready(self, alive: Callable[[], bool]) -> None:
        """Return when the process serves, which must live meanwhile."""
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            assert alive(), self._log.read_text()
            try:
                if patient.get(f"{self.url}/readyz").status_code == 200:
                    return
            except httpx.TransportError:
                time.sleep(0.05)
        raise AssertionError(self._log.read_text())

    def stop(self) -> int | None:
        self.process.terminate()
        self.process.join(STOP_SECONDS)
        return self.process.exitcode

    def client(self, **headers: str) -> httpx.Client:
        given = {"Authorization": f"Bearer {self.token}", "X-Vaka-Operator": "Test", **headers}
        apart = httpx.Limits(max_keepalive_connections=0)  # a bad input may make the server end its connection
        hooks = looked.hooks(self.database_url)
        return httpx.Client(base_url=self.url, headers=given, timeout=ANSWER_SECONDS, limits=apart, event_hooks=hooks)

    def press(self, house: Household, first: int, count: int = 1) -> list[Alert]:
        """Presses as the lane would record them; the alerts as they then stood."""

        async def take() -> list[Alert]:
            connections = Connections(self.database_url, name="test-press", size=1, lock_ms=LOCK_MS * 40)
            store, now = PostgresAlarms(connections), SystemClock().now().wall
            found: list[Alert] = []
            for seq in range(first, first + count):
                found += (await store.take(judged(house, seq, at=now), now)).alerts
            await connections.close()
            return found

        return asyncio.run(take())

    def rows(self, statement: str, *parameters: object) -> list[tuple[object, ...]]:
        return rows(self.database_url, statement, *parameters)


def serve(
    server: PrivateDatabase,
    template: str,
    broker: PrivateBroker,
    data: Path,
    houses: tuple[Household, ...],
    **environment: str,
) -> Iterator[Serving]:
    """A process over a database of its own in which the houses are enrolled."""
    name = f"serving_{os.getpid()}_{data.name}".lower().replace("-", "_")
    base = server.url.rsplit("/", 1)[0]
    with psycopg.connect(f"{base}/postgres", autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {template} {COPIED}")
    for house in houses:
        enrol(f"{base}/{name}", house.registration)
    serving = Serving(f"{base}/{name}", broker.url, data, **environment)
    serving.start()
    yield serving
    serving.stop()
    with psycopg.connect(f"{base}/postgres", autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


def assert_problem(answer: httpx.Response, status: int, kind: str) -> dict[str, Any]:
    """A typed answer in both languages that gives nothing away."""
    assert answer.status_code == status, answer.text
    body: dict[str, Any] = answer.json()
    assert body["kind"] == kind
    assert body["message"]["sv"]
    assert body["message"]["en"]
    for secret in (WORD, "Traceback", "psycopg", "SELECT", ".py"):
        assert secret not in answer.text
    return body
