"""Live events: a snapshot, what was missed, then every numbered feed row in order, and a pulse.

The id of an event is the position that its reader has reached. A reader that resumes gets its old position with the
snapshot and then every row that it missed, so that a connection cut at any point loses nothing.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable, Collection, Iterable, Iterator
from typing import Annotated, Final

from fastapi import APIRouter, Header, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from gateway.alarms.feed import Subscription
from gateway.model.authorisation import Permission
from gateway.ports.desk import Numbered, Read, Snapshot
from gateway.web.alert_events import encoded
from gateway.web.lists_live import Lists
from gateway.web.operator import PROBLEMS
from gateway.web.schemas import Pulse, alert_view, rfc3339
from gateway.web.services import Behind, Services
from gateway.web.session import Signed
from gateway.web.tenancy import Reach
from homecare.errors import Unavailable
from homecare.identity import HomeId

PULSE_SECONDS: Final = 2.0
"""A desk that heard nothing for 5 s says that its feed is gone."""
SEND_SECONDS: Final = 10.0
"""A desk that takes nothing for this long is cut; it comes back with a snapshot."""
DESKS_LIMIT: Final = 200
"""Live connections of one gateway."""
SNAPSHOT_LIMIT: Final = 20_000
"""Alerts in a snapshot: two for each of ten thousand homes, calls first."""
PIECE: Final = 200
"""Alerts of a snapshot encoded at once: about 10 ms and 150 KiB."""
PAGE: Final = 500
"""Missed rows read at once."""
AT_ONCE: Final = 50
"""Rows sent at once: some 2 ms of work; then other desks and presses have their turn."""
LAST_ID_DIGITS: Final = 18
"""Digits of a position: a 64-bit number."""

router: Final = APIRouter(prefix="/api/v1", responses=PROBLEMS)


class TooManyDesks(Unavailable):
    """All places for live connections are taken."""


class EventStream(Response):
    """Sends events until the reader leaves, does not take them in time, or is cut."""

    media_type = "text/event-stream"

    def __init__(self, events: AsyncGenerator[bytes, None], *, on_end: Callable[[], None]) -> None:
        super().__init__()
        self._events = events
        self._on_end = on_end
        del self.headers["content-length"]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve; the reader's leaving ends the events as well."""
        del scope
        leaving = asyncio.create_task(_left(receive))
        sending = asyncio.create_task(self._send(send))
        try:
            await asyncio.wait((leaving, sending), return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (leaving, sending):
                task.cancel()
            await asyncio.gather(leaving, sending, return_exceptions=True)
            await self._events.aclose()
            self._on_end()
        if sending.done() and not sending.cancelled() and (error := sending.exception()):
            raise error

    async def _send(self, send: Send) -> None:
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        try:
            async for event in self._events:
                async with asyncio.timeout(SEND_SECONDS):
                    await send({"type": "http.response.body", "body": event, "more_body": True})
        except TimeoutError:
            return
        await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _left(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":  # bounded by the connection
        pass


@router.get(
    "/live",
    summary="Live events: snapshot, alert, no_entries, openings, pulse",
    status_code=200,
    response_class=EventStream,
    responses={200: {"description": "server-sent events", "content": {"text/event-stream": {"schema": {}}}}},
)
async def live(
    behind: Behind,
    subject: Signed,
    request: Request,
    last_event_id: Annotated[str | None, Header(max_length=40, description="resumes after this number")] = None,
) -> EventStream:
    """First `snapshot` (an `Alerts`), then one `alert` (an `AlertView`) a change, and every 2 s a `pulse`.

    For whoever may end them also who cannot get in: `no_entries` (`NoEntries`), and for whoever may be the second
    person the remote openings that wait: `openings` (`Openings`); the whole list after every change.
    """
    if behind.feed.desks >= DESKS_LIMIT:
        raise TooManyDesks("too many", "live connections", f"at most {DESKS_LIMIT}; close one")
    reach = Reach(behind, request, subject, Permission.ALERT_READ)
    subscription = behind.feed.subscribe()
    lists = Lists()

    def end() -> None:
        reach.close()
        behind.feed.unsubscribe(subscription)
        lists.close()

    try:
        lists.watch(behind, request, subject)
        read = Read(person=subject.person, what="live", within=reach.units)
        snapshot = await behind.store.alerts("open", SNAPSHOT_LIMIT, read)
    except BaseException:
        end()
        raise
    resumed = _position(last_event_id, snapshot.number)
    shown = {view.alert.home for view in snapshot.alerts}
    return EventStream(
        _Desk(behind, subscription, read, reach=reach, shown=shown, lists=lists).events(snapshot, resumed),
        on_end=end,
    )


def _position(last_event_id: str | None, newest: int) -> int:
    """Where a reader goes on: at its own position if it is one of ours, else at the snapshot."""
    text = last_event_id or ""
    if not (text.isascii() and text.isdecimal() and len(text) <= LAST_ID_DIGITS):
        return newest
    return min(int(text), newest)


class _Desk:
    """One live connection."""

    def __init__(
        self,
        behind: Services,
        subscription: Subscription,
        read: Read,
        *,
        reach: Reach,
        shown: set[HomeId],
        lists: Lists,
    ) -> None:
        self._behind = behind
        self._subscription = subscription
        self._read = read
        self._reach = reach
        self._shown = shown
        self._lists = lists
        self._unlogged: list[HomeId] = []
        self._logging: asyncio.Task[None] | None = None

    async def events(self, snapshot: Snapshot, resumed: int) -> AsyncGenerator[bytes, None]:
        """The encoded events; ends when the subscription is cut or the database leaves in the middle."""
        newest = snapshot.number
        for piece in self._pieces(snapshot, resumed):
            yield piece
        del snapshot  # a desk stays for a shift, and ten thousand alerts are 50 MiB
        yield self._pulse()
        position = resumed
        try:
            while position < newest:
                missed = await self._behind.store.feed_after(position, PAGE)
                if not missed:
                    break
                if not await self._reach.goes_on():
                    return
                if said := await self._said(missed):
                    yield said
                position = missed[-1].number
            async for event in self._go_on(max(position, newest)):
                yield event
        except Unavailable:
            return
        finally:
            if self._logging is not None:
                await asyncio.gather(self._logging, return_exceptions=True)

    def _pieces(self, snapshot: Snapshot, resumed: int) -> Iterator[bytes]:
        """The event `snapshot` (an `Alerts`) a few hundred alerts at a time: between two of them alarms are taken."""
        yield f'event: snapshot\nid: {resumed}\ndata: {{"number":{snapshot.number},"alerts":['.encode()
        for first in range(0, len(snapshot.alerts), PIECE):
            views = snapshot.alerts[first : first + PIECE]
            texts = [alert_view(view, self._behind.registry).model_dump_json(by_alias=True) for view in views]
            yield ("," * bool(first) + ",".join(texts)).encode()
        yield b"]}\n\n"

    async def _go_on(self, position: int) -> AsyncGenerator[bytes, None]:
        loop = asyncio.get_running_loop()
        pulse_at = loop.time() + PULSE_SECONDS
        self._news()
        while not self._subscription.cut:
            rows = await self._subscription.several(max(0.0, pulse_at - loop.time()), AT_ONCE)
            if not await self._reach.goes_on():
                return
            if said := await self._said(row for row in rows if row.number > position):
                yield said
            position = max(position, rows[-1].number) if rows else position
            if len(rows) == AT_ONCE:
                await asyncio.sleep(0)
            if stuck := self._news():
                yield stuck
            if loop.time() >= pulse_at:
                pulse_at = loop.time() + PULSE_SECONDS
                yield self._pulse()

    async def _said(self, rows: Iterable[Numbered]) -> bytes:
        """The events of those that may be shown; each home of them is on its way into the read log."""
        shown = [row for row in rows if await self._reach.shows_alert(row.view.alert)]
        self._log({row.view.alert.home for row in shown}.difference(self._shown))
        return b"".join(map(self._behind.alert_events.of, shown))

    def _news(self) -> bytes:
        """Who cannot get in and which openings wait, where that changed; nothing is waited for."""
        return b"".join(encoded(name, news) for name, news in self._lists.news())

    def _log(self, homes: Collection[HomeId]) -> None:
        """Log homes that this connection shows for the first time.

        Beside the alarm, which must not wait for it, and also if the reader leaves as soon as it has seen the home. A
        connection whose reads cannot be logged ends. Homes that come while others are being logged are logged
        together: ten thousand transactions would stand before whatever an operator does meanwhile.
        """
        if self._logging is not None and self._logging.done():
            self._logging.result()
            self._logging = None
        self._shown.update(homes)
        self._unlogged.extend(homes)
        if self._unlogged and self._logging is None:
            self._logging = asyncio.create_task(self._log_all())

    async def _log_all(self) -> None:
        while self._unlogged:  # bounded: a home is logged once
            homes, self._unlogged = self._unlogged, []
            await self._behind.store.log_reads(homes, self._read)

    def _pulse(self) -> bytes:
        standing = self._behind.health.standing()
        pulse = Pulse(
            at=rfc3339(self._behind.clock.now().wall),
            bulk_alive=standing.bulk_alive,
            database=standing.database,
            broker=standing.broker,
        )
        return encoded("pulse", pulse)
