"""The agent as its own process: a real tty below, a real broker above, a gateway of a few lines beyond."""

import asyncio
import contextlib
import json
import os
import signal
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from edge.drivers.counted import encode_said, read_accepted
from gateway.embedded import PrivateBroker
from homecare.event import ContactChanged, EpochOpened, HelpCalled, Stream
from homecare.identity import new_id, new_secret, shard_of
from homecare.seal import public_key
from simulator.serial_port import SerialPort
from tests.edge.desk import Gateway, listening, until

ADDRESS = "0180902B"
PRESS = bytes((0x3A, 0x01))
OPEN, CLOSED = bytes((0x2D, 0x01)), bytes((0x2D, 0x00))
WARM = bytes((0x02, 0xCA, 0x09))


class Home:
    """One edge with one counted device on a pty."""

    def __init__(self, folder: Path, url: str) -> None:
        self.folder, self.url = folder, url
        self.edge, self.home = new_id("edge"), new_id("home")
        edge_key, gateway_key = new_secret(), new_secret()
        self.gateway = Gateway(self.edge, gateway_key, public_key(edge_key))
        self.accepted: list[int] = []
        self.port = SerialPort(folder / "stick", self._written)
        self._read = bytearray()
        key = folder / "edge.key"
        key.write_text(edge_key.hex())
        key.chmod(0o600)
        self.config = folder / "edge.json"
        self.config.write_text(
            json.dumps(
                {
                    "edge": self.edge,
                    "home": self.home,
                    "private_key_file": "edge.key",
                    "gateway_public_key": public_key(gateway_key).hex(),
                    "broker_url": url,
                    "data_folder": "data",
                    "serial": [{"name": "stick", "path": str(folder / "stick"), "kind": "esp3"}],
                    "devices": [
                        {
                            "id": new_id("dev"),
                            "home": self.home,
                            "driver": "counted",
                            "address": ADDRESS,
                            "capabilities": ["help_call", "contact", "observation"],
                        }
                    ],
                }
            )
        )

    def _written(self, data: bytes) -> None:
        self._read += data
        while len(self._read) >= 7:
            size = 7 + int.from_bytes(self._read[1:3], "big") + self._read[3]
            if len(self._read) < size:
                return
            self.accepted.append(read_accepted(bytes(self._read[:size])).counter)
            del self._read[:size]

    async def say(self, counter: int, objects: bytes) -> None:
        """Repeat until accepted, as the device does."""
        for _ in range(100):
            self.port.write(encode_said(ADDRESS, counter, objects))
            with contextlib.suppress(TimeoutError):
                await until(lambda: counter in self.accepted, 0.2)
                return
        raise AssertionError("never accepted")

    @contextlib.asynccontextmanager
    async def agent(self) -> AsyncIterator[asyncio.subprocess.Process]:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "edge", str(self.config), stdout=asyncio.subprocess.PIPE, env=os.environ
        )
        try:
            assert process.stdout is not None
            assert await asyncio.wait_for(process.stdout.readline(), 10) == b"connected\n"
            yield process
        finally:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.communicate()


@contextlib.asynccontextmanager
async def at_home(folder: Path, broker: PrivateBroker) -> AsyncIterator[Home]:
    home = Home(folder, broker.url)
    home.port.plug()
    try:
        async with listening(home.gateway, broker.url, shard_of(home.home)):
            yield home
    finally:
        home.port.unplug()


@pytest.mark.asyncio
async def test_what_a_device_says_arrives_and_is_accepted(tmp_path: Path, broker: PrivateBroker) -> None:
    async with at_home(tmp_path, broker) as home:
        began = time.monotonic()
        async with home.agent() as process:
            await home.say(1, PRESS)
            await home.say(2, OPEN)
            await until(lambda: home.gateway.events(HelpCalled) and home.gateway.events(ContactChanged))
            assert time.monotonic() - began < 4
            await until(lambda: home.gateway.beats)
            with (Path("/proc") / str(process.pid) / "status").open() as status:
                rss = next(int(line.split()[1]) for line in status if line.startswith("VmRSS"))
            assert rss < 60 * 1024
            process.send_signal(signal.SIGTERM)
            assert await asyncio.wait_for(process.wait(), 10) == 0
    (press,) = home.gateway.events(HelpCalled)
    assert press.envelope.counter == 1
    assert isinstance(home.gateway.events(EpochOpened)[0].envelope.event, EpochOpened)
    assert next(fact.id.seq for fact in home.gateway.facts if fact.id.stream is Stream.RECORD) == 1
