"""The edge's durable list of facts: nothing is "accepted" before `append` has returned.

SQLite through APSW in WAL with `synchronous=FULL`: a commit that returned survives a power cut. The file is opened
exclusively (one agent a journal). All calls block and are made from one thread at a time, except `reserve` and
`counters`, which only touch memory.

Every open begins a new epoch (protocol rule 1). Next seq and next position are stored rows (rule 2). Envelopes are
encoded once; those bytes are stored and always sent again. `Unavailable` means that the disk is full, read-only or
failing, or that the quota holds nothing that may go: nothing of that call was stored and the same call may be made
again later. The agent then still sends alarms, which it reserved beforehand, from memory. Seqs have no gap without a
hole row; positions rise strictly and skip only what a failed append had taken.
"""

import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import apsw

from edge import command_history, holdings, retention
from edge.entry import Entry, Gap, Held, Kept, Stored
from edge.journal_schema import FACT_OVERHEAD, SCHEMA, STREAM_CODE, VERSION
from homecare.clock import Clock, Instant
from homecare.delivery import LossReason
from homecare.envelope import Envelope, encode_envelope
from homecare.errors import Unavailable
from homecare.event import TELEMETRY, AnyEvent, EpochOpened, Head, Stream, TelemetryEvicted, stream_of
from homecare.identity import Epoch, HomeId, epoch_text

RESERVE: Final = 0.2
"""Part of the quota that only alarm and access facts may use."""
EVICTION_STEP: Final = 0.02
"""Part of the quota that is freed at once, so that not every append searches for room."""
WAL_LIMIT: Final = 4 * 1024 * 1024
"""Bytes to which the write-ahead log is cut back after a checkpoint."""
_VITAL: Final = (EpochOpened, TelemetryEvicted)
"""Records that the quota never refuses: without them the others cannot be understood."""
_DISK_ERRORS: Final = (
    apsw.FullError,
    apsw.ReadOnlyError,
    apsw.IOError,
    apsw.CantOpenError,
    apsw.BusyError,
    apsw.PermissionsError,
)
_UNREADABLE: Final = (apsw.CorruptError, apsw.NotADBError)


