"""A conversation with one BLE device: carries out the steps of a driver's script over a connection that may fail.

Adapters connect to what they have heard, so a device that was not heard yet, or that BlueZ has forgotten since, is
waited for. Every wait has a bound. A step that cannot be carried out, whether the device is gone, the adapter is stuck
or the time is over, is answered with `Lost`; what that means for a bolt is the script's to say. What makes a device act
is not written once its command is over.
"""

import asyncio
from collections.abc import Awaitable, Callable, Generator
from typing import Final

from bleak import BleakClient
from bleak.backends.characteristic import BleakGATTCharacteristic
from bleak.backends.device import BLEDevice
from bleak.exc import BleakError

from edge.driver import Heard, Listen, Lost, Reconnect, Result, Step, Subscribe, TooLate, Write, endless

CONNECT_SECONDS: Final = 6.0
"""Connecting and discovering: a door lock that listens answers within two."""
STEP_SECONDS: Final = 3.0
"""One write or subscription."""
ACT_SECONDS: Final = 12.0
"""A whole conversation, motor time included; steps after it are lost, and so nothing moves later than this."""
HEAR_SECONDS: Final = ACT_SECONDS - CONNECT_SECONDS
"""Until the device is heard: what is left of the conversation then is enough to connect and to talk."""
CONNECT_TRIES: Final = 2
"""BlueZ may forget a device while a connection to it is asked for; once it was heard again it is there."""
PART_SECONDS: Final = 2.0
"""Ending a connection."""
STEPS_LIMIT: Final = 200
"""Steps of one script: beyond it the driver is wrong."""
HEARD_LIMIT: Final = 64
"""Notifications that wait for the script; more are dropped."""
AWAY: Final = (BleakError, OSError, EOFError, TimeoutError)
"""Device, adapter or BlueZ is not there or does not answer."""


_STRAYS: Final[set[asyncio.Future[None]]] = set()
"""Calls to a stuck adapter that were given up and have not ended yet: at most three a conversation."""


class Partner:
    """A device that conversations are held with.

    `known` finds it among what the running scan has heard and BlueZ has not forgotten. `turn` is held by one
    conversation after the other; `talking` says that the one whose turn it is has begun to connect.
    """

    def __init__(self, known: Callable[[], BLEDevice | None]) -> None:
        self.turn = asyncio.Lock()
        self.talking = False
        self._known = known
        self._heard = asyncio.Event()

    @property
    def device(self) -> BLEDevice | None:
        """What BlueZ can connect to; None for a device that it does not know."""
        return self._known()

    def hear(self) -> None:
        """The scan has heard it."""
        self._heard.set()

    async def heard(self) -> None:
        """Return when it is known."""
        while self.device is None:
            self._heard.clear()
            await self._heard.wait()


