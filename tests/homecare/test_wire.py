"""The frame: what is packed comes back, and nothing else is believed."""

import hashlib
import json
import re
from pathlib import Path

import msgspec
import pytest
import yaml
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft7Validator

from homecare import seal, wire
from homecare.claim import read_claim_code
from homecare.command import Action, Command
from homecare.delivery import EpochHeld, Heartbeat, Loss, LossReason, Receipt, StreamHeld
from homecare.description import files, main
from homecare.envelope import Envelope, encode_envelope
from homecare.errors import Malformed, Refused, VakaError
from homecare.event import STREAM_OF, AnyEvent, HelpCalled, Observed, Stream
from homecare.identity import EdgeId, Epoch
from homecare.vectors import claim_codes, vectors

DOCS = Path(__file__).parents[2] / "docs"
EDGE_PRIVATE, GATEWAY_PRIVATE = b"\x11" * 32, b"\x22" * 32
KEYS = seal.agree_at_edge(EDGE_PRIVATE, seal.public_key(GATEWAY_PRIVATE))
RUN = Epoch(77)


def envelope(position: int = 1, event: AnyEvent | None = None) -> Envelope:
    return Envelope(
        position=position,
        home="home-00000001",
        occurred_at=1,
        received_at=2,
        uncertainty=0,
        elapsed=3,
        event=event or HelpCalled(),
    )


def header(**changes: object) -> wire.Header:
    fields: dict[str, object] = {
        "kind": wire.Kind.FACTS,
        "edge": EdgeId("edge-00000001"),
        "stream": Stream.ALARM,
        "epoch": RUN,
        "first": 1,
        "count": 1,
        "run": RUN,
        "beat": 5,
    }
    return wire.Header(**{**fields, **changes})  # type: ignore[arg-type]


def facts_frame(envelopes: list[Envelope], **changes: object) -> bytes:
    body = wire.facts_body([encode_envelope(one) for one in envelopes])
    return wire.pack(header(count=len(envelopes), **changes), body, KEYS.up)


def test_both_sides_agree_on_the_keys() -> None:
    assert seal.agree_at_gateway(GATEWAY_PRIVATE, seal.public_key(EDGE_PRIVATE)) == KEYS
    assert KEYS.up != KEYS.down


def test_facts_come_back_as_they_were() -> None:
    sent = [envelope(4), envelope(9)]
    frame = wire.unpack(facts_frame(sent, first=12))
    frame.verify(KEYS.up)
    assert wire.read_envelopes(frame) == sent
    facts = wire.read_facts(frame)
    assert [fact.id.seq for fact in facts] == [12, 13]
    assert facts[0].digest != facts[1].digest


@pytest.mark.parametrize(
    "body",
    [
        Receipt(durable=4),
        Loss(reason=LossReason.EVICTED, devices=("device-1234",), earliest=1, latest=2),
        Heartbeat(
            wall=1,
            uncertainty=2,
            elapsed=3,
            heard_through=4,
            epochs=(
                EpochHeld(
                    epoch="0000000000000001",
                    alarm=StreamHeld(0, 0, 0),
                    access=StreamHeld(1, 2, 3),
                    record=StreamHeld(1, 1, 9),
                ),
            ),
            undrained=1,
            challenge="0f" * 16,
        ),
        Command(
            id="command-00000001",
            action=Action.UNLATCH,
            actor="person-00000001",
            challenge="0f" * 16,
            not_after=9,
            device="device-1234",
        ),
    ],
)
def test_small_bodies_come_back_and_fit_their_schema(body: Receipt | Loss | Heartbeat | Command) -> None:
    kind = {
        Receipt: wire.Kind.RECEIPT,
        Loss: wire.Kind.LOST,
        Heartbeat: wire.Kind.HEARTBEAT,
        Command: wire.Kind.COMMAND,
    }[type(body)]
    frame = wire.unpack(wire.pack(header(kind=kind), wire.encode_body(body), KEYS.down))
    assert wire.read_body(frame, type(body)) == body
    name = {"RECEIPT": "receipt", "LOST": "lost", "HEARTBEAT": "heartbeat", "COMMAND": "command"}[kind.name]
    schema = json.loads((DOCS / "schemas" / f"{name}.json").read_text())
    Draft7Validator(schema).validate(json.loads(bytes(frame.body)))


