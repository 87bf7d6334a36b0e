"""The ledger outside the system: what devices were told is accepted, held against what SQL finds in the database."""

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, Final

import psycopg
from psycopg.rows import dict_row

from tests.faults.devices import hundredths
from tests.faults.plan import Plan, PlannedDevice, Sort

_ROWS: Final = """
SELECT edge, device, counter, epoch, stream, seq, position, kind, body, quantity, value
FROM (
  SELECT edge, device, counter, epoch, stream, seq, position, kind, body, NULL AS quantity, NULL::float8 AS value
  FROM event WHERE counter IS NOT NULL
  UNION ALL
  SELECT edge, device, counter, epoch, stream, seq, position, 'observed', NULL, quantity, value
  FROM observation WHERE counter IS NOT NULL
) AS stated
"""
_EPOCHS: Final = "SELECT edge, epoch, body FROM event WHERE kind = 'epoch_opened'"
NAMED: Final = 10
"""Lost or doubled facts that are named one by one; the rest is counted."""


@dataclass
class Verdict:
    """What the comparison found."""

    facts: int = 0
    rows: int = 0
    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    forged: list[str] = field(default_factory=list)
    disordered: list[str] = field(default_factory=list)
    alerts: list[str] = field(default_factory=list)

    @property
    def clean(self) -> bool:
        """Nothing lost, doubled, forged or out of order, and every alert as it must be."""
        return not (self.lost or self.doubled or self.forged or self.disordered or self.alerts)

    def lines(self) -> list[str]:
        """What is wrong, named."""
        found: list[str] = []
        for what in ("lost", "doubled", "forged", "disordered", "alerts"):
            items = getattr(self, what)
            found += [f"{what}: {item}" for item in items[:NAMED]]
            if len(items) > NAMED:
                found.append(f"{what}: and {len(items) - NAMED} more")
        return found


class Ledger:
    """Every fact that an edge accepted, by device and counter."""

    def __init__(self) -> None:
        self.accepted: set[tuple[str, int]] = set()

    def accept(self, device: PlannedDevice, counter: int) -> None:
        """A device was told that its counter is on disk."""
        self.accepted.add((device.id, counter))


def count_rows(url: str) -> int:
    """Facts of counting devices in the database."""
    with psycopg.connect(url, connect_timeout=5) as connection:
        row = connection.execute(f"SELECT count(*) FROM ({_ROWS}) AS rows").fetchone()  # type: ignore[arg-type] # a constant
    return int(row[0]) if row else 0


def judge(url: str, plan: Plan, ledger: Ledger) -> Verdict:
    """Hold the database against the ledger."""
    with psycopg.connect(url, row_factory=dict_row) as connection:
        rows = connection.execute(_ROWS).fetchall()
        epochs = connection.execute(_EPOCHS).fetchall()
        alerts = connection.execute("SELECT home, condition, occurrences, active FROM alert").fetchall()
        occurrences = connection.execute(
            "SELECT alert.home AS home, occurrence.edge, occurrence.epoch, occurrence.seq, occurrence.presses"
            " FROM occurrence JOIN alert ON alert.id = occurrence.alert WHERE alert.condition = 'help_call'"
        ).fetchall()
    verdict = Verdict(facts=len(ledger.accepted), rows=len(rows))
    sorts = {device.id: device.sort for device in plan.devices}
    seen = Counter((row["device"], row["counter"]) for row in rows)
    verdict.lost = [f"{device} {counter}" for device, counter in sorted(ledger.accepted - set(seen))]
    verdict.doubled = [f"{device} {counter} x{times}" for (device, counter), times in sorted(seen.items()) if times > 1]
    verdict.forged = [
        f"{row['device']} {row['counter']} says {row['kind']}"
        for row in rows
        if not _as_said(sorts.get(row["device"]), row)
    ]
    verdict.disordered = _disorder(rows, epochs)
    verdict.alerts = _alerts(plan, alerts, occurrences)
    return verdict


def _as_said(sort: Sort | None, row: dict[str, Any]) -> bool:
    counter, kind, body = row["counter"], row["kind"], row["body"]
    if sort is Sort.BUTTON:
        return bool(kind == "help_called")
    if sort is Sort.LOCK:
        return bool(kind == "lock_operated" and body["state"] == ("unlocked" if counter % 2 else "locked"))
    if sort is Sort.DOOR:
        return bool(kind == "contact_changed" and body["open"] == bool(counter % 2))
    if sort is Sort.THERMOMETER:
        return bool(row["quantity"] == "temperature" and round(row["value"] * 100) == hundredths(counter))
    return False


def _disorder(rows: list[dict[str, Any]], epochs: list[dict[str, Any]]) -> list[str]:
    """A device's counters must rise in the order (epoch by its chain of predecessors, position)."""
    ranks = _ranks(epochs)
    by_device: dict[str, list[tuple[int, int, int]]] = defaultdict(list)
    found = [f"{row['edge']} epoch {row['epoch']:016x} never opened" for row in rows if row["epoch"] not in ranks]
    for row in rows:
        by_device[row["device"]].append((ranks.get(row["epoch"], 0), row["position"], row["counter"]))
    for device, places in by_device.items():
        counters = [counter for _, _, counter in sorted(places)]
        found += [f"{device} {after} after {before}" for before, after in pairwise(counters) if after < before]
    return found


def _ranks(epochs: list[dict[str, Any]]) -> dict[int, int]:
    """How many epochs came before each, by following predecessors."""
    before = {
        row["epoch"]: int(row["body"]["predecessor"], 16) if row["body"]["predecessor"] else None for row in epochs
    }
    ranks: dict[int, int] = {}
    for epoch in before:
        chain = []
        at: int | None = epoch
        while at is not None and at not in ranks and len(chain) <= len(before):
            chain.append(at)
            at = before.get(at)
        base = ranks[at] if at is not None and at in ranks else 0
        for step, one in enumerate(reversed(chain), start=1):
            ranks[one] = base + step
    return ranks


def _alerts(plan: Plan, alerts: list[dict[str, Any]], occurrences: list[dict[str, Any]]) -> list[str]:
    """The open alerts, one each, must be those of the plan's oracle, and every press one occurrence."""
    found = []
    opened = Counter((alert["home"], alert["condition"]) for alert in alerts if alert["active"])
    expected = {(home_name(home), condition): count for (home, condition), count in plan.expected().items()}
    found += [f"{home}: {condition} was not raised" for home, condition in sorted(expected.keys() - opened.keys())]
    found += [
        f"{home}: {condition} was raised for nothing" for home, condition in sorted(opened.keys() - expected.keys())
    ]
    found += [f"{home}: {condition} stands {times} times" for (home, condition), times in opened.items() if times > 1]
    for (home, condition), count in expected.items():
        if count is None:
            continue
        told = sum(row["occurrences"] for row in alerts if (row["home"], row["condition"]) == (home, condition))
        counted = sum(row["presses"] for row in occurrences if row["home"] == home)
        if (told, counted) != (count, count):
            found.append(f"{home}: {count} presses, {counted} occurrences, the alert says {told}")
    return found


def open_alerts(url: str) -> dict[tuple[str, str], int]:
    """Active alerts and how often they happened, for the comparison with an undisturbed run."""
    with psycopg.connect(url) as connection:
        rows = connection.execute("SELECT home, condition, occurrences FROM alert WHERE active").fetchall()
    return {(home, condition): occurrences for home, condition, occurrences in rows}


def home_name(home: int) -> str:
    """The id of a home of the run."""
    return f"home-fault-{home:02}"


def edge_name(edge: int) -> str:
    """The id of an edge of the run."""
    return f"edge-fault-{edge:02}"
