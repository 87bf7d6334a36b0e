"""Simulated devices against the edge's own decoders: written apart, so each checks the other."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest

from edge.driver import Sighting
from edge.drivers import DRIVERS
from edge.drivers.counted import Counted
from edge.drivers.esp3 import Esp3Framer
from edge.transports.serial import SerialTransport
from homecare.clock import SystemClock
from homecare.device import Capability, Device
from homecare.event import (
    AnyEvent,
    ContactChanged,
    HelpCalled,
    LeakChanged,
    MotionChanged,
    Observed,
)
from homecare.identity import DeviceId, HomeId
from simulator import messages
from simulator.air import Advertisement, VirtualAir
from simulator.counters import BLOCK, Counters
from simulator.devices import REPETITIONS, BthomeDevice, CountedDevice, EnoceanDevice, EnoceanStick
from simulator.messages import Message
from tests.radio import PATIENCE, Listener

ADDRESS = "E1:00:00:00:00:01"
SENDER = bytes.fromhex("01800101")
KEY = bytes(range(16))
CLOCK = SystemClock()


class Memory:
    counter: int | None = None

    def __init__(self) -> None:
        self.values: dict[str, object] = {}


def installed(driver: str, *capabilities: Capability) -> Device:
    return Device(
        id=DeviceId("device-0001"),
        home=HomeId("home-0001"),
        driver=driver,
        address=ADDRESS,
        capabilities=capabilities,
    )


class Tape(VirtualAir):
    """An air that remembers what was on it."""

    def __init__(self) -> None:
        super().__init__()
        self.said: list[Advertisement] = []

    def broadcast(self, sender: str, heard: Advertisement) -> None:
        self.said.append(heard)


def bthome(tmp_path: Path, air: VirtualAir, key: bytes | None) -> BthomeDevice:
    return BthomeDevice(
        "sensor", ADDRESS, air=air, counters=Counters(tmp_path / "c"), chance=Random(1), key=key, triggered=True
    )


SAYINGS: list[tuple[Message, Capability, AnyEvent]] = [
    (messages.press(), Capability.HELP_CALL, HelpCalled()),
    (messages.door(is_open=True), Capability.CONTACT, ContactChanged(open=True)),
    (messages.motion(moving=True), Capability.MOTION, MotionChanged(moving=True)),
    (messages.leak(wet=True), Capability.LEAK, LeakChanged(wet=True)),
    (messages.temperature(-3.25), Capability.OBSERVATION, Observed(quantity="temperature", value=-3.25, unit="°C")),
]


@pytest.mark.asyncio
@pytest.mark.parametrize("key", [None, KEY], ids=["plain", "encrypted"])
@pytest.mark.parametrize(("message", "capability", "event"), SAYINGS)
async def test_what_a_bthome_device_says_is_what_the_edge_reads(
    tmp_path: Path, key: bytes | None, message: Message, capability: Capability, event: AnyEvent
) -> None:
    air = Tape()
    await bthome(tmp_path, air, key).say(message)
    assert len(air.said) == REPETITIONS
    assert len({heard.data for heard in air.said}) == 1
    data = air.said[0].data.split(b"\xd2\xfc", 1)[1]
    sighting = Sighting(transport="ble", address=ADDRESS, heard_at=CLOCK.now(), service_data={"fcd2": data})
    reading = DRIVERS["bthome"].read(sighting, installed("bthome", capability), secret=key, memory=Memory())
    assert reading.events == (event,)


@pytest.mark.asyncio
async def test_a_sensor_that_notices_something_while_it_repeats_never_goes_back_to_the_older_word(
    tmp_path: Path,
) -> None:
    """A door moved while its contact told a sign of life was refused as an old word played again."""
    air = Tape()
    device = bthome(tmp_path, air, KEY)
    await asyncio.gather(device.say(messages.door(is_open=False)), device.say(messages.door(is_open=True)))
    memory, contact, told = Memory(), installed("bthome", Capability.CONTACT), []
    for heard in air.said:
        data = heard.data.split(b"\xd2\xfc", 1)[1]
        sighting = Sighting(transport="ble", address=ADDRESS, heard_at=CLOCK.now(), service_data={"fcd2": data})
        reading = DRIVERS["bthome"].read(sighting, contact, secret=KEY, memory=memory)
        told += [] if reading.counter == memory.counter else [*reading.events]
        memory.counter = reading.counter
    assert told == [ContactChanged(open=False), ContactChanged(open=True)]
    assert len(air.said) == 1 + REPETITIONS


@pytest.mark.asyncio
async def test_a_silent_device_says_nothing(tmp_path: Path) -> None:
    air = Tape()
    device = bthome(tmp_path, air, None)
    device.silent = True
    await device.say(messages.press())
    assert not air.said


TELEGRAMS: list[tuple[str, Message, Capability, type[AnyEvent]]] = [
    ("enocean:F6-02-01", messages.press(), Capability.HELP_CALL, HelpCalled),
    ("enocean:D5-00-01", messages.door(is_open=True), Capability.CONTACT, ContactChanged),
    ("enocean:F6-05-01", messages.leak(wet=True), Capability.LEAK, LeakChanged),
    ("enocean:A5-02-05", messages.temperature(21.5), Capability.OBSERVATION, Observed),
]


@pytest.mark.asyncio
@pytest.mark.parametrize(("driver", "message", "capability", "event"), TELEGRAMS, ids=lambda value: str(value)[:16])
async def test_what_an_enocean_device_says_is_what_the_edge_reads(
    tmp_path: Path, driver: str, message: Message, capability: Capability, event: Callable[..., AnyEvent]
) -> None:
    stick = EnoceanStick(tmp_path / "stick")
    stick.port.plug()
    device = EnoceanDevice("sensor", SENDER, stick)
    async with Listener(port(tmp_path)) as listener:
        await listener.state()
        await device.say(message)
        sighting = await listener.sighting()
    stick.port.unplug()
    assert sighting.address == SENDER.hex().upper()
    reading = DRIVERS[driver].read(sighting, installed(driver, capability), secret=None, memory=Memory())
    assert [type(one) for one in reading.events] == [event]


def port(tmp_path: Path) -> SerialTransport:
    return SerialTransport("stick", str(tmp_path / "stick"), baud=57_600, framer=Esp3Framer(), clock=CLOCK)


@pytest.mark.asyncio
async def test_a_counted_device_repeats_until_accepted_and_goes_on_in_order(tmp_path: Path) -> None:
    stick = EnoceanStick(tmp_path / "stick")
    stick.port.plug()
    device = CountedDevice("fault", SENDER, stick, Counters(tmp_path / "counters"))
    facts = [messages.door(is_open=bool(number % 2)) for number in range(5)]
    for fact in facts:
        await device.say(fact)
    saying = asyncio.create_task(device.run())
    heard: list[int] = []
    async with Listener(port(tmp_path)) as listener:
        while device.unsaid:
            sighting = await listener.sighting()
            reading = Counted().read(sighting, installed("counted"), secret=None, memory=Memory())
            heard.append(reading.counter or 0)
            if heard.count(heard[-1]) > 1:  # not accepted at once: it must come again
                listener.transport.write(reading.reply or b"")
                async with asyncio.timeout(PATIENCE):
                    while len(device.accepted) < heard[-1]:  # noqa: ASYNC110 - a device has no bell
                        await asyncio.sleep(0.005)
    saying.cancel()
    stick.port.unplug()
    assert heard == sorted(heard), "in order"
    assert all(heard.count(number) > 1 for number in range(1, 6)), "said until it is accepted"
    assert device.accepted == [(number + 1, fact.objects) for number, fact in enumerate(facts)]


def test_counters_never_fall_and_survive_a_kill(tmp_path: Path) -> None:
    before = Counters(tmp_path / "counters")
    assert [before.next("a"), before.next("a"), before.next("b")] == [1, 2, 1]
    after = Counters(tmp_path / "counters")
    assert 2 < after.next("a") <= 2 + BLOCK
