"""Doors in the alarm process, put together: who may open, what leaves for the homes, and what they answer."""

import asyncio
from collections.abc import Callable
from typing import Final

from gateway.adapters.postgres.access import PostgresAccess
from gateway.adapters.postgres.commands import PostgresCommands
from gateway.adapters.postgres.connections import Connections
from gateway.adapters.postgres.doors import PostgresDoors
from gateway.doors.access import Access
from gateway.doors.commanding import Commanding
from gateway.doors.door_watch import DoorWatch
from gateway.intake.registry import Registry
from gateway.model.pulses import Pulses
from gateway.ports.broker import Broker
from homecare.clock import Clock

NAME: Final = "vaka-doors"
"""In the database's lists."""
CONNECTIONS: Final = 2
"""One for people at doors, one for what leaves: each takes it for some milliseconds."""
LOCK_MS: Final = 1_000
"""Whoever taps waits this long for another tap at the same door."""


class Doorkeeping:
    """Runs beside the alarms and shares with them only the broker's connection and the heartbeats that they hear."""

    def __init__(self, url: str, broker: Broker, registry: Registry, *, pulses: Pulses, clock: Clock) -> None:
        self._connections = Connections(url, name=NAME, size=CONNECTIONS, lock_ms=LOCK_MS)
        self._doors = PostgresDoors(url, name=f"{NAME}-watch")
        self._clock = clock
        commands = PostgresCommands(self._connections)
        self.commanding = Commanding(commands, broker, registry, pulses=pulses, clock=clock)
        self.access = Access(PostgresAccess(self._connections), registry, self.commanding, clock)

    async def run(self, told: Callable[[], None]) -> None:
        """Until cancelled; `told` is called when a home's word changed what desks show."""
        watch = DoorWatch(self._doors, self._clock, told=told)
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self.commanding.run(), name="commands")
                tasks.create_task(watch.run(), name="doors")
        finally:
            await self._doors.close()
            await self._connections.close()
