"""What the journal holds: the pages that are sent and the rows of a heartbeat. Reading only.

The functions take the journal's `execute` and run between its transactions.
"""

from collections.abc import Iterator
from typing import Final

import msgspec

from edge.entry import Gap, Held, Kept
from edge.journal_schema import STREAM_CODE
from edge.retention import Execute
from homecare.delivery import HEARTBEAT_EPOCHS, EpochHeld, Loss, LossReason, StreamHeld
from homecare.event import Stream
from homecare.identity import Epoch, epoch_text
from homecare.wire import FACTS_LIMIT

STREAMS: Final = (Stream.ALARM, Stream.ACCESS, Stream.RECORD)


def cursor(execute: Execute, epoch: Epoch, stream: Stream) -> tuple[int, int]:
    """Head and receipted of one stream of one epoch; zeros for one that this journal does not know."""
    key = (epoch, STREAM_CODE[stream])
    for head, receipted in execute("SELECT head, receipted FROM cursor WHERE epoch = ? AND stream = ?", key):
        return head, receipted
    return 0, 0


def pending(execute: Execute, key: tuple[Epoch, Stream], *, after: int, limit_bytes: int) -> list[Kept | Gap]:
    """What follows seq `after`, without a break: bodies up to `limit_bytes` together (but at least one)."""
    epoch, stream = key[0], STREAM_CODE[key[1]]
    head, _ = cursor(execute, *key)
    facts = execute(
        "SELECT seq, body FROM fact WHERE epoch = ? AND stream = ? AND seq > ? ORDER BY seq LIMIT ?",
        (epoch, stream, after, FACTS_LIMIT),
    )
    found: list[Kept | Gap] = []
    for seq, body in facts:
        found += _gaps(execute, (epoch, stream), after + 1, seq - 1)
        limit_bytes -= len(body)
        if limit_bytes < 0 and found:
            return found
        found.append(Kept(seq, body))
        after = seq
    if len(found) < FACTS_LIMIT:
        found += _gaps(execute, (epoch, stream), after + 1, head)
    return found


def _gaps(execute: Execute, key: tuple[int, int], first: int, last: int) -> Iterator[Gap]:
    """Seqs `first` to `last` are not in the table: the holes say why. One that no hole explains counts as evicted."""
    while first <= last:
        reason, start, end, devices, earliest, latest = LossReason.EVICTED, last + 1, last, "[]", 0, 0
        for row in execute(
            "SELECT reason, first, last, devices, earliest, latest FROM hole"
            " WHERE epoch = ? AND stream = ? AND last >= ? AND first <= ? ORDER BY first LIMIT 1",
            (*key, first, last),
        ):
            reason, start, end, devices, earliest, latest = row
        if start > first:
            yield Gap(first, start - 1, Loss(reason=LossReason.EVICTED))
        if start <= last:
            end = min(end, last)
            named = msgspec.json.decode(devices, type=tuple[str, ...])
            loss = Loss(reason=LossReason(reason), devices=named, earliest=earliest, latest=latest)
            yield Gap(max(first, start), end, loss)
        first = end + 1


def undrained(execute: Execute) -> list[int]:
    """The numbers of the epochs that hold something without a receipt, oldest first."""
    found = execute(
        "SELECT DISTINCT e.number FROM cursor c JOIN epoch e ON e.epoch = c.epoch"
        " WHERE c.receipted < c.head ORDER BY e.number"
    )
    return [number for (number,) in found]


def held(execute: Execute, turn: int) -> tuple[Held, int]:
    """The heartbeat's rows: the running epoch, undrained ones oldest first, then drained ones in turn.

    `turn` is the last drained epoch's number that the heartbeat before named; the new one is returned.
    """
    waiting = undrained(execute)
    running = next(number for (number,) in execute("SELECT max(number) FROM epoch"))
    named = [running, *(number for number in waiting if number != running)][:HEARTBEAT_EPOCHS]
    drained = _drained(execute, turn, others={*waiting, running}, count=HEARTBEAT_EPOCHS - len(named))
    numbers = (*named, *drained)
    rows = tuple(_epoch(execute, number) for number in numbers)
    return Held(epochs=rows, numbers=numbers, undrained=len(waiting)), drained[-1] if drained else turn


def _drained(execute: Execute, turn: int, *, others: set[int], count: int) -> list[int]:
    if count <= 0:
        return []
    ring = "SELECT number FROM epoch WHERE number > ? ORDER BY number LIMIT ?"
    reach = count + len(others)
    after = [number for (number,) in execute(ring, (turn, reach))]
    after += [number for (number,) in execute(ring, (0, reach))]
    return list(dict.fromkeys(number for number in after if number not in others))[:count]


def _epoch(execute: Execute, number: int) -> EpochHeld:
    epoch = next(Epoch(value) for (value,) in execute("SELECT epoch FROM epoch WHERE number = ?", (number,)))
    alarm, access, record = (_stream(execute, epoch, stream) for stream in STREAMS)
    return EpochHeld(epoch=epoch_text(epoch), alarm=alarm, access=access, record=record)


def _stream(execute: Execute, epoch: Epoch, stream: Stream) -> StreamHeld:
    head, receipted = cursor(execute, epoch, stream)
    key = (epoch, STREAM_CODE[stream])
    lowest = next(
        (seq for (seq,) in execute("SELECT min(seq) FROM fact WHERE epoch = ? AND stream = ?", key) if seq), 0
    )
    return StreamHeld(lowest=lowest, receipted=receipted, head=head)
