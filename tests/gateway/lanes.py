"""The real bulk lane for tests: real database and broker, and edges played by hand."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from typing import Any

from gateway.adapters.mqtt import MqttBroker
from gateway.adapters.mqtt_stream import MqttStream
from gateway.adapters.postgres.bulk_store import PostgresStore
from gateway.adapters.postgres.registry import enrol_all
from gateway.adapters.postgres.registry_source import ReconnectingRegistry
from gateway.bulk import filters
from gateway.intake.batching import Batching
from gateway.intake.judging import Judge, Judging
from gateway.intake.lane import Lane, Parts
from gateway.intake.registry import Registry
from gateway.metrics import Metrics
from homecare import topic
from homecare.clock import Clock, SystemClock
from homecare.delivery import Receipt
from homecare.identity import SHARDS, new_id
from homecare.wire import read_body, unpack
from rules import engine
from tests.asking import rows
from tests.gateway.enrolled import GATEWAY_PRIVATE, Household
from tests.waiting import SECONDS, until

RESEND_SECONDS = 0.5
SHARDS_ALL = tuple(range(SHARDS))


def new_lane(
    database_url: str,
    broker_url: str,
    *,
    clock: Clock | None = None,
    session: str = "",
    judge: Judge = engine.run,
    wrap: Callable[[PostgresStore], Any] = lambda store: store,
) -> Lane:
    """A lane of its own, as `gateway.bulk` puts it together."""
    session = session or new_id("bulk")
    registry, metrics = Registry(GATEWAY_PRIVATE), Metrics()
    store = wrap(PostgresStore(database_url, SHARDS_ALL))
    judging = Judging(registry, frozenset(SHARDS_ALL), judge=judge)
    return Lane(
        Parts(
            clock=clock or SystemClock(),
            store=store,
            registry=registry,
            source=ReconnectingRegistry(database_url),
            bulk=MqttStream(broker_url, client_id=session, filters=filters(SHARDS_ALL, ("access", "record"), qos=1)),
            beats=MqttStream(
                broker_url, client_id=f"{session}-beats", filters=filters(SHARDS_ALL, ("heartbeat",), qos=0)
            ),
            batching=Batching(store, registry, judging, metrics=metrics),
            metrics=metrics,
        )
    )


@contextlib.asynccontextmanager
async def running(lane: Lane, *, connected: bool = True) -> AsyncIterator[Lane]:
    """The lane at work; its own failure fails the test."""
    task = asyncio.create_task(lane.run())
    try:
        if connected:
            await until(lambda: task.done() or (lane._parts.bulk.connected and lane._parts.beats.connected))
        yield lane
    finally:
        done = task.done()
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
        await lane._parts.source.close()  # type: ignore[attr-defined]
        assert not done, "the lane ended by itself"


class Edge:
    """An edge played by hand: publishes what the test says and keeps the receipts that come back."""

    def __init__(self, house: Household, broker_url: str) -> None:
        self.house = house
        self.receipts: list[tuple[int, str, Receipt]] = []
        self.broker = MqttBroker(
            broker_url, client_id=new_id("edge"), filters=[(topic.receipt(house.shard, house.edge), 1)]
        )
        self._reader: asyncio.Task[None] | None = None

    async def __aenter__(self) -> "Edge":
        await self.broker.start()
        await until(lambda: self.broker.connected)
        self._reader = asyncio.create_task(self._read())
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._reader is not None
        self._reader.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._reader
        await self.broker.stop()

    async def _read(self) -> None:
        while True:
            messages = await self.broker.messages(100)
            for message in messages:
                frame = unpack(message.payload)
                frame.verify(self.house.keys.down)
                stream = frame.header.stream
                assert stream is not None
                self.receipts.append((frame.header.epoch, stream.value, read_body(frame, Receipt)))
            self.broker.acknowledge(messages)

    def say(self, channel: str, frame: bytes, *, on: str | None = None) -> None:
        assert self.broker.publish(on or self.house.topic(channel), frame, qos=0 if channel == "heartbeat" else 1)

    def _has(self, stream: str, durable: int) -> bool:
        return any(name == stream and one.durable >= durable for _, name, one in self.receipts)

    async def receipted(self, stream: str, durable: int) -> None:
        await until(lambda: self._has(stream, durable))

    async def deliver(self, stream: str, frame: bytes, durable: int) -> None:
        """Say it again until it is receipted, as a real edge does."""
        async with asyncio.timeout(SECONDS):
            while not self._has(stream, durable):
                self.say(stream, frame)
                with contextlib.suppress(TimeoutError):
                    await until(lambda: self._has(stream, durable), seconds=RESEND_SECONDS)


def enrol_houses(database_url: str, *houses: Household) -> None:
    enrol_all(database_url, tuple(house.registration for house in houses))


def value(database_url: str, statement: str, *parameters: object) -> Any:
    return rows(database_url, statement, *parameters)[0][0]
