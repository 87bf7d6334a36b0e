"""What tests ask a database beside the product, over a connection that is kept.

Opening one takes the server longer than most answers; a test that polls would mostly wait for that.
"""

import atexit
import select
from collections import OrderedDict
from threading import Lock
from typing import Any, Final

import psycopg

MOST: Final = 2
"""Databases: a module's and the test's own; what was asked longest ago is closed first."""

_kept: OrderedDict[str, psycopg.Connection[tuple[Any, ...]]] = OrderedDict()
_lock: Final = Lock()


def rows(url: str, statement: str, *parameters: object) -> list[tuple[Any, ...]]:
    """What the database answers; the statement is a transaction of its own. Several threads take turns.

    `psycopg.OperationalError` while the server is away; it is found again by the next call after its return.
    """
    with _lock:
        return _connection(url).execute(statement, parameters).fetchall()


def _connection(url: str) -> psycopg.Connection[tuple[Any, ...]]:
    kept = _kept.pop(url, None)
    if kept is None or not _lives(kept):
        # Never prepared: a test may change the table between two looks.
        kept = psycopg.connect(url, autocommit=True, prepare_threshold=None)
    _kept[url] = kept
    while len(_kept) > MOST:
        _kept.popitem(last=False)[1].close()
    return kept


def _lives(connection: psycopg.Connection[tuple[Any, ...]]) -> bool:
    """Nobody speaks to a connection that is asked nothing, but a server that ends it."""
    if not connection.closed and not select.select([connection], [], [], 0)[0]:
        return True
    connection.close()
    return False


@atexit.register
def _close() -> None:
    while _kept:
        _kept.popitem()[1].close()
