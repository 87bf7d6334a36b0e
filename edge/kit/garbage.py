"""Garbage for drivers: what a bad radio, a cheap device or an attacker could send in place of captured bytes."""

import hashlib
from collections.abc import Callable, Iterator
from typing import Final

import msgspec

from edge.kit.capture import Capture, Line

MUTATIONS: Final = 3_000
"""Damaged sightings of one conformance run: a second's work."""
LONGEST: Final = 260
"""Bytes that are put behind a payload at most: beyond what one byte of length can say."""
FLIPS: Final = 4
"""Bits that are turned in one payload at most."""


def garbage_of(capture: Capture, count: int = MUTATIONS) -> Iterator[Line]:
    """`count` damaged lines; the same ones for the same capture, so that a finding is found again."""
    for number in range(count if capture.lines else 0):
        seed = hashlib.shake_128(number.to_bytes(4, "big")).digest(LONGEST)
        line = capture.lines[number % len(capture.lines)]
        damage = _DAMAGES[seed[0] % len(_DAMAGES)]
        yield msgspec.structs.replace(
            line,
            service_data={key: damage(bytes.fromhex(value), seed).hex() for key, value in line.service_data.items()},
            manufacturer_data={
                key: damage(bytes.fromhex(value), seed).hex() for key, value in line.manufacturer_data.items()
            },
            telegram=damage(bytes.fromhex(line.telegram), seed).hex() if line.telegram else "",
        )


def _cut(data: bytes, seed: bytes) -> bytes:
    return data[: seed[1] % (len(data) + 1)]


def _flip(data: bytes, seed: bytes) -> bytes:
    changed = bytearray(data)
    for where, bit in zip(seed[1 : 1 + FLIPS], seed[9 : 9 + FLIPS], strict=True):
        if changed:
            changed[where % len(changed)] ^= 1 << bit % 8
    return bytes(changed)


def _extend(data: bytes, seed: bytes) -> bytes:
    return data + seed[-(1 + seed[1]) :]


def _replace(data: bytes, seed: bytes) -> bytes:
    return seed[2 : 2 + seed[1] % (len(data) + 8)]


def _fill(data: bytes, seed: bytes) -> bytes:
    return (b"\xff" if seed[1] & 1 else b"\x00") * len(data)


_DAMAGES: Final[tuple[Callable[[bytes, bytes], bytes], ...]] = (_cut, _flip, _extend, _replace, _fill)
