"""The naive script: aiomqtt, json, one state in a dictionary, one INSERT and commit an event.

`python -m tests.benchmarks.peers.naive BROKER_PORT DATABASE_URL` runs until SIGTERM.
"""

import asyncio
import json
import sys
from typing import Any

import aiomqtt
import psycopg

MOMENT = "timestamptz 'epoch' + %s * interval '1 microsecond'"
SHARED = (
    "recorded_at, edge, epoch, stream, seq, position, home, device, occurred_at, received_at, estimated_at, "
    "uncertainty, elapsed"
)
VALUES = f"now(), %s, %s, %s, %s, %s, %s, %s, {MOMENT}, {MOMENT}, {MOMENT}, %s, %s"
HAPPENED = f"INSERT INTO event ({SHARED}, kind, body) VALUES ({VALUES}, %s, %s)"
OBSERVED = f"INSERT INTO observation ({SHARED}, quantity, value, unit) VALUES ({VALUES}, %s, %s, %s)"


async def run(port: int, database_url: str) -> None:
    """Record everything that is said."""
    homes: dict[str, dict[str, Any]] = {}
    async with (
        await psycopg.AsyncConnection.connect(database_url, autocommit=True) as connection,
        aiomqtt.Client(
            "127.0.0.1", port, identifier="naive-peer", clean_session=False, max_queued_incoming_messages=1_000_000
        ) as client,
    ):
        await client.subscribe("vaka/v1/+/+/up/record", qos=1)
        print("subscribed", flush=True)
        async for message in client.messages:
            fact = json.loads(message.payload)
            judge(homes.setdefault(fact["home"], {"moved": 0, "open": False}), fact)
            await connection.execute(*statement(fact))


def judge(known: dict[str, Any], fact: dict[str, Any]) -> None:
    """What is known of the home, and whether its inner door stands open while nobody moves."""
    event = fact["event"]
    if event["type"] == "motion_changed":
        known["moved"] = fact["occurred_at"]
    elif event["type"] == "contact_changed":
        known["open"] = event["open"]
    known["alarm"] = known["open"] and fact["occurred_at"] - known["moved"] > 3_600_000_000


def statement(fact: dict[str, Any]) -> tuple[str, list[Any]]:
    """The INSERT of one fact and its values."""
    event = fact["event"]
    values = [fact[name] for name in ("edge", "epoch", "stream", "seq", "position", "home", "device", "occurred_at")]
    values += [fact["received_at"], fact["occurred_at"], fact["uncertainty"], fact["elapsed"]]
    if event["type"] == "observed":
        return OBSERVED, [*values, event["quantity"], event["value"], event["unit"]]
    return HAPPENED, [*values, event["type"], json.dumps(event)]


if __name__ == "__main__":
    asyncio.run(run(int(sys.argv[1]), sys.argv[2]))
