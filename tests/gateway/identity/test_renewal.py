"""Who gets another certificate: every answer of the pure decision, at its bounds."""

import base64

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.credentials import new_key, request_pem
from gateway.model.certificates import DUE_AFTER, RENEW_AFTER, Authority, issue_edge, make_authority
from gateway.model.renewal import ISSUE_EVERY, Decision, Given, decide
from homecare.clock import DAY, SECOND
from homecare.identity import EdgeId
from homecare.renewal import CertificateAsk, CertificateOutcome, CertificateRefusal, statement
from tests.gateway.identity.keys import request as request_of

EDGE, OTHER = EdgeId("edge-000077"), EdgeId("edge-000078")
BEGAN = 1_790_000_000 * SECOND
AUTHORITY, STRANGER = make_authority(BEGAN), make_authority(BEGAN)


class Held:
    """An edge's key with its certificate, and the row that the gateway keeps of it."""

    def __init__(self, *, at: int = BEGAN, edge: EdgeId = EDGE, authority: Authority = AUTHORITY) -> None:
        self.key = new_key()
        issued = issue_edge(authority, request_pem(self.key), edge=edge, at=at)
        self.pem = issued.certificate.decode()
        self.row = Given(issued.serial, at, issued.due_at, key=issued.key, certificate=issued.certificate, seen_at=at)
        self.unseen = msgspec.structs.replace(self.row, seen_at=None)

    def ask(self, request: str | None = None, *, key: ec.EllipticCurvePrivateKey | None = None) -> CertificateAsk:
        signature = (key or self.key).sign(statement(EDGE, self.pem, request), ec.ECDSA(SHA256()))
        return CertificateAsk(self.pem, signature.hex(), request=request)


FIRST = Held()
NEXT = request_pem(new_key()).decode()


def decided(ask: CertificateAsk, *given: Given, at: int) -> Decision:
    return decide(AUTHORITY, EDGE, ask, given, at=at)


def test_it_is_time_from_the_sixtieth_day_on() -> None:
    young = decided(FIRST.ask(), FIRST.row, at=BEGAN + RENEW_AFTER - 1)
    assert young.answer.outcome is CertificateOutcome.NOT_YET
    assert decided(FIRST.ask(), FIRST.row, at=BEGAN + RENEW_AFTER).answer.outcome is CertificateOutcome.RENEW
    eager = decided(FIRST.ask(NEXT), FIRST.row, at=BEGAN + RENEW_AFTER - 1)
    assert (eager.answer.outcome, eager.issued) == (CertificateOutcome.NOT_YET, None)


def test_the_next_one_is_for_this_edge_and_this_key_and_due_anew() -> None:
    at = BEGAN + 100 * DAY
    decision = decided(FIRST.ask(NEXT), FIRST.row, at=at)
    assert decision.answer.outcome is CertificateOutcome.ISSUED
    assert decision.issued is not None
    assert decision.issued.due_at == at + DUE_AFTER
    assert decision.answer.certificate == decision.issued.certificate.decode()


def test_one_key_gets_one_certificate_whenever_it_is_asked_for() -> None:
    at = BEGAN + RENEW_AFTER
    issued = decided(FIRST.ask(NEXT), FIRST.row, at=at).issued
    assert issued is not None
    kept = Given(issued.serial, at, issued.due_at, key=issued.key, certificate=issued.certificate)
    for later in (at, at + ISSUE_EVERY, at + 300 * DAY):
        again = decided(FIRST.ask(NEXT), kept, FIRST.row, at=later)
        assert again.issued is None
        assert again.answer.certificate == issued.certificate.decode()


def test_a_second_key_waits_for_a_day() -> None:
    """Red without the bound: an edge that runs in circles would fill the table."""
    at, lost = BEGAN + RENEW_AFTER, Held(at=BEGAN + RENEW_AFTER)
    soon = decided(FIRST.ask(NEXT), lost.unseen, FIRST.row, at=at + ISSUE_EVERY - 1)
    assert (soon.answer.refusal, soon.issued) == (CertificateRefusal.TOO_SOON, None)
    assert decided(FIRST.ask(NEXT), lost.unseen, FIRST.row, at=at + ISSUE_EVERY).issued is not None


