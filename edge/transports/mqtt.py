"""MQTT: carries frames between the edge and a broker that may lose every one of them.

The only file of the edge that knows `aiomqtt`. Clean sessions, because the journal is the memory. Facts go with QoS 1
for flow control, heartbeats and asks for a certificate with QoS 0. Two lanes publish side by side, so that an alarm or
heartbeat never waits behind bulk in our own queues. Nothing that happens here removes anything from the journal.
"""

import asyncio
import logging
import socket
import ssl
from collections.abc import Callable
from typing import Any, Final
from urllib.parse import urlsplit

import aiomqtt

from edge.uplink import Outgoing
from homecare import topic
from homecare.ending import end
from homecare.errors import Malformed
from homecare.identity import EdgeId, jitter

KEEPALIVE_SECONDS: Final = 15
"""A dead line is noticed within some 25 s: before three heartbeats are missed."""
ANSWER_SECONDS: Final = 10.0
"""Longer without the broker's acknowledgement and the connection counts as dead."""
BACKOFF_SECONDS: Final = (0.2, 0.5, 1, 2, 4, 8, 15)
"""Waits before the next connection, each times 0.5 to 1 by chance; the last one repeats."""
URGENT_LIMIT: Final = 256
"""Frames waiting in the urgent lane; more are dropped and sent again by the uplink."""
BULK_LIMIT: Final = 32
"""Frames waiting in the bulk lane: 2 MiB at the very most."""
HEARD_LIMIT: Final = 1000
"""Receipts waiting to be read; more are dropped, because later ones say the same."""
_URGENT: Final = frozenset({"alarm", "heartbeat"})
_AT_MOST_ONCE: Final = frozenset({"heartbeat", topic.CERTIFICATE})
_PORTS: Final = {"mqtt": 1883, "mqtts": 8883}
_log = logging.getLogger(__name__)


