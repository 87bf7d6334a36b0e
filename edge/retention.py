"""What the journal may let go, and how it says so.

Three ways out, each leaving a hole row, so that a resend can say `lost a-b` (protocol rule 10):
- receipted rows age out after seven days (`released`);
- when the quota is reached, receipted rows go before their time, telemetry first (`released`);
- then the oldest telemetry that has no receipt goes (`evicted`), and a `TelemetryEvicted` fact says what is missing.
Alarms, access facts and all other record facts without a receipt never leave.

The functions run inside the journal's transaction and take its `execute`.
"""

from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import Any, Final, Protocol

import msgspec

from edge.journal_schema import FACT_OVERHEAD, HOLE_BYTES, STREAM_CODE
from homecare.clock import DAY, HOUR
from homecare.delivery import LossReason
from homecare.event import Stream, TelemetryEvicted
from homecare.identity import epoch_text

RETENTION: Final = 7 * DAY
"""Microseconds that a receipted row stays: a backup of up to a week can be restored at the gateway."""
MARK_EVERY: Final = HOUR
"""Microseconds; receipts of one hour age together, which keeps the marks few."""
RELEASE_ROWS: Final = 5_000
"""Rows that one call lets go at most, so that no transaction grows with the backlog."""
DEVICES_LIMIT: Final = 64
"""Devices that one hole or tombstone names."""
RECORD: Final = STREAM_CODE[Stream.RECORD]


class Execute(Protocol):
    """The journal's way to the database."""

    def __call__(self, statement: str, bindings: Sequence[Any] = ..., /) -> Iterable[tuple[Any, ...]]:
        """Run one statement."""
        ...


class Row(msgspec.Struct, frozen=True):
    """A row about to leave."""

    epoch: int
    stream: int
    seq: int
    size: int
    device: str | None
    received_at: int


_COLUMNS = "f.epoch, f.stream, f.seq, length(f.body), f.device, f.received_at"
_JOINED = (
    "FROM epoch e CROSS JOIN cursor c ON c.epoch = e.epoch"
    " CROSS JOIN fact f ON f.epoch = c.epoch AND f.stream = c.stream"
)
_AGED = (
    f"SELECT {_COLUMNS} FROM fact f"  # noqa: S608 - constants of this file
    " WHERE f.epoch = ? AND f.stream = ? AND f.seq <= ? ORDER BY f.seq LIMIT ?"
)
_RECEIPTED = (
    f"SELECT {_COLUMNS} {_JOINED} WHERE c.stream = ? AND f.seq <= c.receipted AND f.telemetry >= ?"
    " ORDER BY e.number, f.seq LIMIT ?"
)
_TELEMETRY = (
    f"SELECT {_COLUMNS} {_JOINED} WHERE c.stream = {RECORD} AND f.telemetry = 1 AND f.seq > c.receipted"
    " ORDER BY e.number, f.seq LIMIT ?"
)


