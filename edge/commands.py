"""What the edge makes of a command: the decision, pure.

Whatever is late, repeated, or meant for another edge, run or device is refused. A command is fresh once: its challenge
ends with the first authentic frame that carries it, and an id that was met is not met again. Times are microseconds of
the steady clock in the running epoch, as in `Heartbeat.elapsed`; no wall clock is asked.
"""

from collections import OrderedDict, deque
from collections.abc import Callable, Iterable, Mapping
from typing import Final

import msgspec

from edge.driver import Actuator
from homecare import wire
from homecare.clock import MINUTE
from homecare.command import LIFE_LIMIT, Action, Command, Reason
from homecare.device import Device
from homecare.errors import Malformed
from homecare.identity import DeviceId, EdgeId, Epoch, new_challenge
from homecare.wire import Header, Kind

IDS_LIMIT: Final = 1024
"""Commands whose ids are remembered; those of earlier runs come from the journal."""
REFUSALS_A_MINUTE: Final = 20
"""Refusals journaled; a person tries a few times. A flood of recorded frames must not fill the disk: it is counted."""


class Taken(msgspec.Struct, frozen=True):
    """A fresh command and the devices that it is for (several only where an announcement names none)."""

    command: Command
    targets: tuple[tuple[Device, Actuator], ...]


class Turned(msgspec.Struct, frozen=True):
    """A command that is refused; `device` is the one that it named, where that is one of ours."""

    command: Command
    reason: Reason
    device: DeviceId | None = None


class Commands:
    """The commands of one run of one edge; see the module."""

    def __init__(
        self,
        *,
        edge: EdgeId,
        run: Epoch,
        key: bytes,
        devices: Iterable[tuple[Device, Actuator | None]],
        fresh: Callable[[], str] = new_challenge,
    ) -> None:
        self.edge = edge
        self._run = run
        self._key = key
        self._devices: Mapping[str, tuple[Device, Actuator | None]] = {
            device.id: (device, by) for device, by in devices
        }
        self._ids: OrderedDict[str, None] = OrderedDict()
        self._fresh = fresh
        self._busy: set[str] = set()
        self._refused_at: deque[int] = deque(maxlen=REFUSALS_A_MINUTE)
        self.challenge = fresh()
        """What the next command must carry; to be told with a heartbeat at once when it has changed."""
        self.untold = 0
        """Refusals that were not journaled because there were too many."""

    def know(self, ids: Iterable[str]) -> None:
        """Commands with these ids were met before."""
        for one in ids:
            self._ids[one] = None
        while len(self._ids) > IDS_LIMIT:
            self._ids.popitem(last=False)

    def take(self, data: bytes, elapsed: int) -> Taken | Turned | None:
        """What follows from a frame: a command to carry out, one to refuse, or nothing (met before, or too many).

        `Malformed` or `Refused` (count it) where our gateway did not make the frame. A device of a `Taken` is busy
        until `ended`.
        """
        frame = wire.unpack(data)
        frame.verify(self._key)
        command = wire.read_body(frame, Command)
        if command.action is Action.ANNOUNCE and command.message is None:
            raise Malformed("take command", "message", "an announcement has one")
        if command.id in self._ids:
            return None
        self.know((command.id,))
        reason = self._stale(frame.header, command, elapsed)
        if command.challenge == self.challenge:
            self.challenge = self._fresh()
        if reason is not None:
            return self._turned(command, reason, elapsed)
        targets = self._targets(command)
        if isinstance(targets, Reason):
            return self._turned(command, targets, elapsed)
        self._busy.update(device.id for device, _ in targets)
        return Taken(command, targets)

    def ended(self, device: DeviceId) -> None:
        """The device is free for the next command."""
        self._busy.discard(device)

    def _stale(self, header: Header, command: Command, elapsed: int) -> Reason | None:
        if header.kind is not Kind.COMMAND or header.edge != self.edge:
            return Reason.NOT_OURS
        if header.run != self._run or command.challenge != self.challenge:
            return Reason.STALE_CHALLENGE
        return late(command, elapsed)

    def _targets(self, command: Command) -> tuple[tuple[Device, Actuator], ...] | Reason:
        if command.device is None and command.action is not Action.ANNOUNCE:
            return Reason.NO_SUCH_DEVICE
        asked = [self._devices.get(command.device)] if command.device is not None else list(self._devices.values())
        if asked == [None]:
            return Reason.NO_SUCH_DEVICE
        able = [(one[0], one[1]) for one in asked if one and one[1] and command.action in one[1].actions]
        if not able:
            return Reason.NOT_AN_ACTUATOR
        free = tuple(one for one in able if one[0].id not in self._busy)
        return free or Reason.BUSY

    def _turned(self, command: Command, reason: Reason, elapsed: int) -> Turned | None:
        refused = self._refused_at
        if len(refused) == REFUSALS_A_MINUTE and elapsed - refused[0] < MINUTE:
            self.untold += 1
            return None
        refused.append(elapsed)
        named = self._devices.get(command.device) if command.device is not None else None
        return Turned(command, reason, None if named is None else named[0].id)


def late(command: Command, elapsed: int) -> Reason | None:
    """Whether the command may no longer begin, or claims too much time."""
    if elapsed > command.not_after:
        return Reason.EXPIRED
    if command.not_after > elapsed + LIFE_LIMIT:
        return Reason.LIFE_TOO_LONG
    return None
