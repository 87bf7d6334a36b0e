"""An emulated serial device: a pty behind a stable symlink, with a plug that can be pulled.

Pulling the plug closes the pty, so that a reader fails at once as with real hardware, and takes the symlink away;
plugging in again makes another pty under the same symlink. What nobody reads is dropped, as a wire does.
"""

import asyncio
import os
import tty
from collections.abc import Callable
from pathlib import Path
from typing import Final

READ_BYTES: Final = 4096
"""Bytes taken at a time: what a tty holds."""


class SerialPort:
    """The device's side of a serial line. `on_data` gets what the edge writes; `dropped` counts bytes nobody read."""

    def __init__(self, link: Path, on_data: Callable[[bytes], None]) -> None:
        self.link = link
        self.dropped = 0
        self._on_data = on_data
        self._line: tuple[int, int] | None = None

    @property
    def plugged(self) -> bool:
        """Whether the device is there."""
        return self._line is not None

    def plug(self) -> None:
        """Appear under the symlink; nothing happens if it is there already."""
        if self._line is not None:
            return
        device, host = os.openpty()
        tty.setraw(host)
        os.set_blocking(device, False)
        # The host's side stays open here as well: without it the device's side fails whenever no reader has it open.
        self._line = device, host
        fresh = self.link.with_name(f"{self.link.name}.new")
        fresh.unlink(missing_ok=True)
        fresh.symlink_to(os.ttyname(host))
        fresh.replace(self.link)
        asyncio.get_running_loop().add_reader(device, self._read)

    def unplug(self) -> None:
        """Vanish; nothing happens if it is away already."""
        if self._line is None:
            return
        device, host = self._line
        self._line = None
        self.link.unlink(missing_ok=True)
        asyncio.get_running_loop().remove_reader(device)
        os.close(device)
        os.close(host)

    def hold(self, *, held: bool) -> None:
        """Take nothing that the edge writes while `held`: a device whose flow control is stuck."""
        if self._line is not None and held:
            asyncio.get_running_loop().remove_reader(self._line[0])
        elif self._line is not None:
            asyncio.get_running_loop().add_reader(self._line[0], self._read)

    def write(self, data: bytes) -> None:
        """Send to the edge; lost if the plug is pulled or nobody reads."""
        if self._line is None:
            return
        try:
            written = os.write(self._line[0], data)
        except BlockingIOError:
            written = 0
        self.dropped += len(data) - written

    def _read(self) -> None:
        if self._line is not None:
            self._on_data(os.read(self._line[0], READ_BYTES))
