"""Renewal at the edge: ask the gateway whether the certificate is to be renewed, and do what it says.

    soon after the start, then daily: ask -> not_yet, until tomorrow
                                          -> renew: make a key, ask with a request -> issued: keep it, connect with it
    connected with a new one: ask at once, so that the gateway sees it in use

The gateway's clock counts the age; only the edge's steady clock is used here. Whatever is refused, lost or cannot be
written, the edge goes on with the pair that it has. Work on files happens in a thread: nothing here delays an alarm.
"""

import asyncio
import contextlib
import logging
from collections.abc import Callable
from typing import Final

from edge.credentials import Credentials
from edge.uplink import Outgoing
from homecare import wire
from homecare.clock import DAY, HOUR, MINUTE, Clock
from homecare.errors import Refused, Unavailable
from homecare.identity import EdgeId, Epoch, jitter
from homecare.renewal import CertificateAnswer, CertificateAsk, CertificateOutcome, statement
from homecare.seal import SealKeys
from homecare.topic import CERTIFICATE
from homecare.wire import Header, Kind

FIRST_AFTER: Final = 10 * MINUTE
"""Microseconds, times 0.5 to 1 by chance, from the start to the first ask: a town that comes back after a power cut has
alarms to send first, and then asks over minutes."""
ASK_EVERY: Final = DAY
"""Microseconds, times 0.5 to 1 by chance, between asks: thirty of them and more fit between due and overdue."""
RETRY: Final = (1 * MINUTE, 5 * MINUTE, 30 * MINUTE, 2 * HOUR, 6 * HOUR)
"""Microseconds, times 0.5 to 1 by chance, until an ask without an answer is repeated; the last one repeats."""
TICK_SECONDS: Final = 1.0
"""Between two looks at the clock."""
_log = logging.getLogger(__name__)


class Renewing:
    """One run of one edge. `send` takes frames, `reconnect` ends the connection so that the next one is made."""

    def __init__(
        self,
        *,
        edge: EdgeId,
        run: Epoch,
        keys: SealKeys,
        credentials: Credentials,
        clock: Clock,
        send: Callable[[Outgoing], None],
        reconnect: Callable[[], None],
    ) -> None:
        self._edge = edge
        self._run = run
        self._keys = keys
        self._credentials = credentials
        self._clock = clock
        self._send = send
        self._reconnect = reconnect
        self.due = clock.now().elapsed + _by_chance(FIRST_AFTER)
        """When the next ask leaves, by the steady clock, if there is a connection then."""
        self._asked = 0
        self._open: int | None = None
        self._unanswered = 0
        self._online = False
        self._with_request = False
        self._answer: CertificateAnswer | None = None
        self.answered = asyncio.Event()
        """Set while an answer waits for `step`."""

    # --- what happened -----------------------------------------------------------------------------------------------

    def connected(self) -> None:
        """A new connection: with a new pair the gateway is to see it at once."""
        before = self._credentials.present
        self._credentials.connected()
        self._online = True
        if self._credentials.present is not before:
            self._again(0)

    def disconnected(self) -> None:
        """The connection is gone."""
        self._online = False

    def receive(self, data: bytes) -> None:
        """A frame of kind `certificate_answer`; nothing where it is not the first one to the newest ask.

        `Malformed` or `Refused` where our gateway did not make it for us.
        """
        frame = wire.unpack(data)
        frame.verify(self._keys.down)
        answer = wire.read_body(frame, CertificateAnswer)
        if frame.header.edge != self._edge:
            raise Refused("take certificate", "edge", "the answer is for another edge")
        if frame.header.run == self._run and frame.header.beat == self._open:
            self._open = None
            self._answer = answer
            self.answered.set()

    # --- what to do --------------------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Until cancelled."""
        while True:  # bounded by the process's life; each round waits
            await self.step()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(TICK_SECONDS):
                    await self.answered.wait()

    async def step(self) -> None:
        """Do what is due now. Nothing of it ends the edge: it is tried again."""
        answer, self._answer = self._answer, None
        self.answered.clear()
        try:
            if self._credentials.unsettled:
                await asyncio.to_thread(self._credentials.settle)
            if answer is not None:
                await self._take(answer)
            if self._online and self._clock.now().elapsed >= self.due:
                await self._ask()
        except Unavailable as error:
            _log.warning("renewal waits: %s", error)
            self._wait()

    async def _ask(self) -> None:
        if self._credentials.waiting:
            self._again(ASK_EVERY)
            self._reconnect()
            return
        self._wait()
        request = await asyncio.to_thread(self._credentials.request) if self._with_request else None
        pair = self._credentials.present
        shown = pair.pem
        ask = CertificateAsk(certificate=shown, proof=pair.sign(statement(self._edge, shown, request)), request=request)
        self._asked += 1
        self._open = self._asked
        header = Header(kind=Kind.CERTIFICATE_ASK, edge=self._edge, run=self._run, beat=self._asked)
        self._send(Outgoing(CERTIFICATE, wire.pack(header, wire.encode_body(ask), self._keys.up)))

    async def _take(self, answer: CertificateAnswer) -> None:
        self._unanswered = 0
        self._with_request = answer.outcome is CertificateOutcome.RENEW
        if answer.outcome is CertificateOutcome.RENEW:
            self._again(0)
        elif answer.outcome is CertificateOutcome.ISSUED and answer.certificate is not None:
            self._again(ASK_EVERY)
            if await asyncio.to_thread(self._credentials.take, answer.certificate):
                _log.info("a new certificate came; connecting with it")
                self._reconnect()
        else:
            self._again(ASK_EVERY)
            if answer.refusal is not None:
                _log.warning("the gateway renews no certificate (%s); the old one goes on", answer.refusal.value)

    def _again(self, after: int) -> None:
        self.due = self._clock.now().elapsed + _by_chance(after)

    def _wait(self) -> None:
        """Until the next ask if no answer comes."""
        self._again(RETRY[min(self._unanswered, len(RETRY) - 1)])
        self._unanswered += 1


def _by_chance(microseconds: int) -> int:
    return int(microseconds * jitter())
