"""The published vectors: what another implementation must reproduce to the byte.

`homecare.description` writes them to `docs/vectors/`; every value here is a constant of ours or follows from one.
"""

from collections.abc import Iterator
from typing import Any, Final

import msgspec

from homecare import seal, wire
from homecare.claim import ClaimCode
from homecare.command import Action, Command
from homecare.delivery import EpochHeld, Heartbeat, Loss, LossReason, Receipt, Refusal, StreamHeld
from homecare.envelope import Envelope, encode_envelope
from homecare.event import AnyEvent, EpochOpened, Head, HelpCalled, Observed, Stream
from homecare.identity import EdgeId, Epoch, epoch_text, shard_of
from homecare.renewal import statement

_EDGE_PRIVATE: Final = bytes(range(32))
_GATEWAY_PRIVATE: Final = bytes(range(32, 64))
_EDGE: Final = EdgeId("edge-00000001")
_HOME: Final = "home-00000001"
_RUN: Final = Epoch(0x0123456789ABCDEF)
_OLDER: Final = Epoch(0x00000000000000FF)
_WALL: Final = 1_790_000_000_000_000
_NOTHING: Final = StreamHeld(lowest=0, receipted=0, head=0)
_DOWN: Final = frozenset({wire.Kind.RECEIPT, wire.Kind.COMMAND})
"""Kinds that the gateway seals."""


def vectors() -> dict[str, Any]:
    """Keys and whole frames that another implementation must reproduce to the byte (all bytes in hex).

    `refused` are frames that must be passed over under the key named with them.
    """
    edge_public, gateway_public = seal.public_key(_EDGE_PRIVATE), seal.public_key(_GATEWAY_PRIVATE)
    keys = seal.agree_at_edge(_EDGE_PRIVATE, gateway_public)
    frames = [_vector(what, header, body, keys) for what, header, body in _examples()]
    receipt = bytes.fromhex(frames[1]["frame"])
    return {
        "edge_private": _EDGE_PRIVATE.hex(),
        "edge_public": edge_public.hex(),
        "gateway_private": _GATEWAY_PRIVATE.hex(),
        "gateway_public": gateway_public.hex(),
        "key_up": keys.up.hex(),
        "key_down": keys.down.hex(),
        "shards": [{"home": home, "shard": shard_of(home)} for home in (_HOME, "home-demo-0003")],
        "frames": frames,
        "refused": [
            {"what": "the receipt, one bit of its body changed", "key": "key_down", "frame": _changed(receipt).hex()},
            {"what": "what the edge said, sent back to it", "key": "key_down", "frame": frames[0]["frame"]},
            {"what": "the receipt, cut off", "key": "key_down", "frame": receipt[:40].hex()},
        ],
    }


def _examples() -> Iterator[tuple[str, wire.Header, bytes]]:
    """What each vector is, its header and its body."""
    alarm = wire.Header(kind=wire.Kind.FACTS, edge=_EDGE, stream=Stream.ALARM, epoch=_RUN, first=1, count=1)
    yield "one help call on the alarm stream", alarm, _facts(_envelope(HelpCalled(), position=1, counter=7))
    receipt = wire.Header(kind=wire.Kind.RECEIPT, edge=_EDGE, stream=Stream.ALARM, epoch=_RUN)
    yield "its receipt", receipt, wire.encode_body(Receipt(durable=1))
    command = Command(
        id="command-00000001",
        action=Action.UNLOCK,
        actor="person-00000001",
        challenge="000102030405060708090a0b0c0d0e0f",
        not_after=12_000_000,
        device="device-00000002",
    )
    yield "a command to unlock", wire.Header(kind=wire.Kind.COMMAND, edge=_EDGE), wire.encode_body(command)
    heads = tuple(Head(stream, 0) for stream in Stream)
    opened = EpochOpened(predecessor=epoch_text(Epoch(1)), heads=heads, software="another edge 1.0")
    measured = Observed(quantity="temperature", value=21.5, unit="°C")
    record = wire.Header(kind=wire.Kind.FACTS, edge=_EDGE, stream=Stream.RECORD, epoch=_OLDER, first=1, count=2)
    two = _facts(_envelope(opened, position=1, device=None), _envelope(measured, position=2))
    yield "two facts of an earlier epoch on the record stream, one not in ASCII", record, two
    lost = wire.Header(kind=wire.Kind.LOST, edge=_EDGE, stream=Stream.RECORD, epoch=_OLDER, first=3, count=40)
    yield "forty seqs that aged out after their receipt", lost, wire.encode_body(Loss(LossReason.RELEASED))
    rows = (
        EpochHeld(epoch_text(_RUN), alarm=StreamHeld(1, 0, 1), access=_NOTHING, record=StreamHeld(1, 2, 2)),
        EpochHeld(epoch_text(_OLDER), alarm=_NOTHING, access=_NOTHING, record=StreamHeld(43, 42, 50)),
    )
    sign = Heartbeat(_WALL, 5000, 2_000_000, _WALL, epochs=rows, undrained=2)
    yield (
        "a heartbeat that takes no commands",
        wire.Header(kind=wire.Kind.HEARTBEAT, edge=_EDGE),
        wire.encode_body(sign),
    )
    refused = wire.Header(kind=wire.Kind.RECEIPT, edge=_EDGE, stream=Stream.RECORD, epoch=_RUN)
    yield "a receipt that refuses", refused, wire.encode_body(Receipt(durable=0, refused=Refusal.VERSION))


def _vector(what: str, header: wire.Header, body: bytes, keys: seal.SealKeys) -> dict[str, str]:
    down = header.kind in _DOWN
    fresh = msgspec.structs.replace(header, run=_RUN, beat=3)
    frame = wire.pack(fresh, body, keys.down if down else keys.up)
    return {"what": what, "key": "key_down" if down else "key_up", "body": body.decode(), "frame": frame.hex()}


def _envelope(
    event: AnyEvent, *, position: int, device: str | None = "device-00000001", counter: int | None = None
) -> Envelope:
    return Envelope(
        position=position,
        home=_HOME,
        device=device,
        occurred_at=_WALL,
        received_at=_WALL,
        uncertainty=5000,
        elapsed=2_000_000,
        counter=counter,
        event=event,
    )


def _facts(*envelopes: Envelope) -> bytes:
    return wire.facts_body([encode_envelope(envelope) for envelope in envelopes])


def _changed(frame: bytes) -> bytes:
    """The frame with one bit of its body changed."""
    at = len(frame) - seal.TAG_BYTES - 2
    return frame[:at] + bytes([frame[at] ^ 1]) + frame[at + 1 :]


def claim_codes() -> list[dict[str, str]]:
    """Claim codes as a person may type them, and their halves in hex."""
    code = ClaimCode(authority=bytes(range(10)), secret=bytes(range(245, 255)))
    typed = str(code).replace("-", " ").lower().replace("0", "o")
    return [
        {"code": text, "authority": code.authority.hex(), "secret": code.secret.hex()} for text in (str(code), typed)
    ]


def certificate_statements() -> list[dict[str, str | None]]:
    """What the present certificate's key signs in an ask, in hex; the texts stand for PEM."""
    asks = (("the certificate", None), ("the certificate", "the request"))
    return [
        {
            "edge": _EDGE,
            "certificate": certificate,
            "request": request,
            "statement": statement(_EDGE, certificate, request).hex(),
        }
        for certificate, request in asks
    ]
