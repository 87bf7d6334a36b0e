"""Simulated devices: what they are told happens, and the bytes that they send about it.

Bluetooth devices advertise every message several times, because nobody listens all the time. EnOcean devices send one
telegram through the stick. `silent` is a flat battery: the world goes on and the device says nothing.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Final

from bumble import hci

from simulator import bthome, enocean
from simulator.air import Advertisement, VirtualAir
from simulator.counters import Counters
from simulator.messages import Message
from simulator.serial_port import SerialPort

REPETITIONS: Final = 8
"""Advertisements of one message: a scanner that listens half the time misses all of them once in 256 messages."""
REPEAT_SECONDS: Final = (0.02, 0.12)
"""Between two repetitions; chance spreads them."""
PRESS_SECONDS: Final = 0.3
"""Between the telegrams of a press and of its release."""
UNACCEPTED_SECONDS: Final = 0.2
"""After this a counted device says the same again."""
QUEUE_LIMIT: Final = 100_000
"""Messages that a counted device keeps; more is a mistake of the experiment."""


class BthomeDevice:
    """A BTHome v2 sensor on the air; encrypted where it has a `key`.

    `triggered` devices speak only when something happens; the others are to be told what they measure regularly.
    """

    def __init__(
        self,
        name: str,
        address: str,
        *,
        air: VirtualAir,
        counters: Counters,
        chance: Random,
        key: bytes | None = None,
        triggered: bool = False,
    ) -> None:
        self.name = name
        self.address = address
        self.silent = False
        self._air = air
        self._counters = counters
        self._chance = chance
        self._key = key
        self._triggered = triggered
        self._saying: Advertisement | None = None

    async def say(self, message: Message) -> None:
        """Advertise one message until it was repeated often enough, or until there is a newer one to advertise.

        A sensor advertises one thing at a time: the older word after the newer one would be a replay.
        """
        self._saying = heard = self._advertisement(message.objects)
        for _ in range(REPETITIONS):
            if self.silent or self._saying is not heard:
                return
            self._air.broadcast(self.name, heard)
            await asyncio.sleep(self._chance.uniform(*REPEAT_SECONDS))

    def _advertisement(self, objects: bytes) -> Advertisement:
        count = self._counters.next(self.name)
        objects = bthome.packet_id(count % 256) + objects
        if self._key is None:
            data = bthome.plain(objects, triggered=self._triggered)
        else:
            data = bthome.encrypted(
                objects, address=self.address, key=self._key, counter=count, triggered=self._triggered
            )
        return Advertisement(
            hci.Address(self.address), bthome.advertising_data(data), bthome.name_data(self.name[:20]), scannable=True
        )


class EnoceanStick:
    """The radio stick in the edge's serial port: hands telegrams over, carries answers back, tells its version.

    A `deaf` one takes everything and gives nothing, as one whose firmware hangs.
    """

    def __init__(self, link: Path) -> None:
        self.port = SerialPort(link, self._on_data)
        self.deaf = False
        self._received = bytearray()
        self._listeners: dict[bytes, Callable[[int], None]] = {}

    def listen(self, sender: bytes, on_accepted: Callable[[int], None]) -> None:
        """Tell `on_accepted` the counters that the edge accepts of `sender`."""
        self._listeners[sender] = on_accepted

    def send(self, frame: bytes) -> None:
        """Hand a frame to the edge."""
        if not self.deaf:
            self.port.write(frame)

    def _on_data(self, data: bytes) -> None:
        self._received += data
        for said, optional in enocean.take_frames(self._received):
            if said == enocean.READ_VERSION:
                self.send(enocean.VERSION)
            answer = enocean.accepted(said, optional)
            listener = self._listeners.get(answer[0]) if answer is not None else None
            if answer is not None and listener is not None:
                listener(answer[1])


class EnoceanDevice:
    """A battery-less EnOcean sensor; `sender` is its 4-byte id."""

    def __init__(self, name: str, sender: bytes, stick: EnoceanStick) -> None:
        self.name = name
        self.silent = False
        self._sender = sender
        self._stick = stick

    async def say(self, message: Message) -> None:
        """Send the telegrams of one message, one after another."""
        for index, telegram in enumerate(message.telegrams):
            if index:
                await asyncio.sleep(PRESS_SECONDS)
            if not self.silent:
                self._stick.send(telegram(self._sender))


class CountedDevice:
    """The fault device: repeats what it says under one counter until the edge accepts it, then says the next.

    `accepted` is its own ledger: (counter, objects) in the order of acceptance.
    """

    def __init__(self, name: str, sender: bytes, stick: EnoceanStick, counters: Counters) -> None:
        self.name = name
        self.silent = False
        self.accepted: list[tuple[int, bytes]] = []
        self._sender = sender
        self._stick = stick
        self._counters = counters
        self._unsaid: deque[bytes] = deque(maxlen=QUEUE_LIMIT)
        self._something = asyncio.Event()
        self._counter = 0
        self._heard = asyncio.Event()
        stick.listen(sender, self._on_accepted)

    @property
    def unsaid(self) -> int:
        """Messages that were not accepted yet."""
        return len(self._unsaid)

    async def say(self, message: Message) -> None:
        """Queue one message; `run` says it."""
        self._unsaid.append(message.objects)
        self._something.set()

    async def run(self) -> None:
        """Say what is queued, in order, until cancelled."""
        while True:
            while not self._unsaid:
                self._something.clear()
                await self._something.wait()
            objects = self._unsaid[0]
            await self._until_accepted(objects)
            self._unsaid.popleft()
            self.accepted.append((self._counter, objects))

    async def _until_accepted(self, objects: bytes) -> None:
        self._counter = self._counters.next(self.name)
        frame = enocean.counted(self._sender, self._counter, objects)
        self._heard.clear()
        while not self._heard.is_set():
            if not self.silent:
                self._stick.send(frame)
            try:
                async with asyncio.timeout(UNACCEPTED_SECONDS):
                    await self._heard.wait()
            except TimeoutError:
                continue

    def _on_accepted(self, counter: int) -> None:
        if counter == self._counter:
            self._heard.set()


AnyDevice = BthomeDevice | EnoceanDevice | CountedDevice
