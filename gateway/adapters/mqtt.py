"""MQTT at the gateway: the only file here that touches the client library (paho, driven by asyncio's own loop).

MQTT 3.1.1, one persistent session a process and purpose, QoS 1, manual acknowledgement from the very first message.
Reading stops while more waits than `WAITING_BYTES`: then the broker's window of unacknowledged messages fills and the
broker keeps the rest, or drops it, which receipts make good.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote, urlsplit

from paho.mqtt.client import Client, ConnectFlags, DisconnectFlags, MQTTMessage, MQTTv311
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from gateway.adapters.backlog import WAITING_BYTES, Backlog
from gateway.ports.broker import Message
from homecare.ending import end
from homecare.errors import Unavailable

if TYPE_CHECKING:
    from paho.mqtt.client import SocketLike

log = logging.getLogger(__name__)

READS_A_WAKE: Final = 256
"""Packets read before the loop runs other things: about 10 ms."""
KEEPALIVE_SECONDS: Final = 30
CONNECT_SECONDS: Final = 5.0
BACKOFF_SECONDS: Final = (0.1, 0.2, 0.5, 1.0, 2.0)
"""Waits between attempts; the last one repeats. A broker's restart takes about a second."""
INFLIGHT: Final = 1_000
"""Published and unacknowledged by the broker; receipts may be lost, so more is refused instead of kept."""
_MISC_SECONDS: Final = 1.0
_DEFAULT_PORT: Final = 1883


