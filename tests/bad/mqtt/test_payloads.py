"""Bad payloads: each is turned away or set aside for its reason, and the next good frame passes."""

from collections.abc import Callable
from typing import Final

import msgspec
import pytest

from gateway.intake.door import Admitted
from gateway.ports.broker import Message
from gateway.ports.record import Batch
from homecare.clock import DAY, LATEST
from homecare.envelope import ENVELOPE_LIMIT, encode_envelope
from homecare.event import ContactChanged, Observed, Stream
from homecare.identity import Epoch
from homecare.seal import TAG_BYTES
from homecare.wire import FRAME_LIMIT, Header, Kind, facts_body, pack
from tests.bad.mqtt.passage import HOUSE, OTHER, Passage
from tests.gateway.enrolled import ENROLLED_AT, NOW

OPEN = ContactChanged(open=True)
GOOD = HOUSE.facts(1, [OPEN])
TOPIC = HOUSE.topic("record")
TEXT = encode_envelope(HOUSE.envelope(OPEN, position=1)).decode()


def body(text: str | bytes) -> bytes:
    """A frame that the edge really made, with this body."""
    return HOUSE.raw(Stream.RECORD, text.encode() if isinstance(text, str) else text)


def with_field(name: str, raw: str) -> bytes:
    """The good envelope with one field spelled otherwise."""
    fields = msgspec.json.decode(TEXT, type=dict[str, msgspec.Raw])
    fields[name] = msgspec.Raw(raw.encode())
    return body(b"[" + msgspec.json.encode(fields) + b"]")


def with_event(raw: str) -> bytes:
    return with_field("event", raw)


def header_of(first: int, count: int = 1, **changes: object) -> bytes:
    return HOUSE.raw(Stream.RECORD, f"[{TEXT}]".encode(), first=first, count=count, **changes)


def patched(data: bytes, at: int, value: int) -> bytes:
    return data[:at] + bytes([value]) + data[at + 1 :]


def forged(key: bytes) -> bytes:
    header = HOUSE.header(Stream.RECORD, first=1, count=1)
    return pack(header, facts_body([TEXT.encode()]), key)


DEEP: Final = 10_000
# fmt: off
BAD: Final[dict[str, tuple[str, Callable[[], bytes]]]] = {
    # id: (why it does not pass, the payload)
    "mqtt-01 empty": ("frame", lambda: b""),
    "mqtt-02 one byte": ("frame", lambda: b"V"),
    "mqtt-04 one byte over the limit": ("frame", lambda: GOOD + bytes(FRAME_LIMIT + 1 - len(GOOD))),
    "mqtt-04 an envelope over the limit": ("body", lambda: with_field("device", '"' + "x" * ENVELOPE_LIMIT + '"')),
    "mqtt-05 invalid UTF-8": ("body", lambda: body(b'["\xff\xfe"]')),
    "mqtt-05 invalid UTF-8 inside text": ("body", lambda: body(TEXT.encode().replace(b"home", b"h\xffme"))),
    "mqtt-06 byte order mark first": ("body", lambda: body(f"\ufeff[{TEXT}]")),
    "mqtt-07 NUL inside text": ("body", lambda: with_event(r'{"type":"observed","quantity":"a\u0000b","value":1}')),
    "mqtt-07 NUL in a body": ("body", lambda: with_event(r'{"type":"state_observed","property":"\u0000","on":true}')),
    "mqtt-08 overlong encoding": ("body", lambda: body(b'["\xc0\xaf"]')),
    "mqtt-08 surrogate": ("body", lambda: with_event(r'{"type":"state_observed","property":"\ud800","on":true}')),
    "mqtt-10 NaN": ("body", lambda: with_event('{"type":"observed","quantity":"a","value":NaN}')),
    "mqtt-10 Infinity": ("body", lambda: with_event('{"type":"observed","quantity":"a","value":Infinity}')),
    "mqtt-11 1e400": ("body", lambda: with_event('{"type":"observed","quantity":"a","value":1e400}')),
    "mqtt-11 position 2^63": ("body", lambda: with_field("position", str(2**63))),
    "mqtt-11 position 2^64": ("body", lambda: with_field("position", str(2**64))),
    "mqtt-11 first seq 2^63": ("frame", lambda: header_of(2**63)),
    "mqtt-11 last seq beyond 2^63": ("frame", lambda: header_of(2**63 - 1, 2)),
    "mqtt-12 negative": ("body", lambda: with_field("position", "-1")),
    "mqtt-12 float": ("body", lambda: with_field("position", "5.0")),
    "mqtt-12 text": ("body", lambda: with_field("position", '"5"')),
    "mqtt-12 boolean": ("body", lambda: with_field("position", "true")),
    "mqtt-12 first seq 0": ("body", lambda: header_of(0)),
    "mqtt-12 count 0": ("body", lambda: header_of(1, 0)),
    "mqtt-13 deep nesting": ("body", lambda: body("[" * DEEP + "]" * DEEP)),
    "mqtt-13 deep nesting in an ignored field": ("body", lambda: with_field("later", "[" * 1500 + "]" * 1500)),
"mqtt-18 another format": ("frame", lambda: b'{"type":"contact_changed","open":true}' + bytes(80)),
    "mqtt-18 a body of another kind": ("body", lambda: body('{"reason":"evicted"}')),
    "mqtt-19 a later version": ("version", lambda: patched(GOOD, 2, 2)),
    "mqtt-20 unknown event type": ("body", lambda: with_event('{"type":"alarm_9999"}')),
    "mqtt-20 unknown word": ("body", lambda: with_event('{"type":"button_pressed","action":"kick"}')),
    "mqtt-20 unknown kind in the header": ("frame", lambda: patched(GOOD, 3, 9)),
    "mqtt-20 unknown stream in the header": ("frame", lambda: patched(GOOD, 4, 9)),
    "mqtt-21 before 1970": ("body", lambda: with_field("occurred_at", "-1")),
    "mqtt-21 after year 9999": ("body", lambda: with_field("occurred_at", str(LATEST + 1))),
    "mqtt-21 a leap second as text": ("body", lambda: with_field("occurred_at", '"2016-12-31T23:59:60Z"')),
    "mqtt-23 on another edge's topic": ("edge_differs", lambda: OTHER.facts(1, [OPEN])),
    "mqtt-24 another edge in the frame": ("edge_differs", lambda: OTHER.facts(1, [OPEN])),
    "mqtt-30 no authenticator": ("authenticator", lambda: GOOD[:-TAG_BYTES] + bytes(TAG_BYTES)),
    "mqtt-30 of another key": ("authenticator", lambda: forged(OTHER.keys.up)),
    "mqtt-30 of the other direction": ("authenticator", lambda: forged(HOUSE.keys.down)),
    "mqtt-30 with the public key as key": ("authenticator", lambda: forged(HOUSE.registration.edges[0].public_key)),
    "mqtt-30 truncated": ("authenticator", lambda: GOOD[:-1]),
    "mqtt-30 one bit of the body": ("authenticator", lambda: patched(GOOD, 60, GOOD[60] ^ 1)),
    "mqtt-30 one bit of the header": ("authenticator", lambda: patched(GOOD, 25, GOOD[25] ^ 1)),
    "mqtt-39 a receipt from an edge": ("channel", lambda: pack(
        Header(kind=Kind.RECEIPT, edge=HOUSE.edge, stream=Stream.RECORD), b'{"durable":9}', HOUSE.keys.up
    )),
}
# fmt: on


