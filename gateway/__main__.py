"""`vaka-gateway alarm` and `vaka-gateway bulk`: the two processes of the central service; and what sets it up.

`vaka-gateway migrate` makes the schema, `register FILE` registers what the file says (`gateway.registration`), and
`invite PERSON` prints an invitation's address, once.
"""

import argparse
import asyncio
import contextlib
import logging
import signal
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Final

from gateway.adapters.postgres.migrate import migrate
from gateway.config import Config, read_config
from gateway.discretion import log_discreetly
from gateway.listening import PORT_TAKEN, PortTaken
from homecare.clock import SystemClock
from homecare.errors import Unavailable, VakaError

DATABASE_TRIES: Final = 240
DATABASE_PAUSE: Final = 0.5
"""Seconds between tries; two minutes in all, in which a database recovers from its log. Then the supervisor decides."""
_log = logging.getLogger(__name__)


def main() -> None:
    """Run one process until SIGTERM or SIGINT; when it cannot begin, one line and 1, or `PORT_TAKEN` for a port."""
    parser = argparse.ArgumentParser(prog="vaka-gateway", description="The central service of Vaka.")
    commands = parser.add_subparsers(dest="process", required=True)
    for name in ("alarm", "bulk", "migrate"):
        commands.add_parser(name)
    commands.add_parser("register").add_argument("file", type=Path)
    commands.add_parser("invite").add_argument("person")
    asked = parser.parse_args()
    process = asked.process
    log_discreetly()
    try:
        config = read_config()
        _bring_up(config)
        if process in {"register", "invite"}:
            _set_up(config, asked)
        elif process != "migrate":
            asyncio.run(_until_told(_assembly(process), config))
    except VakaError as error:
        sys.stderr.write(f"vaka-gateway {process}: {error}\n")
        sys.exit(PORT_TAKEN if isinstance(error, PortTaken) else 1)


def _bring_up(config: Config) -> None:
    """The schema, as soon as the database answers: both may be starting after the same power cut."""
    for _ in range(DATABASE_TRIES - 1):
        try:
            return migrate(config.database_url)
        except Unavailable as error:
            _log.warning("waiting for the database: %s", error)
            time.sleep(DATABASE_PAUSE)
    return migrate(config.database_url)


def _set_up(config: Config, asked: argparse.Namespace) -> None:
    from gateway.setting_up import invite, register_file  # noqa: PLC0415 why: neither process needs any of it

    if asked.process == "register":
        sys.stdout.write(f"registered: {register_file(config, asked.file, SystemClock())}\n")
    else:
        sys.stdout.write(f"{asyncio.run(invite(config, asked.person, SystemClock()))}\n")
        sys.stderr.write("open it once, within a day; whoever opens it becomes this person\n")


def _assembly(process: str) -> Callable[[Config], Awaitable[None]]:
    """Each process imports only its own parts: bulk carries no web server."""
    if process == "alarm":
        from gateway.alarm import run  # noqa: PLC0415 why: see above
    else:
        from gateway.bulk import run  # noqa: PLC0415 why: see above
    return run


async def _until_told(run: Callable[[Config], Awaitable[None]], config: Config) -> None:
    work = asyncio.ensure_future(run(config))
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, work.cancel)
    with contextlib.suppress(asyncio.CancelledError):
        await work


if __name__ == "__main__":
    main()
