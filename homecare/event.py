"""Events: facts that happened in a home. A closed set, each on exactly one stream.

An event is never corrected, only superseded by a later one. `STREAM_OF` is the one table that says which stream
carries which event: alarm overtakes everything, access opens and proves visits, record is the rest in one order.
"""

from enum import StrEnum
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from homecare.command import Action, Outcome, Reason
from homecare.identity import EPOCH_PATTERN, ID_PATTERN

Count = Annotated[int, Meta(ge=1, le=1_000_000)]
Sequence64 = Annotated[int, Meta(ge=0, le=2**63 - 1)]
IdText = Annotated[str, Meta(pattern=ID_PATTERN)]
EpochText = Annotated[str, Meta(pattern=EPOCH_PATTERN)]
ShortText = Annotated[str, Meta(max_length=80)]
WallTime = Annotated[int, Meta(ge=0, le=253_402_300_799_999_999)]


class Stream(StrEnum):
    """The three roads up. The order of the members is the order of urgency."""

    ALARM = "alarm"
    ACCESS = "access"
    RECORD = "record"


class Event(msgspec.Struct, frozen=True, forbid_unknown_fields=False, tag_field="type", gc=False):
    """The base of all events; unknown fields of a newer edge are tolerated, unknown types are not.

    Values of values: nothing here can point back to itself, so the garbage collector need not know of them.
    """


# --- alarm -----------------------------------------------------------------------------------------------------------


class Doubt(StrEnum):
    """Why an alarm is passed on though it could not be verified: its device's counter is below an earlier one."""

    COUNTER_FELL = "counter_fell"


class HelpCalled(Event, frozen=True, tag="help_called"):
    """Somebody asks for help. `presses` above 1: a stuck or frantic button collapsed at the edge, counted."""

    presses: Count = 1
    doubt: Doubt | msgspec.UnsetType = msgspec.UNSET


class FallDetected(Event, frozen=True, tag="fall_detected"):
    """A device believes that a person fell."""

    doubt: Doubt | msgspec.UnsetType = msgspec.UNSET


class Hazard(StrEnum):
    """A danger to life in the dwelling."""

    SMOKE = "smoke"
    GAS = "gas"
    CARBON_MONOXIDE = "carbon_monoxide"
    HEAT = "heat"


class HazardChanged(Event, frozen=True, tag="hazard_changed"):
    """A hazard detector says that the danger is there, or no longer there."""

    hazard: Hazard
    present: bool
    doubt: Doubt | msgspec.UnsetType = msgspec.UNSET


# --- access ----------------------------------------------------------------------------------------------------------


class LockState(StrEnum):
    """The bolt's state, as the lock states it."""

    LOCKED = "locked"
    UNLOCKED = "unlocked"
    JAMMED = "jammed"
    UNKNOWN = "unknown"


class LockCause(StrEnum):
    """Why the bolt moved."""

    COMMAND = "command"
    MANUAL = "manual"
    KEYPAD = "keypad"
    TAG = "tag"
    AUTOMATIC = "automatic"
    UNKNOWN = "unknown"


class LockOperated(Event, frozen=True, tag="lock_operated"):
    """A lock reached a state; `command` is the one that moved it, where one did."""

    state: LockState
    cause: LockCause = LockCause.UNKNOWN
    command: IdText | None = None


class TagRead(Event, frozen=True, tag="tag_read"):
    """A tag was laid on a reader in the home; `tag` is an opaque id, never a person's number."""

    tag: IdText


class CommandTaken(Event, frozen=True, tag="command_taken"):
    """The edge takes a command for the envelope's device; durable before anything moves."""

    command: IdText
    action: Action
    actor: IdText


class CommandEnded(Event, frozen=True, tag="command_ended"):
    """A command's end; `state` is what the lock said last, None where it said nothing.

    A command is taken and ends, or is refused without being taken. The first end counts.
    """

    command: IdText
    outcome: Outcome
    reason: Reason | None = None
    state: LockState | None = None


# --- record: sensors -------------------------------------------------------------------------------------------------


class ContactChanged(Event, frozen=True, tag="contact_changed"):
    """A door, window or drawer is open or closed."""

    open: bool


class MotionChanged(Event, frozen=True, tag="motion_changed"):
    """Motion began or ended in view of a sensor."""

    moving: bool


class LeakChanged(Event, frozen=True, tag="leak_changed"):
    """Water is where it should not be, or is gone."""

    wet: bool


class ButtonAction(StrEnum):
    """How a button was used (BTHome v2 object 0x3A; EnOcean rockers use PRESS)."""

    PRESS = "press"
    DOUBLE_PRESS = "double_press"
    TRIPLE_PRESS = "triple_press"
    LONG_PRESS = "long_press"
    LONG_DOUBLE_PRESS = "long_double_press"
    LONG_TRIPLE_PRESS = "long_triple_press"
    HOLD = "hold"


class ButtonPressed(Event, frozen=True, tag="button_pressed"):
    """A button that is no call for help was used; `button` counts from 0 on a device with several."""

    action: ButtonAction
    button: Annotated[int, Meta(ge=0, le=255)] = 0


