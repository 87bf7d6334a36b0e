"""Homes with a call button, whose edges speak to the real broker in sealed frames."""

import asyncio
import threading
from urllib.parse import urlsplit

import msgspec
import paho.mqtt.client as mqtt
import psycopg

from gateway.adapters.postgres.alerts import apply_verdicts
from gateway.adapters.postgres.registry import enrol
from homecare.alert import Condition
from homecare.clock import MINUTE, SystemClock
from homecare.device import Capability, Device, Placement
from homecare.event import AnyEvent, HelpCalled
from homecare.identity import DeviceId, HomeId
from rules.verdict import Raise
from tests.gateway.enrolled import Household, household

PUBLISH_SECONDS = 10.0


class CallingHome:
    """One enrolled home; `press` is what its edge publishes when the resident presses."""

    def __init__(self, number: int, resident: str, address: str) -> None:
        house = household(number)
        self.resident = resident
        self.button = DeviceId(f"button-{house.home}")
        button = Device(
            id=self.button,
            home=house.home,
            driver="bthome",
            address=f"00:11:22:33:44:{number:02X}",
            capabilities=(Capability.HELP_CALL,),
            placement=Placement.WORN,
        )
        registration = msgspec.structs.replace(
            house.registration,
            home=msgspec.structs.replace(house.registration.home, resident=resident, address=address),
            devices=(*house.registration.devices, (house.edge, button)),
        )
        self.house: Household = msgspec.structs.replace(house, registration=registration)
        self._seq = 0

    def enrol(self, database_url: str) -> None:
        enrol(database_url, self.house.registration)

    def press(self, broker_url: str, *, minutes_ago: int = 0, presses: int = 1) -> None:
        """Publish one press and return when the broker has it."""
        self.say(broker_url, HelpCalled(presses=presses), minutes_ago=minutes_ago, device=self.button)

    def say(self, broker_url: str, event: AnyEvent, *, minutes_ago: int = 0, device: str | None = None) -> None:
        """Publish one alarm fact and return when the broker has it."""
        self._seq += 1
        at = SystemClock().now().wall - minutes_ago * MINUTE
        envelope = self.house.envelope(event, position=self._seq, at=at, device=device)
        _publish(broker_url, self.house.topic("alarm"), self.house.frame(self._seq, [envelope]))


def verdict(condition: Condition, home: str, minutes: int) -> Raise:
    """The verdict that a condition has held in a home for so long, as the bulk lane's rules give it."""
    since = SystemClock().now().wall - minutes * MINUTE
    return Raise(
        condition=condition,
        home=HomeId(home),
        subject=None,
        window=str(since),
        occurred_at=since,
        fact=None,
        presses=1,
        explanation={"since": since, "opened": since},
    )


def judge(database_url: str, verdicts: list[Raise], *, redelivered: bool = False) -> None:
    """Put verdicts into force as the bulk lane does."""

    async def put() -> None:
        async with await psycopg.AsyncConnection.connect(database_url) as connection, connection.cursor() as cursor:
            await apply_verdicts(cursor, verdicts, SystemClock().now().wall, redelivered=redelivered)

    # Playwright's synchronous side has a loop running in this thread.
    thread = threading.Thread(target=asyncio.run, args=(put(),))
    thread.start()
    thread.join()


def _publish(broker_url: str, topic: str, payload: bytes) -> None:
    parts = urlsplit(broker_url)
    client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2)
    client.connect(parts.hostname or "127.0.0.1", parts.port or 1883)
    client.loop_start()
    try:
        client.publish(topic, payload, qos=1).wait_for_publish(PUBLISH_SECONDS)
    finally:
        client.disconnect()
        client.loop_stop()
