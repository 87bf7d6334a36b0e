"""The alarm process: intake of the alarm topics, the feed's relay and the desk, in one event loop.

It inserts only (protocol rule 13) and shares nothing with the bulk process but the database. A second one may run
beside it, on another machine or port: each has its own session at the broker, and whatever both take happens once.
"""

import asyncio
import contextlib
import logging
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from gateway.adapters.mqtt import MqttBroker
from gateway.adapters.mqtt_stream import MqttStream
from gateway.adapters.postgres.alarm_intake import LOCK_MS, PostgresAlarms
from gateway.adapters.postgres.audit_entries import PostgresAudit
from gateway.adapters.postgres.case import PostgresCases
from gateway.adapters.postgres.chunks import open_ahead
from gateway.adapters.postgres.connections import Connections
from gateway.adapters.postgres.desk_views import PostgresDesk
from gateway.adapters.postgres.feed import PostgresFeed
from gateway.adapters.postgres.passkeys import PostgresPasskeys
from gateway.adapters.postgres.people import PostgresPeople
from gateway.adapters.postgres.pool import connect
from gateway.adapters.postgres.registry import PostgresRegistry
from gateway.adapters.postgres.tenancy import PostgresTenancy
from gateway.alarms.feed import Feed
from gateway.climbing import climb
from gateway.config import Config, read_key
from gateway.doorkeeping import Doorkeeping
from gateway.health import Health
from gateway.identity import Identity
from gateway.intake.alarm_intake import WORKERS, AlarmIntake
from gateway.intake.registry import REFRESH_SECONDS, Registry
from gateway.listening import listening, maybe_listening
from gateway.people.sessions import Sessions
from gateway.people.signing_in import SigningIn
from gateway.ports.broker import Broker
from gateway.ports.passkeys import PasskeyVerifier
from gateway.visiting import Visiting
from homecare.clock import Clock, SystemClock
from homecare.errors import Unavailable
from homecare.topic import all_up

if TYPE_CHECKING:
    from gateway.web.server import Server

log = logging.getLogger(__name__)

NAME: Final = "vaka-alarm"
"""The process in the database's lists."""
DESK_CONNECTIONS: Final = 3
"""For screens: each call takes one for some milliseconds."""
DESK_LOCK_MS: Final = 1_000
"""An operator's action waits this long for another one on the same alert."""
CHUNKS_EVERY: Final = 3_600.0
"""Seconds; chunks are opened a day ahead."""
RETRY_SECONDS: Final = 0.5
"""Between attempts of the housekeeping while the database is away."""
WEB_LOOKS: Final = 100
WEB_LOOK_SECONDS: Final = 0.02
"""Two seconds in all: that long the web waits for the broker. Where there is none, it has to say so."""
WEB_SETTLE_SECONDS: Final = 0.2
"""After the subscription: what waited at the broker is committed by then."""
STATIC: Final = Path(__file__).parent / "web" / "static"


async def run(config: Config) -> None:
    """Serve until cancelled. `PortTaken` where a port is; everything else that is away is waited for."""
    clock = SystemClock()
    registry = Registry(read_key(config.key_file))
    token = read_token(config.data)
    with listening(config.port, "VAKA_PORT") as plain, maybe_listening(config.tls_port, "VAKA_TLS_PORT") as secure:
        async with _connections(config.database_url) as (alarms, desk, feed_store):
            broker = MqttBroker(
                config.broker_url,
                client_id=config.session("alarm", socket.gethostname(), config.port),
                filters=[(all_up("alarm"), 1)],
            )
            beats = MqttStream(
                config.broker_url,
                client_id=config.session("alarm-beats", socket.gethostname(), config.port),
                filters=[(all_up("heartbeat"), 0)],
            )
            feed = Feed(feed_store, clock)
            store = PostgresDesk(desk)
            intake = AlarmIntake(
                registry, broker, beats=beats, store=PostgresAlarms(alarms), clock=clock, told=feed.kick
            )
            doors = Doorkeeping(config.database_url, broker, registry, pulses=intake.pulses, clock=clock)
            health = Health(store, broker)
            people = PostgresPeople(desk)
            cases = PostgresCases(desk)
            identity = Identity(config, desk, registry, clock)
            visiting = Visiting(config, feed, cases, clock=clock)
            sessions = Sessions(people, clock)
            origins = config.origins(plain.getsockname()[1])
            signing_in = SigningIn(
                people, PostgresPasskeys(desk), sessions=sessions, verifier=_verifier(origins[0]), clock=clock
            )

            def build() -> "list[tuple[Server, socket.socket]]":
                """Imports only here: the web's libraries are two thirds of a start's processor time."""
                from gateway.web.app import create_app  # noqa: PLC0415 why: see above
                from gateway.web.server import Server, configured  # noqa: PLC0415 why: see above
                from gateway.web.services import Services  # noqa: PLC0415 why: see above

                services = Services(
                    store=store,
                    feed=feed,
                    health=health,
                    registry=registry,
                    clock=clock,
                    counts=intake.counts,
                    token=token,
                    broker_address=_address(config.broker_url),
                    static=STATIC,
                    people=people,
                    tenancy=PostgresTenancy(desk),
                    cases=cases,
                    visits=visiting.desk,
                    identity=identity,
                    access=doors.access,
                    audit=PostgresAudit(desk),
                    sessions=sessions,
                    signing_in=signing_in,
                    origins=origins,
                    demonstration=config.demonstration,
                )
                application = create_app(services)
                servers = [(Server(configured(application)), plain)]
                if secure is not None:
                    servers.append((Server(configured(application, certificate=identity.certificate)), secure))
                return servers

            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(_serve(build, broker), name="web")
                tasks.create_task(feed.run(), name="feed")
                tasks.create_task(health.run(), name="health")
                tasks.create_task(visiting.run(), name="visits")
                tasks.create_task(identity.run(), name="rights")
                tasks.create_task(_keep_chunks_open(alarms, clock), name="chunks")
                tasks.create_task(doors.run(feed.kick), name="doors")
                tasks.create_task(climb(config, clock, name=f"{NAME}-ladder", told=feed.kick), name="ladder")
                tasks.create_task(_take_alarms(config.database_url, registry, (broker, beats), intake), name="alarms")


