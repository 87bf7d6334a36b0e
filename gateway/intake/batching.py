"""Batching: work becomes one batch, the batch is committed, and memory follows; the order inside is always the same.

What the other process knows, alarms and staff inside, comes before the watermark, and the watermark before time: so no
silence is judged that something already here contradicts.
"""

import asyncio
from collections.abc import Iterable
from typing import Final

import msgspec

from gateway.intake.cursors import Cursors
from gateway.intake.door import Admitted, Reason
from gateway.intake.intake import Intake, Repeat
from gateway.intake.judging import Judging
from gateway.intake.presence import Presence
from gateway.intake.recording import Recording
from gateway.intake.registry import Registry
from gateway.metrics import Metrics
from gateway.model.receipts import Due, Receipts
from gateway.ports.broker import Message
from gateway.ports.record import Alarm, Attended, Batch, Faulted, Quarantined, Store
from homecare.clock import SECOND
from homecare.delivery import Heartbeat, Refusal
from homecare.errors import Malformed
from homecare.event import Stream
from homecare.identity import EdgeId, Epoch, HomeId, read_epoch
from homecare.wire import Kind, read_body
from rules.stimulus import Blind, Elapsed, Happened, Staffed

STREAMS: Final = (Stream.ACCESS, Stream.RECORD)
"""What this lane receipts."""
WAKES_A_BATCH: Final = 1_000
WAKES_AT_ONCE: Final = 100
SILENCES_A_BATCH: Final = 100
"""Verdicts that wake-ups may bring in one batch before the next `SILENCES_EVERY`. When ten thousand edges fall silent
in one moment (the town's network is gone), all at once were seconds of work for database, feed and desks that nothing
else got through; at this pace it takes 20 s, and more than half of a processor is left."""
SILENCES_EVERY: Final = SECOND // 5
ALARM_CURSORS_EVERY: Final = SECOND // 2
"""How often a watermark that waits for the other process asks how far that is."""
SEEN_EVERY: Final = 5 * SECOND
HOMES_A_BATCH: Final = 500
"""Homes told in one batch that the gateway was blind, or begun: some 10 ms, so that facts need not wait for all."""
WATERMARKS_EVERY: Final = SECOND // 5
"""Silence is judged in minutes; under load most watermarks wait, and looking at each costs about a microsecond."""
BYTES_A_TURN: Final = 16 * 1024
"""Of payloads, some half a millisecond of work; then the event loop may feed the batch that is being written to the
database. A transaction waits for some twenty such turns, at 64 KiB for as long as the database itself takes."""
BEHIND_EVERY: Final = 5 * SECOND
"""How often the database learns how far back a new term must read."""

_HEARTBEAT: Final = Kind.HEARTBEAT
"""Not looked up in its enum: that takes a quarter of a microsecond, and it is asked twice a frame."""

Frames = list[tuple[Message, Admitted]]


class Work(msgspec.Struct):
    """What a round has to do. `alone`: this one frame or alarm is tried without anything else."""

    now: int
    frames: Frames = []
    alarms: list[Alarm] = []
    staff: list[Attended] = []
    quarantined: list[Quarantined] = []
    blind: Blind | None = None
    sees: bool = False
    inbox_empty: bool = False
    alone: bool = False

    @property
    def size(self) -> int:
        """Frames and alarms."""
        return len(self.frames) + len(self.alarms)

    def halves(self) -> list["Work"]:
        """The same in two parts, in order; what can be made again is left out."""
        if not self.alarms:
            middle = len(self.frames) // 2
            return [Work(self.now, frames=self.frames[:middle]), Work(self.now, frames=self.frames[middle:])]
        if self.frames:
            return [Work(self.now, frames=self.frames), Work(self.now, alarms=self.alarms)]
        middle = len(self.alarms) // 2
        return [Work(self.now, alarms=self.alarms[:middle]), Work(self.now, alarms=self.alarms[middle:])]

    def again(self) -> "Work":
        """The same for memory that was read again; what can be made again is left out."""
        return Work(self.now, frames=self.frames, alarms=self.alarms, quarantined=self.quarantined)

    def only(self) -> "Work":
        """The frame or alarm alone, or nothing: whatever else was refused comes again by itself."""
        return Work(self.now, frames=self.frames, alarms=self.alarms, alone=True)


