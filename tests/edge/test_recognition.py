"""Recognition: the right device for an address and a key, nobody for a stranger, and no memory for a crowd."""

import pytest

from edge.driver import Sighting
from edge.drivers import DRIVERS
from edge.recognition import STRANGERS_LIMIT, Recognition
from homecare.clock import Instant
from homecare.device import Capability, Device
from homecare.errors import Conflict, Unknown
from homecare.identity import DeviceId, HomeId

NOW = Instant(wall=0, elapsed=0)
BUTTON = "AA:BB:CC:DD:EE:01"


def device(number: int, driver: str, address: str) -> Device:
    return Device(
        id=DeviceId(f"device-{number:08}"),
        home=HomeId("home-00000001"),
        driver=driver,
        address=address,
        capabilities=(Capability.BUTTON,),
    )


DEVICES = (
    device(1, "bthome", BUTTON.lower()),
    device(2, "enocean:D5-00-01", "0180aabb"),
    device(3, "counted", "0000C0DE"),
)


def advert(address: str, service: str = "fcd2") -> Sighting:
    return Sighting(transport="ble", address=address, heard_at=NOW, service_data={service: b"\x40"})


def telegram(address: str) -> Sighting:
    return Sighting(transport="serial:x", address=address, heard_at=NOW, telegram=b"\x55")


@pytest.mark.parametrize(
    ("sighting", "number", "driver"),
    [
        (advert(BUTTON), 1, "bthome"),
        (advert(BUTTON.lower(), "FCD2"), 1, "bthome"),
        (advert(BUTTON, "180f"), 1, "battery_service"),
        (telegram("0180AABB"), 2, "enocean:D5-00-01"),
        (telegram("0000c0de"), 3, "counted"),
    ],
)
def test_a_known_sender_is_found(sighting: Sighting, number: int, driver: str) -> None:
    assert Recognition(DEVICES, DRIVERS).find(sighting) == (DEVICES[number - 1], DRIVERS[driver])


@pytest.mark.parametrize(
    "sighting",
    [
        advert("AA:BB:CC:DD:EE:02"),
        advert(BUTTON, "feaa"),
        Sighting(transport="ble", address=BUTTON, heard_at=NOW, manufacturer_data={0x004C: b"\x02\x15"}),
        Sighting(transport="ble", address=BUTTON, heard_at=NOW),
        telegram(BUTTON),
        telegram("00000000"),
        telegram("FFFFFFFF"),
        advert("0180AABB"),
    ],
)
def test_a_stranger_is_nobody(sighting: Sighting) -> None:
    recognition = Recognition(DEVICES, DRIVERS)
    assert recognition.find(sighting) is None
    assert recognition.find(sighting) is None
    assert recognition.strangers == 1


def test_a_crowd_of_rotating_addresses_is_counted_and_not_remembered() -> None:
    recognition = Recognition(DEVICES, DRIVERS)
    for number in range(50_000):
        assert recognition.find(advert(f"stranger {number}")) is None
    assert recognition.strangers == 50_000
    assert len(recognition._met) == STRANGERS_LIMIT


def test_a_device_without_a_driver_is_told_at_the_start() -> None:
    with pytest.raises(Unknown):
        Recognition([device(1, "enocean:D2-14-41", "0180AABB")], DRIVERS)


def test_two_devices_that_cannot_be_told_apart_are_told_at_the_start() -> None:
    with pytest.raises(Conflict):
        Recognition([device(1, "counted", "0180aabb"), device(2, "enocean:D5-00-01", "0180AABB")], DRIVERS)
