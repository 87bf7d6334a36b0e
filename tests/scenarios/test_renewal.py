"""An edge renews its certificate by itself: 200 days, real TLS, real broker, real database."""

import asyncio
import contextlib
import itertools
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from edge.uplink import Outgoing
from gateway.adapters.mqtt_stream import MqttStream
from gateway.adapters.postgres.registry import enrol
from gateway.embedded import Binaries, PrivateBroker
from gateway.model.certificates import DUE_AFTER, RENEW_AFTER, Authority, make_authority
from homecare import wire
from homecare.clock import DAY, ManualClock
from homecare.event import Stream
from homecare.identity import new_id
from homecare.renewal import CertificateAnswer, CertificateAsk, CertificateOutcome, CertificateRefusal, statement
from tests.asking import rows
from tests.gateway.enrolled import Household, household
from tests.scenarios.edge import Edge
from tests.scenarios.ledger import Ledger
from tests.scenarios.renewal import CertifiedEdge, Gateway, certified_files, certifying, days_ago
from tests.waiting import SECONDS, until

BEGINS = 202
"""Days ago: whoever waits until day 200 is still in the past."""
YEAR = 365 * DAY
MARK = b"so far"
"""No frame; an edge that hears it does nothing."""
AUTHORITY = make_authority(days_ago(BEGINS + 1))
STRANGER = make_authority(days_ago(BEGINS + 1))
FAULTS = "SELECT home, active FROM alert WHERE condition = 'certificate_overdue'"
GIVEN = "SELECT serial, seen_at FROM certificate WHERE edge = %s ORDER BY issued_at"


@pytest.fixture(scope="module")
def certifier(binaries: Binaries, tmp_path_factory: pytest.TempPathFactory) -> Iterator[PrivateBroker]:
    with certifying(binaries, tmp_path_factory.mktemp("renewal"), AUTHORITY) as broker:
        yield broker


class Scene:
    """One house, its edge, and a gateway; the edge's clock shows `edge_wall` on the first day."""

    def __init__(
        self, database_url: str, broker: PrivateBroker, folder: Path, number: int, *, edge_wall: int | None = None
    ) -> None:
        self.house: Household = household(number)
        self.broker = broker
        self.database_url = database_url
        began = days_ago(BEGINS)
        self.clock = ManualClock(wall=began)
        self.edge_clock = ManualClock(wall=began if edge_wall is None else edge_wall)
        enrol(database_url, self.house.registration)
        files = certified_files(folder / "edge", self.house, AUTHORITY, at=began)
        inside = Edge(self.house, folder / "journal.db", Ledger(), clock=self.edge_clock)
        self.edge = CertifiedEdge(inside, files, broker, self.edge_clock)

    def gateway(self, authority: Authority = AUTHORITY) -> Gateway:
        return Gateway(self.database_url, self.broker, authority, self.clock)

    async def days(self, count: int, gateway: Gateway, *, answered: bool = True) -> None:
        for _ in range(count):
            self.clock.advance(DAY)
            await self.edge.day(answered=answered)
            await gateway.enrolment.tell_of_overdue()
            assert self.edge.online

    @property
    def faults(self) -> list[tuple[object, ...]]:
        return rows(self.database_url, FAULTS)

    @property
    def given(self) -> list[tuple[object, ...]]:
        return rows(self.database_url, GIVEN, self.house.edge)

    @contextlib.asynccontextmanager
    async def alive(self, authority: Authority = AUTHORITY) -> AsyncIterator[Gateway]:
        gateway = self.gateway(authority)
        async with gateway.serving(), self.edge.on_line():
            yield gateway


@pytest.mark.asyncio
async def test_two_hundred_days_without_a_fault(database_url: str, certifier: PrivateBroker, tmp_path: Path) -> None:
    """Renewed on the days 60, 120 and 180; not one connection is refused, and nobody is told anything."""
    scene = Scene(database_url, certifier, tmp_path, 201)
    serials = []
    async with scene.alive() as gateway:
        for _ in range(200):
            await scene.days(1, gateway)
            serials.append(scene.edge.serial)
    changed = [day for day, (one, other) in enumerate(itertools.pairwise(serials), 2) if one != other]
    assert changed == [60, 120, 180]
    assert not scene.faults
    assert scene.edge.connections == scene.edge.attempts == 4, "one at the start and one for every new certificate"
    assert [serial for serial, seen in scene.given if seen] == list(dict.fromkeys(serials))
    assert gateway.renewal.counts.issued == 3
    scene.edge.edge.journal.close()


