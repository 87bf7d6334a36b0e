"""The private broker: real starts, real kills, real messages."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import aiomqtt
import pytest

from gateway.embedded import Binaries, PrivateBroker
from gateway.embedded.ports import LOOPBACK, is_free, listens
from homecare.errors import Conflict
from tests.ports import new_port, taken_after_the_look

DEADLINE_SECONDS = 60


def test_the_broker_starts_again_after_kill_9(binaries: Binaries, tmp_path: Path) -> None:
    broker = PrivateBroker(binaries, tmp_path / "broker", new_port())
    try:
        broker.start()
        before = broker.pid
        broker.kill()
        assert not broker.running
        broker.start()
        assert broker.pid != before
        assert listens(broker.port)
    finally:
        broker.stop()
    assert is_free(broker.port)


def test_the_broker_listens_on_loopback_only(broker: PrivateBroker) -> None:
    port = f":{broker.port:04X}"
    listening = [
        line.split()[1]
        for table in ("/proc/net/tcp", "/proc/net/tcp6")
        for line in Path(table).read_text(encoding="ascii").splitlines()
        if line.split()[3] == "0A" and line.split()[1].endswith(port)
    ]
    assert listening == [f"0100007F{port}"]


def test_a_broker_on_a_taken_port_is_a_conflict(binaries: Binaries, broker: PrivateBroker, tmp_path: Path) -> None:
    with pytest.raises(Conflict, match=str(broker.port)):
        PrivateBroker(binaries, tmp_path / "second", broker.port).start()


def test_a_port_that_goes_between_the_look_and_the_start_is_a_conflict(
    binaries: Binaries, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Red when whoever took the port is believed to be our broker, or its last words are no conflict."""
    with contextlib.ExitStack() as others:
        monkeypatch.setattr("gateway.embedded.broker.is_free", lambda port: taken_after_the_look(port, others))
        broker = PrivateBroker(binaries, tmp_path / "broker", new_port())
        with pytest.raises(Conflict, match="taken meanwhile"):
            broker.start()
        assert not broker.running


LARGEST_FRAME_BYTES = 65_536
BACKLOG = 2_000
"""Messages: twice of what a broker keeps by default for a client that is away."""


@pytest.mark.asyncio
async def test_the_broker_carries_the_largest_frame(broker: PrivateBroker) -> None:
    async with asyncio.timeout(DEADLINE_SECONDS), aiomqtt.Client(LOOPBACK, broker.port) as client:
        await client.subscribe("test/largest", qos=1)
        await client.publish("test/largest", b"x" * LARGEST_FRAME_BYTES, qos=1)
        message = await anext(client.messages)
        assert len(message.payload) == LARGEST_FRAME_BYTES


@pytest.mark.asyncio
async def test_the_broker_keeps_a_long_backlog_for_a_client_that_is_away(broker: PrivateBroker) -> None:
    session = {"identifier": "test-backlog", "clean_session": False, "protocol": aiomqtt.ProtocolVersion.V311}
    async with asyncio.timeout(DEADLINE_SECONDS):
        async with aiomqtt.Client(LOOPBACK, broker.port, **session) as reader:
            await reader.subscribe("test/backlog", qos=1)
        async with aiomqtt.Client(LOOPBACK, broker.port) as writer:
            writer.pending_calls_threshold = BACKLOG
            for start in range(0, BACKLOG, 200):
                await asyncio.gather(
                    *(writer.publish("test/backlog", str(n), qos=1) for n in range(start, start + 200))
                )
        async with aiomqtt.Client(LOOPBACK, broker.port, **session) as reader:
            heard = [int(str(message.payload, "ascii")) async for message in head(reader, BACKLOG)]
            await reader.unsubscribe("test/backlog")
    assert sorted(heard) == list(range(BACKLOG))


async def head(client: aiomqtt.Client, count: int) -> AsyncIterator[aiomqtt.Message]:
    for _ in range(count):
        yield await anext(client.messages)
