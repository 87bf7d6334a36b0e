"""Asks a Nuki lock for an authorisation, while its button was just held: both sides make one key and show it.

    we: request for its public key      lock: public key
    we: our public key                  lock: challenge
    we: HMAC of both keys, challenge    lock: challenge
    we: HMAC of who we are, with it     lock: HMAC, authorisation number, its UUID, challenge
    we: HMAC of number, with it         lock: status

Every HMAC is checked before anything is believed; what cannot be checked ends the pairing. Nothing of it is logged.
"""

import hmac
import struct
from collections.abc import Callable, Generator
from typing import Final

from edge.driver import Heard, Listen, Step, Subscribe, Write
from edge.drivers import nuki_frames as frames
from edge.drivers.nuki_frames import PAIRING, Authorisation, Message, Order
from homecare.errors import Malformed, Refused, Unavailable
from homecare.identity import new_nonce
from homecare.seal import public_key

ANSWER_SECONDS: Final = 5.0
"""A lock thinks for up to two seconds about a key."""
KIND: Final = 1
"""We are a bridge, in the words of the API: something that stays."""
NAME: Final = "Vaka"
"""How the lock's own app lists us."""
_NOT_PAIRING: Final = 0x10
_MAC_BYTES: Final = 32
_ISSUED: Final = struct.Struct("<32sI16s32s")

Pairing = Generator[Step, Heard, Authorisation]


def pair(app: int, random: Callable[[int], bytes] = new_nonce) -> Pairing:
    """The script of a pairing; `app` is the number under which we ask.

    `Unavailable`: no answer. `Refused`: the lock is not in pairing mode, or could not show that it has the key.
    """
    private = random(32)
    public = public_key(private)
    if (yield Subscribe(PAIRING)) is not None:
        raise Unavailable("pair the lock", "connection", "stay near, and try again")
    yield from _say(Order.REQUEST_DATA, frames.request(Order.PUBLIC_KEY))
    theirs = yield from _hear(Order.PUBLIC_KEY, frames.CHALLENGE_BYTES)
    key = frames.shared_key(private, theirs)
    yield from _say(Order.PUBLIC_KEY, public)
    challenge = yield from _hear(Order.CHALLENGE, frames.CHALLENGE_BYTES)
    yield from _say(Order.AUTHENTICATOR, frames.authenticator(key, public + theirs + challenge))
    challenge = yield from _hear(Order.CHALLENGE, frames.CHALLENGE_BYTES)
    ours = random(frames.CHALLENGE_BYTES)
    who = struct.pack("<BI32s32s", KIND, app, NAME.encode("ascii"), ours)
    yield from _say(Order.AUTHORISATION_DATA, frames.authenticator(key, who + challenge) + who)
    issued = yield from _hear(Order.AUTHORISATION_ID, _ISSUED.size)
    shown, number, _, challenge = _ISSUED.unpack(issued)
    if not hmac.compare_digest(shown, frames.authenticator(key, issued[_MAC_BYTES:] + ours)):
        raise Refused("pair the lock", "wrong_key", "another device answers in its place: start again, close to it")
    confirmed = frames.authenticator(key, struct.pack("<I", number) + challenge) + struct.pack("<I", number)
    yield from _say(Order.ID_CONFIRMATION, confirmed)
    yield from _hear(Order.STATUS, 1)
    return Authorisation(number=number, app=app, key=key)


def _say(order: Order, payload: bytes) -> Generator[Step, Heard, None]:
    if (yield Write(PAIRING, frames.plain(order, payload))) is not None:
        raise Unavailable("pair the lock", "connection", "stay near, and try again")


def _hear(order: Order, length: int) -> Generator[Step, Heard, bytes]:
    heard = yield Listen(ANSWER_SECONDS)
    if not isinstance(heard, bytes):
        raise Unavailable("pair the lock", "answer", "stay near, and try again")
    message = frames.read_plain(heard)
    if message.order == Order.ERROR:
        raise _refusal(message)
    if message.order != order or len(message.payload) != length:
        raise Malformed("pair the lock", "answer", "what the published API says")
    return message.payload


def _refusal(message: Message) -> Refused:
    if message.payload[:1] == bytes((_NOT_PAIRING,)):
        return Refused("pair the lock", "pairing mode", "hold the lock's button until its ring lights up")
    return Refused("pair the lock", "lock", "it would not: see its own app for how many are authorised already")
