"""The door: a message from the broker becomes a frame that its edge made, or a reason why it is turned away.

Both processes use it. Nothing behind the door asks again who spoke. What is turned away here never moves a cursor:
whoever made it could not prove to be the edge.
"""

from enum import StrEnum
from typing import Final

import msgspec

from gateway.intake.registry import EdgeEntry, Registry
from homecare.errors import Malformed, Refused
from homecare.event import Stream
from homecare.identity import EdgeId
from homecare.topic import CERTIFICATE, UpTopic, read_up
from homecare.wire import Frame, Kind, UnknownVersion, unpack

HEARTBEAT: Final = "heartbeat"
_APART: Final = {HEARTBEAT: Kind.HEARTBEAT, CERTIFICATE: Kind.CERTIFICATE_ASK}
"""Channels that carry no stream, and what they carry."""
_TOLD: Final = (Kind.FACTS, Kind.LOST)
"""What the streams carry."""
TOPICS_LIMIT: Final = 50_000
"""Topics remembered as read: three an edge for 16,000 edges; then the memory starts anew."""


class Reason(StrEnum):
    """Why something is turned away or set aside."""

    TOPIC = "topic"
    FRAME = "frame"
    VERSION = "version"
    EDGE_UNKNOWN = "edge_unknown"
    EDGE_DIFFERS = "edge_differs"
    SHARD = "shard"
    CHANNEL = "channel"
    AUTHENTICATOR = "authenticator"
    BODY = "body"
    HOME = "home"
    POISON = "poison"


class Admitted(msgspec.Struct, frozen=True, gc=False):
    """A frame that its edge made, on the topic that is its own."""

    frame: Frame
    edge: EdgeEntry
    shard: int


class TurnedAway(msgspec.Struct, frozen=True, gc=False):
    """Why not, and as much as can be told: nothing of it is proved, `edge` only stands in the topic.

    `stream` is there for a frame of an unknown version, so that the edge can be told.
    """

    reason: Reason
    detail: str
    shard: int | None = None
    edge: EdgeId | None = None
    stream: Stream | None = None


class Door:
    """Checks what comes in against the registry."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._topics: dict[str, UpTopic] = {}

    def admit(self, topic: str, payload: bytes) -> Admitted | TurnedAway:
        """The verified frame, or why there is none."""
        where = self._topics.get(topic)
        if where is None:
            try:
                where = read_up(topic)
            except Malformed as error:
                return TurnedAway(Reason.TOPIC, str(error))
        edge = self._registry.edge(where.edge)
        if edge is None:
            return TurnedAway(Reason.EDGE_UNKNOWN, "no such edge is enrolled", where.shard, where.edge)
        try:
            frame = unpack(payload)
            turned = _mismatch(frame, where, edge)
            if turned is None:
                frame.verify(edge.keys.up)
        except UnknownVersion as error:
            return TurnedAway(Reason.VERSION, str(error), where.shard, where.edge, _stream(where))
        except Malformed as error:
            return TurnedAway(Reason.FRAME, str(error), where.shard, where.edge)
        except Refused as error:
            return TurnedAway(Reason.AUTHENTICATOR, str(error), where.shard, where.edge)
        if turned is not None:
            return turned
        if topic not in self._topics:
            self._remember(topic, where)
        return Admitted(frame, edge, where.shard)

    def _remember(self, topic: str, where: UpTopic) -> None:
        if len(self._topics) >= TOPICS_LIMIT:
            self._topics.clear()
        self._topics[topic] = where


def _stream(where: UpTopic) -> Stream | None:
    return None if where.channel in _APART else Stream(where.channel)


def _mismatch(frame: Frame, where: UpTopic, edge: EdgeEntry) -> TurnedAway | None:
    header = frame.header
    if header.edge != where.edge:
        return TurnedAway(Reason.EDGE_DIFFERS, "the frame names another edge than its topic", where.shard, where.edge)
    if where.shard not in edge.shards:
        return TurnedAway(Reason.SHARD, "no home of this edge is on that shard", where.shard, where.edge)
    if where.channel in _APART:
        fits = header.kind is _APART[where.channel]
    else:
        fits = header.kind in _TOLD and header.stream == where.channel
    if not fits:
        return TurnedAway(
            Reason.CHANNEL, "kind and stream of the frame belong to another topic", where.shard, where.edge
        )
    return None
