"""Random bytes against every parser that reads what strangers send: typed rejections only, no false alarm, no miss.

The seed is part of each test's name, so that a failure can be run again; the long form tries twenty times as many.
"""

import random

import pytest

from edge.drivers.counted import encode_said, read_accepted
from edge.drivers.esp3 import DATA_LIMIT, OPTIONAL_LIMIT, Esp3Framer, encode, read_telegram
from homecare.device import Capability
from homecare.envelope import Envelope, encode_envelope
from homecare.errors import Malformed, Refused
from homecare.event import HelpCalled, Stream
from homecare.identity import EdgeId, Epoch
from homecare.seal import TAG_BYTES
from homecare.wire import Header, Kind, facts_body, pack, read_envelopes, read_facts, unpack
from tests.edge.drivers.reading import KEY, Bench, encrypted

ROUNDS = [pytest.param(10, id="short"), pytest.param(200, id="long", marks=pytest.mark.long)]
SEED = 2026
EXPECTED = (Malformed, Refused)


def chance_of(what: str) -> random.Random:
    return random.Random(f"{SEED} {what}")


def mutated(data: bytes, chance: random.Random) -> bytes:
    """`data` with some bytes changed, lost, doubled or added."""
    body = bytearray(data)
    for _ in range(chance.randint(1, 4)):
        at = chance.randrange(len(body) + 1)
        body[at : at + chance.randint(0, 3)] = chance.randbytes(chance.randint(0, 3))
    return bytes(body)


@pytest.mark.parametrize("rounds", ROUNDS)
def test_random_advertisements_are_read_or_rejected(rounds: int) -> None:
    chance = chance_of("plain")
    bench = Bench("bthome")
    for number in range(8_000 * rounds):
        data = chance.choice((b"", b"\x40", b"\x44")) + chance.randbytes(chance.randint(0, 40))
        try:
            bench.advertise(data, at=number)
        except EXPECTED:
            continue
    assert len(bench.memory.values) < 5_000


@pytest.mark.parametrize("rounds", ROUNDS)
def test_no_random_advertisement_is_a_call_from_a_button_with_a_key(rounds: int) -> None:
    chance = chance_of("sealed")
    bench = Bench("bthome", Capability.HELP_CALL, secret=KEY)
    good = encrypted(b"\x3a\x01", 5)
    for _ in range(4_000 * rounds):
        data = mutated(good, chance) if chance.random() < 0.5 else b"\x41" + chance.randbytes(chance.randint(9, 30))
        if data != good:
            with pytest.raises(EXPECTED):
                bench.advertise(data)
    assert bench.advertise(good).events == (HelpCalled(),)


@pytest.mark.parametrize("rounds", ROUNDS)
def test_every_good_frame_is_found_in_random_bytes_and_no_other(rounds: int) -> None:
    chance = chance_of("line")
    framer = Esp3Framer()
    for counter in range(1, 2_000 * rounds):
        press = encode_said(chance.randbytes(4).hex().upper(), counter, b"\x3a\x01")
        noise = chance.randbytes(chance.randint(0, 60))
        found = framer.feed(noise) + framer.idle() + framer.feed(press)
        assert [frame for _, frame in found] == [press]
        assert len(framer._pending) <= 7 + DATA_LIMIT + OPTIONAL_LIMIT


@pytest.mark.parametrize("rounds", ROUNDS)
def test_damaged_frames_are_never_taken_for_others(rounds: int) -> None:
    chance = chance_of("damage")
    for counter in range(1, 2_000 * rounds):
        good = encode_said("0000C0DE", counter, b"\x3a\x01\x1a\x00")
        at, bit = chance.randrange(len(good)), chance.randrange(8)
        damaged = bytearray(good)
        damaged[at] ^= 1 << bit
        framer = Esp3Framer()
        assert framer.feed(bytes(damaged)) + framer.idle() == []


TELEGRAMS = ["counted", "enocean:F6-02-01", "enocean:D5-00-01", "enocean:A5-07-03", "enocean:F6-10-00"]


@pytest.mark.parametrize("driver", TELEGRAMS)
@pytest.mark.parametrize("rounds", ROUNDS)
def test_random_telegrams_in_good_frames_are_read_or_rejected(driver: str, rounds: int) -> None:
    chance = chance_of(driver)
    bench = Bench(driver, Capability.HELP_CALL, address="0000C0DE")
    starts = (b"\xd1\x7f\xf1\x00\x00\x00\x07", b"\xf6", b"\xd5", b"\xa5", b"")
    for number in range(1_500 * rounds):
        data = chance.choice(starts) + chance.randbytes(chance.randint(1, 40))
        frame = encode(data + bytes.fromhex("0000C0DE") + chance.randbytes(1), chance.randbytes(7))
        try:
            bench.line(frame, at=number)
        except EXPECTED:
            continue
    assert len(bench.memory.values) < 100


@pytest.mark.parametrize("rounds", ROUNDS)
def test_random_bytes_are_no_telegram_and_no_acceptance(rounds: int) -> None:
    chance = chance_of("telegram")
    for _ in range(8_000 * rounds):
        data = chance.randbytes(chance.randint(0, 60))
        for reads in (read_telegram, read_accepted):
            with pytest.raises(Malformed):
                reads(data)


def good_frame() -> bytes:
    envelope = Envelope(
        position=1,
        home="home-00000001",
        occurred_at=1,
        received_at=1,
        uncertainty=0,
        elapsed=0,
        event=HelpCalled(),
        device="device-00000001",
    )
    header = Header(
        kind=Kind.FACTS, edge=EdgeId("edge-00000001"), stream=Stream.ALARM, epoch=Epoch(1), first=1, count=1
    )
    return pack(header, facts_body([encode_envelope(envelope)]), bytes(32))


@pytest.mark.parametrize("rounds", ROUNDS)
def test_random_frames_are_rejected_and_none_verifies(rounds: int) -> None:
    chance = chance_of("frame")
    good = good_frame()
    for _ in range(6_000 * rounds):
        data = mutated(good, chance) if chance.random() < 0.8 else b"VK\x01" + chance.randbytes(chance.randint(0, 200))
        if data == good:
            continue
        with pytest.raises(EXPECTED):
            unpack(data).verify(bytes(32))
    unpack(good).verify(bytes(32))


@pytest.mark.parametrize("rounds", ROUNDS)
def test_random_bodies_are_read_or_malformed(rounds: int) -> None:
    chance = chance_of("body")
    frame = unpack(good_frame())
    body, head = bytes(frame.body), good_frame()[: -TAG_BYTES - len(frame.body)]
    for _ in range(4_000 * rounds):
        changed = unpack(head + mutated(body, chance) + bytes(TAG_BYTES))
        for reads in (read_envelopes, read_facts):
            try:
                assert reads(changed)
            except Malformed:
                continue
