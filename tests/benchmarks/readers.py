"""Why the bulk lane reads its broker by a reader of its own: both readers take the same messages, one after another."""

import asyncio
import time
from collections.abc import Sequence
from typing import Final

from gateway.adapters.mqtt import MqttBroker
from gateway.adapters.mqtt_stream import MqttStream
from tests.benchmarks import packets

MESSAGES: Final = 30_000
PAYLOAD: Final = bytes(300)
AT_ONCE: Final = 64
BATCH: Final = 2_000
SECONDS: Final = 60


def cost(port: int, reader: type[MqttBroker | MqttStream]) -> float:
    """Processor microseconds of the loop's thread for one message that is received, taken and acknowledged."""
    return asyncio.run(_cost(port, reader))


async def _cost(port: int, reader: type[MqttBroker | MqttStream]) -> float:
    broker = reader(f"mqtt://127.0.0.1:{port}", client_id="reader", filters=[("reader", 1)])
    await broker.start()
    try:
        async with asyncio.timeout(SECONDS):
            while not broker.connected:  # noqa: ASYNC110 why: the port tells nobody when it happens
                await asyncio.sleep(0.01)
            built, taken = _built(), 0
            began = time.thread_time()
            said = asyncio.create_task(asyncio.to_thread(_say, port, built))
            while taken < MESSAGES:
                messages = await broker.messages(BATCH)
                broker.acknowledge(messages)
                taken += len(messages)
            await said
            return (time.thread_time() - began) * 1e6 / MESSAGES
    finally:
        await broker.stop()


def _built() -> list[bytes]:
    return [packets.publish("reader", PAYLOAD, index % packets.IDS + 1) for index in range(MESSAGES)]


def _say(port: int, built: Sequence[bytes]) -> None:
    """Give everything to the broker, from a thread whose time is not counted."""
    with packets.opened(port, "reader-load") as line:
        line.settimeout(SECONDS)
        for first in range(0, len(built), AT_ONCE):
            chunk = built[first : first + AT_ONCE]
            line.sendall(b"".join(chunk))
            wanted = len(chunk) * packets.PUBACK_BYTES
            while wanted > 0:
                wanted -= len(line.recv(wanted))
