"""Alert rows, written by both lanes inside their own transaction.

One statement a verdict: the alert (opened, or one occurrence more on the open one), the occurrence, the log row, the
feed row and the outbox row stand or fall together, and the relay is notified with the commit. The unique index on
open alerts decides between two writers.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec
from psycopg import AsyncCursor
from psycopg.types.json import Jsonb

from gateway.adapters.postgres.rows import from_wall, wall
from gateway.model.alerting import alert_id, clears, occurrence_id
from homecare.alert import URGENCY_OF, Alert, Condition, Transition, Urgency
from homecare.identity import AlertId
from homecare.ladder import due, first_due, ladder_of
from rules.verdict import Clear, Raise

FEED_CHANNEL: Final = "vaka_feed"
"""The notification that shortens the relay's wait; nothing depends on it."""

COLUMNS: Final = (
    "id, home, condition, subject, occurred_at, raised_at, last_occurred_at, occurrences, active, standing, version, "
    "claimed_by, acknowledged_by, resolved_by, reason, redelivered, handling"
)
"""Columns of `alert` in the order of `homecare.alert.Alert`; `handling` is its case."""

_PLACES: Final = {Urgency.CALL: 0, Urgency.CONCERN: 1, Urgency.FAULT: 2}
_PLACED: Final = " ".join(f"WHEN '{one}' THEN {_PLACES[URGENCY_OF[one]]}" for one in Condition)
PLACE: Final = f"CASE condition {_PLACED} END"
"""Of an alert in the feed: what is committed together is numbered in this order, so that no call waits for faults."""

_RAISE: Final = f"""
WITH raised AS (
    INSERT INTO alert AS a ({COLUMNS}, explanation, transition, due_at)
    SELECT %(alert)s, %(home)s, %(condition)s, %(subject)s, %(occurred_at)s, %(recorded_at)s, %(occurred_at)s,
           %(presses)s, true, 'raised', 1, NULL, NULL, NULL, NULL, %(redelivered)s, '{{}}', %(explanation)s, 'raised',
           %(due_at)s
    WHERE NOT EXISTS (SELECT FROM occurrence WHERE id = %(occurrence)s)
    ON CONFLICT (home, condition) WHERE standing <> 'resolved' DO UPDATE SET
        occurrences = a.occurrences + excluded.occurrences,
        last_occurred_at = greatest(a.last_occurred_at, excluded.last_occurred_at),
        active = true,
        standing = 'raised',
        acknowledged_by = NULL,
        version = a.version + 1,
        redelivered = a.redelivered AND excluded.redelivered,
        explanation = CASE WHEN excluded.explanation ? 'doubt' AND NOT a.explanation ? 'doubt'
                           THEN excluded.explanation - 'doubt' ELSE excluded.explanation END,
        due_at = coalesce(a.due_at, excluded.due_at),
        transition = CASE WHEN a.active THEN 'occurred' ELSE 'returned' END
    RETURNING a.*
), counted AS (
    INSERT INTO occurrence (id, alert, edge, epoch, stream, seq, presses, occurred_at, recorded_at)
    SELECT %(occurrence)s, id, %(edge)s, %(epoch)s, %(stream)s, %(seq)s, %(presses)s, %(occurred_at)s, %(recorded_at)s
    FROM raised
), logged AS (
    INSERT INTO alert_log (recorded_at, alert, version, transition, home, condition, edge, epoch, stream, seq)
    SELECT %(recorded_at)s, id, version, transition, home, condition, %(edge)s, %(epoch)s, %(stream)s, %(seq)s
    FROM raised
), told AS (
    INSERT INTO feed (alert, version, recorded_at, body, place)
    SELECT id, version, %(recorded_at)s, to_jsonb(raised), {PLACE} FROM raised
), sent AS (
    INSERT INTO outbox (kind, key, body, created_at)
    SELECT 'alert', 'alert/' || %(occurrence)s,
           jsonb_build_object('alert', id, 'version', version, 'transition', transition), %(recorded_at)s
    FROM raised
    ON CONFLICT (key) DO NOTHING
)
SELECT {COLUMNS}, pg_notify('{FEED_CHANNEL}', '') FROM raised
"""

_FOLLOW: Final = f"""
), logged AS (
    INSERT INTO alert_log (recorded_at, alert, version, transition, home, condition, person, reason, detail)
    SELECT %(recorded_at)s, id, version, transition, home, condition, %(person)s, reason, %(detail)s FROM changed
), told AS (
    INSERT INTO feed (alert, version, recorded_at, body, place)
    SELECT id, version, %(recorded_at)s, to_jsonb(changed), {PLACE} FROM changed
)
SELECT {COLUMNS}, pg_notify('{FEED_CHANNEL}', '') FROM changed
"""

