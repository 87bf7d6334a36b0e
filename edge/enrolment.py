"""`vaka-edge enrol ADDRESS CODE FOLDER`: bring a new edge into its home with a claim code.

The edge makes its own keys; they never leave the folder. It speaks to the gateway over TLS and only to the authority
that the code names: the certificate is fetched first, compared with the first half of the code, and only then, on a
new connection that trusts this authority alone, the second half is said.
"""

import http.client
import ssl
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import msgspec

from edge.credentials import new_key, private_pem, request_pem
from homecare.claim import ClaimCode, authority_digest, read_claim_code
from homecare.errors import Conflict, Malformed, Refused, Unavailable
from homecare.identity import new_secret
from homecare.seal import public_key

SECONDS: Final = 15.0
"""For one answer of the gateway."""
ANSWER_LIMIT: Final = 256 * 1024
"""Bytes of an answer: a hundred devices take 20 KiB."""
CREATED: Final = 201


class Enrolled(msgspec.Struct, frozen=True):
    """What the gateway answers."""

    edge: str
    home: str
    gateway_public_key: str
    certificate: str
    broker_url: str
    devices: list[dict[str, Any]]
    due_at: str = ""


def enrol(address: str, code: str, folder: Path, *, secrets: Mapping[str, str], settings: Mapping[str, Any]) -> Path:
    """Enrol and write the edge's configuration; gives its path.

    `secrets` are the devices' own keys in hex by their address; they stay here. `settings` are more fields of the
    configuration (`ble`, `serial`). `Refused`: the code is not valid, or who answered is not whom it names.
    `Conflict`: the folder has an edge already.
    """
    claim = read_claim_code(code)
    where = urlsplit(address)
    if where.scheme != "https" or not where.hostname:
        raise Malformed("enrol", "address", "https://host:port, as it is printed beside the code")
    if (folder / "edge.json").exists():
        raise Conflict("enrol", "folder", "it holds an edge already: name an empty folder")
    host, port = where.hostname, where.port or 443
    authority = _authority(host, port, claim)
    (key, request), private = new_request(), new_secret()
    enrolled = _claim(host, port, authority, claim=claim, public=public_key(private), request=request)
    return _write(folder, enrolled, authority=authority, private=private, key=key, more=(secrets, settings))


def _authority(host: str, port: int, claim: ClaimCode) -> str:
    """The authority's certificate, which anybody may hand us: the code says whether it is the right one."""
    anybody = ssl.create_default_context()
    anybody.check_hostname = False
    anybody.verify_mode = ssl.CERT_NONE
    status, body = _ask(host, port, anybody, "GET", "/api/v1/authority", None)
    try:
        certificate = body.decode("ascii")
        digest = authority_digest(ssl.PEM_cert_to_DER_cert(certificate))
    except ValueError as error:
        raise Unavailable("enrol", f"status {status}", "the address answers, but not as a gateway of Vaka") from error
    if digest != claim.authority:
        raise Refused("enrol", "gateway", "whoever answers is not the gateway that the code names: say nothing there")
    return certificate


def _claim(host: str, port: int, authority: str, *, claim: ClaimCode, public: bytes, request: bytes) -> Enrolled:
    trusted = ssl.create_default_context(cadata=authority)
    body = {"secret": claim.secret.hex(), "public_key": public.hex(), "request": request.decode()}
    status, answer = _ask(host, port, trusted, "POST", "/api/v1/enrolment", msgspec.json.encode(body))
    if status != CREATED:
        raise Refused("enrol", f"status {status}", "make a new code at the gateway and use it within 15 minutes")
    try:
        return msgspec.json.decode(answer, type=Enrolled)
    except msgspec.DecodeError as error:
        raise Malformed("enrol", "answer", "the gateway speaks another version") from error


def _ask(host: str, port: int, tls: ssl.SSLContext, method: str, path: str, body: bytes | None) -> tuple[int, bytes]:
    connection = http.client.HTTPSConnection(host, port, timeout=SECONDS, context=tls)
    try:
        connection.request(method, path, body, {"Content-Type": "application/json"} if body else {})
        answer = connection.getresponse()
        return answer.status, answer.read(ANSWER_LIMIT)
    except ssl.SSLCertVerificationError as error:
        raise Refused("enrol", "gateway", "its certificate is not from the authority that the code names") from error
    except (OSError, http.client.HTTPException) as error:
        raise Unavailable("enrol", type(error).__name__, "see that the address is right and can be reached") from error
    finally:
        connection.close()


def new_request() -> tuple[bytes, bytes]:
    """A fresh key and its signing request, both in PEM."""
    key = new_key()
    return private_pem(key), request_pem(key)


def _write(
    folder: Path,
    enrolled: Enrolled,
    *,
    authority: str,
    private: bytes,
    key: bytes,
    more: tuple[Mapping[str, str], Mapping[str, Any]],
) -> Path:
    secrets, settings = more
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    files = {
        "edge.key": private.hex().encode(),
        "certificate.key": key,
        "certificate.pem": enrolled.certificate.encode(),
        "authority.pem": authority.encode(),
    }
    for name, content in files.items():
        path = folder / name
        path.touch(mode=0o600)
        path.write_bytes(content)
    configuration: dict[str, Any] = {
        "edge": enrolled.edge,
        "home": enrolled.home,
        "private_key_file": "edge.key",
        "gateway_public_key": enrolled.gateway_public_key,
        "broker_url": enrolled.broker_url,
        "certificate_file": "certificate.pem",
        "certificate_key_file": "certificate.key",
        "authority_file": "authority.pem",
        "data_folder": "data",
        "devices": [
            {**device, "home": enrolled.home, "secret": secrets.get(str(device.get("address")))}
            for device in enrolled.devices
        ],
        **settings,
    }
    path = folder / "edge.json"
    path.touch(mode=0o600)
    path.write_bytes(msgspec.json.format(msgspec.json.encode(configuration), indent=2))
    return path