async def _serve(build: Callable[[], "list[tuple[Server, socket.socket]]"], broker: MqttBroker) -> None:
    """Alarms first: what waits at the broker does not wait for the web to be loaded. Callers wait at the socket."""
    for _ in range(WEB_LOOKS):
        if broker.connected:
            break
        await asyncio.sleep(WEB_LOOK_SECONDS)
    await asyncio.sleep(WEB_SETTLE_SECONDS)
    async with asyncio.TaskGroup() as tasks:
        for server, listening in await asyncio.to_thread(build):
            tasks.create_task(server.serve(sockets=[listening]))


def _verifier(origin: str) -> Callable[[], PasskeyVerifier]:
    """Made when somebody signs in by passkey: loading the library costs as much as loading the web."""

    def make() -> PasskeyVerifier:
        from gateway.adapters.passkeys import WebauthnPasskeys  # noqa: PLC0415 why: see above

        return WebauthnPasskeys(origin)

    return make


async def _take_alarms(url: str, registry: Registry, brokers: Sequence[Broker], intake: AlarmIntake) -> None:
    """Listen only once it is known who may speak: before that every edge would be a stranger."""
    known = asyncio.Event()
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(_follow_registry(url, registry, known), name="registry")
        await known.wait()
        for broker in brokers:
            await broker.start()
        try:
            await intake.run()
        finally:
            for broker in brokers:
                await broker.stop()


async def _follow_registry(url: str, registry: Registry, known: asyncio.Event) -> None:
    """Read the registry again whenever it changed, over a connection of its own."""
    while True:  # bounded by the process's life
        try:
            async with contextlib.AsyncExitStack() as closing:
                connection = await connect(url, name=f"{NAME}-registry", autocommit=True)
                closing.push_async_callback(connection.close)
                source = PostgresRegistry(connection)
                while True:  # until the connection breaks
                    await registry.refresh(source)
                    known.set()
                    await asyncio.sleep(REFRESH_SECONDS)
        except Unavailable:
            log.warning("the registry waits for the database")
            await asyncio.sleep(RETRY_SECONDS)


async def _keep_chunks_open(connections: Connections, clock: Clock) -> None:
    while True:  # bounded by the process's life
        try:
            await open_ahead(connections, clock.now().wall)
            await asyncio.sleep(CHUNKS_EVERY)
        except Unavailable as error:
            log.warning("chunks wait for the database: %s", error.subject)
            await asyncio.sleep(RETRY_SECONDS)


@contextlib.asynccontextmanager
async def _connections(url: str) -> AsyncIterator[tuple[Connections, Connections, PostgresFeed]]:
    alarms = Connections(url, name=NAME, size=WORKERS + 1, lock_ms=LOCK_MS, keeps_plans=True)
    desk = Connections(url, name=f"{NAME}-desk", size=DESK_CONNECTIONS, lock_ms=DESK_LOCK_MS)
    feed = PostgresFeed(url, name=f"{NAME}-feed")
    try:
        yield alarms, desk, feed
    finally:
        closing: tuple[Callable[[], Awaitable[None]], ...] = (alarms.close, desk.close, feed.close)
        for close in closing:
            await close()


def read_token(data: Path) -> bytes:
    """The bearer token of `$VAKA_DATA/token`: 64 hex digits, made at the first start, readable by its owner only."""
    return read_key(data / "token").hex().encode("ascii")


def _address(broker_url: str) -> str:
    """Host and port alone: an address may carry a password."""
    where = urlsplit(broker_url)
    return f"{where.hostname}:{where.port or 1883}"
