"""The machine-readable description of the wire: JSON Schemas made from the types, and vectors of the authenticator.

`python -m homecare.description docs` writes `docs/schemas/*.json` and `docs/vectors/seal.json`, to which
`docs/asyncapi.yaml` refers; with `--check` it writes nothing and ends with 1 where a file is not what the types say.
"""

import sys
from pathlib import Path
from typing import Any, Final

import msgspec

from homecare import seal, wire
from homecare.command import Action, Command
from homecare.delivery import Heartbeat, Loss, Receipt
from homecare.envelope import Envelope, encode_envelope
from homecare.event import STREAM_OF, HelpCalled, Stream
from homecare.identity import EdgeId, Epoch
from homecare.renewal import CertificateAnswer, CertificateAsk

_BODIES: Final[dict[str, Any]] = {
    "facts": list[Envelope],
    "heartbeat": Heartbeat,
    "receipt": Receipt,
    "lost": Loss,
    "command": Command,
    "certificate_ask": CertificateAsk,
    "certificate_answer": CertificateAnswer,
}
_DRAFT_7: Final = {"$defs": "definitions"}
_EDGE_PRIVATE: Final = bytes(range(32))
_GATEWAY_PRIVATE: Final = bytes(range(32, 64))


def schemas() -> dict[str, Any]:
    """A JSON Schema for the body of each kind of frame, and the table of events to streams."""
    described: dict[str, Any] = {name: _schema(name, body) for name, body in _BODIES.items()}
    described["streams"] = {str(event.__struct_config__.tag): stream.value for event, stream in STREAM_OF.items()}
    return described


def _schema(name: str, body: Any) -> dict[str, Any]:  # noqa: ANN401 - a type expression
    schema = _plain(msgspec.json.schema(body))
    return {"$schema": "http://json-schema.org/draft-07/schema#", "title": f"Body of a {name} frame", **schema}


def _plain(schema: Any) -> Any:  # noqa: ANN401 - any JSON value
    """The schema in the words of JSON Schema draft 7, which AsyncAPI reads: OpenAPI's discriminator left out."""
    if isinstance(schema, dict):
        return {
            _DRAFT_7.get(key, key): _prose(value) if key == "description" else _plain(value)
            for key, value in schema.items()
            if key != "discriminator"
        }
    if isinstance(schema, list):
        return [_plain(item) for item in schema]
    return schema.replace("#/$defs/", "#/definitions/") if isinstance(schema, str) else schema


def _prose(text: str) -> str:
    """A docstring as one paragraph."""
    return " ".join(text.split())


def vectors() -> dict[str, Any]:
    """Keys and whole frames that another implementation must reproduce to the byte (all bytes in hex)."""
    edge_public, gateway_public = seal.public_key(_EDGE_PRIVATE), seal.public_key(_GATEWAY_PRIVATE)
    keys = seal.agree_at_edge(_EDGE_PRIVATE, gateway_public)
    edge, run = EdgeId("edge-00000001"), Epoch(0x0123456789ABCDEF)
    envelope = Envelope(
        position=1,
        home="home-00000001",
        device="device-00000001",
        occurred_at=1_790_000_000_000_000,
        received_at=1_790_000_000_000_000,
        uncertainty=5000,
        elapsed=2_000_000,
        counter=7,
        event=HelpCalled(),
    )
    facts = wire.Header(
        kind=wire.Kind.FACTS, edge=edge, stream=Stream.ALARM, epoch=run, first=1, count=1, run=run, beat=3
    )
    receipt = wire.Header(kind=wire.Kind.RECEIPT, edge=edge, stream=Stream.ALARM, epoch=run, run=run, beat=3)
    command = wire.Header(kind=wire.Kind.COMMAND, edge=edge, run=run, beat=3)
    facts_body = wire.facts_body([encode_envelope(envelope)])
    receipt_body = wire.encode_body(Receipt(durable=1))
    command_body = wire.encode_body(
        Command(
            id="command-00000001",
            action=Action.UNLOCK,
            actor="person-00000001",
            challenge="000102030405060708090a0b0c0d0e0f",
            not_after=12_000_000,
            device="device-00000002",
        )
    )
    return {
        "edge_private": _EDGE_PRIVATE.hex(),
        "edge_public": edge_public.hex(),
        "gateway_private": _GATEWAY_PRIVATE.hex(),
        "gateway_public": gateway_public.hex(),
        "key_up": keys.up.hex(),
        "key_down": keys.down.hex(),
        "frames": [
            {
                "what": "one help call on the alarm stream, sealed with key_up",
                "body": facts_body.decode(),
                "frame": wire.pack(facts, facts_body, keys.up).hex(),
            },
            {
                "what": "its receipt, sealed with key_down",
                "body": receipt_body.decode(),
                "frame": wire.pack(receipt, receipt_body, keys.down).hex(),
            },
            {
                "what": "a command to unlock, sealed with key_down",
                "body": command_body.decode(),
                "frame": wire.pack(command, command_body, keys.down).hex(),
            },
        ],
    }


def files() -> dict[str, bytes]:
    """Every generated file under `docs/`, by its path there."""
    contents = {f"schemas/{name}.json": schema for name, schema in schemas().items()}
    contents["vectors/seal.json"] = vectors()
    return {path: msgspec.json.format(msgspec.json.encode(value), indent=2) + b"\n" for path, value in contents.items()}


def main(arguments: list[str]) -> int:
    """Write the files below the folder given, or compare them with `--check`."""
    check = "--check" in arguments
    folder = Path(next(argument for argument in arguments if argument != "--check"))
    stale = [path for path, data in files().items() if not _same(folder / path, data)]
    for path in stale:
        if not check:
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_bytes(files()[path])
    if check and stale:
        sys.stderr.write(f"not what the types say: {', '.join(stale)}; run: python -m homecare.description docs\n")
        return 1
    return 0


def _same(path: Path, data: bytes) -> bool:
    return path.exists() and path.read_bytes() == data


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
