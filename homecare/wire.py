"""The frame: the one form in which edge and gateway speak, bounded, versioned and authenticated.

    offset  bytes  field     meaning (integers big-endian)
    0       2      magic     "VK"
    2       1      version   1; an unknown one is refused by receipt and the edge keeps the frame
    3       1      kind      1 facts, 2 lost, 3 heartbeat, 4 receipt, 5 command
    4       1      stream    0 none, 1 alarm, 2 access, 3 record
    5       1      edge_len  8 to 40
    6       4      count     facts in the body, or seqs lost; 0 otherwise
    10      8      epoch     of the facts, or that a receipt is about; otherwise 0
    18      8      first     seq of the first fact, or of the first seq lost; 0 otherwise
    26      8      run       the epoch in which the edge runs now (what comes down echoes it)
    34      8      beat      counter of the edge's newest heartbeat in that run (echoed likewise)
    42      n      edge      the edge's id, ASCII
    42+n    m      body      JSON: an array of envelopes; Loss; Heartbeat; Receipt; Command;
                            CertificateAsk; CertificateAnswer
    -16     16     tag       authenticator over everything before it (see seal)

A frame is at most 64 KiB. The header is readable without the body, so that routing costs no JSON.
"""

import struct
from collections.abc import Sequence
from enum import IntEnum
from typing import Final, TypeVar

import msgspec

from homecare import seal
from homecare.command import Command
from homecare.delivery import Heartbeat, Loss, Receipt
from homecare.envelope import Envelope, Fact, FactId, check_ids, content_digest, decode_envelope
from homecare.errors import Malformed, Refused
from homecare.event import STREAM_OF, Stream
from homecare.identity import EdgeId, Epoch, checked
from homecare.renewal import CertificateAnswer, CertificateAsk

VERSION: Final = 1
FRAME_LIMIT: Final = 64 * 1024
"""Bytes of a frame: what every broker passes on by default, and some 200 ordinary facts."""
FACTS_LIMIT: Final = 1000
"""Facts of a frame."""
LOSS_LIMIT: Final = 2**32 - 1
"""Seqs that one lost frame can name."""
_HEADER: Final = struct.Struct(">2sBBBBIQQQQ")
_HEADER_BYTES: Final = _HEADER.size
_MAGIC: Final = b"VK"
_LARGEST: Final = 2**63 - 1
EDGES_KEPT: Final = 16_384
"""Edge ids remembered as checked; some 3 MB. Then the memory starts anew."""


class Kind(IntEnum):
    """What a frame's body is."""

    FACTS = 1
    LOST = 2
    HEARTBEAT = 3
    RECEIPT = 4
    COMMAND = 5
    CERTIFICATE_ASK = 6
    CERTIFICATE_ANSWER = 7


_STREAM_CODE: Final = {None: 0, Stream.ALARM: 1, Stream.ACCESS: 2, Stream.RECORD: 3}
_CODE_STREAM: Final = {code: stream for stream, code in _STREAM_CODE.items()}
_CODE_KIND: Final = {int(kind): kind for kind in Kind}
_FACTS: Final = Kind.FACTS


class Header(msgspec.Struct, frozen=True, gc=False):
    """A frame's header; see the table above."""

    kind: Kind
    edge: EdgeId
    stream: Stream | None = None
    epoch: Epoch = Epoch(0)
    first: int = 0
    count: int = 0
    run: Epoch = Epoch(0)
    beat: int = 0


class Frame(msgspec.Struct, frozen=True, gc=False):
    """A frame whose header was read: nothing is believed before `verify`. `data` is all of it, `body` a copy.

    Copies, because most frames are small: three views of one cost more to make, to decode and to forget.
    """

    header: Header
    body: bytes
    data: bytes

    def verify(self, key: bytes) -> None:
        """`Refused` unless the holder of `key` made this frame."""
        seal.verify(key, self.data[: -seal.TAG_BYTES], self.data[-seal.TAG_BYTES :])


class UnknownVersion(Refused):
    """A frame of a later major version; `edge` is who to tell, as far as the frame can be read."""


def pack(header: Header, body: bytes, key: bytes) -> bytes:
    """The frame's bytes. `Malformed` if it would exceed `FRAME_LIMIT`."""
    edge = header.edge.encode("ascii")
    content = (
        _HEADER.pack(
            _MAGIC,
            VERSION,
            header.kind,
            _STREAM_CODE[header.stream],
            len(edge),
            header.count,
            header.epoch,
            header.first,
            header.run,
            header.beat,
        )
        + edge
        + body
    )
    if len(content) + seal.TAG_BYTES > FRAME_LIMIT:
        raise Malformed("pack frame", "frame", f"at most {FRAME_LIMIT} bytes")
    return content + seal.tag(key, content)


