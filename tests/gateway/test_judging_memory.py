"""What judging keeps of homes, and what homes share."""

import logging

import msgspec
import pytest

from gateway.intake import judging as module
from gateway.intake.judging import Judging
from gateway.intake.registry import Registry
from gateway.ports.record import SavedState
from gateway.ports.registry import Home
from homecare.alert import Condition
from homecare.attendance import Attendance
from homecare.clock import HOUR
from rules.home_settings import DEFAULTS
from rules.stimulus import Elapsed, Staffed
from rules.verdict import Clear, Raise
from tests.gateway.enrolled import GATEWAY_PRIVATE, NOW, Household, household, snapshot_of
from tests.gateway.lanes import SHARDS_ALL


def judging_of(*houses: Household) -> Judging:
    registry = Registry(GATEWAY_PRIVATE)
    registry.replace(snapshot_of(*houses))
    judging = Judging(registry, frozenset(SHARDS_ALL))
    judging.begin(1)
    return judging


def with_settings(house: Household, settings: dict[str, object]) -> Household:
    home: Home = msgspec.structs.replace(house.registration.home, settings=settings)
    return msgspec.structs.replace(house, registration=msgspec.structs.replace(house.registration, home=home))


def test_homes_with_equal_limits_share_them() -> None:
    houses = [with_settings(household(number), {"door_open_after": 60}) for number in (1, 2)]
    plain = [household(number) for number in (3, 4)]
    judging = judging_of(*houses, *plain)
    first, second, third, fourth = (judging._settings_of(house.home).limits for house in (*houses, *plain))
    assert first is second
    assert first.door_open_after == 60
    assert third is fourth is DEFAULTS


def test_settings_are_kept_for_a_bounded_number_of_homes_and_made_again(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(module, "SETTINGS_KEPT", 2)
    houses = [with_settings(household(number), {"door_open_after": 1}) for number in range(1, 6)]
    judging = judging_of(*houses)
    with caplog.at_level(logging.WARNING):
        for turn in range(3):
            for house in houses:
                judging.apply(house.home, Elapsed(NOW + turn), recorded_at=NOW)
                assert len(judging._settings) <= 2
    assert len(judging._states) == 5
    assert len(caplog.records) == 5, "a problem is told once, not whenever settings are made again"
    judging.settings_changed()
    judging.apply(houses[0].home, Elapsed(NOW), recorded_at=NOW)
    assert len(caplog.records) == 6, "after a change it is told again"


def test_time_begins_also_where_staff_came_before_anything_was_heard() -> None:
    house = household(1)
    judging = judging_of(house)
    staffed = Staffed(Attendance("attendance-00000001", NOW, None, NOW + HOUR))
    judging.apply(house.home, staffed, recorded_at=NOW)
    assert not judging.begin_new_homes(NOW, 10)
    assert [one.stimulus for one in judging.log] == [staffed, Elapsed(NOW)]
    assert not judging.begin_new_homes(NOW, 10)
    assert len(judging.log) == 2, "once"


def test_a_state_that_cannot_be_read_is_told_with_the_next_batch() -> None:
    house = household(1)
    judging = judging_of(house)
    judging.remember(SavedState(house.home, b"nonsense", 7, None))
    assert [fault.kind for fault in judging.faults] == ["state_unreadable"]


def test_an_edge_that_is_taken_away_is_not_silent_any_more_and_its_successor_is_watched() -> None:
    """Nothing else ever comes from a home without an edge: red where nobody looks at it again."""
    house = household(1)
    registry = Registry(GATEWAY_PRIVATE)
    registry.replace(snapshot_of(house))
    judging = Judging(registry, frozenset(SHARDS_ALL))
    judging.begin(1)
    assert not judging.begin_new_homes(NOW, 10)
    judging.apply(house.home, Elapsed(NOW + HOUR), recorded_at=NOW + HOUR)
    assert [(type(one), one.condition) for one in judging.verdicts] == [(Raise, Condition.EDGE_SILENT)]
    assert len(judging.wakeups) == 0
    stands = snapshot_of(house)
    left = [msgspec.structs.replace(one, valid_until=NOW + HOUR) for one in stands.bindings]
    registry.replace(msgspec.structs.replace(stands, number=2, bindings=tuple(left)))
    judging.settings_changed()
    assert not judging.begin_new_homes(NOW + HOUR, 10)
    assert judging.verdicts[1:] == [Clear(Condition.EDGE_SILENT, house.home, None, NOW + HOUR)]
    back = [msgspec.structs.replace(one, valid_from=NOW + 2 * HOUR) for one in stands.bindings]
    registry.replace(msgspec.structs.replace(stands, number=3, bindings=(*left, *back)))
    judging.settings_changed()
    assert not judging.begin_new_homes(NOW + 2 * HOUR, 10)
    assert len(judging.wakeups) == 1, "it is watched, heard or not"
    log = len(judging.log)
    registry.replace(msgspec.structs.replace(stands, number=4, bindings=(*left, *back)))
    judging.settings_changed()
    assert not judging.begin_new_homes(NOW + 2 * HOUR, 10)
    assert len(judging.log) == log, "once"
