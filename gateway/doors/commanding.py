"""Commanding: commands leave the outbox for their edges, at once or never, and each is closed in time.

Only what this very process issued within the last `COMMAND_LIFE` is ever sent, and a steady clock says so: after a
restart, a stall or a step of the clock the commands that were left behind are closed as expired and a person taps
again. A command is marked as sent before it leaves and so leaves at most once. Nothing here waits for a home.
"""

import asyncio
import contextlib
import logging
from typing import Final

import msgspec

from gateway.intake.registry import Registry
from gateway.model.pulses import Pulse, Pulses
from gateway.ports.access import Accepted, Announcement, CommandStore, ToSend
from gateway.ports.broker import Broker
from homecare import topic
from homecare.clock import MINUTE, SECOND, Clock
from homecare.command import COMMAND_LIFE, Action, Command, Message, deadline
from homecare.errors import Unavailable
from homecare.grant import Purpose
from homecare.identity import EdgeId, HomeId, derived_id, shard_of
from homecare.wire import Header, Kind, encode_body, pack

log = logging.getLogger(__name__)

CLOSES_AFTER: Final = 14 * SECOND
"""Microseconds from the tap until a command is called unknown: its life, and the answer's way back. With the time
between two looks it has an end within 15 s."""
POLL_SECONDS: Final = 0.25
"""Between rounds without a kick: a new challenge is noticed within that."""
LOOK_EVERY: Final = SECOND // 2
"""Microseconds between looks for commands whose time is over, while this process has any under way."""
LOOK_SELDOM: Final = 5 * SECOND
"""Microseconds between such looks otherwise: what an earlier process left behind."""
TELL_FOR: Final = 3 * MINUTE
"""Microseconds after an acceptance in which a home that was not told is told again: then help is nearly there, and a
broker or a gateway that died has long been back."""
BACKOFF_SECONDS: Final = 0.5
"""While the database is away; commands expire meanwhile, as they should."""
WAITING_LIMIT: Final = 1_000
"""Commands under way in one process: a desk for 10,000 homes sends a few a second at most."""
NOT_CONNECTED: Final = "not_connected"
"""Why a command failed that the broker's connection did not take."""


class Counts(msgspec.Struct):
    """What was done since the start."""

    sent: int = 0
    abandoned: int = 0
    closed: int = 0


class Outgoing(msgspec.Struct, frozen=True):
    """A command that this process issued: for which edge, and until when by our steady clock it may leave."""

    edge: EdgeId
    until: int


