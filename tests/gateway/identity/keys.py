"""What an edge has on its own side: a key and the request for a certificate."""

from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from gateway.model.certificates import Authority, issue_edge
from homecare.identity import EdgeId

PEM = serialization.Encoding.PEM


def request(key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey, name: str = "whoever") -> bytes:
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    return x509.CertificateSigningRequestBuilder().subject_name(subject).sign(key, hashes.SHA256()).public_bytes(PEM)


def private(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())


def certified(authority: Authority, edge: str, folder: Path, *, at: int) -> tuple[Path, Path]:
    """A certificate and its key as files."""
    key = ec.generate_private_key(ec.SECP256R1())
    issued = issue_edge(authority, request(key), edge=EdgeId(edge), at=at)
    certificate, private_key = folder / f"{edge}.pem", folder / f"{edge}.key"
    certificate.write_bytes(issued.certificate)
    private_key.write_bytes(private(key))
    return certificate, private_key
