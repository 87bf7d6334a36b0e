"""Tags: the published vectors, an emulator that shares no line with the gateway, and everything that is no tag."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.model.tag_sun import Forged, Reading, Sun, TagKeys, open_picc, read_encrypted, read_url, sdm_mac, verify
from homecare.errors import Malformed
from simulator.tag import MOST, Tag

ZERO = bytes(16)
KEYS = TagKeys(bytes(range(32)))
BASE = "https://vaka.example/t"
UIDS = st.binary(min_size=7, max_size=7)
COUNTERS = st.integers(0, MOST - 2)


def tag(uid: bytes, counter: int = 0) -> Tag:
    return Tag(uid, meta_key=KEYS.meta, file_key=KEYS.file(uid), counter=counter)


def test_the_vector_of_an12196_with_encrypted_picc_data() -> None:
    reading = open_picc(bytes.fromhex("EF963FF7828658A599F3041510671E88"), ZERO)
    assert reading == Reading(uid=bytes.fromhex("04DE5F1EACC040"), counter=0x3D)
    assert sdm_mac(ZERO, reading) == bytes.fromhex("94EED9EE65337086")


def test_the_published_vector_with_plain_uid_and_counter() -> None:
    assert sdm_mac(ZERO, Reading(bytes.fromhex("041E3C8A2D6B80"), 6)) == bytes.fromhex("4B00064004B0B3D3")


def test_the_emulator_makes_the_published_vectors_too() -> None:
    first = Tag(bytes.fromhex("04DE5F1EACC040"), meta_key=ZERO, file_key=ZERO, counter=0x3C)
    filling = bytes.fromhex("00DA5CF60941")[1:]
    assert first.read("x", filling=filling) == "x?e=EF963FF7828658A599F3041510671E88&c=94EED9EE65337086"
    second = Tag(bytes.fromhex("041E3C8A2D6B80"), meta_key=ZERO, file_key=ZERO, counter=5)
    assert second.read_plain("x") == "x?u=041E3C8A2D6B80&n=000006&c=4B00064004B0B3D3"


@given(UIDS, COUNTERS, st.binary(min_size=5, max_size=5))
def test_what_the_emulator_says_is_read_as_it_was_meant(uid: bytes, counter: int, filling: bytes) -> None:
    for url in (tag(uid, counter).read(BASE, filling=filling), tag(uid, counter).read_plain(BASE)):
        assert verify(read_url(url), KEYS) == Reading(uid, counter + 1)
        assert verify(read_url(url.replace("&", "&x=1&").lower()), KEYS).uid == uid


@given(UIDS, COUNTERS, st.integers(0, 23), st.integers(1, 255))
def test_one_other_byte_anywhere_is_refused(uid: bytes, counter: int, place: int, other: int) -> None:
    sun = read_url(tag(uid, counter).read(BASE))
    content = bytearray((sun.picc or b"") + sun.mac)
    content[place] ^= other
    with pytest.raises(Forged):
        verify(Sun(mac=bytes(content[16:]), picc=bytes(content[:16])), KEYS)


@given(UIDS, COUNTERS)
def test_a_tag_with_other_keys_is_refused(uid: bytes, counter: int) -> None:
    others = TagKeys(bytes(32))
    for made in (
        Tag(uid, meta_key=ZERO, file_key=ZERO, counter=counter),
        Tag(uid, meta_key=KEYS.meta, file_key=others.file(uid), counter=counter),
        Tag(uid, meta_key=KEYS.meta, file_key=KEYS.file(bytes(7) if uid != bytes(7) else b"1234567"), counter=counter),
    ):
        for url in (made.read(BASE), made.read_plain(BASE)):
            with pytest.raises(Forged):
                verify(read_url(url), KEYS)


@given(UIDS, COUNTERS)
def test_uid_and_counter_of_a_plain_reading_cannot_be_changed(uid: bytes, counter: int) -> None:
    sun = read_url(tag(uid, counter).read_plain(BASE))
    for forged in (Sun(mac=sun.mac, uid=sun.uid, counter=counter + 2), Sun(mac=sun.mac, uid=b"other-1", counter=1)):
        with pytest.raises(Forged):
            verify(forged, KEYS)


@pytest.mark.parametrize(
    "url",
    [
        "",
        BASE,
        f"{BASE}?",
        f"{BASE}?e=00&c=00",
        f"{BASE}?e={'0' * 32}",
        f"{BASE}?c={'0' * 16}",
        f"{BASE}?e={'0' * 32}&c={'g' * 16}",
        f"{BASE}?e={'0' * 32}&c={'0' * 17}",
        f"{BASE}?e={'0' * 32}&e={'1' * 32}&c={'0' * 16}",
        f"{BASE}?e={'٠' * 32}&c={'0' * 16}",
        f"{BASE}?u={'0' * 14}&n=-00006&c={'0' * 16}",
        f"{BASE}?u={'0' * 14}&c={'0' * 16}",
        f"{BASE}?{'&'.join('x=1' for _ in range(20))}",
        "https://[broken?e=1",
        "x" * 501,
    ],
)
def test_what_is_no_tags_address_is_malformed(url: str) -> None:
    with pytest.raises(Malformed):
        verify(read_url(url), KEYS)


@given(st.text(max_size=120))
def test_no_text_breaks_the_reading(text: str) -> None:
    for made in (lambda: read_url(f"{BASE}?{text}"), lambda: read_url(text), lambda: read_encrypted(text, text)):
        with contextlib.suppress(Malformed, Forged):
            verify(made(), KEYS)


def test_every_tag_has_a_key_of_its_own_and_no_key_is_in_a_text() -> None:
    assert len({KEYS.file(bytes([number]) * 7) for number in range(200)} | {KEYS.meta}) == 201
    with pytest.raises(Forged) as raised:
        verify(read_url(Tag(bytes(7), meta_key=KEYS.meta, file_key=ZERO).read(BASE)), KEYS)
    assert KEYS.meta.hex() not in str(raised.value)


def test_a_tag_that_is_used_up_says_nothing() -> None:
    with pytest.raises(RuntimeError):
        tag(bytes(7), MOST).read(BASE)