@pytest.mark.parametrize("case", BAD)
def test_a_bad_payload_does_not_pass_and_stops_nothing(case: str) -> None:
    why, payload = BAD[case]
    passage = Passage()
    outcome = passage.send(TOPIC, payload())
    assert outcome.reason == why
    assert outcome.facts == []
    assert outcome.proved == (why in {"body", "home"})
    first = passage.durable(HOUSE, Stream.RECORD) + 1
    after = passage.send(TOPIC, HOUSE.facts(first, [OPEN]))
    assert [fact.seq for fact in after.facts] == [first]


PASSES: Final[dict[str, Callable[[], bytes]]] = {
    "mqtt-09 duplicate keys: the last one counts": lambda: body(f'[{TEXT[:-1]},"position":7}}]'),
    "mqtt-10 minus zero": lambda: with_event('{"type":"observed","quantity":"a","value":-0.0}'),
    "mqtt-11 2^53+1": lambda: with_field("position", str(2**53 + 1)),
    "mqtt-14 as many ignored keys as a frame holds": lambda: with_field(
        "later", "{" + ",".join(f'"{n}":0' for n in range(6000)) + "}"
    ),
    "mqtt-07 an escaped backslash is no NUL": lambda: with_event(
        r'{"type":"state_observed","property":"\\u0000","on":true}'
    ),
    "unknown fields of a newer edge": lambda: with_field("later", '{"a":[1,2,3]}'),
}


@pytest.mark.parametrize("case", PASSES)
def test_what_is_odd_but_plain_passes_once(case: str) -> None:
    outcome = Passage().send(TOPIC, PASSES[case]())
    assert outcome.reason is None
    assert len(outcome.facts) == 1


TIMES = {
    "mqtt-21 1970": 0,
    "mqtt-21 2038-01-19": 2_147_483_648_000_000,
    "mqtt-21 2106": 4_294_967_296_000_000,
    "mqtt-21 9999": LATEST,
    "mqtt-22 a year ahead": NOW + 365 * DAY,
}


@pytest.mark.parametrize("case", TIMES)
def test_a_wild_time_is_kept_as_claimed_and_estimated_between_enrolment_and_now(case: str) -> None:
    outcome = Passage().send(TOPIC, HOUSE.facts(1, [OPEN], at=TIMES[case]))
    (fact,) = outcome.facts
    assert fact.envelope.occurred_at == TIMES[case]
    assert ENROLLED_AT <= fact.at <= NOW


