"""ESP3 framing: every good frame is found, whatever stands around it and however it is cut."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.drivers.esp3 import DATA_LIMIT, OPTIONAL_LIMIT, Esp3Framer, crc8, encode, read_telegram
from homecare.errors import Malformed

ROCKER = bytes.fromhex("55000707017af65000292f103003ffffffff3c00c4")
CONTACT = bytes.fromhex("55000707017AD50901802A3B0003FFFFFFFF4000C5")

radio = st.builds(
    lambda payload, sender, optional: encode(b"\xf6" + payload + sender + b"\x30", optional),
    st.binary(min_size=1, max_size=14),
    st.binary(min_size=4, max_size=4),
    st.binary(max_size=7),
)
noise = st.binary(max_size=30).map(lambda data: data.replace(b"\x55", b"\xaa"))


def test_the_checksum_is_that_of_the_published_vectors() -> None:
    assert crc8(bytes.fromhex("00070701")) == 0x7A
    assert crc8(CONTACT[6:-1]) == 0xC5


def test_a_vector_is_read() -> None:
    telegram = read_telegram(CONTACT)
    assert (telegram.rorg, telegram.payload, telegram.sender, telegram.status) == (0xD5, b"\x09", "01802A3B", 0)


@given(frames=st.lists(st.tuples(noise, radio), min_size=1, max_size=5), tail=noise, cut=st.integers(1, 40))
@settings(deadline=None)
def test_all_frames_in_noise_are_found_in_order_however_the_line_is_cut(
    frames: list[tuple[bytes, bytes]], tail: bytes, cut: int
) -> None:
    line = b"".join(before + frame for before, frame in frames) + tail
    framer = Esp3Framer()
    found = [one for at in range(0, len(line), cut) for one in framer.feed(line[at : at + cut])]
    assert found == [(read_telegram(frame).sender, frame) for _, frame in frames]
    assert framer.rejected == 0


@pytest.mark.parametrize("cut", range(1, len(ROCKER + CONTACT)))
def test_two_frames_are_found_with_the_line_cut_at_each_offset(cut: int) -> None:
    line = ROCKER + CONTACT
    framer = Esp3Framer()
    assert [frame for _, frame in framer.feed(line[:cut]) + framer.feed(line[cut:])] == [ROCKER, CONTACT]


@pytest.mark.parametrize("lost", range(1, len(ROCKER) - 1))
def test_after_a_frame_that_lost_its_end_the_next_one_is_found(lost: int) -> None:
    framer = Esp3Framer()
    found = framer.feed(ROCKER[:-lost] + CONTACT)
    found += framer.idle()
    assert [frame for _, frame in found] == [CONTACT]
    assert framer.rejected > 0


@pytest.mark.parametrize("lost", range(len(ROCKER)))
def test_after_a_frame_that_lost_a_byte_the_next_one_is_found_at_once(lost: int) -> None:
    assert [frame for _, frame in Esp3Framer().feed(ROCKER[:lost] + ROCKER[lost + 1 :] + CONTACT)] == [CONTACT]


@pytest.mark.parametrize("bit", range(8 * len(ROCKER)))
def test_a_frame_with_one_bit_changed_is_never_taken(bit: int) -> None:
    damaged = bytearray(ROCKER)
    damaged[bit // 8] ^= 1 << bit % 8
    framer = Esp3Framer()
    found = framer.feed(bytes(damaged) + CONTACT) + framer.idle()
    assert [frame for _, frame in found] == [CONTACT]


def test_a_frame_inside_another_ones_payload_is_not_a_frame() -> None:
    inner = encode(b"\xf6\x50\x00\x29\x2f\x10\x30")
    outer = encode(b"\xd2" + inner + b"\x01\x80\x2a\x3b\x00")
    framer = Esp3Framer()
    assert [frame for byte in outer for _, frame in framer.feed(bytes((byte,)))] == [outer]


@pytest.mark.parametrize("kind", [2, 4, 5, 255])
def test_what_is_no_radio_telegram_is_passed_over(kind: int) -> None:
    framer = Esp3Framer()
    assert [frame for _, frame in framer.feed(encode(b"\x00" * 8, kind=kind) + ROCKER)] == [ROCKER]
    assert framer.rejected == 0


def test_what_is_kept_between_two_calls_is_bounded() -> None:
    framer = Esp3Framer()
    for _ in range(64):
        framer.feed(b"\x55" * 4096)
        framer.feed(encode(bytes(DATA_LIMIT), bytes(OPTIONAL_LIMIT))[:-1])
    assert len(framer._pending) <= 6 + DATA_LIMIT + OPTIONAL_LIMIT + 1


@pytest.mark.parametrize(
    "data", [b"", ROCKER[:-1], ROCKER + b"\x00", encode(b"\xf6\x00\x00"), encode(bytes(8), kind=2)]
)
def test_anything_but_one_radio_telegram_is_malformed(data: bytes) -> None:
    with pytest.raises(Malformed):
        read_telegram(data)


def test_a_frame_too_long_is_not_made() -> None:
    with pytest.raises(Malformed):
        encode(bytes(DATA_LIMIT + 1))