@given(at=st.integers(min_value=0), bit=st.integers(0, 7))
def test_one_flipped_bit_anywhere_is_not_believed(at: int, bit: int) -> None:
    data = bytearray(facts_frame([envelope()]))
    data[at % len(data)] ^= 1 << bit
    with pytest.raises(VakaError):
        wire.unpack(bytes(data)).verify(KEYS.up)


def test_the_other_direction_and_another_edge_have_other_keys() -> None:
    frame = wire.unpack(facts_frame([envelope()]))
    stranger = seal.agree_at_edge(b"\x33" * 32, seal.public_key(GATEWAY_PRIVATE))
    for key in (KEYS.down, stranger.up):
        with pytest.raises(Refused):
            frame.verify(key)


@given(st.binary(max_size=300))
def test_noise_is_malformed_or_refused(noise: bytes) -> None:
    for data in (noise, b"VK\x01" + noise, facts_frame([envelope()])[:-16] + noise):
        try:
            frame = wire.unpack(data)
            frame.verify(KEYS.up)
        except VakaError:
            continue
        pytest.fail("noise was believed")


@pytest.mark.parametrize(
    ("body", "changes"),
    [
        (b"", {}),
        (b"[]", {}),
        (b"[]", {"count": 0}),
        (b"[1]", {}),
        (b"{}", {}),
        (b"[" * 10_000, {}),
        (wire.facts_body([encode_envelope(envelope())]), {"count": 2}),
        (wire.facts_body([encode_envelope(envelope())]), {"first": 0}),
        (wire.facts_body([encode_envelope(envelope())]), {"stream": Stream.RECORD}),
        (wire.facts_body([encode_envelope(envelope())]), {"stream": None}),
        (wire.facts_body([b'{"type": "\xff"}']), {}),
        (wire.facts_body([encode_envelope(envelope()).replace(b"help_called", b"type_9999")]), {}),
        (wire.facts_body([encode_envelope(envelope()).replace(b'"elapsed":3', b'"elapsed":-3')]), {}),
        (wire.facts_body([encode_envelope(envelope()).replace(b'"elapsed":3', b'"elapsed":1e400')]), {}),
        (wire.facts_body([encode_envelope(envelope()).replace(b'"elapsed":3', b'"elapsed":true')]), {}),
        (wire.facts_body([encode_envelope(envelope()).replace(b'"elapsed":3', b'"elapsed":"3"')]), {}),
    ],
)
def test_a_body_that_does_not_fit_is_malformed(body: bytes, changes: dict[str, object]) -> None:
    frame = wire.unpack(wire.pack(header(**changes), body, KEYS.up))
    with pytest.raises(Malformed):
        wire.read_facts(frame)
    with pytest.raises(Malformed):
        wire.read_envelopes(frame)


@pytest.mark.parametrize("bad", ["home", "Home-0000001", "home-00000001\n", "h" * 41, ""])
@pytest.mark.parametrize("where", ["home", "device"])
def test_whoever_is_named_by_no_identifier_is_malformed_among_facts_that_are_right(where: str, bad: str) -> None:
    wrong = msgspec.structs.replace(envelope(), **{where: bad})
    body = wire.facts_body([encode_envelope(one) for one in (envelope(), wrong)])
    frame = wire.unpack(wire.pack(header(count=2), body, KEYS.up))
    for reads in (wire.read_facts, wire.read_envelopes):
        with pytest.raises(Malformed):
            reads(frame)


