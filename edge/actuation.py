"""Carries commands out: journal first, then the device, then what came of it. The decision itself is `edge.commands`.

    frame -> Commands -> CommandTaken durable -> conversation with the device -> LockOperated, CommandEnded

Looks (a device has something to tell) and the edge's own announcements use the same road to the device. Whatever is
under way is bounded: one act a device, each within the transport's bound.
"""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, Final

import msgspec

from edge.command_history import History
from edge.commands import Commands, Taken, Turned, late
from edge.driver import Actuator, Connecting, Done, End, Failed, Memory, Uncertain, endless
from homecare.clock import MINUTE, SECOND
from homecare.command import Action, Command, Message, Outcome, Reason
from homecare.device import Device
from homecare.errors import VakaError
from homecare.event import AnyEvent, CommandEnded, CommandTaken, LockCause, LockOperated, LockState
from homecare.identity import DeviceId, new_challenge, new_id

JOURNAL_SECONDS: Final = 3.0
"""The disk gets so long for the entry that precedes the bolt; after it nothing moves."""
LOOK_EVERY: Final = 10 * SECOND
"""Microseconds between two looks at one device: its beacon asks many times a second."""
LOOK_LIMIT: Final = 10 * MINUTE
"""Microseconds at most: each look that gave nothing doubles the wait, to spare the device's battery."""
_OUTCOME: Final[dict[type[End], Outcome]] = {
    Done: Outcome.DONE,
    Failed: Outcome.FAILED,
    Uncertain: Outcome.UNKNOWN,
}


class Surroundings(msgspec.Struct, frozen=True, kw_only=True):
    """What the agent lends.

    `elapsed` gives the microseconds of the steady clock in the running epoch; `journal` journals a fact and gives an
    event that is set when it is durable; `challenged` says that the challenge is another one; `memory` and `secret`
    give what drivers remember of a device, and its own key.
    """

    elapsed: Callable[[], int]
    journal: Callable[[DeviceId | None, AnyEvent], asyncio.Event]
    challenged: Callable[[], None]
    memory: Callable[[DeviceId], Memory]
    secret: Callable[[DeviceId], bytes | None]


