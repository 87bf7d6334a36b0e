"""A home's edge with a lock, at work in a thread of its own: the browser's driver keeps the test's for itself."""

import asyncio
import threading

from homecare.command import Action
from homecare.event import LockState
from tests.gateway.doorstep import LockEdge
from tests.gateway.enrolled import Household

STATE = {Action.UNLOCK: LockState.UNLOCKED, Action.LOCK: LockState.LOCKED, Action.UNLATCH: LockState.UNLOCKED}
BEAT_SECONDS = 1.0
LOOK_SECONDS = 0.02
STOP_SECONDS = 60.0


class DoorEdge:
    """Beats every second and does what it is told as long as `obeys` says so."""

    def __init__(self, house: Household, broker_url: str) -> None:
        self.obeys = "obey"
        """Or `fail` (jammed), or `silent`: it takes the command and says nothing."""
        self.actions: list[Action] = []
        self._house = house
        self._broker_url = broker_url
        self._stop = threading.Event()
        self._there = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._work()))

    def start(self) -> None:
        """Return when its first heartbeat is out."""
        self._thread.start()
        assert self._there.wait(STOP_SECONDS)

    def stop(self) -> None:
        self._stop.set()
        self._thread.join(STOP_SECONDS)

    async def _work(self) -> None:
        async with LockEdge(self._house, self._broker_url) as edge:
            loop = asyncio.get_running_loop()
            beat_at = loop.time()
            while not self._stop.is_set():
                if loop.time() >= beat_at:
                    beat_at = loop.time() + BEAT_SECONDS
                    edge.beat()
                    self._there.set()
                self._answer(edge)
                await asyncio.sleep(LOOK_SECONDS)

    def _answer(self, edge: LockEdge) -> None:
        for command in edge.commands[len(self.actions) :]:
            self.actions.append(command.action)
            if command.action not in STATE:
                continue
            if self.obeys == "obey":
                edge.obey(command, STATE[command.action])
            elif self.obeys == "fail":
                edge.fail(command)
