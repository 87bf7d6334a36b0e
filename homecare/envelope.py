"""Envelopes: an event with everything that travels with it, and the identity of a fact.

A fact is `(edge, epoch, stream, seq)`. The envelope does not repeat that: the frame's header names edge, epoch,
stream and the first seq, and the envelopes of a frame follow one another without a gap.

One serialiser: JSON by msgspec. The edge encodes an envelope once, journals those bytes and always sends the same
bytes again, so that `content_digest` tells an honest redelivery from another content under the same identity.
"""

import hashlib
from collections.abc import Iterable
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from homecare.clock import LATEST
from homecare.errors import Malformed
from homecare.event import AnyEvent, Sequence64, Stream, WallTime
from homecare.identity import ID_PATTERN, EdgeId, Epoch, checked, epoch_text

ENVELOPE_LIMIT: Final = 4096
"""Bytes of one encoded envelope: far above any event, far below a frame (64 KiB)."""
IDS_KEPT: Final = 65_536
"""Ids remembered as checked: 10,000 homes with their devices; some 8 MB. Then the memory starts anew."""
SeenId = Annotated[str, Meta(extra_json_schema={"pattern": ID_PATTERN})]
"""An id that every fact repeats: the pattern is looked at by `check_ids`, once an id. The decoder would match it once
a fact, which took three quarters of all decoding."""


class Envelope(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """What travels.

    `position` counts every fact of this edge's epoch across the streams, from 1. `device` is None for what the edge
    says of itself. `occurred_at` is the device's or the edge's claim, `received_at` when the edge heard it (both wall
    time, microseconds), `uncertainty` how far the edge's wall clock may be off (microseconds), `elapsed` microseconds
    of the edge's steady clock since its epoch opened. `counter` is the device's own counter where it sends
    one that never says the same again for something else; an alarm of another epoch under it is the same alarm.
    """

    position: Sequence64
    home: SeenId
    occurred_at: WallTime
    received_at: WallTime
    uncertainty: Annotated[int, Meta(ge=0, le=LATEST)]
    elapsed: Annotated[int, Meta(ge=0, le=LATEST)]
    event: AnyEvent
    device: SeenId | None = None
    counter: Sequence64 | None = None


class FactId(msgspec.Struct, frozen=True, order=True, gc=False):
    """The identity of a fact: never used twice for different contents."""

    edge: EdgeId
    epoch: Epoch
    stream: Stream
    seq: int

    def __str__(self) -> str:
        return f"{self.edge}/{epoch_text(self.epoch)}/{self.stream}/{self.seq}"


class Fact(msgspec.Struct, frozen=True, gc=False):
    """An envelope under its identity, with the digest of its bytes."""

    id: FactId
    envelope: Envelope
    digest: bytes


_checked: Final[set[str | None]] = {None}
"""Ids that were checked, and what stands for no device. A set, because a cache that keeps its entries in the order of
use rearranges them at every look, and this is looked at twice a fact."""


def check_ids(envelopes: Iterable[Envelope]) -> None:
    """`Malformed` unless every home and device is an identifier: to be called for whatever was decoded."""
    for envelope in envelopes:
        home, device = envelope.home, envelope.device
        if home not in _checked or device not in _checked:
            _check_id(home)
            if device is not None:
                _check_id(device)


def _check_id(text: str) -> None:
    checked(text, "home or device in envelope")
    if len(_checked) >= IDS_KEPT:
        _checked.intersection_update((None,))
    _checked.add(text)


_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(Envelope)


def encode_envelope(envelope: Envelope) -> bytes:
    """The one encoding of an envelope: compact JSON. `Malformed` if it exceeds `ENVELOPE_LIMIT`."""
    data = _encoder.encode(envelope)
    if len(data) > ENVELOPE_LIMIT:
        raise Malformed("encode envelope", "envelope", f"at most {ENVELOPE_LIMIT} bytes")
    return data


def decode_envelope(data: bytes | msgspec.Raw) -> Envelope:
    """The envelope that the bytes hold; `Malformed` for anything else."""
    if len(memoryview(data)) > ENVELOPE_LIMIT:
        raise Malformed("decode envelope", "envelope", f"at most {ENVELOPE_LIMIT} bytes")
    try:
        envelope = _decoder.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Malformed("decode envelope", "envelope", "see docs/asyncapi.yaml, schema Envelope") from error
    check_ids((envelope,))
    return envelope


def content_digest(data: bytes | msgspec.Raw) -> bytes:
    """16 bytes that differ whenever the encoded contents differ."""
    return hashlib.blake2b(data, digest_size=16, person=b"vaka-content").digest()
