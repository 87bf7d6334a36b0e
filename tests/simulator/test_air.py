"""The virtual air does what stock bumble leaves out."""

import asyncio

import pytest
from bumble import core, hci
from bumble.device import Advertisement as Heard
from bumble.device import Device

from simulator.air import Advertisement, VirtualAir, device_on

PATIENCE = 30.0
CENTRAL, PERIPHERAL = "F0:00:00:00:00:01", "F0:00:00:00:00:02"


async def central_on(air: VirtualAir) -> tuple[Device, asyncio.Queue[Heard]]:
    device, _ = device_on(air, "central", CENTRAL)
    await device.power_on()
    heard: asyncio.Queue[Heard] = asyncio.Queue()
    device.on(device.EVENT_ADVERTISEMENT, heard.put_nowait)
    return device, heard


async def soon(heard: asyncio.Queue[Heard]) -> Heard:
    async with asyncio.timeout(PATIENCE):
        return await heard.get()


def name(text: bytes) -> bytes:
    return bytes((len(text) + 1, 9)) + text


@pytest.mark.asyncio
@pytest.mark.parametrize(("active", "expected"), [(True, "answer"), (False, "call")])
async def test_a_scan_response_goes_to_active_scanners_only(*, active: bool, expected: str) -> None:
    air = VirtualAir()
    central, heard = await central_on(air)
    await central.start_scanning(active=active)
    both = Advertisement(hci.Address(PERIPHERAL), name(b"call"), name(b"answer"), scannable=True)
    air.broadcast("peripheral", both)
    names = (await soon(heard)).data.get_all(core.AdvertisingData.Type.COMPLETE_LOCAL_NAME)
    assert names[-1] == expected


@pytest.mark.asyncio
async def test_distance_decides_strength_and_range() -> None:
    air = VirtualAir()
    central, heard = await central_on(air)
    await central.start_scanning()
    air.set_range("near", -40)
    air.set_range("far", None)
    air.broadcast("far", Advertisement(hci.Address(PERIPHERAL), b""))
    air.broadcast("near", Advertisement(hci.Address(PERIPHERAL), b""))
    assert (await soon(heard)).rssi == -40
    assert heard.empty()


@pytest.mark.asyncio
async def test_connecting_to_an_absent_device_ends_and_the_next_attempt_works() -> None:
    air = VirtualAir()
    central, _ = await central_on(air)
    with pytest.raises(core.TimeoutError):
        await central.connect_le(PERIPHERAL, timeout=0.1)
    await _connectable(air)
    async with asyncio.timeout(PATIENCE):
        assert await central.connect_le(PERIPHERAL)


@pytest.mark.asyncio
async def test_what_is_not_connectable_cannot_be_connected_to() -> None:
    air = VirtualAir()
    central, _ = await central_on(air)
    connecting = asyncio.create_task(central.connect_le(PERIPHERAL, timeout=0.2))
    await asyncio.sleep(0.05)
    air.broadcast("peripheral", Advertisement(hci.Address(PERIPHERAL), b""))
    with pytest.raises(core.TimeoutError):
        await connecting


@pytest.mark.asyncio
@pytest.mark.parametrize("how", ["removed", "out of range"])
async def test_a_peer_that_vanishes_ends_its_connection(how: str) -> None:
    air = VirtualAir()
    central, _ = await central_on(air)
    controller = await _connectable(air)
    connection = await central.connect_le(PERIPHERAL)
    ended: asyncio.Queue[int] = asyncio.Queue()
    connection.on(connection.EVENT_DISCONNECTION, ended.put_nowait)
    if how == "removed":
        air.remove(controller)
    else:
        air.set_range("peripheral", None)
    async with asyncio.timeout(PATIENCE):
        assert await ended.get() == hci.HCI_ErrorCode.CONNECTION_TIMEOUT_ERROR


async def _connectable(air: VirtualAir):  # noqa: ANN202 - a controller
    device, controller = device_on(air, "peripheral", PERIPHERAL)
    await device.power_on()
    await device.start_advertising(advertising_interval_min=30, advertising_interval_max=30)
    return controller