@pytest.mark.asyncio
async def test_refused_it_goes_on_and_an_alarm_passes(
    database_url: str, certifier: PrivateBroker, tmp_path: Path
) -> None:
    """The gateway lost its authority: from day 90 people see the fault; the press arrives; then all is mended."""
    scene = Scene(database_url, certifier, tmp_path, 202)
    async with scene.alive() as gateway:
        await scene.days(1, gateway)
    async with scene.alive(STRANGER) as gateway:
        await scene.days(88, gateway)
        assert not scene.faults
        await scene.days(2, gateway)
        assert scene.faults == [(scene.house.home, True)]
        assert gateway.renewal.counts.refused >= 90
        assert len(scene.given) == 1
        press = scene.edge.edge.press()
        await until(lambda: scene.edge.edge.receipted(Stream.ALARM) == 1)
        assert rows(database_url, "SELECT home FROM alert WHERE condition = 'help_call'") == [(scene.house.home,)]
        assert press
    async with scene.alive() as gateway:
        await scene.days(1, gateway)
        assert scene.faults == [(scene.house.home, False)], "renewed, and the fault has ended"
        assert len(scene.given) == 2
    scene.edge.edge.journal.close()


@pytest.mark.asyncio
async def test_a_gateway_that_is_away_for_days_is_asked_again(
    database_url: str, certifier: PrivateBroker, tmp_path: Path
) -> None:
    scene = Scene(database_url, certifier, tmp_path, 203)
    async with scene.alive() as gateway:
        await scene.days(58, gateway)
    async with scene.edge.on_line():
        for _ in range(17):
            scene.clock.advance(DAY)
            await scene.edge.day(answered=False)
        assert len(scene.edge.asks) == 58 + 17, "never less than once a day"
    async with scene.alive() as gateway:
        await scene.days(2, gateway)
        assert not scene.faults
        assert len(scene.given) == 2
    scene.edge.edge.journal.close()


@pytest.mark.asyncio
@pytest.mark.parametrize("years", [-50, 30])
async def test_an_edge_whose_clock_is_wrong_by_years_renews_on_the_same_day(
    database_url: str, certifier: PrivateBroker, tmp_path: Path, years: int
) -> None:
    """The gateway's clock counts. Red if the edge compares dates with its own."""
    scene = Scene(database_url, certifier, tmp_path, 204, edge_wall=days_ago(BEGINS) + years * YEAR)
    async with scene.alive() as gateway:
        await scene.days(59, gateway)
        assert len(scene.given) == 1
        await scene.days(2, gateway)
        assert len(scene.given) == 2
        assert not scene.faults
    scene.edge.edge.journal.close()


@pytest.mark.asyncio
@pytest.mark.parametrize("years", [-20, 5])
async def test_a_brokers_certificate_of_another_time_is_believed(
    binaries: Binaries, database_url: str, tmp_path: Path, years: int
) -> None:
    """To an edge whose clock says 1970 or 2050 every certificate is: no date silences it."""
    with certifying(binaries, tmp_path, AUTHORITY, server_made_at=days_ago(0) + years * YEAR) as broker:
        scene = Scene(database_url, broker, tmp_path, 205)
        async with scene.alive():
            scene.edge.edge.press()
            await until(lambda: scene.edge.edge.receipted(Stream.ALARM) == 1)
        scene.edge.edge.journal.close()


@pytest.mark.asyncio
async def test_a_revoked_edge_gets_nothing(database_url: str, certifier: PrivateBroker, tmp_path: Path) -> None:
    """Not even an answer, though the broker has not been told yet."""
    scene = Scene(database_url, certifier, tmp_path, 206)
    async with scene.alive() as gateway:
        await scene.days(1, gateway)
        await gateway.enrolment.revoke(scene.house.edge)
        scene.clock.advance(RENEW_AFTER)
        before = gateway.renewal.counts.turned_away, gateway.renewal.counts.answered
        await scene.edge.day(answered=False)
        await until(lambda: gateway.renewal.counts.turned_away > before[0])
        assert gateway.renewal.counts.answered == before[1]
        assert len(scene.given) == 1
    scene.edge.edge.journal.close()


