"""A Nuki smart lock without its radio: bytes in, bytes and waits out, and everything that goes wrong with locks.

Written from the vendor's published API with struct and NaCl alone, apart from the edge's driver, so that each checks
the other. It says nothing about the firmware of a real lock.
"""

import binascii
import hashlib
import hmac
import struct
from collections.abc import Iterator
from enum import StrEnum
from random import Random
from typing import Final

import msgspec
from nacl.bindings import crypto_box_beforenm, crypto_scalarmult_base
from nacl.exceptions import CryptoError
from nacl.secret import SecretBox

PAIRING_SERVICE: Final = "a92ee100-5501-11e4-916c-0800200c9a66"
PAIRING: Final = "a92ee101-5501-11e4-916c-0800200c9a66"
KEYTURNER_SERVICE: Final = "a92ee200-5501-11e4-916c-0800200c9a66"
KEYTURNER: Final = "a92ee202-5501-11e4-916c-0800200c9a66"
BEACON: Final = bytes.fromhex("0215a92ee200550111e4916c0800200c9a66")
LOCKED, UNLOCKING, UNLOCKED, LOCKING, UNLATCHED, UNLATCHING, BLOCKED = 1, 2, 3, 4, 5, 7, 0xFE
BY_BLUETOOTH, BY_HAND = 0, 1
UNLATCH: Final = 3
_MOVES: Final = {1: (UNLOCKING, UNLOCKED), 2: (LOCKING, LOCKED), UNLATCH: (UNLATCHING, UNLATCHED)}
_MOVING: Final = frozenset({UNLOCKING, LOCKING, UNLATCHING})
_REQUEST, _PUBLIC_KEY, _CHALLENGE, _AUTHENTICATOR, _DATA, _ID = 1, 3, 4, 5, 6, 7
_STATES, _ACTION, _STATUS, _ERROR, _CONFIRM = 0x0C, 0x0D, 0x0E, 0x12, 0x1E
KEY_BYTES: Final = 32
AUTHORISED: Final = 1
"""The number under which a simulated edge was authorised at commissioning."""
LOG_LIMIT: Final = 1000
"""Entries that the lock's own log keeps."""


class Drop(msgspec.Struct, frozen=True):
    """The lock ends the connection; its motor goes on."""


class Say(msgspec.Struct, frozen=True):
    """One indication on the characteristic on which was written."""

    data: bytes


class Wait(msgspec.Struct, frozen=True):
    """The motor turns for so many seconds."""

    seconds: float


Doing = Say | Wait | Drop


class Fault(StrEnum):
    """What goes wrong until it is put right."""

    NONE = "free"
    JAM = "jam"
    WEAK = "weak"
    """The battery is too low for the motor."""
    BUSY = "busy"
    DROP = "drop"
    """The connection ends when the motor starts."""
    LOSE = "lose"
    """The bolt moves, and its answer is lost."""
    DEAF = "deaf"
    """Nothing is answered."""
    FORBIDDEN = "forbidden"
    """The lock's own hours forbid it."""


class LogEntry(msgspec.Struct, frozen=True):
    """One line of the lock's own log."""

    authorisation: int
    action: int
    name: str
    ended: int


