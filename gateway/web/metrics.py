"""Figures for Prometheus, read from the services when somebody asks; nothing here keeps anything."""

import asyncio
import contextlib
import re
from collections.abc import Iterator
from typing import Final

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from gateway.alarms.feed import BUCKETS, Latency
from gateway.health import ANSWER_SECONDS
from gateway.ports.desk import CaseFigures, Figures
from gateway.web.services import Services
from homecare.errors import Unavailable

_SERIES: Final = re.compile(r"(?P<name>[a-z_]{1,80})(?:\{(?P<labels>[^{}]{0,200})\})?")
_LABEL: Final = re.compile(r'([a-z_]+)="([^"]*)"')


class GatewayFigures(Collector):
    """All figures of the alarm process."""

    def __init__(self, services: Services) -> None:
        self._services = services

    def collect(self) -> Iterator[Metric]:
        """One reading."""
        yield from self._intake()
        yield from self._desk()
        yield _latency(self._services.feed.latency)

    def _intake(self) -> Iterator[Metric]:
        counts = self._services.counts
        for name, value, words in (
            ("frames", counts.frames, "Frames taken on the alarm topic"),
            ("facts", counts.facts, "Alarm facts recorded for the first time"),
            ("duplicates", counts.duplicates, "Alarm facts that were known already"),
            ("equivocations", counts.equivocations, "Alarm facts whose identity was known with other contents"),
            ("unreadable", counts.unreadable, "Alarms that nobody could read"),
            ("lost", counts.lost, "Alarms that an edge declared as never coming"),
            ("receipts", counts.receipts, "Receipts sent"),
            ("heartbeats", counts.heartbeats, "Heartbeats answered or found right"),
            ("copied_edges", counts.copied, "Findings that two of one edge are alive"),
            ("contended", counts.contended, "Attempts that met a row held by another session"),
            ("given_up", counts.given_up, "Frames left to their edge's resending"),
        ):
            yield CounterMetricFamily(f"vaka_alarm_{name}", words, value=value)
        turned = CounterMetricFamily("vaka_alarm_turned_away", "Frames turned away", labels=["reason"])
        for reason, number in sorted(counts.turned_away.items()):
            turned.add_metric([reason], number)
        yield turned
        alerts = CounterMetricFamily("vaka_alert_transitions", "Changes of alerts by this lane", labels=["condition"])
        for condition, number in sorted(counts.alerts.items()):
            alerts.add_metric([condition], number)
        yield alerts

    def _desk(self) -> Iterator[Metric]:
        standing = self._services.health.standing()
        yield GaugeMetricFamily("vaka_live_desks", "Live connections", value=self._services.feed.desks)
        yield GaugeMetricFamily("vaka_feed_number", "Newest feed number", value=self._services.feed.position or 0)
        yield GaugeMetricFamily("vaka_database_up", "Whether the database answers", value=standing.database)
        yield GaugeMetricFamily("vaka_broker_up", "Whether the broker answers", value=standing.broker)
        if standing.state is not None:
            yield GaugeMetricFamily("vaka_open_alerts", "Alerts not resolved", value=standing.state.open_alerts)
        if standing.bulk_seconds is not None:
            age = "Seconds since the bulk lane gave a sign of life"
            yield GaugeMetricFamily("vaka_bulk_age_seconds", age, value=standing.bulk_seconds)


class BulkFigures(Collector):
    """The bulk lane's series under `vaka_bulk_`, with the process as a label; what waits for it; faults."""

    def __init__(self, figures: Figures) -> None:
        self._figures = figures

    def collect(self) -> Iterator[Metric]:
        """As of the lane's last sign of life."""
        figures = self._figures
        yield from _series(figures)
        yield GaugeMetricFamily("vaka_inbox_waiting", "Alarms that wait for their home's state", value=figures.inbox)
        age = "For how long the oldest one waits"
        yield GaugeMetricFamily("vaka_inbox_age_seconds", age, value=figures.inbox_seconds)
        faults = CounterMetricFamily("vaka_faults", "What was found broken, also before this start", labels=["kind"])
        for kind, count in figures.faults.items():
            faults.add_metric([kind], count)
        yield faults
        yield from _cases(figures.cases)


def _cases(cases: CaseFigures) -> Iterator[Metric]:
    """Gauges: an hour is counted anew at every reading, so that nothing must be kept between two."""
    for name, label, words, counted in (
        ("commands", "standing", "Commands to doors of the last hour, by how they stand", cases.commands),
        ("denials", "reason", "Doors that were denied in the last hour", cases.denials),
        ("escalations", "rung", "Steps up the ladder in the last hour", cases.escalations),
    ):
        family = GaugeMetricFamily(f"vaka_{name}_last_hour", words, labels=[label])
        for value, count in counted.items():
            family.add_metric([value], count)
        yield family
    yield GaugeMetricFamily("vaka_messages_waiting", "Messages that the webhook has not taken yet", value=cases.waiting)
    words = "Messages given up in the last hour"
    yield GaugeMetricFamily("vaka_messages_given_up_last_hour", words, value=cases.given_up)


def _series(figures: Figures) -> Iterator[Metric]:
    families: dict[str, Metric] = {}
    for process, series in sorted(figures.bulk.items()):
        for full, value in sorted(series.items()):
            found = _SERIES.fullmatch(full)
            if found is None:
                continue
            name, labels = f"vaka_bulk_{found['name']}", dict(_LABEL.findall(found["labels"] or ""))
            kind = "counter" if name.endswith("_total") else "gauge"
            family = families.setdefault(name, Metric(name.removesuffix("_total"), "Of the bulk lane", kind))
            family.add_sample(name, {"process": process, **labels}, value)
    yield from families.values()


def _latency(latency: Latency) -> Metric:
    buckets: list[tuple[str, float]] = []
    total = 0
    for bound, count in zip((*map(str, BUCKETS), "+Inf"), latency.counts, strict=True):
        total += count
        buckets.append((bound, total))
    words = "From the recording of a change to its number at the desks"
    return HistogramMetricFamily("vaka_feed_latency_seconds", words, buckets=buckets, sum_value=latency.total)


async def exposition(services: Services) -> bytes:
    """All figures in Prometheus' text form; within `ANSWER_SECONDS` without those of a database that is away."""
    figures: Figures | None = None
    with contextlib.suppress(Unavailable, TimeoutError):
        async with asyncio.timeout(ANSWER_SECONDS):
            figures = await services.store.figures()
    registry = CollectorRegistry(auto_describe=False)
    registry.register(GatewayFigures(services))
    if figures is not None:
        registry.register(BulkFigures(figures))
    return generate_latest(registry)
