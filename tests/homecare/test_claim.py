"""Claim codes: typed by people, found whole or not at all."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from homecare.claim import PART_BYTES, ClaimCode, new_claim_code, read_claim_code
from homecare.errors import Malformed

part = st.binary(min_size=PART_BYTES, max_size=PART_BYTES)


@given(part, part)
def test_a_code_is_read_as_it_is_printed(authority: bytes, secret: bytes) -> None:
    code = ClaimCode(authority=authority, secret=secret)
    assert read_claim_code(str(code)) == code
    assert read_claim_code(str(code).lower().replace("-", " ")) == code


@given(part, part)
def test_letters_that_look_like_digits_are_digits(authority: bytes, secret: bytes) -> None:
    code = ClaimCode(authority=authority, secret=secret)
    prefix, *groups = str(code).split("-")
    typed = "-".join((prefix, *(group.replace("0", "O").replace("1", "l") for group in groups)))
    assert read_claim_code(typed) == code


@pytest.mark.parametrize(
    "text", ["", "VAKA1-", "VAKA1-" + "Å" * 32, "VAKA1-" + "0" * 31, "0" * 33, "U" * 32, "0" * 10_000]
)
def test_anything_else_is_malformed_and_not_repeated(text: str) -> None:
    with pytest.raises(Malformed) as raised:
        read_claim_code(text)
    assert not text or text not in str(raised.value)


def test_codes_differ_and_their_digests_do_not_say_them() -> None:
    codes = {str(new_claim_code(bytes(PART_BYTES))) for _ in range(100)}
    assert len(codes) == 100
    code = new_claim_code(bytes(PART_BYTES))
    assert code.secret not in code.digest
    assert len(code.digest) == 32
