"""Rows of facts in PostgreSQL's binary COPY format, packed by hand.

Measured at 100 rows a batch: about 3 us a row here against 25 us with psycopg's own row writer, most of which is
adaptation of values whose types never change.
"""

import struct
from collections.abc import Sequence
from functools import lru_cache
from typing import Final

import msgspec

from gateway.ports.record import Recorded, Run
from homecare.envelope import Envelope
from homecare.event import STREAM_OF, Event, Observed

HEADER: Final = b"PGCOPY\n\xff\r\n\x00" + bytes(8)
TRAILER: Final = b"\xff\xff"
EVENT_COLUMNS: Final = (
    "recorded_at, applied, edge, epoch, stream, seq, position, home, device, kind, "
    "occurred_at, received_at, estimated_at, uncertainty, elapsed, counter, body"
)
OBSERVATION_COLUMNS: Final = (
    "recorded_at, applied, edge, epoch, stream, seq, position, home, device, "
    "occurred_at, received_at, estimated_at, uncertainty, elapsed, counter, quantity, value, unit"
)
TEXTS_KEPT: Final = 65_536
"""Ids whose packed form is remembered: 10,000 homes with their devices; about 8 MB."""

_POSTGRES_EPOCH: Final = 946_684_800_000_000
"""Microseconds from 1970 to 2000, where PostgreSQL's timestamps begin."""
_NULL: Final = b"\xff\xff\xff\xff"
_EVENT_START: Final = struct.Struct(">hiqiq")
_KEY: Final = struct.Struct(">iq")
_SEQS: Final = struct.Struct(">iqiq")
_TIMES: Final = struct.Struct(">iqiqiqiqiq")
_VALUE: Final = struct.Struct(">id")
_LENGTH: Final = struct.Struct(">i")
_JSONB: Final = struct.Struct(">ib")
_EVENT_FIELDS: Final = EVENT_COLUMNS.count(",") + 1
_OBSERVATION_FIELDS: Final = OBSERVATION_COLUMNS.count(",") + 1
_JSONB_VERSION: Final = 1

_encode: Final = msgspec.json.Encoder().encode


@lru_cache(maxsize=TEXTS_KEPT)
def _text(value: str) -> bytes:
    data = value.encode()
    return _LENGTH.pack(len(data)) + data


def kind_of(event: type[Event]) -> str:
    """The word by which the event's type is known on the wire and in the tables."""
    return str(event.__struct_config__.tag)


_KIND: Final = {event: _text(kind_of(event)) for event in STREAM_OF}
_TAG_BYTES: Final = {event: len(f'{{"type":"{kind_of(event)}"') for event in STREAM_OF}


def copy_data(runs: Sequence[Run], recorded_at: int) -> tuple[bytes, bytes]:
    """The COPY data of the events and of the observations among the facts; empty where there are none."""
    at = recorded_at - _POSTGRES_EPOCH
    events: list[bytes] = []
    observations: list[bytes] = []
    for run in runs:
        key = _text(run.edge) + _KEY.pack(8, run.epoch) + _text(run.stream.value)
        for fact in run.facts:
            if type(fact.envelope.event) is Observed:
                _observation(observations, key, fact, at)
            else:
                _event(events, key, fact, at)
    return _whole(events), _whole(observations)


def _whole(parts: list[bytes]) -> bytes:
    return b"".join((HEADER, *parts, TRAILER)) if parts else b""


def _event(parts: list[bytes], key: bytes, fact: Recorded, at: int) -> None:
    envelope = fact.envelope
    event = envelope.event
    kind = type(event)
    body = _encode(event)[_TAG_BYTES[kind] :]
    body = b"{" + body[1:] if body[:1] == b"," else b"{}"
    parts += (
        _EVENT_START.pack(_EVENT_FIELDS, 8, at, 8, fact.applied),
        key,
        _SEQS.pack(8, fact.seq, 8, envelope.position),
        _text(envelope.home),
        _NULL if envelope.device is None else _text(envelope.device),
        _KIND[kind],
        _times(fact, envelope),
        _NULL if envelope.counter is None else _KEY.pack(8, envelope.counter),
        _JSONB.pack(len(body) + 1, _JSONB_VERSION),
        body,
    )


def _observation(parts: list[bytes], key: bytes, fact: Recorded, at: int) -> None:
    envelope = fact.envelope
    event = envelope.event
    assert isinstance(event, Observed)  # noqa: S101 why: `copy_data` chose by type; this tells the type checker
    parts += (
        _EVENT_START.pack(_OBSERVATION_FIELDS, 8, at, 8, fact.applied),
        key,
        _SEQS.pack(8, fact.seq, 8, envelope.position),
        _text(envelope.home),
        _NULL if envelope.device is None else _text(envelope.device),
        _times(fact, envelope),
        _NULL if envelope.counter is None else _KEY.pack(8, envelope.counter),
        _text(event.quantity),
        _VALUE.pack(8, event.value),
        _text(event.unit),
    )


def _times(fact: Recorded, envelope: Envelope) -> bytes:
    return _TIMES.pack(
        8,
        envelope.occurred_at - _POSTGRES_EPOCH,
        8,
        envelope.received_at - _POSTGRES_EPOCH,
        8,
        fact.at - _POSTGRES_EPOCH,
        8,
        envelope.uncertainty,
        8,
        envelope.elapsed,
    )