class Journal:
    """One open journal; see the module. Made by `Journal.open`."""

    def __init__(self, connection: apsw.Connection, *, epoch: Epoch, home: HomeId, clock: Clock, quota: int) -> None:
        self._connection = connection
        self._execute = connection.execute
        self._clock = clock
        self._quota = quota
        self._home = home
        self._lock = threading.Lock()
        self._age: int
        self._used: int
        self._position = 0
        self._alarm_head = 0
        self._turn = 0
        self.set_aside: Path | None = None
        """Where an unreadable journal was put when this one was begun."""
        self.epoch = epoch
        self.opened = clock.now()
        with _disk("open journal"):
            ((self._age, self._used),) = self._execute("SELECT age, used FROM life")
            self.counters: dict[str, int] = dict(self._execute("SELECT device, counter FROM counter"))
            """The last stored counter of every device that sends one."""
            self._register()

    @classmethod
    def open(
        cls, path: Path, *, epoch: Epoch, home: HomeId, clock: Clock, quota: int, vfs: str | None = None
    ) -> "Journal":
        """Open or begin the journal at `path` and register `epoch`; `quota` in bytes.

        A file that cannot be read is set aside under another name (`set_aside` says which) and a fresh one is begun.
        `Unavailable`: another agent has it, or the disk gives nothing at all.
        """
        aside: Path | None = None
        with _disk("open journal"):
            try:
                connection = _connect(path, vfs)
            except _UNREADABLE:
                aside = _put_aside(path, epoch)
                connection = _connect(path, vfs)
        try:
            journal = cls(connection, epoch=epoch, home=home, clock=clock, quota=quota)
        except BaseException:
            connection.close(force=True)
            raise
        journal.set_aside = aside
        return journal

    def close(self) -> None:
        """Write the log back into the file and let go of it."""
        with _disk("close journal"):
            self._connection.close()

    def opening(self, software: str) -> EpochOpened:
        """The first record of this epoch: its predecessor and how far that one had got."""
        ((predecessor,),) = self._execute("SELECT predecessor FROM epoch WHERE epoch = ?", (self.epoch,))
        if predecessor is None:
            return EpochOpened(predecessor=None, heads=(), software=software)
        heads = tuple(Head(stream, self._cursor(Epoch(predecessor), stream)[0]) for stream in holdings.STREAMS)
        return EpochOpened(predecessor=epoch_text(predecessor), heads=heads, software=software)

    def elapsed(self, now: Instant) -> int:
        """Microseconds of the steady clock since this epoch opened."""
        return max(now.elapsed - self.opened.elapsed, 0)

    # --- writing ---------------------------------------------------------------------------------------------------

    def reserve(self, entry: Entry) -> Stored:
        """Give an alarm its identity in memory, so that it can be sent before the disk has answered.

        `append` it right after, in the order of reserving. A crash in between loses only our own row: the next start
        has another epoch.
        """
        with self._lock:
            self._alarm_head += 1
            self._position += 1
            return self._stored(entry, seq=self._alarm_head, position=self._position)

    def append(self, entries: Sequence[Entry | Stored]) -> list[Stored]:
        """Make facts durable, in this order, in one transaction, with their device counters and the quota's evictions.

        Alarms come reserved. Tombstones of evicted telemetry follow the facts in the result. `Unavailable`: nothing
        was stored.
        """
        with _disk("append to journal"), self._transaction():
            heads = {stream: self._cursor(self.epoch, stream)[0] for stream in holdings.STREAMS}
            stored = [self._identify(entry, heads) for entry in entries]
            self._insert(stored, heads)
            tombstones = self._make_room(stored, heads)
        self.counters.update(_counters(stored))
        return stored + tombstones

    def receipt(self, epoch: Epoch, stream: Stream, durable: int, *, lower_is_rewind: bool) -> None:
        """Note that the gateway holds `epoch` and `stream` durably through `durable`.

        A lower one is ignored, or with `lower_is_rewind` believed: those rows count as unreceipted again.
        """
        key = (epoch, STREAM_CODE[stream])
        with _disk("note receipt"), self._transaction():
            head, before = self._cursor(epoch, stream)
            durable = min(durable, head)
            if durable > before:
                retention.mark(self._execute, key, through=durable, age=self._grow_older())
            elif durable < before and lower_is_rewind:
                self._execute("DELETE FROM mark WHERE epoch = ? AND stream = ? AND through > ?", (*key, durable))
            else:
                return
            self._execute("UPDATE cursor SET receipted = ? WHERE epoch = ? AND stream = ?", (durable, *key))

    def release(self) -> int:
        """Let receipted rows go whose seven days are over; returns how many. Call it hourly, and until it gives 0."""
        with _disk("release aged facts"), self._transaction():
            gone = retention.release_aged(self._execute, self._grow_older())
            ((self._used,),) = self._execute("SELECT used FROM life")
        return gone

    # --- reading ---------------------------------------------------------------------------------------------------

    def pending(self, epoch: Epoch, stream: Stream, after: int, limit_bytes: int) -> list[Kept | Gap]:
        """What follows seq `after`, without a break: bodies up to `limit_bytes` together (but at least one)."""
        with _disk("read journal"):
            return holdings.pending(self._execute, (epoch, stream), after=after, limit_bytes=limit_bytes)

    def held(self) -> Held:
        """The heartbeat's rows: the running epoch, undrained ones oldest first, then drained ones in turn."""
        with _disk("read journal"):
            held, self._turn = holdings.held(self._execute, self._turn)
        return held

    def commands(self) -> command_history.History:
        """What is known of commands, also of earlier epochs."""
        with _disk("read journal"):
            return command_history.read(self._execute)

    # --- inside ----------------------------------------------------------------------------------------------------

    def _register(self) -> None:
        with self._transaction():
            last = self._execute("SELECT epoch FROM epoch ORDER BY number DESC LIMIT 1")
            predecessor = next((epoch for (epoch,) in last), None)
            self._execute(
                "INSERT INTO epoch (epoch, predecessor, position) VALUES (?, ?, 0)", (self.epoch, predecessor)
            )
            for stream in holdings.STREAMS:
                self._execute("INSERT INTO cursor VALUES (?, ?, 0, 0)", (self.epoch, STREAM_CODE[stream]))

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._execute("BEGIN IMMEDIATE")
        used = self._used
        try:
            yield
            self._execute("COMMIT")
        except BaseException:
            self._used = used
            if self._connection.in_transaction:
                self._execute("ROLLBACK")
            raise

    def _cursor(self, epoch: Epoch, stream: Stream) -> tuple[int, int]:
        return holdings.cursor(self._execute, epoch, stream)

    def _identify(self, entry: Entry | Stored, heads: dict[Stream, int]) -> Stored:
        if isinstance(entry, Stored):
            if entry.seq > heads[Stream.ALARM] + 1:
                self._forget_reserved(heads[Stream.ALARM] + 1, entry.seq - 1)
            heads[Stream.ALARM] = entry.seq
            return entry
        stream = stream_of(entry.event)
        heads[stream] += 1
        with self._lock:
            self._position += 1
            return self._stored(entry, seq=heads[stream], position=self._position)

    def _forget_reserved(self, first: int, last: int) -> None:
        """Alarms that were reserved and sent, but that a failing disk never took: say so."""
        key = (self.epoch, STREAM_CODE[Stream.ALARM])
        self._use(retention.add_hole(self._execute, key, first=first, last=last, reason=LossReason.EVICTED))

    def _stored(self, entry: Entry, *, seq: int, position: int) -> Stored:
        envelope = Envelope(
            position=position,
            home=self._home,
            occurred_at=entry.occurred_at,
            received_at=entry.received_at,
            uncertainty=entry.uncertainty,
            elapsed=entry.elapsed,
            event=entry.event,
            device=entry.device,
            counter=entry.counter,
        )
        return Stored(self.epoch, stream_of(entry.event), seq, position, encode_envelope(envelope), entry)

    def _insert(self, stored: Sequence[Stored], heads: dict[Stream, int]) -> None:
        self._connection.executemany("INSERT INTO fact VALUES (?, ?, ?, ?, ?, ?, ?)", map(_row, stored))
        self._connection.executemany(
            "UPDATE cursor SET head = ? WHERE epoch = ? AND stream = ?",
            [(head, self.epoch, STREAM_CODE[stream]) for stream, head in heads.items()],
        )
        self._connection.executemany("INSERT OR REPLACE INTO counter VALUES (?, ?)", _counters(stored).items())
        self._execute("UPDATE epoch SET position = ? WHERE epoch = ?", (self._position, self.epoch))
        self._use(sum(len(fact.body) + FACT_OVERHEAD for fact in stored))

    def _use(self, more: int) -> None:
        self._used += more
        self._execute("UPDATE life SET used = used + ?", (more,))

    def _make_room(self, stored: Sequence[Stored], heads: dict[Stream, int]) -> list[Stored]:
        """Keep the quota; returns the tombstones, already inserted. `Unavailable` when nothing more may go."""
        vital = all(fact.stream is Stream.ALARM or isinstance(fact.entry.event, _VITAL) for fact in stored)
        reserved = vital or all(fact.stream is not Stream.RECORD for fact in stored)
        ceiling = self._quota if reserved else int(self._quota * (1 - RESERVE))
        tombstones: list[Stored] = []
        while self._used > ceiling:
            surplus = self._used - ceiling + int(self._quota * EVICTION_STEP)
            freed, losses = retention.make_room(self._execute, surplus, whole=reserved)
            self._used -= freed
            more = [self._identify(self._own(loss), heads) for loss in losses]
            self._insert(more, heads)
            tombstones += more
            if freed <= 0:
                break
        if self._used > ceiling and not vital:
            raise Unavailable("append to journal", "quota", "the quota holds only facts that may not be evicted")
        return tombstones

    def _own(self, event: AnyEvent) -> Entry:
        now = self._clock.now()
        return Entry(
            event=event,
            occurred_at=now.wall,
            received_at=now.wall,
            uncertainty=now.uncertainty,
            elapsed=self.elapsed(now),
        )

    def _grow_older(self) -> int:
        """The journal's age now; stored with whatever this transaction writes."""
        age = self._age + self.elapsed(self._clock.now())
        self._execute("UPDATE life SET age = ?", (age,))
        return age


