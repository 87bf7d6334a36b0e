"""People's days on their phones: which one must be shown anew. One listener and one reader of the feed for all phones.

A day is a person's visits and the alerts that were sent to the person. That it changed is all that is told here; what
it is now is read by whoever shows it.
"""

import asyncio
import logging
from typing import Final

from gateway.alarms.feed import Feed
from gateway.ports.desk import Numbered
from gateway.ports.today import DayWatch
from homecare.alert import Standing
from homecare.errors import Unavailable
from homecare.identity import AlertId

log = logging.getLogger(__name__)

LISTEN_SECONDS: Final = 10.0
"""Between two looks at a silent connection."""
RETRY_SECONDS: Final = 0.5
PHONES_LIMIT: Final = 500
"""Live connections of phones to one gateway: a municipality's night and day staff together."""
OVERVIEWS_LIMIT: Final = 600
"""Views of all visits: two a desk, of which there are 200 at most, and as many coordinators'."""
_ANYBODY: Final[frozenset[str | None]] = frozenset({None})


class DayView:
    """A screen's view of a person's day, or with None of all visits: `changed` is set whenever it must be read anew."""

    def __init__(self, person: str | None) -> None:
        self.person = person
        self.changed = asyncio.Event()

    async def wait(self, seconds: float) -> bool:
        """Whether it changed, at the latest after `seconds`; then it counts from now on."""
        try:
            async with asyncio.timeout(seconds):
                await self.changed.wait()
        except TimeoutError:
            return False
        self.changed.clear()
        return True


class Days:
    """Hands on who is concerned; one a process."""

    def __init__(self, watch: DayWatch, feed: Feed) -> None:
        self._watch = watch
        self._feed = feed
        self._views: set[DayView] = set()
        self._sent: dict[AlertId, frozenset[str | None]] = {}

    @property
    def phones(self) -> int:
        """Live connections of phones."""
        return sum(view.person is not None for view in self._views)

    def open(self, person: str | None) -> DayView:
        """From now on every change of the person's day, or with None of any visit; `Unavailable` where it is full."""
        taken, most = (
            (len(self._views) - self.phones, OVERVIEWS_LIMIT) if person is None else (self.phones, PHONES_LIMIT)
        )
        if taken >= most:
            raise Unavailable("too many", "live connections", f"at most {most}; close one")
        view = DayView(person)
        self._views.add(view)
        return view

    def close(self, view: DayView) -> None:
        """No more."""
        self._views.discard(view)

    async def run(self) -> None:
        """Until cancelled; goes on by itself when the database comes back."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._follow_visits(), name="days-visits")
            tasks.create_task(self._follow_alerts(), name="days-alerts")

    async def _follow_visits(self) -> None:
        while True:  # bounded by the process's life; each round waits
            try:
                changed = await self._watch.changed(LISTEN_SECONDS)
                self._tell(changed)
                if changed is None or changed:
                    self._tell(_ANYBODY)
            except Unavailable as error:
                log.warning("phones wait for the database: %s", error.subject)
                await asyncio.sleep(RETRY_SECONDS)

    async def _follow_alerts(self) -> None:
        while True:  # bounded by the process's life; each round waits
            try:
                subscription = self._feed.subscribe(desk=False)
            except Unavailable:
                await asyncio.sleep(RETRY_SECONDS)
                continue
            try:
                self._tell(None)
                while not subscription.cut:
                    row = await subscription.next(LISTEN_SECONDS)
                    if row is not None:
                        self._tell(self.concerned(row))
            finally:
                self._feed.unsubscribe(subscription)

    def concerned(self, row: Numbered) -> frozenset[str | None]:
        """On whose phones the alert is, now and before this change."""
        alert = row.view.alert
        now: frozenset[str | None] = frozenset(one.person for one in alert.case.responses)
        before = self._sent.pop(alert.id, frozenset())
        if now and alert.standing is not Standing.RESOLVED:
            self._sent[alert.id] = now
        return before | now

    def _tell(self, people: frozenset[str | None] | None) -> None:
        for view in self._views:
            if people is None or view.person in people:
                view.changed.set()
