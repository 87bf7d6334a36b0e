"""A gateway of a few lines for tests of the edge: takes frames as protocol.md says and gives receipts."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from urllib.parse import urlsplit

import aiomqtt

from homecare import topic, wire
from homecare.delivery import Heartbeat, Loss, Receipt
from homecare.envelope import Fact
from homecare.event import Stream
from homecare.identity import EdgeId
from homecare.seal import agree_at_gateway
from homecare.wire import Frame, Header, Kind
from tests.waiting import end


class Gateway:
    """Pure: `take` a frame, get the receipts to send. Facts are recorded once, in order, per epoch and stream."""

    def __init__(self, edge: str, private: bytes, edge_public: bytes) -> None:
        self.edge = EdgeId(edge)
        self.keys = agree_at_gateway(private, edge_public)
        self.facts: list[Fact] = []
        self.lost: list[tuple[Header, Loss]] = []
        self.cursors: dict[tuple[int, Stream], int] = {}
        self.early: dict[tuple[int, int], Fact] = {}
        self.digests: dict[tuple[int, Stream, int], bytes] = {}
        self.beats: list[Heartbeat] = []
        self.run = 0
        self.beat = 0
        self.receipting = True

    def take(self, data: bytes) -> list[bytes]:
        frame = wire.unpack(data)
        frame.verify(self.keys.up)
        header = frame.header
        if header.run != self.run:
            self.run, self.beat = header.run, 0
        self.beat = max(self.beat, header.beat)
        if header.kind is Kind.HEARTBEAT:
            heartbeat = wire.read_body(frame, Heartbeat)
            self.beats.append(heartbeat)
            found = [
                self.receipt(int(row.epoch, 16), stream)
                for row in heartbeat.epochs
                for stream in Stream
                if row.of(stream).head
            ]
        else:
            assert header.stream is not None
            self._lose(frame) if header.kind is Kind.LOST else self._record(frame)
            found = [self.receipt(header.epoch, header.stream)]
        return found if self.receipting else []

    def receipt(self, epoch: int, stream: Stream, *, durable: int | None = None, beat: int | None = None) -> bytes:
        durable = self.cursors.get((epoch, stream), 0) if durable is None else durable
        header = Header(
            kind=Kind.RECEIPT,
            edge=self.edge,
            stream=stream,
            epoch=epoch,
            run=self.run,
            beat=self.beat if beat is None else beat,
        )
        return wire.pack(header, wire.encode_body(Receipt(durable=durable)), self.keys.down)

    def _record(self, frame: Frame) -> None:
        for fact in wire.read_facts(frame):
            key = (fact.id.epoch, fact.id.stream, fact.id.seq)
            assert self.digests.setdefault(key, fact.digest) == fact.digest, f"equivocation at {fact.id}"
            cursor = self.cursors.get(key[:2], 0)
            if fact.id.stream is Stream.ALARM:
                if fact.id.seq > cursor and (key[0], key[2]) not in self.early:
                    self.early[key[0], key[2]] = fact
                    self.facts.append(fact)
                self._advance(key[0])
            elif fact.id.seq == cursor + 1:
                self.cursors[key[:2]] = cursor + 1
                self.facts.append(fact)

    def _advance(self, epoch: int) -> None:
        cursor = self.cursors.get((epoch, Stream.ALARM), 0)
        while (epoch, cursor + 1) in self.early:
            cursor += 1
            del self.early[epoch, cursor]
        self.cursors[epoch, Stream.ALARM] = cursor

    def _lose(self, frame: Frame) -> None:
        header = frame.header
        assert header.stream is not None
        cursor = self.cursors.get((header.epoch, header.stream), 0)
        last = header.first + header.count - 1
        if header.first <= cursor + 1 <= last:
            self.lost.append((header, wire.read_body(frame, Loss)))
            self.cursors[header.epoch, header.stream] = last

    def events(self, kind: type) -> list[Fact]:
        return [fact for fact in self.facts if isinstance(fact.envelope.event, kind)]


@contextlib.asynccontextmanager
async def listening(gateway: Gateway, url: str, shard: int) -> AsyncIterator[aiomqtt.Client]:
    """Serve `gateway` at the broker."""
    parts = urlsplit(url)

    async def serve(client: aiomqtt.Client) -> None:
        async for message in client.messages:
            for receipt in gateway.take(message.payload):
                await client.publish(topic.receipt(shard, gateway.edge), receipt, qos=1)

    async with aiomqtt.Client(parts.hostname, parts.port, max_queued_incoming_messages=10_000) as client:
        await client.subscribe(topic.up(shard, gateway.edge, "+"), qos=1)
        task = asyncio.create_task(serve(client))
        try:
            yield client
            if task.done():
                task.result()
        finally:
            await end(task)
