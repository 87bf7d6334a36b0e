"""A lane: one stream of one epoch on its way to the gateway. Pure; times are microseconds of the steady clock.

What is sent stays in the journal; a lane only remembers how far it got and holds the next few facts. Sending again
means starting once more behind the last receipt.
"""

from collections import deque
from collections.abc import Sequence
from typing import Final

from edge.entry import Gap, Kept
from homecare.clock import SECOND
from homecare.event import Stream
from homecare.identity import Epoch
from homecare.wire import FACTS_LIMIT, FRAME_LIMIT

ALARM_RESEND: Final = (1 * SECOND, 2 * SECOND, 4 * SECOND, 8 * SECOND, 16 * SECOND, 30 * SECOND)
"""Microseconds without a receipt until alarms are sent again; the last wait repeats."""
BULK_RESEND: Final = 10 * SECOND
"""Microseconds without a receipt until access and record facts are sent again."""
ASKED_RESEND: Final = 1 * SECOND
"""Microseconds after which a repeated receipt means that the gateway misses what we sent."""
WINDOW_FRAMES: Final = 8
"""Frames in flight: receipts come every 200 ms, so this carries 8,000 facts a second and little is sent twice."""
WINDOW_BYTES: Final = 256 * 1024
"""Bytes in flight: what a slow mobile line carries within one resend."""
BODY_LIMIT: Final = FRAME_LIMIT - 256
"""Bytes of a frame left for its body: header, id, authenticator and brackets take less than 256."""


class Lane:
    """Delivery of one stream of one epoch.

    `head` is the last seq that exists, `durable` the last one receipted, `beat` that of the newest receipt taken.
    """

    def __init__(self, epoch: Epoch, stream: Stream, *, head: int, durable: int) -> None:
        self.epoch = epoch
        self.stream = stream
        self.head = head
        self.durable = durable
        self.beat = 0
        self._next = durable + 1
        self._buffer: deque[Kept | Gap] = deque()
        self._in_flight: deque[tuple[int, int]] = deque()
        self._since = 0
        self._attempt = 0

    @property
    def drained(self) -> bool:
        """Whether everything is receipted."""
        return self.durable >= self.head

    @property
    def next(self) -> int:
        """The seq that is sent next."""
        return self._next

    @property
    def loaded(self) -> int:
        """The last seq that is here, waiting to be sent; the one before `next` when nothing waits."""
        return _last(self._buffer[-1]) if self._buffer else self._next - 1

    @property
    def open(self) -> bool:
        """Whether the window admits another frame."""
        return len(self._in_flight) < WINDOW_FRAMES and sum(size for _, size in self._in_flight) < WINDOW_BYTES

    @property
    def hungry(self) -> bool:
        """Whether facts should be read from the journal now."""
        return not self._buffer and self._next <= self.head and self.open

    @property
    def due_at(self) -> int | None:
        """When to send again; None while nothing is in flight."""
        return self._since + self._wait() if self._in_flight else None

    def load(self, facts: Sequence[Kept | Gap]) -> None:
        """Take facts that follow what is here; anything else is an answer to an old question and is dropped."""
        for fact in facts:
            first = fact.first if isinstance(fact, Gap) else fact.seq
            if first == self.loaded + 1 and len(self._buffer) < FACTS_LIMIT:
                self._buffer.append(fact)

    def take(self, now: int) -> list[Kept] | Gap | None:
        """What the next frame carries: facts that follow one another, or one gap; None while there is nothing."""
        if not self._buffer or not self.open:
            return None
        head = self._buffer[0]
        if isinstance(head, Gap):
            self._buffer.popleft()
            self._sent(head.last, 0, now)
            return head
        facts: list[Kept] = []
        size = 0
        while self._buffer and len(facts) < FACTS_LIMIT:
            fact = self._buffer[0]
            if isinstance(fact, Gap) or (facts and size + len(fact.body) + 1 > BODY_LIMIT):
                break
            facts.append(fact)
            size += len(fact.body) + 1
            self._buffer.popleft()
        self._sent(facts[-1].seq, size, now)
        return facts

    def receipted(self, durable: int, now: int) -> None:
        """The gateway holds everything through `durable`, which is above what it held before."""
        self.durable = durable
        self._attempt = 0
        self._since = now
        while self._in_flight and self._in_flight[0][0] <= durable:
            self._in_flight.popleft()
        while self._buffer and _last(self._buffer[0]) <= durable:
            self._buffer.popleft()
        if self._next <= durable:
            self.restart(self.durable)

    def asked_again(self, now: int) -> None:
        """The gateway repeats its receipt: what we sent since did not arrive, if there was time for it."""
        if self._in_flight and now - self._since >= ASKED_RESEND:
            self.resend(now)

    def resend(self, now: int) -> None:
        """Send everything unreceipted again, and wait longer for the answer (alarms; bulk always waits alike)."""
        self._attempt += 1
        self._since = now
        self.restart(self.durable)

    def reconnected(self) -> None:
        """A new connection: what was in flight may be gone."""
        self._attempt = 0
        self.restart(self.durable)

    def restart(self, durable: int) -> None:
        """Begin again behind `durable`."""
        self.durable = durable
        self._next = durable + 1
        self._buffer.clear()
        self._in_flight.clear()

    def _sent(self, last: int, size: int, now: int) -> None:
        if not self._in_flight:
            self._since = now
        self._in_flight.append((last, size))
        self._next = last + 1

    def _wait(self) -> int:
        if self.stream is not Stream.ALARM:
            return BULK_RESEND
        return ALARM_RESEND[min(self._attempt, len(ALARM_RESEND) - 1)]


def _last(fact: Kept | Gap) -> int:
    return fact.last if isinstance(fact, Gap) else fact.seq
