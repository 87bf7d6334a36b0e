"""A disk whose power can be cut, as an APSW VFS: what was not synced may be dropped, torn or reordered.

What survives a cut is drawn by the chance that is handed in: of every write since a file's last sync each 512-byte
sector survives or not, on its own, in any combination; truncations likewise; space that grew without a sync may hold
garbage. A name in the directory survives creation or deletion only after a sync of the directory, which as on Linux
comes with the first sync of a newly created log, and with a deletion that asks for it.

The model is what SQLite assumes of a disk and no more: a sector is old or new as a whole, and a write does not damage
its neighbours. Files live in memory; one cut takes about a millisecond.
"""

from random import Random
from typing import Final

import apsw
import msgspec

SECTOR: Final = 512
"""Bytes that a disk writes as a whole."""
_LOGS: Final = apsw.SQLITE_OPEN_WAL | apsw.SQLITE_OPEN_MAIN_JOURNAL | apsw.SQLITE_OPEN_SUPER_JOURNAL


class PowerCut(Exception):
    """The power is off; nothing reaches the disk until it is switched on."""


class _Write(msgspec.Struct):
    """An unsynced change: bytes at an offset, or a new length where `data` is None."""

    offset: int
    data: bytes | None


class _File:
    """One file's content, apart from its name: what programs read, and what is on the platters."""

    def __init__(self) -> None:
        self.live = bytearray()
        self.durable = b""
        self.unsynced: list[_Write] = []

    def change(self, change: _Write) -> None:
        _apply(self.live, change)
        self.unsynced.append(change)

    def sync(self) -> None:
        if self.unsynced:
            self.durable = bytes(self.live)
            self.unsynced.clear()

    def lose(self, chance: Random, kept: float) -> None:
        """What a cut leaves of the content, where every unsynced sector is kept with this probability."""
        left = bytearray(self.durable)
        for change in self.unsynced:
            for part in _sectors(change):
                if chance.random() < kept:
                    _apply(left, part)
                elif part.data is not None and len(left) < part.offset + len(part.data) and chance.random() < kept:
                    _apply(left, _Write(part.offset, chance.randbytes(len(part.data))))
        self.live = left
        self.durable = bytes(left)
        self.unsynced.clear()


class Disk(apsw.VFS):
    """The disk and its one directory, registered with SQLite under `name` (`Journal.open(..., vfs=disk.name)`)."""

    def __init__(self, name: str, names: "dict[str, _File] | None" = None) -> None:
        super().__init__(name, base="")
        self.name = name
        self.on = True
        self.changes = 0
        """Writes, truncations, syncs and deletions so far."""
        self._cut_at: int | None = None
        self._names: dict[str, _File] = names or {}
        self._durable_names = dict(self._names)

    def cut_after(self, changes: int) -> None:
        """Cut the power in the middle of the change that follows `changes` more of them."""
        self._cut_at = self.changes + changes

    def after_cut(self, vfs: str, chance: Random) -> "Disk":
        """The disk when power is back: what the cut (now, if it did not come before) has left.

        This one stays without power, so that nothing from before the cut can reach the platters any more.
        """
        self.on = False
        self.unregister()
        kept = chance.choice((0.0, 0.5, 0.9, 1.0))
        names = {}
        for name in sorted(self._names.keys() | self._durable_names.keys()):
            entries = (self._durable_names.get(name), self._names.get(name))
            entry = entries[chance.random() < kept]
            if entry is not None:
                names[name] = entry
        for name in sorted(names):
            names[name].lose(chance, kept)
        return Disk(vfs, names)

    def change(self) -> None:
        """Count a change; `PowerCut` when the power goes with it."""
        self.touch()
        self.changes += 1
        if self._cut_at is not None and self.changes > self._cut_at:
            self.on = False

    def touch(self) -> None:
        """`PowerCut` while the power is off."""
        if not self.on:
            raise PowerCut

    def sync_names(self) -> None:
        """Make the directory durable."""
        self._durable_names = dict(self._names)

    # --- what SQLite calls -----------------------------------------------------------------------------------------

    def xOpen(self, name: str | apsw.URIFilename | None, flags: list[int]) -> "_Handle":  # type: ignore[override] # noqa: N802
        """Open or create a file."""
        self.touch()
        path = name.filename() if isinstance(name, apsw.URIFilename) else str(name)
        created = path not in self._names
        if created and not flags[0] & apsw.SQLITE_OPEN_CREATE:
            raise apsw.CantOpenError(path)
        file = self._names.setdefault(path, _File())
        flags[1] = flags[0]
        return _Handle(self, file, new_log=created and bool(flags[0] & _LOGS))

    def xDelete(self, filename: str, syncdir: bool) -> None:  # noqa: N802, FBT001 - the signature is APSW's
        """Take a name out of the directory."""
        if not self.on:
            return
        self.change()
        if self._names.pop(filename, None) is None:
            raise apsw.IOError(filename)
        self.touch()
        if syncdir:
            self.sync_names()

    def xAccess(self, pathname: str, flags: int) -> bool:  # noqa: N802, ARG002 - the signature is APSW's
        """Whether a file is there."""
        self.touch()
        return pathname in self._names and bool(self._names[pathname].live)

    def xFullPathname(self, name: str) -> str:  # noqa: N802
        """All names are of the one directory."""
        return name


