"""The edge of a scenario: a real journal and a real uplink, with crashes and cuts exactly where the scenario wants."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from itertools import count
from pathlib import Path

from edge.entry import Entry, Stored
from edge.journal import Journal
from edge.transports.mqtt import MqttTransport
from edge.uplink import Outgoing, Uplink
from homecare.clock import Clock, ManualClock, SystemClock
from homecare.envelope import decode_envelope
from homecare.errors import Malformed, Refused
from homecare.event import AnyEvent, HelpCalled, Stream
from homecare.identity import DeviceId, Epoch, HomeId
from tests.gateway.enrolled import NOW, Household
from tests.scenarios.ledger import Ledger, fact_name
from tests.waiting import end, until

QUOTA = 1_000_000
PUMP_SECONDS = 0.02
ROUNDS = 100
"""Pages read in one go: far more than any scenario tells."""
_runs = count(0x1000)


class Edge:
    """One edge of `house`. Every fact carries a mark of `ledger`; `out` is what it wants to send."""

    def __init__(
        self,
        house: Household,
        path: Path,
        ledger: Ledger,
        *,
        clock: Clock | None = None,
        quota: int = QUOTA,
        vfs: str | None = None,
    ) -> None:
        self.house = house
        self.path = path
        self.ledger = ledger
        self.clock = clock or ManualClock(wall=NOW)
        self.quota = quota
        self.vfs = vfs
        self.out: list[Outgoing] = []
        self.heard = 0
        self.believed: dict[Stream, int] = {}
        """How far a stream ever counted as durable, whatever was taken back since."""
        self.start()

    def start(self) -> None:
        """A new run on the same journal."""
        self.journal = Journal.open(
            self.path,
            epoch=Epoch(next(_runs)),
            home=HomeId(self.house.home),
            clock=self.clock,
            quota=self.quota,
            vfs=self.vfs,
        )
        self.uplink = Uplink(edge=self.house.edge, run=self.journal.epoch, keys=self.house.keys)
        self.uplink.learn(self.journal.held())
        self.out.clear()

    def crash(self) -> None:
        """The process ends between two calls and starts again; its memory is gone."""
        self.journal.close()
        self.start()

    # --- what happens in the home ------------------------------------------------------------------------------------

    def tell(self, *events: AnyEvent) -> list[int]:
        """Journal facts other than alarms; their marks."""
        stored = self.journal.append([self._entry(event, mark) for mark, event in self._marked(events)])
        self.uplink.stored(stored)
        return [self._note(fact) for fact in stored if fact.entry.counter is not None]

    def press(self, *, journaled: bool = True) -> int:
        """A press for help: sent at once, then journaled unless the edge dies before it; its mark."""
        alarm = self.journal.reserve(self._entry(HelpCalled(), self.ledger.next_mark()))
        self.out += self.uplink.alarm(alarm, self.clock.now().elapsed)
        if journaled:
            self.journal.append([alarm])
        return self._note(alarm)

    def _marked(self, events: tuple[AnyEvent, ...]) -> list[tuple[int, AnyEvent]]:
        return list(enumerate(events, self.ledger.next_mark()))

    def _entry(self, event: AnyEvent, mark: int) -> Entry:
        now = self.clock.now()
        return Entry(
            event=event,
            device=DeviceId(f"dev-{self.house.home}"),
            counter=mark,
            occurred_at=now.wall,
            received_at=now.wall,
            uncertainty=0,
            elapsed=self.journal.elapsed(now),
        )

    def _note(self, fact: Stored) -> int:
        mark = fact.entry.counter
        assert mark is not None
        self.ledger.note(mark, self.name(fact.epoch, fact.stream, fact.seq))
        return mark

    def name(self, epoch: int, stream: str, seq: int) -> str:
        """A fact of this edge as findings name it."""
        return fact_name(self.house.edge, epoch, stream, seq)

    # --- the line ----------------------------------------------------------------------------------------------------

    def connected(self) -> None:
        """A new connection, with its heartbeat."""
        self.uplink.connected()
        self.beat()

    def beat(self) -> None:
        """A heartbeat."""
        now = self.clock.now()
        elapsed = self.journal.elapsed(now)
        self.out.append(self.uplink.heartbeat(now, elapsed=elapsed, heard_through=now.wall, held=self.journal.held()))

    def pump(self) -> None:
        """Put into `out` what is due."""
        for _ in range(ROUNDS):
            now = self.clock.now().elapsed
            for want in self.uplink.wants(now):
                self.uplink.load(want, self.journal.pending(want.epoch, want.stream, want.after, want.limit_bytes))
            frames = self.uplink.frames(now)
            self.out += frames
            if not frames:
                return

    def hear(self, frame: bytes) -> None:
        """A frame from the gateway; what is believed is noted in the journal, what is not is counted."""
        self.heard += 1
        try:
            noted = self.uplink.receive(frame, self.clock.now().elapsed)
        except (Malformed, Refused):
            return
        if noted is not None:
            self.journal.receipt(noted.epoch, noted.stream, noted.durable, lower_is_rewind=noted.rewind)
            self.believed[noted.stream] = max(noted.durable, self.believed.get(noted.stream, 0))

    # --- what the journal says ---------------------------------------------------------------------------------------

    def kept(self, epoch: int, stream: Stream, *, after: int = 0, through: int | None = None) -> list[int]:
        """Marks of the facts that the journal can still send (after seq `after`, up to seq `through`)."""
        marks: list[int] = []
        while page := self.journal.pending(Epoch(epoch), stream, after, 64 * 1024):
            for item in page:
                after = getattr(item, "last", 0) or getattr(item, "seq", 0)
                body = getattr(item, "body", None)
                mark = None if body is None else decode_envelope(body).counter
                if mark is not None and (through is None or after <= through):
                    marks.append(mark)
        return marks

    def receipted(self, stream: Stream) -> int:
        """How far the running epoch counts as durable at the gateway."""
        return self.journal.held().epochs[0].of(stream).receipted

    @property
    def undrained(self) -> bool:
        """Whether the journal still waits for a receipt."""
        return self.journal.held().undrained > 0


@contextlib.asynccontextmanager
async def on_line(edge: Edge, broker_url: str) -> AsyncIterator[None]:
    """The edge at the broker, through the product's own MQTT transport; it beats when it connects."""
    transport = MqttTransport(broker_url, edge=edge.house.edge, shard=edge.house.shard)
    up = asyncio.Event()

    def connected() -> None:
        edge.connected()
        up.set()

    async def pump() -> None:
        while True:  # bounded by the scenario
            if up.is_set():
                edge.pump()
                for outgoing in edge.out:
                    transport.send(outgoing)
                edge.out.clear()
            await asyncio.sleep(PUMP_SECONDS)

    tasks = [
        asyncio.create_task(transport.run(connected, edge.uplink.disconnected, edge.hear)),
        asyncio.create_task(pump()),
    ]
    try:
        await until(up.is_set)
        yield
    finally:
        await end(*tasks)


def real_edge(house: Household, folder: Path, ledger: Ledger) -> Edge:
    """An edge on a journal file and the real clock."""
    return Edge(house, folder / "journal.db", ledger, clock=SystemClock())
