"""The edge's certificates on disk: a valid pair at every start, whatever happened before."""

import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from edge.config import Certificates
from edge.credentials import NEXT_TRIES, Credentials, new_key, private_pem, request_pem
from gateway.model.certificates import make_authority
from homecare.clock import DAY
from homecare.errors import Malformed, Unavailable
from homecare.identity import EdgeId
from tests.edge.certified import EDGE, answered, enrolled, files_in
from tests.edge.cut_renewal import LATER, Cutting, renew

AUTHORITY = make_authority(1_790_000_000_000_000)
STEPS = range(1, 100)
"""More than there are operations on files; the test ends at the first one that lives."""
LEAST = 8


@pytest.fixture
def files(tmp_path: Path) -> Certificates:
    return enrolled(tmp_path, AUTHORITY, at=1_790_000_000_000_000)


def serial(credentials: Credentials) -> int:
    return credentials.present.certificate.serial_number


def renewed(credentials: Credentials) -> None:
    """A next pair that came."""
    assert credentials.take(answered(AUTHORITY, credentials.request(), at=LATER))


def test_a_new_pair_is_used_first_and_then_kept(files: Certificates) -> None:
    credentials = Credentials(files, EDGE)
    old = serial(credentials)
    renewed(credentials)
    assert serial(credentials) == old, "until a connection was made with the new one"
    credentials.tls()
    credentials.connected()
    new = serial(credentials)
    assert new != old
    credentials.settle()
    again = Credentials(files, EDGE)
    assert (serial(again), again.waiting) == (new, False)
    assert again.present.key is not None
    assert again.present.key.public_key() == again.present.certificate.public_key()
    for path in files.certificate.parent.glob("certificate.*"):
        if path not in (files.certificate, files.key):
            assert path.stat().st_mode & 0o077 == 0, path.name


def test_one_key_is_asked_for_until_it_is_certified(files: Certificates) -> None:
    def key(request: str) -> object:
        return x509.load_pem_x509_csr(request.encode()).public_key()

    credentials = Credentials(files, EDGE)
    first = key(credentials.request())
    assert key(credentials.request()) == first
    assert key(Credentials(files, EDGE).request()) == first, "also after a restart"
    renewed(credentials)
    credentials.tls()
    credentials.connected()
    credentials.settle()
    assert key(credentials.request()) != first


def test_a_key_that_is_in_use_already_is_not_asked_for_again(files: Certificates) -> None:
    """Red without the comparison: a power cut between rename and removal would end renewal for ever."""
    credentials = Credentials(files, EDGE)
    credentials.request()
    left = (pending := files.certificate.with_suffix(".next.key")).read_bytes()
    renewed(credentials)
    credentials.tls()
    credentials.connected()
    credentials.settle()
    pending.write_bytes(left)
    request = Credentials(files, EDGE).request()
    assert x509.load_pem_x509_csr(request.encode()).public_key() != credentials.present.certificate.public_key()


@pytest.mark.parametrize("what", ["another edge", "another authority", "another key", "no certificate"])
def test_a_certificate_that_is_not_ours_changes_nothing(files: Certificates, what: str) -> None:
    credentials = Credentials(files, EDGE)
    request, other = credentials.request(), make_authority(LATER)
    wrong = {
        "another edge": answered(AUTHORITY, request, at=LATER, edge=EdgeId("edge-000078")),
        "another authority": answered(other, request, at=LATER),
        "another key": answered(AUTHORITY, request_pem(new_key()).decode(), at=LATER),
        "no certificate": "nothing",
    }[what]
    assert not credentials.take(wrong)
    assert not credentials.waiting
    assert not Credentials(files, EDGE).waiting


def test_a_pair_that_the_broker_refuses_is_given_up_and_the_old_one_goes_on(files: Certificates) -> None:
    credentials = Credentials(files, EDGE)
    old = credentials.present
    renewed(credentials)
    for _ in range(NEXT_TRIES):
        assert credentials.waiting
        assert credentials.tls() is not old.tls, "the new one has its turn"
        assert credentials.tls() is old.tls
        credentials.connected()
    credentials.settle()
    assert not credentials.waiting
    assert credentials.tls() is old.tls
    assert not Credentials(files, EDGE).waiting


