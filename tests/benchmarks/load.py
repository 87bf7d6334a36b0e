"""The load: 2,000 edges behind one raw connection, in a process of its own that costs little beside what is measured.

Everything is built and sealed before the start. What is under way (said and not yet in the database) is bounded, so
that the broker's queues neither overflow nor run dry. `python -m tests.benchmarks.load JSON` prints `ready`, waits for
a line, says its load until the time is over, the packets are out or another line comes, and prints a `Said` as JSON.
"""

import selectors
import socket
import sys
import threading
import time
from typing import Final

import msgspec
import psycopg

from homecare.clock import SECOND
from homecare.delivery import HEARTBEAT_EVERY, Receipt
from homecare.envelope import encode_envelope
from homecare.event import Stream
from homecare.identity import EdgeId
from homecare.wire import read_body, unpack
from tests.benchmarks import packets, street
from tests.benchmarks.street import Dwelling

UNACKNOWLEDGED: Final = 4_000
"""Packets that the broker has not acknowledged yet."""
AT_ONCE: Final = 64
"""Packets in one write."""
POLL_SECONDS: Final = 0.1
"""Between two looks at the database; at 20,000 rows a second each looks at 2,000 rows, or at the 10,000 cursors."""
SETTLED_SECONDS: Final = 1.0
"""After this no transaction of a peer with an older `now()` is still open."""
WAIT_SECONDS: Final = 0.002
_CURSORS: Final = "SELECT coalesce(sum(durable), 0)::bigint FROM cursor WHERE stream = 'record'"
_ROWS: Final = """
    SELECT count(*) FILTER (WHERE recorded_at <= %(until)s), count(*) FROM (
        SELECT recorded_at FROM event WHERE recorded_at > %(since)s
        UNION ALL SELECT recorded_at FROM observation WHERE recorded_at > %(since)s) AS new
"""


class Order(msgspec.Struct, frozen=True):
    """What load to say.

    `sealed`: frames for Vaka, with heartbeats and a listener to every receipt; otherwise one JSON object a fact, for
    a peer. `rate` is facts a second (None: as fast as `window` facts under way allow). `from_seq` continues an epoch.
    """

    port: int
    database_url: str
    seconds: float
    packets: int
    sealed: bool = True
    edges: int = street.EDGES
    facts_a_frame: int = 1
    window: int = 10_000
    rate: float | None = None
    epoch: int = 1
    from_seq: int = 1


class Said(msgspec.Struct, frozen=True):
    """What was said, between which wall times (seconds), and how much of it was in the database at the end.

    `exhausted`: the packets ran out before the time.
    """

    facts: int
    started: float
    ended: float
    exhausted: bool
    receipts: int
    committed: int
    processor_seconds: float


class Progress(threading.Thread):
    """Facts in the database, looked up beside the sending."""

    def __init__(self, order: Order) -> None:
        super().__init__(daemon=True)
        self._order = order
        self.committed = 0
        self.ended = threading.Event()

    def run(self) -> None:
        with psycopg.connect(self._order.database_url, autocommit=True) as connection:
            look = self._cursors if self._order.sealed else self._rows
            look(connection)
            while not self.ended.wait(POLL_SECONDS):
                look(connection)

    def _cursors(self, connection: psycopg.Connection) -> None:
        ((durable,),) = connection.execute(_CURSORS).fetchall()
        if not hasattr(self, "_before"):
            self._before = durable
        self.committed = durable - self._before

    def _rows(self, connection: psycopg.Connection) -> None:
        """All rows: those settled were counted before, the younger ones are counted anew each time."""
        if not hasattr(self, "_since"):
            self._since, self._settled = "-infinity", 0
        ((until,),) = connection.execute("SELECT now() - %s * interval '1 second'", (SETTLED_SECONDS,)).fetchall()
        bounds = {"since": self._since, "until": until}
        ((settled, new),) = connection.execute(_ROWS, bounds).fetchall()
        self.committed = self._settled + new
        self._settled, self._since = self._settled + settled, until


