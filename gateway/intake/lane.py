"""The bulk lane: one round after another takes what has come, commits it as one batch, and only then says so.

Natural batching: a batch is what came while the last one was made, within bounds. While the database writes one batch,
the next is made; it is handed over only when the one before is committed. Memory is as good as these commits; after
any other outcome it is thrown away and read again.
"""

import asyncio
import logging
from collections.abc import Sequence
from typing import Final

import msgspec

from gateway.intake.batching import Batching, Work
from gateway.intake.door import Admitted, Door, Reason, TurnedAway
from gateway.intake.registry import REFRESH_SECONDS, Registry
from gateway.metrics import Metrics
from gateway.model.receipts import Due, receipt_frame
from gateway.model.sight import Sight
from gateway.model.wakeups import SteadyWall
from gateway.ports.broker import Broker, Message
from gateway.ports.record import Culprit, Faulted, Quarantined, Store
from gateway.ports.registry import RegistrySource
from homecare.clock import SECOND, Clock
from homecare.delivery import Refusal
from homecare.ending import end
from homecare.errors import Unavailable, VakaError

log = logging.getLogger(__name__)

FRAMES_A_BATCH: Final = 2_000
BYTES_A_BATCH: Final = 1024 * 1024
"""Of payloads: some 7,000 facts, a sixth of a second of work, far below the 5 s after which a writer has stalled; twice
as much is no faster and needs 15 MiB more."""
BEATS_A_BATCH: Final = 2_000
ALARMS_A_BATCH: Final = 500
TICK_SECONDS: Final = 0.1
"""The longest rest between two looks at heartbeats, wake-ups and receipts."""
GATHER_SECONDS: Final = 0.005
"""After a rest, wait this long for company: a transaction for one frame costs as much as one for fifty."""
STAFF_A_BATCH: Final = 500
INBOX_EVERY: Final = SECOND // 2
STAFF_EVERY: Final = 5 * SECOND
"""The longest wait for the staff's inbox; where somebody says that something is there, it is read with the alarms'."""
ALIVE_EVERY: Final = 2 * SECOND
POISON_MOST: Final = 100
"""Frames in a row that each fail alone: then the fault is ours, not theirs, and the process ends before more pass."""
STRANGERS_KEPT: Final = 50
"""Unproved frames kept in quarantine at once; more are only counted, so that nobody can fill the disk with them."""
STRANGERS_A_SECOND: Final = 5
BACKOFF_SECONDS: Final = (0.1, 0.2, 0.5, 1.0)
"""Between attempts while the database is away; the last one repeats."""


class Parts(msgspec.Struct, frozen=True):
    """What a lane is made of; `beats` is a connection of its own, read ahead of `bulk`."""

    clock: Clock
    store: Store
    registry: Registry
    source: RegistrySource
    bulk: Broker
    beats: Broker
    batching: Batching
    metrics: Metrics


class UnderWay(msgspec.Struct, frozen=True):
    """A batch that the database is writing; `messages` are acknowledged and `receipts` sent when it is committed."""

    work: Work
    messages: Sequence[Message]
    receipts: Sequence[Due]
    writing: asyncio.Task[None]