class MqttBroker:
    """A `gateway.ports.broker.Broker` over one connection to `url` (`mqtt://[user:password@]host[:port]`).

    `client_id` names the persistent session: a second process that takes the same id takes the session over.
    """

    def __init__(self, url: str, *, client_id: str, filters: Sequence[tuple[str, int]]) -> None:
        self._where = urlsplit(url)
        if self._where.scheme != "mqtt" or not self._where.hostname:
            raise ValueError("VAKA_BROKER_URL is mqtt://[user:password@]host[:port]")
        self._filters = list(filters)
        self._backlog = Backlog()
        self._lost = asyncio.Event()
        self._granted = False
        self._reading: SocketLike | None = None
        self._paused = False
        self._sockets: set[SocketLike] = set()
        self._task: asyncio.Task[None] | None = None
        self._received = 0
        self.connections = 0
        self.grants = 0
        self.retained = 0
        """Messages refused because a broker had kept them: nothing of ours is ever retained."""
        self._client = self._new_client(client_id)

    def _new_client(self, client_id: str) -> Client:
        client = Client(
            CallbackAPIVersion.VERSION2,
            client_id=client_id,
            clean_session=False,
            protocol=MQTTv311,
            manual_ack=True,
            reconnect_on_failure=False,
        )
        if self._where.username is not None:
            client.username_pw_set(unquote(self._where.username), unquote(self._where.password or ""))
        client.max_inflight_messages_set(INFLIGHT)
        client.max_queued_messages_set(INFLIGHT)
        client.connect_timeout = CONNECT_SECONDS
        client.on_connect = self._on_connect
        client.on_subscribe = self._on_subscribe
        client.on_disconnect = self._on_disconnect
        client.on_message = self._on_message
        client.on_socket_open = self._on_socket_open
        client.on_socket_close = self._on_socket_close
        client.on_socket_register_write = self._on_register_write
        client.on_socket_unregister_write = self._on_unregister_write
        return client

    @property
    def connected(self) -> bool:
        """Whether the subscriptions of the present connection were granted."""
        return self._granted

    @property
    def waiting(self) -> int:
        """Messages that were read and not yet taken."""
        return len(self._backlog)

    @property
    def paused(self) -> bool:
        """Whether reading stands still because too much waits."""
        return self._paused

    async def start(self) -> None:
        """Begin to connect and keep connecting; returns at once."""
        self._loop = asyncio.get_running_loop()
        self._task = asyncio.create_task(self._keep_connected(), name="mqtt")
        self._task.add_done_callback(self._backlog.close)

    async def stop(self) -> None:
        """Disconnect in order; what was not acknowledged comes again to the same session."""
        if self._task is None:
            return
        await end(self._task)
        self._task = None
        self._client.disconnect()
        self._client.loop_write()
        for sock in tuple(self._sockets):
            self._forget(sock)
            sock.close()
        self._granted = False
        self._backlog.clear()

    async def messages(self, limit: int) -> list[Message]:
        """Everything that waits, at most `limit`, oldest first; waits for the first one."""
        await self._backlog.arrival()
        return self.take(limit)

    async def wait(self, seconds: float) -> None:
        """Return when anything waits, at the latest after `seconds`."""
        await self._backlog.arrival_within(seconds)

    def take(self, limit: int, *, size: int = WAITING_BYTES) -> list[Message]:
        """What waits now, at most `limit` messages and about `size` bytes of payload; perhaps nothing."""
        taken = self._backlog.take(limit, size)
        if self._paused and self._backlog.roomy:
            self._paused = False
            if self._reading is not None:
                self._loop.add_reader(self._reading, self._read)
        return taken

    def acknowledge(self, messages: Sequence[Message]) -> None:
        """Let the broker forget these; does nothing for those of an earlier connection."""
        connection = self.connections << 16
        for message in messages:
            if message.token > connection:
                self._client.ack(message.token & 0xFFFF, 1)

    def publish(self, topic: str, payload: bytes, *, qos: int = 1) -> bool:
        """Hand over one message; False, and it is gone, while there is no connection or too much is in flight."""
        return self._granted and self._client.publish(topic, payload, qos).rc == MQTTErrorCode.MQTT_ERR_SUCCESS

    async def _keep_connected(self) -> None:
        attempt = 0
        while True:  # bounded by the process's life; each round waits
            self._lost.clear()
            granted = self.grants
            try:
                await asyncio.to_thread(self._connect)
                await self._supervise()
            except (OSError, Unavailable) as error:
                log.warning("broker does not answer: %s", type(error).__name__)
            attempt = 0 if self.grants != granted else min(attempt + 1, len(BACKOFF_SECONDS) - 1)
            await asyncio.sleep(BACKOFF_SECONDS[attempt])

    def _connect(self) -> None:
        host, port = self._where.hostname or "", self._where.port or _DEFAULT_PORT
        self._client.connect(host, port, keepalive=KEEPALIVE_SECONDS)

    async def _supervise(self) -> None:
        """Until the connection ends; `Unavailable` for a broker that accepts and then does not answer."""
        deadline = self._loop.time() + CONNECT_SECONDS
        while not self._lost.is_set():
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_MISC_SECONDS):
                    await self._lost.wait()
            if not self._paused:
                self._client.loop_misc()
            if not self._granted and self._loop.time() > deadline:
                raise Unavailable("connect", "broker", "it took the connection and then said nothing")

    # --- the library's callbacks: all in the loop's thread but `_on_socket_open` and what `_connect` writes

    def _on_connect(
        self, client: Client, _: object, flags: ConnectFlags, reason: ReasonCode, properties: Properties | None
    ) -> None:
        del flags, properties
        if reason.is_failure:
            log.error("broker refused the connection: %s", reason)
            return
        client.subscribe(self._filters)

    def _on_subscribe(
        self, client: Client, _: object, mid: int, reasons: list[ReasonCode], __: Properties | None
    ) -> None:
        del client, mid
        if any(reason.is_failure for reason in reasons):
            log.error("broker refused a subscription")
            return
        self._granted = True
        self.grants += 1

    def _on_disconnect(
        self, client: Client, _: object, flags: DisconnectFlags, reason: ReasonCode, __: Properties | None
    ) -> None:
        del client, flags
        log.info("broker connection ended: %s", reason)
        self._granted = False
        self._lost.set()

    def _on_message(self, client: Client, _: object, message: MQTTMessage) -> None:
        self._received += 1
        if message.retain:
            self.retained += 1
            client.ack(message.mid, message.qos)
            return
        try:
            topic = message.topic
        except UnicodeDecodeError:
            topic = ""
        token = (self.connections << 16) + message.mid if message.qos else 0
        self._backlog.add(Message(topic, bytes(message.payload), token))

    def _on_socket_open(self, client: Client, _: object, sock: SocketLike) -> None:
        del client
        if isinstance(sock, socket.socket):
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._loop.call_soon_threadsafe(self._opened, sock)

    def _opened(self, sock: SocketLike) -> None:
        if sock.fileno() < 0:
            return
        if self._task is None:
            sock.close()
            return
        self.connections += 1
        self._reading = sock
        self._sockets.add(sock)
        if not self._paused:
            self._loop.add_reader(sock, self._read)

    def _on_socket_close(self, client: Client, _: object, sock: SocketLike) -> None:
        del client
        self._forget(sock)

    def _forget(self, sock: SocketLike) -> None:
        self._sockets.discard(sock)
        if sock.fileno() >= 0:
            self._loop.remove_reader(sock)
            self._loop.remove_writer(sock)
        if self._reading is sock:
            self._reading = None

    def _on_register_write(self, client: Client, _: object, sock: SocketLike) -> None:
        del client
        self._loop.call_soon_threadsafe(self._want_write, sock)

    def _want_write(self, sock: SocketLike) -> None:
        if sock.fileno() >= 0:
            self._loop.add_writer(sock, self._client.loop_write)

    def _on_unregister_write(self, client: Client, _: object, sock: SocketLike) -> None:
        del client
        self._loop.remove_writer(sock)

    def _read(self) -> None:
        """Read packets until none is whole, the turn is over or too much waits."""
        for _ in range(READS_A_WAKE):
            received = self._received
            self._client.loop_read()
            if self._received == received:
                return
            if self._backlog.full:
                self._paused = True
                if self._reading is not None:
                    self._loop.remove_reader(self._reading)
                return
