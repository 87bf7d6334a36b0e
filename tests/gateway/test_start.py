"""What a start costs: nothing is loaded or made before the first fact that the first fact does not need."""

import subprocess
import sys
import tracemalloc

import psycopg
import pytest

from gateway.adapters.postgres.bulk_store import PostgresStore
from tests.gateway.lanes import SHARDS_ALL


@pytest.mark.parametrize("process", ["gateway.alarm", "gateway.bulk"])
def test_neither_process_loads_the_web_before_it_listens(process: str) -> None:
    """The web's libraries are 0.8 of the alarm process's 1.2 s of imports: a press must not wait for them."""
    script = f"import sys, gateway.__main__, {process}; print(*{{name.split('.')[0] for name in sys.modules}})"
    loaded = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, timeout=120, text=True)
    assert {"fastapi", "pydantic", "uvicorn", "prometheus_client", "yoyo"}.isdisjoint(loaded.stdout.split())


FACTS = 20_000
PEAK_MIB = 8
"""Traced while 20,000 facts and as many stimuli are handed over in portions; held at once they are 40."""
_FACTS = """
    INSERT INTO event (recorded_at, applied, edge, epoch, stream, seq, position, home, kind, occurred_at, received_at,
                       estimated_at, uncertainty, elapsed, body)
    SELECT now(), 2 * n, 'edge-000001', 1, 'record', n, n, 'home-000001', 'contact_changed', now(), now(), now(), 0, 0,
           '{"open": true}' FROM generate_series(1, %s) AS n
"""
_STIMULI = """
    INSERT INTO stimulus SELECT now(), 2 * n + 1, convert_to(
        format('[[%%s,"home-000001",{"type":"elapsed","at":1}],[%%s,"home-000001",{"type":"elapsed","at":2}]]',
               2 * n + 1, 2 * n + 3), 'UTF8')
    FROM generate_series(1, %s, 2) AS n
"""


@pytest.mark.asyncio
async def test_a_start_after_a_crash_under_load_holds_no_result_set_whole(database_url: str) -> None:
    """Ten seconds of facts at full rate were a gigabyte."""
    with psycopg.connect(database_url) as connection:
        connection.execute(_FACTS, (FACTS,))
        connection.execute(_STIMULI, (FACTS,))
    store = PostgresStore(database_url, SHARDS_ALL)
    await store.begin()
    order: list[int] = []
    tracemalloc.start()
    await store.later(lambda one: order.append(one.applied))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    await store.close()
    assert order == list(range(2, 2 * FACTS + 2))
    assert peak < PEAK_MIB * 1024 * 1024, f"{peak // 1024} KiB"
