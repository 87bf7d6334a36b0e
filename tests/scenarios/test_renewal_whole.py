"""The whole of it: the alarm process as it runs, a broker over TLS, and an agent as its configuration makes it."""

import asyncio
from pathlib import Path

import psycopg
import pytest

from edge.config import Installation
from edge.credentials import Credentials
from edge.main import assemble
from gateway.adapters.postgres.registry import enrol
from gateway.adapters.postgres.rows import from_wall
from gateway.edges.authority_files import open_authority
from gateway.embedded import Binaries
from gateway.identity import FOLDER
from gateway.model.certificates import DUE_AFTER
from homecare.clock import DAY, SECOND, SystemClock
from homecare.seal import public_key
from tests.asking import rows
from tests.gateway.enrolled import GATEWAY_PRIVATE, household
from tests.gateway.running import running
from tests.scenarios.renewal import certified_files, certifying, days_ago
from tests.waiting import end, until

FAULTS = "SELECT active FROM alert WHERE condition = 'certificate_overdue'"
AGE = 100


@pytest.mark.asyncio
async def test_an_overdue_edge_is_started_and_mends_itself(
    binaries: Binaries, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The fault ends within seconds of the agent's first ask, and the next start uses the new pair."""
    monkeypatch.setattr("edge.renewing.FIRST_AFTER", SECOND)
    house, clock, data = household(211), SystemClock(), tmp_path / "gateway"
    authority = open_authority(data / FOLDER, clock)
    files = certified_files(tmp_path / "edge", house, authority, at=days_ago(AGE))
    old = Credentials(files, house.edge).present.certificate.serial_number
    enrol(database_url, house.registration)
    with psycopg.connect(database_url) as connection:
        connection.execute(
            "INSERT INTO certificate (serial, edge, issued_at, due_at, seen_at) VALUES (%s, %s, %s, %s, now())",
            (f"{old:x}", house.edge, from_wall(days_ago(AGE)), from_wall(days_ago(AGE) + DUE_AFTER)),
        )
    with certifying(binaries, tmp_path, authority) as broker:
        installation = Installation(
            edge=house.edge,
            home=house.home,
            private_key=house.private,
            gateway_public_key=public_key(GATEWAY_PRIVATE),
            broker_url=broker.edges_url,
            data_folder=tmp_path / "edge" / "data",
            quota_bytes=1_000_000,
            ble=False,
            serial=(),
            devices=(),
            secrets={},
            certificates=files,
        )
        async with running(database_url, broker.url, data, house):
            await until(lambda: rows(database_url, FAULTS) == [(True,)])
            agent = assemble(installation, clock)
            work = asyncio.create_task(agent.run())
            try:
                await until(lambda: work.done() or rows(database_url, FAULTS) == [(False,)])
                assert not work.done()
            finally:
                await end(work)
    given = (
        "SELECT due_at > now() + %s * interval '1 day' FROM certificate WHERE seen_at IS NOT NULL ORDER BY issued_at"
    )
    assert rows(database_url, given, DUE_AFTER // DAY - 1) == [(False,), (True,)]
    assert Credentials(files, house.edge).present.certificate.serial_number != old
