"""The uplink's rules one by one; each test goes red when its rule is taken out."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from edge.lane import ALARM_RESEND, BULK_RESEND, WINDOW_FRAMES
from edge.uplink import FRAMES_AT_ONCE, Outgoing
from homecare import wire
from homecare.clock import SECOND
from homecare.delivery import Heartbeat, LossReason, Receipt, Refusal
from homecare.errors import Malformed, Refused
from homecare.event import ContactChanged, LockOperated, LockState, Observed, Stream, TelemetryEvicted
from homecare.identity import EdgeId
from homecare.wire import FRAME_LIMIT, Frame, Header, Kind
from tests.edge.line import EDGE, KEYS, Line

WARM = Observed("temperature", 21.0, "°C")
RECORD, ALARM = Stream.RECORD, Stream.ALARM


@pytest.fixture
def line(tmp_path: Path) -> Iterator[Line]:
    line = Line(tmp_path)
    yield line
    line.journal.close()


def opened(outgoing: Outgoing) -> Frame:
    return wire.unpack(outgoing.frame)


def seqs(sent: list[Outgoing], stream: Stream) -> list[tuple[int, int]]:
    """First seq and count of every facts frame of a stream."""
    headers = [opened(one).header for one in sent]
    return [(header.first, header.count) for header in headers if header.stream is stream and header.kind is Kind.FACTS]


def drained(line: Line) -> None:
    line.settle()
    line.up.clear()


def test_facts_wait_for_a_connection_and_then_go_together_in_one_frame(line: Line) -> None:
    line.append(*[WARM] * 50)
    assert line.pump() == []
    line.connect()
    assert seqs(line.pump(), RECORD) == [(1, 51)]


def test_no_frame_is_larger_than_the_limit_and_none_is_half_empty(line: Line) -> None:
    line.append(*[WARM] * 900)
    line.connect()
    sent = line.pump()
    sizes = [len(one.frame) for one in sent]
    assert max(sizes) <= FRAME_LIMIT
    assert min(sizes[:-1]) > FRAME_LIMIT * 0.9
    assert sum(count for _, count in seqs(sent, RECORD)) == 901


def test_at_most_a_window_is_in_flight(line: Line) -> None:
    line.connect()
    sent = []
    for _ in range(50):
        line.append(WARM)
        sent += line.pump()
    assert len(seqs(sent, RECORD)) == WINDOW_FRAMES


def test_alarms_go_first_whatever_waits(line: Line) -> None:
    line.append(*[WARM] * 2000)
    line.append(LockOperated(LockState.LOCKED))
    line.alarm()
    line.connect()
    channels = [one.channel for one in line.pump()]
    assert channels[:2] == ["alarm", "access"]
    assert len(channels) <= FRAMES_AT_ONCE


def test_an_alarm_is_sent_at_once_before_the_journal_has_it(line: Line) -> None:
    line.connect()
    sent = line.alarm(journaled=False)
    assert seqs(sent, ALARM) == [(1, 1)]


def test_an_alarm_that_the_disk_never_took_is_sent_again_from_memory(line: Line) -> None:
    line.connect()
    line.alarm(journaled=False)
    line.clock.advance(ALARM_RESEND[0])
    assert seqs(line.pump(), ALARM) == [(1, 1)]


def test_alarms_are_sent_again_after_1_2_4_seconds_and_bounded(line: Line) -> None:
    line.connect()
    line.alarm()
    waits = []
    for _ in range(8):
        before = line.clock.elapsed
        for _ in range(100):
            line.clock.advance(SECOND)
            if seqs(line.pump(), ALARM):
                break
        waits.append((line.clock.elapsed - before) // SECOND)
    assert waits == [1, 2, 4, 8, 16, 30, 30, 30]


def test_alarms_are_sent_again_on_reconnecting(line: Line) -> None:
    line.connect()
    line.alarm()
    line.uplink.disconnected()
    line.connect()
    assert seqs(line.pump(), ALARM) == [(1, 1)]


def test_bulk_is_sent_again_after_ten_seconds(line: Line) -> None:
    line.connect()
    line.pump()
    line.clock.advance(BULK_RESEND - 1)
    assert line.pump() == []
    line.clock.advance(1)
    assert seqs(line.pump(), RECORD) == [(1, 1)]


def test_a_repeated_receipt_brings_what_the_gateway_misses(line: Line) -> None:
    line.connect()
    line.pump()
    line.up.clear()
    line.clock.advance(SECOND)
    line.gateway.run, line.gateway.beat = line.journal.epoch, 1
    line.hear(line.gateway.receipt(line.journal.epoch, RECORD))
    assert seqs(line.pump(), RECORD) == [(1, 1)]


def test_a_receipt_ends_the_sending_and_a_fresh_lower_one_rewinds(line: Line) -> None:
    drained(line)
    line.append(*[WARM] * 9)
    drained(line)
    run = line.journal.epoch
    line.beat()
    line.hear(line.gateway.receipt(run, RECORD, durable=4, beat=line.gateway.beat + 1))
    assert seqs(line.pump(), RECORD) == [(5, 6)]
    assert line.journal.held().epochs[0].record.receipted == 4


def test_a_lower_receipt_of_the_same_beat_is_only_late(line: Line) -> None:
    line.append(*[WARM] * 9)
    drained(line)
    line.hear(line.gateway.receipt(line.journal.epoch, RECORD, durable=4))
    assert line.pump() == []
    assert line.journal.held().epochs[0].record.receipted == 10


def test_an_old_receipt_is_not_believed_after_a_rewind(line: Line) -> None:
    line.append(*[WARM] * 9)
    drained(line)
    run, beat = line.journal.epoch, line.gateway.beat
    old = line.gateway.receipt(run, RECORD, durable=10, beat=beat)
    line.beat()
    line.hear(line.gateway.receipt(run, RECORD, durable=4, beat=beat + 1))
    line.hear(old)
    assert line.journal.held().epochs[0].record.receipted == 4


@pytest.mark.parametrize(("run", "beat"), [(99, 0), (1, 99)])
def test_a_receipt_of_another_run_or_of_a_beat_never_sent_is_not_believed(line: Line, run: int, beat: int) -> None:
    line.append(*[WARM] * 9)
    line.connect()
    line.gateway.run = run
    line.hear(line.gateway.receipt(line.journal.epoch, RECORD, durable=5, beat=beat))
    assert line.journal.held().epochs[0].record.receipted == 0


def test_a_forged_receipt_is_refused(line: Line) -> None:
    line.connect()
    line.gateway.run = line.journal.epoch
    frame = bytearray(line.gateway.receipt(line.journal.epoch, RECORD, durable=1))
    frame[-1] ^= 1
    with pytest.raises(Refused):
        line.hear(bytes(frame))
    with pytest.raises(Refused):
        line.hear(line.up[0])


def test_what_is_no_receipt_for_this_edge_is_refused(line: Line) -> None:
    other = Header(kind=Kind.RECEIPT, edge=EdgeId("edge-00000002"), stream=RECORD)
    with pytest.raises(Refused):
        line.hear(wire.pack(other, wire.encode_body(Receipt(durable=0)), KEYS.down))
    with pytest.raises(Malformed):
        line.hear(b"VK no frame")


def test_a_refusal_stops_the_sending_until_the_next_heartbeat(line: Line) -> None:
    line.connect()
    header = Header(kind=Kind.RECEIPT, edge=EDGE, stream=RECORD, run=line.journal.epoch)
    line.hear(wire.pack(header, wire.encode_body(Receipt(durable=0, refused=Refusal.VERSION)), KEYS.down))
    assert line.uplink.refused is Refusal.VERSION
    assert line.pump() == []
    line.beat()
    assert seqs(line.pump(), RECORD) == [(1, 1)]


def test_older_epochs_drain_before_newer_ones_of_their_stream(line: Line) -> None:
    line.append(WARM)
    line.crash()
    line.append(WARM)
    line.crash()
    line.connect()
    sent = line.pump()
    assert {opened(one).header.epoch for one in sent} == {1}
    line.settle()
    assert [fact.id.epoch for fact in line.gateway.facts] == [1, 1, 2, 2, 3]


def test_many_epochs_drain_though_a_heartbeat_names_only_some(line: Line) -> None:
    for _ in range(60):
        line.crash()
    line.settle()
    assert [fact.id.epoch for fact in line.gateway.facts] == list(range(1, 62))


def test_the_running_epoch_waits_while_the_journal_holds_older_ones_that_no_heartbeat_named_yet(line: Line) -> None:
    for _ in range(40):
        line.crash()
    line.connect()
    sent = set()
    for _ in range(30):
        sent |= {opened(one).header.epoch for one in line.pump()}
        while line.up:
            line.deliver_up()
        while line.down:
            line.deliver_down()
    assert sent == set(range(1, 24))
    assert line.uplink.more_epochs


def test_the_gateway_may_rewind_an_epoch_that_was_drained_in_an_earlier_run(line: Line) -> None:
    line.append(WARM, ContactChanged(open=True))
    line.settle()
    line.crash()
    line.settle()
    line.gateway.cursors[1, RECORD] = 1
    line.gateway.facts = [fact for fact in line.gateway.facts if fact.id.epoch != 1 or fact.id.seq == 1]
    line.beat()
    line.settle()
    line.settle()
    assert sorted(fact.id.seq for fact in line.gateway.facts if fact.id.epoch == 1) == [1, 2, 3]


def test_a_hole_is_sent_as_lost_and_the_cursor_passes(tmp_path: Path) -> None:
    line = Line(tmp_path, quota=20_000)
    line.append(ContactChanged(open=True))
    for _ in range(30):
        line.append(*[WARM] * 5)
    line.settle()
    assert {loss.reason for _, loss in line.gateway.lost} == {LossReason.EVICTED}
    tombstones = line.gateway.events(TelemetryEvicted)
    missing = {seq for header, _ in line.gateway.lost for seq in range(header.first, header.first + header.count)}
    for fact in tombstones:
        event = fact.envelope.event
        assert isinstance(event, TelemetryEvicted)
        assert event.devices == ("dev-00000001",)
        assert {event.first, event.last} <= missing
    arrived = {fact.id.seq for fact in line.gateway.facts if fact.id.stream is RECORD}
    assert arrived | missing == set(range(1, max(arrived) + 1))
    line.journal.close()


def test_every_frame_carries_the_run_and_the_newest_beat(line: Line) -> None:
    line.connect()
    line.beat()
    (frame,) = line.pump()
    assert (opened(frame).header.run, opened(frame).header.beat) == (line.journal.epoch, 2)


def test_a_heartbeat_names_the_running_epoch_first_and_undrained_ones_oldest_first(line: Line) -> None:
    for _ in range(30):
        line.crash()
    line.beat()
    frame = wire.unpack(line.up[-1])
    body = wire.read_body(frame, Heartbeat)
    assert [int(row.epoch, 16) for row in body.epochs] == [31, *range(1, 24)]
    assert body.undrained == 31
