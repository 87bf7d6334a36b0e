"""Stuck and frantic buttons: every press counts, but not every press is a message. Pure.

The first `ALONE` presses of a minute pass at once, each as a call of its own. Beyond that the presses of a device are
added up and passed on as one call each `COLLAPSE_EVERY`; the count loses nothing. A crash loses the presses added up
since the last one, of a button that has called more than `ALONE` times within the minute.
"""

from collections import deque
from typing import Final

import msgspec

from homecare.clock import MINUTE, SECOND
from homecare.event import Doubt, HelpCalled
from homecare.identity import DeviceId

ALONE: Final = 10
"""Calls of one device within a minute that pass at once."""
WINDOW: Final = MINUTE
COLLAPSE_EVERY: Final = 10 * SECOND
"""Microseconds between two calls of a device that presses without end."""
PRESSES_LIMIT: Final = 1_000_000
"""What one call can count."""


class Presses:
    """The calls for help of one device; those in doubt are counted by themselves."""

    def __init__(self, device: DeviceId, doubt: Doubt | msgspec.UnsetType = msgspec.UNSET) -> None:
        self.device = device
        self._doubt = doubt
        self._passed: deque[int] = deque()
        self._held = 0
        self._counter: int | None = None
        self._due = 0

    def press(self, call: HelpCalled, counter: int | None, now: int) -> bool:
        """Whether this call passes at once; otherwise it is added up."""
        while self._passed and now - self._passed[0] >= WINDOW:
            self._passed.popleft()
        if not self._held and len(self._passed) < ALONE:
            self._passed.append(now)
            return True
        if not self._held:
            self._due = now + COLLAPSE_EVERY
        self._held = min(self._held + call.presses, PRESSES_LIMIT)
        self._counter = counter
        return False

    def due(self, now: int) -> tuple[HelpCalled, int | None] | None:
        """The calls added up, when their time has come, with the last counter among them."""
        if not self._held or now < self._due:
            return None
        call, counter = HelpCalled(presses=self._held, doubt=self._doubt), self._counter
        self._held, self._counter = 0, None
        self._passed.append(now)
        return call, counter
