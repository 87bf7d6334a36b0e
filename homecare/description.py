"""The machine-readable description of the wire: JSON Schemas made from the types, and vectors of the authenticator.

`python -m homecare.description docs` writes `docs/schemas/*.json` and `docs/vectors/*.json`, to which
`docs/asyncapi.yaml` refers; with `--check` it writes nothing and ends with 1 where a file is not what the types say.
"""

import sys
from pathlib import Path
from typing import Any, Final

import msgspec

from homecare.command import Command
from homecare.delivery import Heartbeat, Loss, Receipt
from homecare.envelope import Envelope
from homecare.event import STREAM_OF
from homecare.renewal import CertificateAnswer, CertificateAsk
from homecare.vectors import certificate_statements, claim_codes, vectors

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


def files() -> dict[str, bytes]:
    """Every generated file under `docs/`, by its path there."""
    contents = {f"schemas/{name}.json": schema for name, schema in schemas().items()}
    contents["vectors/seal.json"] = vectors()
    contents["vectors/claim.json"] = claim_codes()
    contents["vectors/certificate.json"] = certificate_statements()
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
