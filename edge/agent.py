r"""The agent: joins ears, journal and uplink. Everything that decides is elsewhere; this file only carries.

    sighting -> hearing -> entry -> recorder (journal thread) -> reply to the device
                              \-> alarms: reserved and sent whatever the disk does, then recorded
    journal -> uplink -> broker -> receipt -> uplink -> recorder
    command -> actuation -> recorder -> transport -> device -> recorder

One task group: a bug in any part ends the process with a non-zero exit, the supervisor restarts it, and the journal
goes on in a new epoch. `stop` ends in order: ears first, then the journal's queue, then the journal.
"""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Coroutine, Mapping, Sequence
from functools import partial
from typing import Any, Final

import msgspec

from edge.actuation import Actuation, Surroundings
from edge.commands import Commands
from edge.driver import Actuator, Connecting, Sighting, Transport
from edge.entry import Entry, Stored
from edge.health import Health
from edge.hearing import Heard, Hearing
from edge.journal import Journal
from edge.recorder import Recorder
from edge.renewing import Renewing
from edge.transports.mqtt import MqttTransport
from edge.uplink import Uplink
from homecare.clock import HOUR, SECOND, Clock, Instant
from homecare.command import Message
from homecare.delivery import HEARTBEAT_EVERY
from homecare.device import Device
from homecare.ending import end
from homecare.errors import Malformed, Refused, Unavailable
from homecare.event import AnyEvent, Stream, TransportChanged, TransportState, stream_of
from homecare.identity import DeviceId
from homecare.wire import Kind, kind_of

SOFTWARE: Final = "vaka-edge 0.1.0"
ALARM_PATIENCE_SECONDS: Final = 0.05
"""An alarm of a device that repeats until it is accepted is sent when the disk has it, or after this at the latest.
Sent before the commit, it would be told twice, in two epochs, if the power went in between."""
TICK_SECONDS: Final = 1.0
"""Between two looks at health, faults and added-up presses."""
SETTLE_SECONDS: Final = 5.0
"""A heartbeat waits so long for the disk; after that it says what was durable before."""
HEARD_SLACK: Final = 1 * SECOND
"""Microseconds that a sighting may wait between radio and journal: a heartbeat vouches for nothing younger."""
STOP_SECONDS: Final = 5.0
"""At the end the disk gets so long for what waits."""
JOURNAL: Final = "journal"
"""The name under which the journal's own trouble is told, as if it were a transport."""
_log = logging.getLogger(__name__)


