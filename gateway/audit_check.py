"""`vaka-audit`: read the whole audit, make its chain again, and say where it breaks.

    vaka-audit                          is every entry as it was written, and none missing?
    vaka-audit --expect 1200:9f3c...    and is number 1200 still the entry that I wrote down?

It ends with 0 where the chain holds and prints its head, to be written down where the database's owner cannot write;
with 1 and the number of the entry where it breaks; with 2 where it could not be read.
"""

import argparse
import os
import sys
from collections.abc import Iterable, Mapping
from typing import Final

from gateway.adapters.postgres.audit import reading
from gateway.model.audit import START, Break, Chain, Head
from homecare.errors import Malformed, VakaError

HOLDS: Final = 0
BREAKS: Final = 1
UNREAD: Final = 2


def main() -> None:
    """Check the audit of `VAKA_DATABASE_URL`, or of `--database`."""
    parser = argparse.ArgumentParser(prog="vaka-audit", description="Check the chain of the audit.")
    parser.add_argument("--database", help="address; VAKA_DATABASE_URL where it is not given")
    parser.add_argument("--expect", action="append", default=[], metavar="NUMBER:DIGEST", help="a head written down")
    asked = parser.parse_args()
    try:
        url = asked.database or _url(os.environ)
        head, broken = verify(url, [read_head(text) for text in asked.expect])
    except VakaError as error:
        sys.stderr.write(f"vaka-audit: {error}\n")
        sys.exit(UNREAD)
    if broken is not None:
        sys.stdout.write(f"BROKEN at entry {broken.number}: {broken.what}\n")
        sys.exit(BREAKS)
    sys.stdout.write(f"{head.number} entries, each as it was written. Head: {head.number}:{head.digest.hex()}\n")
    sys.exit(HOLDS)


def verify(url: str, known: Iterable[Head] = ()) -> tuple[Head, Break | None]:
    """Follow the chain in the database at `url`: how far it holds, and what is wrong there, None for nothing."""
    chain = Chain(known)
    with reading(url) as (stored, entries):
        for entry in entries:
            if (broken := chain.follow(entry)) is not None:
                return chain.head, broken
        return chain.head, chain.end(stored)


def read_head(text: str) -> Head:
    """The head of `1200:9f3c...`; `Malformed` otherwise."""
    number, _, digest = text.partition(":")
    try:
        head = Head(int(number), bytes.fromhex(digest))
    except ValueError as error:
        raise Malformed("read head", "--expect", "a number, a colon and 64 hex digits") from error
    if head.number < 1 or len(head.digest) != len(START):
        raise Malformed("read head", "--expect", "a number from 1, a colon and 64 hex digits")
    return head


def _url(environment: Mapping[str, str]) -> str:
    url = environment.get("VAKA_DATABASE_URL")
    if not url:
        raise Malformed("read configuration", "VAKA_DATABASE_URL", "set it, or give --database")
    return url
