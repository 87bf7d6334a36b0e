"""The edge's certificates on disk: the one that it uses, and the next one on its way; whole at every moment.

    certificate.pem, certificate.key   as enrolment wrote them; never touched again
    certificate.renewed.pem            key and certificate in one file: used instead, as soon as there is one
    certificate.next.key               the key that a certificate is being asked for
    certificate.next.pem               key and certificate in one file, not yet seen to work

Key and certificate of a renewed pair are one file, and every file appears by a rename after its bytes are on the disk:
a power cut leaves the old pair or the new one, never half of each. A file that holds no pair of this edge's is as good
as absent. The next pair replaces the one in use only when a connection was made with it.
"""

import logging
import os
import ssl
from pathlib import Path
from typing import Final

import msgspec
from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from edge.config import Certificates
from homecare.errors import Malformed, Unavailable
from homecare.identity import EdgeId

NEXT_TRIES: Final = 2
"""Times that the next pair may fail where the pair in use then works, before it is given up: once may be chance, and
each costs at most ten seconds."""
NO_CHECK_TIME: Final = 0x200000
"""OpenSSL's X509_V_FLAG_NO_CHECK_TIME: an edge whose clock says 1970 must still reach its broker; no date silences it.
Whom it speaks to is said by the authority, and what it believes by the authenticator of every frame."""
_UNREADABLE: Final = (ValueError, TypeError, UnsupportedAlgorithm, x509.InvalidVersion, x509.DuplicateExtension)
"""What the library raises for bytes of which it can make nothing; they have no common name there."""
_PEM: Final = serialization.Encoding.PEM
_log = logging.getLogger(__name__)


def new_key() -> ec.EllipticCurvePrivateKey:
    """A fresh P-256 key."""
    return ec.generate_private_key(ec.SECP256R1())


def private_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    """The key as it lies on the disk, for its owner's eyes only."""
    return key.private_bytes(_PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())


def request_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    """A signing request, without a word about ourselves: the gateway gives the name."""
    return (
        x509.CertificateSigningRequestBuilder()
        .subject_name(x509.Name([]))
        .sign(key, hashes.SHA256())
        .public_bytes(_PEM)
    )


class Pair(msgspec.Struct, frozen=True):
    """A key, the certificate for it, and TLS with them: in memory, for the disk may give nothing later."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey | None
    """None for a key of another kind, which somebody else certified and must renew."""
    tls: ssl.SSLContext

    @property
    def pem(self) -> str:
        """The certificate as it is shown."""
        return self.certificate.public_bytes(_PEM).decode()

    def sign(self, content: bytes) -> str:
        """The key's signature over `content`, in hex."""
        if self.key is None:
            raise Malformed("sign", "certificate_key_file", "a P-256 key in PEM")
        return self.key.sign(content, ec.ECDSA(hashes.SHA256())).hex()


