"""One message through the real door and the real intake, without broker and database: what became of it?"""

from typing import Any

import msgspec

from gateway.intake.cursors import Cursors
from gateway.intake.door import Admitted, Door
from gateway.intake.intake import Intake
from gateway.intake.judging import Judging
from gateway.intake.presence import Presence
from gateway.intake.recording import Recording
from gateway.intake.registry import Registry
from gateway.metrics import Metrics
from gateway.model.receipts import Receipts
from gateway.ports.broker import Message
from gateway.ports.record import Batch
from homecare.identity import SHARDS
from tests.gateway.enrolled import GATEWAY_PRIVATE, NOW, Household, household, snapshot_of

HOUSE = household(1)
OTHER = household(2)


class Passage:
    """A gateway with two homes; cursors stay between messages, as they do after commits."""

    def __init__(self, *houses: Household) -> None:
        registry = Registry(GATEWAY_PRIVATE)
        registry.replace(snapshot_of(*(houses or (HOUSE, OTHER))))
        self.door = Door(registry)
        self.cursors = Cursors()
        self.receipts = Receipts()
        judging = Judging(registry, frozenset(range(SHARDS)))
        judging.begin(1)
        self.metrics = Metrics()
        self.intake = Intake(
            registry,
            self.cursors,
            Recording(registry, judging, Presence()),
            judging=judging,
            receipts=self.receipts,
            metrics=self.metrics,
        )

    def send(self, topic: str, payload: bytes, *, now: int = NOW) -> "Outcome":
        """Pass one message and say what became of it."""
        admitted = self.door.admit(topic, payload)
        batch = Batch(recorded_at=now)
        if not isinstance(admitted, Admitted):
            return Outcome(admitted.reason.value, batch, proved=False)
        header = admitted.frame.header
        pair = (header.edge, header.epoch)
        self.cursors.learn(self.cursors.missing([pair]), {})
        self.intake.take(batch, Message(topic, payload), admitted)
        reason = batch.quarantined[0].reason if batch.quarantined else None
        return Outcome(reason, batch, proved=True)

    def durable(self, house: Household, stream: Any) -> int:
        """The cursor of the house's epoch."""
        return self.cursors.durable(house.edge, house.epoch, stream) or 0


class Outcome(msgspec.Struct):
    """`reason`: why it was turned away or set aside, None if neither; `proved`: whether the edge had made it."""

    reason: str | None
    batch: Batch
    proved: bool

    @property
    def facts(self) -> list[Any]:
        """What would be recorded."""
        return [fact for run in self.batch.runs for fact in run.facts]