class Prepared(msgspec.Struct):
    """A batch that memory is already ahead by, and what is to be compared and said once it is written."""

    batch: Batch
    repeats: list[Repeat]
    receipts: list[Due]


class Batching:
    """The services of the bulk lane behind one door, and the memory that they share.

    `prepare` and `write` of one batch alternate; the next one may be prepared while one is written, but memory is then
    as good as both commits, and after any failure `begin` must make it anew.
    """

    def __init__(self, store: Store, registry: Registry, judging: Judging, *, metrics: Metrics) -> None:
        self._store = store
        self._registry = registry
        self._judging = judging
        self._metrics = metrics
        self._cursors = Cursors()
        self._presence = Presence()
        self._receipts = Receipts()
        self._intake = Intake(
            registry,
            self._cursors,
            Recording(registry, judging, self._presence),
            judging=judging,
            receipts=self._receipts,
            metrics=metrics,
        )
        self._faults: list[Faulted] = []
        self._next_alarm_cursors = self._next_seen = self._next_watermarks = self._next_behind = self._next_wakes = 0
        self._new_homes = True
        self._blind: Blind | None = None
        self._untold: list[HomeId] = []
        self._unwritten = 0

    # --- memory ------------------------------------------------------------------------------------------------------

    def distrust(self) -> None:
        """Forget what a commit would have made true."""
        self._cursors.forget()
        self._receipts.forget()
        self._presence.watermark.forget()

    async def begin(self, term: int) -> None:
        """Start from what the database has."""
        self.distrust()
        self._new_homes, self._next_behind, self._unwritten = True, 0, 0
        self._blind, self._untold = None, []
        self._judging.begin(term)
        await self._store.states(self._judging.remember)
        await self._store.later(self._judging.replay)

    def registry_changed(self) -> None:
        """Settings and homes are not what they were."""
        self._judging.settings_changed()
        self._new_homes = True

    def clocks_moved(self) -> None:
        """The wall clock was set: nothing that is due at a wall time may wait for the old one."""
        self._presence.clocks_moved()
        self._next_alarm_cursors = self._next_seen = self._next_watermarks = self._next_behind = self._next_wakes = 0

    @property
    def blind_since(self) -> int | None:
        """Since when homes are still to be told that nobody heard them; None once that is committed for all."""
        return None if self._blind is None else self._blind.since

    def note(self, fault: Faulted) -> None:
        """Write a fault with the next batch."""
        self._faults.append(fault)

    def refuse(self, edge: EdgeId, shard: int, stream: Stream, refused: Refusal, *, now: int) -> None:
        """Tell an edge why its frames are not taken."""
        self._receipts.refuse(edge, shard, stream, refused, now)

    def gauges(self, now: int) -> dict[str, float]:
        """What waits just now, for whoever supervises."""
        wakeups = self._judging.wakeups
        return {
            "receipts_waiting": self._receipts.waiting,
            "watermarks_waiting": sum(1 for _ in self._presence.waiting()),
            "states_unsaved": self._judging.dirty,
            "wakeups_set": len(wakeups),
            "wakeups_late_seconds": wakeups.late(now) / SECOND,
        }

    # --- a batch -----------------------------------------------------------------------------------------------------

    async def prepare(self, work: Work) -> Prepared:
        """Make the work's batch, and memory as if it were committed; other tasks run in between."""
        self._unwritten += 1
        await self._know_cursors(work)
        batch = Batch(recorded_at=work.now)
        if work.alone:
            await self._take_frames(batch, work)
            self._take_alarms(batch, work.alarms)
        else:
            await self._fill(batch, work)
        prepared = self._finished(batch)
        await self._store.pack(batch)
        return prepared

    async def write(self, prepared: Prepared) -> None:
        """Everything in one transaction. `Culprit` or `Unavailable`: nothing of it happened, and memory is void."""
        if not prepared.batch.empty:
            await self._store.commit(prepared.batch)
            self._metrics.count("batches")
            self._metrics.count("quarantined", len(prepared.batch.quarantined))
        self._unwritten -= 1
        for repeat in prepared.repeats:
            last = repeat.first + len(repeat.digests) - 1
            known = await self._store.digests(repeat.key, repeat.first, last)
            self._faults += self._intake.compare(repeat, known)

    async def set_aside(self, work: Work, why: str) -> list[Due]:
        """Pass over the one frame or alarm that the store refuses; the receipts to send now."""
        await self._know_cursors(work)
        batch = Batch(recorded_at=work.now)
        for message, admitted in work.frames:
            self._intake.pass_over(batch, message, admitted, why)
        for alarm in work.alarms:
            batch.consumed.append(alarm.row)
            batch.faults.append(Faulted("alarm_not_judged", alarm.fact.edge, why))
        self._unwritten += 1
        prepared = self._finished(batch)
        await self.write(prepared)
        return prepared.receipts

    async def save_everything(self, now: int) -> None:
        """Write every state that changed: at an orderly end nothing is left to apply again.

        Nothing while memory is ahead of the database: a state must not include what was never recorded.
        """
        if self._judging.dirty and not self._unwritten:
            self._unwritten += 1
            await self.write(self._finished(Batch(recorded_at=now), everything=True))

    async def _fill(self, batch: Batch, work: Work) -> None:
        now = work.now
        batch.quarantined += work.quarantined
        batch.faults, self._faults = self._faults, []
        if not self._untold:
            self._blind = None
        if work.blind is not None:
            since = work.blind.since if self._blind is None else min(work.blind.since, self._blind.since)
            self._blind, self._untold = Blind(since, work.blind.until), self._judging.homes()
        await self._take_frames(batch, work)
        self._take_alarms(batch, work.alarms)
        self._take_staff(batch, work.staff)
        if work.inbox_empty and now >= self._next_watermarks:
            self._next_watermarks = now + WATERMARKS_EVERY
            self._move_watermarks(now)
        self._tell_blind(now)
        if work.sees and not self._untold:
            self._new_homes = self._new_homes and self._judging.begin_new_homes(now, HOMES_A_BATCH)
            if now >= self._next_wakes:
                self._wake(now)
        if now >= self._next_seen:
            self._next_seen = now + SEEN_EVERY
            batch.seen = self._presence.to_write(now)

    def _finished(self, batch: Batch, *, everything: bool = False) -> Prepared:
        """The batch with what judging has for it. Receipts are made now, when memory is ahead by this batch alone."""
        judging = self._judging
        batch.applied = judging.log
        batch.verdicts = judging.verdicts
        batch.faults += judging.faults
        batch.states = judging.to_save(batch.recorded_at, everything=everything)
        judging.saved(batch.states)
        if everything or batch.recorded_at >= self._next_behind:
            self._next_behind = batch.recorded_at + BEHIND_EVERY
            batch.behind = judging.behind(batch.recorded_at)
        judging.drain()
        due = self._receipts.due(self._cursors.durable, batch.recorded_at)
        return Prepared(batch, self._intake.repeats(), due)

    async def _know_cursors(self, work: Work) -> None:
        """Read the cursors that this work is about, and sometimes those that the other process moves."""
        pairs: list[tuple[EdgeId, Epoch]] = []
        for _, admitted in work.frames:
            header = admitted.frame.header
            if header.kind is _HEARTBEAT:
                pairs += [(header.edge, epoch) for epoch in _epochs(admitted)]
            else:
                pairs.append((header.edge, header.epoch))
        missing = self._cursors.missing(pairs)
        if self._cursors.make_room(len(missing)):
            missing = self._cursors.missing(pairs)
        wanted: set[tuple[EdgeId, Epoch]] = set()
        if work.now >= self._next_alarm_cursors:
            self._next_alarm_cursors = work.now + ALARM_CURSORS_EVERY
            wanted = self._presence.watermark.alarm_wanted(self._cursors.durable)
        if missing or wanted:
            asked = [*missing, *wanted.difference(missing)]
            self._cursors.learn(asked, await self._store.cursors(asked))

    async def _take_frames(self, batch: Batch, work: Work) -> None:
        taken = 0
        for message, admitted in work.frames:
            taken += len(message.payload)
            if taken > BYTES_A_TURN:
                taken = 0
                await asyncio.sleep(0)
            if admitted.frame.header.kind is _HEARTBEAT:
                self._take_heartbeat(batch, message, admitted)
            else:
                self._intake.take(batch, message, admitted)

    def _take_heartbeat(self, batch: Batch, message: Message, admitted: Admitted) -> None:
        header, edge = admitted.frame.header, admitted.edge
        try:
            heartbeat = read_body(admitted.frame, Heartbeat)
        except Malformed as error:
            batch.quarantined.append(
                Quarantined(
                    reason=Reason.BODY,
                    authentic=True,
                    topic=message.topic,
                    detail=str(error),
                    frame=message.payload,
                    edge=edge.id,
                )
            )
            return
        now = batch.recorded_at
        if not self._presence.fresh(edge.id, header.run, header.beat):
            self._metrics.count("heartbeats_stale")
            return
        self._metrics.count("heartbeats")
        self._receipts.heard(edge.id, header.run, header.beat)
        heard = self._presence.heartbeat(edge, header.run, header.beat, heartbeat, now=now)
        for home in self._registry.homes_of(edge.id):
            self._judging.apply(home, heard, recorded_at=now)
        self._receipts.answer(
            edge.id,
            admitted.shard,
            heartbeat,
            run=header.run,
            streams=STREAMS,
            durable=self._cursors.durable,
            now=now,
        )

    def _take_alarms(self, batch: Batch, alarms: Iterable[Alarm]) -> None:
        for alarm in alarms:
            happened = Happened(alarm.fact, alarm.envelope, min(alarm.envelope.occurred_at, alarm.recorded_at))
            self._judging.apply(HomeId(alarm.envelope.home), happened, recorded_at=batch.recorded_at)
            batch.consumed.append(alarm.row)

    def _take_staff(self, batch: Batch, staff: Iterable[Attended]) -> None:
        for one in staff:
            self._judging.apply(one.home, Staffed(one.attendance), recorded_at=batch.recorded_at)
            batch.attended.append(one.row)

    def _move_watermarks(self, now: int) -> None:
        for edge in self._presence.waiting():
            reached = self._presence.reached(edge, self._cursors.durable)
            if reached is not None:
                for home in self._registry.homes_of(edge):
                    self._judging.apply(home, reached, recorded_at=now)

    def _tell_blind(self, now: int) -> None:
        """Tell the next homes; time passes for none before all are told."""
        if self._blind is not None:
            told, self._untold = self._untold[:HOMES_A_BATCH], self._untold[HOMES_A_BATCH:]
            for home in told:
                self._judging.apply(home, self._blind, recorded_at=now)

    def _wake(self, now: int) -> None:
        judging, before = self._judging, len(self._judging.verdicts)
        for _ in range(WAKES_A_BATCH // WAKES_AT_ONCE):
            for home in judging.wakeups.due(now, WAKES_AT_ONCE):
                judging.apply(home, Elapsed(now), recorded_at=now)
                judging.rearm(home)
            if len(judging.verdicts) - before >= SILENCES_A_BATCH:
                self._next_wakes = now + SILENCES_EVERY
                return


def _epochs(admitted: Admitted) -> list[Epoch]:
    """The epochs that a heartbeat names; none of one that cannot be read."""
    try:
        return [read_epoch(held.epoch) for held in read_body(admitted.frame, Heartbeat).epochs]
    except Malformed:
        return []
