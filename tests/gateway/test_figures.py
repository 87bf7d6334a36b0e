"""What supervisors see of the bulk lane: it writes its figures with its sign of life, the other process shows them."""

import pytest
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from gateway.adapters.postgres.connections import Connections
from gateway.adapters.postgres.desk_views import PostgresDesk
from gateway.embedded import PrivateBroker
from gateway.ports.desk import Figures
from gateway.web.metrics import BulkFigures
from homecare.clock import SystemClock
from homecare.event import ContactChanged
from tests.asking import rows
from tests.gateway.enrolled import household
from tests.gateway.lanes import Edge, enrol_houses, new_lane, running
from tests.waiting import until

WRITTEN = """
SELECT (detail ->> 'intake_facts_total')::float8 = 3 AND (detail ->> 'receipts_total')::float8 >= 1
       AND (detail ->> 'quarantined_total')::float8 = 1 FROM process_seen
"""
"""The sign of life that was given after the receipt: facts are counted before their batch is written."""


def samples(figures: Figures) -> dict[str, float]:
    """The samples of the text form by name and labels without the process."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(BulkFigures(figures))
    found: dict[str, float] = {}
    for family in text_string_to_metric_families(generate_latest(registry).decode()):
        for sample in family.samples:
            rest = [value for name, value in sorted(sample.labels.items()) if name != "process"]
            found["/".join([sample.name, *rest])] = sample.value
    return found


COMMAND = """
INSERT INTO command (id, person, key, home, device, edge, action, purpose_kind, purpose_id, how, "grant", issued_at,
                     expires_at, closes_at, standing, ended_at)
SELECT 'c' || n, 'p', 'k' || n, 'h', 'd' || n, 'e', 'unlock', 'visit', 'v', 'at_the_door', '{}', at, at, at,
       CASE WHEN n < 3 THEN 'done' ELSE 'unknown' END, at
FROM generate_series(1, 4) AS n, LATERAL (SELECT now() - interval '10 min' * n AS at) AS issued RETURNING id
"""
DENIED = """
INSERT INTO audit (at, person, action, subject, result, reason)
SELECT now() - interval '50 min' * (n - 1), 'p', 'door.unlock', 's', 'denied', 'too_far' FROM generate_series(1, 3) AS n
RETURNING number
"""
ESCALATED = """
INSERT INTO alert_log (recorded_at, alert, version, transition, home, condition, detail)
SELECT now() - interval '50 min' * (n - 1), 'a', n, 'escalated', 'h', 'help_call', '{"rung": 2}'
FROM generate_series(1, 3) AS n RETURNING version
"""
MESSAGES = """
INSERT INTO outbox (kind, key, body, created_at, failed_at) VALUES
    ('webhook', '1', '{}', now(), NULL), ('webhook', '2', '{}', now(), now()), ('alert', '3', '{}', now(), NULL),
    ('webhook', '4', '{}', now(), now() - interval '2 h') RETURNING key
"""


@pytest.mark.asyncio
async def test_doors_and_cases_of_the_last_hour_are_shown(database_url: str) -> None:
    for statement in (COMMAND, DENIED, ESCALATED, MESSAGES):
        rows(database_url, statement)
    rows(database_url, "UPDATE command SET issued_at = now() - interval '2 h' WHERE id = 'c1' RETURNING id")
    connections = Connections(database_url, name="test-figures", size=1, lock_ms=1_000)
    try:
        shown = samples(await PostgresDesk(connections).figures())
    finally:
        await connections.close()
    assert shown["vaka_commands_last_hour/done"] == 1
    assert shown["vaka_commands_last_hour/unknown"] == 2
    assert shown["vaka_denials_last_hour/too_far"] == 2
    assert shown["vaka_escalations_last_hour/2"] == 2
    assert shown["vaka_messages_waiting"] == 1
    assert shown["vaka_messages_given_up_last_hour"] == 1


@pytest.mark.asyncio
async def test_what_the_bulk_lane_did_and_what_waits_is_shown(database_url: str, broker: PrivateBroker) -> None:
    house, stranger = household(51), household(52)
    enrol_houses(database_url, house)
    rows(database_url, "INSERT INTO fault VALUES ('equivocation', 'e', 3, now(), now(), '') RETURNING kind")
    rows(
        database_url,
        "INSERT INTO inbox (shard, home, edge, epoch, stream, seq, body, recorded_at) "
        "VALUES (999, 'h', 'e', 1, 'alarm', 1, '', now() - interval '70 s') RETURNING id",
    )
    async with running(new_lane(database_url, broker.url)), Edge(house, broker.url) as edge:
        edge.say("record", stranger.facts(1, [ContactChanged(open=True)]), on=stranger.topic("record"))
        now = SystemClock().now().wall
        await edge.deliver("record", house.facts(1, [ContactChanged(open=True)] * 3, at=now), 3)
        await until(lambda: rows(database_url, WRITTEN) == [(True,)])
    connections = Connections(database_url, name="test-figures", size=1, lock_ms=1_000)
    try:
        shown = samples(await PostgresDesk(connections).figures())
    finally:
        await connections.close()
    assert shown["vaka_bulk_intake_facts_total"] == 3
    assert shown["vaka_bulk_batches_total"] >= 1
    assert shown["vaka_bulk_quarantined_total"] == 1
    assert shown["vaka_bulk_receipts_total"] >= 1
    assert shown["vaka_bulk_intake_turned_away_total/edge_unknown"] == 1
    for waiting in ("frames", "heartbeats", "receipts", "watermarks"):
        assert f"vaka_bulk_{waiting}_waiting" in shown
    assert shown["vaka_bulk_wakeups_late_seconds"] < 60
    assert shown["vaka_inbox_waiting"] == 1
    assert 69 < shown["vaka_inbox_age_seconds"] < 120
    assert shown["vaka_faults_total/equivocation"] == 3


def test_a_series_that_cannot_be_read_is_left_out() -> None:
    figures = Figures(bulk={"bulk-0-255": {"ok": 1.0, 'bad"{x': 2.0}}, inbox=0, inbox_seconds=0.0, faults={})
    assert [name for name in samples(figures) if name.startswith("vaka_bulk")] == ["vaka_bulk_ok"]
