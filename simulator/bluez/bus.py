"""A private D-Bus: one `dbus-daemon` on a socket of its own."""

import asyncio
import shutil
import signal
from asyncio.subprocess import DEVNULL, Process
from pathlib import Path
from typing import Final

from homecare.errors import Malformed, Unavailable

VARIABLE: Final = "DBUS_SYSTEM_BUS_ADDRESS"
"""Points a program at this bus instead of the machine's."""
LONGEST_PATH: Final = 107
"""Bytes of a unix socket's path on Linux, without the closing zero."""
READY_SECONDS: Final = 10
STOP_SECONDS: Final = 5
POLL_SECONDS: Final = 0.01

# The type is `session` although it stands in for the system bus: it needs no system user and no service files.
_CONFIGURATION: Final = """\
<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-BUS Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>session</type>
  <listen>unix:path={socket}</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
  </policy>
</busconfig>
"""


class PrivateBus:
    """One bus whose configuration and socket lie in `folder`; `daemon` is the program, the host's own by default.

    `Malformed` if the folder's path is too long for a socket.
    """

    def __init__(self, folder: Path, daemon: Path | None = None) -> None:
        self._daemon = daemon
        self._configuration = folder / "bus.conf"
        self._socket = folder / "bus"
        self._process: Process | None = None
        if len(str(self._socket).encode()) > LONGEST_PATH:
            raise Malformed("place a private bus", "folder", f"a socket's path has at most {LONGEST_PATH} bytes")

    @property
    def address(self) -> str:
        """What a program finds in `VARIABLE`."""
        return f"unix:path={self._socket}"

    @property
    def pid(self) -> int:
        """The daemon's process id; `Unavailable` before `start`."""
        if self._process is None:
            raise Unavailable("read the process id", "private bus", "start it first")
        return self._process.pid

    async def start(self) -> None:
        """Start the daemon and return when it listens; the kernel ends it with the thread that started it.

        `Unavailable` if there is no daemon or it does not listen in time.
        """
        program = str(self._daemon or shutil.which("dbus-daemon") or "")
        if not program:
            raise Unavailable("start a private bus", "dbus-daemon", "install dbus, or name the unpacked one")
        self._socket.unlink(missing_ok=True)
        self._configuration.write_text(_CONFIGURATION.format(socket=self._socket), encoding="utf-8")
        command = [program, f"--config-file={self._configuration}", "--nofork", "--nopidfile"]
        self._process = await asyncio.create_subprocess_exec(
            *("setpriv", "--pdeathsig", "TERM"), *command, stdin=DEVNULL, stdout=DEVNULL, stderr=DEVNULL
        )
        try:
            async with asyncio.timeout(READY_SECONDS):
                while not await self._listens():
                    if self._process.returncode is not None:
                        raise Unavailable("start a private bus", program, "it ended at once; run it by hand to see why")
                    await asyncio.sleep(POLL_SECONDS)
        except TimeoutError as error:
            await self.stop()
            raise Unavailable("start a private bus", program, f"it did not listen in {READY_SECONDS} s") from error

    async def ended(self) -> None:
        """Return when the daemon has ended by itself or was killed; `Unavailable` before `start`."""
        if self._process is None:
            raise Unavailable("wait for the daemon's end", "private bus", "start it first")
        await self._process.wait()

    async def _listens(self) -> bool:
        """Whether it takes connections: its socket is there a moment before."""
        try:
            _, writer = await asyncio.open_unix_connection(self._socket)
        except OSError:
            return False
        writer.close()
        return True

    async def stop(self) -> None:
        """End the daemon; every connection to it breaks."""
        process, self._process = self._process, None
        if process is None or process.returncode is not None:
            return
        process.send_signal(signal.SIGTERM)
        try:
            async with asyncio.timeout(STOP_SECONDS):
                await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()
