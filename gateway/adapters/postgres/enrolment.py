"""Claim codes, certificates and revocation in PostgreSQL: `EnrolmentStore`."""

from collections.abc import Callable, Sequence, Set
from typing import Any, Final

import msgspec
import psycopg
from psycopg import AsyncCursor
from psycopg.types.json import Jsonb

from gateway.adapters.postgres.alerts import apply_verdicts
from gateway.adapters.postgres.connections import Connections
from gateway.adapters.postgres.registry import IN_SERVICE
from gateway.adapters.postgres.rows import from_wall, wall
from gateway.model.renewal import Decision, Given
from gateway.ports.enrolment import Claimed, NewCode, NewEdge, Overdue, PlannedDevice
from homecare.alert import Condition
from homecare.errors import Conflict, Refused, Unknown
from homecare.identity import EdgeId, HomeId
from rules.verdict import Clear, Raise

_CHANGED: Final = "UPDATE registry_change SET number = number + 1"
_KEEP: Final = """
INSERT INTO claim_code (digest, home, devices, made_by, made_at, expires_at) VALUES (%s, %s, %s, %s, %s, %s)
"""
_USE: Final = """
UPDATE claim_code SET used_at = %(at)s, edge = %(edge)s
WHERE digest = %(digest)s AND used_at IS NULL AND expires_at > %(at)s RETURNING home, devices
"""
_DEVICE: Final = """
INSERT INTO device (id, home, edge, driver, address, placement, capabilities, reports_every)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s)
"""
_REVOKE: Final = "UPDATE edge SET revoked_at = coalesce(revoked_at, %s) WHERE id = %s RETURNING id"
_END_STAY: Final = """
UPDATE edge_home SET valid_until = greatest(%s, valid_from + interval '1 microsecond')
WHERE edge = %s AND valid_until IS NULL RETURNING home
"""
_FORSAKEN: Final = f"""
SELECT id FROM home WHERE id = ANY(%s) AND ({IN_SERVICE})
  AND NOT EXISTS (SELECT FROM edge_home AS h WHERE h.home = home.id AND h.valid_until IS NULL)
"""
"""Homes in service in which no edge stands."""
_OVERDUE: Final = """
SELECT * FROM (
    SELECT DISTINCT ON (c.edge) c.edge, h.home, c.serial, c.due_at
    FROM certificate AS c JOIN edge_home AS h ON h.edge = c.edge AND h.valid_until IS NULL
    WHERE c.seen_at IS NOT NULL
    ORDER BY c.edge, c.issued_at DESC
) AS newest WHERE due_at < %s
"""
_LOCK: Final = "SELECT revoked_at FROM edge WHERE id = %s FOR NO KEY UPDATE"
"""Not stronger: whoever records a fact of the edge refers to its row and must not wait."""
_GIVEN: Final = """
SELECT serial, issued_at, due_at, key, pem, seen_at FROM certificate WHERE edge = %s ORDER BY issued_at DESC
"""
_CERTIFY: Final = "INSERT INTO certificate (serial, edge, issued_at, due_at, key, pem) VALUES (%s, %s, %s, %s, %s, %s)"
_USED: Final = """
INSERT INTO certificate (serial, edge, issued_at, due_at, seen_at) VALUES (%s, %s, %s, %s, %s)
ON CONFLICT (serial) DO UPDATE SET seen_at = coalesce(certificate.seen_at, excluded.seen_at)
"""
_FAULTY: Final = """
SELECT DISTINCT a.home FROM alert AS a JOIN edge_home AS h ON h.home = a.home AND h.valid_until IS NULL
WHERE h.edge = %s AND a.condition = %s AND a.active
"""


