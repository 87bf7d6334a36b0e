"""The webhook on a real socket: signed, tried again, given up aloud, and never twice at once."""

import asyncio
import contextlib
import hashlib
import hmac
import json
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import msgspec
import pytest
import pytest_asyncio

from gateway.adapters.postgres.alarm_intake import LOCK_MS, PostgresAlarms
from gateway.adapters.postgres.connections import Connections
from gateway.adapters.postgres.ladder import PostgresLadder
from gateway.adapters.webhook import Webhook, checked_url, signature
from gateway.alarms.escalation import Escalation
from gateway.alarms.messaging import LIFE, Messaging
from gateway.climbing import climb
from gateway.ports.escalation import Outgoing
from homecare.clock import SECOND, ManualClock, SystemClock
from homecare.errors import Malformed, Unavailable
from tests.asking import rows
from tests.gateway.alarms import judged
from tests.gateway.enrolled import NOW, household
from tests.gateway.running import config_of
from tests.waiting import SECONDS, until

KEY = bytes(range(32))
HOUSE = household(1)
OUTBOX = "SELECT attempts, sent_at IS NOT NULL, failed_at IS NOT NULL, last_error FROM outbox WHERE kind = 'webhook'"


class Receiver:
    """The other system: keeps what came, and answers what it is told to; None closes without a word."""

    def __init__(self) -> None:
        self.heads: list[dict[str, str]] = []
        self.bodies: list[bytes] = []
        self.answers: list[bytes | None] = []
        self.left: asyncio.Queue[None] = asyncio.Queue()
        self.url = ""

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            lines = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
            head = dict(line.split(": ", 1) for line in lines[1:] if line)
            self.heads.append(head | {"target": lines[0]})
            self.bodies.append(await reader.readexactly(int(head["Content-Length"])))
            answer = self.answers.pop(0) if self.answers else b"HTTP/1.1 204 No Content\r\n\r\n"
            if answer is not None:
                writer.write(answer)
                await writer.drain()
        await close(writer)
        self.left.put_nowait(None)

    async def all_left(self) -> None:
        """Every connection is over: nothing of one test reaches into the next."""
        async with asyncio.timeout(SECONDS):
            for _ in self.heads:
                await self.left.get()


async def close(writer: asyncio.StreamWriter) -> None:
    writer.close()
    with contextlib.suppress(ConnectionError):
        await writer.wait_closed()


@pytest_asyncio.fixture
async def receiver() -> AsyncIterator[Receiver]:
    receiver = Receiver()
    server = await asyncio.start_server(receiver, "127.0.0.1", 0)
    receiver.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/larm?to=jour"
    yield receiver
    await receiver.all_left()
    server.close()
    await server.wait_closed()


@pytest_asyncio.fixture
async def store(database_url: str) -> AsyncIterator[PostgresLadder]:
    connections = Connections(database_url, name="test-webhook", size=6, lock_ms=LOCK_MS * 40)
    clock = ManualClock(NOW)
    await PostgresAlarms(connections).take(judged(HOUSE, 1), NOW)
    store = PostgresLadder(connections)
    clock.wall = NOW + 60 * SECOND
    await Escalation(store, clock, told=lambda: None, webhook=True).round()
    yield store
    await connections.close()


