"""An ear on the same bus as the edge's: prints address and wall time (ns) of each message heard for the first time.

`python -m tests.benchmarks.ear` hears through bleak and the edge's own transport, and prints `ready` when it does.
"""

import asyncio
import time

from edge.driver import Sighting
from edge.transports.ble import BleTransport
from homecare.clock import SystemClock
from homecare.event import TransportState

_heard: set[tuple[str | None, bytes]] = set()


def _on_sighting(sighting: Sighting) -> None:
    at = time.time_ns()
    message = (sighting.address, b"".join(sighting.service_data.values()))
    if message not in _heard:
        _heard.add(message)
        print(sighting.address, at, flush=True)


def _on_state(state: TransportState) -> None:
    if state is TransportState.WORKING:
        print("ready", flush=True)


if __name__ == "__main__":
    asyncio.run(BleTransport(SystemClock()).run(_on_sighting, _on_state))
