"""When the edge asks, and what it makes of answers and of silence; the files are real, the line is the test's."""

import itertools
from pathlib import Path

import pytest

from edge.credentials import Credentials
from edge.renewing import ASK_EVERY, FIRST_AFTER, RETRY, Renewing
from edge.uplink import Outgoing
from gateway.model.certificates import make_authority
from homecare import wire
from homecare.clock import DAY, HOUR, ManualClock
from homecare.errors import Malformed, Refused
from homecare.identity import EdgeId, Epoch
from homecare.renewal import CertificateAnswer, CertificateAsk, CertificateOutcome, CertificateRefusal
from homecare.seal import agree_at_edge, public_key
from homecare.wire import Header, Kind
from tests.edge.certified import EDGE, answered, enrolled

AUTHORITY = make_authority(0)
KEYS = agree_at_edge(bytes(range(32)), public_key(bytes(range(32, 64))))
RUN = Epoch(0x77)
NOT_YET = CertificateAnswer(CertificateOutcome.NOT_YET)
RENEW = CertificateAnswer(CertificateOutcome.RENEW)


class Line:
    """An edge's renewal, and the other end of its connection."""

    def __init__(self, folder: Path) -> None:
        self.clock = ManualClock(wall=0)
        self.credentials = Credentials(enrolled(folder, AUTHORITY, at=0), EDGE)
        self.sent: list[wire.Frame] = []
        self.reconnections = 0
        self.renewing = Renewing(
            edge=EDGE,
            run=RUN,
            keys=KEYS,
            credentials=self.credentials,
            clock=self.clock,
            send=self._send,
            reconnect=self._reconnect,
        )

    def _send(self, outgoing: Outgoing) -> None:
        frame = wire.unpack(outgoing.frame)
        frame.verify(KEYS.up)
        self.sent.append(frame)

    def _reconnect(self) -> None:
        self.reconnections += 1
        self.renewing.disconnected()

    def connect(self) -> None:
        self.credentials.tls()
        self.renewing.connected()

    @property
    def asked(self) -> CertificateAsk:
        return wire.read_body(self.sent[-1], CertificateAsk)

    def answer(self, answer: CertificateAnswer, **changes: object) -> bytes:
        asked = self.sent[-1].header
        named = {"kind": Kind.CERTIFICATE_ANSWER, "edge": EDGE, "run": asked.run, "beat": asked.beat, **changes}
        return wire.pack(Header(**named), wire.encode_body(answer), KEYS.down)  # type: ignore[arg-type]

    async def hear(self, answer: CertificateAnswer) -> None:
        self.renewing.receive(self.answer(answer))
        await self.renewing.step()

    async def after(self, microseconds: int) -> int:
        """Let time pass; how many asks left."""
        before = len(self.sent)
        self.clock.advance(microseconds)
        await self.renewing.step()
        return len(self.sent) - before


@pytest.fixture
def line(tmp_path: Path) -> Line:
    made = Line(tmp_path)
    made.connect()
    return made


