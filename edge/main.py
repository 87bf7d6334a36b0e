"""Puts an agent together from an installation, and runs it until it is told to stop."""

import asyncio
import logging
import signal
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from edge.agent import Agent
from edge.commands import Commands
from edge.config import Installation, read_config
from edge.credentials import Credentials
from edge.driver import Actuator, Transport
from edge.drivers import DRIVERS, FRAMERS
from edge.health import Health
from edge.hearing import Hearing
from edge.journal import Journal
from edge.recognition import Recognition
from edge.renewing import Renewing
from edge.transports.mqtt import MqttTransport
from edge.uplink import Uplink
from homecare.clock import Clock, SystemClock
from homecare.device import Device
from homecare.errors import Malformed, Unavailable, VakaError
from homecare.identity import DeviceId, new_epoch, shard_of
from homecare.seal import agree_at_edge

MEMORY_QUOTA: Final = 4 * 1024 * 1024
"""Bytes of a journal in memory, for an edge whose disk gives nothing."""
BATTERY_DRIVER: Final = "battery_service"
"""The driver of devices whose battery is read over a connection."""
_log = logging.getLogger(__name__)


def assemble(installation: Installation, clock: Clock) -> Agent:
    """The agent of this installation. `Unavailable` where another agent works on the same journal."""
    journal, durable = _open_journal(installation, clock)
    keys = agree_at_edge(installation.private_key, installation.gateway_public_key)
    able = [(device, _actuator(device)) for device in installation.devices]
    transports = list(transports_of(installation, clock))
    credentials = None
    if installation.certificates is not None:
        credentials = Credentials(installation.certificates, installation.edge)
    mqtt = MqttTransport(
        installation.broker_url,
        edge=installation.edge,
        shard=shard_of(installation.home),
        tls=None if credentials is None else credentials.tls,
    )
    return Agent(
        clock=clock,
        journal=journal,
        hearing=Hearing(
            Recognition(installation.devices, DRIVERS), secrets=installation.secrets, counters=journal.counters
        ),
        health=Health(installation.devices, _heard_on(installation), clock.now()),
        uplink=Uplink(edge=installation.edge, run=journal.epoch, keys=keys),
        mqtt=mqtt,
        transports=transports,
        commands=Commands(edge=installation.edge, run=journal.epoch, key=keys.down, devices=able),
        actuators=[(device, actuator) for device, actuator in able if actuator is not None],
        renewing=None
        if credentials is None or not credentials.renews
        else Renewing(
            edge=installation.edge,
            run=journal.epoch,
            keys=keys,
            credentials=credentials,
            clock=clock,
            send=mqtt.send,
            reconnect=mqtt.reconnect,
        ),
        durable=durable,
    )


def _open_journal(installation: Installation, clock: Clock) -> tuple[Journal, bool]:
    """The journal, and whether it is on disk: alarms must go out even where the disk gives nothing."""
    folder, epoch, home = installation.data_folder, new_epoch(), installation.home
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError:
        _log.exception("the data folder cannot be made")
    try:
        journal = Journal.open(
            folder / "journal.db", epoch=epoch, home=home, clock=clock, quota=installation.quota_bytes
        )
    except Unavailable as error:
        if "BusyError" in error.subject:
            raise
        _log.error("no durable journal: %s", error)
        memory = Path(":memory:")
        return Journal.open(memory, epoch=epoch, home=home, clock=clock, quota=MEMORY_QUOTA), False
    return journal, True


def transports_of(installation: Installation, clock: Clock) -> Iterable[Transport]:
    """The radio and the lines of an installation."""
    heard = _heard_on(installation)
    if installation.ble:
        from edge.transports.ble import BleTransport  # noqa: PLC0415 - bleak costs 10 MiB where no radio is used

        mine = [device for device in installation.devices if device.id in heard["ble"]]
        yield BleTransport(
            clock,
            expected=any(device.reports_every is not None for device in mine),
            batteries=[device.address for device in mine if device.driver == BATTERY_DRIVER],
            actuators=[device.address for device in mine if _actuator(device) is not None],
        )
    if installation.serial:
        from edge.transports.serial import SerialTransport  # noqa: PLC0415 - only where a port is used

        for index, port in enumerate(installation.serial):
            if port.kind not in FRAMERS:
                raise Malformed("read configuration", f"serial[{index}].kind", f"one of {', '.join(sorted(FRAMERS))}")
            framer = FRAMERS[port.kind]()
            yield SerialTransport(port.name, port.path, baud=port.baud, framer=framer, clock=clock)


def _heard_on(installation: Installation) -> dict[str, tuple[DeviceId, ...]]:
    """Which transport hears which devices: by their drivers' keys; of several ports of a kind, the first."""
    names = {f"serial:{port.kind}": f"serial:{port.name}" for port in reversed(installation.serial)}
    if installation.ble:
        names["ble"] = "ble"
    heard: dict[str, tuple[DeviceId, ...]] = {f"serial:{port.name}": () for port in installation.serial}
    if installation.ble:
        heard["ble"] = ()
    for index, device in enumerate(installation.devices):
        name = names.get(_road(device, index))
        if name is not None:
            heard[name] += (device.id,)
    return heard


def _actuator(device: Device) -> Actuator | None:
    """The device's driver, where that one can act."""
    driver: object = DRIVERS.get(device.driver)
    return driver if isinstance(driver, Actuator) else None


def _road(device: Device, index: int) -> str:
    """The kind of transport on which a device is heard: `ble` or `serial:KIND`."""
    driver = DRIVERS.get(device.driver)
    if driver is None:
        raise Malformed("read configuration", f"devices[{index}].driver", f"one of {', '.join(sorted(DRIVERS))}")
    return "ble" if driver.keys[0].startswith("ble:") else driver.keys[0]


async def serve(installation: Installation) -> None:
    """Run until SIGTERM or SIGINT; returns after the journal is closed."""
    agent = assemble(installation, SystemClock())
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, agent.stop)
    await agent.run()


def start(path: Path) -> int:
    """Run the agent of the configuration at `path`; the process's exit code: 2 for what its hint can mend."""
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s %(message)s", stream=sys.stderr)
    try:
        installation = read_config(path)
        asyncio.run(serve(installation))
    except VakaError as error:
        _log.error("%s", error)
        return 2
    return 0
