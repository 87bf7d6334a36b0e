"""BTHome v2 as a sensor sends it: advertising data from values, plain or encrypted.

Source: the BTHome v2 format (bthome.io). The simulator encodes on its own, so that it checks the edge's decoder.
"""

import struct
from typing import Final

from cryptography.hazmat.primitives.ciphers.aead import AESCCM

UUID: Final = b"\xd2\xfc"
"""0xFCD2, little-endian."""
PLAIN: Final = 0x40
"""Device information: version 2, not encrypted, sends regularly."""
ENCRYPTED: Final = 0x01
TRIGGERED: Final = 0x04
"""Bits of the device information: encrypted; sends only when something happens."""
TAG_BYTES: Final = 4
_FLAGS: Final = b"\x02\x01\x06"
_SERVICE_DATA: Final = 0x16
_COMPLETE_NAME: Final = 0x09


def packet_id(number: int) -> bytes:
    """The number that is the same in every repetition of one message; 0 to 255."""
    return bytes((0x00, number))


def battery(percent: int) -> bytes:
    """Battery, percent."""
    return bytes((0x01, percent))


def temperature(celsius: float) -> bytes:
    """Temperature, degrees Celsius, to a hundredth."""
    return b"\x02" + struct.pack("<h", round(celsius * 100))


def humidity(percent: float) -> bytes:
    """Relative humidity, percent, to a hundredth."""
    return b"\x03" + struct.pack("<H", round(percent * 100))


def door(*, is_open: bool) -> bytes:
    """A door contact."""
    return bytes((0x1A, is_open))


def lock(*, unlocked: bool) -> bytes:
    """A lock; 1 is unlocked."""
    return bytes((0x1F, unlocked))


def moisture(*, wet: bool) -> bytes:
    """A water detector."""
    return bytes((0x20, wet))


def motion(*, moving: bool) -> bytes:
    """A motion detector."""
    return bytes((0x21, moving))


def button(event: int = 1) -> bytes:
    """A button event; 1 is a press, 0 none."""
    return bytes((0x3A, event))


def plain(objects: bytes, *, triggered: bool) -> bytes:
    """The service data of an unencrypted message."""
    return bytes((PLAIN | TRIGGERED * triggered,)) + objects


def encrypted(objects: bytes, *, address: str, key: bytes, counter: int, triggered: bool) -> bytes:
    """The service data of a message under AES-CCM with a 16-byte key; the counter rises with every message."""
    information = bytes((PLAIN | ENCRYPTED | TRIGGERED * triggered,))
    count = struct.pack("<I", counter)
    nonce = bytes.fromhex(address.replace(":", "")) + UUID + information + count
    sealed = AESCCM(key, tag_length=TAG_BYTES).encrypt(nonce, objects, None)
    return information + sealed[:-TAG_BYTES] + count + sealed[-TAG_BYTES:]


def advertising_data(service_data: bytes) -> bytes:
    """The advertisement that carries BTHome service data."""
    return _FLAGS + structure(_SERVICE_DATA, UUID + service_data)


def name_data(name: str) -> bytes:
    """A scan response that tells the device's name."""
    return structure(_COMPLETE_NAME, name.encode())


def structure(kind: int, value: bytes) -> bytes:
    """One AD structure."""
    return bytes((len(value) + 1, kind)) + value
