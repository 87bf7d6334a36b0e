"""The recorder: what several callers want of the one journal thread at once."""

import asyncio
from pathlib import Path

import pytest

from edge.entry import Entry
from edge.journal import Journal
from edge.recorder import Recorder
from edge.uplink import Noted
from homecare.clock import ManualClock
from homecare.event import MotionChanged, Stream
from homecare.identity import Epoch, HomeId

EPOCH = Epoch(7)


@pytest.mark.asyncio
async def test_the_heartbeat_and_the_clock_note_the_same_receipt_without_stumbling(tmp_path: Path) -> None:
    journal = Journal.open(
        tmp_path / "journal.db", epoch=EPOCH, home=HomeId("home-00000001"), clock=ManualClock(1), quota=1 << 20
    )
    recorder = Recorder(journal, on_stored=lambda _: None, on_state=lambda _: None)
    motion = Entry(event=MotionChanged(moving=True), occurred_at=1, received_at=1, uncertainty=0, elapsed=1)
    await recorder.call(journal.append, [motion])
    recorder.note(Noted(EPOCH, Stream.RECORD, 1, rewind=False))
    await asyncio.gather(recorder.note_receipts(), recorder.note_receipts())
    held = await recorder.call(journal.held)
    assert held.epochs[0].record.receipted == 1
    await recorder.close()