class Actuation:
    """See the module. `durable` is False for a journal in memory: without an entry on disk nothing moves."""

    def __init__(
        self,
        commands: Commands,
        actuators: tuple[tuple[Device, Actuator], ...],
        *,
        connecting: Connecting | None,
        around: Surroundings,
        durable: bool,
    ) -> None:
        self._commands = commands
        self._actuators = {device.id: (device, actuator) for device, actuator in actuators}
        self._connecting = connecting
        self._around = around
        self._durable = durable
        self._group: asyncio.TaskGroup | None = None
        self._acts: set[asyncio.Task[None]] = set()
        self._looks: dict[DeviceId, tuple[int, int]] = {}
        self._announcing: set[DeviceId] = set()

    @property
    def challenge(self) -> str | None:
        """For the heartbeat: None where this edge has nothing that acts."""
        return self._commands.challenge if self._actuators else None

    async def run(self) -> None:
        """Act until cancelled."""
        async with asyncio.TaskGroup() as self._group:
            await asyncio.Event().wait()

    async def settled(self) -> None:
        """Return when nothing is under way."""
        while self._acts:
            await asyncio.wait(self._acts)

    def begin(self, history: History) -> None:
        """What earlier runs left: ids that were met, and commands that a power cut interrupted."""
        self._commands.know(history.ids)
        for command, device in history.unended:
            self._around.journal(device, CommandEnded(command, Outcome.UNKNOWN, Reason.INTERRUPTED))

    def receive(self, frame: bytes) -> None:
        """A command frame, unverified. `Malformed` or `Refused` where our gateway did not make it."""
        before = self._commands.challenge
        found = self._commands.take(frame, self._around.elapsed())
        if self._commands.challenge != before:
            self._around.challenged()
        if isinstance(found, Turned):
            self._end(found.device, found.command, Outcome.REFUSED, found.reason)
        elif found is not None:
            self._start(self._carry_out(found))

    def look(self, device: DeviceId) -> None:
        """The device has something to tell."""
        now = self._around.elapsed()
        due, wait = self._looks.get(device, (now, LOOK_EVERY))
        if device in self._actuators and now >= due:
            self._looks[device] = now + wait, min(wait * 2, LOOK_LIMIT)
            self._start(self._look(*self._actuators[device]))

    def announce(self, message: Message) -> None:
        """The edge's own announcement to every announcer that is not at it already; no fact comes of it."""
        command = Command(
            id=new_id("announce"),
            action=Action.ANNOUNCE,
            actor=self._commands.edge,
            challenge=new_challenge(),
            not_after=self._around.elapsed(),
            message=message,
        )
        for device, actuator in self._actuators.values():
            if Action.ANNOUNCE in actuator.actions and device.id not in self._announcing:
                self._announcing.add(device.id)
                self._start(self._announce(command, device, actuator))

    # --- inside ----------------------------------------------------------------------------------------------------

    def _start(self, act: Coroutine[Any, Any, None]) -> None:
        if self._group is None:
            act.close()
            return
        task = self._group.create_task(act)
        self._acts.add(task)
        task.add_done_callback(self._acts.discard)

    async def _carry_out(self, taken: Taken) -> None:
        command = taken.command
        device = None if command.device is None else taken.targets[0][0].id
        try:
            reason = await self._precede(device, command)
            if reason is not None:
                self._end(device, command, Outcome.REFUSED, reason)
                return
            acts = [self._act(command, *target) for target in taken.targets]
            ends = await asyncio.gather(*acts)
        finally:
            for target, _ in taken.targets:
                self._commands.ended(target.id)
        worst = max(ends, key=lambda end: list(_OUTCOME).index(type(end)))
        self._end(device, command, _OUTCOME[type(worst)], worst.reason, worst.state)

    async def _precede(self, device: DeviceId | None, command: Command) -> Reason | None:
        """The entry that precedes the bolt; why nothing may move, where it is not on disk in time."""
        if not self._durable:
            return Reason.JOURNAL
        durable = self._around.journal(device, CommandTaken(command.id, command.action, command.actor))
        try:
            async with asyncio.timeout(JOURNAL_SECONDS):
                await durable.wait()
        except TimeoutError:
            return Reason.JOURNAL
        return late(command, self._around.elapsed())

    async def _act(self, command: Command, device: Device, actuator: Actuator) -> End:
        def left() -> float:
            return (command.not_after - self._around.elapsed()) / SECOND

        end = await self._talk(command, device, actuator, left)
        for event in end.events:
            self._around.journal(device.id, event)
        moved = end.reason is None if isinstance(end, Done) else end.moved
        if command.action is not Action.ANNOUNCE and moved:
            state = end.state or LockState.UNKNOWN
            self._around.journal(device.id, LockOperated(state, LockCause.COMMAND, command.id))
        return end

    async def _talk(self, command: Command, device: Device, actuator: Actuator, left: Callable[[], float]) -> End:
        if self._connecting is None:
            return Failed(Reason.NO_ANSWER)
        memory, secret = self._around.memory(device.id), self._around.secret(device.id)
        script = actuator.script(command, device, secret=secret, memory=memory)
        try:
            end = await self._connecting.act(device.address, script, left=left)
        except VakaError:
            return Uncertain()
        return Failed(Reason.NO_ANSWER) if end is None else end

    async def _look(self, device: Device, actuator: Actuator) -> None:
        if self._connecting is None:
            return
        memory, secret = self._around.memory(device.id), self._around.secret(device.id)
        found = await self._connecting.act(device.address, actuator.look(device, secret=secret, memory=memory))
        if found is None:
            return
        self._looks[device.id] = self._looks[device.id][0], LOOK_EVERY
        for event in found:
            self._around.journal(device.id, event)

    async def _announce(self, command: Command, device: Device, actuator: Actuator) -> None:
        try:
            await self._talk(command, device, actuator, endless)
        finally:
            self._announcing.discard(device.id)

    def _end(
        self,
        device: DeviceId | None,
        command: Command,
        outcome: Outcome,
        reason: Reason | None,
        state: LockState | None = None,
    ) -> None:
        self._around.journal(device, CommandEnded(command.id, outcome, reason, state))
