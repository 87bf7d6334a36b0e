"""What a sighting becomes: recognised, read, freed of repetitions, counted where it is refused. Pure but for drivers.

A driver remembers what it read, so nothing may be read that cannot be kept: when the journal's queue is full, devices
with counters are left unanswered (they repeat), and sightings of others are counted and told as a fault.
"""

from collections import Counter, deque
from collections.abc import Iterable, Mapping, MutableMapping
from typing import Final

import msgspec

from edge.driver import Driver, Memory, Reading, Sighting
from edge.presses import Presses
from edge.recognition import Recognition
from homecare.clock import MINUTE
from homecare.device import Device
from homecare.errors import Malformed, Refused
from homecare.event import AnyEvent, DeviceFault, DeviceFaulted, Doubt, HelpCalled
from homecare.identity import DeviceId

FAULT_EVERY: Final = MINUTE
"""Microseconds between two `DeviceFaulted` of one device and kind; what comes between is counted."""
KEYS_LIMIT: Final = 16
"""Transmissions remembered for a device, so that their repetitions are known."""


class Heard(msgspec.Struct, frozen=True, kw_only=True):
    """What a sighting says anew. `believable`: it is a sign of life. `reply` is due after the commit of `events`.

    `look`: the device has something to tell that must be asked for. Where calls for help were added up, counter and
    reply wait until those are told (`Hearing.tick`). `doubted` is the key of a transmission in doubt, whose repetitions
    are answered once it is durable.
    """

    device: DeviceId
    events: tuple[AnyEvent, ...] = ()
    counter: int | None = None
    reply: bytes | None = None
    believable: bool = True
    look: bool = False
    doubted: bytes | None = None


class _Memory:
    """What is kept for one device, as `edge.driver.Memory`: `pending` is the last counter on its way to the disk."""

    def __init__(self, device: DeviceId, stored: int | None) -> None:
        self.values: MutableMapping[str, object] = {}
        self.stored = stored
        self.pending = stored
        self.presses = Presses(device)
        self.doubted = Presses(device, Doubt.COUNTER_FELL)
        self.kept_in_doubt: deque[bytes] = deque(maxlen=KEYS_LIMIT)
        self._keys: deque[tuple[bytes, int]] = deque(maxlen=KEYS_LIMIT)

    @property
    def counter(self) -> int | None:
        return self.pending

    def repeated(self, reading: Reading, now: int) -> bool:
        """Whether the same transmission was heard a moment ago."""
        key = reading.repeat_key
        if key is None:
            return False
        before = any(key == other and now - at <= reading.repeat_window for other, at in self._keys)
        self._keys.append((key, now))
        return before


