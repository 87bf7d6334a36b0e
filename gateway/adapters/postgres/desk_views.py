"""What the desk reads and does; whatever shows a home writes its read log row in the same transaction."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from psycopg import AsyncCursor

from gateway.adapters.postgres.alerts import COLUMNS, lock_alert, read_alert, save_alert
from gateway.adapters.postgres.connections import Connections
from gateway.adapters.postgres.figures import read_figures
from gateway.adapters.postgres.rows import from_wall, wall
from gateway.adapters.postgres.staff_inbox import put_attendance
from gateway.ports.desk import (
    AlertView,
    DayEvent,
    DayFacts,
    EdgeSeen,
    Figures,
    Numbered,
    Read,
    Snapshot,
    StoreState,
    Window,
)
from homecare.alert import URGENCY_OF, Alert, Condition, Transition, Urgency
from homecare.attendance import of_case
from homecare.clock import HOUR
from homecare.errors import Unavailable, Unknown
from homecare.identity import AlertId, DeviceId, EdgeId, HomeId

SILENT_SINCE: Final = (
    "(SELECT min(s.occurred_at) FROM alert AS s WHERE s.home = a.home "
    "AND s.condition IN ('edge_silent', 'edge_revoked') AND s.standing <> 'resolved' AND s.active)"
)
"""Since when an edge of the home of `a` is silent, or none stands there, for a query over `alert AS a`."""
EVENT_LIMIT: Final = 5_000
"""Events of a day that are drawn; a home has a few hundred, a broken sensor more."""
VALUE_MINUTES: Final = 15
"""One measured value a device and quantity in this many minutes is drawn: about a pixel of the picture."""
PORTION: Final = 500
"""Alerts read at once: some 400 KiB of rows, while those of a whole town would be 15 MiB."""
BEFORE: Final = HOUR
"""Microseconds before the window in which coverage is looked for: it is confirmed every 15 minutes."""

_ALERT: Final = ", ".join(
    "coalesce(a.handling, '{}')" if name == "handling" else f"a.{name}" for name in COLUMNS.split(", ")
)
"""Feed rows from before there were cases have none."""
VIEW: Final = f"""{_ALERT}, a.explanation, {SILENT_SINCE},
    (SELECT i.text FROM instruction AS i WHERE i.home = a.home),
    (SELECT i.call_link FROM instruction AS i WHERE i.home = a.home)"""
"""Columns of an alert as a screen shows it, for a query over `alert AS a`; `read_view` reads them."""
_PLAIN: Final = len(Alert.__struct_fields__)
"""Columns of a view that are the alert's own."""
_BESIDE: Final = 4
"""Columns of a view that stand beside the alert."""
_CALLS: Final = [condition.value for condition in Condition if URGENCY_OF[condition] is Urgency.CALL]
_WITHIN: Final = """(
    %(units)s::text[] IS NULL OR a.home IN (SELECT id FROM home WHERE unit = ANY(%(units)s))
    OR (a.handling ? 'escalated_at' AND a.home IN (
        SELECT h.id FROM home AS h JOIN unit_backup AS b ON b.unit = h.unit WHERE b.backup = ANY(%(units)s)))
)"""
"""Nothing of other units, but what was escalated to these; no units at all is every unit."""
FEED_AFTER: Final = f"""
SELECT {VIEW}, f.number, f.recorded_at
FROM feed AS f CROSS JOIN LATERAL jsonb_populate_record(NULL::alert, f.body) AS a
WHERE f.number > %s ORDER BY f.number LIMIT %s
"""
"""Numbered feed rows in order, each with the alert as it stood then: parameters are a number and a limit."""
_ALERTS: Final = f"""
SELECT {VIEW} FROM alert AS a
WHERE CASE %(state)s WHEN 'open' THEN standing <> 'resolved' WHEN 'resolved' THEN standing = 'resolved' ELSE true END
  AND {_WITHIN}
ORDER BY (standing <> 'resolved' AND condition = ANY(%(calls)s)) DESC, raised_at DESC, id LIMIT %(limit)s
"""
_OPEN: Final = f"""
SELECT {VIEW} FROM alert AS a WHERE standing <> 'resolved' AND {_WITHIN}
ORDER BY condition = ANY(%(calls)s) DESC, raised_at DESC, id LIMIT %(limit)s
"""
_OF_HOME: Final = f"""
SELECT {VIEW} FROM alert AS a WHERE home = %(home)s AND (raised_at >= %(since)s OR standing <> 'resolved')
ORDER BY raised_at DESC LIMIT %(limit)s
"""
_EVENTS: Final = """
SELECT estimated_at, edge, device, kind, body FROM event
WHERE home = %(home)s AND recorded_at >= %(before)s AND estimated_at BETWEEN %(before)s AND %(until)s
ORDER BY estimated_at DESC LIMIT %(limit)s
"""
_VALUES: Final = """
SELECT max(estimated_at), min(edge), device, quantity, min(unit),
       (array_agg(value ORDER BY estimated_at DESC))[1]
FROM observation
WHERE home = %(home)s AND recorded_at >= %(before)s AND estimated_at BETWEEN %(since)s AND %(until)s
GROUP BY device, quantity, date_bin(%(bin)s, estimated_at, 'epoch')
ORDER BY 1 DESC LIMIT %(limit)s
"""
_BEGAN: Final = """
SELECT (SELECT min(valid_from) FROM edge_home WHERE home = %(home)s),
       EXISTS (SELECT FROM event WHERE home = %(home)s AND recorded_at < %(since)s)
"""
_STATE: Final = """
SELECT current_setting('server_version'),
       (SELECT extversion FROM pg_extension WHERE extname = 'timescaledb'),
       current_setting('timescaledb.license', true),
       (SELECT extract(epoch FROM clock_timestamp() - max(seen_at))::float8 FROM process_seen
        WHERE process LIKE 'bulk%'),
       (SELECT count(*) FROM alert WHERE standing <> 'resolved')
"""


