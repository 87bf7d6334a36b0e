"""One simulated home: air, adapter, bus, stick, devices, resident and router, in a process of its own.

The edge of this home runs elsewhere and knows nothing of the simulation: it finds a bus, a serial port and a broker.
"""

import asyncio
import math
import os
import signal
import sys
from collections.abc import Awaitable, Callable
from datetime import datetime
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import msgspec

from edge.drivers.immediate_alert import LEVEL
from homecare.clock import SECOND, Clock, SystemClock
from homecare.device import Placement
from homecare.errors import Malformed, Unknown
from simulator import control, lock_control, messages, resident
from simulator.air import VirtualAir
from simulator.bluez.adapter import Bluez
from simulator.bluez.bus import PrivateBus
from simulator.counters import Counters
from simulator.devices import BthomeDevice, EnoceanDevice, EnoceanStick
from simulator.household import STICK, HomePlan, Kind, PlannedDevice
from simulator.messages import Message
from simulator.nuki import AUTHORISED, NukiLock, key_of
from simulator.peripheral import NukiPeripheral, Sounder
from simulator.router import Router
from simulator.world import World

ZONE: Final = ZoneInfo("Europe/Stockholm")
MQTT_PORT: Final = 1883
_TOLD: Final = {level: f"{message} ({level})" for message, level in LEVEL.items()}
"""What a sounder's level means in this system."""
CUT_SECONDS: Final = 86_400
"""The longest cut that heals by itself: a day."""
_BINARY: Final[dict[Kind, Callable[[bool], Message]]] = {
    Kind.DOOR: lambda on: messages.door(is_open=on),
    Kind.MOTION: lambda on: messages.motion(moving=on),
    Kind.LEAK: lambda on: messages.leak(wet=on),
    Kind.LOCK: lambda on: messages.lock(unlocked=on),
}


class HomeConfig(msgspec.Struct, frozen=True):
    """What a home's process is given.

    `state` is a folder that is kept between runs, `sockets` one with a short path; `broker` is where the router leads
    to. `daemon` is the dbus-daemon to use, None for the host's.
    """

    plan: HomePlan
    state: str
    sockets: str
    broker: str
    daemon: str | None = None

    @property
    def control(self) -> str:
        """The socket on which the home is told what happens."""
        return str(Path(self.sockets) / "control")

    @property
    def router_port(self) -> int:
        """Where the edge connects: chosen by the home at its first start, kept when it is started again; 0 before."""
        return int(self.port_file.read_text("ascii")) if self.port_file.exists() else 0

    @property
    def port_file(self) -> Path:
        """Where the home notes its router's port before it listens for commands."""
        return Path(self.sockets) / "port"

    @property
    def stick(self) -> str:
        """The serial port of the edge."""
        return str(Path(self.sockets) / STICK)

    @property
    def bus_address(self) -> str:
        """The edge's system bus."""
        return self.bus().address

    def bus(self) -> PrivateBus:
        """The home's bus, not yet started."""
        return PrivateBus(Path(self.sockets), Path(self.daemon) if self.daemon else None)


