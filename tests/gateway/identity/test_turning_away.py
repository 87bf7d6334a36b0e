"""An edge that is turned away: what its home is told of, and when that ends."""

from collections.abc import AsyncIterator

import msgspec
import pytest
import pytest_asyncio

from gateway.adapters.postgres.commissioning import PostgresCommissioning
from gateway.adapters.postgres.connections import Connections
from gateway.adapters.postgres.enrolment import PostgresEnrolment
from gateway.adapters.postgres.registry import enrol, revoked_edges
from gateway.ports.commissioning import Step, StepDone
from gateway.ports.enrolment import NewCode, NewEdge
from homecare.alert import Condition
from homecare.clock import DAY, SECOND, SystemClock
from homecare.identity import EdgeId, HomeId
from rules.verdict import Raise
from tests.asking import rows
from tests.gateway.enrolled import ENROLLED_AT, household
from tests.gateway.lanes import enrol_houses

NOW = SystemClock().now().wall
HOUSE = household(81)


class Authority:
    """The store of who may come in, and a database with one home that was registered with its edge."""

    def __init__(self, url: str, connections: Connections) -> None:
        self.url = url
        self.store = PostgresEnrolment(connections)
        self.steps = PostgresCommissioning(connections)
        self._next = 0

    async def let_in(self, home: str) -> EdgeId:
        self._next += 1
        digest, edge = bytes([self._next]) * 32, EdgeId(f"edge-new-{self._next:06}")
        await self.store.keep_code(NewCode(digest, HomeId(home), (), "person-00000001", NOW, NOW + DAY))
        new = NewEdge(edge, public_key=bytes([self._next]) * 32, serial=f"{self._next:040x}", issued_at=NOW, due_at=NOW)
        await self.store.claim(digest, new, NOW + self._next * SECOND)
        return edge

    def alerts(self, home: str) -> list[tuple[str, bool, int]]:
        found = "SELECT condition, active, occurrences FROM alert WHERE home = %s ORDER BY condition"
        return rows(self.url, found, home)  # type: ignore[return-value] # its columns' types

    def begun(self, home: str) -> str:
        """Another home, which begins with a claim code."""
        columns = "unit, shard, label, address, resident, time_zone"
        rows(self.url, f"INSERT INTO home (id, {columns}) SELECT '{home}', {columns} FROM home LIMIT 1 RETURNING id")
        return home


@pytest_asyncio.fixture
async def authority(database_url: str) -> AsyncIterator[Authority]:
    enrol_houses(database_url, HOUSE)
    connections = Connections(database_url, name="test-turning-away", size=1, lock_ms=1000)
    yield Authority(database_url, connections)
    await connections.close()


@pytest.mark.asyncio
async def test_a_home_in_service_without_its_edge_is_a_fault_that_says_why_until_a_new_one_comes(
    authority: Authority,
) -> None:
    await authority.store.revoke(HOUSE.edge, NOW)
    await authority.store.revoke(HOUSE.edge, NOW + SECOND)
    assert authority.alerts(HOUSE.home) == [("edge_revoked", True, 1)]
    ((told,),) = rows(authority.url, "SELECT explanation FROM alert")
    assert told == {"edge": HOUSE.edge, "why": "edge_revoked", "since": NOW}
    await authority.let_in(HOUSE.home)
    assert authority.alerts(HOUSE.home) == [("edge_revoked", False, 1)]


@pytest.mark.asyncio
@pytest.mark.parametrize("since", [ENROLLED_AT, NOW + DAY], ids=["the same again", "from another day"])
async def test_registering_the_home_again_does_not_let_a_revoked_edge_back_in(authority: Authority, since: int) -> None:
    """Red when the registration gives it another stay, or fails because it has one that is over."""
    await authority.store.revoke(HOUSE.edge, NOW)
    stays = "SELECT edge, valid_until IS NULL FROM edge_home"
    enrol(authority.url, msgspec.structs.replace(HOUSE.registration, valid_from=since))
    assert rows(authority.url, stays) == [(HOUSE.edge, False)]
    assert revoked_edges(authority.url) == {HOUSE.edge}
    assert authority.alerts(HOUSE.home) == [("edge_revoked", True, 1)]


@pytest.mark.asyncio
async def test_a_home_with_another_edge_lacks_nothing(authority: Authority) -> None:
    other = await authority.let_in(HOUSE.home)
    await authority.store.revoke(HOUSE.edge, NOW)
    assert not authority.alerts(HOUSE.home)
    await authority.store.revoke(other, NOW + SECOND)
    assert authority.alerts(HOUSE.home) == [("edge_revoked", True, 1)]


@pytest.mark.asyncio
async def test_a_home_that_was_never_in_service_needs_no_edge_and_one_that_was_does(authority: Authority) -> None:
    homes = [authority.begun("home-begun-01"), authority.begun("home-begun-02")]
    edges = [await authority.let_in(home) for home in homes]
    done = StepDone(step=Step.IN_SERVICE, at=NOW, by="person-00000001", proof="all steps")
    await authority.steps.take(HomeId(homes[1]), done)
    for edge in edges:
        await authority.store.revoke(edge, NOW + DAY)
    assert [authority.alerts(home) for home in homes] == [[], [("edge_revoked", True, 1)]]


@pytest.mark.asyncio
async def test_a_revoked_edge_has_no_certificate_that_is_too_old(authority: Authority) -> None:
    edge = await authority.let_in(HOUSE.home)
    (overdue,) = [one for one in await authority.store.overdue(NOW + DAY) if one.edge == edge]
    late = Raise(Condition.CERTIFICATE_OVERDUE, overdue.home, None, overdue.serial, NOW, None, 1, {"edge": edge})
    await authority.store.tell([late], NOW + DAY)
    assert authority.alerts(HOUSE.home) == [("certificate_overdue", True, 1)]
    await authority.store.revoke(edge, NOW + DAY)
    assert authority.alerts(HOUSE.home) == [("certificate_overdue", False, 1)]