class PostgresDesk:
    """`DeskStore` on PostgreSQL."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    async def alerts(self, state: str, limit: int, read: Read) -> Snapshot:
        """The number first: what is committed after it comes again through the feed, never the other way round."""
        async with self._connections.work("read alerts", "alert") as cursor:
            await cursor.execute("SELECT coalesce(max(number), 0) FROM feed")
            row = await cursor.fetchone()
            statement = _OPEN if state == "open" else _ALERTS
            units = None if read.within is None else sorted(read.within)
            views: list[AlertView] = []
            async with cursor.connection.cursor(name="alerts") as portions:
                await portions.execute(statement, {"state": state, "limit": limit, "calls": _CALLS, "units": units})
                while rows := await portions.fetchmany(PORTION):
                    views.extend(map(read_view, rows))
            await log_reads(cursor, (view.alert.home for view in views), read)
        return Snapshot(number=row[0] if row else 0, alerts=tuple(views))

    async def feed_after(self, number: int, limit: int) -> tuple[Numbered, ...]:
        """For a reader that was away; whoever shows the rows logs the reading."""
        async with self._connections.work("read feed", "alert") as cursor:
            await cursor.execute(FEED_AFTER, (number, limit))
            return tuple(read_numbered(row) for row in await cursor.fetchall())

    async def view(self, alert: AlertId, read: Read) -> AlertView:
        """One alert."""
        async with self._connections.work("read alert", "alert") as cursor:
            view = await view_of(cursor, alert)
            await log_reads(cursor, (view.alert.home,), read)
        return view

    async def change(
        self,
        alert: AlertId,
        decide: Callable[[Alert], Alert],
        transition: Transition,
        *,
        person: str,
        recorded_at: int,
        detail: Mapping[str, object] | None = None,
    ) -> AlertView:
        """Lock, decide, save, log: of two people who act on the same version, one wins."""
        async with self._connections.work("change alert", "alert") as cursor:
            current = await lock_alert(cursor, alert)
            if current is None:
                raise Unknown("change alert", "alert", "there is no such alert; read the list again")
            after = decide(current)
            if after is not current:
                await save_alert(cursor, after, transition, person=person, recorded_at=recorded_at, detail=detail)
                for said in of_case(current, after, recorded_at):
                    await put_attendance(cursor, after.home, said, recorded_at)
            view = await view_of(cursor, alert)
            await log_reads(cursor, (view.alert.home,), Read(person=person, what=f"alert.{transition}", within=None))
        return view

    async def edges_seen(self, homes: Sequence[HomeId], read: Read) -> tuple[EdgeSeen, ...]:
        """All edges that were ever heard."""
        async with self._connections.work("read edges", "alert") as cursor:
            await cursor.execute("SELECT edge, last_seen FROM edge_seen")
            rows = await cursor.fetchall()
            await log_reads(cursor, homes, read)
        return tuple(EdgeSeen(edge=EdgeId(edge), last_seen=wall(seen)) for edge, seen in rows)

    async def day(self, home: HomeId, window: Window, read: Read) -> DayFacts:
        """Events, thinned values and alerts of the window."""
        parameters = {
            "home": home,
            "since": from_wall(window.since),
            "until": from_wall(window.until),
            "before": from_wall(max(0, window.since - BEFORE)),
            "limit": EVENT_LIMIT,
            "bin": f"{VALUE_MINUTES} minutes",
            "calls": _CALLS,
        }
        async with self._connections.work("read day", "alert") as cursor:
            await cursor.execute(_EVENTS, parameters)
            events = [_event(row) for row in await cursor.fetchall()]
            await cursor.execute(_VALUES, parameters)
            events += [_value(row) for row in await cursor.fetchall()]
            await cursor.execute(_OF_HOME, parameters)
            views = tuple(read_view(row) for row in await cursor.fetchall())
            await cursor.execute(_BEGAN, parameters)
            stood, heard_before = await cursor.fetchone() or (None, False)
            await log_reads(cursor, (home,), read)
        events.sort(key=lambda event: event.at)
        return DayFacts(events=tuple(events), alerts=views, began=_began(stood, events, heard_before=heard_before))

    async def log_reads(self, homes: Sequence[HomeId], read: Read) -> None:
        """Rows for homes that were shown outside a reading call."""
        async with self._connections.work("log reads", "alert") as cursor:
            await log_reads(cursor, homes, read)

    async def state(self) -> StoreState:
        """Versions and signs of life."""
        async with self._connections.work("read state", "alert") as cursor:
            await cursor.execute(_STATE)
            row = await cursor.fetchone()
        if row is None:
            raise Unavailable("read state", "PostgreSQL", "it gave no answer; try again")
        return StoreState(
            postgresql=row[0].split(" ")[0],
            timescaledb=row[1],
            timescaledb_license=row[2] if row[1] else None,
            bulk_seconds=None if row[3] is None else max(0.0, row[3]),
            open_alerts=row[4],
        )

    async def figures(self) -> Figures:
        """What other processes wrote down."""
        async with self._connections.work("read figures", "alert") as cursor:
            return await read_figures(cursor)


def read_view(row: Sequence[Any]) -> AlertView:
    """The view of a row that starts with the columns of `VIEW`."""
    explanation, silent, instruction, call_link = row[_PLAIN : _PLAIN + _BESIDE]
    return AlertView(
        alert=read_alert(row),
        explanation=explanation,
        edge_silent_since=None if silent is None else wall(silent),
        instruction=instruction,
        call_link=call_link,
    )


def read_numbered(row: Sequence[Any]) -> Numbered:
    """The feed row of a row of `FEED_AFTER`."""
    number, recorded_at = row[_PLAIN + _BESIDE :]
    return Numbered(number=number, view=read_view(row), recorded_at=wall(recorded_at))


async def view_of(cursor: AsyncCursor[Any], alert: AlertId) -> AlertView:
    """One alert inside the caller's transaction; `Unknown` if there is none."""
    await cursor.execute(f"SELECT {VIEW} FROM alert AS a WHERE id = %s", (alert,))
    row = await cursor.fetchone()
    if row is None:
        raise Unknown("read alert", "alert", "there is no such alert; read the list again")
    return read_view(row)


async def log_reads(cursor: AsyncCursor[Any], homes: Iterable[HomeId], read: Read) -> None:
    """One read log row a home inside the caller's transaction."""
    shown = sorted(set(homes))
    if shown:
        await cursor.execute(
            "INSERT INTO read_log (at, person, what, home) SELECT now(), %s, %s, unnest(%s::text[])",
            (read.person, read.what, shown),
        )


def _began(stood: datetime | None, events: Sequence[DayEvent], *, heard_before: bool) -> int | None:
    """`stood`: since when an edge stands in the home; a registration may say so long before anything is heard."""
    if stood is None or heard_before:
        return None if stood is None else wall(stood)
    return max(wall(stood), events[0].at) if events else None


def _event(row: Sequence[Any]) -> DayEvent:
    at, edge, device, kind, body = row
    return DayEvent(
        at=wall(at), edge=EdgeId(edge), device=None if device is None else DeviceId(device), kind=kind, body=body
    )


def _value(row: Sequence[Any]) -> DayEvent:
    at, edge, device, quantity, unit, value = row
    return DayEvent(
        at=wall(at),
        edge=EdgeId(edge),
        device=None if device is None else DeviceId(device),
        kind="observed",
        body={"quantity": quantity, "value": value, "unit": unit},
    )