class MqttTransport:
    """The edge's connection to its broker; `url` is `mqtt://` or `mqtts://` with host, port, user and password.

    `tls` gives, for each connection, how the broker is believed and who we say we are; without it the machine's own
    authorities count.
    """

    def __init__(self, url: str, *, edge: EdgeId, shard: int, tls: Callable[[], ssl.SSLContext] | None = None) -> None:
        parts = urlsplit(url)
        if parts.scheme not in _PORTS or not parts.hostname:
            raise Malformed("read broker address", "broker_url", "mqtt://host:port or mqtts://host:port")
        self._parts = parts
        self._tls = tls or ssl.create_default_context if parts.scheme == "mqtts" else None
        self._edge = edge
        self._shard = shard
        self._urgent: asyncio.Queue[Outgoing] = asyncio.Queue(URGENT_LIMIT)
        self._bulk: asyncio.Queue[Outgoing] = asyncio.Queue(BULK_LIMIT)
        self._online = False
        self._again = asyncio.Event()
        self.dropped = 0
        """Frames dropped because a lane was full."""

    @property
    def room(self) -> bool:
        """Whether the bulk lane takes another call's worth of frames."""
        return self._bulk.qsize() <= BULK_LIMIT // 2

    def send(self, outgoing: Outgoing) -> None:
        """Publish as soon as its lane is free; dropped when the lane is full or the broker is away."""
        if not self._online:
            return
        lane = self._urgent if outgoing.channel in _URGENT else self._bulk
        try:
            lane.put_nowait(outgoing)
        except asyncio.QueueFull:
            self.dropped += 1

    def reconnect(self) -> None:
        """End the present connection in order and make the next one at once."""
        if self._online:
            self._again.set()

    async def run(
        self, on_up: Callable[[], None], on_down: Callable[[], None], on_frame: Callable[[bytes], None]
    ) -> None:
        """Stay connected until cancelled. The callbacks do not block; `on_frame` gets what comes down, unverified."""
        attempt = 0
        while True:
            try:
                async with self._client() as client:
                    await client.subscribe([(name, 1) for name in self._down()])
                    _heed_cancellation()
                    attempt = 0
                    self._forget()
                    self._again.clear()
                    self._online = True
                    on_up()
                    await self._serve(client, on_frame)
            except aiomqtt.MqttError as error:
                _heed_cancellation()
                _log.info("broker away (%s)", type(error).__name__)
            finally:
                self._online = False
                on_down()
            if self._again.is_set():
                self._again.clear()
                continue
            await asyncio.sleep(BACKOFF_SECONDS[min(attempt, len(BACKOFF_SECONDS) - 1)] * jitter())
            attempt += 1

    def _client(self) -> aiomqtt.Client:
        return _Client(
            self._parts.hostname or "",
            self._parts.port or _PORTS[self._parts.scheme],
            username=self._parts.username,
            password=self._parts.password,
            identifier=self._edge,
            protocol=aiomqtt.ProtocolVersion.V311,
            clean_session=True,
            keepalive=KEEPALIVE_SECONDS,
            timeout=ANSWER_SECONDS,
            tls_context=None if self._tls is None else self._tls(),
            socket_options=[(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)],
            max_queued_incoming_messages=HEARD_LIMIT,
            max_queued_outgoing_messages=URGENT_LIMIT + BULK_LIMIT,
        )

    def _down(self) -> tuple[str, ...]:
        return tuple(down(self._shard, self._edge) for down in (topic.receipt, topic.command, topic.certificate))

    def _forget(self) -> None:
        """What waited for the last connection will be asked for again by the uplink."""
        for lane in (self._urgent, self._bulk):
            while not lane.empty():
                lane.get_nowait()

    async def _serve(self, client: aiomqtt.Client, on_frame: Callable[[bytes], None]) -> None:
        async def publish(lane: asyncio.Queue[Outgoing]) -> None:
            while True:
                outgoing = await lane.get()
                name = topic.up(self._shard, self._edge, outgoing.channel)
                await client.publish(name, outgoing.frame, qos=0 if outgoing.channel in _AT_MOST_ONCE else 1)

        async def listen() -> None:
            async for message in client.messages:
                if isinstance(message.payload, bytes):
                    on_frame(message.payload)

        async def told_to_reconnect() -> None:
            await self._again.wait()

        works = (publish(self._urgent), publish(self._bulk), listen(), told_to_reconnect())
        tasks = [asyncio.create_task(work) for work in works]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            await end(*tasks)


class _Client(aiomqtt.Client):
    """Without two errors that mean nothing, of a broker that dies while we connect.

    Where our patience ends before the connection does, aiomqtt 2.5 asks a cancelled future why. And it remembers the
    socket's number and waits for it a turn later, when the socket may be closed: the loop reports an error, or watches
    whoever got the number since.
    """

    def _on_socket_register_write(self, client: object, userdata: object, sock: Any) -> None:  # noqa: ANN401 why: a socket or paho's own kinds of it
        """Called by paho, also from the thread that connects."""
        del client, userdata
        self._loop.call_soon_threadsafe(self._want_write, sock)

    def _on_disconnect(self, *told: Any) -> None:  # noqa: ANN401 why: handed on as paho said it
        """Called by paho."""
        if not self._connected.cancelled():
            super()._on_disconnect(*told)

    def _want_write(self, sock: Any) -> None:  # noqa: ANN401 why: see above
        if sock.fileno() >= 0:
            self._loop.add_writer(sock.fileno(), self._write)

    def _write(self) -> None:
        try:
            self._client.loop_write()
        except Exception as error:  # noqa: BLE001 why: as aiomqtt does; whatever it is, the connection ended with it
            if not self._disconnected.done():
                self._disconnected.set_exception(error)


def _heed_cancellation() -> None:
    """End here if this task was told to, though whoever was asked did not pass it on.

    `wait_for`, as below, swallows a cancellation that meets the broker's answer; and where leaving a connection fails,
    that error takes the cancellation's place.
    """
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError
