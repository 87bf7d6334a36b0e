"""The wish to stop, which a signal's handler may say at any moment."""

import os
import select
from contextlib import suppress
from threading import Event


class Stop(Event):
    """An event that may be set inside a signal's handler, and inside a second one that interrupts the first.

    Handlers run in the thread that waits. The library's own event takes a lock there, which that thread or the first
    handler may hold: two signals at once, as from a terminal and from `timeout`, then hang it for ever. This one is a
    byte in a pipe that nobody reads.
    """

    def __init__(self) -> None:
        super().__init__()
        self._heard, self._said = os.pipe()
        os.set_blocking(self._said, False)

    def set(self) -> None:
        """Say it; once more changes nothing."""
        with suppress(BlockingIOError):
            os.write(self._said, b"!")

    def is_set(self) -> bool:
        """Whether it was said."""
        return self.wait(0)

    def wait(self, timeout: float | None = None) -> bool:
        """Whether it was said, at the latest after `timeout` seconds."""
        return bool(select.select([self._heard], [], [], timeout)[0])