class Lane:
    """Runs until cancelled."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._door = Door(parts.registry)
        self._wall = SteadyWall(parts.clock.now())
        self._now = parts.clock.now().wall
        self._sight = Sight(self._now)
        self._next_inbox = self._next_staff = self._next_alive = self._next_refresh = 0
        self._strangers = float(STRANGERS_KEPT)
        self._poison = 0
        self._under_way: UnderWay | None = None

    async def run(self) -> None:
        """One term as writer after another; between them nothing is read from the broker."""
        attempt = 0
        while True:  # bounded by the process's life; each round rests
            try:
                await self._begin()
                attempt = 0
                await self._parts.beats.start()
                await self._parts.bulk.start()
                while True:  # until the store is lost
                    await self._round()
            except Unavailable as error:
                log.warning("the bulk lane pauses: %s", error)
            finally:
                await self._parts.bulk.stop()
                await self._parts.beats.stop()
                await self._rest()
            await asyncio.sleep(BACKOFF_SECONDS[min(attempt, len(BACKOFF_SECONDS) - 1)])
            attempt += 1

    async def _rest(self) -> None:
        """Write what is still to be written, if the store is there, and give the shards up."""
        under_way, self._under_way = self._under_way, None
        if under_way is not None:
            await end(under_way.writing)
            failure = None if under_way.writing.cancelled() else under_way.writing.exception()
            if failure is not None and not isinstance(failure, VakaError):
                await self._parts.store.close()
                raise failure  # a bug ends the process; what was not written is read again
        try:
            await self._parts.batching.save_everything(self._time())
        except (Unavailable, Culprit) as error:
            log.info("states stay as they were written last: %s", error)
        await self._parts.store.close()

    async def _begin(self) -> None:
        """Become the writer and read everything again."""
        parts = self._parts
        parts.batching.distrust()
        term = await parts.store.begin()
        await self._refresh_registry()
        seen = await parts.store.seen()
        now = self._time()
        self._lose_sight(now if seen is None else min(seen, now))
        self._next_staff = 0
        await parts.batching.begin(term)
        log.info("writer of the shards, term %d", term)

    def _lose_sight(self, since: int) -> None:
        """Blind since then, or since the time about which not every home was told yet."""
        untold = self._parts.batching.blind_since
        self._sight.lose(since if untold is None else min(since, untold))

    # --- a round -----------------------------------------------------------------------------------------------------

    async def _round(self) -> None:
        parts = self._parts
        if not parts.bulk.waiting:
            await self._settle()
            await parts.bulk.wait(TICK_SECONDS)
            await asyncio.sleep(GATHER_SECONDS)
        now = self._time()
        await self._housekeeping(now)
        messages = parts.bulk.take(FRAMES_A_BATCH, size=BYTES_A_BATCH)
        beats = parts.beats.take(BEATS_A_BATCH, size=BYTES_A_BATCH)
        work = Work(now=now)
        self._admit(work, messages)
        self._admit(work, beats)
        if now >= self._next_inbox:
            self._next_inbox = now + INBOX_EVERY
            await self._settle()
            await self._read_inboxes(work)
        hears = parts.bulk.connected and parts.beats.connected and not parts.beats.paused
        connections = parts.bulk.connections + parts.beats.connections
        work.blind = self._sight.look(now, hears=hears, connections=connections)
        work.sees = self._sight.sees
        await self._hand_over(work, messages)

    async def _read_inboxes(self, work: Work) -> None:
        """What the other process left; nothing may be under way, for it would be read twice."""
        store = self._parts.store
        work.alarms = await store.inbox(ALARMS_A_BATCH)
        if store.staff_told or work.now >= self._next_staff:
            work.staff = await store.attended(STAFF_A_BATCH)
            more = len(work.staff) == STAFF_A_BATCH
            self._next_staff = work.now if more else work.now + STAFF_EVERY
        work.inbox_empty = len(work.alarms) < ALARMS_A_BATCH and len(work.staff) < STAFF_A_BATCH

    def _time(self) -> int:
        """The wall time to act on; a step of the clock is a fault, and a believed one voids what was anchored to it."""
        instant = self._parts.clock.now()
        before, self._now = self._now, max(self._now, self._wall.now(instant))
        if self._wall.stepped:
            log.error("the wall clock moved against the steady clock")
            self._parts.metrics.count("clock_steps")
            self._parts.batching.note(Faulted("clock_step", "gateway", "wall and steady clock disagree"))
        if self._wall.taken:
            self._now = self._wall.now(instant)
            self._next_inbox = self._next_staff = self._next_alive = self._next_refresh = 0
            self._parts.batching.clocks_moved()
            self._sight.lose(min(before, self._now))
        return self._now

    async def _housekeeping(self, now: int) -> None:
        if now >= self._next_refresh:
            self._next_refresh = now + int(REFRESH_SECONDS * SECOND)
            await self._refresh_registry()
        if now >= self._next_alive:
            self._next_alive = now + ALIVE_EVERY
            self._strangers = min(self._strangers + STRANGERS_A_SECOND * ALIVE_EVERY / SECOND, float(STRANGERS_KEPT))
            await self._parts.store.alive(now, self._figures(now))

    def _figures(self, now: int) -> dict[str, float]:
        """Counted so far and waiting now: they travel with the sign of life, and the other process shows them."""
        metrics = self._parts.metrics
        metrics.gauge("frames_waiting", self._parts.bulk.waiting)
        metrics.gauge("heartbeats_waiting", self._parts.beats.waiting)
        for name, value in self._parts.batching.gauges(now).items():
            metrics.gauge(name, value)
        return metrics.values()

    async def _refresh_registry(self) -> None:
        if await self._parts.registry.refresh(self._parts.source):
            self._parts.batching.registry_changed()

    def _admit(self, work: Work, messages: Sequence[Message]) -> None:
        """Through the door: verified frames, heartbeats among them; the rest is counted, some of it kept."""
        for message in messages:
            admitted = self._door.admit(message.topic, message.payload)
            if isinstance(admitted, Admitted):
                work.frames.append((message, admitted))
            else:
                self._turn_away(work, message, admitted)

    def _turn_away(self, work: Work, message: Message, turned: TurnedAway) -> None:
        self._parts.metrics.count(f'intake_turned_away{{reason="{turned.reason}"}}')
        if turned.reason is Reason.VERSION and turned.edge and turned.stream and turned.shard is not None:
            self._parts.batching.refuse(turned.edge, turned.shard, turned.stream, Refusal.VERSION, now=work.now)
        if self._strangers >= 1:
            self._strangers -= 1
            work.quarantined.append(
                Quarantined(
                    reason=turned.reason,
                    authentic=False,
                    topic=message.topic,
                    detail=turned.detail,
                    frame=message.payload,
                    edge=turned.edge,
                )
            )

    # --- committing --------------------------------------------------------------------------------------------------

    async def _hand_over(self, work: Work, messages: Sequence[Message]) -> None:
        """Prepare the work while the batch before it is written; begin to write it when that one is committed."""
        batching = self._parts.batching
        if batching.blind_since is not None:
            await self._settle()
        prepared = await batching.prepare(work)
        if not await self._settle():
            work = work.again()
            prepared = await batching.prepare(work)
        writing = asyncio.create_task(batching.write(prepared), name="write a batch")
        self._under_way = UnderWay(work, messages, prepared.receipts, writing)

    async def _settle(self) -> bool:
        """Wait until what is under way is committed, and say so; False if memory had to be read again for that."""
        under_way, self._under_way = self._under_way, None
        if under_way is None:
            return True
        try:
            await under_way.writing
        except Culprit as culprit:
            await self._commit_apart(under_way.work, culprit)
            whole = False
        else:
            self._poison = 0
            self._send(under_way.receipts)
            whole = True
        self._parts.bulk.acknowledge(under_way.messages)
        return whole

    def _send(self, receipts: Sequence[Due]) -> None:
        parts = self._parts
        for due in receipts:
            edge = parts.registry.edge(due.edge)
            if edge is not None:
                parts.bulk.publish(*receipt_frame(due, edge.keys.down))
                parts.metrics.count("receipts")

    async def _commit_apart(self, work: Work, culprit: Culprit) -> None:
        """Commit in parts what the store refused, halved until the culprit stands alone."""
        batching = self._parts.batching
        parts = await self._parted(work, culprit)
        while parts:  # bounded: each part is smaller than the one it came from
            part = parts.pop(0)
            try:
                prepared = await batching.prepare(part)
                await batching.write(prepared)
            except Culprit as again:
                parts[:0] = await self._parted(part, again)
            else:
                self._poison = 0
                self._send(prepared.receipts)

    async def _parted(self, part: Work, culprit: Culprit) -> list[Work]:
        """Read memory again; what to try instead of the part: nothing, if it was set aside because it failed alone."""
        self._parts.metrics.count("batches_refused")
        log.warning("a batch of %d was refused: %s", part.size, culprit)
        self._lose_sight(self._now)
        self._next_staff = 0
        await self._parts.batching.begin(await self._parts.store.begin())
        if part.size > 1:
            return part.halves()
        if not part.alone:
            return [part.only()]
        await self._set_aside(part, str(culprit))
        return []

    async def _set_aside(self, part: Work, why: str) -> None:
        self._poison += 1
        if self._poison > POISON_MOST:
            raise RuntimeError("every frame fails by itself: the store and this program do not fit together")
        self._send(await self._parts.batching.set_aside(part, why))
