"""One edge's journal and uplink, one gateway, and everything that is on its way between them; for tests."""

from pathlib import Path

from edge.entry import Entry, Stored
from edge.journal import Journal
from edge.uplink import Outgoing, Uplink
from homecare.clock import SECOND, ManualClock
from homecare.event import AnyEvent, HelpCalled, Stream
from homecare.identity import DeviceId, EdgeId, Epoch, HomeId
from homecare.seal import agree_at_edge, public_key
from tests.edge.desk import Gateway

EDGE, HOME, DEVICE = EdgeId("edge-00000001"), HomeId("home-00000001"), DeviceId("dev-00000001")
EDGE_KEY, GATEWAY_KEY = b"\x11" * 32, b"\x22" * 32
KEYS = agree_at_edge(EDGE_KEY, public_key(GATEWAY_KEY))


class Line:
    """One edge's journal and uplink, one gateway, and everything that is on its way between them."""

    def __init__(self, folder: Path, *, quota: int = 1_000_000) -> None:
        self.folder = folder
        self.quota = quota
        self.clock = ManualClock(wall=1_000_000_000)
        self.gateway = Gateway(EDGE, GATEWAY_KEY, public_key(EDGE_KEY))
        self.up: list[bytes] = []
        self.down: list[bytes] = []
        self.old: list[bytes] = []
        self.epochs = 0
        self.said: dict[tuple[int, Stream, int], bytes] = {}
        self.start()

    def start(self) -> None:
        self.epochs += 1
        self.journal = Journal.open(
            self.folder / "journal.db", epoch=Epoch(self.epochs), home=HOME, clock=self.clock, quota=self.quota
        )
        self.uplink = Uplink(edge=EDGE, run=self.journal.epoch, keys=KEYS)
        self.append(self.journal.opening("test"))
        self.uplink.learn(self.journal.held())

    def crash(self) -> None:
        self.journal.close()
        self.start()

    def connect(self) -> None:
        self.uplink.connected()
        self.beat()

    def entry(self, event: AnyEvent) -> Entry:
        now = self.clock.now()
        return Entry(
            event=event, device=DEVICE, occurred_at=now.wall, received_at=now.wall, uncertainty=0, elapsed=now.elapsed
        )

    def append(self, *events: AnyEvent) -> list[Stored]:
        stored = self.journal.append([self.entry(event) for event in events])
        for fact in stored:
            self.said[fact.epoch, fact.stream, fact.seq] = fact.body
        self.uplink.stored(stored)
        return stored

    def alarm(self, *, journaled: bool = True) -> list[Outgoing]:
        alarm = self.journal.reserve(self.entry(HelpCalled()))
        sent = self.uplink.alarm(alarm, self.clock.elapsed)
        self.up += [outgoing.frame for outgoing in sent]
        if journaled:
            self.said[alarm.epoch, alarm.stream, alarm.seq] = alarm.body
            self.journal.append([alarm])
        return sent

    def beat(self) -> None:
        now = self.clock.now()
        heartbeat = self.uplink.heartbeat(now, elapsed=now.elapsed, heard_through=now.wall, held=self.journal.held())
        self.up.append(heartbeat.frame)

    def pump(self) -> list[Outgoing]:
        sent: list[Outgoing] = []
        for _ in range(100):
            for want in self.uplink.wants(self.clock.elapsed):
                self.uplink.load(want, self.journal.pending(want.epoch, want.stream, want.after, want.limit_bytes))
            frames = self.uplink.frames(self.clock.elapsed)
            sent += frames
            if not frames:
                break
        self.up += [outgoing.frame for outgoing in sent]
        return sent

    def deliver_up(self, index: int = 0) -> None:
        self.down += self.gateway.take(self.up.pop(index))

    def deliver_down(self, index: int = 0) -> None:
        frame = self.down.pop(index)
        self.old.append(frame)
        self.hear(frame)

    def hear(self, frame: bytes) -> None:
        noted = self.uplink.receive(frame, self.clock.elapsed)
        if noted is not None:
            self.journal.receipt(noted.epoch, noted.stream, noted.durable, lower_is_rewind=noted.rewind)

    def settle(self) -> None:
        """A good line for a while."""
        self.connect()
        for _ in range(300):
            self.pump()
            while self.up:
                self.deliver_up()
            while self.down:
                self.deliver_down()
            if not self.journal.held().undrained:
                return
            if self.uplink.more_epochs:
                self.uplink.learn(self.journal.held())
            self.clock.advance(SECOND)
        raise AssertionError("not drained")
