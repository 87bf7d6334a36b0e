"""Bad advertisements on the air (ble-01 to 09, 24, 26, 27, 28, 32): each is survived and the next good one is heard.

AD structures are taken apart by BlueZ, before the edge: the facade does it as BlueZ does, so these cases show that
nothing in bleak, D-Bus or the transport falls over what comes through. Cases about what BTHome says (ble-10 to 23, 31,
33) belong to its driver, ble-29, 34 and 35 to the agent, ble-30 and 36 to locks and connections, ble-25 to badges.
"""

from typing import NamedTuple

import pytest

from edge.driver import Sighting
from edge.transports.ble import BleTransport
from homecare.clock import SystemClock
from simulator import bthome
from simulator.air import ORDINARY_RSSI
from tests.radio import BUTTON, Listener, Radio

FLAGS = b"\x02\x01\x06"
GOOD = bthome.plain(bthome.packet_id(9) + bthome.button(), triggered=True)
OTHER = bthome.plain(bthome.packet_id(8) + bthome.button(), triggered=True)
BLOCK = bthome.structure(0x16, bthome.UUID + GOOD)
OTHER_BLOCK = bthome.structure(0x16, bthome.UUID + OTHER)
MARKER = "E1:00:00:00:00:FE"
"""Sends the good advertisement behind each bad one."""


class Bad(NamedTuple):
    id: str
    data: bytes
    service_data: dict[str, bytes] | None
    """What may be heard of it; None where nothing of it is."""
    response: bytes = b""
    cut_off: bool = False


CASES = (
    Bad("ble-01 no AD at all", b"", {}),
    Bad("ble-02 AD longer than the packet", FLAGS + b"\x1e\x16" + bthome.UUID + GOOD, {}),
    Bad("ble-03 length 0 in mid-stream", FLAGS + b"\x00" + BLOCK, {}),
    Bad("ble-04 last AD cut short", FLAGS + BLOCK + b"\x05\x09Ab", {"fcd2": GOOD}),
    Bad("ble-04 a length byte and nothing", FLAGS + BLOCK + b"\x05", {"fcd2": GOOD}),
    Bad("ble-05 two blocks that disagree", FLAGS + OTHER_BLOCK + BLOCK, {"fcd2": GOOD}),
    Bad("ble-06 manufacturer data of 1 byte", FLAGS + b"\x02\xff\x4c" + BLOCK, {"fcd2": GOOD}),
    Bad("ble-07 company 0xFFFF", FLAGS + b"\x04\xff\xff\xff\x01" + BLOCK, {"fcd2": GOOD}),
    Bad("ble-08 1650 bytes", (bthome.structure(0xFF, b"\xff\xff" + bytes(200)) * 9)[: 1650 - len(BLOCK)] + BLOCK, {}),
    Bad("ble-09 a chain that was cut off", bthome.structure(0xFF, b"\xff\xff" + bytes(200)) * 3, None, cut_off=True),
    Bad("ble-28 no TX power value", FLAGS + b"\x01\x0a" + BLOCK, {"fcd2": GOOD}),
    Bad("ble-28 TX power of -128 dBm", FLAGS + b"\x02\x0a\x80" + BLOCK, {"fcd2": GOOD}),
    Bad("ble-32 a press only in the scan response", FLAGS, {"fcd2": GOOD}, response=BLOCK),
)


@pytest.mark.asyncio
@pytest.mark.parametrize("bad", CASES, ids=lambda bad: bad.id)
async def test_a_bad_advertisement_is_survived(radio: Radio, bad: Bad) -> None:
    await radio.plug()
    async with Listener(BleTransport(SystemClock())) as listener:
        await listener.state()
        radio.advertise(bad.data, response=bad.response, cut_off=bad.cut_off)
        radio.advertise(FLAGS + BLOCK, address=MARKER)
        heard: list[Sighting] = []
        await listener.sighting(lambda one: one.address == MARKER or bool(heard.append(one)))
    assert [dict(one.service_data) for one in heard] == ([] if bad.service_data is None else [bad.service_data])


NAMES = {
    "ble-24 control characters": (b"A\x1b[2J\x07\nB", "A[2JB"),
    "ble-24 right-to-left override": ("a\u202eb".encode(), "ab"),
    "ble-24 invalid UTF-8": (b"a\xff\xfeb", "ab"),
    "ble-24 zeros": (b"ab\0\0", "ab"),
    "ble-24 248 bytes": (b"x" * 248, "x" * 80),
    "ble-26 markup": (b"<b>'; DROP", "<b>'; DROP"),
}


@pytest.mark.asyncio
@pytest.mark.parametrize(("sent", "name"), NAMES.values(), ids=NAMES)
async def test_a_name_surprises_no_terminal(radio: Radio, sent: bytes, name: str) -> None:
    await radio.plug()
    async with Listener(BleTransport(SystemClock())) as listener:
        await listener.state()
        radio.advertise(BLOCK + bthome.structure(0x09, sent))
        sighting = await listener.sighting()
    assert (sighting.local_name, sighting.service_data["fcd2"]) == (name, GOOD)


STRENGTHS = {
    "ble-27 127, not available": (127, None),
    "ble-27 -127, not available": (-127, None),
    "ble-27 the weakest": (-126, -126),
    "ble-27 zero": (0, 0),
    "ble-27 the strongest": (20, 20),
    "ble-27 stronger than possible": (21, None),
    "an ordinary one": (ORDINARY_RSSI, ORDINARY_RSSI),
}


@pytest.mark.asyncio
@pytest.mark.parametrize(("sent", "heard"), STRENGTHS.values(), ids=STRENGTHS)
async def test_a_signal_strength_that_cannot_be_is_none(radio: Radio, sent: int, heard: int | None) -> None:
    await radio.plug()
    radio.air.set_range("sender", sent)
    async with Listener(BleTransport(SystemClock())) as listener:
        await listener.state()
        radio.advertise(FLAGS + BLOCK, address=BUTTON)
        assert (await listener.sighting()).rssi == heard


@pytest.mark.asyncio
async def test_addresses_that_change_all_the_time_do_not_fill_the_memory(radio: Radio) -> None:
    """ble-23: the transport keeps nothing of an address that it was not told about."""
    await radio.plug()
    transport = BleTransport(SystemClock())
    async with Listener(transport) as listener:
        await listener.state()
        before = sizes(transport)
        for number in range(500):
            radio.advertise(FLAGS + BLOCK, address=f"C0:00:00:00:{number >> 8:02X}:{number & 255:02X}")
            await listener.sighting()
        assert sizes(transport) == before


def sizes(transport: BleTransport) -> dict[str, int]:
    return {name: len(value) for name, value in vars(transport).items() if hasattr(value, "__len__")}
