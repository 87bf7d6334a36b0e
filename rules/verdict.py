"""What a judgement over one home says: a condition holds, holds no longer, or a rule has a bug.

All times are wall microseconds, the gateway's best estimate.
"""

from collections.abc import Mapping

import msgspec

from homecare.alert import Condition
from homecare.envelope import FactId
from homecare.identity import DeviceId, HomeId


class Raise(msgspec.Struct, frozen=True, tag="raise"):
    """A condition holds. `(condition, window)` names one firing for ever, so a repeat changes nothing.

    `occurred_at` is when the condition came true in the home, which may be long ago; `fact` is what proved it, None
    where silence did. `presses` counts what the edge collapsed into that fact. `explanation` holds the values from
    which `rules.explain` says why, in plain words; opaque ids and numbers only.
    """

    condition: Condition
    home: HomeId
    subject: DeviceId | None
    window: str
    occurred_at: int
    fact: FactId | None
    presses: int
    explanation: Mapping[str, str | int]


class Clear(msgspec.Struct, frozen=True, tag="clear"):
    """A condition no longer holds.

    `subject` None: nothing of it holds in the home any more. Otherwise only that device's part ended, and an alert
    stays active unless it is about that very device. Repeating a clear, or clearing what was never raised, is harmless.
    """

    condition: Condition
    home: HomeId
    subject: DeviceId | None
    occurred_at: int


class RuleFailed(msgspec.Struct, frozen=True, tag="rule_failed"):
    """A rule has a bug: it raised `error` (type and place, no contents). Its slice of the state stayed as it was.

    The caller records the event all the same, counts the failure and makes it a fault for the makers, not the desk.
    """

    rule: str
    home: HomeId
    error: str


Verdict = Raise | Clear | RuleFailed
