"""Wake-ups fire once, late rather than never, and not because a clock was set."""

from gateway.model.sight import Sight
from gateway.model.wakeups import HOLD, STEP, SteadyWall, Wakeups
from homecare.clock import DAY, HOUR, MINUTE, SECOND, ManualClock
from homecare.identity import HomeId
from rules.stimulus import Blind
from tests.gateway.enrolled import NOW

HOME, OTHER = HomeId("home-000001"), HomeId("home-000002")


def test_a_wake_up_that_was_moved_fires_at_its_new_time_only() -> None:
    wakeups = Wakeups()
    wakeups.set(HOME, 10)
    wakeups.set(OTHER, 15)
    wakeups.set(HOME, 20)
    assert wakeups.due(12, 9) == []
    assert wakeups.due(15, 9) == [OTHER]
    assert wakeups.due(20, 9) == [HOME]
    assert wakeups.due(99, 9) == []


def test_overdue_ones_fire_at_once_in_order_and_bounded() -> None:
    wakeups = Wakeups()
    homes = [HomeId(f"home-{number:06d}") for number in range(10)]
    for at, home in enumerate(homes):
        wakeups.set(home, at)
    assert wakeups.due(1_000_000, 4) == homes[:4]
    assert wakeups.due(1_000_000, 99) == homes[4:]


def test_none_takes_it_off() -> None:
    wakeups = Wakeups()
    wakeups.set(HOME, 10)
    wakeups.set(HOME, None)
    assert wakeups.due(99, 9) == []


def stepped(by: int) -> None:
    clock = ManualClock(NOW, elapsed=5 * HOUR)
    wall = SteadyWall(clock.now())
    clock.advance(SECOND)
    assert wall.now(clock.now()) == NOW + SECOND
    clock.wall += by
    faults = 0
    for second in range(2, HOLD // SECOND):
        clock.advance(SECOND)
        assert wall.now(clock.now()) == NOW + second * SECOND, "time goes on as if the clock had not moved"
        faults += wall.stepped
    assert faults == 1
    clock.advance(3 * SECOND)
    assert wall.now(clock.now()) == clock.wall, "a clock that stays displaced is believed"
    assert abs(wall.taken - by) < SECOND


def test_a_step_of_the_wall_clock_is_a_fault_and_no_time_that_passed() -> None:
    for by in (HOUR, -HOUR, -NOW, 365 * DAY, 2 * STEP):
        stepped(by)


def test_a_clock_that_comes_back_was_only_a_glitch() -> None:
    clock = ManualClock(NOW, elapsed=0)
    wall = SteadyWall(clock.now())
    clock.wall += HOUR
    wall.now(clock.now())
    clock.wall -= HOUR
    clock.advance(HOLD + MINUTE)
    assert wall.now(clock.now()) == NOW + HOLD + MINUTE
    assert not wall.stepped
    assert wall.taken == 0


def test_a_clock_that_is_slewed_is_followed() -> None:
    clock = ManualClock(NOW, elapsed=0)
    wall = SteadyWall(clock.now())
    for _ in range(100):
        clock.advance(SECOND)
        clock.wall += SECOND
        assert wall.now(clock.now()) == clock.wall
        assert not wall.stepped


def test_blindness_lasts_from_the_last_sign_of_life_until_everything_is_in_order() -> None:
    sight = Sight(NOW)
    sight.lose(NOW - HOUR)
    assert sight.look(NOW, hears=False, connections=0) is None
    assert not sight.sees
    assert sight.look(NOW + SECOND, hears=True, connections=2) == Blind(NOW - HOUR, NOW + SECOND)
    assert sight.sees
    assert sight.look(NOW + 2 * SECOND, hears=True, connections=2) is None


def test_a_connection_made_again_between_two_looks_is_a_gap() -> None:
    sight = Sight(NOW)
    sight.look(NOW, hears=True, connections=2)
    assert sight.look(NOW + 9, hears=True, connections=3) == Blind(NOW, NOW + 9)
