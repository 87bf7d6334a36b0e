"""Facts on their way through the edge: to be journaled, stored, kept, gone."""

import msgspec

from homecare.delivery import EpochHeld, Loss
from homecare.event import AnyEvent, Stream
from homecare.identity import DeviceId, Epoch


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """A fact to be journaled; the fields are those of `Envelope`, which the journal makes of it."""

    event: AnyEvent
    occurred_at: int
    received_at: int
    uncertainty: int
    elapsed: int
    device: DeviceId | None = None
    counter: int | None = None


class Stored(msgspec.Struct, frozen=True):
    """A fact with its identity: durable when `Journal.append` returned it, only promised by `Journal.reserve`."""

    epoch: Epoch
    stream: Stream
    seq: int
    position: int
    body: bytes
    entry: Entry


class Kept(msgspec.Struct, frozen=True):
    """One journaled fact, as it is sent: `body` is the envelope's one encoding."""

    seq: int
    body: bytes


class Gap(msgspec.Struct, frozen=True):
    """Seqs `first` to `last` will never come again; `loss` is what the lost frame says of them."""

    first: int
    last: int
    loss: Loss


class Held(msgspec.Struct, frozen=True):
    """What the edge holds, for a heartbeat: at most `HEARTBEAT_EPOCHS` epochs, and how many are undrained in all.

    The first one is the running epoch; `numbers` tells in which order the epochs were opened.
    """

    epochs: tuple[EpochHeld, ...]
    numbers: tuple[int, ...]
    undrained: int