def test_the_one_before_counts_until_the_next_one_was_seen() -> None:
    at, newer = BEGAN + 61 * DAY, Held(at=BEGAN + RENEW_AFTER)
    assert decided(FIRST.ask(), newer.unseen, FIRST.row, at=at).answer.outcome is CertificateOutcome.RENEW
    late = decided(FIRST.ask(), newer.row, FIRST.row, at=at)
    assert (late.answer.refusal, late.used) == (CertificateRefusal.SUPERSEDED, None)
    seen = decided(newer.ask(), newer.unseen, FIRST.row, at=at).used
    assert seen is not None
    assert (seen.serial, seen.seen_at) == (newer.row.serial, at)


def test_one_that_the_records_do_not_know_is_taken_into_them() -> None:
    """Of a restored backup, or of an edge that was certified elsewhere: our authority gave it."""
    used = decided(FIRST.ask(), at=BEGAN + DAY).used
    assert used == Given(FIRST.row.serial, BEGAN, BEGAN + DUE_AFTER, seen_at=BEGAN + DAY)


@pytest.mark.parametrize(
    ("ask", "why"),
    [
        (Held(edge=OTHER).ask(NEXT), CertificateRefusal.CERTIFICATE),
        (Held(authority=STRANGER).ask(NEXT), CertificateRefusal.CERTIFICATE),
        (CertificateAsk("nothing", "00", request=NEXT), CertificateRefusal.CERTIFICATE),
        (FIRST.ask(NEXT, key=new_key()), CertificateRefusal.PROOF),
        (msgspec.structs.replace(FIRST.ask(), request=NEXT), CertificateRefusal.PROOF),
        (msgspec.structs.replace(FIRST.ask(NEXT), request=None), CertificateRefusal.PROOF),
        (FIRST.ask("nothing"), CertificateRefusal.REQUEST),
        (FIRST.ask(request_of(ec.generate_private_key(ec.SECP384R1())).decode()), CertificateRefusal.REQUEST),
    ],
)
def test_what_is_not_proven_gets_nothing(ask: CertificateAsk, why: CertificateRefusal) -> None:
    decision = decided(ask, FIRST.row, at=BEGAN + 61 * DAY)
    assert (decision.answer.refusal, decision.issued) == (why, None)


@pytest.mark.filterwarnings("ignore::cryptography.utils.CryptographyDeprecationWarning")  # why: of odd bytes it warns
@settings(max_examples=500, deadline=None)
@given(at=st.integers(0, 10_000), change=st.binary(min_size=1, max_size=4), where=st.sampled_from(["request", "shown"]))
def test_bytes_that_are_changed_anywhere_are_refused_and_nothing_else(at: int, change: bytes, where: str) -> None:
    """Signed by an edge that is ours and lies: whatever stands in it, it is judged, and ends nothing."""
    label, encoded = ("CERTIFICATE REQUEST", NEXT) if where == "request" else ("CERTIFICATE", FIRST.pem)
    der = bytearray(base64.b64decode("".join(encoded.splitlines()[1:-1])))
    start = at % len(der)
    der[start : start + len(change)] = change
    pem = f"-----BEGIN {label}-----\n{base64.encodebytes(bytes(der)).decode()}-----END {label}-----\n"
    request, certificate = (pem, FIRST.pem) if where == "request" else (NEXT, pem)
    signature = FIRST.key.sign(statement(EDGE, certificate, request), ec.ECDSA(SHA256()))
    decision = decided(CertificateAsk(certificate, signature.hex(), request=request), FIRST.row, at=BEGAN + 61 * DAY)
    if bytes(der) != base64.b64decode("".join(encoded.splitlines()[1:-1])):
        assert decision.answer.refusal in (CertificateRefusal.REQUEST, CertificateRefusal.CERTIFICATE)
