"""The counted line: what a device says, what the edge answers, and that the firmware speaks the same frames."""

import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.drivers.counted import Accepted, encode_accepted, encode_said, read_accepted
from edge.drivers.esp3 import Esp3Framer, encode
from homecare.device import Capability
from homecare.errors import Malformed, Refused
from homecare.event import (
    ButtonAction,
    ButtonPressed,
    ContactChanged,
    DeviceFault,
    Doubt,
    HelpCalled,
    LockOperated,
    LockState,
)
from tests.edge.drivers.reading import Bench

ID = "0000C0DE"
HEADER = Path(__file__).parents[3] / "firmware_configs" / "esphome" / "counted.h"


def bench(*capabilities: Capability) -> Bench:
    return Bench("counted", *capabilities, address=ID)


def test_a_press_is_a_call_with_its_counter_and_its_acceptance() -> None:
    [reading] = bench(Capability.HELP_CALL).line(encode_said(ID, 7, b"\x3a\x01"))
    assert (reading.events, reading.counter) == ((HelpCalled(),), 7)
    assert reading.reply == bytes.fromhex("55000c070196d17ff2000000070000000000030000c0deff0010")


def test_the_same_counter_reads_the_same_and_is_answered_again() -> None:
    button = bench()
    frame = encode_said(ID, 8, b"\x3a\x01\x1f\x01")
    first = button.line(frame)
    button.memory.store(8)
    assert button.line(frame) == first
    assert first[0].events == (ButtonPressed(ButtonAction.PRESS), LockOperated(LockState.UNLOCKED))


def test_an_unchanged_state_is_told_each_time() -> None:
    door = bench(Capability.CONTACT)
    assert [door.telegram(encode_said(ID, counter, b"\x1a\x01")) for counter in (1, 2)] == [
        (ContactChanged(open=True),)
    ] * 2


def test_a_counter_below_the_stored_one_is_a_replay_and_is_not_answered() -> None:
    door = bench()
    door.memory.store(10)
    with pytest.raises(Refused) as refused:
        door.line(encode_said(ID, 9, b"\x1a\x01"))
    assert refused.value.subject == DeviceFault.REPLAY


def test_a_press_below_the_stored_counter_is_told_in_doubt_and_its_acceptance_is_due() -> None:
    button = bench(Capability.HELP_CALL)
    button.memory.store(10)
    [reading] = button.line(encode_said(ID, 9, b"\x3a\x01"))
    assert (reading.events, reading.counter) == ((HelpCalled(doubt=Doubt.COUNTER_FELL),), None)
    assert read_accepted(reading.reply or b"").counter == 9


@given(device=st.binary(min_size=4, max_size=4), counter=st.integers(0, 2**32 - 1))
def test_an_acceptance_is_read_as_it_was_made(device: bytes, counter: int) -> None:
    name = device.hex().upper()
    assert read_accepted(encode_accepted(name, counter)) == Accepted(device=name, counter=counter)


OTHERS = [
    encode_accepted(ID, 7),
    encode(bytes.fromhex("D17FF1000000070000C0DE00")),
    encode(bytes.fromhex("D17FF0000000071A010000C0DE00")),
    encode(bytes.fromhex("D27FF1000000071A010000C0DE00")),
    encode_said(ID, 7, b"\x99\x01"),
]


@pytest.mark.parametrize("frame", OTHERS)
def test_other_frames_are_malformed(frame: bytes) -> None:
    device = Bench("counted", address=Esp3Framer().feed(frame)[0][0])
    with pytest.raises(Malformed):
        device.line(frame)


@pytest.mark.parametrize("frame", [encode_said(ID, 7, b"\x1a\x01"), encode(bytes.fromhex("D17FF2000000070000000000"))])
def test_other_frames_are_no_acceptance(frame: bytes) -> None:
    with pytest.raises(Malformed):
        read_accepted(frame)


@pytest.mark.parametrize(("counter", "objects"), [(0, b"\x1a\x01"), (2**32, b"\x1a\x01"), (1, b""), (1, bytes(97))])
def test_what_cannot_be_said_is_malformed(counter: int, objects: bytes) -> None:
    with pytest.raises(Malformed):
        encode_said(ID, counter, objects)


PROGRAM = r"""
#include <stdio.h>
#include "counted.h"
static void put(const uint8_t *data, size_t size) {
  for (size_t i = 0; i < size; i++) printf("%02X", data[i]);
  printf("\n");
}
int main(void) {
  uint8_t frame[COUNTED_SAID], reply[COUNTED_ACCEPTED];
  uint32_t counter = 0x01020304;
  for (uint8_t i = 0; i < 40; i++) counted_say((const uint8_t[]){0x1A, (uint8_t) (i & 1), i}, 2);
  printf("%u %u\n", (unsigned) counted_line.waiting, (unsigned) counted_line.lost);
  put(frame, counted_said(frame, 0xC0DE, counter));
  size_t size = counted_accepted(reply, 0xC0DE, counter);
  put(reply, size);
  int taken = counted_hear(0x55, 0xC0DE, counter);
  for (int round = 0; round < 2; round++)
    for (size_t i = 0; i < size; i++)
      if (counted_hear(reply[i], 0xC0DE, counter)) { taken++; counter++; }
  printf("%d %u\n", taken, (unsigned) counted_line.waiting);
  put(frame, counted_said(frame, 0xC0DE, counter));
  return 0;
}
"""


def test_the_firmware_speaks_the_same_frames(tmp_path: Path) -> None:
    source, program = tmp_path / "desk.c", tmp_path / "desk"
    source.write_text(PROGRAM, encoding="utf-8")
    warnings = ["-Wall", "-Wextra", "-Werror", "-fsanitize=undefined", "-std=c11"]
    subprocess.run(["gcc", *warnings, "-I", str(HEADER.parent), str(source), "-o", str(program)], check=True)
    done = subprocess.run([str(program)], check=True, capture_output=True, text=True, timeout=60)
    assert done.stdout.split("\n") == [
        "32 8",
        encode_said(ID, 0x01020304, b"\x1a\x00").hex().upper(),
        encode_accepted(ID, 0x01020304).hex().upper(),
        "1 31",
        encode_said(ID, 0x01020305, b"\x1a\x01").hex().upper(),
        "",
    ]
