"""Receipts: what to tell which edge, and when. Pure; time and cursors are arguments.

A receipt echoes the newest beat known of the run in which the edge asked (the frame's header names both), so that
the edge can tell a fresh one from one that lay in a broker. Receipts are sent only for what is committed.
"""

from collections.abc import Callable, Iterable
from typing import Final

import msgspec

from homecare.clock import SECOND
from homecare.delivery import Heartbeat, Receipt, Refusal
from homecare.event import Stream
from homecare.identity import EdgeId, Epoch, read_epoch
from homecare.topic import receipt as receipt_topic
from homecare.wire import Header, Kind, encode_body, pack

COALESCE: Final = SECOND // 5
"""Microseconds for which bulk receipts of one edge, epoch and stream are gathered into one."""
A_SECOND: Final = 1_000
"""Bulk receipts a second from one process: about 6 % of a core. Under load each edge waits longer, at 10,000 edges
that speak at once up to the 10 s after which they would send again."""
RUNS_KEPT: Final = 4
"""Runs remembered an edge: the present one and those whose frames may still lie in a broker."""

Lookup = Callable[[EdgeId, Epoch, Stream], int | None]
"""The durable cursor of an edge, epoch and stream: 0 where the database has none, None where nobody looked yet."""


class Due(msgspec.Struct, frozen=True, gc=False):
    """One receipt to send. `run` and `beat` are echoed; `durable` is what the database committed."""

    edge: EdgeId
    shard: int
    epoch: Epoch
    stream: Stream
    run: Epoch
    beat: int
    durable: int
    refused: Refusal | None = None


class _Asked(msgspec.Struct, gc=False):
    shard: int
    run: Epoch
    since: int
    refused: Refusal | None = None
    beat: int = -1
    """Of the last frame, where a frame asked."""


class Receipts:
    """The newest beat of each edge's runs, and what waits to be said."""

    def __init__(self, *, coalesce: int = COALESCE, a_second: int = A_SECOND) -> None:
        self._coalesce = coalesce
        self._a_second = a_second
        self._beats: dict[EdgeId, dict[Epoch, int]] = {}
        self._asked: dict[tuple[EdgeId, Epoch, Stream], _Asked] = {}
        self._credit = float(a_second)
        self._credited_at = 0

    def heard(self, edge: EdgeId, run: Epoch, beat: int) -> bool:
        """Note a verified frame's freshness; False for one no newer than what was heard of that run."""
        beats = self._beats.get(edge)
        if beats is None:
            beats = self._beats[edge] = {}
        known = beats.get(run)
        if known is not None and beat <= known:
            return False
        if known is None and len(beats) >= RUNS_KEPT:
            del beats[next(iter(beats))]
        beats[run] = beat
        return True

    def ask(self, edge: EdgeId, shard: int, epoch: Epoch, stream: Stream, run: Epoch, now: int) -> None:
        """A receipt is due: something of this epoch and stream came, new or again."""
        key = (edge, epoch, stream)
        asked = self._asked.get(key)
        if asked is None:
            self._asked[key] = _Asked(shard, run, now)
        else:
            asked.run, asked.shard = run, shard

    def ask_for(self, key: tuple[EdgeId, Epoch, Stream], shard: int, *, run: Epoch, beat: int, now: int) -> None:
        """A receipt is due for a frame: `ask` and, unless the frame before was of the same beat, `heard`.

        Between two receipts an edge sends many frames of one beat.
        """
        asked = self._asked.get(key)
        if asked is None:
            asked = self._asked[key] = _Asked(shard, run, now)
        if asked.beat != beat or asked.run != run:
            self.heard(key[0], run, beat)
            asked.run, asked.beat = run, beat
        asked.shard = shard

    def refuse(self, edge: EdgeId, shard: int, stream: Stream, refused: Refusal, now: int) -> None:
        """Tell the edge why its frames are not taken, about the run heard last; silent if none was ever heard."""
        beats = self._beats.get(edge)
        if beats:
            run = next(reversed(beats))
            self._asked[edge, run, stream] = _Asked(shard, run, now, refused)

    def answer(
        self,
        edge: EdgeId,
        shard: int,
        heartbeat: Heartbeat,
        *,
        run: Epoch,
        streams: Iterable[Stream],
        durable: Lookup,
        now: int,
    ) -> None:
        """Ask for a receipt wherever the edge believes other than the database knows: lower or higher."""
        for stream in streams:
            for held in heartbeat.epochs:
                epoch = read_epoch(held.epoch)
                if durable(edge, epoch, stream) not in (held.of(stream).receipted, None):
                    self.ask(edge, shard, epoch, stream, run, now)

    def due(self, durable: Lookup, now: int, *, everything: bool = False) -> list[Due]:
        """What to send now, longest waiting first, within the bound a second (`everything`: without waiting)."""
        passed = max(now - self._credited_at, 0)
        self._credit = min(self._credit + passed * self._a_second / SECOND, float(self._a_second))
        self._credited_at = now
        said: list[tuple[EdgeId, Epoch, Stream]] = []
        sent: list[Due] = []
        for key, asked in self._asked.items():
            if not everything and (self._credit < 1 or asked.since + self._coalesce > now):
                break
            self._credit -= 1
            said.append(key)
            through = durable(*key)
            if through is not None:
                beat = self._beats.get(key[0], {}).get(asked.run, 0)
                edge, epoch, stream = key
                sent.append(Due(edge, asked.shard, epoch, stream, asked.run, beat, through, asked.refused))
        for key in said:
            del self._asked[key]
        return sent

    def forget(self) -> None:
        """Drop what waits (its commit is in doubt); the edges will ask again."""
        self._asked.clear()

    @property
    def waiting(self) -> int:
        """Receipts that wait."""
        return len(self._asked)


def receipt_frame(due: Due, key_down: bytes) -> tuple[str, bytes]:
    """The topic and the bytes of a receipt."""
    header = Header(kind=Kind.RECEIPT, edge=due.edge, stream=due.stream, epoch=due.epoch, run=due.run, beat=due.beat)
    body = encode_body(Receipt(durable=due.durable, refused=due.refused))
    return receipt_topic(due.shard, due.edge), pack(header, body, key_down)