def unpack(data: bytes) -> Frame:
    """Read a frame's header. `Malformed` if it is no frame, `UnknownVersion` if it is one of a later version."""
    if not _HEADER_BYTES + seal.TAG_BYTES < len(data) <= FRAME_LIMIT or data[:2] != _MAGIC:
        raise Malformed("unpack frame", "frame", f"magic VK and at most {FRAME_LIMIT} bytes; see docs/asyncapi.yaml")
    if data[2] != VERSION:
        raise UnknownVersion("unpack frame", "version", f"this side speaks version {VERSION}")
    _, _, kind_code, stream_code, edge_len, count, epoch, first, run, beat = _HEADER.unpack_from(data)
    body_at = _HEADER_BYTES + edge_len
    kind = _CODE_KIND.get(kind_code)
    if kind is None or stream_code not in _CODE_STREAM or body_at > len(data) - seal.TAG_BYTES:
        raise Malformed("unpack frame", "header", "kind 1 to 7, stream 0 to 3, edge id inside the frame")
    if epoch | first | run | beat | (first + count) > _LARGEST:
        raise Malformed("unpack frame", "header", "numbers below 2^63")
    named = data[_HEADER_BYTES:body_at]
    edge = _edges.get(named) or _edge(named)
    header = Header(kind, edge, _CODE_STREAM[stream_code], epoch, first, count, run, beat)
    return Frame(header, data[body_at : -seal.TAG_BYTES], data)


def kind_of(data: bytes) -> Kind | None:
    """What a frame says that it is, before anything of it is believed; None for no frame of ours."""
    kind = data[3] if data[:2] == _MAGIC and len(data) > _HEADER.size else 0
    return Kind(kind) if kind in Kind._value2member_map_ else None


_edges: Final[dict[bytes, EdgeId]] = {}
"""Edges that were read. Not a cache in the order of use, which is rearranged at every look."""


def _edge(raw: bytes) -> EdgeId:
    try:
        edge = EdgeId(checked(raw.decode("ascii"), "edge in frame"))
    except UnicodeDecodeError as error:
        raise Malformed("unpack frame", "edge", "the id is ASCII") from error
    if len(_edges) >= EDGES_KEPT:
        _edges.clear()
    _edges[raw] = edge
    return edge


# --- facts -----------------------------------------------------------------------------------------------------------

_raw_list: Final = msgspec.json.Decoder(list[msgspec.Raw])
_envelopes: Final = msgspec.json.Decoder(list[Envelope])


def facts_body(encoded: Sequence[bytes]) -> bytes:
    """The body of a facts frame from envelopes that `encode_envelope` encoded (and the journal kept)."""
    return b"[" + b",".join(encoded) + b"]"


def read_envelopes(frame: Frame) -> list[Envelope]:
    """The envelopes of a facts frame, decoded in one pass; `Malformed` if body and header disagree."""
    try:
        envelopes = _envelopes.decode(frame.body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Malformed("read facts", "body", "see docs/asyncapi.yaml, schema Envelope") from error
    _check_facts(frame.header, envelopes)
    check_ids(envelopes)
    return envelopes


def read_facts(frame: Frame) -> list[Fact]:
    """The facts of a frame with the digest of each one's bytes (slower than `read_envelopes`; for ledgered streams)."""
    try:
        raws = _raw_list.decode(frame.body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Malformed("read facts", "body", "an array of envelopes") from error
    header = frame.header
    envelopes = [decode_envelope(raw) for raw in raws]
    stream = _check_facts(header, envelopes)
    return [
        Fact(
            id=FactId(edge=header.edge, epoch=header.epoch, stream=stream, seq=header.first + index),
            envelope=envelope,
            digest=content_digest(raw),
        )
        for index, (raw, envelope) in enumerate(zip(raws, envelopes, strict=True))
    ]


def _check_facts(header: Header, envelopes: Sequence[Envelope]) -> Stream:
    stream = header.stream
    if header.kind is not _FACTS or stream is None or header.first < 1 or not 1 <= header.count <= FACTS_LIMIT:
        raise Malformed("read facts", "header", f"kind facts, a stream, first from 1, count 1 to {FACTS_LIMIT}")
    if len(envelopes) != header.count:
        raise Malformed("read facts", "count", "the header counts other than the body holds")
    for envelope in envelopes:
        if STREAM_OF[type(envelope.event)] is not stream:
            raise Malformed("read facts", "stream", "every event belongs to one stream; see docs/asyncapi.yaml")
    return stream


# --- the small bodies ------------------------------------------------------------------------------------------------

Body = TypeVar("Body", Heartbeat, Receipt, Loss, Command, CertificateAsk, CertificateAnswer)
AnyBody = Heartbeat | Receipt | Loss | Command | CertificateAsk | CertificateAnswer
_KIND_OF: Final[dict[type[AnyBody], Kind]] = {
    Heartbeat: Kind.HEARTBEAT,
    Receipt: Kind.RECEIPT,
    Loss: Kind.LOST,
    Command: Kind.COMMAND,
    CertificateAsk: Kind.CERTIFICATE_ASK,
    CertificateAnswer: Kind.CERTIFICATE_ANSWER,
}
_encoder: Final = msgspec.json.Encoder()
_decoders: Final = {body: msgspec.json.Decoder(body) for body in _KIND_OF}


def encode_body(body: AnyBody) -> bytes:
    """The JSON of any body but facts."""
    return _encoder.encode(body)


def read_body(frame: Frame, kind: type[Body]) -> Body:
    """The body of a frame of any kind but facts; `Malformed` where the frame is of another kind."""
    if frame.header.kind is not _KIND_OF[kind]:
        raise Malformed("read body", "kind", f"expected {kind.__name__}")
    try:
        return _decoders[kind].decode(frame.body)  # type: ignore[return-value] # the table pairs each type with its own decoder
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Malformed("read body", kind.__name__, "see docs/asyncapi.yaml") from error
