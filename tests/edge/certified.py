"""An edge's certificate files as enrolment writes them, and an authority to make more."""

from pathlib import Path

from edge.config import Certificates
from edge.credentials import new_key, private_pem, request_pem
from gateway.model.certificates import Authority, issue_edge
from homecare.identity import EdgeId

EDGE = EdgeId("edge-000077")


def files_in(folder: Path) -> Certificates:
    return Certificates(
        certificate=folder / "certificate.pem", key=folder / "certificate.key", authority=folder / "authority.pem"
    )


def enrolled(folder: Path, authority: Authority, *, at: int, edge: EdgeId = EDGE) -> Certificates:
    """Key, certificate and authority in `folder`."""
    key, files = new_key(), files_in(folder)
    files.certificate.write_bytes(issue_edge(authority, request_pem(key), edge=edge, at=at).certificate)
    files.key.write_bytes(private_pem(key))
    files.authority.write_bytes(authority.certificate)
    return files


def answered(authority: Authority, request: str, *, at: int, edge: EdgeId = EDGE) -> str:
    """The certificate that the gateway gives for a request."""
    return issue_edge(authority, request.encode(), edge=edge, at=at).certificate.decode()
