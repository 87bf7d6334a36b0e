"""The edge's MQTT connection on a real broker."""

import asyncio
from urllib.parse import urlsplit

import aiomqtt
import pytest

from edge.transports.mqtt import BULK_LIMIT, MqttTransport
from edge.uplink import Outgoing
from gateway.embedded import PrivateBroker
from homecare import topic
from homecare.errors import Malformed
from homecare.identity import EdgeId, new_id
from tests.edge.desk import until

SHARD = 7


@pytest.mark.parametrize("url", ["http://127.0.0.1", "mqtt://", "127.0.0.1:1883"])
def test_an_address_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(Malformed, match="broker_url"):
        MqttTransport(url, edge=EdgeId("edge-00000001"), shard=SHARD)


@pytest.mark.asyncio
async def test_an_alarm_never_waits_behind_bulk_in_our_own_queues(broker: PrivateBroker) -> None:
    edge = EdgeId(new_id("edge"))
    transport = MqttTransport(broker.url, edge=edge, shard=SHARD)
    parts = urlsplit(broker.url)
    arrived: list[str] = []

    def up() -> None:
        for _ in range(BULK_LIMIT):
            transport.send(Outgoing("record", bytes(60_000)))
        assert not transport.room
        transport.send(Outgoing("heartbeat", b"beat"))
        transport.send(Outgoing("alarm", b"help"))

    async with aiomqtt.Client(parts.hostname or "", parts.port or 0) as client:
        await client.subscribe(topic.up(SHARD, edge, "+"), qos=1)
        task = asyncio.create_task(transport.run(up, lambda: None, lambda _: None))
        async with asyncio.timeout(20):
            async for message in client.messages:
                arrived.append(message.topic.value.rpartition("/")[2])
                if arrived.count("record") == BULK_LIMIT:
                    break
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    assert arrived.index("alarm") <= 3
    assert transport.dropped == 0


@pytest.mark.asyncio
async def test_what_does_not_fit_is_dropped_and_counted_and_what_comes_down_arrives(broker: PrivateBroker) -> None:
    edge = EdgeId(new_id("edge"))
    transport = MqttTransport(broker.url, edge=edge, shard=SHARD)
    parts = urlsplit(broker.url)
    frames: list[bytes] = []
    ups: list[bool] = []

    def up() -> None:
        ups.append(True)
        for _ in range(BULK_LIMIT + 5):
            transport.send(Outgoing("record", b"x"))

    transport.send(Outgoing("alarm", b"before any connection"))
    task = asyncio.create_task(transport.run(up, lambda: ups.append(False), frames.append))
    await until(lambda: ups)
    assert transport.dropped == 5
    async with aiomqtt.Client(parts.hostname or "", parts.port or 0) as client:
        await client.publish(topic.receipt(SHARD, edge), b"receipt", qos=1)
        await until(lambda: frames)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert frames == [b"receipt"]
    assert ups == [True, False]
