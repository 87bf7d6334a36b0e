"""The journal's rules one by one, on the real disk; power cuts are in tests/faults/test_power_cuts.py."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import apsw
import pytest

from edge.entry import Entry, Gap, Kept, Stored
from edge.journal import RESERVE, Journal
from edge.journal_schema import FACT_OVERHEAD
from edge.retention import RETENTION
from homecare.clock import DAY, HOUR, ManualClock
from homecare.delivery import LossReason
from homecare.envelope import decode_envelope
from homecare.errors import Unavailable
from homecare.event import (
    AnyEvent,
    ContactChanged,
    Head,
    HelpCalled,
    LockOperated,
    LockState,
    Observed,
    Stream,
    TelemetryEvicted,
)
from homecare.identity import DeviceId, Epoch, HomeId, epoch_text

HOME, DEVICE = HomeId("home-00000001"), DeviceId("dev-00000001")
WARM, OPEN, LOCK = Observed("temperature", 21.0, "°C"), ContactChanged(open=True), LockOperated(LockState.LOCKED)
ALARM, ACCESS, RECORD = Stream.ALARM, Stream.ACCESS, Stream.RECORD
MUCH = 1_000_000


class Box:
    """A folder with a journal that is opened again and again."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "journal.db"
        self.clock = ManualClock(wall=1_000_000_000_000)
        self.epochs = 0
        self.opened: list[Journal] = []

    def open(self, *, quota: int = MUCH) -> Journal:
        self.epochs += 1
        journal = Journal.open(self.path, epoch=Epoch(self.epochs), home=HOME, clock=self.clock, quota=quota)
        self.opened.append(journal)
        return journal

    def again(self, journal: Journal, *, quota: int = MUCH) -> Journal:
        journal.close()
        return self.open(quota=quota)

    def entry(self, event: AnyEvent, *, device: DeviceId = DEVICE, counter: int | None = None) -> Entry:
        now = self.clock.now()
        return Entry(
            event=event,
            device=device,
            counter=counter,
            occurred_at=now.wall,
            received_at=now.wall,
            uncertainty=0,
            elapsed=now.elapsed,
        )


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Box]:
    box = Box(tmp_path)
    yield box
    for journal in box.opened:
        journal.close()


def seqs(journal: Journal, epoch: int, stream: Stream, after: int = 0) -> list[int | tuple[int, int, LossReason]]:
    page = journal.pending(Epoch(epoch), stream, after, 10**9)
    return [item.seq if isinstance(item, Kept) else (item.first, item.last, item.loss.reason) for item in page]


# --- epochs, seqs, positions -----------------------------------------------------------------------------------------


def test_every_open_is_an_epoch_that_names_its_predecessor_and_its_heads(box: Box) -> None:
    journal = box.open()
    assert journal.opening("x").predecessor is None
    journal.append([box.entry(OPEN), box.entry(LOCK), box.entry(OPEN)])
    journal = box.again(journal)
    opening = journal.opening("x")
    assert opening.predecessor == epoch_text(1)
    assert opening.heads == (Head(ALARM, 0), Head(ACCESS, 1), Head(RECORD, 2))


def test_an_epoch_is_never_used_twice(box: Box) -> None:
    box.open().close()
    box.epochs = 0
    with pytest.raises(apsw.ConstraintError):
        box.open()


def test_seqs_are_gapless_in_their_stream_and_positions_rise_across_them(box: Box) -> None:
    journal = box.open()
    alarm = journal.reserve(box.entry(HelpCalled()))
    stored = journal.append([alarm, box.entry(OPEN), box.entry(LOCK), box.entry(OPEN)])
    stored += journal.append([box.entry(OPEN)])
    assert [(fact.stream, fact.seq, fact.position) for fact in stored] == [
        (ALARM, 1, 1),
        (RECORD, 1, 2),
        (ACCESS, 1, 3),
        (RECORD, 2, 4),
        (RECORD, 3, 5),
    ]
    assert [decode_envelope(fact.body).position for fact in stored] == [1, 2, 3, 4, 5]


