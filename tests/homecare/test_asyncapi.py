"""The description of the wire is AsyncAPI 3: its words, its references, and every example under its schema.

No small, well-kept package carries the official schema, so the parts of it that we use are stated here: which words
each object may have and which it must.
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft7Validator

from homecare import topic, wire
from homecare.clock import SECOND
from homecare.command import Command
from homecare.delivery import EpochHeld, Heartbeat, Loss, LossReason, Receipt, Refusal, StreamHeld
from homecare.event import STREAM_OF
from homecare.identity import EdgeId
from homecare.renewal import CertificateAnswer, CertificateAsk, CertificateOutcome, CertificateRefusal
from tests.homecare.test_wire import DOCS

DOCUMENT: dict[str, Any] = yaml.safe_load((DOCS / "asyncapi.yaml").read_text(encoding="utf-8"))
MUST = {
    "root": {"asyncapi", "info"},
    "info": {"title", "version"},
    "server": {"host", "protocol"},
    "channel": {"address", "messages"},
    "parameter": {"description"},
    "operation": {"action", "channel"},
    "message": {"name", "title", "contentType", "payload"},
}
"""What the specification asks for, and `description`, `messages` and the words of a message besides."""
MAY = {
    "root": {"id", "servers", "defaultContentType", "channels", "operations", "components"},
    "info": {"termsOfService", "contact", "license", "description", "tags", "externalDocs"},
    "server": {"protocolVersion", "pathname", "description", "title", "summary", "variables", "security", "bindings"},
    "channel": {"title", "summary", "description", "servers", "parameters", "tags", "externalDocs", "bindings"},
    "parameter": {"enum", "default", "examples", "location"},
    "operation": {"title", "summary", "description", "security", "tags", "bindings", "traits", "messages", "reply"},
    "message": {"headers", "correlationId", "summary", "description", "tags", "bindings", "examples", "traits"},
}
NONE = StreamHeld(lowest=0, receipted=0, head=0)


def objects() -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Kind, name and contents of everything in the document that the specification names."""
    yield "root", "the document", DOCUMENT
    yield "info", "info", DOCUMENT["info"]
    yield from (("server", name, one) for name, one in DOCUMENT["servers"].items())
    for name, channel in DOCUMENT["channels"].items():
        yield "channel", name, channel
        yield from (("parameter", f"{name}.{of}", one) for of, one in channel.get("parameters", {}).items())
    yield from (("operation", name, one) for name, one in DOCUMENT["operations"].items())
    yield from (("message", name, one) for name, one in DOCUMENT["components"]["messages"].items())


