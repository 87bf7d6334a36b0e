"""An ear at the broker: what is said on one topic, and the same said again."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

from gateway.adapters.mqtt import MqttBroker
from homecare.identity import new_id
from tests.waiting import end, until


class Listener:
    """Everything heard on the topic since it was there."""

    def __init__(self, broker_url: str, topic: str) -> None:
        self.heard: list[bytes] = []
        self._topic = topic
        self.broker = MqttBroker(broker_url, client_id=new_id("ear"), filters=[(topic, 1)])

    def say(self, frame: bytes) -> None:
        """The same bytes once more, by somebody else."""
        assert self.broker.publish(self._topic, frame)

    async def hear(self) -> None:
        """Until cancelled."""
        while True:
            for message in await self.broker.messages(100):
                self.broker.acknowledge([message])
                self.heard.append(message.payload)


@contextlib.asynccontextmanager
async def listening(broker_url: str, topic: str) -> AsyncIterator[Listener]:
    """A listener that hears from the beginning of the block to its end."""
    listener = Listener(broker_url, topic)
    await listener.broker.start()
    await until(lambda: listener.broker.connected)
    task = asyncio.create_task(listener.hear())
    try:
        yield listener
    finally:
        await end(task)
        await listener.broker.stop()
