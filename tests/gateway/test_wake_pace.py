"""A town whose edges fall silent in one moment is told of at a pace that leaves room for everything else."""

import pytest

from gateway.adapters.postgres.bulk_store import PostgresStore
from gateway.intake.batching import SILENCES_A_BATCH, SILENCES_EVERY, Batching, Work
from gateway.intake.judging import Judging
from gateway.intake.registry import Registry
from gateway.metrics import Metrics
from homecare.alert import Condition
from homecare.delivery import EDGE_LOST_AFTER
from rules.verdict import Raise
from tests.gateway.enrolled import GATEWAY_PRIVATE, NOW, household, snapshot_of
from tests.gateway.lanes import SHARDS_ALL

TOWN = 2 * SILENCES_A_BATCH + 50
SILENT = NOW + EDGE_LOST_AFTER + 1


@pytest.mark.asyncio
async def test_ten_thousand_silent_edges_are_told_some_at_a_time() -> None:
    registry, metrics = Registry(GATEWAY_PRIVATE), Metrics()
    registry.replace(snapshot_of(*(household(number) for number in range(1, TOWN + 1))))
    judging = Judging(registry, frozenset(SHARDS_ALL))
    judging.begin(1)
    batching = Batching(
        PostgresStore("postgresql://nobody@127.0.0.1:1/none", SHARDS_ALL), registry, judging, metrics=metrics
    )

    async def told(now: int) -> list[Condition]:
        prepared = await batching.prepare(Work(now=now, sees=True))
        return [verdict.condition for verdict in prepared.batch.verdicts if isinstance(verdict, Raise)]

    assert await told(NOW) == []
    first = await told(SILENT)
    assert first == [Condition.EDGE_SILENT] * SILENCES_A_BATCH
    assert await told(SILENT + SILENCES_EVERY - 1) == []
    assert len(await told(SILENT + SILENCES_EVERY)) == SILENCES_A_BATCH
    assert len(await told(SILENT + 2 * SILENCES_EVERY)) == TOWN - 2 * SILENCES_A_BATCH
    assert await told(SILENT + 2 * SILENCES_EVERY + 1) == [], "nothing is held back where nothing waits"
    assert not judging.wakeups.due(SILENT + SILENCES_EVERY, TOWN)
