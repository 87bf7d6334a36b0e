"""A home's radio in a process of its own: a private bus, the BlueZ facade, the virtual air and forty call buttons.

`python -m tests.benchmarks.radio FOLDER [DAEMON]` prints `ready` when the bus is there; for every line with a number it
presses that button and prints the wall time (ns) just before the first advertisement. Ends when its input ends.
"""

import asyncio
import sys
import time
from pathlib import Path

from simulator import messages
from simulator.air import VirtualAir
from simulator.bluez.adapter import Bluez
from simulator.bluez.bus import PrivateBus
from simulator.counters import Counters
from simulator.devices import BthomeDevice
from simulator.world import World
from tests.benchmarks.caller import BUTTONS, Button


async def run(folder: Path, daemon: Path | None) -> None:
    """Live until the input ends."""
    bus = PrivateBus(folder, daemon)
    await bus.start()
    air = VirtualAir()
    bluez = Bluez(air, bus.address)
    await bluez.start()
    world, counters = World(1), Counters(folder / "counters.json")
    buttons = [_on_air(number, air, counters, world) for number in range(BUTTONS)]
    pressing: set[asyncio.Task[None]] = set()
    lines = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    print("ready", flush=True)
    try:
        while word := await lines.readline():
            at = time.time_ns()
            task = asyncio.create_task(buttons[int(word)].say(messages.press()))
            pressing.add(task)
            task.add_done_callback(pressing.discard)
            await asyncio.sleep(0)
            print(at, flush=True)
    finally:
        for task in pressing:
            task.cancel()
        await bluez.stop()
        await bus.stop()


def _on_air(number: int, air: VirtualAir, counters: Counters, world: World) -> BthomeDevice:
    button = Button(number)
    chance = world.chance("radio", button.id)
    return BthomeDevice(
        button.id, button.address, air=air, counters=counters, chance=chance, key=button.key, triggered=True
    )


if __name__ == "__main__":
    asyncio.run(run(Path(sys.argv[1]), Path(sys.argv[2]) if len(sys.argv) > 2 else None))
