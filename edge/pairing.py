"""`vaka-edge pair CONFIG DEVICE`: asks a device for an authorisation and keeps it as the device's secret."""

import asyncio
from collections.abc import Generator
from pathlib import Path
from typing import Final, Protocol, runtime_checkable

from edge import device_secrets
from edge.config import Installation
from edge.driver import Connecting, Heard, Sighting, Step, Transport
from edge.drivers import DRIVERS
from homecare.device import Device
from homecare.ending import end
from homecare.errors import Malformed, Unavailable, Unknown
from homecare.event import TransportState
from homecare.identity import DeviceId

HEARD_SECONDS: Final = 30.0
"""A lock in pairing mode is heard within seconds, and leaves it after some tens of them."""


@runtime_checkable
class Pairable(Protocol):
    """A driver whose devices give authorisations."""

    def pair(self, device: Device) -> Generator[Step, Heard, bytes]:
        """What is to be said to be authorised; ends with the secret. May raise the five kinds of error."""
        ...


async def pair(installation: Installation, device_id: str, transports: list[Transport]) -> Path:
    """Pair one installed device and store what it gave; the file's path.

    `Unknown`: no such device. `Malformed`: one that is not paired. `Unavailable`: not heard, or no answer. `Refused`:
    the device would not.
    """
    device = next((one for one in installation.devices if one.id == device_id), None)
    if device is None:
        raise Unknown("pair", "device", "one of the configuration's devices")
    driver: object = DRIVERS.get(device.driver)
    if not isinstance(driver, Pairable):
        raise Malformed("pair", "driver", "devices of this driver are not paired; see docs/devices.md")
    transport = next((one for one in transports if isinstance(one, Connecting)), None)
    if transport is None:
        raise Unavailable("pair", "radio", 'say "ble": true in the configuration')
    secret = await _listening(transport, device.address, driver.pair(device))
    return device_secrets.store(installation.data_folder, DeviceId(device.id), secret)


async def _listening(transport: Transport, address: str, script: Generator[Step, Heard, bytes]) -> bytes:
    """Hear the device first: adapters connect to what they have heard."""
    heard = asyncio.Event()

    def sighted(sighting: Sighting) -> None:
        if sighting.address.upper() == address.upper():
            heard.set()

    def ignore(_: TransportState) -> None:
        """Whether the device is heard says it all."""

    listening = asyncio.ensure_future(transport.run(sighted, ignore))
    try:
        try:
            async with asyncio.timeout(HEARD_SECONDS):
                await heard.wait()
        except TimeoutError as error:
            raise Unavailable("pair", "device", "it was not heard: go closer, and check its address") from error
        if not isinstance(transport, Connecting):
            raise Malformed("pair", "radio", "one that connects")
        secret = await transport.act(address, script)
    finally:
        await end(listening)
    if secret is None:
        raise Unavailable("pair", "device", "no connection: go closer, and try again")
    return secret