def _row(fact: Stored) -> tuple[int, int, int, bool, str | None, int, bytes]:
    entry = fact.entry
    telemetry = type(entry.event) in TELEMETRY
    return fact.epoch, STREAM_CODE[fact.stream], fact.seq, telemetry, entry.device, entry.received_at, fact.body


def _counters(stored: Iterable[Stored]) -> dict[str, int]:
    """The last counter of every device among these facts."""
    return {
        fact.entry.device: fact.entry.counter
        for fact in stored
        if fact.entry.device is not None and fact.entry.counter is not None
    }


@contextmanager
def _disk(op: str) -> Iterator[None]:
    """What the disk refuses becomes `Unavailable`; a file found corrupt while open ends the process (see `open`)."""
    try:
        yield
    except _DISK_ERRORS as error:
        raise Unavailable(op, f"disk: {type(error).__name__}", "free or replace the edge's disk") from error


def _connect(path: Path, vfs: str | None) -> apsw.Connection:
    """A checked connection. `CorruptError` or `NotADBError` for a file that cannot be used."""
    connection = apsw.Connection(str(path), vfs=vfs)
    try:
        _configure(connection)
    except BaseException:
        connection.close(force=True)
        raise
    return connection


def _configure(connection: apsw.Connection) -> None:
    connection.execute("PRAGMA locking_mode = EXCLUSIVE")
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute(f"PRAGMA journal_size_limit = {WAL_LIMIT}")
    if [line for (line,) in connection.execute("PRAGMA quick_check(1)")] != ["ok"]:
        raise apsw.CorruptError("quick check failed")
    ((version,),) = connection.execute("PRAGMA user_version")
    if version == 0:
        connection.execute(f"BEGIN IMMEDIATE; {SCHEMA} PRAGMA user_version = {VERSION}; COMMIT")
    elif version != VERSION:
        raise apsw.NotADBError("a journal of another version")


def _put_aside(path: Path, epoch: Epoch) -> Path:
    """Rename an unreadable journal (and its log), named after the epoch that found it."""
    aside = path.with_name(f"{path.name}.unreadable-{epoch_text(epoch)}")
    for suffix in ("-wal", ""):
        part = path.with_name(path.name + suffix)
        if part.exists():
            part.rename(aside.with_name(aside.name + suffix))
    return aside