def test_the_next_seq_is_a_stored_row_and_not_the_largest_one_left(box: Box) -> None:
    journal = box.open()
    journal.append([box.entry(OPEN), box.entry(OPEN)])
    journal.receipt(Epoch(1), RECORD, 2, lower_is_rewind=False)
    box.clock.advance(RETENTION + 2 * HOUR)
    assert journal.release() == 2
    (stored,) = journal.append([box.entry(OPEN)])
    assert stored.seq == 3


def test_an_alarm_that_the_disk_never_took_leaves_a_stated_hole(box: Box) -> None:
    journal = box.open()
    journal.reserve(box.entry(HelpCalled()))
    journal.append([journal.reserve(box.entry(HelpCalled()))])
    assert seqs(journal, 1, ALARM) == [(1, 1, LossReason.EVICTED), 2]


def test_a_counter_comes_back_with_the_facts_that_it_vouches_for(box: Box) -> None:
    journal = box.open()
    journal.append([box.entry(OPEN, counter=7)])
    assert journal.counters == {DEVICE: 7}
    assert box.again(journal).counters == {DEVICE: 7}


def test_the_same_bytes_come_out_that_went_in(box: Box) -> None:
    journal = box.open()
    (stored,) = journal.append([box.entry(OPEN)])
    journal = box.again(journal)
    (kept,) = journal.pending(Epoch(1), RECORD, 0, 10)
    assert isinstance(kept, Kept)
    assert kept.body == stored.body


def test_a_page_holds_at_least_one_fact_and_ends_at_its_limit(box: Box) -> None:
    journal = box.open()
    size = len(journal.append([box.entry(OPEN) for _ in range(5)])[0].body)
    assert seqs(journal, 1, RECORD) == [1, 2, 3, 4, 5]
    assert len(journal.pending(Epoch(1), RECORD, 0, 1)) == 1
    assert len(journal.pending(Epoch(1), RECORD, 1, 3 * size + 2)) == 3


# --- receipts and retention ------------------------------------------------------------------------------------------


def test_receipted_rows_stay_seven_more_days_whatever_the_wall_clock_says(box: Box) -> None:
    journal = box.open()
    journal.append([box.entry(OPEN), box.entry(OPEN)])
    journal.receipt(Epoch(1), RECORD, 1, lower_is_rewind=False)
    box.clock.wall += 3650 * DAY
    assert journal.release() == 0
    box.clock.advance(RETENTION - HOUR)
    assert journal.release() == 0
    box.clock.advance(2 * HOUR)
    assert journal.release() == 1
    assert seqs(journal, 1, RECORD) == [(1, 1, LossReason.RELEASED), 2]


def test_the_seven_days_count_over_restarts(box: Box) -> None:
    journal = box.open()
    journal.append([box.entry(OPEN)])
    journal.receipt(Epoch(1), RECORD, 1, lower_is_rewind=False)
    for _ in range(8):
        box.clock.advance(DAY)
        assert journal.release() == 0 or box.clock.elapsed >= RETENTION
        journal = box.again(journal)
    assert seqs(journal, 1, RECORD) == [(1, 1, LossReason.RELEASED)]


def test_only_a_receipt_lets_a_row_age(box: Box) -> None:
    journal = box.open()
    journal.append([box.entry(OPEN)])
    box.clock.advance(3650 * DAY)
    assert journal.release() == 0
    assert seqs(journal, 1, RECORD) == [1]


def test_a_rewind_makes_rows_wait_again(box: Box) -> None:
    journal = box.open()
    journal.append([box.entry(OPEN) for _ in range(4)])
    journal.receipt(Epoch(1), RECORD, 4, lower_is_rewind=False)
    journal.receipt(Epoch(1), RECORD, 1, lower_is_rewind=False)
    assert journal.held().epochs[0].record.receipted == 4
    journal.receipt(Epoch(1), RECORD, 1, lower_is_rewind=True)
    assert journal.held().epochs[0].record.receipted == 1
    box.clock.advance(2 * RETENTION)
    assert journal.release() == 0


