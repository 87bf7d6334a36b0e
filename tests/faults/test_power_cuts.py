"""Power cuts under the journal, on a disk that drops, tears and reorders what was not synced.

Everything for which `append` had returned is there after every cut, with the same bytes under the same identity;
device counters come back with the facts that they vouch for; epochs never repeat and seqs have no gap.
"""

import contextlib
import sys
from itertools import count
from pathlib import Path
from random import Random

import apsw
import pytest

from edge.entry import Entry, Gap, Kept, Stored
from edge.journal import Journal
from homecare.clock import DAY, ManualClock
from homecare.delivery import LossReason
from homecare.errors import Unavailable
from homecare.event import ContactChanged, HelpCalled, LockOperated, LockState, Observed, Stream
from homecare.identity import DeviceId, Epoch, HomeId, epoch_text
from simulator.disk import Disk, PowerCut

SEED = 20_261_122
CUTS, CUTS_LONG = 1_000, 10_000
QUOTA = 12_000
"""Bytes; some forty facts, so that the quota evicts all the time."""
DEVICE = DeviceId("dev-00000001")
_names = count()

Key = tuple[Epoch, Stream]


class Owner:
    """Uses a journal until the power goes, and remembers what it was promised."""

    def __init__(self, seed: int) -> None:
        self.chance = Random(seed)
        self.disk = Disk(f"power-{next(_names)}")
        self.journal: Journal | None = None
        self.clock = ManualClock(wall=1_000_000)
        self.promised: dict[tuple[Epoch, Stream, int], bytes] = {}
        self.receipted: dict[Key, int] = {}
        self.counter = 0
        self.counter_promised: int | None = None
        self.epochs: list[Epoch] = []

    def open(self) -> Journal:
        epoch = Epoch(self.chance.randrange(2**63))
        journal = Journal.open(
            Path("journal.db"),
            epoch=epoch,
            home=HomeId("home-00000001"),
            clock=self.clock,
            quota=QUOTA,
            vfs=self.disk.name,
        )
        assert journal.set_aside is None
        self.journal = journal
        return journal

    def cut(self) -> None:
        self.disk.on = False
        if self.journal is not None:
            with contextlib.suppress(PowerCut, Unavailable, apsw.Error):
                self.journal.close()
        self.journal = None
        self.disk = self.disk.after_cut(f"power-{next(_names)}", self.chance)

    def work(self, journal: Journal) -> None:
        """Until the power goes: append, receipt, rewind, release."""
        while True:
            act = self.chance.random()
            if act < 0.75:
                self.append(journal)
            elif act < 0.95 and self.promised:
                epoch, stream, seq = self.chance.choice(list(self.promised))
                journal.receipt(epoch, stream, seq, lower_is_rewind=self.chance.random() < 0.2)
            else:
                self.clock.advance(DAY)
                journal.release()

    def append(self, journal: Journal) -> None:
        entries: list[Entry | Stored] = []
        for _ in range(self.chance.randrange(1, 6)):
            entry = self.entry()
            entries.append(journal.reserve(entry) if isinstance(entry.event, HelpCalled) else entry)
        try:
            appended = journal.append(entries)
        except Unavailable:
            if self.disk.on:
                self.receipt_all(journal)
            return
        for stored in appended:
            self.promised[stored.epoch, stored.stream, stored.seq] = stored.body
        self.counter_promised = self.counter

    def receipt_all(self, journal: Journal) -> None:
        """The quota holds only what may not go: the gateway takes it."""
        for epoch, stream, seq in self.promised:
            journal.receipt(epoch, stream, seq, lower_is_rewind=False)

    def entry(self) -> Entry:
        self.counter += 1
        now = self.clock.now()
        event = self.chance.choice(
            (
                HelpCalled(),
                LockOperated(LockState.LOCKED),
                ContactChanged(open=True),
                Observed("temperature", self.counter / 10, "°C"),
                Observed("humidity", self.counter / 10, "%"),
            )
        )
        return Entry(
            event=event,
            device=DEVICE,
            counter=self.counter,
            occurred_at=now.wall,
            received_at=now.wall,
            uncertainty=0,
            elapsed=0,
        )

    def check(self, journal: Journal) -> None:
        """Every promise is kept: the bytes, or the telemetry's stated hole."""
        assert journal.epoch not in self.epochs
        self.epochs.append(journal.epoch)
        found: dict[tuple[Epoch, Stream, int], bytes | LossReason] = {}
        for epoch in {key[0] for key in self.promised}:
            for stream in Stream:
                found |= everything(journal, epoch, stream)
        for key, body in self.promised.items():
            kept = found.get(key)
            if isinstance(kept, LossReason):
                assert kept is LossReason.RELEASED or b'"observed"' in body
            else:
                assert kept == body, f"{epoch_text(key[0])}/{key[1]}/{key[2]} was promised and is not there"
        if self.counter_promised is not None:
            assert journal.counters[DEVICE] >= self.counter_promised


def everything(journal: Journal, epoch: Epoch, stream: Stream) -> dict[tuple[Epoch, Stream, int], bytes | LossReason]:
    """All that the journal says of one stream, which has no gap that is not stated."""
    found: dict[tuple[Epoch, Stream, int], bytes | LossReason] = {}
    after = 0
    while page := journal.pending(epoch, stream, after, 64 * 1024):
        for item in page:
            if isinstance(item, Gap):
                assert item.first == after + 1
                found |= {(epoch, stream, seq): item.loss.reason for seq in range(item.first, item.last + 1)}
                after = item.last
            else:
                assert isinstance(item, Kept)
                assert item.seq == after + 1
                found[epoch, stream, item.seq] = item.body
                after = item.seq
    return found


def endure(seed: int, cuts: int) -> int:
    """Cut the power `cuts` times; how many facts had been promised in all."""
    promised = 0
    owner = Owner(seed)
    for number in range(cuts):
        if number % 10 == 0:
            promised += len(owner.promised)
            owner = Owner(seed * 1_000_003 + number)
        owner.disk.cut_after(owner.chance.randrange(120))
        try:
            owner.work(owner.open())
        except (PowerCut, Unavailable, apsw.Error):
            assert not owner.disk.on, "the disk refused with the power on"
        owner.cut()
        owner.check(owner.open())
        if owner.chance.random() < 0.5:
            owner.journal.close()
        owner.cut()
    return promised + len(owner.promised)


@pytest.fixture(autouse=True)
def _silent_cuts(monkeypatch: pytest.MonkeyPatch) -> None:
    """SQLite asks a disk without power several times for one statement; only the first refusal can be raised."""
    hook = sys.unraisablehook
    monkeypatch.setattr(sys, "unraisablehook", lambda raised: None if raised.exc_type is PowerCut else hook(raised))


def test_nothing_accepted_is_lost_over_power_cuts() -> None:
    assert endure(SEED, CUTS) > CUTS


@pytest.mark.long
def test_nothing_accepted_is_lost_over_ten_thousand_power_cuts() -> None:
    assert endure(SEED + 1, CUTS_LONG) > CUTS_LONG
