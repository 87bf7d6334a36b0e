"""`vaka-edge capture` over bleak's own backend: what was in the air stands in the file, and nothing of strangers."""

import asyncio
import contextlib
from pathlib import Path

import pytest

from edge.kit.capture import read_capture
from edge.kit.conformance import conformance, judged
from edge.kit.listening import Listener, head_of, listen, write_capture
from edge.transports.ble import BleTransport
from homecare.clock import SystemClock
from homecare.errors import Unavailable
from homecare.event import ButtonAction, ButtonPressed
from simulator import bthome
from tests.radio import BUTTON, Radio

STRANGER = "E1:00:00:00:00:99"
AIRING_SECONDS = 0.05
LISTENING_SECONDS = 4.0
"""Enough to begin a scan and to hear four presses, on a machine that does much else."""


async def airing(radio: Radio) -> None:
    """Presses and a stranger's advertisements, until cancelled."""
    number = 0
    while True:
        number += 1
        radio.press(number % 256)
        radio.advertise(bthome.advertising_data(bthome.plain(bthome.battery(50), triggered=False)), address=STRANGER)
        await asyncio.sleep(AIRING_SECONDS)


async def captured(radio: Radio, address: str) -> Listener:
    air = asyncio.ensure_future(airing(radio))
    try:
        return await listen([BleTransport(SystemClock())], address, seconds=LISTENING_SECONDS)
    finally:
        air.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await air


@pytest.mark.asyncio
async def test_a_capture_holds_one_device_and_becomes_a_conforming_one(radio: Radio, tmp_path: Path) -> None:
    await radio.plug()
    listener = await captured(radio, BUTTON.lower())
    path = tmp_path / "button.jsonl"
    write_capture(path, listener, head_of("bthome", BUTTON, ["button"], serial=None, secret=None))
    assert path.stat().st_mode & 0o077 == 0, "a capture may hold a key"
    capture = read_capture(path)
    assert len(capture.lines) > 3
    assert STRANGER in listener.seen
    assert STRANGER.lower() not in path.read_text().lower()
    proven = judged(capture)
    assert all(line.events == (ButtonPressed(action=ButtonAction.PRESS),) for line in proven.lines)
    assert not any(finding.problems for finding in conformance(proven))


@pytest.mark.asyncio
async def test_a_survey_keeps_no_bytes_of_anybody(radio: Radio) -> None:
    await radio.plug()
    listener = await captured(radio, "")
    assert {BUTTON, STRANGER} <= set(listener.seen)
    assert listener.lines == []


@pytest.mark.asyncio
async def test_a_machine_without_a_radio_says_so(radio: Radio) -> None:
    with pytest.raises(Unavailable, match="none of them works"):
        await listen([BleTransport(SystemClock())], BUTTON, seconds=0.5)
