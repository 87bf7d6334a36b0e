"""What of an error may stand in a log: what kind it was and where, never what it said.

A database repeats the row that it refuses, a parser the text that it could not read: any message may hold a name. Our
own errors say nothing of the kind by their contract (`homecare.errors`) and keep their words.
"""

import logging
import sys
import traceback
from types import TracebackType
from typing import Final

from homecare.errors import VakaError

FORMAT: Final = "%(asctime)s %(levelname)s %(name)s: %(message)s"
CHAIN_LIMIT: Final = 10
"""Causes that are followed; a chain is two or three long."""

Info = tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]


def trace_of(error: BaseException) -> str:
    """The error, what it came from and what it holds: kinds and places, the newest first."""
    lines: list[str] = []
    waiting: list[BaseException] = [error]
    while waiting and len(lines) < CHAIN_LIMIT:
        now = waiting.pop(0)
        lines.append(_one(now))
        waiting += now.exceptions if isinstance(now, BaseExceptionGroup) else ()
        if (cause := now.__cause__ or (None if now.__suppress_context__ else now.__context__)) is not None:
            waiting.append(cause)
    return "\n".join(("Traceback of kinds and places:", *lines))


def _one(error: BaseException) -> str:
    kind = f"{type(error).__module__}.{type(error).__qualname__}"
    words = f": {error}" if isinstance(error, VakaError) else ""
    places = [
        f"  {frame.filename}:{frame.lineno} in {frame.name}" for frame in traceback.extract_tb(error.__traceback__)
    ]
    return "\n".join((kind + words, *places))


class Discreet(logging.Formatter):
    """Formats records with `trace_of` in the place of a traceback.

    asyncio shows the task in which an error was never asked for, and with it the error: only its first line is kept.
    """

    def format(self, record: logging.LogRecord) -> str:
        """The line, and kinds and places below it."""
        if record.name == "asyncio":
            record.msg, record.args = record.getMessage().split("\n", 1)[0], ()
        return super().format(record)

    def formatException(self, ei: Info) -> str:  # noqa: N802 why: the name that logging calls
        """Kinds and places."""
        return "" if ei[1] is None else trace_of(ei[1])


def log_discreetly() -> None:
    """For a whole process: every logger, and the error that ends it."""
    handler = logging.StreamHandler()
    handler.setFormatter(Discreet(FORMAT))
    logging.basicConfig(level=logging.INFO, handlers=[handler])
    sys.excepthook = _last_words


def _last_words(_: type[BaseException], error: BaseException, __: TracebackType | None) -> None:
    sys.stderr.write(trace_of(error) + "\n")
