"""The bytes of Nuki's Bluetooth API (smart locks), without any conversation.

    plain:      command u16 | payload | CRC u16
    encrypted:  nonce 24 | authorisation u32 | length u16 | box(authorisation u32 | command u16 | payload | CRC u16)

All numbers little-endian. The CRC is CRC-16/CCITT (polynomial 0x1021, from 0xFFFF); the box is NaCl's secretbox
(XSalsa20-Poly1305) under the key that `shared_key` makes of both sides' X25519 keys (HSalsa20 of the shared secret).
Source: Nuki, "Smart Lock API" 2.3.0, as published for developers.
"""

import binascii
import hashlib
import hmac
import struct
from enum import IntEnum
from typing import Final

import msgspec
from nacl.bindings import crypto_box_beforenm
from nacl.exceptions import CryptoError
from nacl.secret import SecretBox

from homecare.errors import Malformed, Refused

PAIRING: Final = "a92ee101-5501-11e4-916c-0800200c9a66"
"""The characteristic on which an authorisation is asked for, in the clear."""
KEYTURNER: Final = "a92ee202-5501-11e4-916c-0800200c9a66"
"""The characteristic of those who are authorised."""
BEACON_UUID: Final = bytes.fromhex("a92ee200550111e4916c0800200c9a66")
NONCE_BYTES: Final = 24
CHALLENGE_BYTES: Final = 32
NAME_BYTES: Final = 32
SUFFIX_BYTES: Final = 20
MESSAGE_LIMIT: Final = 1024
"""Bytes of one encrypted message; the longest of a lock, a log entry, has below 200."""
_HEAD: Final = struct.Struct("<24sIH")
_INNER: Final = struct.Struct("<IH")
_CRC_BYTES: Final = 2
_COMMAND_BYTES: Final = 2
_BOX_BYTES: Final = 16
"""What the box is longer than its content."""


class Order(IntEnum):
    """The command of a message."""

    REQUEST_DATA = 0x01
    PUBLIC_KEY = 0x03
    CHALLENGE = 0x04
    AUTHENTICATOR = 0x05
    AUTHORISATION_DATA = 0x06
    AUTHORISATION_ID = 0x07
    STATES = 0x0C
    LOCK_ACTION = 0x0D
    STATUS = 0x0E
    ERROR = 0x12
    ID_CONFIRMATION = 0x1E


class LockAction(IntEnum):
    """What a lock can be asked for."""

    UNLOCK = 1
    LOCK = 2
    UNLATCH = 3


class Bolt(IntEnum):
    """The lock state of a states message; others are read as `UNDEFINED`."""

    UNCALIBRATED = 0
    LOCKED = 1
    UNLOCKING = 2
    UNLOCKED = 3
    LOCKING = 4
    UNLATCHED = 5
    UNLOCKED_FOR_A_WHILE = 6
    UNLATCHING = 7
    BLOCKED = 0xFE
    UNDEFINED = 0xFF


COMPLETE: Final = 0x00
ACCEPTED: Final = 0x01
"""The two status codes."""


class Message(msgspec.Struct, frozen=True):
    """One message, its check passed."""

    order: int
    payload: bytes


class States(msgspec.Struct, frozen=True):
    """What a lock says of itself.

    `trigger` says what moved it last (0 Bluetooth, 1 by hand or key, 2 its button, 3 its own timer, 6 auto lock);
    `percent` is of its battery. `door` is the door sensor's word (2 closed, 3 open, 0xF0 tampered), None without one.
    `last` is the last action and how it was completed, None from a lock that does not say.
    """

    bolt: Bolt
    trigger: int
    critical: bool
    percent: int
    door: int | None = None
    last: tuple[int, int] | None = None


class Authorisation(msgspec.Struct, frozen=True):
    """What pairing gives: 40 bytes, a secret. `app` is the number under which we asked."""

    number: int
    app: int
    key: bytes

    def pack(self) -> bytes:
        """As it is stored."""
        return struct.pack("<II32s", self.number, self.app, self.key)

    @staticmethod
    def unpack(data: bytes | None) -> "Authorisation":
        """What `pack` gave; `Refused` for anything else: there is no authorisation."""
        if data is None or len(data) != struct.calcsize("<II32s"):
            raise Refused("read authorisation", "wrong_key", "pair the lock: vaka-edge pair CONFIG DEVICE")
        return Authorisation(*struct.unpack("<II32s", data))


def plain(order: int, payload: bytes = b"") -> bytes:
    """A message in the clear."""
    content = struct.pack("<H", order) + payload
    return content + _crc(content)


