"""The watermark vouches for a silence only when nothing that the edge knew then is still on its way."""

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from gateway.model.watermark import Statement, Watermark, statement
from homecare.delivery import EpochHeld, Heartbeat, StreamHeld
from homecare.event import Stream
from homecare.identity import EdgeId, Epoch, epoch_text

EDGE = EdgeId("edge-000001")
RUN = Epoch(0x22)
OLD = Epoch(0x11)
NOTHING = StreamHeld(0, 0, 0)


def beat(*held: EpochHeld, undrained: int = 0) -> Heartbeat:
    return Heartbeat(wall=0, uncertainty=0, elapsed=0, heard_through=0, epochs=held, undrained=undrained)


def epoch_held(epoch: Epoch, alarm: int = 0, access: int = 0, record: int = 0, receipted: int = 0) -> EpochHeld:
    alarm_held, access_held, record_held = (
        StreamHeld(0, min(receipted, head), head) for head in (alarm, access, record)
    )
    return EpochHeld(epoch_text(epoch), alarm_held, access_held, record_held)


def test_it_waits_for_every_stream_of_every_epoch() -> None:
    watermark = Watermark()
    stated = statement(RUN, 100, beat(epoch_held(RUN, alarm=1, record=5), epoch_held(OLD, access=9), undrained=2))
    assert stated is not None
    watermark.state(EDGE, stated)
    cursors = {(RUN, Stream.ALARM): 1, (RUN, Stream.RECORD): 5, (OLD, Stream.ACCESS): 9}
    for key, cursor in cursors.items():
        short = {**cursors, key: cursor - 1}
        assert watermark.reached(EDGE, lambda _, epoch, stream, at=short: at.get((epoch, stream), 0)) is None
    reached = watermark.reached(EDGE, lambda _, epoch, stream: cursors.get((epoch, stream), 0))
    assert reached is not None
    assert reached.through == 100
    assert watermark.vouched(EDGE) == 100


def test_a_cursor_that_nobody_read_vouches_for_nothing() -> None:
    watermark = Watermark()
    watermark.state(EDGE, Statement(RUN, 100, ((RUN, Stream.RECORD, 1),)))
    assert watermark.reached(EDGE, lambda *_: None) is None


def test_a_heartbeat_that_could_not_name_every_undrained_epoch_states_nothing() -> None:
    assert statement(RUN, 100, beat(epoch_held(RUN, record=5), undrained=2)) is None


def test_the_oldest_statement_is_reached_though_new_ones_keep_coming() -> None:
    watermark = Watermark()
    for at in range(1, 6):
        watermark.state(EDGE, Statement(RUN, at, ((RUN, Stream.RECORD, at * 10),)))
    reached = watermark.reached(EDGE, lambda *_: 10)
    assert reached is not None
    assert reached.through == 1


def test_an_alarm_of_the_other_process_is_waited_for() -> None:
    watermark = Watermark()
    watermark.state(EDGE, Statement(RUN, 100, ((RUN, Stream.ALARM, 3),)))
    assert watermark.alarm_wanted(lambda *_: 2) == {(EDGE, RUN)}
    assert watermark.alarm_wanted(lambda *_: 3) == set()


class Edge(RuleBasedStateMachine):
    """An edge whose facts and heartbeats travel apart, are lost and sent again; time is the number of the step."""

    def __init__(self) -> None:
        super().__init__()
        self.watermark = Watermark()
        self.now = 0
        self.epochs = [RUN]
        self.known: dict[tuple[Epoch, Stream, int], int] = {}
        self.cursors: dict[tuple[Epoch, Stream], int] = {}
        self.facts: list[tuple[Epoch, Stream, int]] = []
        self.beats: list[tuple[int, Heartbeat]] = []
        self.vouched = 0

    def head(self, epoch: Epoch, stream: Stream) -> int:
        return max((seq for one, each, seq in self.known if (one, each) == (epoch, stream)), default=0)

    def durable(self, _: EdgeId, epoch: Epoch, stream: Stream) -> int:
        return self.cursors.get((epoch, stream), 0)

    @rule(stream=st.sampled_from(list(Stream)))
    def happen(self, stream: Stream) -> None:
        self.now += 1
        key = (self.epochs[-1], stream, self.head(self.epochs[-1], stream) + 1)
        self.known[key] = self.now
        self.facts.append(key)

    @rule()
    def beat(self) -> None:
        self.now += 1
        held = [
            EpochHeld(epoch_text(one), *(StreamHeld(0, 0, self.head(one, each)) for each in Stream))
            for one in self.epochs
        ]
        self.beats.append((self.now, beat(*held)))

    @rule()
    def deliver_beat(self) -> None:
        if self.beats:
            at, heartbeat = self.beats.pop(0)
            stated = statement(self.epochs[-1], at, heartbeat)
            assert stated is not None
            self.watermark.state(EDGE, stated)

    @rule(place=st.integers(0, 20))
    def deliver_fact(self, place: int) -> None:
        if place < len(self.facts):
            epoch, stream, seq = self.facts.pop(place)
            if self.cursors.get((epoch, stream), 0) == seq - 1:
                self.cursors[epoch, stream] = seq

    @rule()
    def lose(self) -> None:
        self.facts.clear()

    @rule()
    def resend(self) -> None:
        self.facts = [key for key in self.known if self.cursors.get(key[:2], 0) < key[2]]

    @rule()
    def restart(self) -> None:
        if len(self.epochs) < 5:
            self.epochs.append(Epoch(self.epochs[-1] + 1))

    @invariant()
    def nothing_vouched_is_in_flight(self) -> None:
        reached = self.watermark.reached(EDGE, self.durable)
        if reached is not None:
            assert reached.through > self.vouched, "the watermark never goes back"
            self.vouched = reached.through
        late = [key for key, at in self.known.items() if at <= self.vouched and self.cursors.get(key[:2], 0) < key[2]]
        assert not late, "vouched for a silence while a fact of that time was still on its way"


class TestNoSilenceIsVouchedThatAFactInFlightContradicts(Edge.TestCase):
    settings = settings(max_examples=100, stateful_step_count=40)
