"""The audit: who did what to whom, when and why; each entry chained to the one before. Pure, but for who reads it.

The database makes the chain in the transaction of the deed (a trigger: nobody appends without it), and whoever reads
it makes it again from here:

    digest(n) = SHA-256(digest(n-1) || field(number) || field(at) || field(person) || ... || field(reason))

with 32 zero bytes before the first entry, `at` in wall microseconds, and a field as its length in bytes, a colon and
its UTF-8, or a dash for nothing. An entry that was changed, taken out or put in breaks the chain where it stands. Who
rewrites everything that follows as well is found by the head that somebody else wrote down (`Head`), and only by that.
"""

import hashlib
from collections.abc import Iterable
from typing import Final

import msgspec

START: Final = bytes(32)
"""What stands before the first entry."""


class Entry(msgspec.Struct, frozen=True):
    """One entry as it is stored. `person`, `subject`, `home` and `purpose` are opaque ids; `at` wall microseconds."""

    number: int
    at: int
    person: str
    action: str
    subject: str
    home: str | None
    purpose: str | None
    result: str
    reason: str | None
    previous: bytes
    digest: bytes


class Head(msgspec.Struct, frozen=True):
    """The chain's end as somebody knows it: the newest number and its digest."""

    number: int = 0
    digest: bytes = START


class Break(msgspec.Struct, frozen=True):
    """Where the chain breaks, and how it shows."""

    number: int
    what: str


def digest_of(entry: Entry) -> bytes:
    """The digest that the entry must have behind its `previous`."""
    fields = (
        str(entry.number),
        str(entry.at),
        entry.person,
        entry.action,
        entry.subject,
        entry.home,
        entry.purpose,
        entry.result,
        entry.reason,
    )
    return hashlib.sha256(entry.previous + b"".join(map(_field, fields))).digest()


def _field(value: str | None) -> bytes:
    if value is None:
        return b"-"
    data = value.encode()
    return b"%d:%s" % (len(data), data)


class Chain:
    """Takes the entries in order and says where they stop following from one another."""

    def __init__(self, known: Iterable[Head] = ()) -> None:
        self._known = {head.number: head.digest for head in known}
        self.head = Head()

    def follow(self, entry: Entry) -> Break | None:
        """The first thing that is wrong with the next entry, None if it follows."""
        expected = self.head.number + 1
        if entry.number != expected:
            return Break(expected, f"the next entry is number {entry.number}: entries are missing or out of order")
        if entry.previous != self.head.digest:
            return Break(entry.number, "it does not follow from the entry before")
        if entry.digest != digest_of(entry):
            return Break(entry.number, "it was changed")
        if self._known.pop(entry.number, entry.digest) != entry.digest:
            return Break(entry.number, "it is not the entry whose digest was written down")
        self.head = Head(entry.number, entry.digest)
        return None

    def end(self, stored: Head) -> Break | None:
        """What is wrong once all entries were followed: `stored` is where the database says that the chain ends."""
        if self._known:
            return Break(min(self._known), "an entry whose digest was written down is missing")
        if stored != self.head:
            return Break(self.head.number + 1, f"entries up to number {stored.number} are missing at the end")
        return None