def mark(execute: Execute, key: tuple[int, int], *, through: int, age: int) -> None:
    """Note that `key` (epoch, stream) was receipted through `through` at `age`."""
    hour = -(-age // MARK_EVERY) * MARK_EVERY
    execute("INSERT OR REPLACE INTO mark VALUES (?, ?, ?, ?)", (*key, hour, through))


def release_aged(execute: Execute, age: int) -> int:
    """Let receipted rows go whose seven days are over; returns how many (at most `RELEASE_ROWS`: call again)."""
    gone = 0
    due = list(execute("SELECT epoch, stream, age, through FROM mark WHERE age <= ? ORDER BY age", (age - RETENTION,)))
    for epoch, stream, hour, through in due:
        rows = _rows(execute(_AGED, (epoch, stream, through, RELEASE_ROWS - gone)))
        _drop(execute, rows, LossReason.RELEASED)
        gone += len(rows)
        if gone >= RELEASE_ROWS:
            break
        execute("DELETE FROM mark WHERE epoch = ? AND stream = ? AND age = ?", (epoch, stream, hour))
    return gone


def make_room(execute: Execute, surplus: int, *, whole: bool) -> tuple[int, list[TelemetryEvicted]]:
    """Let go of at least `surplus` bytes if that is allowed; `whole`: the reserve for alarm and access is full too.

    Returns the bytes gone and a tombstone for all that had no receipt.
    """
    freed = 0
    receipted = [(RECORD, 1), (RECORD, 0)]
    for stream, telemetry in receipted:
        freed += _drop(
            execute,
            _enough(execute(_RECEIPTED, (stream, telemetry, RELEASE_ROWS)), surplus - freed),
            LossReason.RELEASED,
        )
    lost = _enough(execute(_TELEMETRY, (RELEASE_ROWS,)), surplus - freed)
    freed += _drop(execute, lost, LossReason.EVICTED)
    for stream in (STREAM_CODE[Stream.ACCESS], STREAM_CODE[Stream.ALARM]) if whole else ():
        freed += _drop(
            execute, _enough(execute(_RECEIPTED, (stream, 0, RELEASE_ROWS)), surplus - freed), LossReason.RELEASED
        )
    return freed, [_tombstone(rows) for rows in _by_epoch(lost)]


def add_hole(  # noqa: PLR0913 - the columns of one row
    execute: Execute,
    key: tuple[int, int],
    *,
    first: int,
    last: int,
    reason: LossReason,
    devices: tuple[str, ...] = (),
    earliest: int = 0,
    latest: int = 0,
) -> int:
    """State that seqs `first` to `last` are gone; joins neighbouring holes. Returns the bytes this takes (or frees)."""
    taken = HOLE_BYTES
    touching = list(
        execute(
            "SELECT first, last, devices, earliest, latest FROM hole"
            " WHERE epoch = ? AND stream = ? AND first <= ? AND reason = ? ORDER BY first DESC LIMIT 2",
            (*key, last + 1, reason.value),
        )
    )
    for other_first, other_last, names, other_earliest, other_latest in touching:
        joined = tuple(sorted({*devices, *msgspec.json.decode(names, type=list[str])}))
        if other_last + 1 < first or len(joined) > DEVICES_LIMIT:
            continue
        execute("DELETE FROM hole WHERE epoch = ? AND stream = ? AND first = ?", (*key, other_first))
        taken -= HOLE_BYTES
        first, last, devices = min(first, other_first), max(last, other_last), joined
        earliest, latest = min(earliest, other_earliest), max(latest, other_latest)
    named = msgspec.json.encode(devices).decode()
    execute(
        "INSERT INTO hole VALUES (?, ?, ?, ?, ?, ?, ?, ?)", (*key, first, last, reason.value, named, earliest, latest)
    )
    return taken


def _rows(found: Iterable[tuple[Any, ...]]) -> list[Row]:
    return [Row(*values) for values in found]


def _enough(found: Iterable[tuple[Any, ...]], surplus: int) -> list[Row]:
    """As many of the oldest rows as `surplus` bytes need, of at most `DEVICES_LIMIT` devices."""
    rows: list[Row] = []
    devices: set[str | None] = set()
    for values in found if surplus > 0 else ():
        row = Row(*values)
        devices.add(row.device)
        if surplus <= 0 or len(devices) > DEVICES_LIMIT:
            break
        rows.append(row)
        surplus -= row.size + FACT_OVERHEAD
    return rows


def _drop(execute: Execute, rows: list[Row], reason: LossReason) -> int:
    """Delete rows (in order of epoch, stream, seq) and leave holes; returns the bytes freed and counts them."""
    freed = sum(row.size + FACT_OVERHEAD for row in rows)
    for run in _runs(rows):
        head = run[0]
        key = (head.epoch, head.stream)
        execute(
            "DELETE FROM fact WHERE epoch = ? AND stream = ? AND seq BETWEEN ? AND ?", (*key, head.seq, run[-1].seq)
        )
        evicted = reason is LossReason.EVICTED
        freed -= add_hole(
            execute,
            key,
            first=head.seq,
            last=run[-1].seq,
            reason=reason,
            devices=_devices(run) if evicted else (),
            earliest=min(row.received_at for row in run) if evicted else 0,
            latest=max(row.received_at for row in run) if evicted else 0,
        )
    if rows:
        execute("UPDATE life SET used = used - ?", (freed,))
    return freed


def _runs(rows: list[Row]) -> list[list[Row]]:
    """Rows whose seqs follow one another, together."""
    numbered = enumerate(rows)
    return [
        [row for _, row in group]
        for _, group in groupby(numbered, key=lambda item: (item[1].epoch, item[1].stream, item[1].seq - item[0]))
    ]


def _by_epoch(rows: list[Row]) -> list[list[Row]]:
    return [list(group) for _, group in groupby(rows, key=lambda row: row.epoch)]


def _devices(rows: list[Row]) -> tuple[str, ...]:
    return tuple(sorted({row.device for row in rows if row.device is not None}))


def _tombstone(rows: list[Row]) -> TelemetryEvicted:
    return TelemetryEvicted(
        epoch=epoch_text(rows[0].epoch),
        first=rows[0].seq,
        last=rows[-1].seq,
        devices=_devices(rows),
        earliest=min(row.received_at for row in rows),
        latest=max(row.received_at for row in rows),
    )
