"""What edge and gateway say about delivery: heartbeats, receipts and losses.

Freshness is the pair (run, beat) in every frame's header: `run` is the epoch that the edge runs in now, `beat` the
counter of its newest heartbeat. A receipt echoes the newest pair that the gateway heard. The edge discards a receipt
of another run, or of an older beat than the last one it took for that epoch and stream. Of the same beat it takes
only a higher `durable`; a lower one needs a newer beat, and then it rewinds (protocol rule 9).
"""

from enum import StrEnum
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from homecare.clock import LATEST, SECOND
from homecare.command import Challenge
from homecare.event import EpochText, IdText, Sequence64, Stream, WallTime

HEARTBEAT_EVERY: Final = 30 * SECOND
"""Microseconds between heartbeats: social alarms are supervised on the minute level."""

EDGE_LOST_AFTER: Final = 90 * SECOND
"""Microseconds without a heartbeat, three missed, after which an edge counts as lost."""

HEARTBEAT_EPOCHS: Final = 24
"""Epochs a heartbeat names at most: the running one, undrained ones oldest first, then drained ones in turn."""


class StreamHeld(msgspec.Struct, frozen=True):
    """One stream of one epoch at the edge: lowest seq still held, durable by receipt, last assigned; 0 for none."""

    lowest: Sequence64
    receipted: Sequence64
    head: Sequence64


class EpochHeld(msgspec.Struct, frozen=True):
    """What an edge holds of one epoch."""

    epoch: EpochText
    alarm: StreamHeld
    access: StreamHeld
    record: StreamHeld

    def of(self, stream: Stream) -> StreamHeld:
        """The row of one stream."""
        return {Stream.ALARM: self.alarm, Stream.ACCESS: self.access, Stream.RECORD: self.record}[stream]


class Heartbeat(msgspec.Struct, frozen=True):
    """A sign of life, every 30 s and at once after a connection or a new challenge; never a row in the database.

    `wall`, `uncertainty` and `elapsed` are the edge's clocks at sending (microseconds; `elapsed` counts from the
    opening of the running epoch). `heard_through` is the tail of coverage: up to this wall time everything that the
    edge knows about coverage stands in the record stream at or below the heads given here.
    """

    wall: WallTime
    uncertainty: Annotated[int, Meta(ge=0, le=LATEST)]
    elapsed: Annotated[int, Meta(ge=0, le=LATEST)]
    heard_through: WallTime
    epochs: Annotated[tuple[EpochHeld, ...], Meta(max_length=HEARTBEAT_EPOCHS)]
    undrained: Annotated[int, Meta(ge=0)]
    challenge: Challenge | None = None
    """What the next command must carry; None from an edge that takes no commands."""


class Refusal(StrEnum):
    """Why the gateway will not take frames; the edge keeps them and asks again with the next heartbeat."""

    VERSION = "version"
    EDGE = "edge"


class Receipt(msgspec.Struct, frozen=True, omit_defaults=True):
    """Durable through `durable` of the header's epoch and stream: said only after the database's commit."""

    durable: Sequence64
    refused: Refusal | None = None


class LossReason(StrEnum):
    """Why an edge no longer holds seqs that it is asked for."""

    EVICTED = "evicted"
    RELEASED = "released"


class Loss(msgspec.Struct, frozen=True):
    """The body of a lost frame: the header's `first` and `count` name the seqs that will never come again.

    `evicted` were lost to the quota without a receipt, `released` were receipted once and aged out after seven days.
    """

    reason: LossReason
    devices: Annotated[tuple[IdText, ...], Meta(max_length=64)] = ()
    earliest: WallTime = 0
    latest: WallTime = 0
