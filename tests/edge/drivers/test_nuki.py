"""The Nuki driver against the emulated lock, without radio: every way in which a command ends."""

from random import Random

import pytest

from edge.driver import Done, Failed, Sighting, Uncertain
from edge.drivers.nuki import COMPANY
from edge.drivers.nuki_frames import Authorisation
from homecare.clock import Instant
from homecare.command import Action, Reason
from homecare.event import BatteryReported, ContactChanged, LockCause, LockOperated, LockState, StateObserved
from simulator import nuki
from simulator.nuki import Fault
from tests.locks import LOCK, SECRET, Remembering, Wire, command, driver, emulated, talked

UNLOCK, LOCK_IT, UNLATCH = command(Action.UNLOCK), command(Action.LOCK), command(Action.UNLATCH)


def test_an_unlock_is_done_once_and_stands_in_the_locks_own_log() -> None:
    lock = emulated()
    end = talked(lock, UNLOCK)
    assert (type(end), end.state, end.reason) == (Done, LockState.UNLOCKED, None)
    assert lock.bolt == nuki.UNLOCKED
    assert [(entry.action, entry.name) for entry in lock.log] == [(1, "person-demo-care-01")]


def test_of_a_long_pseudonym_the_distinctive_end_is_kept() -> None:
    lock = emulated()
    talked(lock, command(Action.UNLOCK, actor="person-0123456789abcdef"))
    assert lock.log[0].name == "son-0123456789abcdef"


def test_lock_and_unlatch_are_done() -> None:
    lock = emulated()
    assert isinstance(talked(lock, UNLATCH), Done)
    assert lock.bolt == nuki.UNLATCHED
    end = talked(lock, LOCK_IT)
    assert (type(end), end.state) == (Done, LockState.LOCKED)


def test_what_is_so_already_moves_nothing() -> None:
    lock = emulated()
    lock.by_hand(unlocked=True)
    end = talked(lock, UNLOCK)
    assert (type(end), end.state, end.reason) == (Done, LockState.UNLOCKED, Reason.ALREADY_SO)
    assert not lock.log


@pytest.mark.parametrize(
    ("fault", "reason", "state"),
    [
        (Fault.JAM, Reason.JAMMED, LockState.JAMMED),
        (Fault.WEAK, Reason.LOW_BATTERY, LockState.LOCKED),
        (Fault.BUSY, Reason.BUSY, LockState.LOCKED),
        (Fault.FORBIDDEN, Reason.NOT_ALLOWED_BY_LOCK, LockState.LOCKED),
        (Fault.DEAF, Reason.NO_ANSWER, None),
    ],
)
def test_what_the_lock_will_not_do_has_a_reason(fault: Fault, reason: Reason, state: LockState | None) -> None:
    lock = emulated()
    lock.fault = fault
    end = talked(lock, UNLOCK)
    assert (type(end), end.reason, end.state) == (Failed, reason, state)


@pytest.mark.parametrize("action", [Action.UNLOCK, Action.UNLATCH])
@pytest.mark.parametrize("fault", [Fault.LOSE, Fault.DROP])
def test_after_a_lost_answer_the_state_is_read_and_nothing_is_said_twice(action: Action, fault: Fault) -> None:
    """Done at the lock, its reply lost: the rule that an unlock is not idempotent."""
    lock = emulated()
    lock.fault = fault
    end = talked(lock, command(action))
    assert (type(end), end.state) == (Done, LockState.UNLOCKED)
    assert len(lock.log) == 1


@pytest.mark.parametrize("fault", [Fault.NONE, Fault.LOSE])
def test_a_bolt_that_still_moves_is_waited_for(fault: Fault) -> None:
    lock = emulated()
    lock.fault = fault
    states, read = lock._states, iter(range(100))

    def slow() -> bytes:
        """Moving, for the first three readings after the action."""
        found = states()
        return found[:1] + bytes((nuki.UNLOCKING,)) + found[2:] if lock.log and next(read) < 3 else found

    lock._states = slow  # type: ignore[method-assign]
    end = talked(lock, UNLOCK)
    assert (type(end), end.state) == (Done, LockState.UNLOCKED)
    assert next(read) > 3, "it was read until it rested"
    assert len(lock.log) == 1


def test_an_unlatch_whose_latch_is_back_is_known_by_the_locks_last_action() -> None:
    lock = emulated()
    lock.fault = Fault.LOSE
    rest = lock._rest
    lock._rest = lambda bolt, trigger, was=None: rest(  # type: ignore[method-assign]
        nuki.UNLOCKED if bolt == nuki.UNLATCHED else bolt, trigger, was
    )
    assert isinstance(talked(lock, UNLATCH), Done)