def test_a_broker_that_is_away_takes_no_new_pair_away(files: Certificates) -> None:
    """Red if every failed attempt counts: then a night without a broker gives up what is good."""
    credentials = Credentials(files, EDGE)
    renewed(credentials)
    for _ in range(1_001):
        credentials.tls()
    credentials.connected()
    assert credentials.present.certificate.not_valid_before_utc.timestamp() * 1e6 == LATER - DAY


def test_a_power_cut_at_any_step_leaves_a_pair(tmp_path: Path) -> None:
    """SIGKILL before each operation on a file, at the first renewal and at the second; then it still renews."""
    base = tmp_path / "base"
    base.mkdir()
    enrolled(base, AUTHORITY, at=0)
    with Cutting(AUTHORITY) as cutting:
        for turn in range(2):
            before, lived = serial(Credentials(files_in(base), EDGE)), False
            for step in STEPS:
                folder = tmp_path / f"cut-{turn}-{step}"
                shutil.copytree(base, folder)
                lived = cutting.lived(folder, step)
                after = Credentials(files_in(folder), EDGE)
                assert after.present.key is not None
                assert after.present.key.public_key() == after.present.certificate.public_key()
                assert not lived or (serial(after) != before and not after.waiting)
                if lived:
                    break
                renew(folder, AUTHORITY)
                assert serial(Credentials(files_in(folder), EDGE)) != before, (
                    "what was cut off is done at the next start"
                )
            assert lived
            assert step > LEAST, "a renewal is more than that"
            base = folder.rename(tmp_path / f"renewed-{before}")


@pytest.mark.parametrize("name", ["certificate.next.pem", "certificate.renewed.pem", "certificate.next.key"])
def test_a_file_torn_at_any_byte_is_as_good_as_none(files: Certificates, name: str) -> None:
    """A disk that lies about what it wrote: the edge starts with the pair before."""
    credentials = Credentials(files, EDGE)
    pending = private_pem(new_key())
    renewed(credentials)
    whole = files.certificate.with_suffix(".next.pem").read_bytes()
    files.certificate.with_suffix(".next.pem").unlink()
    content, path = pending if name.endswith("key") else whole, files.certificate.with_name(name)
    for length in range(0, len(content) - 1, 7):
        path.write_bytes(content[:length])
        torn = Credentials(files, EDGE)
        assert serial(torn) == serial(credentials)
        torn.request()


def test_a_disk_that_takes_nothing_is_said_and_changes_nothing(files: Certificates) -> None:
    credentials = Credentials(files, EDGE)
    credentials.request()
    certificate = answered(AUTHORITY, credentials.request(), at=LATER)
    (files.certificate.parent / "certificate.next.pem.new").mkdir()
    with pytest.raises(Unavailable):
        credentials.take(certificate)
    assert not credentials.waiting
    (files.certificate.parent / "certificate.next.pem.new").rmdir()
    assert credentials.take(certificate)


def test_a_pair_that_somebody_else_certified_is_used_and_not_renewed(files: Certificates) -> None:
    """Red if the edge asks more of it than TLS does: then it would not start."""
    key = rsa.generate_private_key(65_537, 2_048)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "somebody")])
    now = datetime.now(UTC)
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    made = made.serial_number(1).not_valid_before(now).not_valid_after(now + timedelta(days=1))
    files.certificate.write_bytes(made.sign(key, SHA256()).public_bytes(Encoding.PEM))
    files.key.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    credentials = Credentials(files, EDGE)
    assert credentials.tls()
    assert not credentials.renews


@pytest.mark.parametrize("name", ["certificate", "key", "authority"])
def test_without_a_pair_that_tls_takes_it_says_so(files: Certificates, name: str) -> None:
    getattr(files, name).write_bytes(b"nothing")
    with pytest.raises(Malformed):
        Credentials(files, EDGE)
