"""Bad packets at the broker: whatever a client does there, the lane behind it goes on and nothing is recorded twice."""

import asyncio
import contextlib
import struct
from collections.abc import Callable
from pathlib import Path

import pytest

from gateway.embedded import PrivateBroker
from homecare.clock import SystemClock
from homecare.event import ContactChanged
from homecare.identity import new_id
from tests.asking import rows
from tests.bad.catalogue import accounted
from tests.bad.mqtt.test_payloads import BAD, PASSES, TIMES, TOPICS
from tests.gateway.enrolled import household
from tests.gateway.lanes import RESEND_SECONDS, Edge, enrol_houses, new_lane, running
from tests.waiting import SECONDS, until

HOUSE = household(1)
NOW = SystemClock().now().wall
TOPIC = HOUSE.topic("record")
OPEN = ContactChanged(open=True)
CONNECT, PUBLISH, PUBREL = 0x10, 0x30, 0x62


def text(value: bytes) -> bytes:
    return struct.pack(">H", len(value)) + value


def packet(first: int, rest: bytes, *, declared: int | None = None) -> bytes:
    length = len(rest) if declared is None else declared
    digits = bytearray()
    while True:
        length, digit = divmod(length, 128)
        digits.append(digit | (0x80 if length else 0))
        if not length:
            return bytes([first]) + bytes(digits) + rest


def connect(client: bytes, *, keepalive: int = 60, will: tuple[str, bytes] | None = None) -> bytes:
    flags, tail = 0x02, b""
    if will is not None:
        flags, tail = 0x0E, text(will[0].encode()) + text(will[1])
    return packet(CONNECT, text(b"MQTT") + bytes([4, flags]) + struct.pack(">H", keepalive) + text(client) + tail)


def publish(topic: str, payload: bytes, *, qos: int = 1, dup: bool = False, mid: int = 1) -> bytes:
    number = struct.pack(">H", mid) if qos else b""
    return packet(PUBLISH | qos << 1 | (8 if dup else 0), text(topic.encode()) + number + payload)


def good(seq: int) -> bytes:
    return HOUSE.facts(seq, [OPEN], at=NOW)


A_CLIENT = connect(b"somebody")
SAID: dict[str, tuple[bytes, bool]] = {
    # id: (bytes that a client says, whether fact 1 comes with them)
    "mqtt-03 256 MB declared and ten bytes sent": (A_CLIENT + packet(PUBLISH, bytes(10), declared=268_435_455), False),
    "mqtt-25 a wildcard in a topic": (A_CLIENT + publish("vaka/v1/+/x/up/record", good(1)), False),
    "mqtt-25 an empty topic": (A_CLIENT + publish("", good(1)), False),
    "mqtt-25 a topic that is no UTF-8": (A_CLIENT + packet(PUBLISH, text(b"vaka/\xff\xfe") + good(1)), False),
    "mqtt-27 DUP on a first send": (A_CLIENT + publish(TOPIC, good(1), dup=True), True),
    "mqtt-27 one packet id for two contents": (A_CLIENT + publish(TOPIC, good(1)) + publish(TOPIC, good(2)), True),
    "mqtt-28 QoS 0": (A_CLIENT + publish(TOPIC, good(1), qos=0), True),
    "mqtt-28 QoS 2": (A_CLIENT + publish(TOPIC, good(1), qos=2) + packet(PUBREL, struct.pack(">H", 1)), True),
    "mqtt-29 QoS 3": (A_CLIENT + packet(PUBLISH | 6, text(TOPIC.encode()) + b"\0\1" + good(1)), False),
    "mqtt-29 reserved bits": (A_CLIENT + packet(0xF7, b""), False),
    "mqtt-29 a length that never ends": (A_CLIENT + b"\x30\xff\xff\xff\xff\xff", False),
    "mqtt-36 keepalive 0": (connect(b"somebody", keepalive=0), False),
    "mqtt-36 keepalive 65,535": (connect(b"somebody", keepalive=65_535), False),
    "mqtt-37 a will that is a fact": (connect(b"somebody", will=(TOPIC, good(1))), True),
    "mqtt-37 a will that is noise": (connect(b"somebody", will=(TOPIC, b"help")), False),
    "mqtt-38 no client id": (connect(b""), False),
    "mqtt-38 a client id with a wildcard": (connect(b"a+b#c"), False),
    "mqtt-38 a client id of 65,000 characters": (connect(b"x" * 65_000), False),
}  # fmt: skip


async def say(broker: PrivateBroker, data: bytes) -> None:
    """Say it on a connection of its own and hang up without goodbye, as a crash would."""
    _, writer = await asyncio.open_connection("127.0.0.1", broker.port)
    writer.write(data)
    with contextlib.suppress(ConnectionError):
        await writer.drain()
        await asyncio.sleep(0.05)
    writer.transport.abort()


async def until_it_comes(broker: PrivateBroker, data: bytes, came: Callable[[], object]) -> None:
    """Say it until it has come: a broker that is busy when we hang up never reads it."""
    async with asyncio.timeout(SECONDS):
        while not came():
            await say(broker, data)
            with contextlib.suppress(TimeoutError):
                await until(came, seconds=RESEND_SECONDS)


@pytest.mark.asyncio
async def test_whatever_a_client_says_the_lane_goes_on_and_records_once(
    database_url: str, broker: PrivateBroker
) -> None:
    enrol_houses(database_url, HOUSE)
    async with running(new_lane(database_url, broker.url)), Edge(HOUSE, broker.url) as edge:
        for data, _ in SAID.values():
            await say(broker, data)
        await edge.deliver("record", good(1), 1)
        await edge.deliver("record", good(2), 2)
        await edge.deliver("record", good(3), 3)
    assert rows(database_url, "SELECT seq FROM event ORDER BY seq") == [(1,), (2,), (3,)]


@pytest.mark.asyncio
@pytest.mark.parametrize("case", [case for case, (_, comes) in SAID.items() if comes])
async def test_a_good_fact_in_an_odd_packet_comes(case: str, database_url: str, broker: PrivateBroker) -> None:
    enrol_houses(database_url, HOUSE)
    async with running(new_lane(database_url, broker.url)), Edge(HOUSE, broker.url) as edge:
        await until_it_comes(broker, SAID[case][0], lambda: edge.receipts)
    assert rows(database_url, "SELECT min(seq) FROM event") == [(1,)]


@pytest.mark.asyncio
async def test_mqtt_38_a_client_that_takes_the_lanes_session_is_thrown_out_again(
    database_url: str, broker: PrivateBroker
) -> None:
    enrol_houses(database_url, HOUSE)
    session = new_id("bulk")
    async with running(new_lane(database_url, broker.url, session=session)) as lane, Edge(HOUSE, broker.url) as edge:
        before = lane._parts.bulk.connections
        await until_it_comes(broker, connect(session.encode()), lambda: lane._parts.bulk.connections > before)
        await edge.deliver("record", good(1), 1)


def test_every_case_of_the_catalogue_is_accounted_for() -> None:
    tabled = {
        case.split()[0] for table in (BAD, PASSES, TIMES, TOPICS, SAID) for case in table if case.startswith("mqtt-")
    }
    here = Path(__file__).parent
    source = "".join((here / name).read_text(encoding="utf-8") for name in ("test_packets.py", "test_payloads.py"))
    twice, ids = accounted("mqtt", source, tabled)
    assert ids == {f"mqtt-{number:02}" for number in range(1, 41)}
    assert set(twice) <= tabled, "a case is tested here or explained elsewhere, never both"
