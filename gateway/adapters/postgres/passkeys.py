"""Passkeys, invitations and challenges in PostgreSQL."""

from typing import Final

import psycopg

from gateway.adapters.postgres.connections import Connections
from gateway.adapters.postgres.people import insert_session
from gateway.adapters.postgres.rows import from_wall, wall
from gateway.ports.passkeys import Invited
from gateway.ports.people import Passkey, Purpose, WebSession
from homecare.errors import Conflict, Unavailable

CHALLENGES_LIMIT: Final = 2_000
"""Challenges that may wait for an answer at once: anybody may ask for one."""


class PostgresPasskeys:
    """`PasskeyStore` on PostgreSQL."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    async def invite(self, digest: bytes, invited: Invited, at: int) -> None:
        """Only the newest one counts."""
        async with self._connections.work("invite") as cursor:
            await cursor.execute("DELETE FROM invitation WHERE person = %s AND used_at IS NULL", (invited.person,))
            await cursor.execute(
                "INSERT INTO invitation (digest, person, invited_by, created_at, expires_at) "
                "VALUES (%s, %s, %s, %s, %s)",
                (digest, invited.person, invited.invited_by, from_wall(at), from_wall(invited.expires_at)),
            )

    async def invited(self, digest: bytes, at: int) -> Invited | None:
        """An unused one of somebody who was not revoked."""
        async with self._connections.work("read invitation") as cursor:
            await cursor.execute(
                "SELECT i.person, i.invited_by, i.expires_at FROM invitation AS i JOIN person AS p ON p.id = i.person "
                "WHERE i.digest = %s AND i.used_at IS NULL AND i.expires_at > %s AND p.revoked_at IS NULL",
                (digest, from_wall(at)),
            )
            row = await cursor.fetchone()
        return None if row is None else Invited(person=row[0], invited_by=row[1], expires_at=wall(row[2]))

    async def challenge(self, digest: bytes, purpose: Purpose, person: str | None, *, at: int, until: int) -> None:
        """Old ones go first."""
        async with self._connections.work("keep challenge") as cursor:
            await cursor.execute("DELETE FROM ceremony WHERE expires_at <= %s", (from_wall(at),))
            await cursor.execute(
                "INSERT INTO ceremony (digest, purpose, person, expires_at) SELECT %s, %s, %s, %s "
                "WHERE (SELECT count(*) FROM ceremony) < %s",
                (digest, purpose, person, from_wall(until), CHALLENGES_LIMIT),
            )
            if cursor.rowcount != 1:
                raise Unavailable("sign in", "challenges", "too many people sign in at once; try again in a minute")

    async def answer(self, digest: bytes, purpose: Purpose, at: int) -> tuple[bool, str | None]:
        """Deleted by whoever asks first."""
        async with self._connections.work("answer challenge") as cursor:
            await cursor.execute(
                "DELETE FROM ceremony WHERE digest = %s AND purpose = %s RETURNING person, expires_at > %s",
                (digest, purpose, from_wall(at)),
            )
            row = await cursor.fetchone()
        return (False, None) if row is None else (row[1], row[0])

    async def register(self, invitation: bytes, passkey: Passkey, session: WebSession, digest: bytes) -> bool:
        """The invitation's row decides between two who come at once."""
        at = from_wall(session.created_at)
        try:
            async with self._connections.work("register passkey") as cursor:
                await cursor.execute(
                    "UPDATE invitation SET used_at = %s WHERE digest = %s AND used_at IS NULL AND expires_at > %s "
                    "AND person = %s",
                    (at, invitation, at, passkey.person),
                )
                if cursor.rowcount != 1:
                    return False
                await cursor.execute(
                    "INSERT INTO passkey (id, person, public_key, sign_count, created_at) VALUES (%s, %s, %s, %s, %s)",
                    (passkey.id, passkey.person, passkey.public_key, passkey.sign_count, at),
                )
                await insert_session(cursor, session, digest)
        except psycopg.errors.UniqueViolation as error:
            raise Conflict("register passkey", "passkey", "this passkey is known already; sign in with it") from error
        return True

    async def passkey(self, id_: bytes) -> Passkey | None:
        """One passkey."""
        async with self._connections.work("read passkey") as cursor:
            await cursor.execute(
                "SELECT k.id, k.person, k.public_key, k.sign_count FROM passkey AS k "
                "JOIN person AS p ON p.id = k.person WHERE k.id = %s AND p.revoked_at IS NULL",
                (id_,),
            )
            row = await cursor.fetchone()
        if row is None:
            return None
        return Passkey(id=bytes(row[0]), person=row[1], public_key=bytes(row[2]), sign_count=row[3])

    async def used(self, id_: bytes, sign_count: int, at: int) -> None:
        """The highest count stays."""
        async with self._connections.work("use passkey") as cursor:
            await cursor.execute(
                "UPDATE passkey SET sign_count = greatest(sign_count, %s), last_used_at = %s WHERE id = %s",
                (sign_count, from_wall(at), id_),
            )
