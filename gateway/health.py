"""How the parts behind the desk are: looked at once a second, told to every screen."""

import asyncio
from typing import Final

import msgspec

from gateway.ports.broker import Broker
from gateway.ports.desk import DeskStore, StoreState
from homecare.errors import Unavailable

LOOK_SECONDS: Final = 1.0
ANSWER_SECONDS: Final = 2.0
"""A database that takes longer for a one-row question is away, as far as a desk is concerned."""
BULK_ALIVE_SECONDS: Final = 6.0
"""Three missed signs of life (every 2 s)."""


class Standing(msgspec.Struct, frozen=True):
    """`database` and `broker`: reachable now; `bulk_alive`: the bulk lane gave a sign of life lately."""

    database: bool
    broker: bool
    bulk_alive: bool
    bulk_seconds: float | None
    state: StoreState | None


class Health:
    """Looks; never raises."""

    def __init__(self, store: DeskStore, broker: Broker) -> None:
        self._store = store
        self._broker = broker
        self._state: StoreState | None = None

    def standing(self) -> Standing:
        """As seen at the last look."""
        seconds = None if self._state is None else self._state.bulk_seconds
        return Standing(
            database=self._state is not None,
            broker=self._broker.connected,
            bulk_alive=seconds is not None and seconds < BULK_ALIVE_SECONDS,
            bulk_seconds=seconds,
            state=self._state,
        )

    async def look(self) -> Standing:
        """Look now."""
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                self._state = await self._store.state()
        except (Unavailable, TimeoutError):
            self._state = None
        return self.standing()

    async def run(self) -> None:
        """Until cancelled."""
        while True:  # bounded by the process's life
            await self.look()
            await asyncio.sleep(LOOK_SECONDS)
