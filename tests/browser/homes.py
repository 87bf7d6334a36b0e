"""Homes with a call button and sensors, whose edges speak to the real broker in sealed frames."""

import asyncio
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from urllib.parse import urlsplit

import msgspec
import paho.mqtt.client as mqtt
import psycopg

from gateway.adapters.postgres.alerts import apply_verdicts
from gateway.adapters.postgres.registry import enrol
from homecare import topic
from homecare.alert import Condition
from homecare.clock import MINUTE, SystemClock
from homecare.consent import MemberKind
from homecare.delivery import Receipt
from homecare.device import Capability, Device, Placement
from homecare.event import AnyEvent, HelpCalled, Stream
from homecare.identity import DeviceId, HomeId
from homecare.wire import read_body, unpack
from rules.verdict import Raise
from tests.gateway.enrolled import Household, household

PUBLISH_SECONDS = 60.0
AGAIN_SECONDS = 1.0
"""Until a frame without a receipt is sent again, as an edge does."""
RECEIPT_SECONDS = 90.0
"""Until the bulk process has started, subscribed and committed."""

Told = tuple[int, AnyEvent, DeviceId | None]
"""When something happened (wall microseconds), what, and to which device."""


class CallingHome:
    """One enrolled home; `press` is what its edge publishes when the resident presses, `record` what its sensors do."""

    def __init__(self, number: int, resident: str, address: str) -> None:
        house = household(number)
        self.resident = resident
        self.button = DeviceId(f"button-{house.home}")
        self.motion = DeviceId(f"motion-{house.home}")
        self.thermometer = DeviceId(f"thermometer-{house.home}")
        devices = [
            self._device(house, number, *each)
            for each in (
                (self.button, Capability.HELP_CALL, Placement.WORN),
                (self.motion, Capability.MOTION, Placement.HALL),
                (self.thermometer, Capability.OBSERVATION, Placement.BEDROOM),
            )
        ]
        registration = msgspec.structs.replace(
            house.registration,
            home=msgspec.structs.replace(house.registration.home, resident=resident, address=address),
            devices=(*house.registration.devices, *((house.edge, device) for device in devices)),
        )
        self.house: Household = msgspec.structs.replace(house, registration=registration)
        self._seq = self._recorded = 0

    @property
    def devices(self) -> tuple[DeviceId, ...]:
        """Everything that the edge listens to."""
        return self.button, self.house.door, self.motion, self.thermometer

    @staticmethod
    def _device(house: Household, number: int, name: DeviceId, can: Capability, stands: Placement) -> Device:
        return Device(
            id=name,
            home=house.home,
            driver="bthome",
            address=f"00:11:22:33:{len(can):02X}:{number:02X}",
            capabilities=(can,),
            placement=stands,
        )

    def enrol(self, database_url: str, *, consented: tuple[MemberKind, ...] = (MemberKind.RESIDENT,)) -> None:
        enrol(database_url, msgspec.structs.replace(self.house.registration, consented=consented))

    def press(self, broker_url: str, *, minutes_ago: int = 0, presses: int = 1) -> None:
        """Publish one press and return when the broker has it."""
        self.say(broker_url, HelpCalled(presses=presses), minutes_ago=minutes_ago, device=self.button)

    def say(self, broker_url: str, event: AnyEvent, *, minutes_ago: int = 0, device: str | None = None) -> None:
        """Publish one alarm fact and return when the broker has it."""
        self._seq += 1
        at = SystemClock().now().wall - minutes_ago * MINUTE
        envelope = self.house.envelope(event, position=self._seq, at=at, device=device)
        _publish(broker_url, self.house.topic("alarm"), self.house.frame(self._seq, [envelope]))

    def record(self, broker_url: str, told: Sequence[Told]) -> None:
        """Publish facts of the record, in the order of time, and again until the bulk process has receipted them."""
        first, self._recorded = self._recorded + 1, self._recorded + len(told)
        envelopes = [
            self.house.envelope(event, position=first + place, at=at, device=device)
            for place, (at, event, device) in enumerate(told)
        ]
        frame = self.house.frame(first, envelopes)
        receipted = threading.Event()

        def hear(_client: mqtt.Client, _given: object, message: mqtt.MQTTMessage) -> None:
            heard = unpack(message.payload)
            if heard.header.stream is Stream.RECORD and read_body(heard, Receipt).durable >= self._recorded:
                receipted.set()

        with _client(broker_url) as client:
            client.on_message = hear
            client.subscribe(topic.receipt(self.house.shard, self.house.edge), qos=1)
            deadline = time.monotonic() + RECEIPT_SECONDS
            while not receipted.is_set():
                assert time.monotonic() < deadline, "no receipt"
                client.publish(self.house.topic("record"), frame, qos=1)
                receipted.wait(AGAIN_SECONDS)


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


def _publish(broker_url: str, to: str, payload: bytes) -> None:
    with _client(broker_url) as client:
        client.publish(to, payload, qos=1).wait_for_publish(PUBLISH_SECONDS)


@contextmanager
def _client(broker_url: str) -> Iterator[mqtt.Client]:
    parts = urlsplit(broker_url)
    client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2)
    client.connect(parts.hostname or "127.0.0.1", parts.port or 1883)
    client.loop_start()
    try:
        yield client
    finally:
        client.disconnect()
        client.loop_stop()
