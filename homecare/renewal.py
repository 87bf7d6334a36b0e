"""How an edge renews its certificate: what it asks over its own connection, and what the gateway answers.

The edge asks once a day, showing the certificate that it uses now: is it time? The gateway counts the age by its own
clock, because an edge's may say 1970. Told that it is time, the edge makes a new key and asks again with a signing
request. Every ask is signed by the present certificate's key, and its frame by the end-to-end authenticator.

A repeated ask gets what the first one got: one certificate for one key. So whoever repeats somebody else's ask gets a
certificate for a key that he does not have.
"""

import hashlib
from enum import StrEnum
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from homecare.identity import EdgeId

PEM_LIMIT: Final = 4_096
"""Characters of a certificate or a request in PEM: four times what one with a P-256 key takes."""
_Pem = Annotated[str, Meta(max_length=PEM_LIMIT)]
_Proof = Annotated[str, Meta(pattern="^([0-9a-f]{2}){1,128}$")]


class CertificateAsk(msgspec.Struct, frozen=True, omit_defaults=True):
    """What an edge asks. `certificate` is the one that it uses now, `request` a signing request for its next key.

    `proof` is the signature of the present certificate's key (ECDSA, SHA-256, DER in hex) over `statement`.
    """

    certificate: _Pem
    proof: _Proof
    request: _Pem | None = None


class CertificateOutcome(StrEnum):
    """What the gateway says: too young to be renewed; time to ask with a request; here it is; no."""

    NOT_YET = "not_yet"
    RENEW = "renew"
    ISSUED = "issued"
    REFUSED = "refused"


class CertificateRefusal(StrEnum):
    """Why not; the edge goes on with what it has.

    `certificate`: the shown one is not of our authority for this edge. `superseded`: a newer one was seen in use.
    `proof`, `request`: that cannot be right. `too_soon`: another was given a moment ago and not used yet.
    """

    CERTIFICATE = "certificate"
    SUPERSEDED = "superseded"
    PROOF = "proof"
    REQUEST = "request"
    TOO_SOON = "too_soon"


class CertificateAnswer(msgspec.Struct, frozen=True, omit_defaults=True):
    """`certificate` comes with `issued`, `refusal` with `refused`."""

    outcome: CertificateOutcome
    certificate: _Pem | None = None
    refusal: CertificateRefusal | None = None


def statement(edge: EdgeId, certificate: str, request: str | None) -> bytes:
    """What the present key signs: who asks, with which certificate, for which key."""
    parts = (edge, certificate, request or "")
    return b"vaka1-certificate" + b"".join(hashlib.sha256(part.encode()).digest() for part in parts)