def read_plain(data: bytes) -> Message:
    """A message in the clear; `Malformed` if its check fails."""
    if len(data) < _COMMAND_BYTES + _CRC_BYTES or _crc(data[:-_CRC_BYTES]) != data[-_CRC_BYTES:]:
        raise Malformed("read Nuki message", "check", "command, payload and CRC")
    return Message(int.from_bytes(data[:_COMMAND_BYTES], "little"), data[_COMMAND_BYTES:-_CRC_BYTES])


def shared_key(private: bytes, public: bytes) -> bytes:
    """The 32-byte key of our private and their public key; `Refused` for a public key of small order."""
    try:
        return crypto_box_beforenm(public, private)
    except (CryptoError, RuntimeError) as error:
        raise Refused("agree on a key", "wrong_key", "the lock's public key is none") from error


def encrypted(authorisation: Authorisation, order: int, payload: bytes, nonce: bytes) -> bytes:
    """A message that only the lock can read."""
    content = _INNER.pack(authorisation.number, order) + payload
    box = SecretBox(authorisation.key).encrypt(content + _crc(content), nonce).ciphertext
    return _HEAD.pack(nonce, authorisation.number, len(box)) + box


def missing(data: bytes) -> int:
    """Bytes until an encrypted message is whole; `Malformed` for more than it may have, or than it says."""
    if len(data) < _HEAD.size:
        return _HEAD.size - len(data)
    left = _HEAD.size + int(_HEAD.unpack_from(data)[2]) - len(data)
    if left < 0 or left + len(data) > MESSAGE_LIMIT:
        raise Malformed("read Nuki message", "length", f"what the header says, at most {MESSAGE_LIMIT} bytes")
    return left


def read_encrypted(authorisation: Authorisation, data: bytes) -> Message:
    """A whole encrypted message; `Refused` if it was not made with our key, `Malformed` if it is no message."""
    if len(data) < _HEAD.size + _BOX_BYTES or missing(data):
        raise Malformed("read Nuki message", "length", "a whole message")
    nonce, _, _ = _HEAD.unpack_from(data)
    try:
        content = SecretBox(authorisation.key).decrypt(data[_HEAD.size :], nonce)
    except CryptoError as error:
        raise Refused("read Nuki message", "wrong_key", "the lock has another key, or is another lock") from error
    if len(content) < _INNER.size + _CRC_BYTES or _crc(content[:-_CRC_BYTES]) != content[-_CRC_BYTES:]:
        raise Malformed("read Nuki message", "check", "command, payload and CRC")
    number, order = _INNER.unpack_from(content)
    if number != authorisation.number:
        raise Refused("read Nuki message", "wrong_key", "the message is for another authorisation")
    return Message(order, content[_INNER.size : -_CRC_BYTES])


def request(what: int) -> bytes:
    """The payload that asks for a message of the kind `what`."""
    return struct.pack("<H", what)


def lock_action(action: LockAction, *, app: int, suffix: str, challenge: bytes) -> bytes:
    """The payload of a lock action; the last 20 characters of `suffix` stand in the lock's own log."""
    name = suffix.encode("ascii", "replace")[-SUFFIX_BYTES:]
    return struct.pack("<BIB20s32s", action, app, 0, name, challenge)


def states(payload: bytes) -> States:
    """The payload of a states message, older ones without door sensor too; `Malformed` if it is too short."""
    if len(payload) < 13:  # noqa: PLR2004 - through the battery byte
        raise Malformed("read lock states", "payload", "at least 13 bytes")
    bolt, battery = payload[1], payload[12]
    return States(
        bolt=Bolt(bolt) if bolt in Bolt._value2member_map_ else Bolt.UNDEFINED,
        trigger=payload[2],
        critical=bool(battery & 1),
        percent=min((battery >> 2) * 2, 100),
        door=payload[18] if len(payload) > 18 else None,  # noqa: PLR2004 - the byte's place
        last=(payload[15], payload[17]) if len(payload) > 17 else None,  # noqa: PLR2004 - the bytes' places
    )


def authenticator(key: bytes, content: bytes) -> bytes:
    """The HMAC-SHA256 by which both sides show that they have the key."""
    return hmac.digest(key, content, hashlib.sha256)


def beacon(data: bytes) -> bool | None:
    """Whether a lock's iBeacon (manufacturer data of company 0x004C) says that its state changed; None for others."""
    if len(data) != 23 or data[:2] != b"\x02\x15" or data[2:18] != BEACON_UUID:  # noqa: PLR2004 - an iBeacon's length
        return None
    return bool(data[22] & 1)


def _crc(content: bytes) -> bytes:
    return struct.pack("<H", binascii.crc_hqx(content, 0xFFFF))
