"""The alarm lane: a frame on the alarm topic becomes rows, alerts and a receipt, one transaction a frame, at once.

Alarms take effect on arrival, also out of order; only the cursor waits for what is missing. What nobody can read is
told to people, for it may have been a call for help. A frame that was not committed is never receipted: its edge
sends it again, so whatever happens here, an alarm is late at worst.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping
from typing import Final

import msgspec

from gateway.intake.alarm_counts import Counts
from gateway.intake.alarm_reading import Unreadable, estimate, read_alarms
from gateway.intake.door import Admitted, Door, Reason, TurnedAway
from gateway.intake.quarantine import Quarantine
from gateway.intake.registry import EdgeEntry, Registry
from gateway.model.alerting import COPIED, copied_edge, unreadable_alarm
from gateway.model.estimate import anchored
from gateway.model.lives import Copied, Lives
from gateway.model.pulses import Pulses
from gateway.model.receipts import Receipts, receipt_frame
from gateway.ports.alarm import AlarmStore, Contended, Judged, SeqRange, Taken
from gateway.ports.broker import Broker, Message
from homecare import wire
from homecare.alert import Alert
from homecare.clock import Clock
from homecare.delivery import Heartbeat, Loss, LossReason, Refusal
from homecare.envelope import Fact, FactId
from homecare.errors import Malformed, Unavailable
from homecare.event import Stream
from homecare.identity import EdgeId, Epoch, HomeId, read_epoch
from homecare.wire import Header, Kind
from rules.help_call import judge
from rules.verdict import Raise

log = logging.getLogger(__name__)

WORKERS: Final = 4
"""Frames in work at once; one that meets a held row steps aside, so that it holds up nobody else's alarm."""
WAITING_LIMIT: Final = 2_000
"""Frames that wait in one worker's line; more wait at the broker."""
HEARTBEATS_LIMIT: Final = 20_000
"""Heartbeats that wait for their answer; more are left to the next one, half a minute later."""
READ_LIMIT: Final = 64
"""Messages taken from the alarms' connection before others have their turn."""
BEATS_LIMIT: Final = 8
"""The same for heartbeats: about 3 ms of work where keys are still to be agreed on."""
ATTEMPTS: Final = 12
"""Attempts on a row that others hold: some 8 s, in which the edge has sent the frame again anyway."""
CONTENDED_SECONDS: Final = (0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0)
"""Waits between attempts on a contended row; the last one repeats."""
AWAY_SECONDS: Final = (0.05, 0.1, 0.2, 0.5, 1.0)
"""Waits while the database is away; the last one repeats, for ever: the broker and the edges hold what comes."""


class Waiting(msgspec.Struct):
    """A frame in hand, the message that it came in, and how often it was tried."""

    admitted: Admitted
    message: Message
    attempts: int = 0


class Beat(msgspec.Struct, frozen=True):
    """A heartbeat in hand; `copied` where it proves that there are two of its edge."""

    admitted: Admitted
    heartbeat: Heartbeat
    newer: bool
    copied: Copied | None