TOPICS = {
    "mqtt-25 empty": "",
    "mqtt-25 plus": TOPIC.replace(HOUSE.edge, "+"),
    "mqtt-25 hash": "vaka/v1/#",
    "mqtt-25 system": "$SYS/broker/uptime",
    "mqtt-25 empty level": TOPIC.replace("/up/", "//"),
    "mqtt-25 leading slash": f"/{TOPIC}",
    "mqtt-25 65,535 bytes": "x" * 65_535,
    "mqtt-25 other version": TOPIC.replace("v1", "v2"),
    "mqtt-25 leading zero": TOPIC.replace(f"/{HOUSE.shard}/", f"/0{HOUSE.shard}/"),
    "mqtt-25 shard out of range": TOPIC.replace(f"/{HOUSE.shard}/", "/256/"),
    "mqtt-25 upper case": TOPIC.upper(),
    "mqtt-25 down": TOPIC.replace("/up/", "/down/"),
}


@pytest.mark.parametrize("case", TOPICS)
def test_a_bad_topic_is_turned_away(case: str) -> None:
    assert Passage().send(TOPICS[case], GOOD).reason == "topic"


def test_mqtt_23_a_frame_on_another_shard_is_turned_away() -> None:
    assert OTHER.shard != HOUSE.shard
    assert Passage().send(TOPIC.replace(f"/{HOUSE.shard}/", f"/{OTHER.shard}/"), GOOD).reason == "shard"


def test_mqtt_23_a_frame_on_another_stream_is_turned_away() -> None:
    assert Passage().send(HOUSE.topic("access"), GOOD).reason == "channel"
    assert Passage().send(HOUSE.topic("heartbeat"), GOOD).reason == "channel"


def test_mqtt_38_an_edge_that_was_never_enrolled_is_turned_away() -> None:
    assert Passage(OTHER).send(TOPIC, GOOD).reason == "edge_unknown"


def test_mqtt_32_a_jump_of_a_billion_is_a_gap_and_going_back_a_repeat() -> None:
    passage = Passage()
    assert len(passage.send(TOPIC, HOUSE.facts(1, [OPEN] * 3)).facts) == 3
    assert passage.send(TOPIC, HOUSE.facts(1_000_000_003, [OPEN])).facts == []
    assert passage.send(TOPIC, HOUSE.facts(2, [OPEN])).facts == []
    assert passage.durable(HOUSE, Stream.RECORD) == 3
    assert [fact.seq for fact in passage.send(TOPIC, HOUSE.facts(2, [OPEN] * 3)).facts] == [4]


def test_mqtt_32_epochs_in_turns_keep_their_own_cursors() -> None:
    passage = Passage()
    for seq in range(1, 6):
        for epoch in (Epoch(0x11), Epoch(0x22)):
            outcome = passage.send(TOPIC, HOUSE.facts(seq, [OPEN], epoch=epoch))
            assert [fact.seq for fact in outcome.facts] == [seq]


def test_mqtt_33_the_same_fact_a_hundred_thousand_times_is_one_fact_and_one_receipt() -> None:
    passage = Passage()
    assert len(passage.send(TOPIC, GOOD).facts) == 1
    batch, admitted = Batch(recorded_at=NOW), passage.door.admit(TOPIC, GOOD)
    assert isinstance(admitted, Admitted)
    for _ in range(100_000):
        passage.intake.take(batch, Message(TOPIC, GOOD), admitted)
    assert batch.empty
    assert passage.receipts.waiting == 1


def test_mqtt_11_observed_values_at_the_edge_of_what_a_double_holds_pass() -> None:
    values = [1.7976931348623157e308, -1.7976931348623157e308, 5e-324, -0.0]
    outcome = Passage().send(TOPIC, HOUSE.facts(1, [Observed("a", value) for value in values]))
    assert [fact.envelope.event.value for fact in outcome.facts] == values


def test_a_counted_body_that_holds_other_than_the_header_says_is_set_aside_whole() -> None:
    passage = Passage()
    two = HOUSE.raw(Stream.RECORD, f"[{TEXT},{TEXT}]".encode(), count=5)
    outcome = passage.send(TOPIC, two)
    assert outcome.reason == "body"
    assert outcome.batch.quarantined[0].count == 5
    assert passage.durable(HOUSE, Stream.RECORD) == 5


def test_a_header_that_counts_more_than_a_frame_can_hold_moves_no_cursor() -> None:
    passage = Passage()
    outcome = passage.send(TOPIC, HOUSE.raw(Stream.RECORD, b"[]", count=2**32 - 1))
    assert outcome.reason == "body"
    assert passage.durable(HOUSE, Stream.RECORD) == 0
