"""Hostile and broken serial lines, by the ids of the catalogue. After each of them a good frame is found as ever."""

import random
import time
from pathlib import Path
from typing import NamedTuple

import pytest

from edge.driver import Sighting
from edge.drivers import DRIVERS
from edge.drivers.counted import encode_accepted, encode_said, read_accepted
from edge.drivers.esp3 import DATA_LIMIT, OPTIONAL_LIMIT, Esp3Framer, crc8, encode
from edge.recognition import Recognition
from homecare.clock import Instant
from homecare.device import Capability
from homecare.errors import Malformed, Refused
from homecare.event import DeviceFault, HelpCalled
from tests.bad.catalogue import accounted
from tests.edge.drivers.reading import Bench

ID = "0000C0DE"
PRESS = encode_said(ID, 7, b"\x3a\x01")
NEXT = encode_said(ID, 8, b"\x3a\x01")
PENDING_LIMIT = 6 + DATA_LIMIT + OPTIONAL_LIMIT + 1


def header(length: int, optional: int = 0, kind: int = 1) -> bytes:
    """A header that claims `length` bytes of data, with its own checksum right."""
    body = length.to_bytes(2, "big") + bytes((optional, kind))
    return b"\x55" + body + bytes((crc8(body),))


class Line(NamedTuple):
    """What comes over the line, and which of the two good frames are in it."""

    id: str
    what: str
    data: bytes
    found: tuple[bytes, ...] = ()


WITH_SYNC = encode_said(ID, 7, b"\x55\x55\x55")
WITH_CONTROL = encode_said(ID, 7, b"\x11\x13\x0d\x0a\x00")
RESPONSE = encode(b"\x00", kind=2)
LINES = [
    Line("serial-01", "an empty read", b""),
    Line("serial-03", "1 MB without a start byte", bytes(1_000_000)),
    Line("serial-04", "10,000 start bytes", b"\x55" * 10_000),
    Line("serial-05", "length 0", header(0)),
    Line("serial-05", "length 1", header(1) + b"\x00\x00"),
    Line("serial-05", "the longest", encode(bytes(DATA_LIMIT))[:-1]),
    Line("serial-05", "one more than the longest", header(DATA_LIMIT + 1) + bytes(DATA_LIMIT + 2)),
    Line("serial-05", "0xFFFF", header(0xFFFF)),
    Line("serial-05", "too much optional data", header(8, OPTIONAL_LIMIT + 1)),
    Line("serial-06", "shorter than it says", PRESS[:-3]),
    Line("serial-06", "shorter than it says, then a frame", PRESS[:-3] + PRESS, (PRESS,)),
    Line("serial-07", "wrong checksum of the data", PRESS[:-1] + bytes((PRESS[-1] ^ 1,))),
    Line("serial-07", "checksum of zeros", PRESS[:-1] + b"\x00"),
    Line("serial-07", "wrong checksum of the header", PRESS[:5] + bytes((PRESS[5] ^ 1,)) + PRESS[6:]),
    Line("serial-08", "start bytes inside the payload", WITH_SYNC, (WITH_SYNC,)),
    Line("serial-11", "two frames without a gap", PRESS + NEXT, (PRESS, NEXT)),
    Line(
        "serial-13", "noise around and between", b"\x01\x55\x02" + PRESS + b"\xff\x55" + NEXT + b"\x55", (PRESS, NEXT)
    ),
    Line("serial-14", "marks of parity errors inside a frame", PRESS[:9] + b"\xff\x00" + PRESS[9:]),
    Line("serial-16", "a break before a frame", b"\x00\x00" + PRESS, (PRESS,)),
    Line("serial-17", "XON and XOFF in the payload", WITH_CONTROL, (WITH_CONTROL,)),
    Line("serial-18", "line ends in the payload and around", b"\r\n" + WITH_CONTROL + b"\n\r", (WITH_CONTROL,)),
    Line("serial-20", "NULs in the payload", WITH_CONTROL, (WITH_CONTROL,)),
    Line("serial-23", "a telegram in the middle of a module's reply", RESPONSE[:6] + PRESS + RESPONSE[6:], (PRESS,)),
]


