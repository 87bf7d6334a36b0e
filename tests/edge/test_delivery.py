"""The uplink on a real journal against a small gateway, run as a state machine: whatever the line and the power do,
nothing is lost, nothing counts twice, and order is kept.
"""

import contextlib
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from homecare.clock import DAY, SECOND
from homecare.envelope import decode_envelope
from homecare.event import ContactChanged, LockOperated, LockState, Observed, Stream
from tests.edge.line import Line


class Delivery(RuleBasedStateMachine):
    """Any line, any crash, any order; then a good line for a while."""

    @initialize()
    def begin(self) -> None:
        self.stack = contextlib.ExitStack()
        self.line = Line(Path(self.stack.enter_context(TemporaryDirectory())))
        self.restores = 0

    @rule(count=st.integers(1, 5))
    def telemetry(self, count: int) -> None:
        self.line.append(*(Observed("temperature", number / 10, "°C") for number in range(count)))

    @rule()
    def contact(self) -> None:
        self.line.append(ContactChanged(open=True), LockOperated(LockState.LOCKED))

    @rule()
    def press(self) -> None:
        self.line.alarm()

    @rule(arrives=st.booleans())
    def press_and_crash_before_the_disk(self, *, arrives: bool) -> None:
        sent = self.line.alarm(journaled=False)
        if arrives and sent:
            self.line.down += self.line.gateway.take(sent[0].frame)
        self.line.crash()

    @rule()
    def crash(self) -> None:
        self.line.crash()

    @rule()
    def connect(self) -> None:
        self.line.connect()

    @rule()
    def disconnect(self) -> None:
        self.line.uplink.disconnected()

    @rule()
    def pump(self) -> None:
        self.line.pump()

    @rule(beats=st.booleans())
    def good_line(self, *, beats: bool) -> None:
        """What is ordinary: connected, everything arrives in time."""
        if beats:
            self.line.connect()
        self.line.pump()
        while self.line.up:
            self.line.deliver_up()
        while self.line.down:
            self.line.deliver_down()

    @rule(seconds=st.integers(1, 40))
    def wait(self, seconds: int) -> None:
        self.line.clock.advance(seconds * SECOND)
        self.line.beat()

    @rule(step=st.integers(-400, 400))
    def the_wall_clock_steps(self, step: int) -> None:
        self.line.clock.wall = max(self.line.clock.wall + step * DAY, 0)

    @precondition(lambda self: self.line.up)
    @rule(data=st.data())
    def frame_arrives(self, data: st.DataObject) -> None:
        self.line.deliver_up(data.draw(st.integers(0, len(self.line.up) - 1)))

    @precondition(lambda self: self.line.up)
    @rule()
    def frames_vanish(self) -> None:
        self.line.up.clear()

    @precondition(lambda self: self.line.up)
    @rule()
    def frame_arrives_twice(self) -> None:
        self.line.down += self.line.gateway.take(self.line.up[0])

    @precondition(lambda self: self.line.down)
    @rule(data=st.data())
    def receipt_arrives(self, data: st.DataObject) -> None:
        self.line.deliver_down(data.draw(st.integers(0, len(self.line.down) - 1)))

    @precondition(lambda self: self.line.down)
    @rule()
    def receipts_vanish(self) -> None:
        self.line.down.clear()

    @precondition(lambda self: self.line.old)
    @rule(data=st.data())
    def old_receipt_comes_again(self, data: st.DataObject) -> None:
        self.line.hear(data.draw(st.sampled_from(self.line.old)))

    @precondition(lambda self: self.restores < 2 and self.line.gateway.facts)
    @rule(data=st.data())
    def gateway_restores_a_backup(self, data: st.DataObject) -> None:
        """The gateway forgets everything after some fact that it had recorded, and hears of what was in flight."""
        gateway = self.line.gateway
        kept = data.draw(st.integers(0, len(gateway.facts)))
        facts = gateway.facts[:kept]
        gateway.facts.clear()
        gateway.early.clear()
        gateway.cursors.clear()
        for fact in facts:
            key = (fact.id.epoch, fact.id.stream)
            if fact.id.stream is Stream.ALARM:
                gateway.early[fact.id.epoch, fact.id.seq] = fact
                gateway._advance(fact.id.epoch)
            else:
                gateway.cursors[key] = fact.id.seq
            gateway.facts.append(fact)
        self.restores += 1
        self.line.down.clear()

    @invariant()
    def nothing_counts_twice_and_order_is_kept(self) -> None:
        ids = [fact.id for fact in self.line.gateway.facts]
        assert len(ids) == len(set(ids))
        for stream in (Stream.ACCESS, Stream.RECORD):
            if not self.restores:
                keys = [(fact.id.epoch, fact.id.seq) for fact in self.line.gateway.facts if fact.id.stream is stream]
                assert keys == sorted(keys)

    def teardown(self) -> None:
        if not hasattr(self, "line"):
            return
        self.line.settle()
        arrived = {(fact.id.epoch, fact.id.stream, fact.id.seq): fact for fact in self.line.gateway.facts}
        assert not self.line.gateway.lost
        for key, body in self.line.said.items():
            assert key in arrived, f"{key} was durable and did not arrive"
            assert decode_envelope(body) == arrived[key].envelope
        self.line.journal.close()
        self.stack.close()


TestDelivery = pytest.mark.filterwarnings("error")(Delivery.TestCase)
TestDelivery.settings = settings(
    max_examples=100,
    derandomize=True,
    stateful_step_count=40,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
