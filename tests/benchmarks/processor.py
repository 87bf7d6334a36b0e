"""What processes cost, as the kernel counts it: processor seconds and resident memory."""

import os
from pathlib import Path
from typing import Final

TICKS: Final = os.sysconf("SC_CLK_TCK")
PAGE: Final = os.sysconf("SC_PAGE_SIZE")
MIB: Final = 1024 * 1024


def processor_seconds(pid: int) -> float:
    """Seconds of processor time of a process, of its children that ended and of those that live."""
    children = _children()
    total, waiting = 0.0, [pid]
    while waiting:
        one = waiting.pop()
        total += sum(_stat(one)[11:15]) / TICKS
        waiting += children.get(one, [])
    return total


def resident_mib(pid: int) -> float:
    """MiB of a process's memory that are in RAM, shared pages included."""
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * PAGE / MIB
    except OSError:
        return 0.0


def _stat(pid: int) -> list[int]:
    """The numbers of `stat` after the state, so that index 1 is the parent and 11 to 14 are times."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return [0] * 20
    return [0, *map(int, fields[1:20])]


def _children() -> dict[int, list[int]]:
    found: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            found.setdefault(_stat(int(entry.name))[1], []).append(int(entry.name))
    return found
