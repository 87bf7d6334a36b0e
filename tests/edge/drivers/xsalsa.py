"""XSalsa20-Poly1305 in plain Python, from Bernstein's papers: an implementation independent of libsodium, for tests.

Sources: "Extending the Salsa20 nonce" (2011), "The Poly1305-AES message-authentication code" (2005).
"""

import struct

_SIGMA = struct.unpack("<4I", b"expand 32-byte k")
_ROUNDS = [(0, 4, 8, 12), (5, 9, 13, 1), (10, 14, 2, 6), (15, 3, 7, 11), (0, 1, 2, 3), (5, 6, 7, 4), (10, 11, 8, 9), (15, 12, 13, 14)]  # fmt: skip # noqa: E501 - two rounds


def _turned(x: int, n: int) -> int:
    x &= 0xFFFFFFFF
    return (x << n | x >> (32 - n)) & 0xFFFFFFFF


def _core(words: list[int]) -> list[int]:
    """Twenty rounds without the last addition."""
    x = list(words)
    for _ in range(10):
        for a, b, c, d in _ROUNDS:
            x[b] ^= _turned(x[a] + x[d], 7)
            x[c] ^= _turned(x[b] + x[a], 9)
            x[d] ^= _turned(x[c] + x[b], 13)
            x[a] ^= _turned(x[d] + x[c], 18)
    return x


def _block(key: bytes, block: bytes) -> list[int]:
    k, n = struct.unpack("<8I", key), struct.unpack("<4I", block)
    return [_SIGMA[0], *k[:4], _SIGMA[1], *n, _SIGMA[2], *k[4:], _SIGMA[3]]


def hsalsa20(key: bytes, nonce: bytes) -> bytes:
    x = _core(_block(key, nonce))
    return struct.pack("<8I", x[0], x[5], x[10], x[15], *x[6:10])


def _stream(key: bytes, nonce: bytes, length: int) -> bytes:
    inner = hsalsa20(key, nonce[:16])
    out = b""
    for number in range(-(-length // 64)):
        words = _block(inner, nonce[16:] + struct.pack("<Q", number))
        mixed = [(a + b) & 0xFFFFFFFF for a, b in zip(_core(words), words, strict=True)]
        out += struct.pack("<16I", *mixed)
    return out[:length]


def _poly1305(key: bytes, message: bytes) -> bytes:
    r = int.from_bytes(key[:16], "little") & 0x0FFFFFFC0FFFFFFC0FFFFFFC0FFFFFFF
    total = 0
    for at in range(0, len(message), 16):
        total = (total + int.from_bytes(message[at : at + 16] + b"\1", "little")) * r % (2**130 - 5)
    return ((total + int.from_bytes(key[16:], "little")) & (2**128 - 1)).to_bytes(16, "little")


def box(key: bytes, nonce: bytes, plain: bytes) -> bytes:
    """NaCl's secretbox: tag and ciphertext."""
    stream = _stream(key, nonce, 32 + len(plain))
    cipher = bytes(a ^ b for a, b in zip(plain, stream[32:], strict=True))
    return _poly1305(stream[:32], cipher) + cipher
