"""The part of the alarm process that time alone drives: the ladder, and the road out."""

import asyncio
import logging
from collections.abc import Callable
from typing import Final

from gateway.adapters.postgres.connections import Connections
from gateway.adapters.postgres.ladder import PostgresLadder
from gateway.adapters.webhook import Webhook
from gateway.alarms.escalation import Escalation
from gateway.alarms.messaging import Messaging
from gateway.config import Config, read_key
from homecare.clock import Clock

log = logging.getLogger(__name__)

CONNECTIONS: Final = 2
"""One for the ladder, one for the outbox: neither waits for a screen or holds up an alarm."""
LOCK_MS: Final = 1_000
"""A step waits this long for somebody who is changing the alert, and comes back half a second later."""


async def climb(config: Config, clock: Clock, *, name: str, told: Callable[[], None]) -> None:
    """Until cancelled. Without a webhook the ladder still rings at every desk, and says so once in the log."""
    connections = Connections(config.database_url, name=name, size=CONNECTIONS, lock_ms=LOCK_MS)
    store = PostgresLadder(connections)
    try:
        async with asyncio.TaskGroup() as tasks:
            webhook = config.webhook_url is not None
            tasks.create_task(Escalation(store, clock, told=told, webhook=webhook).run(), name="escalation")
            if config.webhook_url is None:
                log.warning("VAKA_WEBHOOK_URL is not set: nobody outside is told of an alarm that nobody takes")
            else:
                transport = Webhook(config.webhook_url, read_key(config.data / "webhook.key"))
                tasks.create_task(Messaging(store, transport, clock).run(), name="messaging")
    finally:
        await connections.close()