class Listener:
    """Somebody at the broker who repeats what an edge said, or says something of his own, and hears the answers."""

    def __init__(self, house: Household, broker_url: str) -> None:
        self.house = house
        self._answers = f"vaka/v1/{house.shard}/{house.edge}/down/certificate"
        self._broker = MqttStream(broker_url, client_id=new_id("listener"), filters=[(self._answers, 1)])

    async def __aenter__(self) -> "Listener":
        await self._broker.start()
        await until(lambda: self._broker.connected)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._broker.stop()

    async def answer(self, frame: bytes) -> CertificateAnswer:
        await self._hear_out()
        assert self._broker.publish(self.house.topic("certificate"), frame, qos=0)
        [message] = await self._broker.messages(1)
        return wire.read_body(wire.unpack(message.payload), CertificateAnswer)

    async def _hear_out(self) -> None:
        """Answers that the edge has already may still be on their way to us: what is said now comes behind them."""
        assert self._broker.publish(self._answers, MARK, qos=1)
        async with asyncio.timeout(SECONDS):
            while MARK not in [message.payload for message in await self._broker.messages(100)]:
                pass


def asked(frame: bytes) -> CertificateAsk:
    return wire.read_body(wire.unpack(frame), CertificateAsk)


@pytest.mark.asyncio
async def test_a_repeated_ask_gets_nothing_new(database_url: str, certifier: PrivateBroker, tmp_path: Path) -> None:
    """Before the edge has it: the same certificate, also where the answer was lost. Afterwards: nothing at all."""
    scene = Scene(database_url, certifier, tmp_path, 207)
    async with scene.alive() as gateway, Listener(scene.house, certifier.url) as listener:
        await scene.days(59, gateway)
        scene.clock.advance(DAY)
        scene.edge_clock.advance(DAY)
        await scene.edge.renewing.step()
        await until(scene.edge.renewing.answered.is_set)
        await scene.edge.renewing.step()
        ask = scene.edge.asks[-1]
        assert asked(ask).request is not None
        first, again = await listener.answer(ask), await listener.answer(ask)
        assert first == again
        assert first.outcome is CertificateOutcome.ISSUED
        assert len(scene.given) == 2
        await scene.edge.day()
        assert len(scene.given) == 2
        assert scene.given[1][1] is not None, "seen in use"
        late = await listener.answer(ask)
        assert late == CertificateAnswer(CertificateOutcome.REFUSED, refusal=CertificateRefusal.SUPERSEDED)
        assert len(scene.given) == 2
    scene.edge.edge.journal.close()


@pytest.mark.asyncio
async def test_whoever_lacks_one_of_the_two_keys_gets_nothing(
    database_url: str, certifier: PrivateBroker, tmp_path: Path
) -> None:
    """The frame's authenticator proves the edge, the proof that it holds the certificate that it shows."""
    scene = Scene(database_url, certifier, tmp_path, 208)
    async with scene.alive() as gateway, Listener(scene.house, certifier.url) as listener:
        await scene.days(1, gateway)
        scene.clock.advance(RENEW_AFTER)
        header = wire.unpack(scene.edge.asks[-1]).header
        request = scene.edge.credentials.request()
        shown = scene.edge.credentials.present.pem
        right = scene.edge.credentials.present.sign(statement(scene.house.edge, shown, request))

        def frame(ask: CertificateAsk, key: bytes = scene.house.keys.up) -> bytes:
            return wire.pack(header, wire.encode_body(ask), key)

        for proof in ("00", scene.edge.credentials.present.sign(b"something else"), right[:-2]):
            said = await listener.answer(frame(CertificateAsk(shown, proof, request=request)))
            assert said == CertificateAnswer(CertificateOutcome.REFUSED, refusal=CertificateRefusal.PROOF)
        before = gateway.renewal.counts.turned_away
        forged = frame(CertificateAsk(shown, right, request=request), bytes(32))
        scene.edge.transport.send(Outgoing("certificate", forged))
        await until(lambda: gateway.renewal.counts.turned_away > before)
        assert len(scene.given) == 1
        said = await listener.answer(frame(CertificateAsk(shown, right, request=request)))
        assert said.outcome is CertificateOutcome.ISSUED
        assert len(scene.given) == 2
    scene.edge.edge.journal.close()


def test_there_is_a_month_of_asking_before_anybody_is_bothered() -> None:
    assert DUE_AFTER - RENEW_AFTER == 30 * DAY
