"""EnOcean: the captures say what they should, copies through repeaters count once, other telegrams are refused."""

import json
from pathlib import Path

import msgspec
import pytest

from edge.drivers.enocean import profiles
from edge.drivers.esp3 import encode
from homecare.device import Capability
from homecare.errors import Malformed
from homecare.event import AnyEvent, ContactChanged, HelpCalled
from tests.edge.drivers.reading import Bench

CAPTURES = json.loads((Path(__file__).parents[2] / "captures" / "enocean.json").read_text(encoding="utf-8"))
APART = 1.0
"""Seconds between the frames of a capture."""


def frame_of(text: str) -> bytes:
    """A whole frame as captured, or the frame around a telegram written with spaces."""
    data = bytes.fromhex(text)
    return encode(data, bytes.fromhex("03ffffffff3c00")) if " " in text else data


@pytest.mark.parametrize("capture", CAPTURES, ids=lambda capture: capture["name"])
def test_a_capture_says(capture: dict[str, list[str]]) -> None:
    bench = Bench(str(capture["driver"]), *map(Capability, capture["capabilities"]), address=str(capture["address"]))
    events = [
        event
        for index, frame in enumerate(capture["frames"])
        for event in bench.telegram(frame_of(frame), at=index * APART)
    ]
    assert events == msgspec.convert(capture["events"], list[AnyEvent])


def test_every_profile_that_has_a_form_of_its_own_has_a_capture() -> None:
    captured = {capture["driver"] for capture in CAPTURES}
    families = {name[:13] for name in captured}
    assert {profile.driver[:13] for profile in profiles()} == families


def rocker(repeated: int = 0, *, pressed: bool = True) -> bytes:
    data = bytes((0xF6, 0x50 if pressed else 0x00, 0x00, 0x29, 0x2F, 0x10, (0x30 if pressed else 0x20) | repeated))
    return encode(data)


def test_copies_through_repeaters_are_one_press() -> None:
    bench = Bench("enocean:F6-02-01", Capability.HELP_CALL, address="00292F10")
    assert bench.telegram(rocker() + rocker(1) + rocker(2)) == (HelpCalled(),)
    assert bench.telegram(rocker(pressed=False), at=0.15) + bench.telegram(rocker(1, pressed=False), at=0.16) == ()


def test_two_presses_are_two_however_fast() -> None:
    bench = Bench("enocean:F6-02-01", Capability.HELP_CALL, address="00292F10")
    line = [rocker(), rocker(pressed=False), rocker(), rocker(pressed=False)]
    assert [event for index, frame in enumerate(line) for event in bench.telegram(frame, at=index * 0.05)] == [
        HelpCalled(),
        HelpCalled(),
    ]


def test_a_copy_does_not_undo_a_newer_state() -> None:
    bench = Bench("enocean:D5-00-01", Capability.CONTACT, address="01809011")
    opened, closed = frame_of("D5 08 01809011 00"), frame_of("D5 09 01809011 01")
    assert bench.telegram(opened + closed + opened) == (
        ContactChanged(open=True),
        ContactChanged(open=False),
        ContactChanged(open=True),
    )


OTHERS = [
    "D5 08 00292F10 00",
    "A5 00 00 77 08 00292F10 00",
    "D2 01 00292F10 00",
    "30 01 02 00292F10 00",
    "F6 50 50 00292F10 30",
]


@pytest.mark.parametrize("telegram", OTHERS)
def test_a_telegram_of_another_profile_is_malformed(telegram: str) -> None:
    with pytest.raises(Malformed):
        Bench("enocean:F6-02-01", Capability.HELP_CALL, address="00292F10").telegram(frame_of(telegram))


@pytest.mark.parametrize(("driver", "telegram"), [("F6-05-01", "F6 22 00292F10 30"), ("F6-10-00", "F6 10 00292F10 30")])
def test_a_value_outside_the_table_is_malformed(driver: str, telegram: str) -> None:
    with pytest.raises(Malformed):
        Bench(f"enocean:{driver}", address="00292F10").telegram(frame_of(telegram))
