"""Counts and gauges of one process, as plain numbers: any thread of it may render them, none of them names a person."""

from collections.abc import Iterable, Mapping
from typing import Final

PREFIX: Final = "vaka_"
SERIES_LIMIT: Final = 500
"""Different names and labels; labels come from closed sets, so more is a mistake and is not kept."""


class Metrics:
    """Series by their full name, such as `intake_turned_away{reason="shard"}`."""

    def __init__(self) -> None:
        self._counters: dict[str, float] = {}
        self._gauges: dict[str, float] = {}

    def count(self, name: str, amount: float = 1) -> None:
        """Add to a counter."""
        if name in self._counters or len(self._counters) < SERIES_LIMIT:
            self._counters[name] = self._counters.get(name, 0) + amount

    def gauge(self, name: str, value: float) -> None:
        """Set a gauge."""
        if name in self._gauges or len(self._gauges) < SERIES_LIMIT:
            self._gauges[name] = value

    def counted(self, name: str) -> float:
        """A counter's value; 0 for one that was never counted."""
        return self._counters.get(name, 0)

    def values(self) -> dict[str, float]:
        """Everything by full name; counters are those whose name ends in `_total`."""
        return {**{_total(name): value for name, value in self._counters.items()}, **self._gauges}

    def text(self) -> str:
        """Everything in Prometheus' text format."""
        return prometheus_text(self._counters, "counter") + prometheus_text(self._gauges, "gauge")


def _total(full: str) -> str:
    name, brace, labels = full.partition("{")
    return f"{name}_total{brace}{labels}"


def prometheus_text(series: Mapping[str, float], kind: str) -> str:
    """Series of one kind in Prometheus' text format, grouped by name."""
    lines: list[str] = []
    for name, rows in _grouped(series.items()).items():
        full = f"{PREFIX}{name}_total" if kind == "counter" else f"{PREFIX}{name}"
        lines.append(f"# TYPE {full} {kind}")
        lines.extend(f"{full}{labels} {value:g}" for labels, value in rows)
    return "".join(f"{line}\n" for line in lines)


def _grouped(series: Iterable[tuple[str, float]]) -> dict[str, list[tuple[str, float]]]:
    grouped: dict[str, list[tuple[str, float]]] = {}
    for full, value in sorted(series):
        name, brace, labels = full.partition("{")
        grouped.setdefault(name, []).append((brace + labels, value))
    return grouped
