"""A certified edge and the gateway's side of renewal, on a real broker over TLS and a real database; days pass at will.

The gateway's and the edge's clocks are set by the scenario, and both begin so long ago that the certificates of the
last day are valid today: the broker has the machine's clock.
"""

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

from edge.config import Certificates
from edge.credentials import Credentials
from edge.renewing import Renewing
from edge.transports.mqtt import MqttTransport
from edge.uplink import Outgoing
from gateway.adapters.mqtt_stream import MqttStream
from gateway.adapters.postgres.alarm_intake import LOCK_MS, PostgresAlarms
from gateway.adapters.postgres.connections import Connections
from gateway.adapters.postgres.enrolment import PostgresEnrolment
from gateway.adapters.postgres.registry_source import ReconnectingRegistry
from gateway.edges.enrolment import Enrolment
from gateway.embedded import Binaries, PrivateBroker
from gateway.embedded.broker import EdgeListener
from gateway.intake.alarm_intake import AlarmIntake
from gateway.intake.registry import Registry
from gateway.intake.renewing import Renewing as Renewal
from gateway.model.broker_rights import rights
from gateway.model.certificates import Authority, issue_server
from homecare.clock import DAY, ManualClock, SystemClock
from homecare.identity import new_id
from homecare.topic import CERTIFICATE, all_up
from homecare.wire import Kind, kind_of
from tests.edge.certified import enrolled
from tests.gateway.enrolled import GATEWAY_PRIVATE, Household
from tests.ports import new_port
from tests.scenarios.edge import PUMP_SECONDS, Edge
from tests.waiting import end, until

ROUNDS = 8
"""Asks of one day: three of a renewal, and some."""


@contextlib.contextmanager
def certifying(
    binaries: Binaries, folder: Path, authority: Authority, *, server_made_at: int | None = None
) -> Iterator[PrivateBroker]:
    """A broker that takes edges of this authority; its own certificate may be of another time."""
    at = SystemClock().now().wall if server_made_at is None else server_made_at
    server = issue_server(authority, ["127.0.0.1"], at=at)
    listener = EdgeListener(
        port=new_port(),
        authority=authority.certificate,
        server_certificate=server.certificate,
        server_key=server.key,
        rights=rights([]),
    )
    broker = PrivateBroker(binaries, folder / "broker", new_port(), edges=listener)
    broker.start()
    try:
        yield broker
    finally:
        broker.stop()


class Gateway:
    """Renewal and the alarm lane, with the scenario's clock."""

    def __init__(self, database_url: str, broker: PrivateBroker, authority: Authority, clock: ManualClock) -> None:
        self.clock = clock
        self.registry = Registry(GATEWAY_PRIVATE)
        self._source = ReconnectingRegistry(database_url)
        self._connections = Connections(database_url, name="test-renewal", size=4, lock_ms=LOCK_MS * 40)
        self.store = PostgresEnrolment(self._connections)
        self.enrolment = Enrolment(self.store, authority, clock)
        asks = MqttStream(broker.url, client_id=new_id("certificates"), filters=[(all_up(CERTIFICATE), 0)])
        self.renewal = Renewal(self.store, asks, self.registry, authority=authority, clock=clock)
        self._asks = asks
        self._alarms = MqttStream(broker.url, client_id=new_id("alarm"), filters=[(all_up("alarm"), 1)])
        self._beats = MqttStream(broker.url, client_id=new_id("beats"), filters=[(all_up("heartbeat"), 0)])
        self._intake = AlarmIntake(
            self.registry,
            self._alarms,
            beats=self._beats,
            store=PostgresAlarms(self._connections),
            clock=clock,
            told=lambda: None,
        )

    @contextlib.asynccontextmanager
    async def serving(self) -> AsyncIterator[None]:
        """At work until the end of the block."""
        await self.registry.refresh(self._source)
        await self._alarms.start()
        await self._beats.start()
        tasks = [asyncio.create_task(self.renewal.run()), asyncio.create_task(self._intake.run())]
        try:
            await until(lambda: self._asks.connected and self._alarms.connected)
            yield
            assert not any(task.done() for task in tasks)
        finally:
            await end(*tasks)
            await self._alarms.stop()
            await self._beats.stop()
            await self._connections.close()
            await self._source.close()


class CertifiedEdge:
    """The edge of a house as it runs: journal, uplink, credentials, renewal, and its transport over TLS."""

    def __init__(self, edge: Edge, files: Certificates, broker: PrivateBroker, clock: ManualClock) -> None:
        self.house: Household = edge.house
        self.edge = edge
        self.clock = clock
        self.credentials = Credentials(files, self.house.edge)
        self.asks: list[bytes] = []
        self.connections = 0
        self.attempts = 0
        self.online = False
        self.transport = MqttTransport(
            broker.edges_url, edge=self.house.edge, shard=self.house.shard, tls=self._attempt
        )
        self.renewing = Renewing(
            edge=self.house.edge,
            run=edge.journal.epoch,
            keys=self.house.keys,
            credentials=self.credentials,
            clock=clock,
            send=self._send,
            reconnect=self.transport.reconnect,
        )

    def _attempt(self) -> ssl.SSLContext:
        self.attempts += 1
        return self.credentials.tls()

    def _send(self, outgoing: Outgoing) -> None:
        self.asks.append(outgoing.frame)
        self.transport.send(outgoing)

    def _up(self) -> None:
        self.connections += 1
        self.online = True
        self.renewing.connected()
        self.edge.connected()

    def _down(self) -> None:
        self.online = False
        self.renewing.disconnected()
        self.edge.uplink.disconnected()

    def _hear(self, frame: bytes) -> None:
        if kind_of(frame) is Kind.CERTIFICATE_ANSWER:
            self.renewing.receive(frame)
        else:
            self.edge.hear(frame)

    async def _pump(self) -> None:
        while True:  # bounded by the scenario
            if self.online:
                self.edge.pump()
                for outgoing in self.edge.out:
                    self.transport.send(outgoing)
                self.edge.out.clear()
            await asyncio.sleep(PUMP_SECONDS)

    @contextlib.asynccontextmanager
    async def on_line(self) -> AsyncIterator[None]:
        """Connected until the end of the block."""
        run = self.transport.run(self._up, self._down, self._hear)
        tasks = [asyncio.create_task(run), asyncio.create_task(self._pump())]
        try:
            await until(lambda: self.online)
            yield
        finally:
            await end(*tasks)

    @property
    def serial(self) -> str:
        """Of the certificate that it uses."""
        return f"{self.credentials.present.certificate.serial_number:x}"

    async def day(self, *, answered: bool = True) -> None:
        """A day passes at the edge, and what was due in it is done."""
        self.clock.advance(DAY)
        for _ in range(ROUNDS):
            asked = len(self.asks)
            await self.renewing.step()
            await until(lambda: self.online and not self.credentials.waiting)
            if len(self.asks) == asked:
                if not self.credentials.unsettled and self.renewing.due > self.clock.now().elapsed:
                    return
            elif answered:
                await until(self.renewing.answered.is_set)
        assert not answered, "it never comes to rest"


def certified_files(folder: Path, house: Household, authority: Authority, *, at: int) -> Certificates:
    """As enrolment leaves them."""
    folder.mkdir(parents=True, exist_ok=True)
    return enrolled(folder, authority, at=at, edge=house.edge)


def days_ago(days: int) -> int:
    """The wall time on which a scenario begins that ends today."""
    return SystemClock().now().wall - days * DAY
