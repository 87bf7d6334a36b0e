"""Hostile and broken advertisements, by the ids of the catalogue. After each of them a good one is read as ever."""

import time
from pathlib import Path
from typing import NamedTuple

import pytest

from edge.driver import Sighting
from edge.drivers import DRIVERS
from edge.drivers.bthome import PAYLOAD_LIMIT
from edge.drivers.bthome_payload import OBJECTS_LIMIT
from edge.recognition import STRANGERS_LIMIT, Recognition
from homecare.clock import Instant
from homecare.device import Capability
from homecare.errors import Malformed, Refused
from homecare.event import (
    AnyEvent,
    BatteryReported,
    ContactChanged,
    DeviceFault,
    DeviceFaulted,
    Doubt,
    HelpCalled,
    Observed,
)
from tests.bad.catalogue import accounted
from tests.edge.drivers.reading import KEY, Bench, encrypted

UNREADABLE = DeviceFaulted(DeviceFault.UNDECODABLE)
Outcome = tuple[AnyEvent, ...] | type[Malformed] | DeviceFault


class Case(NamedTuple):
    """What a call button with (`keyed`) or without a key advertises, and what comes of it."""

    id: str
    what: str
    data: bytes
    outcome: Outcome
    keyed: bool = False


def plain(text: str) -> bytes:
    return bytes.fromhex("40" + text)


PRESS = b"\x3a\x01"
CASES = [
    Case(
        "ble-08",
        "1,649 bytes of objects",
        plain("0161" * 824),
        (*[BatteryReported(percent=97)] * OBJECTS_LIMIT, UNREADABLE),
    ),
    Case("ble-08", "more than Bluetooth can chain", bytes(PAYLOAD_LIMIT + 1), Malformed),
    Case("ble-09", "cut off in the second object", plain("3A0102C4"), (HelpCalled(), UNREADABLE)),
    Case("ble-09", "cut off in the only object", plain("02C4"), Malformed),
    Case(
        "ble-10",
        "an unknown object before the button",
        plain("0161EE053A01"),
        (BatteryReported(percent=97), UNREADABLE),
    ),
    Case("ble-10", "an unknown object behind the button", plain("3A01EE05"), (HelpCalled(), UNREADABLE)),
    Case("ble-10", "only an unknown object", plain("EE05"), Malformed),
    Case("ble-11", "ids from high to low", plain("3A010161"), (HelpCalled(), BatteryReported(percent=97))),
    Case(
        "ble-12",
        "one measurement twice",
        plain("2E232E23"),
        (Observed("humidity", 35.0, "%"), Observed("humidity_2", 35.0, "%")),
    ),
    Case("ble-13", "the largest number of 24 bits", plain("42FFFF7F"), (Observed("duration", 8388.607, "s"),)),
    Case("ble-13", "the sign bit of an unsigned number", plain("42000080"), (Observed("duration", 8388.608, "s"),)),
    Case("ble-13", "the least number of 32 bits", plain("5C00000080"), (Observed("power", -21474836.48, "W"),)),
    Case("ble-14", "-327.68 °C", plain("020080"), (Observed("temperature", -327.68, "°C"),)),
    Case("ble-14", "0xFFFF as a signed temperature", plain("02FFFF"), (Observed("temperature", -0.01, "°C"),)),
    Case("ble-14", "0xFFFF as an unsigned humidity", plain("03FFFF"), (Observed("humidity", 655.35, "%"),)),
    Case("ble-15", "battery 0 %", plain("0100"), (BatteryReported(percent=0),)),
    Case("ble-15", "battery 255 %", plain("01FF3A01"), (HelpCalled(), UNREADABLE)),
    Case("ble-17", "encrypted, no key known", encrypted(PRESS, 1), DeviceFault.WRONG_KEY),
    Case(
        "ble-18", "encrypted under another key", encrypted(PRESS, 1, key=bytes(16)), DeviceFault.WRONG_KEY, keyed=True
    ),
    Case(
        "ble-19",
        "tag off by a bit",
        encrypted(PRESS, 1)[:-1] + bytes((encrypted(PRESS, 1)[-1] ^ 1,)),
        DeviceFault.WRONG_KEY,
        keyed=True,
    ),
    Case("ble-21", "plain from a device with a key", plain("3A01"), DeviceFault.DOWNGRADE, keyed=True),
    Case(
        "ble-22",
        "a clone of the address without the key",
        encrypted(PRESS, 9, key=KEY[::-1]),
        DeviceFault.WRONG_KEY,
        keyed=True,
    ),
    Case("ble-33", "a device's clock in 2000", plain("5080D36D38"), (Observed("device_time", 946721664.0, "s"),)),
]


