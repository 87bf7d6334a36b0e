"""The `org.bluez` facade behaves as BlueZ does where the edge depends on it."""

import asyncio
from pathlib import Path

import pytest
from bleak import BleakScanner

from homecare.errors import Malformed, Unavailable
from simulator.air import VirtualAir
from simulator.bluez import adapter
from simulator.bluez.advertising import properties, structures
from simulator.bluez.bus import PrivateBus
from tests.radio import PATIENCE, Radio

ANOTHER = "E1:00:00:00:00:02"


def test_reading_stops_at_a_length_of_zero_or_beyond_the_packet() -> None:
    assert list(structures(b"\x02\x01\x06\x00\x02\x0a\x01")) == [(1, b"\x06")]
    assert list(structures(b"\x02\x01\x06\x05\x09a")) == [(1, b"\x06")]
    assert list(structures(b"")) == []


def test_uuids_of_all_three_lengths_are_written_as_bluez_does() -> None:
    long = bytes(range(16))
    found = properties(b"\x03\x03\xd2\xfc" + b"\x05\x05\x04\x03\x02\x01" + b"\x11\x07" + long)
    assert found["UUIDs"] == [
        "0000fcd2-0000-1000-8000-00805f9b34fb",
        "01020304-0000-1000-8000-00805f9b34fb",
        "0f0e0d0c-0b0a-0908-0706-050403020100",
    ]


@pytest.mark.asyncio
async def test_without_the_filter_a_repetition_is_not_told_again(radio: Radio) -> None:
    """What the edge's scan filter is for: BlueZ tells by default only what changed."""
    await radio.plug()
    heard: asyncio.Queue[str] = asyncio.Queue()
    async with BleakScanner(lambda device, _: heard.put_nowait(device.address)):
        for _ in range(3):
            radio.press()
        radio.advertise(b"", address=ANOTHER)
        async with asyncio.timeout(PATIENCE):
            addresses = [await heard.get()]
            while addresses[-1] != ANOTHER:
                addresses.append(await heard.get())
    assert len(addresses) == 2


@pytest.mark.asyncio
async def test_a_device_that_falls_silent_is_forgotten(radio: Radio, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(adapter, "FORGET_SECONDS", 0.1)
    await radio.plug()
    async with BleakScanner() as scanner:
        radio.press()
        await _until_seen(scanner, 1)
        await asyncio.sleep(0.2)
        radio.advertise(b"", address=ANOTHER)
        async with asyncio.timeout(PATIENCE):
            while [device.address for device in scanner.discovered_devices] != [ANOTHER]:  # noqa: ASYNC110 - as above
                await asyncio.sleep(0.01)


async def _until_seen(scanner: BleakScanner, number: int) -> None:
    async with asyncio.timeout(PATIENCE):
        while len(scanner.discovered_devices) < number:  # noqa: ASYNC110 - bleak has no bell for it
            await asyncio.sleep(0.01)


def test_a_folder_too_deep_for_a_socket_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Malformed):
        PrivateBus(tmp_path / ("x" * 107))


@pytest.mark.asyncio
async def test_a_daemon_that_does_not_start_is_told(tmp_path: Path) -> None:
    with pytest.raises(Unavailable):
        await PrivateBus(tmp_path, Path("/bin/false")).start()


@pytest.mark.asyncio
async def test_a_facade_that_finds_no_bus_can_be_stopped(tmp_path: Path) -> None:
    """Also where it never came up: otherwise a home that cannot start could not end either."""
    bluez = adapter.Bluez(VirtualAir(), f"unix:path={tmp_path / 'nowhere'}")
    with pytest.raises(FileNotFoundError):
        await bluez.start()
    async with asyncio.timeout(PATIENCE):
        await bluez.stop()