def test_a_receipt_beyond_the_head_counts_up_to_the_head(box: Box) -> None:
    journal = box.open()
    journal.append([box.entry(OPEN)])
    journal.receipt(Epoch(1), RECORD, 99, lower_is_rewind=False)
    assert journal.held().epochs[0].record.receipted == 1


def test_epoch_and_cursor_rows_are_never_deleted(box: Box) -> None:
    journal = box.open()
    for _ in range(5):
        journal.append([box.entry(OPEN)])
        journal.receipt(journal.epoch, RECORD, 1, lower_is_rewind=False)
        journal = box.again(journal)
    box.clock.advance(3 * RETENTION)
    while journal.release():
        pass
    assert {int(row.epoch, 16): row.record.head for row in journal.held().epochs} == {6: 0} | dict.fromkeys(
        range(1, 6), 1
    )


def test_drained_epochs_are_named_in_turn(box: Box) -> None:
    journal = box.open()
    for _ in range(39):
        journal = box.again(journal)
    named = [int(row.epoch, 16) for _ in range(2) for row in journal.held().epochs]
    assert named[0] == named[24] == 40
    assert set(named) == set(range(1, 41))


# --- quota -----------------------------------------------------------------------------------------------------------


def test_the_quota_evicts_the_oldest_telemetry_and_says_so(box: Box) -> None:
    journal = box.open(quota=20_000)
    told: list[Stored] = []
    for _ in range(60):
        told += journal.append([box.entry(WARM), box.entry(WARM), box.entry(OPEN)])[3:]
        if len(told) > 3:
            break
    tombstones = [fact.entry.event for fact in told]
    assert all(isinstance(event, TelemetryEvicted) for event in tombstones)
    page = journal.pending(Epoch(1), RECORD, 0, 10**9)
    kept = [decode_envelope(item.body).event for item in page if isinstance(item, Kept)]
    gone = {seq for item in page if isinstance(item, Gap) for seq in range(item.first, item.last + 1)}
    assert gone
    assert {item.loss.reason for item in page if isinstance(item, Gap)} == {LossReason.EVICTED}
    assert {item.loss.devices for item in page if isinstance(item, Gap)} == {(DEVICE,)}
    assert kept.count(OPEN) == (len(gone) + kept.count(WARM)) / 2
    assert max(gone) < max(
        item.seq for item in page if isinstance(item, Kept) and decode_envelope(item.body).event == WARM
    )
    assert used(journal) <= 20_000 * (1 - RESERVE)


def test_receipted_rows_go_before_any_that_waits(box: Box) -> None:
    journal = box.open(quota=20_000)
    journal.append([box.entry(WARM) for _ in range(10)])
    journal.append([box.entry(OPEN) for _ in range(10)])
    journal.receipt(Epoch(1), RECORD, 20, lower_is_rewind=False)
    for _ in range(37):
        assert len(journal.append([box.entry(WARM)])) == 1
    reasons = {item.loss.reason for item in journal.pending(Epoch(1), RECORD, 0, 10**9) if isinstance(item, Gap)}
    assert reasons == {LossReason.RELEASED}


def test_what_is_no_telemetry_is_refused_rather_than_evicted_and_the_reserve_stays(box: Box) -> None:
    journal = box.open(quota=20_000)
    accepted = fill(journal, box.entry(OPEN))
    assert seqs(journal, 1, RECORD) == list(range(1, accepted + 1))
    before = used(journal)
    journal.append([box.entry(LOCK)])
    journal.append([journal.reserve(box.entry(HelpCalled()))])
    assert used(journal) > before
    assert fill(journal, box.entry(LOCK)) > 5
    journal.append([journal.reserve(box.entry(HelpCalled()))])


