"""The journal's promises: what `append` returned is there after a power cut and keeps its identity for ever."""

import sys
from itertools import count
from pathlib import Path
from random import Random

import pytest

from homecare.clock import DAY, ManualClock
from homecare.errors import Unavailable
from homecare.event import ContactChanged, LockOperated, LockState, Stream
from homecare.identity import Epoch
from homecare.seal import public_key
from simulator.disk import Disk, PowerCut
from tests.edge.desk import Gateway
from tests.gateway.enrolled import GATEWAY_PRIVATE, NOW, household
from tests.scenarios.edge import Edge
from tests.scenarios.ledger import Ledger

HOUSE = household(71)
CUTS = 30
SMALL = 16_000
"""Bytes of quota: some fifty facts."""
TOO_MANY = 200
_names = count()


def gateway() -> Gateway:
    return Gateway(HOUSE.edge, GATEWAY_PRIVATE, public_key(HOUSE.private))


def talk(edge: Edge, there: Gateway) -> list[bytes]:
    """A good line for a moment; every receipt that was given."""
    given: list[bytes] = []
    edge.connected()
    for _ in range(20):
        edge.pump()
        sent, edge.out = edge.out, []
        for outgoing in sent:
            receipts = there.take(outgoing.frame)
            given += receipts
            for receipt in receipts:
                edge.hear(receipt)
        if not sent:
            break
    return given


def arrived(there: Gateway) -> list[int]:
    return [fact.envelope.counter for fact in there.facts if fact.envelope.counter is not None]


@pytest.fixture
def _silent_cuts(monkeypatch: pytest.MonkeyPatch) -> None:
    """SQLite asks a disk without power several times for one statement; only the first refusal can be raised."""
    hook = sys.unraisablehook
    monkeypatch.setattr(sys, "unraisablehook", lambda raised: None if raised.exc_type is PowerCut else hook(raised))


@pytest.mark.usefixtures("_silent_cuts")
def test_a_power_cut_takes_nothing_that_was_accepted() -> None:
    """Told, accepted, and the power goes the same instant."""
    chance = Random(71)
    for _ in range(CUTS):
        ledger, disk = Ledger(), Disk(f"scenario-{next(_names)}")
        edge = Edge(HOUSE, Path("journal.db"), ledger, vfs=disk.name)
        epoch = edge.journal.epoch
        for number in range(chance.randrange(1, 5)):
            edge.tell(ContactChanged(open=number % 2 == 0))
        disk.on = False
        with pytest.raises((PowerCut, Unavailable)):
            edge.journal.close()
        disk = disk.after_cut(f"scenario-{next(_names)}", chance)
        after = Edge(HOUSE, Path("journal.db"), ledger, vfs=disk.name)
        ledger.agrees(after.kept(epoch, Stream.RECORD), why="append had returned before the power cut")
        after.journal.close()
        disk.unregister()


def test_a_quiet_stream_goes_on_after_its_rows_were_let_go(tmp_path: Path) -> None:
    """A door that is locked twice in a fortnight: the first fact has left the journal when the second comes."""
    ledger, there, clock = Ledger(), gateway(), ManualClock(wall=NOW)
    edge = Edge(HOUSE, tmp_path / "journal.db", ledger, clock=clock)
    edge.tell(LockOperated(LockState.LOCKED))
    talk(edge, there)
    clock.advance(8 * DAY)
    while edge.journal.release():
        pass
    assert not edge.kept(edge.journal.epoch, Stream.ACCESS)
    edge.tell(LockOperated(LockState.UNLOCKED))
    talk(edge, there)
    ledger.agrees(arrived(there), why="told under an identity that the gateway had seen before")
    edge.journal.close()


def test_an_old_receipt_lets_nothing_go(tmp_path: Path) -> None:
    """A backup was restored; then a receipt from before it, which lay in a broker, comes; then the disk gets full."""
    ledger, there = Ledger(), gateway()
    edge = Edge(HOUSE, tmp_path / "journal.db", ledger, quota=SMALL)
    edge.tell(*(ContactChanged(open=True) for _ in range(9)))
    old = talk(edge, there)
    restored = gateway()
    edge.connected()
    for outgoing in edge.out:
        for receipt in restored.take(outgoing.frame):
            edge.hear(receipt)
    edge.out.clear()
    assert edge.receipted(Stream.RECORD) == 0, "a fresh lower receipt rewinds"
    for receipt in old:
        edge.hear(receipt)
    for _ in range(TOO_MANY):
        try:
            edge.tell(ContactChanged(open=False))
        except Unavailable:
            break
    talk(edge, restored)
    ledger.agrees(arrived(restored), why="let go because of a receipt from before the restored backup")
    edge.journal.close()


def test_a_receipt_from_another_run_is_no_receipt(tmp_path: Path) -> None:
    """The gateway's word about an earlier run must not count in this one, whatever its numbers are."""
    ledger, there = Ledger(), gateway()
    edge = Edge(HOUSE, tmp_path / "journal.db", ledger, quota=SMALL)
    edge.tell(*(ContactChanged(open=True) for _ in range(9)))
    epoch = edge.journal.epoch
    old = talk(edge, there)
    restored = gateway()
    edge.connected()
    for outgoing in edge.out:
        for receipt in restored.take(outgoing.frame):
            edge.hear(receipt)
    edge.crash()
    edge.connected()
    for receipt in old:
        edge.hear(receipt)
    held = next(held for held in edge.journal.held().epochs if int(held.epoch, 16) == epoch)
    believed = edge.kept(Epoch(epoch), Stream.RECORD, through=held.record.receipted)
    ledger.nothing_lost(arrived(restored), of=believed, why="counted as durable by a receipt of an earlier run")
    edge.journal.close()
