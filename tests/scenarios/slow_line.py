"""A mobile line: a TCP relay that lets so many bytes a second through, one way, and has hardly any room of its own."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator
from urllib.parse import urlsplit

from tests.waiting import end

CHUNK = 4096
BUFFER = 8192
"""Bytes of the sockets' own buffers: more would let frames wait where the edge cannot see them."""


@contextlib.asynccontextmanager
async def slow_line(broker_url: str, bytes_a_second: int) -> AsyncIterator[str]:
    """The address at which the broker is reached over the slow line."""
    parts = urlsplit(broker_url)
    relays: set[asyncio.Task[None]] = set()

    async def relay(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is not None:
            relays.add(task)
        far_reader, far_writer = await asyncio.open_connection(parts.hostname, parts.port, limit=CHUNK)
        try:
            await asyncio.gather(
                _carry(reader, far_writer, seconds_a_byte=1 / bytes_a_second),
                _carry(far_reader, writer, seconds_a_byte=0),
            )
        finally:
            for end in (writer, far_writer):
                end.transport.abort()

    listening = socket.create_server(("127.0.0.1", 0))
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER)
    server = await asyncio.start_server(relay, sock=listening, limit=CHUNK)
    try:
        yield f"mqtt://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        server.close()
        await end(*relays)


async def _carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, seconds_a_byte: float) -> None:
    with contextlib.suppress(OSError):
        while data := await reader.read(CHUNK):
            writer.write(data)
            await writer.drain()
            await asyncio.sleep(seconds_a_byte * len(data))
    writer.close()
