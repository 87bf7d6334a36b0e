"""One door, whole: a phone over HTTP, the gateway's two processes, a broker, an edge as its own process, a lock."""

import asyncio
import contextlib
import json
import os
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
import pytest_asyncio

from gateway.embedded import PrivateBroker
from homecare.grant import Denial
from homecare.seal import public_key
from simulator.nuki import Fault, NukiLock
from simulator.peripheral import NukiPeripheral
from tests.asking import rows
from tests.gateway.doorstep import (
    KARIN,
    UNWRITTEN,
    browser,
    final,
    lock_of,
    plan,
    settle,
    stand_at_the_door,
    wish,
    with_lock,
)
from tests.gateway.enrolled import GATEWAY_PRIVATE
from tests.gateway.lanes import new_lane
from tests.gateway.lanes import running as lane_running
from tests.gateway.running import running
from tests.locks import ADDRESS, SECRET, emulated
from tests.radio import Radio, radio
from tests.waiting import SECONDS, until

__all__ = ["radio"]

HOUSE = with_lock(71)
OPEN = f"/api/v1/phone/doors/{HOUSE.home}/open"
HEARD = "SELECT seq FROM event WHERE kind = 'contact_changed'"


@contextlib.asynccontextmanager
async def agent(folder: Path, broker_url: str) -> AsyncIterator[None]:
    """The home's edge."""
    key = folder / "edge.key"
    key.write_text(HOUSE.private.hex())
    key.chmod(0o600)
    lock = {"id": lock_of(HOUSE), "driver": "nuki", "address": ADDRESS, "capabilities": ["lock"], "home": HOUSE.home}
    settings = {
        "edge": HOUSE.edge,
        "home": HOUSE.home,
        "private_key_file": "edge.key",
        "gateway_public_key": public_key(GATEWAY_PRIVATE).hex(),
        "broker_url": broker_url,
        "data_folder": "data",
        "ble": True,
        "devices": [{**lock, "secret": SECRET.hex()}],
    }
    (folder / "edge.json").write_text(json.dumps(settings))
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "edge", str(folder / "edge.json"), stdout=asyncio.subprocess.PIPE, env=os.environ
    )
    try:
        assert process.stdout is not None
        async with asyncio.timeout(SECONDS):
            assert await process.stdout.readline() == b"connected\n"
        yield
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.communicate()


@pytest_asyncio.fixture
async def door(
    radio: Radio, database_url: str, broker: PrivateBroker, tmp_path: Path
) -> AsyncIterator[tuple[str, NukiLock, httpx.AsyncClient]]:
    settle(database_url, HOUSE)
    await radio.plug()
    lock = emulated()
    lock.motor_seconds = 0.2
    peripheral = asyncio.create_task(NukiPeripheral("lock", ADDRESS, lock, air=radio.air).run())
    (tmp_path / "edge").mkdir()
    async with (
        running(database_url, broker.url, tmp_path / "gateway") as process,
        lane_running(new_lane(database_url, broker.url)),
        agent(tmp_path / "edge", broker.url),
        browser(process, KARIN) as phone,
    ):
        # The edge is connected before its radio hears the home; a lock that it has not heard gives no answer.
        await until(lambda: rows(database_url, HEARD))
        yield database_url, lock, phone
    peripheral.cancel()
    await asyncio.gather(peripheral, return_exceptions=True)
    assert rows(database_url, UNWRITTEN) == []


@pytest.mark.asyncio
async def test_a_tap_moves_the_bolt_and_starts_the_visit_and_another_ends_it(
    door: tuple[str, NukiLock, httpx.AsyncClient],
) -> None:
    url, lock, phone = door
    visit = await plan(url, HOUSE)
    refused = await phone.post(OPEN, json=wish(visit, "key-far-away"))
    assert refused.json()["hint"] == Denial.NOT_AT_THE_DOOR
    await stand_at_the_door(url, HOUSE.home)
    began = time.monotonic()
    command = (await phone.post(OPEN, json=wish(visit))).json()["command"]
    ended = await final(phone, command)
    seconds = time.monotonic() - began
    assert (ended["standing"], ended["words"]["sv"]) == ("done", "Dörren är upplåst."), ended
    assert [entry.name for entry in lock.log] == [KARIN.id]
    await until(lambda: rows(url, "SELECT standing FROM visit") == [("started",)])
    locking = (await phone.post(OPEN, json=wish(visit, "key-00000002", action="lock"))).json()["command"]
    assert (await final(phone, locking))["standing"] == "done"
    await until(lambda: rows(url, "SELECT standing FROM visit") == [("ended",)])
    assert len(lock.log) == 2
    check_ins = rows(url, "SELECT direction FROM check_in WHERE visit = %s ORDER BY occurred_at", visit)
    assert check_ins == [("in",), ("out",)]
    print(f"\nfrom the tap to the answer on the phone: {seconds:.2f} s, of which the motor takes 0.2 s")


@pytest.mark.asyncio
async def test_a_jammed_lock_says_so_and_the_visit_stays_as_it_was(
    door: tuple[str, NukiLock, httpx.AsyncClient],
) -> None:
    url, lock, phone = door
    lock.fault = Fault.JAM
    visit = await plan(url, HOUSE)
    await stand_at_the_door(url, HOUSE.home)
    command = (await phone.post(OPEN, json=wish(visit))).json()["command"]
    ended = await final(phone, command)
    assert (ended["standing"], ended["reason"]) == ("failed", "jammed"), ended
    assert "nyckeln" in ended["next_step"]["sv"]
    assert rows(url, "SELECT standing FROM visit") == [("planned",)]
