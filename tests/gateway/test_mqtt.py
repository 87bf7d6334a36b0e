"""The two broker adapters on a real Mosquitto: the client library's, and our own stream for the bulk lane."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

import pytest

from gateway.adapters import backlog
from gateway.adapters.mqtt import MqttBroker
from gateway.adapters.mqtt_stream import MqttStream
from gateway.embedded import PrivateBroker
from homecare.identity import new_id
from tests.waiting import SECONDS, until

TOPIC = "vaka/v1/7/edge-0001/up/record"
FILTERS = (("vaka/v1/+/+/up/record", 1),)


Adapter = MqttBroker | MqttStream
Kind = type[MqttBroker] | type[MqttStream]


@pytest.fixture(params=[MqttBroker, MqttStream])
def kind(request: pytest.FixtureRequest) -> Kind:
    chosen: Kind = request.param
    return chosen


@contextlib.asynccontextmanager
async def connected(kind: Kind, server: PrivateBroker, client_id: str = "") -> AsyncIterator[Adapter]:
    broker = kind(server.url, client_id=client_id or new_id("test"), filters=FILTERS)
    await broker.start()
    try:
        await until(lambda: broker.connected)
        yield broker
    finally:
        await broker.stop()


async def payloads(broker: Adapter, count: int) -> list[bytes]:
    found: list[bytes] = []
    async with asyncio.timeout(SECONDS):
        while len(found) < count:
            found += [message.payload for message in await broker.messages(1000)]
    return found


@pytest.mark.asyncio
async def test_messages_arrive_in_order_and_are_bounded(kind: Kind, broker: PrivateBroker) -> None:
    async with connected(kind, broker) as there, connected(kind, broker, new_id("peer")) as here:
        here.take(1000)
        for number in range(50):
            assert there.publish(TOPIC, b"%d" % number)
        assert await payloads(here, 50) == [b"%d" % number for number in range(50)]


@pytest.mark.asyncio
async def test_what_was_not_acknowledged_comes_again_and_nothing_else(kind: Kind, broker: PrivateBroker) -> None:
    session = new_id("test")
    async with connected(kind, broker) as there:
        async with connected(kind, broker, session) as here:
            for number in range(3):
                there.publish(TOPIC, b"%d" % number)
            found: list[bytes] = []
            async with asyncio.timeout(SECONDS):
                while len(found) < 3:
                    for message in await here.messages(1):
                        found.append(message.payload)
                        if message.payload == b"0":
                            here.acknowledge([message])
            await asyncio.sleep(0)
        for _ in range(2):  # the trap: acknowledgement turned manual only after the redelivery began
            async with connected(kind, broker, session) as here:
                assert await payloads(here, 2) == [b"1", b"2"]


@pytest.mark.asyncio
async def test_reading_pauses_while_too_much_waits(
    kind: Kind, broker: PrivateBroker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backlog, "WAITING_BYTES", 10_000)
    async with connected(kind, broker) as there, connected(kind, broker) as here:
        for _ in range(900):
            there.publish(TOPIC, bytes(1000))
        await until(lambda: here.paused)
        assert here.waiting < 400, "the bound and what one read brings, 256 KiB"
        assert len(await payloads(here, 900)) == 900
        assert not here.paused


@pytest.mark.asyncio
async def test_a_broker_that_dies_is_found_again(kind: Kind, broker: PrivateBroker) -> None:
    async with connected(kind, broker) as here:
        before = here.connections
        broker.kill()
        await until(lambda: not here.connected)
        assert not here.publish(TOPIC, b"lost, and said so")
        broker.start()
        await until(lambda: here.connected)
        assert here.connections > before
        assert here.publish(TOPIC, b"back")
        assert await payloads(here, 1) == [b"back"]


@pytest.mark.asyncio
async def test_mqtt_26_a_retained_message_is_refused(kind: Kind, broker: PrivateBroker) -> None:
    topic = f"vaka/v1/7/{new_id('edge')}/up/record"
    async with connected(MqttBroker, broker) as there:
        kept = there._client.publish(topic, b"old", 1, retain=True)
        await until(kept.is_published)  # what comes while we subscribe comes as a fresh one
        async with connected(kind, broker) as here:
            await until(lambda: here.retained)
            assert here.take(10) == []
        there._client.publish(topic, b"", 1, retain=True)


@pytest.mark.asyncio
async def test_whoever_waits_is_told_when_nothing_will_ever_come(kind: Kind) -> None:
    """An error that no connecting expects ends the connecting: the process must end with it, not be deaf for ever.

    Here it is a name that cannot be looked up at all, which is no error of the network's.
    """
    broker = kind(f"mqtt://{'a' * 64}.example", client_id="test", filters=FILTERS)
    await broker.start()
    async with asyncio.timeout(SECONDS):
        with pytest.raises(UnicodeError):
            await broker.messages(1)
        with pytest.raises(UnicodeError):
            await broker.wait(SECONDS)
        with pytest.raises(UnicodeError):
            broker.take(1)
        await broker.stop()
        await broker.wait(0.01)  # whoever starts it again begins anew
