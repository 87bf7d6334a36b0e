"""A line between an edge and its broker that can be cut and joined again: a TCP relay."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from urllib.parse import urlsplit

CHUNK = 65_536


class Line:
    """One relay to the broker at `broker_url`, reached at `port`; whole until it is cut."""

    def __init__(self, broker_url: str, port: int) -> None:
        parts = urlsplit(broker_url)
        self._far = (parts.hostname, parts.port)
        self._port = port
        self._server: asyncio.Server | None = None
        self._ends: list[asyncio.StreamWriter] = []
        self._relays: set[asyncio.Task[None]] = set()

    async def join(self) -> None:
        """Let connections through."""
        self._server = await asyncio.start_server(self._relay, "127.0.0.1", self._port)

    async def cut(self) -> None:
        """End every connection and let no new one through."""
        if self._server is not None:
            self._server.close()
        for one in self._ends:
            one.transport.abort()
        self._ends.clear()
        if self._relays:
            await asyncio.wait(self._relays)
        self._relays.clear()

    async def _relay(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._relays.add(task)
        far_reader, far_writer = await asyncio.open_connection(*self._far)
        self._ends += [writer, far_writer]
        await asyncio.gather(_carry(reader, far_writer), _carry(far_reader, writer))


async def _carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while data := await reader.read(CHUNK):
            writer.write(data)
            await writer.drain()
    writer.close()


@contextlib.asynccontextmanager
async def line_to(broker_url: str, port: int) -> AsyncIterator[Line]:
    """A whole line until the end of the block."""
    line = Line(broker_url, port)
    await line.join()
    try:
        yield line
    finally:
        await line.cut()
