"""The MQTT transport's own rim: what works on a connection ends with it, whatever the libraries below do."""

import asyncio
import contextlib
import gc
import logging
import socket
import struct
from collections.abc import AsyncIterator

import pytest

from edge.transports.mqtt import MqttTransport
from edge.uplink import Outgoing
from gateway.embedded import PrivateBroker
from homecare.identity import EdgeId
from tests.waiting import end, until

EDGE = EdgeId("edge-000077")
CONNACK, SUBACK = b"\x20\x02\x00\x00", b"\x90\x04\x00\x01\x01\x01"
SUBSCRIBE = 0x82
RESETS = 40


class CancelAtTheAnswer(logging.Handler):
    """Cancels the task in the very moment in which the library below reads the broker's answer to the subscription."""

    def __init__(self, task: "asyncio.Task[None]") -> None:
        super().__init__(logging.DEBUG)
        self.task = task
        self.times = 0

    def emit(self, record: logging.LogRecord) -> None:
        if record.getMessage().startswith("Received SUBACK") and not self.times:
            self.times += 1
            self.task.cancel()


def nothing() -> None:
    pass


@pytest.mark.asyncio
async def test_told_to_end_as_the_subscription_is_granted_it_ends(broker: PrivateBroker) -> None:
    """One cancellation is all that a process gives; `wait_for` of Python 3.11 swallows it here."""
    transport = MqttTransport(broker.url, edge=EDGE, shard=7)
    task = asyncio.create_task(transport.run(nothing, nothing, lambda _: None))
    log, cancelling = logging.getLogger("mqtt"), CancelAtTheAnswer(task)
    level = log.level
    log.setLevel(logging.DEBUG)
    log.addHandler(cancelling)
    try:
        await until(task.done)
    finally:
        log.removeHandler(cancelling)
        log.setLevel(level)
        await end(task)
    assert cancelling.times == 1
    assert task.cancelled()


@contextlib.asynccontextmanager
async def speechless_broker(*, grants: bool) -> AsyncIterator[tuple[str, asyncio.Event]]:
    """Its address, and when it has heard the subscription; then it never reads nor says anything again.

    Nobody else is let in.
    """
    heard = asyncio.Event()
    writers: list[asyncio.StreamWriter] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers.append(writer)
        server.close()
        await reader.read(1)
        writer.write(CONNACK)
        while (await reader.read(1))[0] != SUBSCRIBE:
            pass
        if grants:
            writer.write(SUBACK)
        await writer.drain()
        writer.transport.pause_reading()  # type: ignore[attr-defined] # why: typeshed's write side does not know it
        heard.set()

    listening = socket.create_server(("127.0.0.1", 0))
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    server = await asyncio.start_server(serve, sock=listening, limit=1024)
    try:
        yield f"mqtt://127.0.0.1:{listening.getsockname()[1]}", heard
    finally:
        server.close()
        for writer in writers:
            writer.transport.abort()
        await asyncio.sleep(0)


@pytest.mark.asyncio
async def test_told_to_end_while_no_answer_comes_it_ends() -> None:
    async with speechless_broker(grants=False) as (url, heard):
        task = asyncio.create_task(MqttTransport(url, edge=EDGE, shard=7).run(nothing, nothing, lambda _: None))
        await until(heard.is_set)
        task.cancel()
        await until(task.done)
        assert task.cancelled()


@pytest.mark.asyncio
async def test_told_to_end_on_a_line_that_takes_nothing_it_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    """The good-bye cannot be sent, and the error of that must not take the cancellation's place."""
    monkeypatch.setattr("edge.transports.mqtt.ANSWER_SECONDS", 4.0)
    up = asyncio.Event()
    async with speechless_broker(grants=True) as (url, _):
        transport = MqttTransport(url, edge=EDGE, shard=7)
        task = asyncio.create_task(transport.run(up.set, nothing, lambda _: None))
        await until(up.is_set)
        for _ in range(200):
            transport.send(Outgoing("heartbeat", bytes(64_000)))
        waiting = [0]

        def stuck() -> bool:
            waiting.append(transport._urgent.qsize())
            return waiting[-1] > 0 and waiting[-10:] == [waiting[-1]] * 10

        await until(stuck)
        task.cancel()
        await until(task.done)
        assert task.cancelled()


@pytest.mark.asyncio
async def test_a_broker_that_dies_while_we_connect_leaves_no_error_behind(caplog: pytest.LogCaptureFixture) -> None:
    """The socket is closed between the wish to write and the turn in which the loop would wait for it.

    Red with aiomqtt's own way, which waits for a number that is nobody's, or somebody else's by then.
    """
    reported: list[dict[str, object]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _loop, context: reported.append(context))
    client = MqttTransport("mqtt://127.0.0.1:9", edge=EDGE, shard=7)._client()
    ours, theirs = socket.socketpair()
    client._on_socket_register_write(client._client, None, ours)
    ours.close()
    theirs.close()
    for _ in range(5):
        await asyncio.sleep(0)
    assert not reported
    assert not caplog.records


@pytest.mark.asyncio
async def test_a_broker_that_hangs_up_after_our_patience_ended_leaves_no_error_behind() -> None:
    client = MqttTransport("mqtt://127.0.0.1:9", edge=EDGE, shard=7)._client()
    client._connected.cancel()
    client._on_disconnect(client._client, None, None, 7, None)
    assert not client._disconnected.done()


@pytest.mark.asyncio
async def test_a_broker_that_hangs_up_at_once_is_tried_again(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Every connection is reset as it is accepted; what is logged of each is one line."""
    gc.collect()  # what earlier tests left behind complains when it goes
    caplog.clear()
    monkeypatch.setattr("edge.transports.mqtt.BACKOFF_SECONDS", (0.001,))
    monkeypatch.setattr("edge.transports.mqtt.ANSWER_SECONDS", 0.05)
    accepted = 0

    async def hang_up(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal accepted
        accepted += 1
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        writer.transport.abort()

    server = await asyncio.start_server(hang_up, "127.0.0.1", 0)
    url = f"mqtt://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    task = asyncio.create_task(MqttTransport(url, edge=EDGE, shard=7).run(nothing, nothing, lambda _: None))
    await until(lambda: accepted >= RESETS)
    await end(task)
    server.close()
    assert {record.name for record in caplog.records} <= {"mqtt", "edge.transports.mqtt"}
    assert not any(record.exc_info for record in caplog.records)
