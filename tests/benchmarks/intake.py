"""Rows 1: sustained intake, durable, one event a frame, 2,000 edges; the sides take turns."""

import time
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

import msgspec

from tests.benchmarks.load import Order, Said
from tests.benchmarks.place import Loading, Place
from tests.benchmarks.processor import processor_seconds
from tests.benchmarks.sides import Side

WARM_SECONDS: Final = 2.0
"""Left out at the beginning: caches fill, batches find their size."""
SETTLE_SECONDS: Final = 0.5
"""What was under way at the end is committed within this."""
_STEADY: Final = """
    WITH batch AS (
        SELECT recorded_at, count(*) AS rows FROM (
            SELECT recorded_at FROM event WHERE recorded_at >= %(since)s AND recorded_at < %(until)s
            UNION ALL
            SELECT recorded_at FROM observation WHERE recorded_at >= %(since)s AND recorded_at < %(until)s
        ) AS row GROUP BY recorded_at)
    SELECT coalesce(sum(rows), 0) - coalesce((SELECT rows FROM batch ORDER BY recorded_at LIMIT 1), 0),
           extract(epoch FROM max(recorded_at) - min(recorded_at))
    FROM batch
"""


class Measured(msgspec.Struct, frozen=True):
    """One turn: rows committed a second in the steady window, and processor microseconds a fact by who spent them."""

    side: str
    rate: float
    said: Said
    processor: dict[str, float]


def measure(place: Place, side: Side, seconds: float) -> Measured:
    """One turn of one side over a fresh database."""
    with place.fresh() as url:
        try:
            side.start(url)
            return run_load(place, side, order_of(place, side, url, seconds))
        finally:
            side.stop()


def run_load(place: Place, side: Side, order: Order) -> Measured:
    """Say a load to a side that runs, and count what it made of it."""
    load = Loading(order)
    pids = {**side.pids(), "broker": place.broker.pid, "database": place.database.pid}
    before = {name: processor_seconds(pid) for name, pid in pids.items()}
    load.go()
    said = load.said()
    spent = {name: processor_seconds(pid) - before[name] for name, pid in pids.items()} | {
        "load": said.processor_seconds
    }
    time.sleep(SETTLE_SECONDS)
    rate = steady_rate(place, order.database_url, said.started + WARM_SECONDS, said.ended)
    return Measured(side.name, rate, said, {name: cost * 1e6 / max(said.committed, 1) for name, cost in spent.items()})


def order_of(place: Place, side: Side, url: str, seconds: float) -> Order:
    """As fast as the side takes it."""
    whole = seconds + WARM_SECONDS
    packets = int(side.ceiling * whole)
    return Order(port=place.broker.port, database_url=url, seconds=whole, packets=packets, sealed=side.sealed)


def steady_rate(place: Place, url: str, since: float, until: float) -> float:
    """Rows a second between the first and the last transaction that began between two wall times (seconds)."""
    bounds = {"since": datetime.fromtimestamp(since, tz=UTC), "until": datetime.fromtimestamp(until, tz=UTC)}
    ((rows, seconds),) = place.query(url, _STEADY, bounds)
    return float(rows) / float(seconds) if seconds else 0.0


def race(place: Place, sides: Sequence[Side], *, rounds: int, seconds: float) -> dict[str, list[Measured]]:
    """A B C A B C ...: what each side reached in each round."""
    found: dict[str, list[Measured]] = {side.name: [] for side in sides}
    for turn in range(rounds):
        for side in sides:
            measured = measure(place, side, seconds)
            found[side.name].append(measured)
            print(f"  round {turn + 1}: {side.name}: {measured.rate:,.0f} events/s, {_costs(measured)}", flush=True)
    return found


def _costs(measured: Measured) -> str:
    return "us of processor a fact: " + ", ".join(f"{name} {cost:.0f}" for name, cost in measured.processor.items())
