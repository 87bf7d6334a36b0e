"""Consent and commissioning in PostgreSQL: `CommissioningStore`."""

from collections.abc import Sequence
from typing import Any, Final

from gateway.adapters.postgres.connections import Connections
from gateway.adapters.postgres.rows import from_wall, wall
from gateway.ports.commissioning import HomeStanding, HouseholdMember, Step, StepDone
from homecare.consent import MemberKind, Purpose
from homecare.errors import Conflict, Unknown
from homecare.identity import HomeId, derived_id

_CHANGED: Final = "UPDATE registry_change SET number = number + 1"
_MEMBERS: Final = """
SELECT m.id, m.kind, coalesce(array_agg(c.purpose) FILTER (WHERE c.id IS NOT NULL), '{}')
FROM household_member AS m LEFT JOIN consent AS c ON c.member = m.id AND c.withdrawn_at IS NULL
WHERE m.home = %s AND m.left_at IS NULL GROUP BY m.id, m.kind ORDER BY m.kind DESC, m.id
"""
_STEPS: Final = "SELECT step, at, by, proof FROM commissioning WHERE home = %s ORDER BY at"
_ADD: Final = """
INSERT INTO household_member (id, home, kind) VALUES (%s, %s, %s)
ON CONFLICT (id) DO UPDATE SET left_at = NULL WHERE household_member.home = excluded.home RETURNING id
"""
_CONSENT: Final = """
INSERT INTO consent (id, member, purpose, given_at, recorded_by)
SELECT %(id)s, id, %(purpose)s, %(at)s, %(by)s FROM household_member WHERE id = %(member)s
ON CONFLICT (member, purpose) WHERE withdrawn_at IS NULL DO NOTHING
"""
_WITHDRAW: Final = """
UPDATE consent SET withdrawn_at = %(at)s, withdrawn_by = %(by)s
WHERE member = %(member)s AND purpose = %(purpose)s AND withdrawn_at IS NULL
"""
_ASKED: Final = """
UPDATE home SET door_log_asked = true WHERE id = (SELECT home FROM household_member WHERE id = %s)
"""
_TAKE: Final = (
    "INSERT INTO commissioning (home, step, at, by, proof) VALUES (%s, %s, %s, %s, %s) ON CONFLICT DO NOTHING"
)
# Only what an edge of this home said: the alert came from the home's own button, over the home's own edge.
_PRESS: Final = """
SELECT o.id FROM occurrence AS o JOIN alert AS a ON a.id = o.alert
WHERE a.home = %(home)s AND a.condition = 'help_call' AND o.recorded_at > %(since)s AND o.edge IS NOT NULL
ORDER BY o.recorded_at LIMIT 1
"""
_OPENED: Final = """
SELECT id FROM command WHERE home = %s AND action IN ('unlock', 'unlatch') AND standing = 'done'
ORDER BY ended_at LIMIT 1
"""
_IN_SERVICE: Final = "SELECT home FROM commissioning WHERE step = 'in_service' AND home = ANY(%s)"


class PostgresCommissioning:
    """See the module."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    async def standing(self, home: HomeId) -> HomeStanding:
        """Members and steps of one moment."""
        async with self._connections.work("read commissioning") as cursor:
            await cursor.execute(_MEMBERS, (home,))
            members = tuple(
                HouseholdMember(id=id_, kind=MemberKind(kind), consents=frozenset(map(Purpose, purposes)))
                for id_, kind, purposes in await cursor.fetchall()
            )
            await cursor.execute(_STEPS, (home,))
            steps = tuple(
                StepDone(step=Step(step), at=wall(at), by=by, proof=proof)
                for step, at, by, proof in await cursor.fetchall()
            )
            await cursor.execute("SELECT door_log_asked FROM home WHERE id = %s", (home,))
            row = await cursor.fetchone()
        return HomeStanding(members=members, steps=steps, door_log_asked=row is None or bool(row[0]))

    async def add_member(self, home: HomeId, member: str, kind: MemberKind) -> None:
        """One row; the home's facts wait for consent from now on."""
        async with self._connections.work("add member") as cursor:
            await cursor.execute(_ADD, (member, home, kind.value))
            if await cursor.fetchone() is None:
                raise Conflict("add member", "member", "the id is in use in another home")
            await cursor.execute(_CHANGED)

    async def consent(self, member: str, purpose: Purpose, *, by: str, at: int) -> None:
        """A row of its own each time."""
        id_ = derived_id("consent", member, purpose, at)
        await self._change("consent", _CONSENT, member, {"id": id_, "purpose": purpose.value, "by": by, "at": at})

    async def withdraw(self, member: str, purpose: Purpose, *, by: str, at: int) -> None:
        """Whose consent it was stays readable."""
        await self._change("withdraw consent", _WITHDRAW, member, {"purpose": purpose.value, "by": by, "at": at})

    async def _change(self, op: str, statement: str, member: str, values: dict[str, Any]) -> None:
        async with self._connections.work(op) as cursor:
            await cursor.execute("SELECT FROM household_member WHERE id = %s AND left_at IS NULL", (member,))
            if await cursor.fetchone() is None:
                raise Unknown(op, "member", "nobody of this id lives in a home; add the person first")
            await cursor.execute(statement, {**values, "member": member, "at": from_wall(values["at"])})
            if values["purpose"] == Purpose.DOOR_LOG:
                await cursor.execute(_ASKED, (member,))
            await cursor.execute(_CHANGED)

    async def take(self, home: HomeId, done: StepDone) -> None:
        """The first note stands."""
        async with self._connections.work("note step") as cursor:
            await cursor.execute(_TAKE, (home, done.step.value, from_wall(done.at), done.by, done.proof))
            await cursor.execute(_CHANGED)

    async def press_since(self, home: HomeId, since: int) -> str | None:
        """The oldest one."""
        return await self._one("look for a press", _PRESS, {"home": home, "since": from_wall(since)})

    async def opened_by_command(self, home: HomeId) -> str | None:
        """The oldest one."""
        return await self._one("look for an opening", _OPENED, (home,))

    async def _one(self, op: str, statement: str, values: Any) -> str | None:  # noqa: ANN401 why: psycopg's parameters
        async with self._connections.work(op) as cursor:
            await cursor.execute(statement, values)
            row = await cursor.fetchone()
        return None if row is None else str(row[0])

    async def in_service(self, homes: Sequence[HomeId]) -> frozenset[HomeId]:
        """By the last step."""
        async with self._connections.work("read service") as cursor:
            await cursor.execute(_IN_SERVICE, (list(homes),))
            return frozenset(HomeId(row[0]) for row in await cursor.fetchall())
