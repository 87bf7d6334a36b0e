"""BTHome: what its advertisements say, which of them count, and which are not believed."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.drivers.bthome_objects import BINARY, MEASURED
from edge.drivers.bthome_payload import take_apart
from homecare.device import Capability
from homecare.errors import Malformed, Refused
from homecare.event import (
    AnyEvent,
    BatteryReported,
    ButtonAction,
    ButtonPressed,
    ContactChanged,
    DeviceFault,
    DeviceFaulted,
    Doubt,
    Hazard,
    HazardChanged,
    HelpCalled,
    LeakChanged,
    LockOperated,
    LockState,
    MotionChanged,
    Observed,
    StateObserved,
)
from tests.edge.drivers.reading import KEY, Bench, encrypted

SAYS: list[tuple[str, tuple[AnyEvent, ...]]] = [
    ("4002C40903BF13", (Observed("temperature", 25.0, "°C"), Observed("humidity", 50.55, "%"))),
    ("400161", (BatteryReported(percent=97),)),
    ("401501", (BatteryReported(low=True),)),
    ("401A01", (ContactChanged(open=True),)),
    ("402D00", (ContactChanged(open=False),)),
    ("401101", (ContactChanged(open=True),)),
    ("401B01", (ContactChanged(open=True),)),
    ("402101", (MotionChanged(moving=True),)),
    ("402001", (LeakChanged(wet=True),)),
    ("402901", (HazardChanged(hazard=Hazard.SMOKE, present=True),)),
    ("401C01", (HazardChanged(hazard=Hazard.GAS, present=True),)),
    ("401701", (HazardChanged(hazard=Hazard.CARBON_MONOXIDE, present=True),)),
    ("401D00", (HazardChanged(hazard=Hazard.HEAT, present=False),)),
    ("441F00", (LockOperated(LockState.LOCKED),)),
    ("441F01", (LockOperated(LockState.UNLOCKED),)),
    ("402C01", (StateObserved("vibration", on=True),)),
    ("403A04", (ButtonPressed(ButtonAction.LONG_PRESS),)),
    ("403A003A02", (ButtonPressed(ButtonAction.DOUBLE_PRESS, button=1),)),
    ("403A00", ()),
    ("403C0103", (Observed("dimmer_rotation", -3.0, "steps"),)),
    ("4002C40902C509", (Observed("temperature", 25.0, "°C"), Observed("temperature_2", 25.01, "°C"))),
    ("4023012301", (StateObserved("occupancy", on=True), StateObserved("occupancy_2", on=True))),
    ("4050000A0B35", (Observed("device_time", 889915904.0, "s"),)),
    ("40530548656C6C6F0161", (BatteryReported(percent=97),)),
    ("403B0201AABB0161", (BatteryReported(percent=97),)),
    ("40F001000161F1000102040161", (BatteryReported(percent=97), BatteryReported(percent=97))),
]


@pytest.mark.parametrize(("data", "events"), SAYS, ids=[data for data, _ in SAYS])
def test_an_advertisement_says(data: str, events: tuple[AnyEvent, ...]) -> None:
    assert Bench("bthome").advertised(data) == events


@pytest.mark.parametrize("action", [1, 2, 3, 4, 5, 6, 0x80, 0x81, 0x77])
def test_every_use_of_a_call_button_is_a_call(action: int) -> None:
    bench = Bench("bthome", Capability.HELP_CALL)
    assert bench.advertised(f"4400073A{action:02X}") == (HelpCalled(),)


def test_an_unused_call_button_is_no_call() -> None:
    assert Bench("bthome", Capability.HELP_CALL).advertised("4400073A00") == ()


def test_an_unknown_use_of_another_button_is_a_fault() -> None:
    assert Bench("bthome").advertised("403A77") == (DeviceFaulted(DeviceFault.UNDECODABLE),)


# --- repetitions -----------------------------------------------------------------------------------------------------


def test_a_packet_id_counts_once_however_often_it_is_repeated() -> None:
    bench = Bench("bthome", Capability.HELP_CALL)
    heard = [bench.advertised("4400053A01", at=second) for second in range(60)]
    assert heard == [(HelpCalled(),), *[()] * 59]


def test_a_packet_id_counts_again_after_silence() -> None:
    bench = Bench("bthome", Capability.HELP_CALL)
    assert bench.advertised("4400053A01") == bench.advertised("4400053A01", at=5) == (HelpCalled(),)


def test_a_late_copy_of_an_older_state_does_not_undo_a_newer_one() -> None:
    bench = Bench("bthome")
    assert bench.advertised("4400011A01") == (ContactChanged(open=True),)
    assert bench.advertised("4400021A00", at=1) == (ContactChanged(open=False),)
    assert bench.advertised("4400011A01", at=1.2) == ()
    assert bench.advertised("4400031A01", at=2) == (ContactChanged(open=True),)


def test_a_press_without_packet_id_counts_once_within_the_window() -> None:
    bench = Bench("bthome", Capability.HELP_CALL)
    heard = [bench.advertised("403A01", at=at) for at in (0, 0.5, 1, 4, 4.5)]
    assert heard == [(HelpCalled(),), (), (), (), (HelpCalled(),)]


def test_a_press_without_packet_id_counts_again_after_none() -> None:
    bench = Bench("bthome", Capability.HELP_CALL)
    heard = [bench.advertised(data, at=at) for at, data in enumerate(("403A01", "403A00", "403A01"))]
    assert heard == [(HelpCalled(),), (), (HelpCalled(),)]


def test_states_without_packet_id_are_told_when_they_change() -> None:
    bench = Bench("bthome")
    heard = [bench.advertised(f"401A0{state}", at=index / 10) for index, state in enumerate("1101")]
    assert heard == [
        (ContactChanged(open=True),),
        (),
        (ContactChanged(open=False),),
        (ContactChanged(open=True),),
    ]


def test_an_unchanged_measurement_is_told_again_after_a_quarter_of_an_hour() -> None:
    bench = Bench("bthome")
    heard = [len(bench.advertised("4002C409", at=at)) for at in (0, 60, 899, 900, 1000)]
    assert heard == [1, 0, 0, 1, 0]


def test_a_lock_first_heard_after_a_start_has_not_moved() -> None:
    bench = Bench("bthome")
    assert bench.advertised("401F00") == (StateObserved("lock", on=False),)
    assert bench.advertised("401F01") == (LockOperated(LockState.UNLOCKED),)


# --- encryption ------------------------------------------------------------------------------------------------------


def test_the_published_vector_decrypts() -> None:
    bench = Bench("bthome", secret=KEY)
    reading = bench.advertise(bytes.fromhex("41a47266c95f730011223378237214"))
    assert reading.events == (Observed("temperature", 25.06, "°C"), Observed("humidity", 50.55, "%"))
    assert reading.counter == 0x33221100


def test_the_counter_counts_once_and_never_falls_also_across_a_restart() -> None:
    bench = Bench("bthome", Capability.HELP_CALL, secret=KEY)
    press = b"\x3a\x01"
    assert bench.advertise(encrypted(press, 100)).events == (HelpCalled(),)
    assert bench.advertise(encrypted(press, 100)).events == ()
    bench.memory.values.clear()
    assert bench.advertise(encrypted(press, 100)).events == ()
    with pytest.raises(Refused) as refused:
        bench.advertise(encrypted(b"\x02\xca\x09", 99))
    assert refused.value.subject == DeviceFault.REPLAY
    assert bench.advertise(encrypted(press, 101)).events == (HelpCalled(),)
    assert bench.advertise(encrypted(press, 101 + 2**31)).events == (HelpCalled(),)


@pytest.mark.parametrize("objects", [b"\x3a\x01", b"\x29\x01"], ids=["press", "smoke"])
def test_an_alarm_under_a_fallen_counter_is_told_in_doubt_and_one_that_was_taken_is_refused(objects: bytes) -> None:
    """After a change of battery some devices count from the start again: a life may depend on what they say."""
    bench = Bench("bthome", Capability.HELP_CALL, Capability.HAZARD, secret=KEY)
    (certain,) = bench.advertise(encrypted(objects, 100)).events
    reading = bench.advertise(encrypted(objects, 3))
    assert reading.events == (msgspec.structs.replace(certain, doubt=Doubt.COUNTER_FELL),)
    assert (reading.doubt, reading.counter) == (Doubt.COUNTER_FELL, None)
    bench.advertise(encrypted(objects, 101))
    with pytest.raises(Refused):
        bench.advertise(encrypted(objects, 100))


def test_an_old_word_ends_no_danger() -> None:
    bench = Bench("bthome", Capability.HAZARD, secret=KEY)
    bench.advertise(encrypted(b"\x29\x01", 100))
    assert bench.advertise(encrypted(b"\x29\x00", 3)).events == ()
    assert bench.advertise(encrypted(b"\x29\x00", 101)).events == (HazardChanged(hazard=Hazard.SMOKE, present=False),)


def test_a_counter_that_was_not_stored_is_read_again() -> None:
    bench = Bench("bthome", Capability.HELP_CALL, secret=KEY)
    first = bench.advertise(encrypted(b"\x3a\x01", 7))
    bench.memory.counter = None  # the journal failed
    assert bench.advertise(encrypted(b"\x3a\x01", 7)) == first
    assert first.events == (HelpCalled(),)


def test_a_replay_changes_nothing_that_is_remembered() -> None:
    bench = Bench("bthome", secret=KEY)
    bench.advertise(encrypted(b"\x1a\x01", 5))
    bench.advertise(encrypted(b"\x1a\x00", 6))
    with pytest.raises(Refused):
        bench.advertise(encrypted(b"\x1a\x01", 5))
    assert bench.advertise(encrypted(b"\x1a\x01", 7)).events == (ContactChanged(open=True),)


def test_one_press_encrypted_anew_for_each_repetition_counts_once() -> None:
    bench = Bench("bthome", Capability.HELP_CALL, secret=KEY)
    heard = [bench.advertise(encrypted(b"\x00\x09\x3a\x01", counter), at=counter / 10).events for counter in range(20)]
    assert heard == [(HelpCalled(),), *[()] * 19]


REFUSED = [
    ("a plain frame from a device with a key", KEY, bytes.fromhex("403A01"), DeviceFault.DOWNGRADE),
    ("an encrypted frame from a device without", None, encrypted(b"\x3a\x01", 1), DeviceFault.WRONG_KEY),
    ("a frame under another key", KEY, encrypted(b"\x3a\x01", 1, key=bytes(16)), DeviceFault.WRONG_KEY),
    ("a frame of another address", KEY, encrypted(b"\x3a\x01", 1, address="54:48:E6:8F:80:A6"), DeviceFault.WRONG_KEY),
    ("a key of another length", KEY[:8], encrypted(b"\x3a\x01", 1), DeviceFault.WRONG_KEY),
]


@pytest.mark.parametrize(("secret", "data", "fault"), [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED])
def test_refused(secret: bytes | None, data: bytes, fault: DeviceFault) -> None:
    bench = Bench("bthome", Capability.HELP_CALL, secret=secret)
    with pytest.raises(Refused) as refused:
        bench.advertise(data)
    assert refused.value.subject == fault


@pytest.mark.parametrize("bit", range(8))
@pytest.mark.parametrize("byte", range(len(encrypted(b"\x3a\x01", 1))))
def test_no_bit_of_an_encrypted_frame_can_be_changed(byte: int, bit: int) -> None:
    data = bytearray(encrypted(b"\x3a\x01", 1))
    data[byte] ^= 1 << bit
    with pytest.raises((Refused, Malformed)):
        Bench("bthome", Capability.HELP_CALL, secret=KEY).advertise(bytes(data))


MALFORMED = ["", "40", "41", "20023A01", "603A01", "423A01", "483A01", "4099", "40533A", "40FFFF3A01", "403A"]


@pytest.mark.parametrize("data", MALFORMED)
def test_malformed(data: str) -> None:
    with pytest.raises(Malformed):
        Bench("bthome", Capability.HELP_CALL).advertised(data)


def test_what_stands_before_an_unknown_object_is_used_and_the_rest_is_a_fault_once_a_minute() -> None:
    bench = Bench("bthome", Capability.HELP_CALL)
    fault = DeviceFaulted(DeviceFault.UNDECODABLE)
    assert bench.advertised("4000013A01EE05") == (HelpCalled(), fault)
    assert bench.advertised("4000023A01EE05", at=10) == (HelpCalled(),)
    assert bench.advertised("4000033A01EE05", at=61) == (HelpCalled(), DeviceFaulted(DeviceFault.UNDECODABLE, count=2))


@given(
    parts=st.lists(
        st.one_of(
            st.sampled_from(sorted(BINARY)).flatmap(
                lambda one: st.tuples(st.just(one), st.binary(min_size=1, max_size=1))
            ),
            st.sampled_from(sorted(MEASURED)).flatmap(
                lambda one: st.tuples(st.just(one), st.binary(min_size=MEASURED[one].size, max_size=MEASURED[one].size))
            ),
        ),
        max_size=12,
    )
)
def test_every_object_is_taken_apart_as_it_was_put_together(parts: list[tuple[int, bytes]]) -> None:
    payload = take_apart(b"".join(bytes((one,)) + value for one, value in parts))
    assert payload.objects == tuple(parts)
    assert payload.unread == 0