class AlarmIntake:
    """The lane between the broker and the store. `told` is called after each commit that told the desk.

    `beats` is a connection of its own for heartbeats: when the network comes back, ten thousand edges send one each in
    the same moment, and no alarm may stand behind them.
    """

    def __init__(
        self,
        registry: Registry,
        broker: Broker,
        *,
        beats: Broker,
        store: AlarmStore,
        clock: Clock,
        told: Callable[[], None],
    ) -> None:
        self._registry = registry
        self._broker = broker
        self._beats = beats
        self._store = store
        self._clock = clock
        self._told = told
        self._door = Door(registry)
        self._receipts = Receipts()
        self._anchors: dict[EdgeId, tuple[Epoch, int]] = {}
        self._newest: dict[EdgeId, tuple[Epoch, int]] = {}
        self._lines = tuple(asyncio.Queue[Waiting](WAITING_LIMIT) for _ in range(WORKERS))
        self._lives = Lives()
        self.pulses = Pulses()
        self._heartbeats: asyncio.Queue[Beat] = asyncio.Queue(HEARTBEATS_LIMIT)
        self._quarantine = Quarantine(store, clock)
        self.counts = Counts()

    async def run(self) -> None:
        """Until cancelled; whatever ends one task ends all."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._read(self._broker, READ_LIMIT), name="alarm-reader")
            tasks.create_task(self._read(self._beats, BEATS_LIMIT), name="heartbeat-reader")
            tasks.create_task(self._hear(), name="alarm-heartbeats")
            tasks.create_task(self._quarantine.run(), name="alarm-quarantine")
            for number, line in enumerate(self._lines):
                tasks.create_task(self._work(line), name=f"alarm-worker-{number}")

    async def _read(self, broker: Broker, limit: int) -> None:
        while True:  # bounded by the process's life; each round waits for a message and gives others a turn
            for message in await broker.messages(limit):
                admitted = self._door.admit(message.topic, message.payload)
                if isinstance(admitted, TurnedAway):
                    self._turn_away(admitted, message)
                    broker.acknowledge([message])
                    continue
                header = admitted.frame.header
                self._receipts.heard(header.edge, header.run, header.beat)
                if header.kind is not Kind.HEARTBEAT:
                    await self._line_of(header.edge).put(Waiting(admitted, message))
                else:
                    self._take_beat(admitted)
            await asyncio.sleep(0)

    def _take_beat(self, admitted: Admitted) -> None:
        """At its arrival, because its time counts; put in line if anything follows from it."""
        header = admitted.frame.header
        try:
            heartbeat = wire.read_body(admitted.frame, Heartbeat)
        except Malformed:
            self.counts.turned_away[Reason.BODY] += 1
            return
        now = self._clock.now().elapsed
        copied = self._lives.heard(header.edge, header.run, header.beat, elapsed=heartbeat.elapsed, now=now)
        newer = self._newer(header.edge, header.run, header.beat)
        if newer:
            self.pulses.heard(header.edge, header.run, header.beat, heartbeat, now)
        if (newer or copied) and not self._heartbeats.full():
            self._heartbeats.put_nowait(Beat(admitted, heartbeat, newer, copied))
        elif copied is not None:
            self._lives.untold(copied)

    def _newer(self, edge: EdgeId, run: Epoch, beat: int) -> bool:
        known = self._newest.get(edge)
        if known is not None and known[0] == run and beat <= known[1]:
            return False
        self._newest[edge] = (run, beat)
        return True

    async def _hear(self) -> None:
        """Heartbeats stand in a line of their own: ten thousand edges that come back at once delay no alarm."""
        while True:  # bounded by the process's life; each round waits for a heartbeat and gives others a turn
            beat = await self._heartbeats.get()
            await asyncio.sleep(0)
            try:
                if beat.copied is not None:
                    await self._accuse(beat.admitted.edge, beat.copied)
                if beat.newer:
                    await self._heartbeat(beat.admitted, beat.heartbeat)
            except Unavailable as error:
                if beat.copied is not None:
                    self._lives.untold(beat.copied)
                log.warning("a heartbeat is left to the next one: %s", error.subject)

    def _line_of(self, edge: EdgeId) -> asyncio.Queue[Waiting]:
        """Frames of one edge stand in one line, so that they are taken in the order in which they came."""
        return self._lines[hash(edge) % WORKERS]

    async def _work(self, line: asyncio.Queue[Waiting]) -> None:
        while True:  # bounded by the process's life; each round waits for a frame
            waiting = await line.get()
            if await self._settle(waiting):
                self._broker.acknowledge([waiting.message])

    async def _settle(self, waiting: Waiting) -> bool:
        """Handle one frame until it is committed; False if it was put back because others hold its rows."""
        away = 0
        while True:  # bounded by the outage of the database: meanwhile the broker and the edges keep what comes
            try:
                await self._handle(waiting.admitted, waiting.message)
            except Contended:
                self.counts.contended += 1
                return self._put_back(waiting)
            except Unavailable as error:
                log.warning("an alarm waits for the database: %s", error.subject)
                await asyncio.sleep(AWAY_SECONDS[min(away, len(AWAY_SECONDS) - 1)])
                away += 1
            else:
                return True

    def _put_back(self, waiting: Waiting) -> bool:
        """Try again a little later, behind the others; True when it is given up and left to the edge's resending."""
        waiting.attempts += 1
        if waiting.attempts >= ATTEMPTS:
            self.counts.given_up += 1
            log.error("an alarm's rows are held by another session; its edge will send it again")
            return True
        seconds = CONTENDED_SECONDS[min(waiting.attempts, len(CONTENDED_SECONDS)) - 1]
        asyncio.get_running_loop().call_later(seconds, self._again, waiting)
        return False

    def _again(self, waiting: Waiting) -> None:
        try:
            self._line_of(waiting.admitted.edge.id).put_nowait(waiting)
        except asyncio.QueueFull:
            self.counts.given_up += 1

    # --- one frame -----------------------------------------------------------------------------------------------

    async def _handle(self, admitted: Admitted, message: Message) -> None:
        frame = admitted.frame
        self.counts.frames += 1
        if frame.header.kind is Kind.LOST:
            taken = await self._lost(admitted, message)
        else:
            taken = await self._facts(admitted, message)
        self._count(taken)
        self._receipt(admitted, frame.header.epoch, taken.durable)

    async def _facts(self, admitted: Admitted, message: Message) -> Taken:
        """Every fact of the frame that can be read, in one transaction; the others one by one as unreadable."""
        now = self._clock.now().wall
        facts, unreadable = read_alarms(admitted, now)
        durable = 0
        alerts: tuple[Alert, ...] = ()
        if facts:
            taken = await self._store.take([self._judged(fact, admitted.edge, now) for fact in facts], now)
            self._count_facts(taken, len(facts))
            durable, alerts = taken.durable, taken.alerts
        for one in unreadable:
            taken = await self._unreadable(admitted, message, one)
            durable, alerts = taken.durable, alerts + taken.alerts
        return Taken(durable=durable, alerts=alerts)

    def _judged(self, fact: Fact, edge: EdgeEntry, now: int) -> Judged:
        """The rules' verdict, about the time that the gateway believes: a home's clock may say 1970."""
        run, offset = self._anchors.get(edge.id, (None, None))
        anchor = offset if run == fact.id.epoch else None
        at = estimate(fact.envelope, anchor=anchor, earliest=edge.earliest, now=now)
        verdict = judge(fact)
        if verdict is not None:
            verdict = msgspec.structs.replace(verdict, occurred_at=at)
        return Judged(fact=fact, estimated_at=at, verdict=verdict)

    async def _unreadable(self, admitted: Admitted, message: Message, what: Unreadable) -> Taken:
        """Quarantine, one counting alert for the edge's home, and the cursor passes."""
        self.counts.unreadable += 1
        header, now = admitted.frame.header, self._clock.now().wall
        sane = what.first >= 1 and 1 <= what.count <= wire.FACTS_LIMIT
        seqs = _seqs(header, what.first, what.count if sane else 0)
        aside = self._quarantine.aside(message, what.why, "an alarm that cannot be read", edge=header.edge, seqs=seqs)
        raised = self._told_as_unreadable(admitted, what.first, what.count, what.why)
        return await self._store.pass_over(seqs, what.why, raised=raised, recorded_at=now, aside=aside)

    async def _lost(self, admitted: Admitted, message: Message) -> Taken:
        """The edge says that alarms will never come: lost ones are told to people, receipted ones were told once."""
        header, now = admitted.frame.header, self._clock.now().wall
        try:
            loss = wire.read_body(admitted.frame, Loss)
        except Malformed:
            return await self._unreadable(admitted, message, Unreadable(header.first, header.count, Reason.BODY))
        self.counts.lost += header.count
        seqs = _seqs(header, header.first, header.count)
        raised = None
        if loss.reason is LossReason.EVICTED:
            raised = self._told_as_unreadable(admitted, header.first, header.count, loss.reason)
        return await self._store.pass_over(seqs, loss.reason, raised=raised, recorded_at=now)

    def _told_as_unreadable(self, admitted: Admitted, first: int, count: int, why: str) -> Raise | None:
        home = self._home_of(admitted.edge)
        if home is None:
            log.error("an alarm of an edge without a home cannot be read: %s", admitted.edge.id)
            return None
        header = admitted.frame.header
        return unreadable_alarm(
            FactId(edge=header.edge, epoch=header.epoch, stream=Stream.ALARM, seq=first),
            count=count,
            home=home,
            occurred_at=self._clock.now().wall,
            why=why,
        )

    def _home_of(self, edge: EdgeEntry) -> HomeId | None:
        """Where the edge stands, or stood last."""
        homes = self._registry.homes_of(edge.id) or tuple(binding.home for binding in edge.bindings[-1:])
        return homes[0] if homes else None

    # --- heartbeats, receipts, what is turned away -----------------------------------------------------------------

    async def _accuse(self, edge: EdgeEntry, copied: Copied) -> None:
        """Both copies are heard as before, for either may be the one in the home; people are told."""
        self.counts.copied += 1
        log.error("two of one edge are alive: %s", edge.id)
        home, now = self._home_of(edge), self._clock.now().wall
        raised = None if home is None else copied_edge(copied, home, occurred_at=now)
        self._count(await self._store.accuse(edge.id, COPIED, raised=raised, recorded_at=now))

    async def _heartbeat(self, admitted: Admitted, heartbeat: Heartbeat) -> None:
        """Answer what the edge believes of its alarms; remember what we once receipted and no longer know."""
        self.counts.heartbeats += 1
        edge, run = admitted.edge.id, admitted.frame.header.run
        self._anchor(edge, run, heartbeat)
        if all(held.alarm.head == 0 and held.alarm.receipted == 0 for held in heartbeat.epochs):
            return
        durable = await self._store.cursors(edge)
        for held in heartbeat.epochs:
            epoch = read_epoch(held.epoch)
            if held.alarm.receipted > durable.get(epoch, 0):
                await self._store.remember_forgotten(edge, epoch, held.alarm.receipted)
        now = self._clock.now().elapsed
        self._receipts.answer(
            edge,
            admitted.shard,
            heartbeat,
            run=run,
            streams=(Stream.ALARM,),
            durable=lambda _edge, epoch, _stream: durable.get(epoch, 0),
            now=now,
        )
        self._send(durable, now)

    def _anchor(self, edge: EdgeId, run: Epoch, heartbeat: Heartbeat) -> None:
        """Tie the edge's steady clock to ours."""
        known, offset = self._anchors.get(edge, (None, 0))
        now = self._clock.now().wall
        self._anchors[edge] = (run, anchored(offset if known == run else None, now=now, elapsed=heartbeat.elapsed))

    def _receipt(self, admitted: Admitted, epoch: Epoch, durable: int) -> None:
        """At once, also for what was known already: the edge asks because it does not know."""
        header, now = admitted.frame.header, self._clock.now().elapsed
        self._receipts.ask(header.edge, admitted.shard, epoch, Stream.ALARM, header.run, now)
        self._send({epoch: durable}, now)

    def _send(self, durable: Mapping[Epoch, int], now: int) -> None:
        """Send what was asked for since the last call: always of one edge, for nothing waits in between."""
        for due in self._receipts.due(lambda _edge, epoch, _stream: durable.get(epoch, 0), now, everything=True):
            edge = self._registry.edge(due.edge)
            if edge is not None and self._broker.publish(*receipt_frame(due, edge.keys.down)):
                self.counts.receipts += 1

    def _turn_away(self, turned: TurnedAway, message: Message) -> None:
        self.counts.turned_away[turned.reason] += 1
        now = self._clock.now().elapsed
        if turned.reason is Reason.VERSION and turned.edge and turned.stream and turned.shard is not None:
            self._receipts.refuse(turned.edge, turned.shard, turned.stream, Refusal.VERSION, now)
            self._send({}, now)
        self._quarantine.keep(message, turned.reason, turned.detail, edge=turned.edge)

    def _count_facts(self, taken: Taken, come: int) -> None:
        self.counts.facts += taken.fresh
        self.counts.equivocations += taken.equivocations
        self.counts.duplicates += come - taken.fresh - taken.equivocations

    def _count(self, taken: Taken) -> None:
        for alert in taken.alerts:
            self.counts.alerts[alert.condition] += 1
        if taken.alerts:
            self._told()


def _seqs(header: Header, first: int, count: int) -> SeqRange:
    return SeqRange(edge=header.edge, epoch=header.epoch, stream=Stream.ALARM, first=first, last=first + count - 1)
