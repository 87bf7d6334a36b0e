"""The private authority: it certifies the key that was proved and the name that it was told, nothing else."""

import ssl
from base64 import b64decode, b64encode
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

from gateway.model.certificates import DUE_AFTER, REQUEST_LIMIT, issue_edge, issue_server, make_authority
from homecare.claim import PART_BYTES
from homecare.clock import DAY, SECOND, SystemClock
from homecare.errors import Malformed
from homecare.identity import EdgeId
from tests.gateway.identity.keys import private, request

AT = 1_800_000_000 * SECOND
EDGE = EdgeId("edge-00000001")


def test_the_subject_is_the_edge_whatever_the_request_says() -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    issued = issue_edge(make_authority(AT), request(key, name="edge-of-somebody-else"), edge=EDGE, at=AT)
    certificate = x509.load_pem_x509_certificate(issued.certificate)
    (name,) = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    assert (name.value, issued.due_at) == (EDGE, AT + DUE_AFTER)
    assert certificate.public_key() == key.public_key()
    assert certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca is False
    assert certificate.not_valid_after_utc.timestamp() * SECOND > AT + 3_000 * DAY, "no date may silence an alarm"


@pytest.mark.parametrize(
    "bad",
    [
        b"",
        b"\x00" * 100,
        b"x" * (REQUEST_LIMIT + 1),
        request(rsa.generate_private_key(65537, 2048)),
        request(ec.generate_private_key(ec.SECP384R1())),
    ],
    ids=["empty", "no PEM", "long", "RSA", "P-384"],
)
def test_a_bad_request_gets_no_certificate(bad: bytes) -> None:
    with pytest.raises(Malformed):
        issue_edge(make_authority(AT), bad, edge=EDGE, at=AT)


def test_a_request_whose_key_was_exchanged_gets_no_certificate() -> None:
    honest = request(ec.generate_private_key(ec.SECP256R1()))
    other = request(ec.generate_private_key(ec.SECP256R1()))

    def body(pem: bytes) -> bytes:
        return b64decode(b"".join(pem.splitlines()[1:-1]))

    mixed = body(honest)[:-72] + body(other)[-72:]
    pem = b"-----BEGIN CERTIFICATE REQUEST-----\n" + b64encode(mixed) + b"\n-----END CERTIFICATE REQUEST-----\n"
    with pytest.raises(Malformed):
        issue_edge(make_authority(AT), pem, edge=EDGE, at=AT)


def test_an_id_that_could_widen_a_pattern_is_refused() -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    for name in ("edge/#", "+", "%u", "edge-1\n"):
        with pytest.raises(Malformed):
            issue_edge(make_authority(AT), request(key), edge=EdgeId(name), at=AT)


def test_a_server_is_believed_under_its_names_only(tmp_path: Path) -> None:
    now = SystemClock().now().wall
    authority = make_authority(now)
    server = issue_server(authority, ["127.0.0.1", "localhost"], at=now)
    (tmp_path / "chain.pem").write_bytes(server.certificate)
    (tmp_path / "key.pem").write_bytes(server.key)
    ours = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ours.load_cert_chain(tmp_path / "chain.pem", tmp_path / "key.pem")
    theirs = ssl.create_default_context(cadata=authority.certificate.decode())
    for name, good in (("127.0.0.1", True), ("localhost", True), ("10.0.0.1", False)):
        assert _shakes_hands(ours, theirs, name) is good


def _shakes_hands(server: ssl.SSLContext, client: ssl.SSLContext, name: str) -> bool:
    there, back = ssl.MemoryBIO(), ssl.MemoryBIO()
    a = client.wrap_bio(back, there, server_hostname=name)
    b = server.wrap_bio(there, back, server_side=True)
    for _ in range(4):
        for side in (a, b):
            try:
                side.do_handshake()
            except ssl.SSLWantReadError:
                continue
            except ssl.SSLError:
                return False
    return True


def test_each_authority_has_its_own_digest_and_key() -> None:
    first, second = make_authority(AT), make_authority(AT)
    assert first.digest != second.digest
    assert len(first.digest) == PART_BYTES
    assert private(ec.generate_private_key(ec.SECP256R1())) not in (first.key, second.key)
