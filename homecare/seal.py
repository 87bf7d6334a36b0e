"""The authenticator: who made a frame, end to end; the broker is not trusted.

Edge and gateway each hold a long-term X25519 key. Their shared secret gives one key per direction:

    key(direction) = BLAKE2b-256(key=shared, person="vaka1-" + direction, data=edge_public || gateway_public)

with direction `up` or `down`, and a frame's tag is

    tag = BLAKE2b-128(key=key(direction), person="vaka1-frame", data=all bytes of the frame before the tag)

Sources: RFC 7748 (X25519), RFC 7693 (BLAKE2 with key and personalisation). Vectors: docs/vectors/seal.json.
"""

import functools
import hashlib
import hmac
from typing import Final

import msgspec
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey

from homecare.errors import Malformed, Refused

TAG_BYTES: Final = 16
KEY_BYTES: Final = 32


class SealKeys(msgspec.Struct, frozen=True, gc=False):
    """The two keys between one edge and the gateway, 32 bytes each."""

    up: bytes
    down: bytes


def public_key(private: bytes) -> bytes:
    """The 32-byte public key of a 32-byte private key."""
    return X25519PrivateKey.from_private_bytes(private).public_key().public_bytes_raw()


def agree_at_edge(edge_private: bytes, gateway_public: bytes) -> SealKeys:
    """The edge's view of the keys; `Malformed` for a public key that gives no shared secret."""
    shared = _shared(edge_private, gateway_public)
    return _keys(shared, public_key(edge_private), gateway_public)


def agree_at_gateway(gateway_private: bytes, edge_public: bytes) -> SealKeys:
    """The gateway's view of the same keys; `Malformed` for a public key that gives no shared secret."""
    shared = _shared(gateway_private, edge_public)
    return _keys(shared, edge_public, _own_public(gateway_private))


@functools.lru_cache(maxsize=1)
def _own_public(private: bytes) -> bytes:
    """The gateway's own public key, which it needs once for every one of its thousands of edges."""
    return public_key(private)


def _shared(private: bytes, public: bytes) -> bytes:
    try:
        return X25519PrivateKey.from_private_bytes(private).exchange(X25519PublicKey.from_public_bytes(public))
    except ValueError as error:
        raise Malformed("agree on keys", "public key", "32 bytes, not of small order") from error


def _keys(shared: bytes, edge_public: bytes, gateway_public: bytes) -> SealKeys:
    def key(direction: bytes) -> bytes:
        return hashlib.blake2b(
            edge_public + gateway_public, key=shared, digest_size=KEY_BYTES, person=b"vaka1-" + direction
        ).digest()

    return SealKeys(up=key(b"up"), down=key(b"down"))


def tag(key: bytes, content: bytes | memoryview) -> bytes:
    """The 16-byte authenticator of `content` under `key`."""
    return hashlib.blake2b(content, key=key, digest_size=TAG_BYTES, person=b"vaka1-frame").digest()


def verify(key: bytes, content: bytes | memoryview, claimed: bytes) -> None:
    """`Refused` unless `claimed` is the tag of `content`; takes the same time whatever is wrong."""
    if not hmac.compare_digest(tag(key, content), claimed):
        raise Refused("verify frame", "authenticator", "the frame was not made by the edge and gateway that it names")
