"""The journal's one thread, and what waits for it: facts are committed in groups, whatever waits goes together.

Alarms were reserved and sent before they come here. While the disk takes nothing, everything waits in bounded queues
and is tried again every second: alarms always (the oldest are dropped beyond `ALARM_LIMIT`; they have been sent),
others until their queue is full. Whoever offers looks at `full` first and leaves devices unanswered that repeat.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Final, ParamSpec, TypeVar

from edge.entry import Entry, Stored
from edge.journal import Journal
from edge.uplink import Noted
from homecare.errors import Unavailable
from homecare.event import Stream, TransportState, stream_of
from homecare.identity import Epoch

QUEUE_LIMIT: Final = 4096
"""Facts waiting for the journal: some seconds of the loudest house, about 2 MiB."""
ALARM_LIMIT: Final = 1000
"""Alarms waiting for a failing disk."""
GROUP_LIMIT: Final = 512
"""Facts of one commit, so that it takes milliseconds."""
RETRY_SECONDS: Final = 1.0
"""Between two attempts on a failing disk."""
RECEIPTS_EVERY_SECONDS: Final = 1.0
"""Receipts are noted this often; what a crash forgets of them is only sent once more."""
Result = TypeVar("Result")
Params = ParamSpec("Params")


class _Waiting:
    """A fact and what to do when it is durable."""

    def __init__(self, entry: Entry | Stored, then: Callable[[], None] | None) -> None:
        self.entry = entry
        self.then = [] if then is None else [then]


class Recorder:
    """See the module. `on_stored` gets what became durable, `on_state` how the disk is (working or stuck)."""

    def __init__(
        self,
        journal: Journal,
        *,
        on_stored: Callable[[Sequence[Stored]], None],
        on_state: Callable[[TransportState], None],
    ) -> None:
        self._journal = journal
        self._on_stored = on_stored
        self._on_state = on_state
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="journal")
        self._queues: dict[Stream, deque[_Waiting]] = {stream: deque() for stream in Stream}
        self._noted: dict[tuple[Epoch, Stream], Noted] = {}
        self._wake = asyncio.Event()
        self._noting = asyncio.Lock()

    @property
    def full(self) -> bool:
        """Whether no more facts are taken; alarms always are."""
        return len(self._queues[Stream.ACCESS]) + len(self._queues[Stream.RECORD]) >= QUEUE_LIMIT

    def offer(self, entry: Entry | Stored, then: Callable[[], None] | None = None) -> None:
        """Make a fact durable, then call `then`."""
        event = entry.event if isinstance(entry, Entry) else entry.entry.event
        queue = self._queues[stream_of(event)]
        queue.append(_Waiting(entry, then))
        if stream_of(event) is Stream.ALARM and len(queue) > ALARM_LIMIT:
            queue.popleft()
        self._wake.set()

    def note(self, noted: Noted) -> None:
        """Note a receipt that the uplink believed; the last one counts."""
        before = self._noted.get((noted.epoch, noted.stream))
        rewind = noted.rewind or (before is not None and before.rewind)
        self._noted[noted.epoch, noted.stream] = Noted(noted.epoch, noted.stream, noted.durable, rewind)

    async def call(self, work: Callable[Params, Result], *args: Params.args, **kwargs: Params.kwargs) -> Result:
        """Run `work` of the journal in its thread."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, partial(work, *args, **kwargs))

    async def settled(self) -> None:
        """Return when everything offered so far is durable; never, while the disk takes nothing (use a timeout)."""
        waiting = [queue[-1] for queue in self._queues.values() if queue]
        events = [asyncio.Event() for _ in waiting]
        for last, event in zip(waiting, events, strict=True):
            last.then.append(event.set)
        for event in events:
            await event.wait()

    async def run(self) -> None:
        """Commit what is offered, until cancelled."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            while any(self._queues.values()):
                if not await self._commit(self._next_group()) and not await self._commit_apart():
                    self._on_state(TransportState.STUCK)
                    await asyncio.sleep(RETRY_SECONDS)
                else:
                    self._on_state(TransportState.WORKING)

    async def run_receipts(self) -> None:
        """Note receipts, until cancelled."""
        while True:
            await asyncio.sleep(RECEIPTS_EVERY_SECONDS)
            await self.note_receipts()

    async def note_receipts(self) -> None:
        """Note in the journal what waits, one caller at a time; what the disk refuses waits on."""
        async with self._noting:
            for key, noted in list(self._noted.items()):
                try:
                    await self.call(
                        self._journal.receipt, noted.epoch, noted.stream, noted.durable, lower_is_rewind=noted.rewind
                    )
                except Unavailable:
                    return
                if self._noted[key] == noted:
                    del self._noted[key]

    async def close(self) -> None:
        """Let the journal finish what it does and close it."""
        try:
            await self.call(self._journal.close)
        finally:
            self._thread.shutdown()

    def _next_group(self) -> dict[Stream, int]:
        """How many of each queue the next commit takes, most urgent first."""
        room = GROUP_LIMIT
        group: dict[Stream, int] = {}
        for stream, queue in self._queues.items():
            group[stream] = min(len(queue), room)
            room -= group[stream]
        return group

    async def _commit(self, group: dict[Stream, int]) -> bool:
        """Commit the first facts of the queues together; False when the disk refuses them, and they stay."""
        batch = {stream: list(self._queues[stream])[:count] for stream, count in group.items()}
        entries = [waiting.entry for part in batch.values() for waiting in part]
        try:
            stored = await self.call(self._journal.append, entries)
        except Unavailable:
            return False
        for stream, part in batch.items():
            for waiting in part:
                if self._queues[stream] and self._queues[stream][0] is waiting:
                    self._queues[stream].popleft()
        self._on_stored(stored)
        for part in batch.values():
            for waiting in part:
                for then in waiting.then:
                    then()
        return True

    async def _commit_apart(self) -> bool:
        """One stream at a time: the quota's reserve takes alarm and access where it takes no more records."""
        done = [await self._commit({stream: count}) for stream, count in self._next_group().items() if count]
        return any(done)
