"""What a rule is: a fold over one home's stimuli that says when to worry. Pure: no clock, no log, no I/O.

Stimuli may come late and out of wall order; a rule that judges absence therefore judges only up to what `Reached`
vouches for, and only over time that coverage proves.
"""

from collections.abc import Callable
from typing import Any, Generic, TypeVar

import msgspec

from homecare.alert import Condition
from rules.coverage import CoverageState
from rules.home_settings import HomeSettings
from rules.staffing import NOBODY, StaffingState
from rules.verdict import Clear, Raise

Slice = TypeVar("Slice", bound=msgspec.Struct)


class View(msgspec.Struct, frozen=True, gc=False):
    """What a rule may look at besides its own slice: settings; coverage and staffing, with this stimulus folded in."""

    settings: HomeSettings
    coverage: CoverageState
    staffing: StaffingState = NOBODY


class Judgement(msgspec.Struct, Generic[Slice], frozen=True, gc=False):
    """A rule's answer: its slice from now on, its verdicts, and when it wants `Elapsed` at the latest."""

    state: Slice
    verdicts: tuple[Raise | Clear, ...] = ()
    wake_at: int | None = None


class Rule(msgspec.Struct, Generic[Slice], frozen=True):
    """One line of the catalogue.

    `judge(view, slice, stimulus)` is pure and total, and never changes the slice that it got. It must return the very
    same slice where nothing changed, so that the home is not written again. `wants` are the stimuli and the events
    for which it is called at all.
    """

    condition: Condition
    state: type[Slice]
    judge: Callable[[View, Slice, Any], Judgement[Slice]]
    wants: frozenset[type]
