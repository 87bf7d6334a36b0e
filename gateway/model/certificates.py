"""The private authority: certificates that say which edge speaks to the broker, and which server is ours.

A key is made where it is used and never travels: an edge sends a signing request and gets a certificate. The subject
is the edge's id and nothing else. A certificate is *due* for renewal after 90 days, which people see as a fault, but it
ends only after ten years: an alarm must not fall silent because a date passed (docs/decisions/0019). What is stolen is
turned away by its registration, not by its date.
"""

import hashlib
import ipaddress
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

import msgspec
from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from homecare.claim import authority_digest
from homecare.clock import DAY, SECOND
from homecare.errors import Malformed, Refused
from homecare.identity import EdgeId, checked, new_secret

DUE_AFTER: Final = 90 * DAY
"""Microseconds after which a certificate should have been renewed."""
RENEW_AFTER: Final = 60 * DAY
"""Microseconds after which an edge is given the next one: two thirds of its time, so that a month of asking every day
goes by before people are bothered."""
ENDS_AFTER: Final = 3_650 * DAY
"""Microseconds of validity in the certificate itself: longer than an edge lives."""
BEFORE: Final = DAY
"""A certificate counts from a day before it was made: edges' clocks are wild."""
REQUEST_LIMIT: Final = 4_096
"""Bytes of a signing request in PEM: four times what a P-256 request takes."""
SERIAL_BYTES: Final = 16
UNREADABLE: Final = (ValueError, TypeError, UnsupportedAlgorithm, x509.InvalidVersion, x509.DuplicateExtension)
"""What the library raises for bytes of which it can make nothing; they have no common name there."""


class Authority(msgspec.Struct, frozen=True):
    """The authority: its certificate in PEM, and its private key in PEM (0600 wherever it lies)."""

    certificate: bytes
    key: bytes

    @property
    def digest(self) -> bytes:
        """What a claim code carries, so that an edge finds the right authority."""
        return authority_digest(_loaded(self.certificate).public_bytes(serialization.Encoding.DER))


class Issued(msgspec.Struct, frozen=True):
    """A certificate that was given: PEM, serial number in hex, when it is due (wall microseconds).

    `key` is the SHA-256 of the public key that it certifies.
    """

    certificate: bytes
    serial: str
    due_at: int
    key: bytes


class Shown(msgspec.Struct, frozen=True):
    """A certificate of ours that an edge showed, and when it was given (wall microseconds, of whole seconds)."""

    serial: str
    issued_at: int
    key: ec.EllipticCurvePublicKey


class Server(msgspec.Struct, frozen=True):
    """A server's certificate and key in PEM."""

    certificate: bytes
    key: bytes


