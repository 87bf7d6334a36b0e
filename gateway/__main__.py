"""`vaka-gateway alarm` and `vaka-gateway bulk`: the two processes of the central service."""

import argparse
import asyncio
import contextlib
import logging
import signal
import sys
from collections.abc import Awaitable, Callable

from gateway.adapters.postgres.migrate import migrate
from gateway.config import Config, read_config
from homecare.errors import VakaError


def main() -> None:
    """Run one process until SIGTERM or SIGINT; ends with 1 and one line when it cannot begin."""
    parser = argparse.ArgumentParser(prog="vaka-gateway", description="The central service of Vaka.")
    parser.add_argument("process", choices=("alarm", "bulk", "migrate"))
    process = parser.parse_args().process
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    try:
        config = read_config()
        migrate(config.database_url)
        if process != "migrate":
            asyncio.run(_until_told(_assembly(process), config))
    except VakaError as error:
        sys.exit(f"vaka-gateway {process}: {error}")


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