class SimulatedHome:
    """A home that lives in real time."""

    def __init__(self, config: HomeConfig, clock: Clock) -> None:
        broker = urlsplit(config.broker)
        self._config = config
        self._clock = clock
        self._world = World(config.plan.seed)
        self._air = VirtualAir()
        self._bus = config.bus()
        self._bluez: Bluez | None = None
        self._stick = EnoceanStick(Path(config.stick))
        self._router = Router(broker.hostname or "", broker.port or MQTT_PORT, port=config.router_port)
        self._counters = Counters(Path(config.state) / "counters.json")
        self._devices = [(planned, self._device(planned)) for planned in config.plan.devices]
        self._state: dict[str, bool] = {}
        self._doing: set[asyncio.Task[None]] = set()

    def _device(self, planned: PlannedDevice) -> BthomeDevice | EnoceanDevice | NukiPeripheral | Sounder:
        device = planned.device
        if device.driver == "nuki":
            return self._lock(planned)
        if device.driver == "immediate_alert":
            return Sounder(device.id, device.address, air=self._air)
        if device.driver != "bthome":
            return EnoceanDevice(device.id, bytes.fromhex(device.address), self._stick)
        return BthomeDevice(
            device.id,
            device.address,
            air=self._air,
            counters=self._counters,
            chance=self._world.chance("radio", device.id),
            key=bytes.fromhex(planned.key) if planned.key else None,
            triggered=device.reports_every is None,
        )

    def _lock(self, planned: PlannedDevice) -> NukiPeripheral:
        """A lock that was paired with the home's edge when it was installed."""
        device = planned.device
        keys = {AUTHORISED: key_of(bytes.fromhex(planned.key))} if planned.key else {}
        lock = NukiLock(self._world.chance("lock", device.id), number=self._config.plan.seed, authorisations=keys)
        return NukiPeripheral(device.id, device.address, lock, air=self._air)

    async def run(self, stop: asyncio.Event) -> None:
        """Live until `stop` is set, then take everything down in order."""
        await self._bus.start()
        server = None
        try:
            await self._plug_radio()
            self._stick.port.plug()
            await self._router.start()
            _note(self._config.port_file, self._router.port)
            server = await control.serve(Path(self._config.control), self._told)
            async with asyncio.TaskGroup() as group:
                tasks = [group.create_task(self._live()), group.create_task(self._end_with_the_bus())]
                for planned, device in self._devices:
                    if isinstance(device, NukiPeripheral | Sounder):
                        tasks.append(group.create_task(device.run()))
                    elif planned.device.reports_every:
                        tasks.append(group.create_task(self._report(planned, device)))
                await stop.wait()
                for task in tasks:
                    task.cancel()
        finally:
            await self._take_down(server)

    async def _take_down(self, server: asyncio.Server | None) -> None:
        if server is not None:
            server.close()
        for task in list(self._doing):
            task.cancel()
        await asyncio.gather(*self._doing, return_exceptions=True)
        await self._router.stop()
        self._stick.port.unplug()
        await self._unplug_radio()
        await self._bus.stop()

    # --- what happens by itself --------------------------------------------------------------------------------------

    async def _end_with_the_bus(self) -> None:
        """A home without its bus is deaf and does not know it: it says so and ends at once, to be started again.

        Not in order, because on a bus that is gone nothing that is taken down answers.
        """
        await self._bus.ended()
        sys.stderr.write("the bus of the home's radio has ended, and the home with it; its supervisor starts both\n")
        sys.stderr.flush()
        os.kill(os.getpid(), signal.SIGKILL)

    async def _live(self) -> None:
        """The resident's days, one after another; what was before now today is not lived again."""
        while True:
            today = self._now()
            start = datetime(today.year, today.month, today.day, tzinfo=ZONE).timestamp()
            for doing in resident.day(self._world.chance("day", today.date().isoformat())):
                wait = start + doing.at - self._clock.now().wall / SECOND
                if wait < 0:
                    continue
                await asyncio.sleep(wait)
                self._notice(doing.kind, doing.placement, on=doing.on)
            await asyncio.sleep(max(0.0, start + resident.SECONDS_OF_DAY - self._clock.now().wall / SECOND))

    async def _report(self, planned: PlannedDevice, device: BthomeDevice | EnoceanDevice) -> None:
        """Regular signs of life: three in each interval that the device promises, so that one may be lost."""
        chance = self._world.chance("report", planned.device.id)
        third = (planned.device.reports_every or 0) / 3
        while True:
            if planned.kind is Kind.TEMPERATURE:
                now = self._now()
                at = now.hour * 3600 + now.minute * 60 + now.second
                await device.say(messages.temperature(resident.room_temperature(at, chance)))
            else:
                await device.say(_BINARY[planned.kind](self._state.get(planned.device.id, False)))
            await asyncio.sleep(third * chance.uniform(0.8, 1.0))

    def _now(self) -> datetime:
        return datetime.fromtimestamp(self._clock.now().wall / SECOND, tz=ZONE)

    def _notice(self, kind: Kind, placement: Placement | None, *, on: bool) -> None:
        """Let the first device of this kind at this place notice something."""
        for planned, device in self._devices:
            if planned.kind is kind and placement in (None, planned.device.placement):
                self._state[planned.device.id] = on
                if isinstance(device, NukiPeripheral):
                    device.lock.by_hand(unlocked=on)
                elif not isinstance(device, Sounder):
                    self._let(device.say(messages.press() if kind is Kind.CALL_BUTTON else _BINARY[kind](on)))
                return

    def _let(self, doing: Awaitable[None]) -> None:
        task = asyncio.ensure_future(doing)
        self._doing.add(task)
        task.add_done_callback(self._doing.discard)

    # --- what it is told ---------------------------------------------------------------------------------------------

    async def _told(self, words: list[str]) -> str:
        commands: dict[str, Callable[[list[str]], Awaitable[str]]] = {
            "press": self._press,
            "door": self._door,
            "silence": self._silence,
            "unplug": self._unplug,
            "plug": self._plug,
            "cut": self._cut,
            "heal": self._heal,
            "lock": self._told_lock,
            "alerts": self._alerts,
        }
        command = commands.get(words[0]) if words else None
        if command is None:
            raise Unknown("tell the home", "command", f"one of {', '.join(commands)}")
        return await command(words[1:])

    async def _press(self, _words: list[str]) -> str:
        self._notice(Kind.CALL_BUTTON, None, on=True)
        return "the call button was pressed"

    async def _door(self, words: list[str]) -> str:
        if words not in (["open"], ["close"]):
            raise Malformed("move the door", "position", "open or close")
        self._notice(Kind.DOOR, Placement.FRONT_DOOR, on=words == ["open"])
        return f"the front door is {'open' if words == ['open'] else 'closed'}"

    async def _told_lock(self, words: list[str]) -> str:
        for _, device in self._devices:
            if isinstance(device, NukiPeripheral):
                return lock_control.tell(device.lock, words)
        raise Unknown("tell the lock", "home", "one with a lock that can be commanded; `vaka-sim homes` lists drivers")

    async def _alerts(self, _words: list[str]) -> str:
        alerts = [alert for _, device in self._devices if isinstance(device, Sounder) for alert in device.alerts]
        return f"the sounder was told: {', '.join(_TOLD.get(alert, str(alert)) for alert in alerts) or 'nothing'}"

    async def _silence(self, words: list[str]) -> str:
        for planned, device in self._devices:
            if words[:1] == [planned.device.id]:
                device.silent = words[1:] != ["off"]
                return f"{planned.device.id} {'says nothing any more' if device.silent else 'speaks again'}"
        raise Unknown("silence", "device", "its id, as `vaka-sim homes` lists it")

    async def _unplug(self, words: list[str]) -> str:
        if words == ["radio"]:
            await self._unplug_radio()
        elif words == ["serial"]:
            self._stick.port.unplug()
        else:
            raise Malformed("unplug", "part", "radio or serial")
        return f"{words[0]} is unplugged"

    async def _plug(self, _words: list[str]) -> str:
        await self._plug_radio()
        self._stick.port.plug()
        return "everything is plugged in"

    async def _cut(self, words: list[str]) -> str:
        try:
            seconds = float(words[0]) if words else None
        except ValueError:
            seconds = math.nan
        if seconds is not None and not 0 < seconds <= CUT_SECONDS:
            raise Malformed("cut", "seconds", f"more than 0 and at most {CUT_SECONDS}, or nothing for until healed")
        await self._router.cut(seconds)
        return "the line is cut" + (f" for {seconds:g} s" if seconds is not None else "")

    async def _heal(self, _words: list[str]) -> str:
        await self._router.heal()
        return "the line is whole"

    async def _plug_radio(self) -> None:
        if self._bluez is None:
            self._bluez = Bluez(self._air, self._bus.address)
            await self._bluez.start()

    async def _unplug_radio(self) -> None:
        if self._bluez is not None:
            bluez, self._bluez = self._bluez, None
            await bluez.stop()


def _note(file: Path, port: int) -> None:
    file.write_text(str(port), "ascii")


async def live(config: HomeConfig) -> None:
    """Run a home until SIGTERM or SIGINT."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for sign in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(sign, stop.set)
    await SimulatedHome(config, SystemClock()).run(stop)


def read_config(path: Path) -> HomeConfig:
    """The configuration in a file; `Malformed` if it is none."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=HomeConfig)
    except (OSError, msgspec.DecodeError) as error:
        raise Malformed("read the home's configuration", path.name, str(error)) from error


def run_home(path: Path) -> None:
    """Run the home that the file describes until it is told to end."""
    asyncio.run(live(read_config(path)))
