"""The bulk process: the lane of access and record, wake-ups and retention, put together from its parts."""

import asyncio
import gc
import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Final

from gateway.adapters.mqtt_stream import MqttStream
from gateway.adapters.postgres.bulk_store import PostgresStore
from gateway.adapters.postgres.registry_source import ReconnectingRegistry
from gateway.adapters.postgres.retention import PostgresRetention
from gateway.config import Config
from gateway.intake.batching import Batching
from gateway.intake.judging import Judging
from gateway.intake.lane import Lane, Parts
from gateway.intake.registry import Registry
from gateway.metrics import Metrics
from gateway.retention import keep_trimming
from homecare.clock import SystemClock
from homecare.identity import SHARDS
from homecare.topic import ROOT, all_up

log = logging.getLogger(__name__)

NAME: Final = "vaka-bulk"
COLLECT_AFTER: Final = 50_000
"""Containers allocated between two looks of Python's collector: several batches. Ours die by counting, none in rings,
and each look walks over what the last batches left."""


async def run(config: Config) -> None:
    """Work until cancelled; a database or a broker that is away is waited for."""
    gc.set_threshold(COLLECT_AFTER)
    async with bulk_lane(config) as lane, asyncio.TaskGroup() as tasks:
        tasks.create_task(lane.run(), name="lane")
        retention = PostgresRetention(config.database_url)
        tasks.create_task(keep_trimming(retention, SystemClock(), config.retention), name="retention")


@asynccontextmanager
async def bulk_lane(config: Config) -> AsyncIterator[Lane]:
    """The lane on the real clock, database and broker."""
    registry = Registry(config.gateway_key())
    store = PostgresStore(config.database_url, config.shards)
    metrics = Metrics()
    span = f"{config.shards[0]}-{config.shards[-1]}"
    source = ReconnectingRegistry(config.database_url)
    parts = Parts(
        clock=SystemClock(),
        store=store,
        registry=registry,
        source=source,
        bulk=MqttStream(
            config.broker_url,
            client_id=config.session(NAME, span),
            filters=filters(config.shards, ("access", "record"), qos=1),
        ),
        beats=MqttStream(
            config.broker_url,
            client_id=config.session(f"{NAME}-beats", span),
            filters=filters(config.shards, ("heartbeat",), qos=0),
        ),
        batching=Batching(store, registry, Judging(registry, frozenset(config.shards)), metrics=metrics),
        metrics=metrics,
    )
    try:
        yield Lane(parts)
    finally:
        await source.close()


def filters(shards: Sequence[int], channels: Sequence[str], *, qos: int) -> list[tuple[str, int]]:
    """What to subscribe to: one filter a channel for all shards, else one a channel and shard."""
    if len(shards) == SHARDS:
        return [(all_up(channel), qos) for channel in channels]
    return [(f"{ROOT}/{shard}/+/up/{channel}", qos) for channel in channels for shard in shards]
