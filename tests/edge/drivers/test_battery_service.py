"""The Battery Service: one byte, told when it changes."""

import pytest

from homecare.errors import Malformed
from homecare.event import BatteryReported
from tests.edge.drivers.reading import Bench


def test_a_level_is_told_when_it_changes() -> None:
    bench = Bench("battery_service")
    heard = [bench.advertise(bytes((level,)), service="180f").events for level in (100, 100, 0)]
    assert heard == [(BatteryReported(percent=100),), (), (BatteryReported(percent=0),)]


@pytest.mark.parametrize("value", [b"", b"\x65", b"\xff", b"\x10\x10"])
def test_anything_else_is_malformed(value: bytes) -> None:
    with pytest.raises(Malformed):
        Bench("battery_service").advertise(value, service="180f")
