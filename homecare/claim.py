"""Claim codes: how an edge that knows nobody finds the right gateway and says who let it in.

    VAKA1-<authority>-<secret>      both parts 80 bits, 16 characters of Crockford's base 32, in groups of four

The first part is the beginning of the SHA-256 of the authority's certificate: the edge speaks to nobody else, so the
secret never reaches a stranger who answers in the gateway's place. The second part is single-use and short-lived, and
the gateway keeps only its SHA-256. Read aloud or typed: O counts as 0, I and L as 1; case, spaces and dashes do not
count.
"""

import hashlib
from typing import Final

import msgspec

from homecare.errors import Malformed
from homecare.identity import new_secret

PART_BYTES: Final = 10
"""80 bits each: no guessing within the 15 minutes that a code lives."""
CODE_LIMIT: Final = 80
"""Characters of a code with its separators, at the longest that a person would type it."""
_PREFIX: Final = "VAKA1"
_DIGITS: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_ALIKE: Final = str.maketrans("OIL", "011", " -\t\n")
_PART: Final = 16
_GROUP: Final = 4
_BITS: Final = 5


class ClaimCode(msgspec.Struct, frozen=True):
    """Which authority, and the secret; 10 bytes each."""

    authority: bytes
    secret: bytes

    @property
    def digest(self) -> bytes:
        """What the gateway keeps of the secret."""
        return hashlib.sha256(b"vaka1-claim" + self.secret).digest()

    def __str__(self) -> str:
        text = _encoded(self.authority) + _encoded(self.secret)
        groups = [text[at : at + _GROUP] for at in range(0, len(text), _GROUP)]
        return "-".join((_PREFIX, *groups))


def authority_digest(certificate: bytes) -> bytes:
    """What a claim code says of the authority whose certificate (DER) this is."""
    return hashlib.sha256(certificate).digest()[:PART_BYTES]


def new_claim_code(authority: bytes) -> ClaimCode:
    """A fresh code for the authority with this digest."""
    return ClaimCode(authority=authority, secret=new_secret()[:PART_BYTES])


def read_claim_code(text: str) -> ClaimCode:
    """The code as a person typed it; `Malformed` otherwise (the text is not repeated)."""
    plain = text[: CODE_LIMIT + 1].upper().removeprefix(_PREFIX).translate(_ALIKE)
    if len(text) > CODE_LIMIT or len(plain) != 2 * _PART or not set(plain) <= set(_DIGITS):
        raise Malformed("read claim code", "code", "VAKA1 and 32 letters and digits, as it is printed")
    return ClaimCode(authority=_decoded(plain[:_PART]), secret=_decoded(plain[_PART:]))


def _encoded(data: bytes) -> str:
    number = int.from_bytes(data)
    return "".join(_DIGITS[number >> shift & (1 << _BITS) - 1] for shift in range(_BITS * (_PART - 1), -1, -_BITS))


def _decoded(text: str) -> bytes:
    number = 0
    for digit in text:
        number = number << _BITS | _DIGITS.index(digit)
    return number.to_bytes(PART_BYTES)
