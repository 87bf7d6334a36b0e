"""What a sighting becomes: repetitions, counters, faults, a full queue and stuck buttons."""

import pytest

from edge.driver import Sighting
from edge.drivers import DRIVERS
from edge.drivers.counted import encode_said
from edge.hearing import FAULT_EVERY, Hearing
from edge.presses import ALONE, COLLAPSE_EVERY, PRESSES_LIMIT, Presses
from edge.recognition import Recognition
from homecare.clock import SECOND, ManualClock
from homecare.device import Capability, Device
from homecare.event import ButtonPressed, DeviceFault, DeviceFaulted, Doubt, HelpCalled, Observed
from homecare.identity import DeviceId, HomeId

DEVICE = DeviceId("dev-00000001")
ADDRESS = "0180902B"
PRESS, WARM = bytes((0x3A, 0x01)), bytes((0x02, 0xCA, 0x09))


class Ears:
    """A hearing with one counted call button."""

    def __init__(self, stored: int | None = None) -> None:
        device = Device(
            id=DEVICE,
            home=HomeId("home-00000001"),
            driver="counted",
            address=ADDRESS,
            capabilities=(Capability.HELP_CALL, Capability.OBSERVATION),
        )
        counters = {} if stored is None else {DEVICE: stored}
        self.hearing = Hearing(Recognition([device], DRIVERS), secrets={}, counters=counters)
        self.clock = ManualClock(elapsed=1)

    def hear(self, counter: int, objects: bytes = WARM, *, address: str = ADDRESS, full: bool = False):  # noqa: ANN201
        return self.frame(encode_said(ADDRESS, counter, objects), address=address, full=full)

    def frame(self, telegram: bytes, *, address: str = ADDRESS, full: bool = False):  # noqa: ANN201
        sighting = Sighting(transport="serial:x", address=address, heard_at=self.clock.now(), telegram=telegram)
        return self.hearing.hear(sighting, full=full)

    def faults(self) -> list[DeviceFaulted]:
        due = self.hearing.tick(self.clock.elapsed)
        return [event for heard in due for event in heard.events if isinstance(event, DeviceFaulted)]


def test_strangers_say_nothing() -> None:
    assert Ears().hear(1, address="FFFFFFFF") is None


def test_a_repetition_is_unanswered_until_the_commit_and_then_answered_without_a_second_fact() -> None:
    ears = Ears()
    first = ears.hear(1)
    assert len(first.events) == 1
    assert first.reply is not None
    repeated = ears.hear(1)
    assert (repeated.events, repeated.reply) == ((), None)
    ears.hearing.committed(DEVICE, 1)
    repeated = ears.hear(1)
    assert (repeated.events, repeated.reply) == ((), first.reply)


def test_a_stored_counter_is_known_again_after_a_restart() -> None:
    ears = Ears(stored=5)
    assert ears.hear(5).events == ()
    assert ears.hear(5).reply is not None
    assert len(ears.hear(6).events) == 1


def test_a_lower_counter_is_a_replay_and_no_sign_of_life() -> None:
    ears = Ears(stored=5)
    assert ears.hear(4) is None
    assert ears.faults() == [DeviceFaulted(fault=DeviceFault.REPLAY, count=1)]


def test_a_press_under_a_fallen_counter_is_told_in_doubt_and_is_no_sign_of_life() -> None:
    ears = Ears(stored=500)
    heard = ears.hear(1, PRESS)
    assert (heard.events, heard.counter, heard.believable) == ((HelpCalled(doubt=Doubt.COUNTER_FELL),), None, False)
    assert ears.faults() == [DeviceFaulted(fault=DeviceFault.REPLAY, count=1)]
    assert len(ears.hear(2, PRESS).events) == 1, "the next press is another one"
    assert ears.hear(501, PRESS).events == (HelpCalled(),), "what is verified stays so"


def test_a_press_in_doubt_is_answered_once_it_is_durable() -> None:
    ears = Ears(stored=500)
    first = ears.hear(1, PRESS)
    assert first.reply is not None
    assert ears.hear(1, PRESS).reply is None
    ears.hearing.kept(DEVICE, first.doubted)
    assert ears.hear(1, PRESS).reply == first.reply


def test_a_loop_that_plays_old_presses_is_bounded() -> None:
    """Ten different presses, over and over for an hour: each counts once. More are added up as frantic presses are."""
    ears = Ears(stored=500)
    told = 0
    for second in range(3_600):
        told += len(ears.hear(1 + second % 10, PRESS).events)
        ears.clock.advance(SECOND)
    assert told == 10
    for second in range(60):
        told += len(ears.hear(100 + second, PRESS).events)
    assert told == 10 + ALONE


