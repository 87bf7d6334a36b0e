"""What the devices of a home tell of one day over which one of them could not always be heard."""

from typing import Final

from homecare.clock import HOUR, MINUTE
from homecare.event import ContactChanged, CoverageChanged, CoverageConfirmed, CoverageReason, MotionChanged, Observed
from homecare.identity import DeviceId
from tests.browser.homes import CallingHome, Told

HEARD: Final = 23 * HOUR
"""How long ago (microseconds, as all times here) the edge began to hear the devices."""
DEAF: Final = (10 * HOUR, 6 * HOUR)
"""From when to when it did not hear the one for motion."""
VOUCHED_UNTIL: Final = 10 * MINUTE
"""Up to when it vouched for what it heard."""
STOOD_OPEN: Final = (18 * HOUR, 17 * HOUR)
"""The front door."""
MOVED: Final = tuple(
    (begun * HOUR, begun * HOUR - lasted * MINUTE)
    for begun, lasted in ((22, 40), (20, 15), (18, 25), (15, 50), (12, 30), (5, 20), (3, 45))
)
"""Somebody in the hall."""
WARMTH: Final = 21.5


def one_day(home: CallingHome, now: int) -> list[Told]:
    """The facts of the 24 hours before `now` (wall microseconds), oldest first."""
    told: list[Told] = [_covered(now - HEARD, device, covered=True) for device in home.devices]
    told += [_covered(now - ago, home.motion, covered=ago != DEAF[0]) for ago in DEAF]
    told += [(now - ago, ContactChanged(open=ago == STOOD_OPEN[0]), home.house.door) for ago in STOOD_OPEN]
    for begun, ended in MOVED:
        told += [(now - begun, MotionChanged(moving=True), home.motion)]
        told += [(now - ended, MotionChanged(moving=False), home.motion)]
    for ago in range(HOUR, HEARD, HOUR):
        told += [(now - ago, Observed(quantity="temperature", value=WARMTH, unit="°C"), home.thermometer)]
    through = now - VOUCHED_UNTIL
    told += [(through, CoverageConfirmed(through=through, covered=home.devices), None)]
    return sorted(told, key=lambda fact: fact[0])


def _covered(at: int, device: DeviceId, *, covered: bool) -> Told:
    reason = CoverageReason.HEARD if covered else CoverageReason.NOT_HEARD
    return at, CoverageChanged(covered=covered, since=at, reason=reason), device
