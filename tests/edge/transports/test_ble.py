"""The BLE transport: bleak's own BlueZ backend over the facade, adapters that fail, batteries that are read."""

import asyncio

import pytest
from bumble.profiles.battery_service import BatteryService

from edge.transports.ble import BleTransport
from homecare.clock import SECOND, SystemClock
from homecare.event import TransportState
from simulator import bthome
from simulator.air import device_on
from tests.radio import BUTTON, Listener, Radio

KEY = bytes(range(16))


def transport(**settings: object) -> BleTransport:
    return BleTransport(SystemClock(), **settings)  # type: ignore[arg-type] # only names that the transport has


@pytest.mark.asyncio
async def test_an_encrypted_press_is_heard_as_it_was_sent(radio: Radio) -> None:
    await radio.plug()
    sent = bthome.encrypted(bthome.button(), address=BUTTON, key=KEY, counter=7, triggered=True)
    async with Listener(transport()) as listener:
        assert await listener.state() is TransportState.WORKING
        radio.advertise(bthome.advertising_data(sent), response=bthome.name_data("Button"))
        sighting = await listener.sighting()
    assert (sighting.transport, sighting.address, sighting.rssi) == ("ble", BUTTON, -60)
    assert sighting.service_data == {"fcd2": sent}
    assert sighting.local_name == "Button"


@pytest.mark.asyncio
async def test_every_repetition_is_heard_although_it_says_the_same(radio: Radio) -> None:
    await radio.plug()
    async with Listener(transport()) as listener:
        await listener.state()
        for _ in range(3):
            radio.press()
            assert (await listener.sighting()).service_data


@pytest.mark.asyncio
async def test_an_adapter_that_is_killed_is_gone_and_heals_when_it_is_back(radio: Radio) -> None:
    await radio.plug()
    async with Listener(transport(deaf_after=SECOND // 5)) as listener:
        assert await listener.state() is TransportState.WORKING
        await listener.hears(radio, 1)
        await radio.unplug()
        await listener.reaches(TransportState.GONE)
        await radio.plug()
        await listener.reaches(TransportState.WORKING)
        await listener.hears(radio, 2)


@pytest.mark.asyncio
async def test_without_an_adapter_it_is_gone_from_the_start(radio: Radio) -> None:
    async with Listener(transport()) as listener:
        assert await listener.state() is TransportState.GONE


@pytest.mark.asyncio
async def test_without_a_bus_it_is_gone_and_heals_when_bus_and_adapter_come(radio: Radio) -> None:
    await radio.bus.stop()
    async with Listener(transport()) as listener:
        assert await listener.state() is TransportState.GONE
        await radio.bus.start()
        await radio.plug()
        assert await listener.state() is TransportState.WORKING


@pytest.mark.asyncio
async def test_a_deaf_adapter_is_told_and_only_hearing_disproves_it(radio: Radio) -> None:
    bluez = await radio.plug()
    bluez.deaf = True
    async with Listener(transport(expected=True, deaf_after=SECOND // 5)) as listener:
        assert await listener.state() is TransportState.WORKING
        assert await listener.state() is TransportState.DEAF
        bluez.deaf = False
        await listener.hears(radio, 1)
        assert await listener.state() is TransportState.WORKING


@pytest.mark.asyncio
async def test_silence_that_nobody_promised_to_break_is_not_deafness(radio: Radio) -> None:
    await radio.plug()
    async with Listener(transport(deaf_after=SECOND // 10)) as listener:
        assert await listener.state() is TransportState.WORKING
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.5):
                await listener.states.get()


@pytest.mark.asyncio
async def test_an_adapter_that_does_not_answer_is_stuck_and_heals(radio: Radio) -> None:
    bluez = await radio.plug()
    bluez.stuck = True
    async with Listener(transport(answer_seconds=1.0)) as listener:
        assert await listener.state() is TransportState.STUCK
        bluez.stuck = False
        assert await listener.state() is TransportState.WORKING


@pytest.mark.asyncio
async def test_the_battery_of_a_configured_device_is_read_once(radio: Radio) -> None:
    await radio.plug()
    device, controller = device_on(radio.air, "scale", BUTTON)
    device.add_service(BatteryService(lambda _: 87))
    await device.power_on()
    await device.start_advertising(auto_restart=True, advertising_interval_min=50, advertising_interval_max=50)
    async with Listener(transport(batteries=[BUTTON.lower()])) as listener:
        sighting = await listener.sighting(lambda one: "180f" in one.service_data)
        assert (sighting.address, sighting.service_data["180f"]) == (BUTTON, b"\x57")
        for _ in range(5):  # it advertises on, and is not asked again today
            assert "180f" not in (await listener.sighting()).service_data
    radio.air.remove(controller)
