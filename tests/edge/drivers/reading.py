"""Sightings and memories for tests of drivers: what the agent would give them."""

from collections.abc import MutableMapping

from cryptography.hazmat.primitives.ciphers.aead import AESCCM

from edge.driver import Reading, Sighting
from edge.drivers import DRIVERS, FRAMERS
from homecare.clock import Instant
from homecare.device import Capability, Device
from homecare.event import AnyEvent
from homecare.identity import DeviceId, HomeId

BLE_ADDRESS = "54:48:E6:8F:80:A5"
KEY = bytes.fromhex("231d39c1d7cc1ab1aee224cd096db932")


class Remembered:
    """A memory as the agent keeps it; `store` is what the agent does after the journal's commit."""

    def __init__(self, counter: int | None = None) -> None:
        self.counter = counter
        self.values: MutableMapping[str, object] = {}

    def store(self, counter: int | None) -> bool:
        """Whether the counter is above the stored one, which it then becomes."""
        if counter is None:
            return True
        if self.counter is not None and counter <= self.counter:
            return False
        self.counter = counter
        return True


class Bench:
    """One device with its driver on the bench: give it bytes, see events. Time is in seconds."""

    def __init__(
        self, driver: str, *capabilities: Capability, address: str = BLE_ADDRESS, secret: bytes | None = None
    ) -> None:
        self.device = Device(
            id=DeviceId("device-00000001"),
            home=HomeId("home-00000001"),
            driver=driver,
            address=address,
            capabilities=capabilities,
        )
        self.driver = DRIVERS[driver]
        self.secret = secret
        self.memory = Remembered()

    def read(self, sighting: Sighting) -> Reading:
        return self.driver.read(sighting, self.device, secret=self.secret, memory=self.memory)

    def advertise(self, data: bytes, *, at: float = 0.0, service: str = "fcd2", rssi: int | None = -60) -> Reading:
        """One advertisement; its counter is stored as the agent would, so a repeated one gives no events."""
        reading = self.read(
            Sighting(
                transport="ble",
                address=self.device.address,
                heard_at=Instant(wall=0, elapsed=round(at * 1_000_000)),
                rssi=rssi,
                service_data={service: data},
            )
        )
        if self.memory.store(reading.counter):
            return reading
        return Reading(events=(), counter=reading.counter, reply=reading.reply)

    def advertised(self, text: str, *, at: float = 0.0) -> tuple[AnyEvent, ...]:
        return self.advertise(bytes.fromhex(text), at=at).events

    def line(self, data: bytes, *, at: float = 0.0) -> list[Reading]:
        """What the telegrams in some bytes from a serial line say."""
        readings = []
        for address, telegram in FRAMERS["esp3"]().feed(data):
            assert address == self.device.address
            heard_at = Instant(wall=0, elapsed=round(at * 1_000_000))
            readings.append(
                self.read(Sighting(transport="serial:x", address=address, heard_at=heard_at, telegram=telegram))
            )
        return readings

    def telegram(self, data: bytes, *, at: float = 0.0) -> tuple[AnyEvent, ...]:
        return tuple(event for reading in self.line(data, at=at) for event in reading.events)


def encrypted(objects: bytes, counter: int, *, key: bytes = KEY, address: str = BLE_ADDRESS, info: int = 0x41) -> bytes:
    """An encrypted BTHome frame as a device makes it."""
    number = counter.to_bytes(4, "little")
    nonce = bytes.fromhex(address.replace(":", "")) + b"\xd2\xfc" + bytes((info,)) + number
    sealed = AESCCM(key, tag_length=4).encrypt(nonce, objects, None)
    return bytes((info,)) + sealed[:-4] + number + sealed[-4:]
