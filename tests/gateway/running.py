"""A whole alarm process on a real database and broker, an edge that speaks to it over MQTT, and a desk over HTTP."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from gateway.adapters.mqtt import MqttBroker
from gateway.adapters.postgres.registry import enrol
from gateway.alarm import run
from gateway.config import Config
from homecare.delivery import Receipt
from homecare.event import AnyEvent, HelpCalled
from homecare.topic import receipt
from homecare.wire import Header, read_body, unpack
from tests.gateway import looked
from tests.gateway.enrolled import GATEWAY_PRIVATE, Household
from tests.ports import new_port
from tests.waiting import until

SECONDS = 60.0
"""A process on a machine that does much else starts in twenty."""


@dataclass
class Running:
    """One running alarm process."""

    config: Config
    token: str
    task: "asyncio.Task[None]"

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.config.port}"

    @property
    def signed_in(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}", "X-Vaka-Operator": "%C3%85sa"}

    def client(self) -> httpx.AsyncClient:
        hooks = looked.async_hooks(self.config.database_url)
        return httpx.AsyncClient(base_url=self.url, headers=self.signed_in, timeout=SECONDS, event_hooks=hooks)


def config_of(database_url: str, broker_url: str, data: Path, port: int) -> Config:
    data.mkdir(parents=True, exist_ok=True)
    key = data / "gateway.key"
    key.write_text(GATEWAY_PRIVATE.hex())
    key.chmod(0o600)
    return Config(database_url=database_url, broker_url=broker_url, data=data, port=port, key_file=key, shards=())


@contextlib.asynccontextmanager
async def running(database_url: str, broker_url: str, data: Path, *houses: Household) -> AsyncIterator[Running]:
    """Enrol the houses and run the process until it is ready; ends it afterwards."""
    for house in houses:
        enrol(database_url, house.registration)
    config = config_of(database_url, broker_url, data, new_port())
    task = asyncio.create_task(run(config))
    try:
        await until(lambda: task.done() or (data / "token").exists(), seconds=SECONDS)
        process = Running(config, (data / "token").read_text().strip(), task)
        await ready(process)
        yield process
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def ready(process: Running) -> None:
    """Return when database and broker answer."""
    async with process.client() as client, asyncio.timeout(SECONDS):
        while True:
            assert not process.task.done(), process.task
            with contextlib.suppress(httpx.TransportError):
                if (await client.get("/readyz")).status_code == 200:
                    return
            await asyncio.sleep(0.02)


class Speaker:
    """The edge of one house on the broker, remembering every receipt."""

    def __init__(self, house: Household, broker_url: str) -> None:
        self.house = house
        self.receipts: list[tuple[Header, Receipt]] = []
        topic = receipt(house.shard, house.edge)
        self._broker = MqttBroker(broker_url, client_id=house.edge, filters=[(topic, 1)])

    async def __aenter__(self) -> "Speaker":
        await self._broker.start()
        await until(lambda: self._broker.connected)
        self._task = asyncio.create_task(self._hear())
        return self

    async def __aexit__(self, *_: object) -> None:
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        await self._broker.stop()

    async def _hear(self) -> None:
        while True:
            for message in await self._broker.messages(100):
                frame = unpack(message.payload)
                frame.verify(self.house.keys.down)
                self.receipts.append((frame.header, read_body(frame, Receipt)))
                self._broker.acknowledge([message])

    def say(self, channel: str, frame: bytes, *, qos: int = 1) -> None:
        assert self._broker.publish(self.house.topic(channel), frame, qos=qos)

    def press(self, seq: int, *events: AnyEvent) -> None:
        self.say("alarm", self.house.facts(seq, list(events) or [HelpCalled()]))

    async def receipted(self, durable: int, *, count: int = 1) -> None:
        """Wait for `count` receipts that say `durable`."""
        await until(lambda: sum(receipt.durable == durable for _, receipt in self.receipts) >= count, seconds=SECONDS)


@dataclass(frozen=True)
class ServerEvent:
    """One server-sent event."""

    name: str
    number: int | None
    data: dict[str, Any]


@contextlib.asynccontextmanager
async def live(process: Running, *, last: int | str | None = None) -> AsyncIterator[AsyncIterator[ServerEvent]]:
    """The live events of a desk that (re)connects."""
    headers = {} if last is None else {"Last-Event-ID": str(last)}
    async with process.client() as client, client.stream("GET", "/api/v1/live", headers=headers) as response:
        assert response.status_code == 200, response
        yield _events(response)


async def _events(response: httpx.Response) -> AsyncIterator[ServerEvent]:
    fields: dict[str, str] = {}
    async for line in response.aiter_lines():
        if line:
            name, _, value = line.partition(": ")
            fields[name] = value
            continue
        number = fields.get("id")
        yield ServerEvent(fields["event"], None if number is None else int(number), json.loads(fields["data"]))
        fields = {}


async def alerts_of(events: AsyncIterator[ServerEvent], count: int) -> list[ServerEvent]:
    """The next `count` alert events."""
    found: list[ServerEvent] = []
    async with asyncio.timeout(SECONDS):
        async for event in events:
            if event.name == "alert":
                found.append(event)
            if len(found) == count:
                return found
    raise AssertionError(f"the stream ended after {len(found)} alerts")
