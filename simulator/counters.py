"""Counters of simulated devices: they never fall, whatever is killed, as a real device's do not."""

import json
from pathlib import Path
from typing import Final

BLOCK: Final = 1000
"""Counters reserved on disk at a time; a crash skips at most so many."""


class Counters:
    """One rising counter, from 1, for each name, reserved in the file `path` ahead of use."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._reserved: dict[str, int] = json.loads(path.read_text("utf-8")) if path.exists() else {}
        self._last: dict[str, int] = dict(self._reserved)

    def next(self, name: str) -> int:
        """The next counter of `name`."""
        number = self._last.get(name, 0) + 1
        self._last[name] = number
        if number > self._reserved.get(name, 0):
            self._reserved[name] = number + BLOCK
            fresh = self._path.with_name(f"{self._path.name}.new")
            fresh.write_text(json.dumps(self._reserved), "utf-8")
            fresh.replace(self._path)
        return number