def test_faults_are_counted_and_told_once_a_minute_a_kind() -> None:
    ears = Ears(stored=5)
    for _ in range(7):
        ears.hear(1)
        ears.frame(b"\x55 no telegram")
    assert ears.faults() == [
        DeviceFaulted(fault=DeviceFault.REPLAY, count=7),
        DeviceFaulted(fault=DeviceFault.UNDECODABLE, count=7),
    ]
    ears.hear(1)
    ears.hear(1)
    assert ears.faults() == []
    ears.clock.advance(FAULT_EVERY)
    assert ears.faults() == [DeviceFaulted(fault=DeviceFault.REPLAY, count=2)]


def test_a_full_queue_leaves_devices_that_repeat_unanswered_and_unread() -> None:
    ears = Ears(stored=5)
    assert ears.hear(6, full=True) is None
    assert ears.faults() == []
    assert len(ears.hear(6).events) == 1


def test_a_full_queue_is_told_where_the_device_may_not_repeat() -> None:
    ears = Ears()
    assert ears.hear(1, full=True) is None
    assert ears.faults() == [DeviceFaulted(fault=DeviceFault.STUCK, count=1)]


def test_a_stuck_button_is_added_up_and_accepted_only_when_told() -> None:
    ears = Ears()
    for counter in range(1, ALONE + 1):
        assert ears.hear(counter, PRESS).events == (HelpCalled(),)
        ears.hearing.committed(DEVICE, counter)
    for counter in range(ALONE + 1, ALONE + 6):
        heard = ears.hear(counter, PRESS)
        assert (heard.events, heard.counter, heard.reply) == ((), None, None)
    assert ears.hearing.tick(ears.clock.elapsed) == []
    ears.clock.advance(COLLAPSE_EVERY)
    (told,) = ears.hearing.tick(ears.clock.elapsed)
    assert (told.events, told.counter) == ((HelpCalled(presses=5),), ALONE + 5)
    assert ears.hear(ALONE + 5, PRESS).reply is None
    ears.hearing.committed(DEVICE, ALONE + 5)
    assert ears.hear(ALONE + 5, PRESS).reply is not None
    assert ears.faults() == [DeviceFaulted(fault=DeviceFault.STUCK, count=1)]


def test_facts_beside_an_added_up_press_do_not_accept_it() -> None:
    ears = Ears()
    for counter in range(1, ALONE + 1):
        ears.hear(counter, PRESS)
    heard = ears.hear(ALONE + 1, PRESS + WARM)
    assert [type(event) for event in heard.events] == [Observed]
    assert (heard.counter, heard.reply) == (None, None)


@pytest.mark.parametrize("every", [SECOND // 10, SECOND, 3 * SECOND, 20 * SECOND])
def test_no_press_is_lost_in_the_count_and_messages_are_few(every: int) -> None:
    presses = Presses(DEVICE)
    now = told = messages = pressed = 0
    while now < 600 * SECOND:
        pressed += 1
        if presses.press(HelpCalled(), None, now):
            told, messages = told + 1, messages + 1
        now += every
        due = presses.due(now)
        if due is not None:
            told, messages = told + due[0].presses, messages + 1
    due = presses.due(now + COLLAPSE_EVERY)
    told += 0 if due is None else due[0].presses
    assert told == pressed
    assert messages <= 10 * 11


def test_a_count_has_a_bound() -> None:
    presses = Presses(DEVICE)
    for _ in range(ALONE):
        presses.press(HelpCalled(), None, 0)
    for _ in range(3):
        presses.press(HelpCalled(presses=PRESSES_LIMIT), None, 0)
    assert presses.due(COLLAPSE_EVERY) == (HelpCalled(presses=PRESSES_LIMIT), None)


def test_a_button_that_is_no_call_for_help_is_left_alone() -> None:
    device = Device(
        id=DEVICE, home=HomeId("home-00000001"), driver="counted", address=ADDRESS, capabilities=(Capability.BUTTON,)
    )
    hearing = Hearing(Recognition([device], DRIVERS), secrets={}, counters={})
    for counter in range(1, 50):
        sighting = Sighting(
            transport="serial:x",
            address=ADDRESS,
            heard_at=ManualClock().now(),
            telegram=encode_said(ADDRESS, counter, PRESS),
        )
        heard = hearing.hear(sighting, full=False)
        assert heard is not None
        assert [type(event) for event in heard.events] == [ButtonPressed]