def references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if "$ref" in value:
            yield value["$ref"]
        for inner in value.values():
            yield from references(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from references(inner)


def mixed(value: Any) -> Iterator[Any]:
    """References with other words beside them."""
    if isinstance(value, dict):
        if "$ref" in value and len(value) > 1:
            yield value
        for inner in value.values():
            yield from mixed(inner)


def found(reference: str, *, document: Any, folder: Path) -> Any:
    """What a reference leads to: in this document, or in a file beside it."""
    file, _, pointer = reference.partition("#")
    target = json.loads((folder / file).read_text(encoding="utf-8")) if file else document
    for part in filter(None, pointer.split("/")):
        target = target[part]
    return target


def schema_of(message: str) -> Any:
    payload = DOCUMENT["components"]["messages"][message]["payload"]
    return found(payload["$ref"], document=DOCUMENT, folder=DOCS)


def test_every_object_has_the_words_it_must_and_none_that_it_may_not() -> None:
    assert re.fullmatch(r"3\.\d+\.\d+", DOCUMENT["asyncapi"])
    for kind, name, one in objects():
        words = {word for word in one if not word.startswith("x-")}
        assert MUST[kind] <= words, (kind, name)
        assert words <= MUST[kind] | MAY[kind], (kind, name)
        if kind == "operation":
            assert one["action"] in {"send", "receive"}, name


def test_every_reference_leads_somewhere() -> None:
    files = [DOCS / "asyncapi.yaml", *sorted((DOCS / "schemas").glob("*.json"))]
    for path in files:
        document = DOCUMENT if path.suffix == ".yaml" else json.loads(path.read_text(encoding="utf-8"))
        assert not (document is DOCUMENT and list(mixed(document))), "in AsyncAPI a reference stands alone"
        for reference in references(document):
            assert found(reference, document=document, folder=path.parent), (path.name, reference)


def test_channels_operations_and_messages_belong_together() -> None:
    channels, messages = DOCUMENT["channels"], DOCUMENT["components"]["messages"]
    worked = [operation["channel"]["$ref"].removeprefix("#/channels/") for operation in DOCUMENT["operations"].values()]
    assert sorted(worked) == sorted(channels), "one operation a channel"
    carried = {reference.rsplit("/", 1)[1] for channel in channels.values() for reference in references(channel)}
    assert carried == set(messages)
    assert carried == {kind.name.lower() for kind in wire.Kind}
    for name, channel in channels.items():
        assert set(re.findall(r"\{(\w+)\}", channel["address"])) == set(channel["parameters"]), name


def test_addresses_and_directions_are_those_of_the_code() -> None:
    edge = EdgeId("edge-00000001")
    ours = {topic.up(7, edge, name): "send" for name in ("alarm", "access", "record", "heartbeat", "certificate")}
    ours |= {down(7, edge): "receive" for down in (topic.receipt, topic.command, topic.certificate)}
    told = {}
    for operation in DOCUMENT["operations"].values():
        channel = found(operation["channel"]["$ref"], document=DOCUMENT, folder=DOCS)
        told[channel["address"].format(shard=7, edge=edge)] = operation["action"]
    assert told == ours


@pytest.mark.parametrize("message", sorted(DOCUMENT["components"]["messages"]))
def test_a_payload_is_a_schema_of_draft_7(message: str) -> None:
    Draft7Validator.check_schema(schema_of(message))


def test_every_vector_is_valid_under_the_schema_of_its_kind() -> None:
    kinds = {kind.value: kind.name.lower() for kind in wire.Kind}
    seen = set()
    for frame in json.loads((DOCS / "vectors" / "seal.json").read_text(encoding="utf-8"))["frames"]:
        kind = kinds[bytes.fromhex(frame["frame"])[3]]
        Draft7Validator(schema_of(kind)).validate(json.loads(frame["body"]))
        seen.add(kind)
    assert seen == {"facts", "lost", "heartbeat", "receipt", "command"}


BODIES = [
    ("lost", Loss(LossReason.EVICTED, ("device-00000001",), earliest=1, latest=2)),
    ("receipt", Receipt(durable=0, refused=Refusal.VERSION)),
    ("certificate_ask", CertificateAsk("pem", "00ff")),
    ("certificate_ask", CertificateAsk("pem", "00ff", request="pem")),
    ("certificate_answer", CertificateAnswer(CertificateOutcome.NOT_YET)),
    ("certificate_answer", CertificateAnswer(CertificateOutcome.ISSUED, certificate="pem")),
    ("certificate_answer", CertificateAnswer(CertificateOutcome.REFUSED, refusal=CertificateRefusal.TOO_SOON)),
    ("heartbeat", Heartbeat(SECOND, 0, SECOND, SECOND, (EpochHeld("0" * 16, NONE, NONE, NONE),), 0)),
]


@pytest.mark.parametrize(
    ("message", "body"), BODIES, ids=[f"{number}-{name}" for number, (name, _) in enumerate(BODIES)]
)
def test_what_we_send_is_valid(message: str, body: wire.AnyBody) -> None:
    Draft7Validator(schema_of(message)).validate(json.loads(wire.encode_body(body)))


def test_the_facts_schema_knows_every_event_and_the_command_schema_every_field() -> None:
    defined = schema_of("facts")["definitions"]
    assert {event.__name__ for event in STREAM_OF} <= set(defined)
    streams = json.loads((DOCS / "schemas" / "streams.json").read_text(encoding="utf-8"))
    assert set(streams) == {str(event.__struct_config__.tag) for event in STREAM_OF}
    assert set(schema_of("command")["definitions"]["Command"]["properties"]) == set(Command.__struct_fields__)
