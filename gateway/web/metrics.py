"""Figures for Prometheus, read from the services when somebody asks; nothing here keeps anything."""

from collections.abc import Iterator

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from gateway.feed import BUCKETS, Latency
from gateway.web.services import Services


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


def _latency(latency: Latency) -> Metric:
    buckets: list[tuple[str, float]] = []
    total = 0
    for bound, count in zip((*map(str, BUCKETS), "+Inf"), latency.counts, strict=True):
        total += count
        buckets.append((bound, total))
    words = "From the recording of a change to its number at the desks"
    return HistogramMetricFamily("vaka_feed_latency_seconds", words, buckets=buckets, sum_value=latency.total)


def exposition(services: Services) -> bytes:
    """All figures in Prometheus' text form."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(GatewayFigures(services))
    return generate_latest(registry)