class PostgresEnrolment:
    """See the module."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    async def keep_code(self, code: NewCode) -> None:
        """One row."""
        devices = Jsonb(msgspec.to_builtins(code.devices))
        times = (from_wall(code.made_at), from_wall(code.expires_at))
        try:
            async with self._connections.work("keep claim code") as cursor:
                await cursor.execute(_KEEP, (code.digest, code.home, devices, code.made_by, *times))
                await cursor.execute(_CHANGED)
        except psycopg.errors.ForeignKeyViolation as error:
            raise Unknown("make claim code", "home", "there is no such home; read the list of homes again") from error

    async def claim(self, digest: bytes, edge: NewEdge, at: int) -> Claimed:
        """Edge, stay, certificate, devices and the used code, together."""
        async with self._connections.work("claim") as cursor:
            moment = from_wall(at)
            await cursor.execute(
                "INSERT INTO edge (id, public_key, enrolled_at) VALUES (%s, %s, %s)", (edge.id, edge.public_key, moment)
            )
            await cursor.execute(_USE, {"at": moment, "edge": edge.id, "digest": digest})
            row = await cursor.fetchone()
            if row is None:
                raise Refused("claim", "claim code", "it is not valid: make a new one at the desk and use it at once")
            home, devices = HomeId(row[0]), msgspec.convert(row[1], tuple[PlannedDevice, ...])
            await cursor.execute(
                "INSERT INTO edge_home (edge, home, valid_from) VALUES (%s, %s, %s)", (edge.id, home, moment)
            )
            await cursor.execute(
                _USED, (edge.serial, edge.id, from_wall(edge.issued_at), from_wall(edge.due_at), moment)
            )
            await cursor.executemany(_DEVICE, [_device(one, home, edge.id) for one in devices])
            await apply_verdicts(cursor, [Clear(Condition.EDGE_REVOKED, home, None, occurred_at=at)], at)
            await cursor.execute(_CHANGED)
        return Claimed(home=home, devices=devices)

    async def revoke(self, edge: EdgeId, at: int) -> None:
        """The mark, the end of its stay, and what that means for the home: nobody there hears it any more.

        A home that was never put in service needs no unit. That the edge is silent, the rules end by themselves.
        """
        async with self._connections.work("revoke edge") as cursor:
            await cursor.execute(_REVOKE, (from_wall(at), edge))
            if await cursor.fetchone() is None:
                raise Unknown("revoke edge", "edge", "there is no such edge; read the list of homes again")
            await cursor.execute(_END_STAY, (from_wall(at), edge))
            left = {HomeId(row[0]) for row in await cursor.fetchall()}
            await self._end_fault(cursor, left, at)
            await cursor.execute(_FORSAKEN, (list(left),))
            forsaken = [_turned_away(edge, HomeId(row[0]), at) for row in await cursor.fetchall()]
            await apply_verdicts(cursor, forsaken, at)
            await cursor.execute(_CHANGED)

    async def revoked(self) -> Sequence[EdgeId]:
        """In order of their ids."""
        async with self._connections.work("read revoked edges") as cursor:
            await cursor.execute("SELECT id FROM edge WHERE revoked_at IS NOT NULL ORDER BY id")
            return tuple(EdgeId(row[0]) for row in await cursor.fetchall())

    async def renew(self, edge: EdgeId, decide: Callable[[Sequence[Given]], Decision], at: int) -> Decision:
        """Under a lock on the edge's row."""
        async with self._connections.work("renew certificate") as cursor:
            await cursor.execute(_LOCK, (edge,))
            row = await cursor.fetchone()
            if row is None:
                raise Unknown("renew certificate", "edge", "there is no such edge; enrol it anew")
            if row[0] is not None:
                raise Refused("renew certificate", "edge", "it was turned away; enrol it anew")
            await cursor.execute(_GIVEN, (edge,))
            decision = decide([_given(one) for one in await cursor.fetchall()])
            used, issued = decision.used, decision.issued
            if used is not None and used.seen_at is not None:
                used_since = (from_wall(one) for one in (used.issued_at, used.due_at, used.seen_at))
                await cursor.execute(_USED, (used.serial, edge, *used_since))
                if used.due_at > at:
                    await cursor.execute(_FAULTY, (edge, Condition.CERTIFICATE_OVERDUE))
                    await self._end_fault(cursor, {HomeId(row[0]) for row in await cursor.fetchall()}, at)
            if issued is not None:
                times = (from_wall(at), from_wall(issued.due_at))
                await cursor.execute(_CERTIFY, (issued.serial, edge, *times, issued.key, issued.certificate))
        return decision

    async def _end_fault(self, cursor: AsyncCursor[Any], homes: Set[HomeId], at: int) -> None:
        """Where no edge of the home uses one that is overdue."""
        if not homes:
            return
        await cursor.execute(_OVERDUE, (from_wall(at),))
        late = {HomeId(row[1]) for row in await cursor.fetchall()}
        clear = [Clear(Condition.CERTIFICATE_OVERDUE, home, None, occurred_at=at) for home in homes - late]
        await apply_verdicts(cursor, clear, at)

    async def overdue(self, at: int) -> Sequence[Overdue]:
        """By the newest one an edge that was seen in use."""
        async with self._connections.work("read certificates") as cursor:
            await cursor.execute(_OVERDUE, (from_wall(at),))
            rows = await cursor.fetchall()
        return tuple(Overdue(EdgeId(edge), HomeId(home), serial, wall(due_at)) for edge, home, serial, due_at in rows)

    async def tell(self, raised: Sequence[Raise], at: int) -> None:
        """As every alert is opened; a verdict that was applied before changes nothing."""
        try:
            async with self._connections.work("tell of certificates") as cursor:
                await apply_verdicts(cursor, raised, at)
        except psycopg.errors.UniqueViolation as error:
            raise Conflict("tell of certificates", "alert", "another process told the same just now") from error


def _turned_away(edge: EdgeId, home: HomeId, at: int) -> Raise:
    return Raise(
        condition=Condition.EDGE_REVOKED,
        home=home,
        subject=None,
        window=f"{edge}/{at}",
        occurred_at=at,
        fact=None,
        presses=1,
        explanation={"edge": edge, "why": Condition.EDGE_REVOKED.value, "since": at},
    )


def _given(row: Sequence[Any]) -> Given:
    serial, issued_at, due_at, key, pem, seen_at = row
    return Given(
        serial=serial,
        issued_at=wall(issued_at),
        due_at=wall(due_at),
        key=None if key is None else bytes(key),
        certificate=None if pem is None else bytes(pem),
        seen_at=None if seen_at is None else wall(seen_at),
    )


def _device(one: PlannedDevice, home: HomeId, edge: EdgeId) -> tuple[Any, ...]:
    capabilities = [capability.value for capability in one.capabilities]
    return one.id, home, edge, one.driver, one.address, one.placement.value, capabilities, one.reports_every
