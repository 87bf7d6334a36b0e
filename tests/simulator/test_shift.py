"""The demonstration's shift: a plan that the gateway takes in every night of the year, and tags that it believes."""

from datetime import datetime
from pathlib import Path

import pytest

from gateway.config import read_key
from gateway.model.plan import read_plan
from gateway.model.plan_line import Place
from gateway.model.tag_sun import TagKeys, read_url, verify
from gateway.ports.tags import TagPlace
from simulator.demo import SEED
from simulator.household import homes
from simulator.people import FIRST
from simulator.shift import CAREGIVERS, next_half_hour, plan_csv, read_tag, uid_of

ZONE = "Europe/Stockholm"


@pytest.mark.parametrize(
    "moment",
    [
        "2026-11-22T22:10:00+01:00",
        "2026-10-25T02:10:00+02:00",
        "2026-10-25T02:40:00+01:00",
        "2027-03-28T01:50:00+01:00",
    ],
)
def test_tonights_plan_is_taken_also_when_the_clock_changes(moment: str) -> None:
    now = int(datetime.fromisoformat(moment).timestamp()) * 1_000_000
    place = Place(unit=FIRST, zones={one.home: ZONE for one in homes(SEED)}, people=frozenset(CAREGIVERS), now=now)
    found = read_plan(plan_csv(homes(SEED), next_half_hour(now, ZONE)), place)
    assert found.errors == ()
    assert [visit.home for visit in found.visits] == [one.home for one in homes(SEED)]
    assert found.visits[0].since <= now < found.visits[0].until
    assert found.visits[-1].people == CAREGIVERS


def test_a_tag_is_believed_and_counts_on(tmp_path: Path) -> None:
    home = homes(SEED)[0].home
    keys = TagKeys(read_key(tmp_path / "tag.key"))
    for place in TagPlace:
        readings = [verify(read_url(read_tag(tmp_path, home, place, base="x")), keys) for _ in range(3)]
        assert [one.counter for one in readings] == [1, 2, 3]
        assert {one.uid for one in readings} == {uid_of(home, place)}
    assert len({uid_of(one.home, place) for one in homes(SEED) for place in TagPlace}) == 6