@pytest.mark.asyncio
async def test_it_asks_soon_after_the_start_and_then_daily(line: Line) -> None:
    assert await line.after(FIRST_AFTER // 2 - 1) == 0
    assert await line.after(FIRST_AFTER // 2 + 1) == 1
    assert line.asked.request is None
    await line.hear(NOT_YET)
    assert await line.after(ASK_EVERY // 2 - 1) == 0
    assert await line.after(ASK_EVERY // 2 + 1) == 1


@pytest.mark.asyncio
async def test_without_an_answer_it_waits_longer_and_longer_but_never_for_a_day(line: Line) -> None:
    assert await line.after(FIRST_AFTER) == 1
    for wait in (*RETRY, *RETRY[-1:] * 20):
        assert await line.after(wait // 2 - 1) == 0
        assert await line.after(wait - wait // 2 + 1) == 1
    assert RETRY[-1] == 6 * HOUR


@pytest.mark.asyncio
async def test_without_a_connection_it_asks_nobody(line: Line) -> None:
    line.renewing.disconnected()
    assert await line.after(30 * DAY) == 0
    line.connect()
    assert await line.after(0) == 1


@pytest.mark.asyncio
async def test_refused_it_says_so_and_goes_on(line: Line, caplog: pytest.LogCaptureFixture) -> None:
    old = line.credentials.present
    await line.after(FIRST_AFTER)
    await line.hear(CertificateAnswer(CertificateOutcome.REFUSED, refusal=CertificateRefusal.SUPERSEDED))
    assert "renews no certificate (superseded); the old one goes on" in caplog.text
    assert (line.credentials.present, line.reconnections) == (old, 0)
    assert await line.after(ASK_EVERY) == 1


@pytest.mark.asyncio
async def test_a_new_certificate_is_connected_with_at_once_and_shown_at_once(line: Line) -> None:
    await line.after(FIRST_AFTER)
    await line.hear(RENEW)
    request = line.asked.request
    assert request is not None
    await line.hear(CertificateAnswer(CertificateOutcome.ISSUED, certificate=answered(AUTHORITY, request, at=DAY)))
    assert line.reconnections == 1
    line.connect()
    assert await line.after(0) == 1
    assert line.asked.certificate == answered_with(line)
    assert line.asked.request is None


def answered_with(line: Line) -> str:
    return line.credentials.present.pem


@pytest.mark.asyncio
async def test_a_new_certificate_that_the_broker_refuses_is_tried_again_a_day_later(line: Line) -> None:
    await line.after(FIRST_AFTER)
    await line.hear(RENEW)
    request = line.asked.request
    assert request is not None
    await line.hear(CertificateAnswer(CertificateOutcome.ISSUED, certificate=answered(AUTHORITY, request, at=DAY)))
    line.credentials.tls()
    line.connect()
    assert await line.after(0) == 0, "the old pair has nothing to ask meanwhile"
    assert await line.after(ASK_EVERY) == 0
    assert line.reconnections == 2
    line.credentials.tls()
    line.connect()
    assert not line.credentials.waiting
    assert await line.after(ASK_EVERY) == 1, "given up; asked for again"


@pytest.mark.asyncio
async def test_only_the_first_answer_to_the_newest_ask_counts(line: Line) -> None:
    """Red without it: whoever repeats an old ask at the broker holds up the new certificate for ever."""
    await line.after(FIRST_AFTER)
    for answer in (line.answer(RENEW, beat=7), line.answer(RENEW, run=Epoch(0x78))):
        line.renewing.receive(answer)
        assert await line.after(0) == 0
    old = line.answer(RENEW)
    line.renewing.receive(line.answer(NOT_YET))
    line.renewing.receive(old)
    assert await line.after(0) == 0


@pytest.mark.asyncio
async def test_what_our_gateway_did_not_say_is_not_taken(line: Line) -> None:
    await line.after(FIRST_AFTER)
    good = line.answer(RENEW)
    forged = bytearray(good)
    forged[-1] ^= 1
    with pytest.raises(Refused):
        line.renewing.receive(bytes(forged))
    with pytest.raises(Refused):
        line.renewing.receive(line.answer(RENEW, edge=EdgeId("edge-000078")))
    with pytest.raises(Malformed):
        line.renewing.receive(line.answer(RENEW, kind=Kind.COMMAND))
    assert await line.after(0) == 0


@pytest.mark.asyncio
async def test_a_disk_that_takes_nothing_ends_nothing(line: Line, tmp_path: Path) -> None:
    """It asks again later, with waits that grow; the pair in use goes on."""
    (tmp_path / "certificate.next.key.new").mkdir()
    await line.after(FIRST_AFTER)
    await line.hear(RENEW)
    for wait, following in itertools.pairwise(RETRY):
        assert await line.after(wait) == 0
        assert following > wait
    (tmp_path / "certificate.next.key.new").rmdir()
    assert await line.after(RETRY[-1]) == 1
    assert line.asked.request is not None