class Credentials:
    """Which pair the next connection is made with, and how a new one comes to be.

    `tls` and `connected` only think; all else reads and writes files and belongs in a thread. `Malformed` where
    TLS does not even take the pair that enrolment wrote.
    """

    def __init__(self, files: Certificates, edge: EdgeId) -> None:
        self._files = files
        self._edge = edge
        self._renewed, self._next, self._next_key = (
            files.certificate.with_suffix(suffix) for suffix in (".renewed.pem", ".next.pem", ".next.key")
        )
        self._authority = _authority(files.authority)
        self.present = self._pair(self._renewed) or self._enrolled()
        self._candidate = self._pair(self._next)
        self._trying = self._works = self._given_up = False
        self._failed = 0

    @property
    def renews(self) -> bool:
        """Whether the pair in use is of a kind that the gateway renews."""
        return self.present.key is not None

    # --- connecting --------------------------------------------------------------------------------------------------

    @property
    def waiting(self) -> bool:
        """Whether a next pair waits to be seen to work."""
        return self._candidate is not None

    @property
    def unsettled(self) -> bool:
        """Whether `settle` has something to do."""
        return self._works or self._given_up

    def tls(self) -> ssl.SSLContext:
        """For the next connection: the next pair and the one in use take turns, where there is a next one."""
        self._trying = self._candidate is not None and not self._trying
        return self._candidate.tls if self._trying and self._candidate is not None else self.present.tls

    def connected(self) -> None:
        """The connection stands; `settle` writes down what follows of it."""
        if self._candidate is not None and self._trying:
            self.present, self._candidate = self._candidate, None
            self._works = True
        elif self._candidate is not None:
            self._failed += 1
            if self._failed >= NEXT_TRIES:
                _log.warning("the broker takes the old certificate and not the new one, which is given up")
                self._candidate = None
                self._given_up = True
        self._trying = False

    def settle(self) -> None:
        """Make what was learnt of the next pair durable; a power cut before it only means to learn it again."""
        if self._works:
            _appear(self._next, self._renewed)
        elif self._given_up:
            self._next.unlink(missing_ok=True)
        self._works = self._given_up = False

    # --- renewing ----------------------------------------------------------------------------------------------------

    def request(self) -> str:
        """A signing request (PEM) for the next key, which is made once and lies on the disk before this returns."""
        key = _key(self._next_key)
        if key is None or _same(key, self.present.key):
            key = new_key()
            _write(self._next_key, private_pem(key))
        return request_pem(key).decode()

    def take(self, certificate: str) -> bool:
        """Keep the certificate for the next key; False, and nothing changes, for any other."""
        key = _key(self._next_key)
        if key is None or self._candidate is not None:
            return False
        try:
            made = self._checked(x509.load_pem_x509_certificate(certificate.encode()), key)
        except (*_UNREADABLE, Malformed):
            return False
        _write(self._next, private_pem(key) + made.public_bytes(_PEM))
        self._next_key.unlink(missing_ok=True)
        self._failed, self._candidate = 0, self._pair(self._next)
        return self._candidate is not None

    # --- inside ------------------------------------------------------------------------------------------------------

    def _enrolled(self) -> Pair:
        """What enrolment wrote, or whoever else certified this edge: all that TLS takes is used."""
        tls = _context(self._files.authority, self._files.certificate, self._files.key)
        try:
            certificate = x509.load_pem_x509_certificate(_read(self._files.certificate))
        except _UNREADABLE as error:
            raise Malformed("read certificates", "certificate_file", "PEM; enrol the edge again") from error
        return Pair(certificate, _key(self._files.key), tls)

    def _pair(self, path: Path) -> Pair | None:
        """The pair in one file; None where there is none of this edge's."""
        key = _key(path)
        if key is None:
            return None
        try:
            certificate = self._checked(x509.load_pem_x509_certificate(_read(path)), key)
            return Pair(certificate, key, _context(self._files.authority, path, path))
        except (*_UNREADABLE, Malformed):
            _log.warning("%s holds no certificate of this edge's and is left alone", path.name)
            return None

    def _checked(self, certificate: x509.Certificate, key: ec.EllipticCurvePrivateKey) -> x509.Certificate:
        """`Malformed` unless our authority gave it to this edge for this key; dates are not asked."""
        try:
            certificate.verify_directly_issued_by(self._authority)
        except (*_UNREADABLE, InvalidSignature) as error:
            raise Malformed("read certificates", "certificate", "our authority did not give it") from error
        names = [one.value for one in certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)]
        if names != [self._edge] or certificate.public_key() != key.public_key():
            raise Malformed("read certificates", "certificate", "it is for another edge or key")
        return certificate


def _authority(path: Path) -> x509.Certificate:
    try:
        return x509.load_pem_x509_certificate(_read(path))
    except _UNREADABLE as error:
        raise Malformed("read certificates", "authority_file", "PEM; enrol the edge again") from error


def _context(authority: Path, certificate: Path, key: Path) -> ssl.SSLContext:
    """TLS with the edge's own certificate, believing only its authority."""
    try:
        context = ssl.create_default_context(cafile=authority)
        context.minimum_version = ssl.TLSVersion.TLSv1_3
        context.verify_flags |= ssl.VerifyFlags(NO_CHECK_TIME)
        context.load_cert_chain(certificate, key)
    except (ssl.SSLError, OSError) as error:
        raise Malformed("read certificates", type(error).__name__, "enrol the edge again") from error
    return context


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise Unavailable("read certificates", path.name, "enrol the edge again, or put the file back") from error


def _key(path: Path) -> ec.EllipticCurvePrivateKey | None:
    """The key in a file, None where there is no whole one."""
    try:
        key = serialization.load_pem_private_key(path.read_bytes(), None)
    except (OSError, *_UNREADABLE):
        return None
    return key if isinstance(key, ec.EllipticCurvePrivateKey) else None


def _same(one: ec.EllipticCurvePrivateKey, other: ec.EllipticCurvePrivateKey | None) -> bool:
    return other is not None and one.public_key() == other.public_key()


def _write(path: Path, content: bytes) -> None:
    """Put a whole file there, for its owner's eyes only; durable when this returns."""
    fresh = path.with_name(f"{path.name}.new")
    try:
        handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise Unavailable("write certificate", type(error).__name__, "see that the disk takes something") from error
    _appear(fresh, path)


def _appear(fresh: Path, path: Path) -> None:
    """Rename, durably."""
    try:
        fresh.replace(path)
        folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    except OSError as error:
        raise Unavailable("write certificate", type(error).__name__, "see that the disk takes something") from error
