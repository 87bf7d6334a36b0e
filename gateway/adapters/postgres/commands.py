"""Commands on their way out of the outbox: claimed once, closed when their time is over."""

from collections.abc import Sequence
from typing import Final

from gateway.adapters.postgres.audit import Deed, append
from gateway.adapters.postgres.command_rows import GATEWAY, End, end_command
from gateway.adapters.postgres.connections import Connections
from gateway.adapters.postgres.rows import from_wall
from gateway.ports.access import Accepted, Announcement, Standing, ToSend
from homecare.clock import SECOND
from homecare.command import Action, Message
from homecare.identity import DeviceId, EdgeId, HomeId

OVERDUE_LIMIT: Final = 50
"""Commands closed in one transaction."""
ACCEPTED_LIMIT: Final = 1_000
"""Responders on their way at once: more than a municipality has people on duty."""
AHEAD: Final = 5 * SECOND
"""Microseconds: a command issued so far ahead of now shows that the clock was set back; it is over."""
EXPIRED: Final = "expired"
NO_ANSWER: Final = "no_answer"
REVOKED: Final = "revoked"

_CLAIM: Final = """
SELECT o.id, c.id, c.edge, c.home, c.device, c.action, c.person, c.message,
       coalesce((SELECT bool_or(p.revoked_at IS NOT NULL) FROM person AS p WHERE p.id IN (c.person, c.second_person)),
                false)
FROM outbox AS o JOIN command AS c ON c.id = o.body ->> 'command'
WHERE o.kind = 'command' AND o.sent_at IS NULL AND c.id = ANY(%s) AND c.standing = 'issued' AND c.expires_at > %s
ORDER BY o.id FOR UPDATE OF o, c SKIP LOCKED
"""
_SENT: Final = "UPDATE outbox SET sent_at = %s WHERE id = %s"
_MARK: Final = "UPDATE command SET standing = 'sent', sent_at = %s WHERE id = %s"
_OVERDUE: Final = """
SELECT id, standing FROM command
WHERE standing IN ('issued', 'sent', 'taken')
  AND (closes_at <= %(now)s OR (standing = 'issued' AND expires_at <= %(now)s) OR issued_at > %(ahead)s)
ORDER BY closes_at LIMIT %(limit)s FOR UPDATE SKIP LOCKED
"""
_ANNOUNCE: Final = """
WITH issued AS (
    INSERT INTO command (id, person, key, home, edge, action, message, purpose_kind, purpose_id, how,
                         issued_at, expires_at, closes_at)
    VALUES (%(id)s, %(person)s, %(key)s, %(home)s, %(edge)s, 'announce', %(message)s, %(purpose)s, %(ends_with)s,
            'announcement', %(issued_at)s, %(expires_at)s, %(closes_at)s)
    ON CONFLICT (person, key) DO NOTHING
    RETURNING id
), out AS (
    INSERT INTO outbox (kind, key, body, created_at)
    SELECT 'command', 'command/' || id, jsonb_build_object('command', id), %(issued_at)s FROM issued
)
SELECT id FROM issued
"""

_ACCEPTED: Final = """
SELECT a.id, a.home, a.responder, count(c.id),
       coalesce(array_agg(c.edge) FILTER (WHERE c.standing NOT IN ('failed', 'unknown')), '{}')
FROM alert AS a
LEFT JOIN command AS c ON c.home = a.home AND c.purpose_id = a.id AND c.person = a.responder AND c.action = 'announce'
WHERE a.standing <> 'resolved' AND a.handling -> 'response' ->> 'standing' = 'accepted'
  AND (a.handling -> 'response' ->> 'accepted_at')::bigint > %s
GROUP BY a.id LIMIT %s
"""


class PostgresCommands:
    """`CommandStore` on PostgreSQL."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    async def announce(self, announcement: Announcement) -> bool:
        """Issue, audited."""
        one = announcement
        parameters = {
            "id": one.command,
            "person": one.person,
            "key": one.key,
            "home": one.home,
            "edge": one.edge,
            "message": one.message.value,
            "purpose": one.purpose.value,
            "ends_with": one.ends_with,
            "issued_at": from_wall(one.issued_at),
            "expires_at": from_wall(one.expires_at),
            "closes_at": from_wall(one.closes_at),
        }
        async with self._connections.work("announce", "command") as cursor:
            await cursor.execute(_ANNOUNCE, parameters)
            if await cursor.fetchone() is None:
                return False
            deed = Deed(one.issued_at, one.person, "home.announce", one.command, "allowed", one.home, one.ends_with)
            await append(cursor, deed)
        return True

    async def accepted(self, since: int) -> tuple[Accepted, ...]:
        """One statement."""
        async with self._connections.work("read accepted alerts") as cursor:
            await cursor.execute(_ACCEPTED, (since, ACCEPTED_LIMIT))
            rows = await cursor.fetchall()
        return tuple(
            Accepted(alert, HomeId(home), person, tries, frozenset(map(EdgeId, told)))
            for alert, home, person, tries, told in rows
        )

    async def claim(self, commands: Sequence[str], now: int) -> tuple[ToSend, ...]:
        """Marked as sent before anybody sends: a crash in between leaves one that never left."""
        claimed: list[ToSend] = []
        async with self._connections.work("claim commands", "command") as cursor:
            await cursor.execute(_CLAIM, (list(commands), from_wall(now)))
            for row in await cursor.fetchall():
                out, id_, edge, home, device, action, person, message, revoked = row
                await cursor.execute(_SENT, (from_wall(now), out))
                if revoked:
                    await end_command(cursor, id_, End(Standing.REFUSED, REVOKED, None, now, GATEWAY))
                    continue
                await cursor.execute(_MARK, (from_wall(now), id_))
                claimed.append(
                    ToSend(
                        id=id_,
                        edge=EdgeId(edge),
                        home=HomeId(home),
                        device=None if device is None else DeviceId(device),
                        action=Action(action),
                        actor=person,
                        message=None if message is None else Message(message),
                    )
                )
        return tuple(claimed)

    async def close_overdue(self, now: int) -> int:
        """What was never sent did certainly not happen; of what was sent, nobody knows."""
        parameters = {"now": from_wall(now), "ahead": from_wall(now + AHEAD), "limit": OVERDUE_LIMIT}
        async with self._connections.work("close commands", "command") as cursor:
            await cursor.execute(_OVERDUE, parameters)
            rows = await cursor.fetchall()
            for id_, standing in rows:
                unsent = standing == Standing.ISSUED
                end = (Standing.FAILED, EXPIRED) if unsent else (Standing.UNKNOWN, NO_ANSWER)
                await end_command(cursor, id_, End(*end, None, now, GATEWAY))
        return len(rows)

    async def abandon(self, command: str, reason: str, now: int) -> None:
        """Failed for certain."""
        async with self._connections.work("abandon command", "command") as cursor:
            await end_command(cursor, command, End(Standing.FAILED, reason, None, now, GATEWAY))
