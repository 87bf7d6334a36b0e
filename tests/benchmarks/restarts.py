"""From a start after SIGKILL to the first event delivered: its row is visible. For an edge, and for the gateway."""

import time
from collections.abc import Callable, Sequence
from typing import Any, Final

import psycopg

from tests.benchmarks import packets
from tests.benchmarks.caller import EDGE
from tests.benchmarks.place import Gateway, Place
from tests.benchmarks.press import Rig
from tests.benchmarks.street import EDGES, Dwelling

DELIVERED_SECONDS: Final = 30.0
POLL_SECONDS: Final = 0.005
_OPENINGS: Final = "SELECT count(*) FROM event WHERE edge = %s AND kind = 'epoch_opened'"
_ROWS_OF_EPOCH: Final = "SELECT count(*) FROM event WHERE home = %s AND stream = %s AND epoch = %s"


def edge(rig: Rig, times: int) -> list[float]:
    """Seconds from the start of the edge's process to the row of its first record."""
    found = []
    with psycopg.connect(rig.url, autocommit=True) as connection:
        for _ in range(times):
            before = _count(connection, _OPENINGS, EDGE)
            rig.edge.kill()
            began = time.monotonic()
            rig.edge.start()
            found.append(_until(lambda before=before: _count(connection, _OPENINGS, EDGE) > before, began))
    return found


def gateway(place: Place, standing: Gateway, times: int) -> list[float]:
    """Seconds from the start of both processes to the rows of a press and of a record fact that waited."""
    found = []
    with (
        psycopg.connect(standing.database_url, autocommit=True) as connection,
        packets.opened(place.broker.port, "restarts") as line,
    ):
        for turn in range(times):
            dwelling = Dwelling(EDGES + turn, epoch=2_000 + turn)
            standing.bulk.kill()
            standing.alarm.kill()
            now = time.time_ns() // 1000
            for channel, frame in (("alarm", dwelling.press(1, now)), ("record", dwelling.record(1, 1, now))):
                line.sendall(packets.publish(dwelling.topic(channel), frame, 1))
                line.recv(packets.PUBACK_BYTES)
            began = time.monotonic()
            standing.alarm.start()
            standing.bulk.start()
            wanted = [(dwelling.home, stream, dwelling.epoch) for stream in ("alarm", "record")]
            found.append(_until(lambda wanted=wanted: _all_there(connection, wanted), began))
            standing.alarm.until(standing.ready)
    return found


def _all_there(connection: psycopg.Connection[Any], wanted: Sequence[tuple[Any, ...]]) -> bool:
    return all(_count(connection, _ROWS_OF_EPOCH, *values) for values in wanted)


def _count(connection: psycopg.Connection[Any], statement: str, *values: Any) -> int:
    ((rows,),) = connection.execute(statement, values).fetchall()
    return int(rows)


def _until(delivered: Callable[[], bool], began: float) -> float:
    """Seconds since `began` when it is delivered, at most `DELIVERED_SECONDS`."""
    while not delivered() and time.monotonic() - began < DELIVERED_SECONDS:
        time.sleep(POLL_SECONDS)
    return time.monotonic() - began