@pytest.mark.asyncio
async def test_a_message_is_signed_and_sent_once(store: PostgresLadder, receiver: Receiver, database_url: str) -> None:
    clock = ManualClock(NOW + 61 * SECOND)
    messaging = Messaging(store, Webhook(receiver.url, KEY), clock)
    assert [await messaging.round(), await messaging.round()] == [1, 0]
    [head], [body] = receiver.heads, receiver.bodies
    stamp = head["Vaka-Timestamp"]
    assert stamp == str(clock.wall // SECOND)
    expected = hmac.new(KEY, stamp.encode() + b"." + body, hashlib.sha256).hexdigest()
    assert head["Vaka-Signature"] == f"v1={expected}"
    assert head["target"] == "POST /larm?to=jour HTTP/1.1"
    assert head["Vaka-Delivery"].startswith("webhook/alert-")
    assert json.loads(body)["rung"] == 2
    assert rows(database_url, OUTBOX) == [(1, True, False, None)]


@pytest.mark.asyncio
@pytest.mark.parametrize(
    "answer",
    [
        None,
        b"HTTP/1.1 500 Oops\r\n\r\n",
        b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1/\r\n\r\n",
        b"HTTP/1.1 401 Unauthorized\r\n\r\n",
        b"SSH-2.0-x\r\n",
        b"\r\n",
        b"HTTP/1.1 2x0 OK\r\n",
        b"A" * 5_000,
    ],
)
async def test_whatever_is_no_receipt_is_tried_again_later(
    store: PostgresLadder, receiver: Receiver, database_url: str, answer: bytes | None
) -> None:
    clock = ManualClock(NOW + 61 * SECOND)
    messaging = Messaging(store, Webhook(receiver.url, KEY), clock)
    receiver.answers = [answer]
    assert [await messaging.round(), await messaging.round()] == [1, 0]
    [(attempts, sent, failed, why)] = rows(database_url, OUTBOX)
    assert (attempts, sent, failed) == (1, False, False)
    assert why.startswith("webhook (")
    clock.wall += SECOND
    assert await messaging.round() == 1
    assert rows(database_url, OUTBOX) == [(2, True, False, None)]
    assert len({head["Vaka-Delivery"] for head in receiver.heads}) == 1, "the same message under the same key"


@pytest.mark.asyncio
async def test_a_system_that_is_away_gets_bounded_attempts_and_the_giving_up_is_seen(
    store: PostgresLadder, database_url: str
) -> None:
    clock = ManualClock(NOW + 60 * SECOND)
    messaging = Messaging(store, Webhook("http://127.0.0.1:9/", KEY), clock)
    while not rows(database_url, OUTBOX)[0][2]:
        await messaging.round()
        clock.wall += 10 * SECOND
        assert clock.wall - NOW < 2 * LIFE
    [(attempts, sent, _, why)] = rows(database_url, OUTBOX)
    assert (sent, why) == (False, "too old")
    assert 30 <= attempts <= 40, "six quick ones, then one a minute for half an hour"


@pytest.mark.asyncio
async def test_two_processes_send_each_message_once(
    store: PostgresLadder, receiver: Receiver, database_url: str
) -> None:
    clock = ManualClock(NOW + 61 * SECOND)
    processes = [Messaging(store, Webhook(receiver.url, KEY), clock) for _ in range(4)]
    assert sum(await asyncio.gather(*(one.round() for one in processes))) == 1
    assert len(receiver.bodies) == 1


@pytest.mark.asyncio
async def test_a_process_that_died_in_an_attempt_leaves_it_to_another(
    store: PostgresLadder, receiver: Receiver, database_url: str
) -> None:
    now = NOW + 61 * SECOND
    assert await store.claim(now, now + 15 * SECOND) is not None
    clock = ManualClock(now + 14 * SECOND)
    messaging = Messaging(store, Webhook(receiver.url, KEY), clock)
    assert await messaging.round() == 0
    clock.wall += SECOND
    assert await messaging.round() == 1
    assert rows(database_url, OUTBOX) == [(2, True, False, None)]


@pytest.mark.asyncio
async def test_the_alarm_processs_part_tells_of_a_call_that_has_waited_61_seconds(
    receiver: Receiver, database_url: str, tmp_path: Path
) -> None:
    """The parts as the process puts them together, on the real clock; the key is made in the data folder."""
    clock = SystemClock()
    connections = Connections(database_url, name="test-press", size=1, lock_ms=LOCK_MS * 40)
    then = clock.now().wall - 61 * SECOND
    await PostgresAlarms(connections).take(judged(HOUSE, 1, at=then), then)
    await connections.close()
    config = msgspec.structs.replace(config_of(database_url, "", tmp_path, 0), webhook_url=receiver.url)
    climbing = asyncio.create_task(climb(config, clock, name="test-climb", told=lambda: None))
    await until(lambda: bool(receiver.bodies))
    climbing.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await climbing
    key = bytes.fromhex((tmp_path / "webhook.key").read_text())
    [head], [body] = receiver.heads, receiver.bodies
    assert head["Vaka-Signature"] == f"v1={signature(key, int(head['Vaka-Timestamp']), body)}"
    assert (tmp_path / "webhook.key").stat().st_mode & 0o077 == 0


@pytest.mark.asyncio
async def test_a_system_that_never_answers_is_left_after_a_bounded_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.adapters.webhook.ANSWER_SECONDS", 0.2)
    left = asyncio.Event()

    async def says_nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):
            while await reader.read(4_096):
                pass
        await close(writer)
        left.set()

    silent = await asyncio.start_server(says_nothing, "127.0.0.1", 0)
    port = silent.sockets[0].getsockname()[1]
    message = Outgoing(id=1, key="webhook/alert-1/1", body={"rung": 2}, created_at=NOW, attempts=1)
    with pytest.raises(Unavailable, match="TimeoutError"):
        await Webhook(f"http://127.0.0.1:{port}", KEY).send(message, NOW)
    async with asyncio.timeout(SECONDS):
        await left.wait()
    silent.close()


@pytest.mark.parametrize(
    "url",
    [
        "http://larm.example.se/",
        "ftp://127.0.0.1/",
        "https://",
        "https://a@example.se/",
        "https://example.se/a b",
        "https://example.se/\r\nX: y",
        "https://exämple.se/",
        "",
    ],
)
def test_messages_go_over_https_or_to_this_machine(url: str) -> None:
    with pytest.raises(Malformed):
        checked_url(url)


def test_good_addresses() -> None:
    good: Callable[[str], str] = checked_url
    for url in ("https://larm.example.se/in?a=1", "http://127.0.0.1:9000/", "http://localhost/x"):
        assert good(url) == url