def test_a_refused_append_stores_nothing_and_takes_no_seq(box: Box) -> None:
    journal = box.open(quota=20_000)
    with pytest.raises(Unavailable):
        journal.append([box.entry(OPEN) for _ in range(100)])
    assert seqs(journal, 1, RECORD) == []
    (stored,) = journal.append([box.entry(OPEN)])
    assert stored.seq == 1


def test_the_count_of_bytes_is_what_the_tables_hold(box: Box) -> None:
    journal = box.open(quota=20_000)
    for number in range(300):
        journal.append([box.entry(WARM)])
        if number % 50 == 0:
            journal.receipt(Epoch(1), RECORD, number, lower_is_rewind=False)
    ((facts, holes),) = journal._execute(
        "SELECT (SELECT sum(length(body) + ?) FROM fact), (SELECT count(*) FROM hole)", (FACT_OVERHEAD,)
    )
    assert used(journal) == facts + 64 * holes


def fill(journal: Journal, entry: Entry) -> int:
    """Append until the quota refuses; how often it did not."""
    for accepted in range(1000):
        try:
            journal.append([entry])
        except Unavailable:
            return accepted
    raise AssertionError("the quota refuses nothing")


def used(journal: Journal) -> int:
    ((used,),) = journal._execute("SELECT used FROM life")
    return int(used)


# --- disks that fail -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("damage", ["head", "middle", "empty of sense"])
def test_a_corrupt_journal_is_set_aside_and_a_fresh_one_begun(box: Box, damage: str) -> None:
    journal = box.open()
    journal.append([box.entry(WARM) for _ in range(500)])
    journal.close()
    data = bytearray(box.path.read_bytes())
    if damage == "head":
        data[:100] = bytes(100)
    elif damage == "middle":
        data[4096:20_000] = os.urandom(20_000 - 4096)
    else:
        data[:] = b"not a journal" * 1000
    box.path.write_bytes(data)
    journal = box.open()
    assert journal.set_aside is not None
    assert journal.set_aside.read_bytes() == bytes(data)
    assert journal.append([box.entry(OPEN)])[0].seq == 1
    assert journal.opening("x").predecessor is None


def test_a_second_agent_on_the_same_journal_is_turned_away(box: Box) -> None:
    journal = box.open()
    journal.append([box.entry(OPEN)])
    with pytest.raises(Unavailable, match="BusyError"):
        box.open()


FULL = """
import resource, sys
from pathlib import Path
sys.path.insert(0, ".")
from edge.journal import Journal
from homecare.errors import Unavailable
from homecare.clock import ManualClock
from tests.edge.test_journal import Box, OPEN, HelpCalled
import signal
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
box = Box(Path(sys.argv[1]))
journal = box.open()
soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, hard))
taken = 0
try:
    for _ in range(1000):
        taken = journal.append([box.entry(OPEN) for _ in range(10)])[-1].seq
except Unavailable as error:
    assert "disk" in error.subject, error
else:
    raise SystemExit("the disk was never full")
resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
journal.append([journal.reserve(box.entry(HelpCalled()))])
assert journal.append([box.entry(OPEN)])[0].seq == taken + 1
print("good")
"""


def test_a_full_disk_is_unavailable_and_the_same_append_works_when_there_is_room(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", FULL, str(tmp_path)], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.stdout == "good\n", done.stderr


def test_a_journal_survives_kill_9_and_a_copied_card_begins_another_epoch(box: Box, tmp_path: Path) -> None:
    journal = box.open()
    journal.append([box.entry(OPEN)])
    twin = Box(tmp_path / "twin")
    twin.path.parent.mkdir()
    for part in box.path.parent.glob("journal.db*"):
        shutil.copy(part, twin.path.parent)
    twin.epochs = 7
    copy = twin.open()
    assert copy.opening("x").predecessor == epoch_text(1)
    assert seqs(copy, 1, RECORD) == [1]
    copy.close()
