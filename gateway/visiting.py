"""The part of the alarm process that serves visits: its connections, its stores, and what goes on by itself."""

import asyncio
import logging
from typing import Final

from gateway.adapters.postgres.connections import Connections
from gateway.adapters.postgres.day_watch import PostgresDayWatch
from gateway.adapters.postgres.proximity import PostgresProximity
from gateway.adapters.postgres.tags import PostgresTags
from gateway.adapters.postgres.visits import PostgresVisits
from gateway.alarms.feed import Feed
from gateway.config import Config, read_key
from gateway.doors.tagging import Tagging
from gateway.model.tag_sun import TagKeys
from gateway.ports.case import Responses
from gateway.visits.days import Days
from gateway.visits.visit_desk import VisitDesk
from homecare.clock import Clock
from homecare.errors import Unavailable

log = logging.getLogger(__name__)

NAME: Final = "vaka-alarm-visits"
"""The connections in the database's lists."""
CONNECTIONS: Final = 3
"""For phones and plans: no plan, however long, keeps a desk or an alarm waiting."""
LOCK_MS: Final = 2_000
"""Milliseconds that a phone waits for another one on the same visit."""
OVERDUE_SECONDS: Final = 30.0
"""Between two looks for visits that nobody ended."""


class Visiting:
    """Puts it together; `desk` is what the web needs of it."""

    def __init__(self, config: Config, feed: Feed, alerts: Responses, *, clock: Clock) -> None:
        self._connections = Connections(config.database_url, name=NAME, size=CONNECTIONS, lock_ms=LOCK_MS)
        self._watch = PostgresDayWatch(config.database_url, name=f"{NAME}-days")
        self._clock = clock
        visits = PostgresVisits(self._connections)
        tags, proximity = PostgresTags(self._connections), PostgresProximity(self._connections)
        self.desk = VisitDesk(
            visits=visits,
            tagging=Tagging(tags, visits, alerts=alerts, proximity=proximity),
            keys=TagKeys(read_key(config.data / "tag.key")),
            days=Days(self._watch, feed),
        )

    async def run(self) -> None:
        """Until cancelled: tell phones what changed, and find visits that nobody ended."""
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self.desk.days.run(), name="days")
                tasks.create_task(self._find_overdue(), name="overdue")
        finally:
            await self._watch.close()
            await self._connections.close()

    async def _find_overdue(self) -> None:
        while True:  # bounded by the process's life; each round rests
            try:
                await self.desk.visits.mark_overdue(self._clock.now().wall)
            except Unavailable as error:
                log.warning("overdue visits wait for the database: %s", error.subject)
            await asyncio.sleep(OVERDUE_SECONDS)
