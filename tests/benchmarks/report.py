"""What a run found: rows with figure, what it was measured beside, ratio and target; as a table and as JSON."""

import os
import platform
import statistics
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import msgspec

SETTINGS: Final = ("fsync", "synchronous_commit", "full_page_writes")
"""All on, or the figures mean nothing."""


class Row(msgspec.Struct, frozen=True):
    """One line. `ratio` is figure to `beside_figure`; `met` says whether `target` holds, None where there is none."""

    what: str
    figure: str
    beside: str
    beside_figure: str
    ratio: float | None
    target: str
    met: bool | None
    samples: Mapping[str, Sequence[float]] = {}
    """Medians of rounds, or single samples, by name and in the order in which they came."""
    notes: Mapping[str, Any] = {}


class Report(msgspec.Struct, frozen=True):
    """A whole run."""

    machine: Mapping[str, str]
    rounds: int
    seconds_each: float
    rows: Sequence[Row]


def machine(settings: Mapping[str, str], versions: Mapping[str, str]) -> dict[str, str]:
    """What the figures stand on."""
    load = " ".join(f"{value:.1f}" for value in os.getloadavg())
    return {
        "cores": str(len(os.sched_getaffinity(0))),
        "processor": platform.processor() or platform.machine(),
        "python": platform.python_version(),
        "load average at the start": load,
        **versions,
        **settings,
    }


def spread(values: Sequence[float]) -> str:
    """Median and range of rounds: `12,300 (11,900 to 12,800)`."""
    middle = statistics.median(values)
    return f"{middle:,.0f} ({min(values):,.0f} to {max(values):,.0f})" if len(values) > 1 else f"{middle:,.0f}"


def quantile(values: Sequence[float], share: float) -> float:
    """The value below which `share` of the samples lie; the largest one where they are too few."""
    ordered = sorted(values)
    return ordered[min(int(share * len(ordered)), len(ordered) - 1)]


def milliseconds(values: Sequence[float], share: float) -> str:
    """A quantile in milliseconds."""
    return f"{quantile(values, share) * 1000:,.1f} ms"


def table(rows: Sequence[Row]) -> str:
    """Aligned text."""
    lines = [("what", "figure", "measured beside", "that", "ratio", "target", "")]
    for row in rows:
        ratio = "" if row.ratio is None else f"{row.ratio:.2f}"
        met = {True: "met", False: "MISSED", None: ""}[row.met]
        lines.append((row.what, row.figure, row.beside, row.beside_figure, ratio, row.target, met))
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join(
        "  ".join(word.ljust(width) for word, width in zip(line, widths, strict=True)).rstrip() for line in lines
    )


def write(report: Report, folder: Path, name: str) -> Path:
    """The JSON file."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.json"
    path.write_bytes(msgspec.json.format(msgspec.json.encode(report), indent=1))
    return path
