"""An NTAG 424 DNA tag as a phone reads it: the address it mirrors, made by an AES and a CMAC of its own.

Written from NXP AN12196, the NT4H2421Gx data sheet and NIST SP 800-38B, and from nothing of the gateway's: what the
two agree on is right twice.
"""

from typing import Final

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import ECB

BLOCK: Final = 16
MOST: Final = 0xFFFFFF
"""The counter's last value: a real tag answers no more after it."""


class Tag:
    """One tag with its two keys (16 bytes each) and its counter; every `read` counts."""

    def __init__(self, uid: bytes, *, meta_key: bytes, file_key: bytes, counter: int = 0) -> None:
        self.uid = uid
        self.counter = counter
        self._meta_key = meta_key
        self._file_key = file_key

    def read(self, base: str, *, filling: bytes = bytes(5)) -> str:
        """The address `base` with encrypted PICC data; `filling` is the tag's own noise."""
        self._count()
        plain = b"\xc7" + self.uid + self.counter.to_bytes(3, "little") + filling
        return f"{base}?e={_block(self._meta_key, plain).hex().upper()}&c={self._mac()}"

    def read_plain(self, base: str) -> str:
        """The address of a tag that is set to mirror uid and counter in plain."""
        self._count()
        return f"{base}?u={self.uid.hex().upper()}&n={self.counter:06X}&c={self._mac()}"

    def _count(self) -> None:
        if self.counter >= MOST:
            raise RuntimeError("the tag's counter is used up")
        self.counter += 1

    def _mac(self) -> str:
        vector = bytes((0x3C, 0xC3, 0x00, 0x01, 0x00, 0x80)) + self.uid + self.counter.to_bytes(3, "little")
        whole = _cmac(_cmac(self._file_key, vector), b"")
        return bytes(whole[place] for place in range(1, BLOCK, 2)).hex().upper()


def _block(key: bytes, plain: bytes) -> bytes:
    encryptor = Cipher(AES(key), ECB()).encryptor()  # noqa: S305 why: the building block of CMAC and of one-block CBC
    return encryptor.update(plain) + encryptor.finalize()


def _cmac(key: bytes, message: bytes) -> bytes:
    """AES-CMAC of a message of at most one block."""
    first = _doubled(_block(key, bytes(BLOCK)))
    if len(message) == BLOCK:
        last = _xor(message, first)
    else:
        last = _xor((message + b"\x80").ljust(BLOCK, b"\0"), _doubled(first))
    return _block(key, last)


def _doubled(block: bytes) -> bytes:
    number = int.from_bytes(block, "big") << 1
    if number >> 128:
        number = (number & (1 << 128) - 1) ^ 0x87
    return number.to_bytes(BLOCK, "big")


def _xor(one: bytes, other: bytes) -> bytes:
    return bytes(left ^ right for left, right in zip(one, other, strict=True))
