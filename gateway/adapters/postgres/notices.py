"""Waiting for PostgreSQL's notifications on a connection that is also asked things."""

import asyncio
import contextlib
from functools import partial
from typing import Any

import psycopg
from psycopg import AsyncConnection


class Notices:
    """Of one listening connection at a time. None is missed: those that come with an answer end the next wait."""

    def __init__(self) -> None:
        self._heard = asyncio.Event()

    def follow(self, connection: AsyncConnection[Any]) -> None:
        """From now on this connection's."""
        connection.add_notify_handler(lambda _: self._heard.set())

    def kick(self) -> None:
        """End the wait, or the next one."""
        self._heard.set()

    async def wait(self, connection: AsyncConnection[Any] | None, seconds: float) -> None:
        """Until a notification or a kick, also one since the last wait; at the latest `seconds`."""
        loop = asyncio.get_running_loop()
        handle = None
        if connection is not None and not connection.closed:
            handle = connection.fileno()
            loop.add_reader(handle, partial(self._take, connection))
        try:
            async with asyncio.timeout(seconds):
                await self._heard.wait()
        except TimeoutError:
            pass
        finally:
            if handle is not None:
                loop.remove_reader(handle)
            self._heard.clear()

    def _take(self, connection: AsyncConnection[Any]) -> None:
        """Take them off the line: else the next answer would bring them once more, and end one more wait.

        A line that broke ends the wait as well; whoever asks next is told why.
        """
        with contextlib.suppress(psycopg.OperationalError):
            connection.pgconn.consume_input()
            while connection.pgconn.notifies():
                pass
        self._heard.set()
