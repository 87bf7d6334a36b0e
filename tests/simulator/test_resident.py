"""A resident's day is seeded, in order and gentle."""

from homecare.device import Placement
from simulator.household import Kind, homes
from simulator.resident import SECONDS_OF_DAY, SLEEPS, WAKES, Doing, day
from simulator.world import World


def lived(seed: int) -> list[Doing]:
    return list(day(World(seed).chance("day", "2026-11-22")))


def test_the_same_seed_gives_the_same_day_and_another_seed_another() -> None:
    assert lived(1) == lived(1)
    assert lived(1) != lived(2)


def test_a_stream_of_chance_is_not_shifted_by_another() -> None:
    world = World(1)
    world.chance("something else").random()
    assert list(day(world.chance("day", "2026-11-22"))) == lived(1)


def test_a_day_is_in_order_and_gentle() -> None:
    for seed in range(20):
        times = [doing.at for doing in lived(seed)]
        assert times == sorted(times)
        assert 500 < len(times) < 3000
        assert times[-1] < SECONDS_OF_DAY + 60


def test_nobody_opens_the_front_door_at_night_and_every_door_is_closed_again() -> None:
    for seed in range(20):
        open_doors: set[Placement] = set()
        for doing in lived(seed):
            if doing.kind is Kind.DOOR:
                assert WAKES <= doing.at < SLEEPS + 60
                (open_doors.add if doing.on else open_doors.remove)(doing.placement)
        assert not open_doors


def test_the_homes_are_the_same_at_every_start_and_share_no_address() -> None:
    assert homes(7) == homes(7)
    devices = [planned for home in homes(7) for planned in home.devices]
    assert len({planned.device.address for planned in devices}) == len(devices)
    assert len({planned.device.id for planned in devices}) == len(devices)
    assert all("påhitt" in f"{home.label} {home.address} {home.resident}".lower() for home in homes(7))