def make_authority(at: int) -> Authority:
    """A new authority at `at` (wall microseconds)."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = _name("Vaka authority")
    built = (
        _builder(name, name, at)
        .public_key(key.public_key())
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(authority=True), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    return Authority(certificate=_pem(built), key=_private(key))


def issue_edge(authority: Authority, request: bytes, *, edge: EdgeId, at: int) -> Issued:
    """The certificate of `edge` for the key in its signing request (PEM).

    What the request says of itself is not believed: only its key is taken, and only if the request proves to hold it.
    `Malformed` for anything but a P-256 request of at most `REQUEST_LIMIT` bytes.
    """
    key = requested_key(request)
    built = _leaf(authority, key, _name(checked(edge, "edge")), at, purpose=ExtendedKeyUsageOID.CLIENT_AUTH)
    return Issued(certificate=_pem(built), serial=_serial(built), due_at=at + DUE_AFTER, key=key_digest(key))


def requested_key(request: bytes) -> ec.EllipticCurvePublicKey:
    """The key of a signing request (PEM), proven to be held; `Malformed` as `issue_edge` says."""
    if len(request) > REQUEST_LIMIT:
        raise Malformed("issue certificate", "request", f"at most {REQUEST_LIMIT} bytes of PEM")
    try:
        asked = x509.load_pem_x509_csr(request)
        proven = asked.is_signature_valid
        key = asked.public_key()
    except UNREADABLE as error:
        raise Malformed("issue certificate", "request", "a signing request in PEM") from error
    if not proven or not isinstance(key, ec.EllipticCurvePublicKey) or not isinstance(key.curve, ec.SECP256R1):
        raise Malformed("issue certificate", "request", "a P-256 key and the signature that proves it")
    return key


def key_digest(key: ec.EllipticCurvePublicKey) -> bytes:
    """By what a key is told from others."""
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    return hashlib.sha256(key.public_bytes(serialization.Encoding.DER, form)).digest()


def read_shown(authority: Authority, certificate: bytes, *, edge: EdgeId) -> Shown:
    """The certificate (PEM) that `edge` shows; `Refused` unless our authority gave it to this edge.

    Its dates are not asked: no date silences an edge.
    """
    parent = _loaded(authority.certificate)
    try:
        shown = x509.load_pem_x509_certificate(certificate)
        shown.verify_directly_issued_by(parent)
        key = shown.public_key()
    except (*UNREADABLE, InvalidSignature) as error:
        raise Refused("read certificate", "certificate", "our authority did not give it") from error
    if shown.subject != _name(edge) or not isinstance(key, ec.EllipticCurvePublicKey):
        raise Refused("read certificate", "certificate", "it was given to another edge")
    made = int(shown.not_valid_before_utc.timestamp()) * SECOND + BEFORE
    return Shown(serial=_serial(shown), issued_at=made, key=key)


def signed(key: ec.EllipticCurvePublicKey, signature: bytes, content: bytes) -> bool:
    """Whether the holder of the key signed this."""
    try:
        key.verify(signature, content, ec.ECDSA(hashes.SHA256()))
    except InvalidSignature:
        return False
    return True


def issue_server(authority: Authority, names: Sequence[str], *, at: int) -> Server:
    """A server's key and certificate for host names and addresses, the first one as its subject."""
    key = ec.generate_private_key(ec.SECP256R1())
    alternatives = x509.SubjectAlternativeName([_alternative(name) for name in names])
    purpose = ExtendedKeyUsageOID.SERVER_AUTH
    built = _leaf(authority, key.public_key(), _name(names[0]), at, purpose=purpose, alternatives=alternatives)
    return Server(certificate=_pem(built) + authority.certificate, key=_private(key))


def _leaf(
    authority: Authority,
    key: ec.EllipticCurvePublicKey,
    name: x509.Name,
    at: int,
    *,
    purpose: x509.ObjectIdentifier,
    alternatives: x509.SubjectAlternativeName | None = None,
) -> x509.Certificate:
    parent = _loaded(authority.certificate)
    signer = serialization.load_pem_private_key(authority.key, None)
    assert isinstance(signer, ec.EllipticCurvePrivateKey)  # noqa: S101 why: `make_authority` makes no other; for the checker
    builder = (
        _builder(name, parent.subject, at)
        .public_key(key)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(authority=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([purpose]), critical=True)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False)
    )
    if alternatives is not None:
        builder = builder.add_extension(alternatives, critical=False)
    return builder.sign(signer, hashes.SHA256())


def _builder(name: x509.Name, issuer: x509.Name, at: int) -> x509.CertificateBuilder:
    made = datetime.fromtimestamp(at // SECOND, UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(issuer)
        .serial_number(int.from_bytes(new_secret()[:SERIAL_BYTES]) >> 1 | 1)
        .not_valid_before(made - timedelta(microseconds=BEFORE))
        .not_valid_after(made + timedelta(microseconds=ENDS_AFTER))
    )


def _usage(*, authority: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not authority,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=authority,
        crl_sign=authority,
        encipher_only=False,
        decipher_only=False,
    )


def _serial(certificate: x509.Certificate) -> str:
    return f"{certificate.serial_number:x}"


def _name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])


def _alternative(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _loaded(certificate: bytes) -> x509.Certificate:
    try:
        return x509.load_pem_x509_certificate(certificate)
    except ValueError as error:
        raise Malformed("read certificate", "authority", "a certificate in PEM") from error


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def _private(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
