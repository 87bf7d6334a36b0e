"""A driver that does everything right, and its faulty sisters: each does one thing wrong."""

from collections.abc import Iterator

from edge.driver import Memory, Reading, Sighting
from homecare.device import Device
from homecare.errors import Malformed
from homecare.event import AnyEvent, HelpCalled, MotionChanged, Observed


class Sensor:
    """A driver that does everything right; its faults below each do one thing wrong."""

    name = "sensor"
    keys: tuple[str, ...] = ("ble:company:ffff",)

    def read(self, sighting: Sighting, device: Device, *, secret: bytes | None, memory: Memory) -> Reading:
        data = sighting.manufacturer_data.get(0xFFFF, b"")
        if len(data) != 2:
            raise Malformed("read sensor", "payload", "two bytes")
        return Reading(events=tuple(self.events(data, memory)), counter=data[0])

    def events(self, data: bytes, memory: Memory) -> Iterator[AnyEvent]:
        yield MotionChanged(moving=bool(data[1] & 1))


class BadName(Sensor):
    name = "Bad Name"


class OtherKey(Sensor):
    keys = ("ble:fcd2",)


class Wrong(Sensor):
    def events(self, data: bytes, memory: Memory) -> Iterator[AnyEvent]:
        yield MotionChanged(moving=not data[1] & 1)


class Moody(Sensor):
    said = 0

    def events(self, data: bytes, memory: Memory) -> Iterator[AnyEvent]:
        Moody.said += 1
        yield MotionChanged(moving=bool(Moody.said & 1))


class Fragile(Sensor):
    def read(self, sighting: Sighting, device: Device, *, secret: bytes | None, memory: Memory) -> Reading:
        data = sighting.manufacturer_data[0xFFFF]
        return Reading(events=(MotionChanged(moving=bool(data[1] & 1)),), counter=data[0])


class Infinite(Sensor):
    def events(self, data: bytes, memory: Memory) -> Iterator[AnyEvent]:
        yield Observed(quantity="x" * 5000, value=1.0)


class Alarming(Sensor):
    def events(self, data: bytes, memory: Memory) -> Iterator[AnyEvent]:
        yield HelpCalled()


class Repeating(Sensor):
    def read(self, sighting: Sighting, device: Device, *, secret: bytes | None, memory: Memory) -> Reading:
        reading = super().read(sighting, device, secret=secret, memory=memory)
        return Reading(events=reading.events)


class Forgetful(Sensor):
    """It counts, but says things only when its memory was warmed by an earlier sighting: lost across a restart."""

    def events(self, data: bytes, memory: Memory) -> Iterator[AnyEvent]:
        warm = "warm" in memory.values
        memory.values["warm"] = True
        if warm:
            yield MotionChanged(moving=bool(data[1] & 1))
