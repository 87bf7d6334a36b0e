"""What is known of one home now."""

from collections.abc import Mapping

import msgspec

from rules.coverage import CoverageState
from rules.staffing import NOBODY, StaffingState


class HomeState(msgspec.Struct, frozen=True, gc=False):
    """One home. Made by `HomeState()`, changed only by `engine.step`, stored by `engine.encode` and `decode`.

    `wake_at`: the next time (wall microseconds) at which `Elapsed` is due; waking earlier only checks again.
    `slices` holds each rule's own part by the rule's name.
    """

    coverage: CoverageState = CoverageState()
    slices: Mapping[str, msgspec.Struct] = {}
    wakes: Mapping[str, int] = {}
    staffing: StaffingState = NOBODY

    @property
    def wake_at(self) -> int | None:
        """The earliest wake-up that any rule asked for."""
        return min(self.wakes.values(), default=None)