def test_whether_a_second_unlatch_happened_is_not_guessed() -> None:
    """The latch is back, and the lock's last action was an unlatch before as well: nobody can say."""
    lock = emulated()
    lock.bolt, lock._last = nuki.UNLOCKED, (nuki.UNLATCH, 0, 0)
    lock.fault = Fault.LOSE
    rest = lock._rest
    lock._rest = lambda bolt, trigger, was=None: rest(  # type: ignore[method-assign]
        nuki.UNLOCKED if bolt == nuki.UNLATCHED else bolt, trigger, was
    )
    end = talked(lock, UNLATCH)
    assert (type(end), end.state) == (Uncertain, LockState.UNLOCKED)
    assert len(lock.log) == 1


@pytest.mark.parametrize("lost", range(12))
@pytest.mark.parametrize("action", [Action.UNLOCK, Action.UNLATCH, Action.LOCK])
def test_whatever_step_is_lost_the_action_is_said_at_most_once_and_the_end_is_true(action: Action, lost: int) -> None:
    lock = emulated()
    lock.by_hand(unlocked=action is Action.LOCK)
    end = talked(lock, command(action), wire=Wire(lock, lost_at=frozenset({lost})))
    assert len(lock.log) <= 1
    if isinstance(end, Done):
        assert len(lock.log) == 1
    if isinstance(end, Failed):
        assert not lock.log


def test_from_the_first_loss_on_nothing_comes_back_and_the_script_still_ends() -> None:
    for first in range(12):
        lock = emulated()
        end = talked(lock, UNLOCK, wire=Wire(lock, lost_at=frozenset(range(first, 200))))
        assert isinstance(end, Done | Failed | Uncertain)
        if isinstance(end, Failed):
            assert not lock.log


def test_a_lock_that_was_reset_and_a_false_lock_are_told() -> None:
    lock = emulated()
    lock.forget()
    assert talked(lock, UNLOCK) == Failed(Reason.NO_ANSWER)
    other = emulated(seed=3)
    other.authorisations[1] = bytes(32)
    assert talked(other, UNLOCK) == Failed(Reason.NO_ANSWER)
    assert talked(emulated(), UNLOCK, secret=None) == Failed(Reason.WRONG_KEY)


def test_an_answer_under_another_key_is_a_false_lock() -> None:
    """It answers, but cannot know the key: nothing is asked of it."""
    lock = emulated()
    lock._tell = lambda *_: nuki.Say(b"\0" * 24 + b"\1\0\0\0" + b"\x20\0" + b"\0" * 32)  # type: ignore[method-assign]
    assert talked(lock, UNLOCK) == Failed(Reason.WRONG_KEY)
    assert not lock.log


def test_noise_for_an_answer_is_no_answer() -> None:
    for seed in range(200):
        chance = Random(seed)
        lock = emulated(seed)
        lock._tell = lambda *_: nuki.Say(chance.randbytes(chance.randrange(0, 120)))  # type: ignore[method-assign] # noqa: B023 - used in the same turn
        end = talked(lock, UNLOCK)
        assert isinstance(end, Failed)
        assert not lock.log


# --- looking ---------------------------------------------------------------------------------------------------------


def sighting(data: bytes) -> Sighting:
    return Sighting(
        transport="ble", address=LOCK.address, heard_at=Instant(wall=0, elapsed=0), manufacturer_data={COMPANY: data}
    )


def test_the_beacon_asks_for_a_look_and_the_look_says_what_moved_the_bolt() -> None:
    lock, memory, nuki_driver = emulated(), Remembering(), driver()

    def beacon() -> bool:
        return nuki_driver.read(sighting(lock.beacon), LOCK, secret=SECRET, memory=memory).look

    def look() -> tuple[object, ...] | None:
        return Wire(lock).hold(nuki_driver.look(LOCK, secret=SECRET, memory=memory))

    assert beacon(), "the first one after a start"
    assert look() == (
        BatteryReported(percent=86, low=False),
        ContactChanged(open=False),
        StateObserved(property="tamper", on=False),
    ), "a restart is no visit: the bolt's first state is no event"
    assert not beacon()
    lock.by_hand(unlocked=True)
    assert beacon()
    assert look() == (LockOperated(LockState.UNLOCKED, LockCause.MANUAL),)
    lock.percent, lock.door = 18, 3
    assert look() == (BatteryReported(percent=18, low=True), ContactChanged(open=True))


def test_a_command_is_not_told_again_by_the_look_that_its_beacon_asks_for() -> None:
    lock, memory, nuki_driver = emulated(), Remembering(), driver()
    Wire(lock).hold(nuki_driver.script(UNLOCK, LOCK, secret=SECRET, memory=memory))
    found = Wire(lock).hold(nuki_driver.look(LOCK, secret=SECRET, memory=memory))
    assert not found


def test_an_authorisation_comes_back() -> None:
    known = Authorisation(number=1, app=7, key=bytes(range(32)))
    assert known.pack() == SECRET
    assert Authorisation.unpack(SECRET) == known
