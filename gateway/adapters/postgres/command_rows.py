"""Command rows, for whoever closes commands inside a transaction of its own."""

from collections.abc import Sequence
from typing import Any, Final

import msgspec
from psycopg import AsyncCursor

from gateway.adapters.postgres.alerts import apply_verdicts
from gateway.adapters.postgres.audit import Deed, append
from gateway.adapters.postgres.rows import from_wall, wall
from gateway.ports.access import CommandView, Standing
from homecare.alert import Condition
from homecare.errors import Unknown
from homecare.event import LockState
from homecare.identity import DeviceId, HomeId
from rules.verdict import Raise

FAILED_LIMIT: Final = 3
"""Openings of one lock that failed within `FAILED_WITHIN`, at which somebody has to look at the lock."""
FAILED_WITHIN: Final = "7 days"
LOCK_FAILING: Final = "lock_failing"
"""The fault's kind; its subject is the lock."""
HOME: Final = "home"
"""Who ends a command in the audit where the home said how it ended."""
GATEWAY: Final = "gateway"
"""Who ends a command in the audit where its time ran out."""

_VIEW: Final = (
    "id, person, home, device, action, purpose_kind, purpose_id, how, issued_at, standing, reason, state, ended_at, "
    "second_person, late_standing, late_state"
)
_END: Final = """
UPDATE command SET standing = %(standing)s, reason = %(reason)s, state = %(state)s, ended_at = %(at)s
WHERE id = %(id)s AND standing IN ('issued', 'sent', 'taken')
RETURNING person, home, device, action, purpose_id
"""
_LATE: Final = """
UPDATE command SET late_standing = %(standing)s, late_reason = %(reason)s, late_state = %(state)s, late_at = %(at)s
WHERE id = %(id)s AND standing = 'unknown' AND late_at IS NULL
RETURNING person, home, device, action, purpose_id
"""
_FAILING: Final = """
INSERT INTO fault AS f (kind, subject, count, first_at, last_at, detail)
SELECT %(kind)s, %(device)s, count(*), min(ended_at), max(ended_at), %(detail)s FROM command
WHERE device = %(device)s AND standing IN ('failed', 'unknown') AND sent_at IS NOT NULL
  AND action IN ('unlock', 'unlatch') AND ended_at > %(at)s - %(within)s::interval
HAVING count(*) >= %(limit)s
ON CONFLICT (kind, subject) DO UPDATE SET count = excluded.count, last_at = excluded.last_at, detail = excluded.detail
RETURNING count
"""


class End(msgspec.Struct, frozen=True):
    """How a command ended; `by` says who says so."""

    standing: Standing
    reason: str | None
    state: LockState | None
    at: int
    by: str


async def read_command(cursor: AsyncCursor[Any], id_: str) -> CommandView:
    """The command as it stands; `Unknown` if there is none."""
    await cursor.execute(f"SELECT {_VIEW} FROM command WHERE id = %s", (id_,))
    row = await cursor.fetchone()
    if row is None:
        raise Unknown("read command", "command", "there is no such command")
    return _read(row)


async def end_command(cursor: AsyncCursor[Any], id_: str, end: End) -> bool:
    """End the command, with its audit entry and, where it is the third failure, the fault of the lock.

    Of a command that its deadline closed as unknown, what the home says later is added beside it, once. False: nothing
    changed.
    """
    parameters = {
        "id": id_,
        "standing": end.standing.value,
        "reason": end.reason,
        "state": None if end.state is None else end.state.value,
        "at": from_wall(end.at),
    }
    await cursor.execute(_END, parameters)
    row = await cursor.fetchone()
    if row is None and end.by == HOME:
        await cursor.execute(_LATE, parameters)
        row = await cursor.fetchone()
    if row is None:
        return False
    person, home, device, action, purpose = row
    if end.standing in (Standing.FAILED, Standing.UNKNOWN) and device is not None:
        await _look_at_the_lock(cursor, HomeId(home), device, command=id_, end=end)
    deed = Deed(
        at=end.at,
        person=person if end.by == HOME else end.by,
        action=f"door.{action}.ended",
        subject=id_,
        result=end.standing.value,
        home=home,
        purpose=purpose,
        reason=end.reason,
    )
    await append(cursor, deed)
    return True


async def _look_at_the_lock(cursor: AsyncCursor[Any], home: HomeId, device: str, *, command: str, end: End) -> None:
    """The lock's fault, and the alert by which somebody hears of it; each further failure is an occurrence on it."""
    parameters = {
        "kind": LOCK_FAILING,
        "device": device,
        "at": from_wall(end.at),
        "within": FAILED_WITHIN,
        "limit": FAILED_LIMIT,
        "detail": f"the last one: {end.reason or end.standing}",
    }
    await cursor.execute(_FAILING, parameters)
    row = await cursor.fetchone()
    if row is not None:
        raised = Raise(
            condition=Condition.LOCK_FAILING,
            home=home,
            subject=DeviceId(device),
            window=command,
            occurred_at=end.at,
            fact=None,
            presses=1,
            explanation={"device": device, "times": row[0], "at": end.at},
        )
        await apply_verdicts(cursor, [raised], end.at)


def _read(row: Sequence[Any]) -> CommandView:
    named: dict[str, Any] = dict(zip(CommandView.__struct_fields__, row, strict=True))
    named["issued_at"] = wall(named["issued_at"])
    if named["ended_at"] is not None:
        named["ended_at"] = wall(named["ended_at"])
    return msgspec.convert(named, CommandView)
