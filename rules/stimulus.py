"""What comes in for one home: facts, how far everything is here, heartbeats, who is inside, and time.

All times are wall microseconds, the gateway's best estimate. Stimuli may come late and out of wall order.
"""

import msgspec

from homecare.attendance import Attendance
from homecare.envelope import Envelope, FactId
from homecare.identity import DeviceId, EdgeId, Epoch


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


class Staffed(msgspec.Struct, frozen=True, tag="staffed"):
    """Somebody from the staff is, or was, inside: the newest word about one attendance, instead of every older one."""

    attendance: Attendance


Stimulus = Happened | Reached | Lost | EdgeHeard | Elapsed | Blind | Staffed
