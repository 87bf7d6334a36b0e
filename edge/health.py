"""Health: over which time has the edge proved that it could hear each device? Pure; the agent calls it and journals.

A device is covered while its transport works and the device proves itself. One that promises signs of life
(`Device.reports_every`) proves itself by being heard: until it was first heard it is not covered, and it stops being
covered when it is overdue, then with effect from the moment it was last heard. One that speaks only when something
happens can prove nothing, so its transport's word is taken: it is covered as soon as the transport works, because
otherwise a door that stays shut would never be believed to be shut.

A transport's state is unknown until it first says `working`; nothing is covered before that. Every method takes the
time and returns what there is to journal, in order: (device, event), the device None for what the edge says of itself.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from homecare.clock import HOUR, MINUTE, SECOND, Instant
from homecare.device import Device
from homecare.event import (
    AnyEvent,
    ClockStepped,
    CoverageChanged,
    CoverageConfirmed,
    CoverageReason,
    TransportChanged,
    TransportState,
)
from homecare.identity import DeviceId

MISSED: Final = 3
"""Promised signs of life that may be missed: radio loses single ones."""
OVERDUE_LIMIT: Final = 25 * HOUR
"""Microseconds; nobody waits longer than this for a device, whatever it promises: one a day, and an hour of grace."""
CONFIRM_EVERY: Final = 15 * MINUTE
"""Microseconds between two confirmations, the checkpoints of coverage in the record stream."""
STEP_LIMIT: Final = 2 * SECOND
"""Microseconds by which wall and steady clock may differ between two ticks before it counts as a step."""
DEAF_WITHIN: Final = 2 * MINUTE
"""Microseconds within which a transport notices that it is deaf or stuck: so far back it may have heard nothing."""
_NOTICED_LATE: Final = frozenset({TransportState.DEAF, TransportState.STUCK})

Told = list[tuple[DeviceId | None, AnyEvent]]


class _Supervised:
    """One device: `last` is when it was heard last."""

    def __init__(self, device: Device, transport: str) -> None:
        self.id = device.id
        self.transport = transport
        every = device.reports_every
        self.patience = None if every is None else min(MISSED * every * SECOND, OVERDUE_LIMIT)
        self.last: Instant | None = None
        self.covered = False
        self.told = False

    def overdue(self, at: Instant) -> bool:
        """Whether a promised sign of life is missing; also before the first one was heard."""
        if self.patience is None:
            return False
        return self.last is None or at.elapsed - self.last.elapsed > self.patience


class Health:
    """The coverage of one edge's devices; see the module."""

    def __init__(self, devices: Iterable[Device], transports: Mapping[str, tuple[DeviceId, ...]], now: Instant) -> None:
        """`transports` names for each transport (`ble`, `serial:NAME`) the devices that it hears."""
        road = {device: transport for transport, heard in transports.items() for device in heard}
        self._devices = {device.id: _Supervised(device, road[device.id]) for device in devices if device.id in road}
        self._states: dict[str, TransportState | None] = dict.fromkeys(transports)
        self._ticked = now
        self._confirmed = now

    def heard(self, device_id: DeviceId, at: Instant) -> Told:
        """A believable sighting of the device."""
        device = self._devices.get(device_id)
        if device is None:
            return []
        device.last = at
        return list(self._judge(device, at, CoverageReason.HEARD))

    def transport(self, name: str, state: TransportState, at: Instant) -> Told:
        """The transport says how it is; nothing when that is what it said before."""
        before = self._states.get(name)
        if before is state:
            return []
        self._states[name] = state
        told: Told = [(None, TransportChanged(transport=name, state=state))]
        back = CoverageReason.STARTED if before is None else CoverageReason.TRANSPORT_BACK
        reason = back if state is TransportState.WORKING else CoverageReason.TRANSPORT_LOST
        for device in self._devices.values():
            if device.transport == name:
                if reason is CoverageReason.TRANSPORT_BACK and device.patience is not None:
                    device.last = None  # what it said before the gap proves nothing after it
                told.extend(self._judge(device, at, reason))
        return told

    def tick(self, at: Instant) -> Told:
        """Time has passed; to be called every second or so, at the least every `CONFIRM_EVERY`."""
        told: Told = []
        step = (at.wall - self._ticked.wall) - (at.elapsed - self._ticked.elapsed)
        if abs(step) > STEP_LIMIT:
            told.append((None, ClockStepped(step=step)))
        self._ticked = at
        for device in self._devices.values():
            told.extend(self._judge(device, at, CoverageReason.NOT_HEARD))
        if at.elapsed - self._confirmed.elapsed >= CONFIRM_EVERY:
            self._confirmed = at
            covered = tuple(device.id for device in self._devices.values() if device.covered)
            told.append((None, CoverageConfirmed(through=self.heard_through(at), covered=covered)))
        return told

    def heard_through(self, at: Instant) -> int:
        """Wall time up to which everything known about coverage has been told by the methods above.

        That is `at` itself, because a loss that only shows later is told with the earlier `since`.
        """
        return at.wall

    def covered(self) -> frozenset[DeviceId]:
        """The devices covered now."""
        return frozenset(device.id for device in self._devices.values() if device.covered)

    def _judge(self, device: _Supervised, at: Instant, reason: CoverageReason) -> Iterator[tuple[DeviceId, AnyEvent]]:
        works = self._states.get(device.transport) is TransportState.WORKING
        covered = works and not device.overdue(at)
        if device.told and covered is device.covered:
            return
        if not device.told and not covered and self._states.get(device.transport) is None:
            return
        device.covered, device.told = covered, True
        yield device.id, CoverageChanged(covered=covered, since=self._since(device, at, reason), reason=reason)

    def _since(self, device: _Supervised, at: Instant, reason: CoverageReason) -> int:
        """From when on: a silence that only now is too long began when something was last heard."""
        if reason is CoverageReason.NOT_HEARD and device.last is not None:
            return _wall(device.last, at)
        if reason is CoverageReason.TRANSPORT_LOST and self._states[device.transport] in _NOTICED_LATE:
            heard = [one.last for one in self._devices.values() if one.transport == device.transport and one.last]
            return max([at.wall - DEAF_WITHIN, 0, *(_wall(last, at) for last in heard)])
        return at.wall


def _wall(then: Instant, at: Instant) -> int:
    """The wall time of an earlier instant by the wall clock of now, which may have been set since."""
    return max(at.wall - (at.elapsed - then.elapsed), 0)
