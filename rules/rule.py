"""What a rule is: a fold over one home's stimuli that says when to worry. Pure: no clock, no log, no I/O.

All times are wall microseconds, the gateway's best estimate. Stimuli may come late and out of wall order; a rule that
judges absence therefore judges only up to what `Reached` vouches for, and only over time that coverage proves.
"""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, TypeVar

import msgspec

from homecare.alert import Condition
from homecare.envelope import Envelope, FactId
from homecare.identity import DeviceId, EdgeId, Epoch, HomeId

if TYPE_CHECKING:
    from rules.coverage import CoverageState
    from rules.home_state import HomeSettings


# --- verdicts --------------------------------------------------------------------------------------------------------


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


# --- stimuli ---------------------------------------------------------------------------------------------------------


class Happened(msgspec.Struct, frozen=True, tag="happened", gc=False):
    """A fact was recorded; `at` is the best estimate of when it occurred. Record facts of one epoch come in order."""

    fact: FactId
    envelope: Envelope
    at: int


class Reached(msgspec.Struct, frozen=True, tag="reached", gc=False):
    """Everything that this edge knew up to `through` is here (protocol rule 12).

    Said when, after a heartbeat of the running `epoch`, the cursors of all streams and epochs that it names have
    reached the heads that it stated; `through` is its `heard_through`.
    """

    edge: EdgeId
    epoch: Epoch
    through: int


class Lost(msgspec.Struct, frozen=True, tag="lost"):
    """Facts of these devices (none named: all of this edge) from `earliest` to `latest` will never come."""

    edge: EdgeId
    devices: tuple[DeviceId, ...]
    earliest: int
    latest: int


class EdgeHeard(msgspec.Struct, frozen=True, tag="edge_heard", gc=False):
    """A heartbeat, or any authentic frame, came from the edge; `at` is the gateway's clock."""

    edge: EdgeId
    at: int


class Elapsed(msgspec.Struct, frozen=True, tag="elapsed", gc=False):
    """Time passed at a gateway that was connected and listening; due at the latest at the state's `wake_at`."""

    at: int


class Blind(msgspec.Struct, frozen=True, tag="blind", gc=False):
    """The gateway was not connected, not running or not caught up: heartbeats of that time were heard by nobody.

    To be said before the first `Elapsed` after every start and every reconnection. Journaled facts lose nothing by
    it, they come late; only the watermark waits for them.
    """

    since: int
    until: int


Stimulus = Happened | Reached | Lost | EdgeHeard | Elapsed | Blind


# --- the contract ----------------------------------------------------------------------------------------------------

Slice = TypeVar("Slice", bound=msgspec.Struct)


class View(NamedTuple):
    """What a rule may look at besides its own slice: settings, and coverage with this stimulus already folded in."""

    settings: "HomeSettings"
    coverage: "CoverageState"


class Judgement(NamedTuple, Generic[Slice]):
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