class Commanding:
    """The sender. `hand` is called after the commit that issued a command; nothing else makes one leave."""

    def __init__(
        self, store: CommandStore, broker: Broker, registry: Registry, *, pulses: Pulses, clock: Clock
    ) -> None:
        self._store = store
        self._broker = broker
        self._registry = registry
        self._pulses = pulses
        self._clock = clock
        self._waiting: dict[str, Outgoing] = {}
        self._wake = asyncio.Event()
        self._looked_at = self._told_at = -LOOK_SELDOM
        self._watch_until = 0
        self.counts = Counts()

    def hand(self, command: str, edge: EdgeId, *, issued: int) -> None:
        """It was issued at `issued` of our steady clock, and is in the outbox; too many at once are left to expire."""
        self._watch_until = issued + CLOSES_AFTER + LOOK_SELDOM
        if len(self._waiting) < WAITING_LIMIT:
            self._waiting.setdefault(command, Outgoing(edge, issued + COMMAND_LIFE))
            self._wake.set()

    async def help_is_coming(self, home: HomeId, alert: str, *, person: str) -> None:
        """Let the announcers of the home's edges tell that this person accepted the alert; said twice it is one."""
        for edge in self._registry.edges_of(home):
            await self._announce(edge, Accepted(alert, home, person, tries=0, told=frozenset()))

    async def _tell_again(self, now: int) -> None:
        """Where a try came to naught, or the process died before it. To hear it twice harms nobody."""
        if now - self._told_at < LOOK_SELDOM:
            return
        self._told_at = now
        for one in await self._store.accepted(self._clock.now().wall - TELL_FOR):
            for edge in set(self._registry.edges_of(one.home)) - one.told:
                await self._announce(edge, one)

    async def _announce(self, edge: EdgeId, one: Accepted) -> None:
        instant, message = self._clock.now(), Message.HELP_ON_ITS_WAY
        named = (one.home, edge, one.person, one.alert, message.value, one.tries)
        announcement = Announcement(
            command=derived_id("command", *named),
            key=derived_id("announce", *named),
            person=one.person,
            home=one.home,
            edge=edge,
            message=message,
            purpose=Purpose.ALERT,
            ends_with=one.alert,
            issued_at=instant.wall,
            expires_at=instant.wall + COMMAND_LIFE,
            closes_at=instant.wall + CLOSES_AFTER,
        )
        if await self._store.announce(announcement):
            self.hand(announcement.command, edge, issued=instant.elapsed)

    async def run(self) -> None:
        """Until cancelled."""
        while True:  # bounded by the process's life; each round waits
            try:
                await self._round()
            except Unavailable as error:
                log.warning("commands wait for the database: %s", error.subject)
                await asyncio.sleep(BACKOFF_SECONDS)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(POLL_SECONDS):
                    await self._wake.wait()
            self._wake.clear()

    async def _round(self) -> None:
        now = self._clock.now().elapsed
        self._waiting = {id_: one for id_, one in self._waiting.items() if now < one.until}
        for edge, commands in self._ready(now).items():
            claimed = await self._store.claim(commands[:1], self._clock.now().wall)
            for command in commands[:1]:
                outgoing = self._waiting.pop(command)
                for one in claimed:
                    await self._send(one, outgoing, edge)
        await self._close_overdue(now)
        await self._tell_again(now)

    async def _close_overdue(self, now: int) -> None:
        if now - self._looked_at >= (LOOK_EVERY if now < self._watch_until else LOOK_SELDOM):
            self._looked_at = now
            self.counts.closed += await self._store.close_overdue(self._clock.now().wall)

    def _ready(self, now: int) -> dict[EdgeId, list[str]]:
        """What can leave now, oldest first, by edge: one challenge carries one command."""
        ready: dict[EdgeId, list[str]] = {}
        if self._broker.connected:
            for command, one in self._waiting.items():
                if self._pulses.usable(one.edge, now) is not None:
                    ready.setdefault(one.edge, []).append(command)
        return ready

    async def _send(self, command: ToSend, outgoing: Outgoing, edge: EdgeId) -> None:
        """Let it leave if it still may; else it certainly did not, and that is said."""
        now = self._clock.now().elapsed
        pulse, entry = self._pulses.usable(edge, now), self._registry.edge(edge)
        left = outgoing.until - now
        if pulse is None or entry is None or left <= 0:
            return await self._abandon(command)
        self._pulses.spend(edge, pulse, now)
        frame = frame_of(command, edge, pulse, key_down=entry.keys.down, now=now, life=left)
        if not self._broker.publish(topic.command(shard_of(command.home), edge), frame):
            return await self._abandon(command)
        self.counts.sent += 1
        return None

    async def _abandon(self, command: ToSend) -> None:
        self.counts.abandoned += 1
        await self._store.abandon(command.id, NOT_CONNECTED, self._clock.now().wall)


def frame_of(command: ToSend, edge: EdgeId, pulse: Pulse, *, key_down: bytes, now: int, life: int) -> bytes:
    """The command's frame, bound to the edge's run, its challenge and its own steady clock."""
    body = Command(
        id=command.id,
        action=command.action,
        actor=command.actor,
        challenge=pulse.challenge,
        not_after=deadline(pulse.elapsed, now - pulse.heard_at, life),
        device=command.device,
        message=command.message if command.action is Action.ANNOUNCE else None,
    )
    header = Header(kind=Kind.COMMAND, edge=edge, run=pulse.run, beat=pulse.beat)
    return pack(header, encode_body(body), key_down)