class Hearing:
    """The ears of one edge. `secrets` are the devices' keys, `counters` the stored counters; times are steady."""

    def __init__(
        self, recognition: Recognition, *, secrets: Mapping[DeviceId, bytes], counters: Mapping[str, int]
    ) -> None:
        self._recognition = recognition
        self._secrets = secrets
        self._counters = counters
        self._memories: dict[DeviceId, _Memory] = {}
        self._faults: Counter[tuple[DeviceId, DeviceFault]] = Counter()
        self._told: dict[tuple[DeviceId, DeviceFault], int] = {}

    def hear(self, sighting: Sighting, *, full: bool) -> Heard | None:
        """What the sighting says; None for strangers, repetitions and what must not be believed."""
        found = self._recognition.find(sighting)
        if found is None:
            return None
        device, driver = found
        memory = self._memory(device.id)
        if full:
            if memory.counter is None:
                self.fault(device.id, DeviceFault.STUCK)
            return None
        reading = self._read(sighting, device, driver)
        if reading is not None and reading.doubt is not None:
            return self._in_doubt(device.id, reading, sighting.heard_at.elapsed)
        if reading is None or memory.repeated(reading, sighting.heard_at.elapsed):
            return None if reading is None else Heard(device=device.id)
        if reading.counter is not None:
            stored, pending = memory.stored, memory.pending
            if pending is not None and reading.counter <= pending:
                answered = reading.counter == stored
                return Heard(device=device.id, reply=reading.reply if answered else None)
            memory.pending = reading.counter
        events = tuple(self._passing(reading, memory.presses, sighting.heard_at.elapsed))
        if len(events) < len(reading.events):
            return Heard(device=device.id, events=events, look=reading.look)
        return Heard(device=device.id, events=events, counter=reading.counter, reply=reading.reply, look=reading.look)

    def memory(self, device: DeviceId) -> Memory:
        """What is remembered of the device."""
        return self._memory(device)

    def secret(self, device: DeviceId) -> bytes | None:
        """The device's own key."""
        return self._secrets.get(device)

    def _in_doubt(self, device: DeviceId, reading: Reading, now: int) -> Heard:
        """Alarms that could not be verified: told as such, and the device's fault with them. Never a sign of life."""
        memory = self._memory(device)
        self.fault(device, DeviceFault.REPLAY)
        if memory.repeated(reading, now):
            reply = reading.reply if reading.repeat_key in memory.kept_in_doubt else None
            return Heard(device=device, believable=False, reply=reply)
        events = tuple(self._passing(reading, memory.doubted, now))
        reply = reading.reply if events else None
        return Heard(device=device, events=events, believable=False, reply=reply, doubted=reading.repeat_key)

    def kept(self, device: DeviceId, doubted: bytes) -> None:
        """The facts of this transmission in doubt are durable."""
        self._memory(device).kept_in_doubt.append(doubted)

    def committed(self, device: DeviceId, counter: int) -> None:
        """The facts under this counter are durable: its repetitions are answered from now on."""
        memory = self._memory(device)
        memory.stored = max(counter, -1 if memory.stored is None else memory.stored)

    def fault(self, device: DeviceId, kind: DeviceFault) -> None:
        """Count a sighting that was refused."""
        self._faults[device, kind] += 1

    def tick(self, now: int) -> list[Heard]:
        """What is due: faults to tell and presses that were added up."""
        due = [Heard(device=key[0], events=(event,), believable=False) for key, event in self._due_faults(now)]
        for device, memory in self._memories.items():
            for presses in (memory.presses, memory.doubted):
                called = presses.due(now)
                if called is not None:
                    self.fault(device, DeviceFault.STUCK)
                    due.append(Heard(device=device, events=(called[0],), counter=called[1], believable=False))
        return due

    def _memory(self, device: DeviceId) -> _Memory:
        memory = self._memories.get(device)
        if memory is None:
            memory = self._memories[device] = _Memory(device, self._counters.get(device))
        return memory

    def _read(self, sighting: Sighting, device: Device, driver: Driver) -> Reading | None:
        try:
            return driver.read(sighting, device, secret=self._secrets.get(device.id), memory=self._memory(device.id))
        except Malformed:
            self.fault(device.id, DeviceFault.UNDECODABLE)
        except Refused as refused:
            known = refused.subject in DeviceFault._value2member_map_
            self.fault(device.id, DeviceFault(refused.subject) if known else DeviceFault.WRONG_KEY)
        return None

    def _passing(self, reading: Reading, presses: Presses, now: int) -> Iterable[AnyEvent]:
        """The reading's events without the calls for help that are added up."""
        for event in reading.events:
            if not isinstance(event, HelpCalled) or presses.press(event, reading.counter, now):
                yield event

    def _due_faults(self, now: int) -> list[tuple[tuple[DeviceId, DeviceFault], DeviceFaulted]]:
        due = []
        for key, count in list(self._faults.items()):
            if now - self._told.get(key, -FAULT_EVERY) >= FAULT_EVERY:
                due.append((key, DeviceFaulted(fault=key[1], count=count)))
                self._told[key] = now
                del self._faults[key]
        return due