def outcome_of(bench: Bench, data: bytes) -> Outcome:
    try:
        return bench.advertise(data).events
    except Malformed:
        return Malformed
    except Refused as refused:
        return DeviceFault(refused.subject)


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.id} {case.what}")
def test_bad_advertisement(case: Case) -> None:
    bench = Bench("bthome", Capability.HELP_CALL, secret=KEY if case.keyed else None)
    assert outcome_of(bench, case.data) == case.outcome
    good = encrypted(b"\x00\x77\x3a\x01", 77) if case.keyed else plain("00773A01")
    assert outcome_of(bench, good) == (HelpCalled(),)


def sighting(address: str, **data: object) -> Sighting:
    return Sighting(transport="ble", address=address, heard_at=Instant(0, 0), **data)  # type: ignore[arg-type] # one field of the sighting


STRANGE = [
    ("ble-06", {"manufacturer_data": {0x004C: b"\x02"}}),
    ("ble-07", {"manufacturer_data": {0xFFFF: b"\x3a\x01"}}),
    ("ble-25", {"manufacturer_data": {0x004C: b"\x02\x15" + bytes(21)}}),
    ("ble-25", {"service_data": {"feaa": b"\x00" + bytes(19)}}),
]


@pytest.mark.parametrize(("case", "data"), STRANGE, ids=[case for case, _ in STRANGE])
def test_what_no_driver_reads_is_nobody(case: str, data: dict[str, object]) -> None:
    bench = Bench("bthome", Capability.HELP_CALL)
    recognition = Recognition([bench.device], DRIVERS)
    assert recognition.find(sighting(bench.device.address, **data)) is None
    assert recognition.find(sighting(bench.device.address, service_data={"fcd2": plain("3A01")})) is not None


NAMES = [
    ("ble-24", "\x00\x1b[2J\u202e"),
    ("ble-24", "x" * 248),
    ("ble-24", "\udcff"),
    ("ble-26", "<script>alert(1)</script>"),
    ("ble-26", "'; drop table alert; --"),
]


@pytest.mark.parametrize(("case", "name"), NAMES, ids=[f"{case} {index}" for index, (case, _) in enumerate(NAMES)])
def test_a_name_goes_nowhere(case: str, name: str) -> None:
    bench = Bench("bthome", Capability.HELP_CALL)
    heard = sighting(bench.device.address, service_data={"fcd2": plain("3A01")}, local_name=name)
    assert bench.read(heard).events == (HelpCalled(),)


@pytest.mark.parametrize("rssi", [None, 127, 0, 20, -127])
def test_ble_27_signal_strength_changes_nothing(rssi: int | None) -> None:
    assert Bench("bthome", Capability.HELP_CALL).advertise(plain("3A01"), rssi=rssi).events == (HelpCalled(),)


PACKETS = [
    ("wraps from 255 to 0", [(254, 0.0), (255, 1.0), (0, 2.0), (1, 3.0)], 4),
    ("stuck, presses apart", [(9, 0.0), (9, 10.0), (9, 20.0)], 3),
    ("stuck, repetitions", [(9, 0.0), (9, 0.1), (9, 0.2)], 1),
    ("random", [(200, 0.0), (3, 1.0), (77, 2.0)], 3),
]


