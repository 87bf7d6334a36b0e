"""Serial ports: finds telegrams in what a port says, supervises it, writes answers.

The only file that knows `pyserial`. The path is a stable symlink, so that a replugged stick is found again. A port
fails in three ways: it is gone (unplugged: the next read fails at once), it is deaf (silent for longer than its devices
ever are), or it is stuck (does not take our bytes). Each is told and healed by opening it again, for ever.

Devices on a wire may be silent for days, so the port itself is asked for a sign of life (`Framer.question`). One that
answered once is expected to go on answering: its silence is deafness, told within two minutes.
"""

import asyncio
import os
import select
import termios
from collections.abc import Callable
from typing import Final

import msgspec
from serial import Serial

from edge.driver import Framer, Sighting
from homecare.clock import SECOND, Clock
from homecare.event import TransportState

BACKOFF_SECONDS: Final = (0.1, 0.5, 1, 2, 5)
"""Waits before the next opening; the last one repeats, so that a replugged stick is used within five seconds."""
READ_BYTES: Final = 4096
"""Bytes taken at a time: what a tty holds."""
WRITE_LIMIT: Final = 4096
"""Bytes waiting to be written; more are dropped, because what they answer will be repeated."""
LOOK_SECONDS: Final = 0.5
"""Between two looks at silence, unwritten bytes and an unfinished telegram: no line pauses so long inside one."""
_AWAY: Final = (OSError, termios.error)
"""The port is not there, is no port, or is in use by another program."""


class Limits(msgspec.Struct, frozen=True):
    """How long a port may keep us waiting, all in microseconds.

    `stuck_after`: a byte of ours waits to be taken; a frame of 100 bytes takes 20 ms on the slowest port in use.
    `ask_every`: between two questions to the port. `unanswered`: without a byte from a port that has answered before,
    three questions. `deaf_after`: without a byte from any port; None where silence is ordinary.
    """

    stuck_after: int = 20 * SECOND
    ask_every: int = 30 * SECOND
    unanswered: int = 90 * SECOND
    deaf_after: int | None = None


_ORDINARY: Final = Limits()


class SerialTransport:
    """One serial port, as `edge.driver.Transport`; `name` is without the prefix `serial:`."""

    def __init__(
        self,
        name: str,
        path: str,
        *,
        baud: int,
        framer: Framer,
        clock: Clock,
        limits: Limits = _ORDINARY,
    ) -> None:
        self.name = f"serial:{name}"
        self._path = path
        self._baud = baud
        self._framer = framer
        self._clock = clock
        self._limits = limits
        self._asked_at: int | None = None
        self._port: Serial | None = None
        self._unwritten = bytearray()
        self._unwritten_since = 0
        self._state: TransportState | None = None
        self.dropped = 0

    def write(self, data: bytes) -> None:
        """Send `data`; dropped if the port is away or has `WRITE_LIMIT` bytes waiting. See `edge.driver.Transport`."""
        if self._port is None or len(self._unwritten) + len(data) > WRITE_LIMIT:
            self.dropped += 1
            return
        if not self._unwritten:
            self._unwritten_since = self._clock.now().elapsed
            asyncio.get_running_loop().add_writer(self._port.fileno(), self._write_on)
        self._unwritten += data
        self._write_on()

    async def run(self, on_sighting: Callable[[Sighting], None], on_state: Callable[[TransportState], None]) -> None:
        """Listen until cancelled; see `edge.driver.Transport`."""
        attempt = 0

        def tell(state: TransportState) -> None:
            nonlocal attempt
            attempt = 0 if state is TransportState.WORKING else attempt
            if state is not self._state:
                self._state = state
                on_state(state)

        while True:
            tell(await self._serve(on_sighting, tell))
            await asyncio.sleep(BACKOFF_SECONDS[min(attempt, len(BACKOFF_SECONDS) - 1)])
            attempt += 1

    async def _serve(
        self, on_sighting: Callable[[Sighting], None], tell: Callable[[TransportState], None]
    ) -> TransportState:
        """Listen to the port until it fails; how it failed."""
        try:
            port = Serial(self._path, self._baud, timeout=0, write_timeout=0, exclusive=True)
        except _AWAY:
            return TransportState.GONE
        if self._state in (None, TransportState.GONE):
            tell(TransportState.WORKING)  # after deaf or stuck only a byte proves it
        self._port = port
        try:
            return await self._listen(port.fileno(), on_sighting, tell)
        finally:
            self._close(port)

    async def _listen(
        self, fd: int, on_sighting: Callable[[Sighting], None], tell: Callable[[TransportState], None]
    ) -> TransportState:
        readable = asyncio.Event()
        asyncio.get_running_loop().add_reader(fd, readable.set)
        heard_at = self._clock.now().elapsed
        while True:
            try:
                async with asyncio.timeout(LOOK_SECONDS):
                    await readable.wait()
            except TimeoutError:
                self._tell_telegrams(self._framer.idle(), on_sighting)
            readable.clear()
            data = _read(fd)
            if data is None:
                return TransportState.GONE
            if data:
                heard_at = self._clock.now().elapsed
                tell(TransportState.WORKING)
                self._tell_telegrams(self._framer.feed(data), on_sighting)
            failure = self._look(heard_at)
            if failure is not None:
                return failure

    def _tell_telegrams(self, found: list[tuple[str, bytes]], on_sighting: Callable[[Sighting], None]) -> None:
        for address, telegram in found:
            heard_at = self._clock.now()
            on_sighting(Sighting(transport=self.name, address=address, heard_at=heard_at, telegram=telegram))

    def _look(self, heard_at: int) -> TransportState | None:
        """Whether the port keeps us waiting for too long; asks it when it is time."""
        now, limits = self._clock.now().elapsed, self._limits
        if self._unwritten and now - self._unwritten_since >= limits.stuck_after:
            return TransportState.STUCK
        silence = now - heard_at
        if limits.deaf_after is not None and silence >= limits.deaf_after:
            return TransportState.DEAF
        if self._framer.answers and silence >= limits.unanswered:
            return TransportState.DEAF
        if self._framer.question and (self._asked_at is None or now - self._asked_at >= limits.ask_every):
            self._asked_at = now
            self.write(self._framer.question)
        return None

    def _write_on(self) -> None:
        """Write as much as the port takes now."""
        if self._port is None:
            return
        try:
            written = os.write(self._port.fileno(), self._unwritten)
        except BlockingIOError:
            return
        except OSError:
            written = len(self._unwritten)  # unplugged: the reader tells
        del self._unwritten[:written]
        self._unwritten_since = self._clock.now().elapsed
        if not self._unwritten:
            asyncio.get_running_loop().remove_writer(self._port.fileno())

    def _close(self, port: Serial) -> None:
        loop = asyncio.get_running_loop()
        loop.remove_reader(port.fileno())
        loop.remove_writer(port.fileno())
        self._port = None
        self._unwritten.clear()
        port.close()


def _read(fd: int) -> bytes | None:
    """The bytes that are there, none if there are none, None if the port is gone.

    A tty as pyserial sets it answers "no bytes" both when it is idle and when it is unplugged: polling tells them
    apart, because only an unplugged one calls itself ready and then gives nothing.
    """
    poll = select.poll()
    poll.register(fd, select.POLLIN)
    ready = poll.poll(0)
    if not ready:
        return b""
    try:
        return os.read(fd, READ_BYTES) or None
    except BlockingIOError:
        return b""
    except OSError:
        return None
