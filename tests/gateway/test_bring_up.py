"""Both processes of the gateway begin whenever they are told to; what they need may come later."""

import asyncio
import contextlib
import os
import socket
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from gateway.listening import PORT_TAKEN
from tests.ports import new_port
from tests.servers import ROOT
from tests.waiting import end

SECONDS = 90.0
CHUNK = 65_536


async def forward(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Bytes one way, until either side ends."""
    with contextlib.suppress(OSError):
        while data := await reader.read(CHUNK):
            writer.write(data)
            await writer.drain()
    writer.close()


@pytest.mark.asyncio
async def test_a_gateway_that_starts_before_its_database_waits_for_it(database_url: str, tmp_path: Path) -> None:
    """Nobody listens at the database's address until the process has said that it waits."""
    parts = urlsplit(database_url)
    relays: set[asyncio.Task[None]] = set()

    async def relay(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_connection(parts.hostname, parts.port)
        relays.update(asyncio.create_task(way) for way in (forward(reader, far_writer), forward(far_reader, writer)))

    reserved = await asyncio.start_server(relay, "127.0.0.1", 0, start_serving=False)
    port = reserved.sockets[0].getsockname()[1]
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "gateway", "migrate"),
        cwd=ROOT,
        env={
            **os.environ,
            "VAKA_DATABASE_URL": database_url.replace(f":{parts.port}/", f":{port}/"),
            "VAKA_BROKER_URL": "mqtt://127.0.0.1",
            "VAKA_DATA": str(tmp_path),
        },
        stderr=asyncio.subprocess.PIPE,
    )
    assert process.stderr is not None
    try:
        async with asyncio.timeout(SECONDS):
            while b"waiting for the database" not in (line := await process.stderr.readline()):
                assert line, "it gave up"
            await reserved.start_serving()
            assert await process.wait() == 0, await process.stderr.read()
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        reserved.close()
        await end(*relays)


@pytest.mark.parametrize("variable", ["VAKA_PORT", "VAKA_TLS_PORT"])
def test_a_taken_port_is_told_by_its_variable_and_by_an_exit_code_of_its_own(
    database_url: str, tmp_path: Path, variable: str
) -> None:
    """Red when whoever starts the gateway cannot tell a taken port, which it may do something about, from a fault."""
    with socket.create_server(("127.0.0.1", new_port())) as other:
        taken = other.getsockname()[1]
        done = subprocess.run(
            [sys.executable, "-m", "gateway", "alarm"],
            cwd=ROOT,
            env={
                **os.environ,
                "VAKA_DATABASE_URL": database_url,
                "VAKA_BROKER_URL": "mqtt://127.0.0.1",
                "VAKA_DATA": str(tmp_path),
                "VAKA_PORT": str(new_port()),
                variable: str(taken),
            },
            capture_output=True,
            timeout=SECONDS,
            check=False,
            text=True,
        )
    assert done.returncode == PORT_TAKEN, done.stderr
    assert f"port {taken}: it is taken; set {variable} to a free one" in done.stderr
