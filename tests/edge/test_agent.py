"""The agent as its own process: a real tty below, a real broker above, a gateway of a few lines beyond."""

import asyncio
import contextlib
import json
import os
import resource
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import aiomqtt
import pytest

from edge.drivers.counted import encode_said, read_accepted
from gateway.embedded import Binaries, PrivateBroker
from homecare import topic
from homecare.event import ContactChanged, EpochOpened, HelpCalled, Observed, Stream
from homecare.identity import EdgeId, new_id, new_secret, shard_of
from homecare.seal import public_key
from simulator.serial_port import SerialPort
from tests.edge.desk import Gateway, listening
from tests.ports import new_port
from tests.waiting import SECONDS, until

ADDRESS = "0180902B"
RADIO = 1
"""The ESP3 packet type of radio telegrams; the transport also asks the stick itself for a sign of life."""
PRESS = bytes((0x3A, 0x01))
OPEN, CLOSED = bytes((0x2D, 0x01)), bytes((0x2D, 0x00))
WARM = bytes((0x02, 0xCA, 0x09))
TOLD_SECONDS = 5.0
"""Whatever was not accepted by then was refused; a disk under load may stall for seconds."""


class Home:
    """One edge with one counted device on a pty."""

    def __init__(self, folder: Path, url: str) -> None:
        self.folder, self.url = folder, url
        self.edge, self.home = new_id("edge"), new_id("home")
        edge_key, gateway_key = new_secret(), new_secret()
        self.gateway = Gateway(self.edge, gateway_key, public_key(edge_key))
        self.accepted: list[int] = []
        self.client: aiomqtt.Client | None = None
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
            if self._read[4] == RADIO:
                self.accepted.append(read_accepted(bytes(self._read[:size])).counter)
            del self._read[:size]

    async def say(self, counter: int, objects: bytes) -> None:
        """Repeat until accepted, as the device does."""
        for _ in range(200):
            self.port.write(encode_said(ADDRESS, counter, objects))
            with contextlib.suppress(TimeoutError):
                await until(lambda: counter in self.accepted, seconds=0.2)
                return
        raise AssertionError("never accepted")

    @contextlib.asynccontextmanager
    async def agent(self, *, file_limit: int = resource.RLIM_INFINITY) -> AsyncIterator[asyncio.subprocess.Process]:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "edge",
            str(self.config),
            stdout=asyncio.subprocess.PIPE,
        )
        # Before it has loaded its modules. Nothing runs between fork and exec: that may hang where there are threads.
        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (file_limit, resource.RLIM_INFINITY))
        try:
            assert process.stdout is not None
            async with asyncio.timeout(SECONDS):
                assert await process.stdout.readline() == b"connected\n"
            yield process
        finally:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.communicate()

    @contextlib.asynccontextmanager
    async def agent_on_a_full_log(self) -> AsyncIterator[asyncio.subprocess.Process]:
        """An agent whose every word meets a full disk."""
        full = os.open("/dev/full", os.O_WRONLY)
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "edge", str(self.config), stdout=full, stderr=full
        )
        os.close(full)
        try:
            yield process
        finally:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()


@contextlib.asynccontextmanager
async def at_home(folder: Path, broker: PrivateBroker) -> AsyncIterator[Home]:
    home = Home(folder, broker.url)
    home.port.plug()
    try:
        async with listening(home.gateway, broker.url, shard_of(home.home)) as home.client:
            yield home
    finally:
        home.port.unplug()


@pytest.mark.asyncio
async def test_what_a_device_says_arrives_and_is_accepted(tmp_path: Path, broker: PrivateBroker) -> None:
    async with at_home(tmp_path, broker) as home, home.agent() as process:
        await home.say(1, PRESS)
        await home.say(2, OPEN)
        await until(lambda: home.gateway.events(HelpCalled) and home.gateway.events(ContactChanged))
        await until(lambda: home.gateway.beats)
        with (Path("/proc") / str(process.pid) / "status").open() as status:
            rss = next(int(line.split()[1]) for line in status if line.startswith("VmRSS"))
        assert rss < 60 * 1024
        process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(SECONDS):
            assert await process.wait() == 0
    (press,) = home.gateway.events(HelpCalled)
    assert press.envelope.counter == 1
    assert isinstance(home.gateway.events(EpochOpened)[0].envelope.event, EpochOpened)
    assert next(fact.id.seq for fact in home.gateway.facts if fact.id.stream is Stream.RECORD) == 1


