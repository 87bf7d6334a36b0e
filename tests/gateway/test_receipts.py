"""Receipts: coalesced, bounded, echoing what is newest, and lower when the gateway knows less."""

from gateway.model.receipts import A_SECOND, COALESCE, Receipts, receipt_frame
from homecare.clock import SECOND
from homecare.delivery import EpochHeld, Heartbeat, Receipt, Refusal, StreamHeld
from homecare.event import Stream
from homecare.identity import EdgeId, Epoch, epoch_text
from homecare.wire import read_body, unpack
from tests.gateway.enrolled import NOW, household

EDGE, EPOCH, RUN = EdgeId("edge-000001"), Epoch(0x11), Epoch(0x22)


def test_many_frames_become_one_receipt_after_the_coalescing_time() -> None:
    receipts = Receipts()
    for beat in range(1, 9):
        receipts.heard(EDGE, RUN, beat)
        receipts.ask(EDGE, 7, EPOCH, Stream.RECORD, RUN, NOW)
    assert receipts.due(lambda *_: 5, NOW + COALESCE - 1) == []
    (due,) = receipts.due(lambda *_: 5, NOW + COALESCE)
    assert (due.durable, due.run, due.beat) == (5, RUN, 8)
    assert receipts.due(lambda *_: 5, NOW + SECOND) == []


def test_a_receipt_echoes_the_run_in_which_the_edge_asked_and_its_newest_beat() -> None:
    receipts = Receipts()
    receipts.heard(EDGE, RUN, 9)
    receipts.heard(EDGE, Epoch(0x33), 2)
    assert not receipts.heard(EDGE, RUN, 9)
    receipts.ask(EDGE, 7, EPOCH, Stream.RECORD, RUN, NOW)
    (due,) = receipts.due(lambda *_: 5, NOW, everything=True)
    assert (due.run, due.beat) == (RUN, 9)


def test_frames_are_answered_with_the_newest_beat_and_shard_though_most_are_of_one_beat() -> None:
    receipts = Receipts()
    key = (EDGE, EPOCH, Stream.RECORD)
    for beat, shard in ((4, 7), (4, 7), (5, 8), (5, 9)):
        receipts.ask_for(key, shard, run=RUN, beat=beat, now=NOW)
    (due,) = receipts.due(lambda *_: 5, NOW + COALESCE)
    assert (due.run, due.beat, due.shard) == (RUN, 5, 9)
    receipts.ask_for(key, 9, run=RUN, beat=3, now=NOW)
    receipts.ask_for(key, 9, run=Epoch(0x33), beat=1, now=NOW)
    (due,) = receipts.due(lambda *_: 5, NOW, everything=True)
    assert (due.run, due.beat) == (Epoch(0x33), 1)
    receipts.ask_for(key, 9, run=RUN, beat=2, now=NOW)
    (late,) = receipts.due(lambda *_: 5, NOW, everything=True)
    assert (late.run, late.beat) == (RUN, 5)


def test_under_load_no_more_than_the_bound_a_second_and_the_oldest_first() -> None:
    receipts = Receipts()
    edges = [EdgeId(f"edge-{number:06d}") for number in range(3 * A_SECOND)]
    for edge in edges:
        receipts.ask(edge, 7, EPOCH, Stream.RECORD, RUN, NOW)
    sent = [due.edge for due in receipts.due(lambda *_: 1, NOW + SECOND)]
    assert sent == edges[:A_SECOND]
    assert [due.edge for due in receipts.due(lambda *_: 1, NOW + 2 * SECOND)] == edges[A_SECOND : 2 * A_SECOND]
    assert receipts.waiting == A_SECOND


def test_nothing_is_said_about_a_cursor_that_nobody_read() -> None:
    receipts = Receipts()
    receipts.ask(EDGE, 7, EPOCH, Stream.RECORD, RUN, NOW)
    assert receipts.due(lambda *_: None, NOW + SECOND) == []
    assert receipts.waiting == 0


def answered(receipted: int, durable: int) -> list[int]:
    receipts = Receipts()
    nothing = StreamHeld(0, 0, 0)
    held = EpochHeld(epoch_text(EPOCH), nothing, nothing, StreamHeld(1, receipted, 10))
    heartbeat = Heartbeat(NOW, 0, 0, NOW, (held,), 0)
    receipts.answer(
        EDGE,
        7,
        heartbeat,
        run=RUN,
        streams=(Stream.ACCESS, Stream.RECORD),
        durable=lambda _, __, stream: durable if stream is Stream.RECORD else 0,
        now=NOW,
    )
    return [due.durable for due in receipts.due(lambda *_: durable, NOW, everything=True)]


def test_a_heartbeat_is_answered_where_the_edge_believes_other_than_the_database_knows() -> None:
    assert answered(receipted=5, durable=5) == []
    assert answered(receipted=5, durable=3) == [3], "a restored backup asks again"
    assert answered(receipted=5, durable=8) == [8], "a lost receipt is said again"


def test_a_refusal_is_told_about_the_run_heard_last() -> None:
    receipts = Receipts()
    receipts.refuse(EDGE, 7, Stream.RECORD, Refusal.VERSION, NOW)
    assert receipts.waiting == 0, "nobody to tell"
    receipts.heard(EDGE, RUN, 3)
    receipts.refuse(EDGE, 7, Stream.RECORD, Refusal.VERSION, NOW)
    (due,) = receipts.due(lambda *_: 4, NOW, everything=True)
    assert (due.refused, due.epoch, due.durable) == (Refusal.VERSION, RUN, 4)


def test_the_edge_can_read_and_verify_it() -> None:
    house = household(1)
    receipts = Receipts()
    receipts.ask(house.edge, house.shard, house.epoch, Stream.ACCESS, RUN, NOW)
    (due,) = receipts.due(lambda *_: 12, NOW, everything=True)
    topic, data = receipt_frame(due, house.keys.down)
    frame = unpack(data)
    frame.verify(house.keys.down)
    assert topic == f"vaka/v1/{house.shard}/{house.edge}/down/receipt"
    assert (frame.header.epoch, frame.header.stream, frame.header.run) == (house.epoch, Stream.ACCESS, RUN)
    assert read_body(frame, Receipt) == Receipt(durable=12)
