"""The home's router: a TCP relay between the edge and the broker, whose line can really be cut.

While cut it refuses new connections and has dropped the open ones without a farewell, as a broken line does.
"""

import asyncio
import socket
import struct
from typing import Final

LOOPBACK: Final = "127.0.0.1"
CHUNK_BYTES: Final = 65_536
CONNECT_SECONDS: Final = 5
"""The broker is on this machine or near it."""
CONNECTIONS: Final = 64
"""At a time; an edge needs one or two."""


class Router:
    """Listens on `port` of loopback (0: any) and relays to `host`:`target`."""

    def __init__(self, host: str, target: int, *, port: int = 0) -> None:
        self._host = host
        self._target = target
        self.port = port
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.StreamWriter] = set()
        self._healing: asyncio.TimerHandle | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def is_cut(self) -> bool:
        """Whether the line is cut."""
        return self._server is None

    async def start(self) -> None:
        """Let connections through."""
        if self._server is None:
            self._server = await asyncio.start_server(self._relay, LOOPBACK, self.port)
            self.port = int(self._server.sockets[0].getsockname()[1])

    async def cut(self, seconds: float | None = None) -> None:
        """Break the line now, for `seconds` or until `heal`."""
        self._stop_healing()
        if self._server is not None:
            self._server.close()
            self._server = None
        for writer in list(self._open):
            _break(writer)
        if seconds is not None:
            self._healing = asyncio.get_running_loop().call_later(seconds, self._heal_soon)

    async def heal(self) -> None:
        """Mend the line."""
        self._stop_healing()
        await self.start()

    async def stop(self) -> None:
        """Cut for good and wait until every relay has ended."""
        await self.cut()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _heal_soon(self) -> None:
        task = asyncio.get_running_loop().create_task(self.start())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _stop_healing(self) -> None:
        if self._healing is not None:
            self._healing.cancel()
            self._healing = None

    async def _relay(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is None or len(self._open) >= 2 * CONNECTIONS:
            writer.transport.abort()
            return
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                far_reader, far_writer = await asyncio.open_connection(self._host, self._target)
        except OSError:  # TimeoutError is one
            writer.transport.abort()
            return
        ends = {writer, far_writer}
        self._open |= ends
        try:
            if not self.is_cut:
                await asyncio.gather(_pump(reader, far_writer), _pump(far_reader, writer))
        finally:
            self._open -= ends
            for end in ends:
                end.transport.abort()


def _break(writer: asyncio.StreamWriter) -> None:
    """End a connection by a reset, without the farewell that says a program ended in order."""
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Carry bytes one way until either end closes, then close the other."""
    try:
        while data := await reader.read(CHUNK_BYTES):
            writer.write(data)
            await writer.drain()
    except OSError:
        pass  # the other side is gone: so is this connection
    finally:
        writer.close()