@pytest.mark.asyncio
async def test_kill_9_loses_and_doubles_nothing_and_begins_another_epoch(tmp_path: Path, broker: PrivateBroker) -> None:
    async with at_home(tmp_path, broker) as home:
        counter = 0
        for _ in range(3):
            async with home.agent() as process:
                if counter:
                    await home.say(counter, PRESS + WARM)
                for _ in range(5):
                    counter += 1
                    await home.say(counter, PRESS + WARM)
                counter += 1
                home.port.write(encode_said(ADDRESS, counter, PRESS + WARM))
                process.kill()
                await process.wait()
        async with home.agent():
            await home.say(counter, PRESS + WARM)
            await until(lambda: len(home.gateway.events(Observed)) == counter)
            await until(lambda: len(home.gateway.events(HelpCalled)) >= counter)
            await until(lambda: len(home.gateway.events(EpochOpened)) >= 4)
    openings = [fact.envelope.event for fact in home.gateway.events(EpochOpened)]
    assert len(openings) == len({fact.id.epoch for fact in home.gateway.facts}) == 4
    assert [opening.predecessor is None for opening in openings] == [True, False, False, False]
    told = [fact.envelope.counter for fact in home.gateway.events(Observed)]
    assert told == list(range(1, counter + 1)), "lost, doubled or out of order"


@pytest.mark.asyncio
async def test_a_broker_that_dies_and_forgets_costs_nothing_and_presses_overtake(
    tmp_path: Path, binaries: Binaries
) -> None:
    broker = PrivateBroker(binaries, tmp_path / "broker", new_port())
    broker.start()
    home = Home(tmp_path, broker.url)
    home.port.plug()
    try:
        async with home.agent() as process:
            broker.kill()
            for path in broker.data.glob("*.db"):
                path.unlink()
            for counter in range(1, 60):
                await home.say(counter, WARM * 16)
            await home.say(60, PRESS)
            process.send_signal(signal.SIGSTOP)  # what it sends before the gateway listens, this broker forgets
            broker.start()
            async with listening(home.gateway, broker.url, shard_of(home.home)):
                process.send_signal(signal.SIGCONT)
                assert process.stdout is not None
                async with asyncio.timeout(SECONDS):
                    assert await process.stdout.readline() == b"connected\n"
                await until(lambda: len(home.gateway.events(Observed)) == 59 * 16)
                await until(lambda: home.gateway.events(HelpCalled))
    finally:
        home.port.unplug()
        broker.stop()
    seqs = [fact.id.seq for fact in home.gateway.facts if fact.id.stream is Stream.RECORD]
    assert seqs == list(range(1, len(seqs) + 1))
    (press,) = home.gateway.events(HelpCalled)
    assert home.gateway.facts.index(press) < 250, "more than a frame of bulk before it"


@pytest.mark.asyncio
@pytest.mark.parametrize("full_from_the_start", [False, True])
async def test_alarms_go_out_though_the_disk_is_full_and_nothing_is_accepted_then(
    tmp_path: Path, broker: PrivateBroker, *, full_from_the_start: bool
) -> None:
    async with (
        at_home(tmp_path, broker) as home,
        home.agent(file_limit=1 if full_from_the_start else 400_000) as process,
    ):
        counter = 0
        for _ in range(1000):
            counter += 1
            home.port.write(encode_said(ADDRESS, counter, WARM * 16))
            with contextlib.suppress(TimeoutError):
                await until(lambda: counter in home.accepted, seconds=TOLD_SECONDS)  # noqa: B023 - awaited in the same turn
                continue
            break
        assert counter > 1 or full_from_the_start
        assert counter not in home.accepted
        home.port.write(encode_said(ADDRESS, counter + 1, PRESS))
        await until(lambda: home.gateway.events(HelpCalled))
        with pytest.raises(TimeoutError):
            await until(lambda: counter + 1 in home.accepted, seconds=0.5)
        process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(SECONDS):
            await process.wait()


@pytest.mark.asyncio
async def test_a_log_on_a_full_disk_keeps_no_press_back(tmp_path: Path, broker: PrivateBroker) -> None:
    """Red when an agent dies of a word that it cannot write: at every connection, until somebody clears the disk."""
    async with at_home(tmp_path, broker) as home, home.agent_on_a_full_log() as process:
        await until(lambda: home.gateway.events(EpochOpened))
        await home.say(1, PRESS)
        await until(lambda: home.gateway.events(HelpCalled))
        assert process.returncode is None


@pytest.mark.asyncio
async def test_only_what_the_gateway_made_is_believed(tmp_path: Path, broker: PrivateBroker) -> None:
    async with at_home(tmp_path, broker) as home:
        home.gateway.receipting = False
        stranger = Gateway(home.edge, new_secret(), public_key(new_secret()))
        async with home.agent():
            await until(lambda: home.gateway.events(EpochOpened))
            (fact,) = home.gateway.events(EpochOpened)
            stranger.run, stranger.beat = home.gateway.run, home.gateway.beat
            forged = stranger.receipt(fact.id.epoch, Stream.RECORD, durable=1)
            await home.client.publish(topic.receipt(shard_of(home.home), EdgeId(home.edge)), forged, qos=1)
            home.gateway.facts.clear()
            home.gateway.cursors.clear()
            await until(lambda: home.gateway.events(EpochOpened))


def test_a_wrong_configuration_is_named_and_nothing_starts(tmp_path: Path) -> None:
    config = tmp_path / "edge.json"
    config.write_text(json.dumps({"edge": "edge-00000001"}))
    done = subprocess.run(
        [sys.executable, "-m", "edge", str(config)], capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 2
    assert "missing required field `home`" in done.stderr
