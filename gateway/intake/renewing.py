"""Renewal: edges ask for their next certificate over the connection that they have, and are answered there.

A connection to the broker of its own, so that no ask ever stands in an alarm's way. Nothing waits for an edge that is
away: whatever is lost here, the edge asks again.
"""

import asyncio
import logging
from collections.abc import Sequence
from typing import Final

import msgspec

from gateway.intake.door import Admitted, Door
from gateway.intake.registry import Registry
from gateway.model.certificates import Authority
from gateway.model.renewal import Decision, Given, decide
from gateway.ports.broker import Broker
from gateway.ports.enrolment import EnrolmentStore
from homecare import topic
from homecare.clock import Clock
from homecare.errors import Malformed, Refused, Unavailable, Unknown
from homecare.identity import EdgeId
from homecare.renewal import CertificateAnswer, CertificateAsk
from homecare.wire import Header, Kind, encode_body, pack, read_body

READ_LIMIT: Final = 64
"""Messages taken from the broker's connection at once."""
WAITING_LIMIT: Final = 1_000
"""Edges whose ask waits; more ask again in a minute. One an edge, so that no flood of one shuts out the others."""
KNOWN_SECONDS: Final = 0.1
"""Between two looks for the registry after the start: before it is read every edge is a stranger."""
_log = logging.getLogger(__name__)


class Counts(msgspec.Struct):
    """What was done since the start."""

    turned_away: int = 0
    answered: int = 0
    issued: int = 0
    refused: int = 0


class Renewing:
    """The lane between the broker's connection and the store."""

    def __init__(
        self, store: EnrolmentStore, broker: Broker, registry: Registry, *, authority: Authority, clock: Clock
    ) -> None:
        self._store = store
        self._broker = broker
        self._registry = registry
        self._door = Door(registry)
        self._authority = authority
        self._clock = clock
        self._waiting: dict[EdgeId, Admitted] = {}
        self._wake = asyncio.Event()
        self.counts = Counts()

    async def run(self) -> None:
        """Until cancelled."""
        while self._registry.number < 0:  # noqa: ASYNC110 why: the registry sets no event; bounded by the process's life
            await asyncio.sleep(KNOWN_SECONDS)
        await self._broker.start()
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._read(), name="certificate-reader")
                tasks.create_task(self._work(), name="certificate-worker")
        finally:
            await self._broker.stop()

    async def _read(self) -> None:
        while True:  # bounded by the process's life; each round waits for a message
            messages = await self._broker.messages(READ_LIMIT)
            for message in messages:
                admitted = self._door.admit(message.topic, message.payload)
                if not isinstance(admitted, Admitted):
                    self.counts.turned_away += 1
                elif len(self._waiting) < WAITING_LIMIT:
                    self._waiting[admitted.edge.id] = admitted
                    self._wake.set()
            self._broker.acknowledge(messages)

    async def _work(self) -> None:
        while True:  # bounded by the process's life; each round waits for an ask
            await self._wake.wait()
            self._wake.clear()
            while self._waiting:
                await self._take(self._waiting.pop(next(iter(self._waiting))))

    async def _take(self, admitted: Admitted) -> None:
        """One ask; whom we cannot answer now asks again."""
        edge = admitted.edge.id
        try:
            ask = read_body(admitted.frame, CertificateAsk)
            decision = await self._decide(edge, ask)
        except (Malformed, Unknown, Refused) as error:
            self.counts.turned_away += 1
            _log.warning("no certificate for %s: %s", edge, error)
            return
        except Unavailable as error:
            _log.warning("a certificate waits for the database: %s", error.subject)
            return
        self._note(edge, decision)
        self._answer(admitted, decision.answer)

    async def _decide(self, edge: EdgeId, ask: CertificateAsk) -> Decision:
        at = self._clock.now().wall

        def judge(given: Sequence[Given]) -> Decision:
            return decide(self._authority, edge, ask, given, at=at)

        return await self._store.renew(edge, judge, at)

    def _note(self, edge: EdgeId, decision: Decision) -> None:
        if decision.issued is not None:
            self.counts.issued += 1
            _log.info("a new certificate for %s, due at %d", edge, decision.issued.due_at)
        if decision.answer.refusal is not None:
            self.counts.refused += 1
            _log.warning("no certificate for %s: %s", edge, decision.answer.refusal.value)

    def _answer(self, admitted: Admitted, answer: CertificateAnswer) -> None:
        """To the run and beat that asked."""
        asked, edge = admitted.frame.header, admitted.edge
        header = Header(kind=Kind.CERTIFICATE_ANSWER, edge=edge.id, run=asked.run, beat=asked.beat)
        frame = pack(header, encode_body(answer), edge.keys.down)
        if self._broker.publish(topic.certificate(admitted.shard, edge.id), frame):
            self.counts.answered += 1