class NukiLock:
    """One lock. `authorisations` are keys by number; `log` and `moves` are what the bolt did and for whom."""

    def __init__(self, chance: Random, *, number: int, authorisations: dict[int, bytes] | None = None) -> None:
        self._chance = chance
        self._private = chance.randbytes(32)
        self._public = crypto_scalarmult_base(self._private)
        self.number = number
        self.authorisations = dict(authorisations or {})
        self.bolt = LOCKED
        self.trigger = BY_HAND
        self.percent = 86
        self.door = 2
        self.motor_seconds = 0.4
        self.fault = Fault.NONE
        self.pairing = False
        self.dirty = False
        self.log: list[LogEntry] = []
        self._last = (0, 0, 0)
        self._challenges: dict[int, bytes] = {}
        self._pairing: dict[str, bytes] = {}

    @property
    def beacon(self) -> bytes:
        """Manufacturer data of company 0x004C: the last byte's lowest bit says that the state changed."""
        return BEACON + struct.pack(">IB", self.number, 0xC4 | self.dirty)

    def by_hand(self, *, unlocked: bool) -> None:
        """Somebody turns the knob."""
        self._rest(UNLOCKED if unlocked else LOCKED, BY_HAND)

    def forget(self) -> None:
        """The lock was reset: nobody is authorised any more."""
        self.authorisations.clear()

    # --- those who are authorised ------------------------------------------------------------------------------------

    def hear(self, data: bytes) -> Iterator[Doing]:
        """What follows from a write to the keyturner characteristic. A lock answers nothing that it cannot read."""
        number, message = self._open(data)
        if message is None or self.fault is Fault.DEAF:
            return
        order, payload = struct.unpack_from("<H", message, 4)[0], message[6:-2]
        if _crc(message[:-2]) != message[-2:]:
            yield self._error(number, 0xFD, order)
        elif order == _REQUEST and payload == struct.pack("<H", _STATES):
            self.dirty = False
            yield self._tell(number, _STATES, self._states())
        elif order == _REQUEST and payload == struct.pack("<H", _CHALLENGE):
            self._challenges[number] = self._chance.randbytes(32)
            yield self._tell(number, _CHALLENGE, self._challenges[number])
        elif order == _ACTION:
            yield from self._act(number, payload)
        else:
            yield self._error(number, 0xFF, order)

    def _open(self, data: bytes) -> tuple[int, bytes | None]:
        if len(data) < 30:  # noqa: PLR2004 - nonce, authorisation, length
            return 0, None
        number, length = struct.unpack_from("<IH", data, 24)
        key = self.authorisations.get(number)
        if key is None or len(data) != 30 + length:
            return number, None
        try:
            return number, SecretBox(key).decrypt(data[30:], data[:24])
        except CryptoError:
            return number, None

    def _act(self, number: int, payload: bytes) -> Iterator[Doing]:
        action, challenge = payload[0], payload[-32:]
        name = payload[6:26].rstrip(b"\0").decode("ascii", "replace") if len(payload) > 38 else ""  # noqa: PLR2004 - with suffix
        if self._challenges.pop(number, None) != challenge:
            yield self._error(number, 0x22, _ACTION)
            return
        refusal = self._refusal(action)
        if refusal:
            yield self._error(number, refusal, _ACTION)
            return
        yield self._tell(number, _STATUS, b"\x01")
        self.bolt, self.trigger, before = _MOVES[action][0], BY_BLUETOOTH, self.bolt
        yield Drop() if self.fault is Fault.DROP else self._tell(number, _STATES, self._states())
        yield Wait(self.motor_seconds)
        jammed = self.fault is Fault.JAM
        lost = self.fault in (Fault.LOSE, Fault.DROP)
        self._last = (action, BY_BLUETOOTH, int(jammed))
        self._rest(BLOCKED if jammed else _MOVES[action][1], BY_BLUETOOTH, was=before)
        self.log = [*self.log, LogEntry(number, action, name, int(jammed))][-LOG_LIMIT:]
        if lost:
            yield Drop()
            return
        yield self._tell(number, _STATES, self._states())
        yield self._error(number, 0x42, _ACTION) if jammed else self._tell(number, _STATUS, b"\x00")

    def _refusal(self, action: int) -> int:
        if action not in _MOVES:
            return 0x23
        if self.bolt in _MOVING or self.fault is Fault.BUSY:
            return 0x45
        return {Fault.WEAK: 0x49, Fault.FORBIDDEN: 0x27}.get(self.fault, 0)

    def _rest(self, bolt: int, trigger: int, was: int | None = None) -> None:
        self.dirty = self.dirty or bolt != (self.bolt if was is None else was)
        self.bolt, self.trigger = bolt, trigger

    def _states(self) -> bytes:
        battery = (self.percent // 2) << 2 | (self.percent <= 20 or self.fault is Fault.WEAK)  # noqa: PLR2004 - percent
        now = struct.pack("<HBBBBB", 2026, 1, 1, 0, 0, 0)
        moved = struct.pack("<BBB", *self._last)
        head = bytes((2, self.bolt, self.trigger))
        return head + now + struct.pack("<hBBB", 0, battery, 1, 0) + moved + bytes((self.door, 0, 0))

    def _tell(self, number: int, order: int, payload: bytes) -> Say:
        content = struct.pack("<IH", number, order) + payload
        nonce = self._chance.randbytes(24)
        box = SecretBox(self.authorisations[number]).encrypt(content + _crc(content), nonce).ciphertext
        return Say(nonce + struct.pack("<IH", number, len(box)) + box)

    def _error(self, number: int, code: int, order: int) -> Say:
        return self._tell(number, _ERROR, struct.pack("<BH", code, order))

    # --- pairing -----------------------------------------------------------------------------------------------------

    def hear_pairing(self, data: bytes) -> Iterator[Doing]:
        """What follows from a write to the pairing characteristic."""
        order, payload = int.from_bytes(data[:2], "little"), data[2:-2]
        known = self._pairing
        if _crc(data[:-2]) != data[-2:]:
            yield _plain(_ERROR, struct.pack("<BH", 0xFD, order))
        elif not self.pairing:
            yield _plain(_ERROR, struct.pack("<BH", 0x10, order))
        elif order == _REQUEST and payload == struct.pack("<H", _PUBLIC_KEY):
            yield _plain(_PUBLIC_KEY, self._public)
        elif order == _PUBLIC_KEY:
            known.update(theirs=payload, key=crypto_box_beforenm(payload, self._private))
            yield self._challenge_pairing()
        elif order == _AUTHENTICATOR and self._shown(payload, known["theirs"] + self._public + known["nonce"]):
            yield self._challenge_pairing()
        elif order == _DATA and self._shown(payload[:32], payload[32:] + known["nonce"]):
            yield self._issue(payload[-32:])
        elif order == _CONFIRM and self._shown(payload[:32], payload[32:36] + known["nonce"]):
            self.pairing = False
            yield _plain(_STATUS, b"\x00")
        else:
            yield _plain(_ERROR, struct.pack("<BH", 0x11, order))

    def _challenge_pairing(self) -> Say:
        self._pairing["nonce"] = self._chance.randbytes(32)
        return _plain(_CHALLENGE, self._pairing["nonce"])

    def _issue(self, theirs: bytes) -> Say:
        number = max(self.authorisations, default=0) + 1
        self.authorisations[number] = self._pairing["key"]
        nonce = self._pairing["nonce"] = self._chance.randbytes(32)
        body = struct.pack("<I", number) + self._chance.randbytes(16) + nonce
        return _plain(_ID, hmac.digest(self._pairing["key"], body + theirs, hashlib.sha256) + body)

    def _shown(self, claimed: bytes, content: bytes) -> bool:
        return hmac.compare_digest(claimed, hmac.digest(self._pairing["key"], content, hashlib.sha256))


def authorisation(number: int, app: int, key: bytes) -> bytes:
    """An authorisation as the edge stores it: a lock that knows `key` under `number` was paired with it."""
    return struct.pack("<II32s", number, app, key)


def key_of(stored: bytes) -> bytes:
    """The key in an authorisation."""
    return stored[-KEY_BYTES:]


def _plain(order: int, payload: bytes) -> Say:
    content = struct.pack("<H", order) + payload
    return Say(content + _crc(content))


def _crc(content: bytes) -> bytes:
    return struct.pack("<H", binascii.crc_hqx(content, 0xFFFF))
