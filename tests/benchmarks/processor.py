"""What processes cost, as the kernel counts it: processor seconds and resident memory."""

import os
from collections import Counter
from collections.abc import Sequence
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


def together_mib(pids: Sequence[int]) -> float:
    """MiB of RAM that processes take together: what is each one's own, and pages of a file that they share once.

    Of a file as much is counted as the one that has most of it in RAM; the sum of `resident_mib` would count the
    interpreter and its libraries once for each process, while the kernel keeps them once.
    """
    own, shared = 0, Counter[str]()
    for pid in pids:
        anonymous, files = _mapped(pid)
        own += anonymous
        shared |= files
    return (own + shared.total()) / 1024


def _mapped(pid: int) -> tuple[int, Counter[str]]:
    """KiB of a process's RAM: those that no file has, and those of each file."""
    anonymous, files, where = 0, Counter[str](), ""
    try:
        lines = Path(f"/proc/{pid}/smaps").read_text().splitlines()
    except OSError:
        return 0, files
    for line in lines:
        name, *rest = line.split()
        if name == "Rss:":
            files[where] += int(rest[0])
        elif name == "Anonymous:":
            anonymous += int(rest[0])
            files[where] -= int(rest[0])
        elif not name.endswith(":"):
            where = " ".join(rest[4:])
    return anonymous, +files


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
