"""Presses while the bulk lane is full, or stopped in the middle of a transaction; beside the same deed by that lane."""

import signal
import socket
import statistics
import threading
import time
from collections.abc import Callable
from typing import Any, Final

import msgspec
import psycopg

from tests.benchmarks import packets
from tests.benchmarks.load import Order
from tests.benchmarks.place import Gateway, Loading, Place, Process
from tests.benchmarks.street import EDGES, Dwelling

CEILING: Final = 40_000
"""Facts a second that are not reached beside everything else that runs."""
DEEP_SECONDS: Final = 3.0
"""After this every edge has a frame in the queue, and it stays so."""
VISIBLE_POLL_SECONDS: Final = 0.005
VISIBLE_SECONDS: Final = 60.0
CATCH_TRIES: Final = 400
"""Stops of the bulk process until one falls into a transaction; under load most of its time is inside one."""
CATCH_PAUSE_SECONDS: Final = 0.02
ACCESS_EPOCH: Final = 1_000
_OPEN: Final = """
    SELECT count(*) FROM pg_stat_activity
    WHERE datname = current_database() AND application_name LIKE 'vaka-bulk%'
      AND xact_start IS NOT NULL AND backend_xid IS NOT NULL
"""
_VISIBLE: Final = "SELECT count(*) FROM event WHERE home = %s AND stream = 'access' AND epoch = %s"


class Backlog(msgspec.Struct, frozen=True):
    """What bulk drains meanwhile: one frame under way of each of the 2,000 edges, for at least `seconds`."""

    epoch: int
    facts_a_frame: int = 100
    seconds: float = 25.0

    def order(self, place: Place, url: str) -> Order:
        """The load that says it."""
        window = EDGES * self.facts_a_frame
        return Order(
            port=place.broker.port,
            database_url=url,
            seconds=self.seconds * 2,
            packets=EDGES + int(CEILING * self.seconds / self.facts_a_frame),
            facts_a_frame=self.facts_a_frame,
            window=window,
            epoch=self.epoch,
        )


class BulkDeeds(threading.Thread):
    """One access fact after another through the bulk lane, each until its row is seen; `seconds` grows."""

    def __init__(self, port: int, url: str, *, first: int = EDGES) -> None:
        super().__init__(daemon=True)
        self._port = port
        self._url = url
        self._next = first
        self._ended = threading.Event()
        self.seconds: list[float] = []

    def run(self) -> None:
        with (
            packets.opened(self._port, "deeds") as line,
            psycopg.connect(self._url, autocommit=True) as connection,
        ):
            while not self._ended.is_set():
                self.seconds.append(self._deed(line, connection))

    def _deed(self, line: socket.socket, connection: psycopg.Connection[Any]) -> float:
        """Seconds from its publishing to its row."""
        dwelling = Dwelling(self._next, epoch=ACCESS_EPOCH)
        self._next += 1
        began = time.monotonic()
        line.sendall(packets.publish(dwelling.topic("access"), dwelling.lock(1, time.time_ns() // 1000), 1))
        line.recv(packets.PUBACK_BYTES)
        while time.monotonic() - began < VISIBLE_SECONDS:
            ((rows,),) = connection.execute(_VISIBLE, (dwelling.home, dwelling.epoch)).fetchall()
            if rows:
                break
            time.sleep(VISIBLE_POLL_SECONDS)
        return time.monotonic() - began

    def finish(self) -> list[float]:
        """Begin no other, wait for the one under way, and tell everything that was measured."""
        self._ended.set()
        self.join()
        return self.seconds


def stop_in_transaction(bulk: Process, url: str) -> None:
    """SIGSTOP the bulk process while it has written and not committed; the caller lets it go on."""
    with psycopg.connect(url, autocommit=True) as connection:
        for _ in range(CATCH_TRIES):
            bulk.signal(signal.SIGSTOP)
            time.sleep(CATCH_PAUSE_SECONDS)
            ((open_ones,),) = connection.execute(_OPEN).fetchall()
            if open_ones:
                return
            bulk.signal(signal.SIGCONT)
            time.sleep(CATCH_PAUSE_SECONDS / 2)
    raise AssertionError("the bulk process was never caught in a transaction")


class Overtaken(msgspec.Struct, frozen=True):
    """Seconds of presses when idle, while bulk drains and while it stands still, and of the same deed by bulk."""

    idle: list[float]
    draining: list[float]
    deeds: list[float]
    stopped: list[float]
    stopped_deeds: list[float]

    @property
    def slowdown(self) -> float:
        """The worse of both, times idle."""
        return max(map(statistics.median, (self.draining, self.stopped))) / statistics.median(self.idle)

    @property
    def advantage(self) -> float:
        """How many times sooner than through the bulk lane, in the worse of both."""
        pairs = ((self.draining, self.deeds), (self.stopped, self.stopped_deeds))
        return min(statistics.median(deeds) / statistics.median(presses) for presses, deeds in pairs)

    @property
    def worst(self) -> float:
        """The slowest press of all, seconds."""
        return max(*self.draining, *self.stopped)


def overtake(
    place: Place,
    gateway: Gateway,
    press: Callable[[int], list[float]],
    *,
    count: int,
    backlog: Backlog,
    first: int = EDGES,
) -> Overtaken:
    """`count` presses in each of three situations: idle, bulk draining, bulk stopped in mid-transaction.

    `press` makes so many presses and tells the seconds of each until a desk shows it. Homes from `first` on do their
    deeds through the bulk lane. Returns when the backlog is over.
    """
    url = gateway.database_url
    idle = press(count)
    load = Loading(backlog.order(place, url))
    load.go()
    time.sleep(DEEP_SECONDS)
    deeds = BulkDeeds(place.broker.port, url, first=first)
    deeds.start()
    draining = press(count)
    by_bulk = deeds.finish()
    stop_in_transaction(gateway.bulk, url)
    late = BulkDeeds(place.broker.port, url, first=first + len(by_bulk))
    try:
        late.start()
        stopped = press(count)
    finally:
        gateway.bulk.signal(signal.SIGCONT)
    load.stop()
    return Overtaken(idle, draining, by_bulk, stopped, late.finish())
