"""Opaque identifiers, and the only place in the product where chance enters.

Identifiers match `[a-z0-9-]{8,40}`: safe as one MQTT topic level, as a file name and in a URL. They say nothing
about people. An `Epoch` is 63 random bits (positive in SQLite and PostgreSQL), written as 16 hex digits in JSON
because numbers above 2^53 do not survive every JSON reader.
"""

import hashlib
import re
import secrets
from typing import NewType

from homecare.errors import Malformed

HomeId = NewType("HomeId", str)
EdgeId = NewType("EdgeId", str)
DeviceId = NewType("DeviceId", str)
UnitId = NewType("UnitId", str)
AlertId = NewType("AlertId", str)
Epoch = NewType("Epoch", int)

ID_PATTERN = r"^[a-z0-9-]{8,40}$"
EPOCH_PATTERN = r"^[0-7][0-9a-f]{15}$"
SHARDS = 256
"""Shards, fixed for ever: the number is part of the topics of installed edges."""

_id = re.compile(ID_PATTERN)
_epoch = re.compile(EPOCH_PATTERN)


def checked(text: str, what: str) -> str:
    """`text` if it is an identifier, else `Malformed` (the text itself is not repeated: it may hold anything)."""
    if not _id.fullmatch(text):
        raise Malformed("read identifier", what, f"an identifier matches {ID_PATTERN}")
    return text


def new_id(kind: str) -> str:
    """A fresh identifier `kind-xxxxxxxxxxxxxxxx` with 64 random bits."""
    return checked(f"{kind}-{secrets.token_hex(8)}", kind)


def new_epoch() -> Epoch:
    """A fresh random epoch; the odds of meeting an old one again are below 1 in 10^15 for a home's lifetime."""
    return Epoch(secrets.randbits(63))


def new_challenge() -> str:
    """128 random bits as 32 hex digits, for a command to carry back (`homecare.command`)."""
    return secrets.token_hex(16)


def new_nonce(length: int) -> bytes:
    """Random bytes that a protocol uses once; 24 of them may be drawn for ever without meeting again."""
    return secrets.token_bytes(length)


def new_secret() -> bytes:
    """32 random bytes for a private key or a token."""
    return secrets.token_bytes(32)


def jitter() -> float:
    """Chance from 0.5 to 1, to be multiplied with a wait: so that edges that lost one broker do not return as one."""
    return 0.5 + secrets.randbits(32) / 2**33


def epoch_text(epoch: int) -> str:
    """The 16 hex digits by which JSON names an epoch."""
    return f"{epoch:016x}"


def read_epoch(text: str) -> Epoch:
    """The epoch that 16 hex digits name; `Malformed` otherwise."""
    if not _epoch.fullmatch(text):
        raise Malformed("read epoch", "epoch", "16 lower-case hex digits with the top bit clear")
    return Epoch(int(text, 16))


def shard_of(home: str) -> int:
    """The shard (0 to 255) of a home: two edges of one home meet one writer."""
    return hashlib.blake2b(home.encode(), digest_size=1, person=b"vaka-shard").digest()[0]


def derived_id(kind: str, *parts: str | int) -> str:
    """An identifier that the same parts always give again, so that a repeated delivery repeats no outward act."""
    text = "\x1f".join(str(part) for part in parts)
    return f"{kind}-{hashlib.blake2b(text.encode(), digest_size=10, person=b'vaka-derived').hexdigest()}"
