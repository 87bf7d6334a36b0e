"""Rows 1: sustained intake, durable, one event a frame, 2,000 edges; the sides take turns."""

import time
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

import msgspec

from tests.benchmarks.load import Order, Said
from tests.benchmarks.place import Place
from tests.benchmarks.sides import Side

WARM_SECONDS: Final = 2.0
"""Left out at the beginning: caches fill, batches find their size."""
_COUNT: Final = """
    SELECT (SELECT count(*) FROM event WHERE recorded_at >= %s AND recorded_at < %s)
         + (SELECT count(*) FROM observation WHERE recorded_at >= %s AND recorded_at < %s)
"""


class Measured(msgspec.Struct, frozen=True):
    """One turn: rows committed a second in the steady window, and what the load says of it."""

    side: str
    rate: float
    said: Said


def measure(place: Place, side: Side, seconds: float) -> Measured:
    """One turn of one side over a fresh database."""
    with place.fresh() as url:
        try:
            side.start(url)
            load = place.load(order_of(place, side, url, seconds))
            load.go()
            said = load.said()
            since, until = said.started + WARM_SECONDS, said.ended
            time.sleep(0.3)
            rate = rows_between(place, url, since, until) / (until - since)
        finally:
            side.stop()
    return Measured(side.name, rate, said)


def order_of(place: Place, side: Side, url: str, seconds: float) -> Order:
    """As fast as the side takes it."""
    whole = seconds + WARM_SECONDS
    packets = int(side.ceiling * whole)
    return Order(port=place.broker.port, database_url=url, seconds=whole, packets=packets, sealed=side.sealed)


def rows_between(place: Place, url: str, since: float, until: float) -> int:
    """Rows that were recorded between two wall times (seconds)."""
    bounds = [datetime.fromtimestamp(at, tz=UTC) for at in (since, until)]
    ((rows,),) = place.query(url, _COUNT, *bounds, *bounds)
    return int(rows)


def race(place: Place, sides: Sequence[Side], *, rounds: int, seconds: float) -> dict[str, list[Measured]]:
    """A B C A B C ...: what each side reached in each round."""
    found: dict[str, list[Measured]] = {side.name: [] for side in sides}
    for turn in range(rounds):
        for side in sides:
            measured = measure(place, side, seconds)
            found[side.name].append(measured)
            print(f"  round {turn + 1}: {side.name}: {measured.rate:,.0f} events/s", flush=True)
    return found