class _Handle:
    """An open file, as APSW's VFSFile; a lock is never contested, because the journal is opened exclusively."""

    def __init__(self, disk: Disk, file: _File, *, new_log: bool) -> None:
        self._disk = disk
        self._file = file
        self._new_log = new_log

    def xRead(self, amount: int, offset: int) -> bytes:  # noqa: N802
        self._disk.touch()
        return bytes(self._file.live[offset : offset + amount])

    def xWrite(self, data: bytes, offset: int) -> None:  # noqa: N802
        self._disk.change()
        self._file.change(_Write(offset, bytes(data)))
        self._disk.touch()

    def xTruncate(self, newsize: int) -> None:  # noqa: N802
        self._disk.change()
        self._file.change(_Write(newsize, None))
        self._disk.touch()

    def xSync(self, flags: int) -> None:  # noqa: N802, ARG002
        self._disk.change()
        self._disk.touch()
        self._file.sync()
        if self._new_log:
            self._disk.sync_names()
            self._new_log = False

    def xFileSize(self) -> int:  # noqa: N802
        self._disk.touch()
        return len(self._file.live)

    def xClose(self) -> None:  # noqa: N802
        """Nothing: also without power."""

    def xLock(self, level: int) -> None:  # noqa: N802
        """Nobody else is there."""

    def xUnlock(self, level: int) -> None:  # noqa: N802
        """Nobody else is there."""

    def xCheckReservedLock(self) -> bool:  # noqa: N802
        return False

    def xFileControl(self, op: int, ptr: int) -> bool:  # noqa: N802, ARG002
        return False

    def xSectorSize(self) -> int:  # noqa: N802
        return SECTOR

    def xDeviceCharacteristics(self) -> int:  # noqa: N802
        return int(apsw.SQLITE_IOCAP_POWERSAFE_OVERWRITE)


def _apply(content: bytearray, change: _Write) -> None:
    if change.data is None:
        del content[change.offset :]
        content.extend(bytes(change.offset - len(content)))
        return
    content.extend(bytes(max(change.offset - len(content), 0)))
    content[change.offset : change.offset + len(change.data)] = change.data


def _sectors(change: _Write) -> list[_Write]:
    """The change in the pieces that survive or not."""
    if change.data is None:
        return [change]
    end = change.offset + len(change.data)
    starts = [change.offset, *range((change.offset // SECTOR + 1) * SECTOR, end, SECTOR)]
    return [
        _Write(start, change.data[start - change.offset : stop - change.offset])
        for start, stop in zip(starts, [*starts[1:], end], strict=True)
    ]