class Load:
    """The packets, and the line on which they are said."""

    def __init__(self, order: Order) -> None:
        self._order = order
        self._dwellings = [Dwelling(number, epoch=order.epoch) for number in range(order.edges)]
        self._packets = self._built()
        self._line = packets.opened(order.port, "load")
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._line, selectors.EVENT_READ, self._acknowledged)
        self._heard: dict[EdgeId, int] = {}
        self._listened = packets.Packets()
        if order.sealed:
            self._ears = packets.listening(order.port, "load-ears", "vaka/v1/+/+/down/receipt", 1)
            self._selector.register(self._ears, selectors.EVENT_READ, self._receipted)
        self._sent = 0
        self._unacknowledged = 0
        self._acknowledgements = 0
        self._beats = 0
        self.receipts = 0

    def _built(self) -> list[bytes]:
        order = self._order
        now = time.time_ns() // 1000
        built = []
        for index in range(order.packets):
            turn, number = divmod(index, order.edges)
            dwelling = self._dwellings[number]
            first = order.from_seq + turn * order.facts_a_frame
            packet = index % packets.IDS + 1
            body = dwelling.record(first, order.facts_a_frame, now) if order.sealed else _plain(dwelling, first, now)
            built.append(packets.publish(dwelling.topic("record"), body, packet))
        return built

    def say(self, stop: threading.Event) -> Said:
        """Say it."""
        order = self._order
        progress = Progress(order)
        progress.start()
        began, processor = time.time(), time.process_time()
        end = began + order.seconds
        while not stop.is_set() and (now := time.time()) < end and self._sent < len(self._packets):
            said = self._sent * order.facts_a_frame
            room = progress.committed + order.window - said
            if order.rate is not None:
                room = min(room, int((now - began) * order.rate) - said)
            count = min(room // order.facts_a_frame, UNACKNOWLEDGED - self._unacknowledged, AT_ONCE)
            if count > 0:
                self._send(count)
            if order.sealed:
                self._heartbeats(now, now - began)
            for key, _ in self._selector.select(0 if count > 0 else WAIT_SECONDS):
                key.data(key.fileobj)
        ended = time.time()
        progress.ended.set()
        return Said(
            facts=self._sent * order.facts_a_frame,
            started=began,
            ended=ended,
            exhausted=self._sent >= len(self._packets),
            receipts=self.receipts,
            committed=progress.committed,
            processor_seconds=time.process_time() - processor,
        )

    def _send(self, count: int) -> None:
        chunk = self._packets[self._sent : self._sent + count]
        self._line.sendall(b"".join(chunk))
        self._sent += len(chunk)
        self._unacknowledged += len(chunk)

    def _heartbeats(self, now: float, passed: float) -> None:
        """Each edge's heartbeat in its turn, every 30 s."""
        due = int(passed * self._order.edges * SECOND / HEARTBEAT_EVERY)
        if due <= self._beats:
            return
        dwelling = self._dwellings[self._beats % self._order.edges]
        self._beats += 1
        turns, ahead = divmod(self._sent, self._order.edges)
        head = self._order.from_seq - 1 + (turns + (dwelling.number < ahead)) * self._order.facts_a_frame
        receipted = self._heard.get(dwelling.edge, 0)
        beat = dwelling.heartbeat(self._beats, int(now * SECOND), head=head, receipted=min(receipted, head))
        self._line.sendall(packets.publish(dwelling.topic("heartbeat"), beat, 0))

    def _acknowledged(self, line: socket.socket) -> None:
        data = line.recv(65_536)
        if not data:
            raise ConnectionError("the broker hung up on the load tool")
        whole, self._acknowledgements = divmod(self._acknowledgements + len(data), packets.PUBACK_BYTES)
        self._unacknowledged -= whole

    def _receipted(self, line: socket.socket) -> None:
        answers = []
        for head, body in self._listened.feed(line.recv(65_536)):
            _, packet, payload = packets.message(head, body)
            if packet:
                answers.append(packets.puback(packet))
            frame = unpack(payload)
            self.receipts += 1
            if frame.header.stream is Stream.RECORD:
                self._heard[frame.header.edge] = read_body(frame, Receipt).durable
        line.sendall(b"".join(answers))


def _plain(dwelling: Dwelling, seq: int, now: int) -> bytes:
    """The same fact as one JSON object, with the identity that a frame's header has."""
    identity = {"edge": dwelling.edge, "epoch": dwelling.epoch, "stream": Stream.RECORD, "seq": seq}
    return msgspec.json.encode(identity)[:-1] + b"," + encode_envelope(dwelling.envelope(seq, now))[1:]


def main() -> None:
    """Build, wait for the word, say it."""
    load = Load(msgspec.json.decode(sys.argv[1], type=Order))
    print("ready", flush=True)
    sys.stdin.readline()
    stop = threading.Event()
    threading.Thread(target=lambda: (sys.stdin.readline(), stop.set()), daemon=True).start()
    print(msgspec.json.encode(load.say(stop)).decode(), flush=True)


if __name__ == "__main__":
    main()
