"""A whole agent in this process: real journal, hearing, uplink and MQTT transport; only the ear is the scenario's."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from pathlib import Path

from edge.agent import Agent
from edge.commands import Commands
from edge.driver import Sighting
from edge.drivers import DRIVERS, FRAMERS
from edge.drivers.counted import encode_said, read_accepted
from edge.health import Health
from edge.hearing import Hearing
from edge.journal import Journal
from edge.recognition import Recognition
from edge.transports.mqtt import MqttTransport
from edge.uplink import Uplink
from homecare.clock import SystemClock
from homecare.device import Capability, Device
from homecare.event import TransportState
from homecare.identity import DeviceId, HomeId, new_epoch
from tests.gateway.enrolled import Household
from tests.waiting import end, until

ADDRESS = "0180902B"
PRESS = bytes((0x3A, 0x01))
OPEN = bytes((0x2D, 0x01))
"""BTHome objects: a button is pressed, a door is open."""
TRANSPORT = "serial:stick"
QUOTA = 64 * 1024 * 1024


class Ear:
    """A transport of the agent, by which the scenario lets it hear whatever it likes."""

    name = TRANSPORT

    def __init__(self) -> None:
        self.accepted: list[int] = []
        self._clock = SystemClock()
        self._framer = FRAMERS["esp3"]()
        self._on_sighting: Callable[[Sighting], None] | None = None

    async def run(self, on_sighting: Callable[[Sighting], None], on_state: Callable[[TransportState], None]) -> None:
        self._on_sighting = on_sighting
        on_state(TransportState.WORKING)
        await asyncio.Event().wait()

    def write(self, data: bytes) -> None:
        self.accepted.append(read_accepted(data).counter)

    def say(self, counter: int, objects: bytes) -> None:
        """The counted device says `objects`, once."""
        assert self._on_sighting is not None
        for address, telegram in self._framer.feed(encode_said(ADDRESS, counter, objects)):
            heard_at = self._clock.now()
            self._on_sighting(Sighting(transport=self.name, address=address, heard_at=heard_at, telegram=telegram))


def counted(house: Household) -> Device:
    """A two-way device that can call, open and measure."""
    return Device(
        id=DeviceId(f"counted-{house.home}"),
        home=HomeId(house.home),
        driver="counted",
        address=ADDRESS,
        capabilities=(Capability.HELP_CALL, Capability.CONTACT, Capability.OBSERVATION),
    )


def agent_of(house: Household, folder: Path, broker_url: str, ear: Ear) -> Agent:
    """The agent of the house, not yet at work."""
    clock, device = SystemClock(), counted(house)
    journal = Journal.open(folder / "journal.db", epoch=new_epoch(), home=HomeId(house.home), clock=clock, quota=QUOTA)
    return Agent(
        clock=clock,
        journal=journal,
        hearing=Hearing(Recognition([device], DRIVERS), secrets={}, counters=journal.counters),
        health=Health([device], {TRANSPORT: (device.id,)}, clock.now()),
        uplink=Uplink(edge=house.edge, run=journal.epoch, keys=house.keys),
        mqtt=MqttTransport(broker_url, edge=house.edge, shard=house.shard),
        transports=[ear],
        commands=Commands(edge=house.edge, run=journal.epoch, key=house.keys.down, devices=[(device, None)]),
    )


@contextlib.asynccontextmanager
async def agent_at(house: Household, folder: Path, broker_url: str) -> AsyncIterator[tuple[Ear, Agent]]:
    """The agent at work; at the end it is cut down without a farewell to the gateway."""
    ear = Ear()
    agent = agent_of(house, folder, broker_url, ear)
    work = asyncio.create_task(agent.run())
    try:
        await until(lambda: work.done() or ear._on_sighting)
        yield ear, agent
        if work.done():
            work.result()
    finally:
        await end(work)