class StateObserved(Event, frozen=True, tag="state_observed"):
    """An on-or-off property of a device; `property` is the field's word, such as `vibration` or `tamper`."""

    property: ShortText
    on: bool


class Observed(Event, frozen=True, tag="observed"):
    """A measured value; `quantity` is the field's word, `unit` the SI or customary symbol, `value` is finite."""

    quantity: ShortText
    value: float
    unit: ShortText = ""


class BatteryReported(Event, frozen=True, tag="battery_reported"):
    """A device's battery, percent of full, or only whether it is low."""

    percent: Annotated[int, Meta(ge=0, le=100)] | None = None
    low: bool | None = None


# --- record: what the edge says of itself ----------------------------------------------------------------------------


class Head(msgspec.Struct, frozen=True):
    """The last seq that an epoch assigned in a stream; 0 for none."""

    stream: Stream
    seq: Sequence64


class EpochOpened(Event, frozen=True, tag="epoch_opened"):
    """The first record of every start: which epoch came before, and how far it had got (protocol rule 1)."""

    predecessor: EpochText | None
    heads: tuple[Head, ...]
    software: ShortText


class CoverageReason(StrEnum):
    """Why a device can, or cannot, be heard."""

    STARTED = "started"
    HEARD = "heard"
    NOT_HEARD = "not_heard"
    TRANSPORT_LOST = "transport_lost"
    TRANSPORT_BACK = "transport_back"
    EVICTED = "evicted"


class CoverageChanged(Event, frozen=True, tag="coverage_changed"):
    """From `since` on (wall time) the envelope's device is, or is not, covered: silence counts only while it is."""

    covered: bool
    since: WallTime
    reason: CoverageReason


class CoverageConfirmed(Event, frozen=True, tag="coverage_confirmed"):
    """Every 15 minutes: up to `through` the devices named were covered and all others of this edge were not."""

    through: WallTime
    covered: tuple[IdText, ...]


class TransportState(StrEnum):
    """How a radio or a port is: deaf hears nothing though it should, stuck does not answer us."""

    WORKING = "working"
    GONE = "gone"
    DEAF = "deaf"
    STUCK = "stuck"


class TransportChanged(Event, frozen=True, tag="transport_changed"):
    """A radio adapter or serial port of the edge changed state; `transport` is `ble` or `serial:NAME`."""

    transport: ShortText
    state: TransportState


class DeviceFault(StrEnum):
    """What is wrong with what a device sends."""

    UNDECODABLE = "undecodable"
    DOWNGRADE = "downgrade"
    REPLAY = "replay"
    WRONG_KEY = "wrong_key"
    STUCK = "stuck"


class DeviceFaulted(Event, frozen=True, tag="device_faulted"):
    """Sightings of a device were refused; counted and told at most once a minute a device and kind."""

    fault: DeviceFault
    count: Count = 1


class ClockStepped(Event, frozen=True, tag="clock_stepped"):
    """The edge's wall clock moved against its steady clock by `step` microseconds."""

    step: int


class TelemetryEvicted(Event, frozen=True, tag="telemetry_evicted"):
    """The tombstone of telemetry lost to the quota: which seqs, which devices, which span of wall time (rule 10)."""

    epoch: EpochText
    first: Sequence64
    last: Sequence64
    devices: tuple[IdText, ...]
    earliest: WallTime
    latest: WallTime


AnyEvent = (
    HelpCalled
    | FallDetected
    | HazardChanged
    | LockOperated
    | TagRead
    | CommandTaken
    | CommandEnded
    | ContactChanged
    | MotionChanged
    | LeakChanged
    | ButtonPressed
    | StateObserved
    | Observed
    | BatteryReported
    | EpochOpened
    | CoverageChanged
    | CoverageConfirmed
    | TransportChanged
    | DeviceFaulted
    | ClockStepped
    | TelemetryEvicted
)

STREAM_OF: Final[dict[type[Event], Stream]] = {
    HelpCalled: Stream.ALARM,
    FallDetected: Stream.ALARM,
    HazardChanged: Stream.ALARM,
    LockOperated: Stream.ACCESS,
    TagRead: Stream.ACCESS,
    CommandTaken: Stream.ACCESS,
    CommandEnded: Stream.ACCESS,
    ContactChanged: Stream.RECORD,
    MotionChanged: Stream.RECORD,
    LeakChanged: Stream.RECORD,
    ButtonPressed: Stream.RECORD,
    StateObserved: Stream.RECORD,
    Observed: Stream.RECORD,
    BatteryReported: Stream.RECORD,
    EpochOpened: Stream.RECORD,
    CoverageChanged: Stream.RECORD,
    CoverageConfirmed: Stream.RECORD,
    TransportChanged: Stream.RECORD,
    DeviceFaulted: Stream.RECORD,
    ClockStepped: Stream.RECORD,
    TelemetryEvicted: Stream.RECORD,
}

TELEMETRY: Final = frozenset({Observed, StateObserved, MotionChanged, BatteryReported})
"""The only events that the edge's quota may evict."""


def stream_of(event: Event) -> Stream:
    """The stream that carries this event."""
    return STREAM_OF[type(event)]