def test_a_frame_over_the_limit_is_not_made_and_not_read() -> None:
    with pytest.raises(Malformed):
        wire.pack(header(), b" " * wire.FRAME_LIMIT, KEYS.up)
    with pytest.raises(Malformed):
        wire.unpack(b"VK\x01" + b" " * wire.FRAME_LIMIT)


def test_a_later_version_is_told_apart_from_garbage() -> None:
    data = bytearray(facts_frame([envelope()]))
    data[2] = 2
    with pytest.raises(wire.UnknownVersion):
        wire.unpack(bytes(data))


def test_unknown_fields_of_a_newer_edge_are_tolerated() -> None:
    newer = encode_envelope(envelope()).replace(b'"type":"help_called"', b'"type":"help_called","voice":true')
    frame = wire.unpack(wire.pack(header(), wire.facts_body([newer]), KEYS.up))
    assert wire.read_envelopes(frame) == [envelope()]


def test_every_event_has_exactly_one_stream() -> None:
    assert set(STREAM_OF) == set(AnyEvent.__args__)


def test_the_published_description_is_what_the_types_say() -> None:
    assert main([str(DOCS), "--check"]) == 0


def test_a_stale_description_is_found(tmp_path: Path) -> None:
    assert main([str(tmp_path)]) == 0
    assert main([str(tmp_path), "--check"]) == 0
    (tmp_path / next(iter(files()))).write_text("{}")
    assert main([str(tmp_path), "--check"]) == 1


def test_the_facts_schema_takes_what_we_send_and_refuses_what_we_refuse() -> None:
    validator = Draft7Validator(json.loads((DOCS / "schemas" / "facts.json").read_text()))
    good = json.loads(wire.facts_body([encode_envelope(envelope(event=Observed("temperature", 21.5, "°C")))]))
    validator.validate(good)
    bad = json.loads(wire.facts_body([encode_envelope(envelope())]))
    bad[0]["event"]["type"] = "type_9999"
    assert not validator.is_valid(bad)


def test_the_vectors_follow_from_the_words_of_the_description_alone() -> None:
    """Derived here with hashlib and the offsets of docs/asyncapi.yaml, not with our own wire or seal."""
    known = vectors()
    shared = X25519PrivateKey.from_private_bytes(bytes.fromhex(known["gateway_private"])).exchange(
        X25519PublicKey.from_public_bytes(bytes.fromhex(known["edge_public"]))
    )
    both = bytes.fromhex(known["edge_public"] + known["gateway_public"])
    for frame in known["frames"]:
        direction = frame["key"].removeprefix("key_").encode()
        key = hashlib.blake2b(both, key=shared, digest_size=32, person=b"vaka1-" + direction).digest()
        data = bytes.fromhex(frame["frame"])
        assert hashlib.blake2b(data[:-16], key=key, digest_size=16, person=b"vaka1-frame").digest() == data[-16:]
        assert data[:3] == b"VK\x01"
        assert data[42 + data[5] : -16].decode() == frame["body"]
        assert int.from_bytes(data[34:42], "big") == 3


def test_the_published_claim_codes_are_read_as_they_say() -> None:
    for known in claim_codes():
        code = read_claim_code(known["code"])
        assert (code.authority.hex(), code.secret.hex()) == (known["authority"], known["secret"])


def test_the_frames_to_be_refused_are_refused() -> None:
    known = vectors()
    for frame in known["refused"]:
        with pytest.raises((Malformed, Refused)):
            wire.unpack(bytes.fromhex(frame["frame"])).verify(bytes.fromhex(known[frame["key"]]))


def test_the_asyncapi_document_names_our_topics_and_only_files_that_exist() -> None:
    text = (DOCS / "asyncapi.yaml").read_text()
    document = yaml.safe_load(text)
    channels = {channel["address"].rsplit("/", 1)[1] for channel in document["channels"].values()}
    assert channels == {"alarm", "access", "record", "heartbeat", "receipt", "command", "certificate"}
    for path in re.findall(r"\./(schemas/\w+\.json)", text):
        assert (DOCS / path).exists()