_CLEAR: Final = (
    """
WITH changed AS (
    UPDATE alert SET active = false, version = version + 1, transition = 'cleared'
    WHERE home = %(home)s AND condition = %(condition)s AND active
      AND (%(subject)s::text IS NULL OR subject = %(subject)s)
    RETURNING *
"""
    + _FOLLOW
)

_SAVE: Final = (
    """
WITH changed AS (
    UPDATE alert SET standing = %(standing)s, active = %(active)s, version = %(version)s, claimed_by = %(claimed_by)s,
        acknowledged_by = %(acknowledged_by)s, resolved_by = %(resolved_by)s, reason = %(reason)s,
        transition = %(transition)s, handling = %(handling)s, due_at = %(due_at)s
    WHERE id = %(id)s
    RETURNING *
"""
    + _FOLLOW
)


async def apply_verdicts(
    cursor: AsyncCursor[Any], verdicts: Sequence[Raise | Clear], recorded_at: int, *, redelivered: bool = False
) -> list[Alert]:
    """Put the verdicts into force inside the caller's transaction; the alerts that changed, as they now stand.

    A verdict that was applied before changes nothing. `recorded_at` is wall microseconds. A `UniqueViolation` means
    that another transaction applied the same verdict at the same moment: roll back and try again.
    """
    changed: list[Alert] = []
    for verdict in verdicts:
        if isinstance(verdict, Raise):
            await cursor.execute(_RAISE, _raise_parameters(verdict, recorded_at, redelivered=redelivered))
        elif clears(verdict):
            await cursor.execute(_CLEAR, _clear_parameters(verdict, recorded_at))
        else:
            continue
        changed.extend([read_alert(row) for row in await cursor.fetchall()])
    return changed


def _raise_parameters(raised: Raise, recorded_at: int, *, redelivered: bool) -> dict[str, object]:
    fact = raised.fact
    due_at = first_due(raised.condition, recorded_at)
    return {
        "alert": alert_id(raised),
        "occurrence": occurrence_id(raised),
        "home": raised.home,
        "condition": raised.condition,
        "subject": raised.subject,
        "occurred_at": from_wall(raised.occurred_at),
        "recorded_at": from_wall(recorded_at),
        "presses": raised.presses,
        "redelivered": redelivered,
        "explanation": Jsonb(dict(raised.explanation)),
        "due_at": None if due_at is None else from_wall(due_at),
        "edge": fact.edge if fact else None,
        "epoch": fact.epoch if fact else None,
        "stream": fact.stream if fact else None,
        "seq": fact.seq if fact else None,
    }


def _clear_parameters(clear: Clear, recorded_at: int) -> dict[str, object]:
    return {
        "home": clear.home,
        "condition": clear.condition,
        "subject": clear.subject,
        "recorded_at": from_wall(recorded_at),
        "person": None,
        "detail": None,
    }


async def lock_alert(cursor: AsyncCursor[Any], alert: AlertId) -> Alert | None:
    """The alert, locked until the transaction ends; None if there is none."""
    await cursor.execute(f"SELECT {COLUMNS} FROM alert WHERE id = %s FOR UPDATE", (alert,))
    row = await cursor.fetchone()
    return None if row is None else read_alert(row)


async def save_alert(
    cursor: AsyncCursor[Any],
    alert: Alert,
    transition: Transition,
    *,
    person: str | None,
    recorded_at: int,
    detail: Mapping[str, object] | None = None,
) -> None:
    """Write what an action, or time (`person` None), made of a locked alert, with its log row and its feed row."""
    due_at = due(alert, ladder_of(alert.condition))
    parameters = msgspec.structs.asdict(alert)
    del parameters["case"]
    parameters |= {
        "transition": transition,
        "person": person,
        "recorded_at": from_wall(recorded_at),
        "handling": Jsonb(msgspec.to_builtins(alert.case)),
        "due_at": None if due_at is None else from_wall(due_at),
        "detail": None if detail is None else Jsonb(dict(detail)),
    }
    await cursor.execute(_SAVE, parameters)


def read_alert(row: Sequence[Any]) -> Alert:
    """The alert of a row that starts with `COLUMNS`."""
    named: dict[str, Any] = dict(zip(Alert.__struct_fields__, row, strict=False))
    named |= {name: wall(named[name]) for name in ("occurred_at", "raised_at", "last_occurred_at")}
    return msgspec.convert(named, Alert)
