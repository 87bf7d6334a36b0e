"""Rows that are packed ahead of their transaction are those that it would have packed itself."""

import pytest

from gateway.adapters.postgres import copy_rows
from gateway.adapters.postgres.bulk_store import PostgresStore
from gateway.ports.record import Batch, Culprit, Recorded, Run
from homecare.event import AnyEvent, ContactChanged, MotionChanged, Observed, Stream
from tests.asking import rows
from tests.gateway.enrolled import NOW, Household, household
from tests.gateway.lanes import SHARDS_ALL, enrol_houses

pytestmark = pytest.mark.asyncio
TURNS = 3
EVENTS: tuple[AnyEvent, ...] = (
    ContactChanged(open=True),
    Observed("temperature", 21.5, "°C"),
    MotionChanged(moving=True),
)


def _run(house: Household, first: int, count: int) -> Run:
    facts = [
        Recorded(seq, seq, NOW, house.envelope(EVENTS[seq % len(EVENTS)], position=seq))
        for seq in range(first, first + count)
    ]
    return Run(house.edge, house.epoch, Stream.RECORD, facts)


async def test_facts_packed_in_turns_are_written_once_and_in_order(database_url: str) -> None:
    house = household(1)
    enrol_houses(database_url, house)
    facts = copy_rows.FACTS_A_TURN * TURNS + 7
    runs = [_run(house, 1, facts - 7), *(_run(house, seq, 1) for seq in range(facts - 6, facts + 1))]
    batch = Batch(recorded_at=NOW, runs=runs)
    store = PostgresStore(database_url, SHARDS_ALL)
    try:
        await store.begin()
        await store.pack(batch)
        assert batch.packed == copy_rows.copy_data(runs, NOW)
        await store.commit(batch)
    finally:
        await store.close()
    assert rows(database_url, "SELECT seq FROM fact ORDER BY seq") == [(seq,) for seq in range(1, facts + 1)]


async def test_what_cannot_be_packed_is_refused_by_the_commit_and_the_store_goes_on(database_url: str) -> None:
    house = household(1)
    enrol_houses(database_url, house)
    good, bad = _run(house, 1, 1), _run(house, 2**63, 1)
    store = PostgresStore(database_url, SHARDS_ALL)
    try:
        await store.begin()
        batch = Batch(recorded_at=NOW, runs=[good, bad])
        await store.pack(batch)
        with pytest.raises(Culprit, match="refuses this content"):
            await store.commit(batch)
        await store.commit(Batch(recorded_at=NOW, runs=[good]))
    finally:
        await store.close()
    assert rows(database_url, "SELECT seq FROM fact") == [(1,)]