@pytest.mark.parametrize(("presses", "calls"), [row[1:] for row in PACKETS], ids=[row[0] for row in PACKETS])
def test_ble_16_packet_id(presses: list[tuple[int, float]], calls: int) -> None:
    bench = Bench("bthome", Capability.HELP_CALL)
    events = [event for number, at in presses for event in bench.advertised(f"4000{number:02X}3A01", at=at)]
    assert events == [HelpCalled()] * calls


def test_ble_20_counter() -> None:
    bench = Bench("bthome", Capability.HELP_CALL, secret=KEY)
    called: Outcome = (HelpCalled(),)
    replay, doubted = DeviceFault.REPLAY, (HelpCalled(doubt=Doubt.COUNTER_FELL),)
    for counter, outcome in [
        (1000, called),
        (1000, ()),
        (999, doubted),
        (0, doubted),
        (1000 + 2**31, called),
        (1000, replay),
        (2**32 - 1, called),
        (0, doubted),
    ]:
        assert outcome_of(bench, encrypted(PRESS, counter)) == outcome


def test_ble_23_rotating_addresses() -> None:
    bench = Bench("bthome", Capability.HELP_CALL)
    recognition = Recognition([bench.device], DRIVERS)
    for number in range(50_000):
        recognition.find(sighting(f"{number:012X}", service_data={"fcd2": plain("3A01")}))
    assert (recognition.strangers, len(recognition._met)) == (50_000, STRANGERS_LIMIT)
    assert recognition.find(sighting(bench.device.address, service_data={"fcd2": plain("3A01")})) is not None


def test_ble_29_a_flood_from_one_device() -> None:
    bench = Bench("bthome", Capability.HELP_CALL)
    started = time.process_time()
    events = [event for _ in range(2_000) for event in bench.advertise(plain("01613A01")).events]
    assert events == [BatteryReported(percent=97), HelpCalled()]
    assert time.process_time() - started < 1
    for number in range(2_000):
        bench.advertise(plain(f"02{number:04X}"))
    assert len(bench.memory.values) < 16


def test_ble_31_repetitions_and_presses() -> None:
    bench = Bench("bthome", Capability.HELP_CALL)
    once = [event for number in range(20) for event in bench.advertised("4000053A01", at=number / 10)]
    assert once == [HelpCalled()]
    again = [event for number in range(20) for event in bench.advertised("4000063A01", at=3 + number / 10)]
    assert again == [HelpCalled()]


def test_ble_34_two_adapters() -> None:
    bench = Bench("bthome", Capability.HELP_CALL)
    assert bench.advertise(plain("00053A01"), rssi=-40).events == (HelpCalled(),)
    assert bench.advertise(plain("00053A01"), rssi=-90, at=0.02).events == ()
    keyed = Bench("bthome", Capability.CONTACT, secret=KEY)
    assert keyed.advertise(encrypted(b"\x1a\x01", 5)).events == (ContactChanged(open=True),)
    assert keyed.advertise(encrypted(b"\x1a\x01", 5), at=0.02).events == ()


def test_ble_35_heard_before_it_was_configured() -> None:
    bench = Bench("bthome", Capability.HELP_CALL)
    heard = sighting(bench.device.address, service_data={"fcd2": plain("3A01")})
    assert Recognition([], DRIVERS).find(heard) is None
    assert Recognition([bench.device], DRIVERS).find(heard) == (bench.device, bench.driver)


def test_every_case_of_the_catalogue_is_accounted_for() -> None:
    tabled = {case.id for case in CASES} | {case for case, _ in STRANGE} | {case for case, _ in NAMES}
    twice, ids = accounted("ble", Path(__file__).read_text(encoding="utf-8"), tabled)
    assert twice == []
    assert ids == {f"ble-{number:02}" for number in range(1, 37)}
