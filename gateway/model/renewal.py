"""Whether an edge gets another certificate: pure, of what it asks and of what it was given before."""

from collections.abc import Sequence
from typing import Final

import msgspec

from gateway.model.certificates import (
    DUE_AFTER,
    RENEW_AFTER,
    Authority,
    Issued,
    issue_edge,
    key_digest,
    read_shown,
    requested_key,
    signed,
)
from homecare.clock import DAY
from homecare.errors import Malformed, Refused
from homecare.identity import EdgeId
from homecare.renewal import CertificateAnswer, CertificateAsk, CertificateOutcome, CertificateRefusal, statement

ISSUE_EVERY: Final = DAY
"""Microseconds between two new certificates for one edge: one that asks for more is broken or not alone, and one that
lost its key waits a day of the thirty that are left."""


class Given(msgspec.Struct, frozen=True):
    """A certificate that an edge was given, as it is kept; times are wall microseconds of the gateway.

    `key` and `certificate` (PEM) are None for one that came with a claim code; `seen_at` for one that nobody saw used.
    """

    serial: str
    issued_at: int
    due_at: int
    key: bytes | None = None
    certificate: bytes | None = None
    seen_at: int | None = None


class Decision(msgspec.Struct, frozen=True):
    """What the edge is told, and what of it is kept: the certificate that it uses now, and one that is new."""

    answer: CertificateAnswer
    used: Given | None = None
    issued: Issued | None = None


def decide(authority: Authority, edge: EdgeId, ask: CertificateAsk, given: Sequence[Given], *, at: int) -> Decision:
    """Judge an ask whose frame was verified, at `at` (wall microseconds); `given` is everything that the edge has.

    The same request is answered with the same certificate, whenever it comes.
    """
    try:
        shown = read_shown(authority, ask.certificate.encode(), edge=edge)
    except Refused:
        return _refused(CertificateRefusal.CERTIFICATE)
    if not signed(shown.key, bytes.fromhex(ask.proof), statement(edge, ask.certificate, ask.request)):
        return _refused(CertificateRefusal.PROOF)
    unknown = Given(serial=shown.serial, issued_at=shown.issued_at, due_at=shown.issued_at + DUE_AFTER)
    present = next((one for one in given if one.serial == shown.serial), unknown)
    if any(one.seen_at is not None and one.issued_at > present.issued_at for one in given):
        return _refused(CertificateRefusal.SUPERSEDED)
    used = msgspec.structs.replace(present, seen_at=at) if present.seen_at is None else present
    return _next(authority, edge, ask, given, used=used, at=at)


def _next(
    authority: Authority, edge: EdgeId, ask: CertificateAsk, given: Sequence[Given], *, used: Given, at: int
) -> Decision:
    """The certificate after the one that the edge is known to use."""
    mature = at - used.issued_at >= RENEW_AFTER
    if ask.request is None:
        outcome = CertificateOutcome.RENEW if mature else CertificateOutcome.NOT_YET
        return Decision(CertificateAnswer(outcome), used)
    try:
        key = key_digest(requested_key(ask.request.encode()))
    except Malformed:
        return _refused(CertificateRefusal.REQUEST, used)
    for one in given:
        if one.key == key and one.certificate is not None:
            return Decision(_issued(one.certificate), used)
    if not mature:
        return Decision(CertificateAnswer(CertificateOutcome.NOT_YET), used)
    if any(one.seen_at is None and at - one.issued_at < ISSUE_EVERY for one in given):
        return _refused(CertificateRefusal.TOO_SOON, used)
    issued = issue_edge(authority, ask.request.encode(), edge=edge, at=at)
    return Decision(_issued(issued.certificate), used, issued)


def _issued(certificate: bytes) -> CertificateAnswer:
    return CertificateAnswer(CertificateOutcome.ISSUED, certificate=certificate.decode())


def _refused(why: CertificateRefusal, used: Given | None = None) -> Decision:
    return Decision(CertificateAnswer(CertificateOutcome.REFUSED, refusal=why), used)
