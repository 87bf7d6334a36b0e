"""Keeps the broker's access file as the registry has it: a revoked edge loses its subtree within seconds."""

import asyncio
import logging
import os
import signal
from pathlib import Path
from typing import Final

from gateway.model.broker_rights import rights
from gateway.ports.enrolment import EnrolmentStore
from homecare.errors import Unavailable

LOOK_SECONDS: Final = 2.0
"""How old the file may be; the gateway's own door refuses a revoked edge's frames whatever the broker does."""
_log = logging.getLogger(__name__)


class RightsKeeper:
    """Writes `path` whenever it should say something else, and tells the broker whose `pid` stands in `pid_file`."""

    def __init__(self, store: EnrolmentStore, path: Path, pid_file: Path | None) -> None:
        self._store = store
        self._path = path
        self._pid_file = pid_file

    async def run(self) -> None:
        """Until cancelled."""
        while True:  # bounded by the process's life
            try:
                self.write(rights(await self._store.revoked()))
            except (Unavailable, OSError) as error:
                _log.warning("the broker's rights wait: %s", type(error).__name__)
            await asyncio.sleep(LOOK_SECONDS)

    def write(self, text: str) -> None:
        """Put the whole file in place of the old one, if it says something else."""
        if self._path.exists() and self._path.read_text(encoding="ascii") == text:
            return
        fresh = self._path.with_name(f"{self._path.name}.new")
        fresh.write_text(text, encoding="ascii")
        if self._path.exists():
            before = self._path.stat()
            fresh.chmod(before.st_mode & 0o777)
            if os.geteuid() == 0:
                os.chown(fresh, before.st_uid, before.st_gid)
        fresh.replace(self._path)
        self._tell()

    def _tell(self) -> None:
        """Ask the broker to read it again."""
        if self._pid_file is None:
            return
        try:
            pid = int(self._pid_file.read_text(encoding="ascii").split()[0])
            os.kill(pid, signal.SIGHUP)
        except (OSError, ValueError, IndexError) as error:
            _log.warning("the broker was not told of its new rights: %s", type(error).__name__)
