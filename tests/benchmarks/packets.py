"""MQTT 3.1.1 as bytes: just what a load tool needs, so that it costs next to nothing beside what it measures."""

import socket
import struct
from typing import Final

CONNECTED: Final = b"\x20\x02"
PUBLISH_QOS1: Final = 0x32
PUBACK_BYTES: Final = 4
IDS: Final = 65_535
KEEPALIVE: Final = 0
"""Seconds; 0 turns it off: a load says enough."""


def connect(client: str, *, clean: bool = True) -> bytes:
    """CONNECT."""
    body = b"\x00\x04MQTT\x04" + bytes((0x02 if clean else 0x00,)) + struct.pack(">H", KEEPALIVE) + _text(client)
    return b"\x10" + _length(len(body)) + body


def subscribe(topic: str, qos: int) -> bytes:
    """SUBSCRIBE to one filter, with packet id 1."""
    body = b"\x00\x01" + _text(topic) + bytes((qos,))
    return b"\x82" + _length(len(body)) + body


def publish(topic: str, payload: bytes, packet: int) -> bytes:
    """PUBLISH with QoS 1 under this packet id; with QoS 0 for id 0."""
    body = _text(topic) + (struct.pack(">H", packet) if packet else b"") + payload
    return bytes((PUBLISH_QOS1 if packet else 0x30,)) + _length(len(body)) + body


def puback(packet: int) -> bytes:
    """PUBACK."""
    return b"\x40\x02" + struct.pack(">H", packet)


def opened(port: int, client: str) -> socket.socket:
    """A connected session on loopback."""
    line = socket.create_connection(("127.0.0.1", port), timeout=10)
    line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    line.sendall(connect(client))
    if line.recv(4)[:2] != CONNECTED:
        raise ConnectionError("the broker refused the load tool")
    return line


def listening(port: int, client: str, topic: str, qos: int) -> socket.socket:
    """A connected session that is subscribed to one filter."""
    line = opened(port, client)
    line.sendall(subscribe(topic, qos))
    if line.recv(5)[:1] != b"\x90":
        raise ConnectionError("the broker refused the subscription")
    return line


class Packets:
    """Whole packets out of a stream of bytes."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, data: bytes) -> list[tuple[int, bytes]]:
        """The packets that are whole now: first byte and body."""
        data = self._rest + data
        at, found = 0, []
        while True:
            length, body = _read_length(data, at + 1)
            if body < 0 or body + length > len(data):
                self._rest = data[at:]
                return found
            found.append((data[at], data[body : body + length]))
            at = body + length


def message(head: int, body: bytes) -> tuple[bytes, int, bytes]:
    """Topic, packet id (0 for QoS 0) and payload of a PUBLISH."""
    topic_end = 2 + int.from_bytes(body[:2], "big")
    if head & 0x06 == 0:
        return body[2:topic_end], 0, body[topic_end:]
    return body[2:topic_end], int.from_bytes(body[topic_end : topic_end + 2], "big"), body[topic_end + 2 :]


def _read_length(data: bytes, at: int) -> tuple[int, int]:
    """The remaining length that begins at `at`, and where the body begins; -1 while it is not whole."""
    length = shift = 0
    for index in range(at, min(at + 4, len(data))):
        length |= (data[index] & 0x7F) << shift
        if data[index] < 0x80:
            return length, index + 1
        shift += 7
    return 0, -1


def _text(text: str) -> bytes:
    raw = text.encode()
    return struct.pack(">H", len(raw)) + raw


def _length(number: int) -> bytes:
    out = bytearray()
    while True:
        number, low = divmod(number, 128)
        out.append(low | 0x80 if number else low)
        if not number:
            return bytes(out)