@pytest.mark.parametrize("line", LINES, ids=lambda line: f"{line.id} {line.what}")
def test_bad_line(line: Line) -> None:
    framer = Esp3Framer()
    started = time.process_time()
    found = framer.feed(line.data)
    assert time.process_time() - started < 1
    assert len(framer._pending) <= PENDING_LIMIT
    found += framer.idle()
    assert tuple(frame for _, frame in found) == line.found
    assert framer.feed(NEXT) == [(ID, NEXT)]


def test_serial_02_one_byte_at_a_time() -> None:
    framer = Esp3Framer()
    assert [frame for byte in PRESS for _, frame in framer.feed(bytes((byte,)))] == [PRESS]
    slow = [found for byte in PRESS for found in framer.feed(bytes((byte,))) + framer.idle()]
    assert slow == []
    assert framer.feed(NEXT) == [(ID, NEXT)]


@pytest.mark.parametrize("cut", range(1, len(PRESS)))
def test_serial_12_cut_at_each_offset(cut: int) -> None:
    framer = Esp3Framer()
    assert framer.feed(PRESS[:cut]) == []
    assert framer.feed(PRESS[cut:]) == [(ID, PRESS)]


def test_serial_15_garbage_of_another_speed() -> None:
    chance = random.Random(15)
    framer = Esp3Framer()
    assert framer.feed(bytes(chance.choices(b"\x00\x1c\x55\xe0\xff", k=50_000))) == []
    framer.idle()
    assert framer.feed(NEXT) == [(ID, NEXT)]


def recognised(frame: bytes) -> bool:
    bench = Bench("counted", Capability.HELP_CALL, address=ID)
    [(address, telegram)] = Esp3Framer().feed(frame)
    heard = Sighting(transport="serial:x", address=address, heard_at=Instant(0, 0), telegram=telegram)
    return Recognition([bench.device], DRIVERS).find(heard) is not None


def test_serial_21_the_echo_of_our_own_acceptance() -> None:
    assert recognised(PRESS)
    assert not recognised(encode_accepted(ID, 7))


def test_serial_25_counters() -> None:
    bench = Bench("counted", Capability.HELP_CALL, address=ID)
    for counter in (1, 2, 2, 9, 2**32 - 1):
        [reading] = bench.line(encode_said(ID, counter, b"\x3a\x01"))
        assert (reading.counter, reading.events) == (counter, (HelpCalled(),))
        bench.memory.store(reading.counter)
    with pytest.raises(Refused) as refused:
        bench.line(encode_said(ID, 1, b"\x3a\x01"))
    assert refused.value.subject == DeviceFault.REPLAY


def test_serial_26_an_acceptance_for_another_device() -> None:
    assert read_accepted(encode_accepted("0000BEEF", 7)).device != ID


@pytest.mark.parametrize("address", ["00000000", "FFFFFFFF", "0000C0DF"])
def test_serial_27_other_addresses(address: str) -> None:
    assert not recognised(encode_said(address, 7, b"\x3a\x01"))


@pytest.mark.parametrize("telegram", ["D17FF9000000073A010000C0DE00", "D17EF1000000073A010000C0DE00", "A6010000C0DE00"])
def test_serial_28_unknown_commands(telegram: str) -> None:
    bench = Bench("counted", Capability.HELP_CALL, address=ID)
    with pytest.raises(Malformed):
        bench.line(encode(bytes.fromhex(telegram)))
    assert bench.telegram(PRESS) == (HelpCalled(),)


def test_serial_32_a_code_outside_the_table() -> None:
    bench = Bench("counted", Capability.HELP_CALL, address=ID)
    assert bench.telegram(encode_said(ID, 7, b"\x3a\x77")) == (HelpCalled(),)


def test_serial_33_leading_zeros() -> None:
    bench = Bench("counted", Capability.HELP_CALL, address="C0DE")
    heard = Sighting(transport="serial:x", address=ID, heard_at=Instant(0, 0), telegram=PRESS)
    assert Recognition([bench.device], DRIVERS).find(heard) is None


def test_every_case_of_the_catalogue_is_accounted_for() -> None:
    twice, ids = accounted("serial", Path(__file__).read_text(encoding="utf-8"), {line.id for line in LINES})
    assert twice == []
    assert ids == {f"serial-{number:02}" for number in range(1, 37)}