class Agent:
    """One edge at work; see the module. `durable` is False for a journal in memory: then nothing is accepted."""

    def __init__(  # noqa: PLR0913 - the parts that it joins
        self,
        *,
        clock: Clock,
        journal: Journal,
        hearing: Hearing,
        health: Health,
        uplink: Uplink,
        mqtt: MqttTransport,
        transports: Sequence[Transport],
        commands: Commands,
        actuators: Sequence[tuple[Device, Actuator]] = (),
        renewing: Renewing | None = None,
        durable: bool = True,
    ) -> None:
        self._clock = clock
        self._journal = journal
        self._hearing = hearing
        self._health = health
        self._uplink = uplink
        self._mqtt = mqtt
        self._transports: Mapping[str, Transport] = {transport.name: transport for transport in transports}
        self._renewing = renewing
        self._durable = durable
        self._recorder = Recorder(journal, on_stored=self._stored, on_state=self._journal_state)
        self._actuation = self._act(commands, actuators)
        self._patient: dict[int, asyncio.TimerHandle] = {}
        self._disk = TransportState.WORKING
        self._wake = asyncio.Event()
        self._beat = asyncio.Event()
        self._stop = asyncio.Event()
        self._through = clock.now().wall
        self.forged = 0
        """Frames that came down without our gateway's authenticator."""

    def stop(self) -> None:
        """End `run` in order."""
        self._stop.set()

    async def run(self) -> None:
        """Work until `stop`; returns after the journal is closed. Any bug ends it with an exception group."""
        try:
            await self._open()
            async with asyncio.TaskGroup() as group:
                ears = [group.create_task(self._listen(transport)) for transport in self._transports.values()]
                rest = [
                    group.create_task(work)
                    for work in (
                        self._recorder.run(),
                        self._recorder.run_receipts(),
                        self._mqtt.run(self._up, self._down, self._receive),
                        self._pump(),
                        self._tick(),
                        self._heartbeats(),
                        self._actuation.run(),
                        *(() if self._renewing is None else (self._renewing.run(),)),
                    )
                ]
                await self._stop.wait()
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(STOP_SECONDS):
                        await self._actuation.settled()
                await end(*ears)
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(STOP_SECONDS):
                        await self._recorder.settled()
                await end(*rest)
            await self._recorder.note_receipts()
        finally:
            await self._recorder.close()

    # --- up --------------------------------------------------------------------------------------------------------

    async def _open(self) -> None:
        """The first record of the run, and what earlier runs left."""
        self._tell(None, self._journal.opening(SOFTWARE))
        if self._journal.set_aside is not None or not self._durable:
            self._tell(None, TransportChanged(transport=JOURNAL, state=TransportState.GONE))
        self._actuation.begin(await self._recorder.call(self._journal.commands))
        self._uplink.learn(await self._recorder.call(self._journal.held))

    def _act(self, commands: Commands, actuators: Sequence[tuple[Device, Actuator]]) -> Actuation:
        def journal(device: DeviceId | None, event: AnyEvent) -> asyncio.Event:
            durable = asyncio.Event()
            self._tell(device, event, then=durable.set)
            return durable

        around = Surroundings(
            elapsed=lambda: self._journal.elapsed(self._clock.now()),
            journal=journal,
            challenged=self._beat_now,
            memory=self._hearing.memory,
            secret=self._hearing.secret,
        )
        connecting = next((one for one in self._transports.values() if isinstance(one, Connecting)), None)
        return Actuation(commands, tuple(actuators), connecting=connecting, around=around, durable=self._durable)

    def _listen(self, transport: Transport) -> Coroutine[Any, Any, None]:
        return transport.run(self._sighted, partial(self._state, transport.name))

    def _sighted(self, sighting: Sighting) -> None:
        heard = self._hearing.hear(sighting, full=self._recorder.full)
        if heard is None:
            return
        if heard.believable:
            for device, event in self._health.heard(heard.device, sighting.heard_at):
                self._tell(device, event)
        if heard.look:
            self._actuation.look(heard.device)
        self._keep(heard, sighting.heard_at, partial(self._reply, sighting.transport, heard))

    def _keep(self, heard: Heard, at: Instant, accepted: Callable[[], None]) -> None:
        """Journal what was heard; `accepted` follows the commit of all of it.

        The counter travels with the least urgent fact, because that one is never committed before the others.
        """
        if not heard.events:
            accepted()
            return
        urgency = list(Stream)
        *others, last = sorted(heard.events, key=lambda event: urgency.index(stream_of(event)))
        repeats = heard.counter is not None
        for event in others:
            self._tell(heard.device, event, at=at, repeats=repeats)
        self._tell(heard.device, last, at=at, counter=heard.counter, repeats=repeats, then=accepted)

    def _reply(self, transport: str, heard: Heard) -> None:
        if heard.counter is not None:
            self._hearing.committed(heard.device, heard.counter)
        if heard.doubted is not None and heard.events:
            self._hearing.kept(heard.device, heard.doubted)
        if heard.reply is not None and self._durable:
            self._transports[transport].write(heard.reply)

    def _tell(
        self,
        device: DeviceId | None,
        event: AnyEvent,
        *,
        at: Instant | None = None,
        counter: int | None = None,
        repeats: bool = False,
        then: Callable[[], None] | None = None,
    ) -> None:
        """One fact on its way: alarms do not wait for the disk (but see `ALARM_PATIENCE_SECONDS`)."""
        at = at or self._clock.now()
        entry = Entry(
            event=event,
            device=device,
            occurred_at=at.wall,
            received_at=at.wall,
            uncertainty=at.uncertainty,
            elapsed=self._journal.elapsed(at),
            counter=counter,
        )
        if stream_of(event) is not Stream.ALARM:
            self._recorder.offer(entry, then)
            return
        alarm = self._journal.reserve(entry)
        if repeats:
            timer = asyncio.get_running_loop().call_later(ALARM_PATIENCE_SECONDS, self._send, alarm)
            self._patient[alarm.seq] = timer
        else:
            self._send(alarm)
        self._recorder.offer(alarm, then)

    def _send(self, alarm: Stored) -> None:
        self._patient.pop(alarm.seq, None)
        for outgoing in self._uplink.alarm(alarm, self._clock.now().elapsed):
            self._mqtt.send(outgoing)

    def _state(self, name: str, state: TransportState) -> None:
        _log.info("transport %s is %s", name, state)
        for device, event in self._health.transport(name, state, self._clock.now()):
            self._tell(device, event)

    def _journal_state(self, state: TransportState) -> None:
        if state is not self._disk:
            self._disk = state
            _log.warning("journal is %s", state)
            self._tell(None, TransportChanged(transport=JOURNAL, state=state))

    def _stored(self, stored: Sequence[Stored]) -> None:
        for fact in stored:
            if fact.stream is Stream.ALARM and fact.seq in self._patient:
                self._patient[fact.seq].cancel()
                self._send(fact)
        self._uplink.stored(stored)
        self._wake.set()

    # --- the line --------------------------------------------------------------------------------------------------

    def _up(self) -> None:
        with contextlib.suppress(OSError):  # a log that takes nothing, on a full disk say, keeps no alarm back
            print("connected", flush=True)  # noqa: T201 - what a supervisor or a test waits for
        self._uplink.connected()
        if self._renewing is not None:
            self._renewing.connected()
        self._beat_now()
        self._wake.set()

    def _down(self) -> None:
        self._uplink.disconnected()
        if self._renewing is not None:
            self._renewing.disconnected()

    def _beat_now(self) -> None:
        self._beat.set()

    def _receive(self, frame: bytes) -> None:
        try:
            if kind_of(frame) is Kind.COMMAND:
                self._actuation.receive(frame)
                return
            if kind_of(frame) is Kind.CERTIFICATE_ANSWER and self._renewing is not None:
                self._renewing.receive(frame)
                return
            noted = self._uplink.receive(frame, self._clock.now().elapsed)
        except (Malformed, Refused):
            self.forged += 1
            return
        if noted is not None:
            self._recorder.note(noted)
            if noted.stream is Stream.ALARM and noted.epoch == self._journal.epoch and not noted.rewind:
                self._actuation.announce(Message.RECEIVED)
        self._wake.set()

    async def _pump(self) -> None:
        """Send what the uplink has, whenever something happened or is due."""
        while True:
            self._wake.clear()
            await self._fill()
            sent = self._uplink.frames(self._clock.now().elapsed) if self._mqtt.room else []
            for outgoing in sent:
                self._mqtt.send(outgoing)
            await asyncio.sleep(0)
            if not sent:
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(self._idle()):
                        await self._wake.wait()

    async def _fill(self) -> None:
        for want in self._uplink.wants(self._clock.now().elapsed):
            try:
                found = await self._recorder.call(
                    self._journal.pending, want.epoch, want.stream, want.after, want.limit_bytes
                )
            except Unavailable:
                return
            self._uplink.load(want, found)

    def _idle(self) -> float:
        """Seconds until something may be due."""
        due = self._uplink.deadline()
        if due is None:
            return TICK_SECONDS
        return min(max((due - self._clock.now().elapsed) / SECOND, 0.01), TICK_SECONDS)

    # --- time ------------------------------------------------------------------------------------------------------

    async def _tick(self) -> None:
        released = self._clock.now().elapsed
        while True:
            await asyncio.sleep(TICK_SECONDS)
            now = self._clock.now()
            for device, event in self._health.tick(now):
                self._tell(device, event)
            for heard in self._hearing.tick(now.elapsed):
                self._keep(heard, now, partial(self._reply, "", heard))
            if now.elapsed - released >= HOUR:
                released = now.elapsed
                await self._release()
            if self._uplink.more_epochs:
                await self._recorder.note_receipts()
                self._uplink.learn(await self._recorder.call(self._journal.held))

    async def _release(self) -> None:
        with contextlib.suppress(Unavailable):
            while await self._recorder.call(self._journal.release):
                pass

    async def _heartbeats(self) -> None:
        """Every 30 s, and at once after connecting."""
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(HEARTBEAT_EVERY / SECOND):
                    await self._beat.wait()
            self._beat.clear()
            await self._heartbeat()

    async def _heartbeat(self) -> None:
        """Vouch for what is durable: everything known up to a moment, and then the heads (protocol rule 12)."""
        now = self._clock.now()
        wall, elapsed = max(now.wall - HEARD_SLACK, 0), now.elapsed - HEARD_SLACK
        through = self._health.heard_through(msgspec.structs.replace(now, wall=wall, elapsed=elapsed))
        with contextlib.suppress(TimeoutError, Unavailable):
            async with asyncio.timeout(SETTLE_SECONDS):
                await self._recorder.settled()
            self._through = through
        await self._recorder.note_receipts()
        held = await self._recorder.call(self._journal.held)
        now = self._clock.now()
        self._mqtt.send(
            self._uplink.heartbeat(
                now,
                elapsed=self._journal.elapsed(now),
                heard_through=self._through,
                held=held,
                challenge=self._actuation.challenge,
            )
        )
        self._wake.set()