class Conversation:
    """A conversation with one device, whose turn it is to be.

    Its time, `ACT_SECONDS`, runs from its making, whatever it must wait for. `connecting` is held while a connection is
    made: many adapters refuse to make two at a time. `life` is what `edge.driver.Connecting` calls `left`.
    """

    def __init__(self, partner: Partner, connecting: asyncio.Lock, life: Callable[[], float] = endless) -> None:
        self._partner = partner
        self._connecting = connecting
        self._life = life
        self._client: BleakClient | None = None
        self._heard: asyncio.Queue[bytes | Lost] = asyncio.Queue(HEARD_LIMIT)
        self._end = asyncio.get_running_loop().time() + ACT_SECONDS

    async def hold(self, script: Generator[Step, Heard, Result]) -> Result | None:
        """The script's end; None where there was no connection, and nothing was said."""
        try:
            if isinstance(await self._reach(), Lost):
                script.close()
                return None
            return await self._follow(script)
        finally:
            await self._bounded(PART_SECONDS, self._part, late=True)
            self._partner.talking = False

    async def _reach(self) -> Lost | None:
        """Connect as soon as the device is known, if the command is not over by then."""
        for _ in range(CONNECT_TRIES):
            if isinstance(await self._bounded(min(HEAR_SECONDS, self._life()), self._partner.heard), Lost):
                return Lost()
            if self._life() < 0:
                return Lost()
            if not isinstance(await self._bounded(CONNECT_SECONDS, self._connect), Lost):
                return None
            if self._partner.device is not None:
                return Lost()
        return Lost()

    async def _follow(self, script: Generator[Step, Heard, Result]) -> Result:
        answer: Heard = None
        try:
            step = next(script)
            for _ in range(STEPS_LIMIT):
                answer = await self._carry_out(step)
                step = script.send(answer)
        except StopIteration as end:
            result: Result = end.value
            return result
        raise RuntimeError(f"a script did not end within {STEPS_LIMIT} steps")

    async def _carry_out(self, step: Step) -> Heard:
        match step:
            case Listen():
                return await self._listen(step.seconds)
            case Reconnect():
                return await self._bounded(CONNECT_SECONDS, self._reconnect)
            case Subscribe():
                return await self._bounded(STEP_SECONDS, lambda: self._subscribe(step.characteristic))
            case Write() if step.acts and self._life() < 0:
                return TooLate()
            case Write():
                return await self._bounded(STEP_SECONDS, lambda: self._write(step))

    async def _bounded(self, seconds: float, work: Callable[[], Awaitable[None]], *, late: bool = False) -> Lost | None:
        """Do `work` within the time.

        bleak cleans up when it is cancelled, and on a stuck adapter that takes for ever:
        so what is late is cancelled and not waited for.
        """
        left = seconds if late else min(seconds, self._left())
        if left <= 0:
            return Lost()
        task = asyncio.ensure_future(work())
        try:
            done, _ = await asyncio.wait({task}, timeout=left)
            return None if done and not _failed(task) else Lost()
        finally:
            if not task.done():
                task.cancel()
                _STRAYS.add(task)
                task.add_done_callback(_forget)

    async def _listen(self, seconds: float) -> Heard:
        left = self._left()
        if left <= 0:
            return Lost()
        try:
            async with asyncio.timeout(min(seconds, left)):
                return await self._heard.get()
        except TimeoutError:
            return None if seconds <= left else Lost()

    def _left(self) -> float:
        return self._end - asyncio.get_running_loop().time()

    async def _connect(self) -> None:
        async with self._connecting:
            device = self._partner.device
            if device is None:
                raise BleakError("not heard")
            self._partner.talking = True
            self._client = client = BleakClient(device, disconnected_callback=self._gone)
            await client.connect()

    async def _reconnect(self) -> None:
        await self._part()
        while not self._heard.empty():
            self._heard.get_nowait()
        await self._partner.heard()
        await self._connect()

    async def _part(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            await client.disconnect()

    async def _subscribe(self, characteristic: str) -> None:
        def hear(_: BleakGATTCharacteristic, data: bytearray) -> None:
            self._hear(bytes(data))

        await self._connected().start_notify(characteristic, hear)

    async def _write(self, step: Write) -> None:
        await self._connected().write_gatt_char(step.characteristic, step.data, response=True)

    def _connected(self) -> BleakClient:
        if self._client is None:
            raise BleakError("not connected")
        return self._client

    def _gone(self, client: BleakClient) -> None:
        if client is self._client:
            self._hear(Lost())

    def _hear(self, heard: bytes | Lost) -> None:
        if not self._heard.full():
            self._heard.put_nowait(heard)


def _failed(task: asyncio.Future[None]) -> bool:
    """Whether the call failed because something is away; any other failure is a bug and raised."""
    try:
        task.result()
    except AWAY:
        return True
    return False


def _forget(stray: asyncio.Future[None]) -> None:
    _STRAYS.discard(stray)
    if not stray.cancelled():
        stray.exception()
