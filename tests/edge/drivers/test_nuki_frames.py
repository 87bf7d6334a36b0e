"""Nuki's bytes: written vectors, an independent cipher, and everything that is no message."""

import struct

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from hypothesis import given
from hypothesis import strategies as st

from edge.drivers import nuki_frames as frames
from edge.drivers.nuki_frames import Authorisation, Bolt, LockAction, Message, Order
from homecare.errors import Malformed, Refused
from homecare.seal import public_key
from tests.edge.drivers.xsalsa import box, hsalsa20

OURS = Authorisation(number=0x11223344, app=7, key=bytes(range(32)))
NONCE = bytes(range(100, 124))
STATES = bytes.fromhex("020300ea0701010000000000ac010001000002" + "0000")


def test_a_request_in_the_clear_is_these_bytes() -> None:
    """The published example of a request for the public key, whose CRC the API's text spells out as 0x27a7."""
    assert frames.plain(Order.REQUEST_DATA, frames.request(Order.PUBLIC_KEY)).hex() == "0100030027a7"
    assert frames.read_plain(bytes.fromhex("0100030027a7")) == Message(Order.REQUEST_DATA, b"\3\0")


def test_the_cipher_is_the_one_of_the_papers() -> None:
    """Against an implementation of our own in plain Python, and the first bytes of NaCl's own published vector."""
    key = bytes.fromhex("1b27556473e985d462cd51197a9a46c76009549eac6474f206c4ee0844f68389")
    nonce = bytes.fromhex("69696ee955b62b73cd62bda875fc73d68219e0036b7a0b37")
    message = bytes.fromhex("be075fc53c81f2d5cf141316ebeb0c7b5228c52a4c62cbd44b66849b64244ffce5ecbaaf33bd751a")
    assert box(key, nonce, message)[16:].hex() == (
        "8e993b9f48681273c29650ba32fc76ce48332ea7164d96a4476fb8c531a1186ac0dfc17c98dce87b"
    )
    sent = frames.encrypted(OURS, Order.CHALLENGE, b"abc", NONCE)
    content = struct.pack("<IH", OURS.number, Order.CHALLENGE) + b"abc"
    content += frames.plain(0, b"")[:0] + struct.pack("<H", _crc(content))
    assert sent == NONCE + struct.pack("<IH", OURS.number, len(content) + 16) + box(OURS.key, NONCE, content)


def _crc(content: bytes) -> int:
    """CRC-16/CCITT bit by bit."""
    register = 0xFFFF
    for byte in content:
        register ^= byte << 8
        for _ in range(8):
            register = (register << 1 ^ 0x1021 if register & 0x8000 else register << 1) & 0xFFFF
    return register


def test_both_sides_make_the_same_key_and_another_implementation_agrees() -> None:
    ours, theirs = b"\x11" * 32, b"\x22" * 32
    key = frames.shared_key(ours, public_key(theirs))
    assert key == frames.shared_key(theirs, public_key(ours))
    shared = X25519PrivateKey.from_private_bytes(ours).exchange(X25519PublicKey.from_public_bytes(public_key(theirs)))
    assert key == hsalsa20(shared, bytes(16))


def test_a_key_that_is_none_is_refused() -> None:
    with pytest.raises(Refused):
        frames.shared_key(b"\x11" * 32, bytes(32))


def test_a_lock_action_is_these_bytes() -> None:
    payload = frames.lock_action(LockAction.UNLATCH, app=7, suffix="person-demo-care-01", challenge=bytes(32))
    assert payload == b"\3" + b"\7\0\0\0" + b"\0" + b"person-demo-care-01\0" + bytes(32)
    assert len(payload) == 58


def test_states_are_read_with_and_without_a_door_sensor() -> None:
    found = frames.states(STATES)
    assert (found.bolt, found.trigger, found.percent, found.critical) == (Bolt.UNLOCKED, 0, 86, False)
    assert (found.door, found.last) == (2, (1, 0))
    older = frames.states(STATES[:15])
    assert (older.bolt, older.door, older.last) == (Bolt.UNLOCKED, None, None)
    assert frames.states(b"\2\xfe" + STATES[2:]).bolt is Bolt.BLOCKED
    assert frames.states(b"\2\x77" + STATES[2:]).bolt is Bolt.UNDEFINED
    with pytest.raises(Malformed):
        frames.states(STATES[:12])


@given(st.binary(max_size=300))
def test_noise_is_no_message(noise: bytes) -> None:
    for read in (lambda data: frames.read_encrypted(OURS, data), frames.read_plain, frames.states, frames.beacon):
        try:
            read(noise)
        except (Malformed, Refused):
            continue


@given(at=st.integers(min_value=0), bit=st.integers(0, 7))
def test_one_flipped_bit_is_not_believed(at: int, bit: int) -> None:
    data = bytearray(frames.encrypted(OURS, Order.STATES, STATES, NONCE))
    at %= len(data)
    if 24 <= at < 28:
        return  # the number outside the box is not authenticated; the one inside is what counts
    data[at] ^= 1 << bit
    with pytest.raises((Malformed, Refused)):
        frames.read_encrypted(OURS, bytes(data))


def test_another_authorisations_message_is_not_ours() -> None:
    other = Authorisation(number=5, app=7, key=OURS.key)
    with pytest.raises(Refused):
        frames.read_encrypted(OURS, frames.encrypted(other, Order.STATES, STATES, NONCE))
