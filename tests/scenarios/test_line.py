"""From a device's word to the gateway over a broker that forgets, a line that is slow and people who lie."""

import contextlib
import shutil
from collections.abc import Callable
from pathlib import Path

import aiomqtt
import pytest

from edge.driver import Sighting
from edge.drivers import DRIVERS
from edge.hearing import Hearing
from edge.recognition import Recognition
from gateway.embedded import PrivateBroker
from homecare.clock import Instant
from homecare.delivery import Receipt
from homecare.device import Capability, Device
from homecare.event import ContactChanged, HelpCalled, Observed, Stream
from homecare.identity import DeviceId, HomeId
from homecare.seal import public_key
from homecare.topic import receipt
from homecare.wire import Header, Kind, encode_body, pack
from simulator.bthome import button, plain
from tests.edge.desk import Gateway, listening
from tests.gateway.enrolled import GATEWAY_PRIVATE, Household, household
from tests.scenarios.edge import on_line, real_edge
from tests.scenarios.house import OPEN, PRESS, agent_at
from tests.scenarios.ledger import Ledger, fact_name
from tests.scenarios.slow_line import slow_line
from tests.waiting import until

LINE_BYTES = 32_000
"""A second: a mobile line on a bad day. One frame takes two seconds, all that the edge sends ahead takes eight."""
LATE_SECONDS = 5.0
"""What a press may take that waits for the one frame on the line: two seconds, and a busy machine's."""
BACKLOG = 8_000
"""Measurements: some 2 MB, a minute of the slow line."""
ASK_SECONDS = 20.0


def gateway_of(house: Household) -> Gateway:
    return Gateway(house.edge, GATEWAY_PRIVATE, public_key(house.private))


def marks(there: Gateway, event: type) -> list[int]:
    return [fact.envelope.counter for fact in there.events(event) if fact.envelope.counter is not None]


async def in_time(condition: Callable[[], object], seconds: float) -> None:
    """Wait; what does not happen in time is judged by the ledger, not by the clock."""
    with contextlib.suppress(TimeoutError):
        await until(condition, seconds=seconds)


@pytest.mark.asyncio
async def test_what_only_the_broker_had_comes_again(tmp_path: Path, broker: PrivateBroker) -> None:
    """The broker acknowledges a fact, then dies with its disk; the edge starts anew; only now a gateway listens."""
    house, ledger = household(81), Ledger()
    there, taken = gateway_of(house), gateway_of(house)
    taken.receipting = False
    async with listening(taken, broker.url, house.shard), agent_at(house, tmp_path, broker.url) as (ear, _):
        ear.say(1, OPEN)
        await until(lambda: 1 in ear.accepted and marks(taken, ContactChanged))
        ledger.note(1, str(taken.events(ContactChanged)[0].id))
    broker.kill()
    shutil.rmtree(broker.data)
    broker.start()
    async with listening(there, broker.url, house.shard), agent_at(house, tmp_path, broker.url):
        await in_time(lambda: marks(there, ContactChanged) or there.lost, ASK_SECONDS)
    ledger.agrees(marks(there, ContactChanged), why="the journal let it go when the broker had it")


@pytest.mark.asyncio
async def test_an_alarm_overtakes_telemetry_on_a_slow_line(tmp_path: Path, broker: PrivateBroker) -> None:
    """Hours of measurements drain over a mobile line; a press does not stand behind them."""
    house, ledger, there = household(82), Ledger(), gateway_of(household(82))
    edge = real_edge(house, tmp_path, Ledger())
    for _ in range(BACKLOG // 1000):
        edge.tell(*(Observed("temperature", number / 10, "°C") for number in range(1000)))
    edge.journal.close()
    async with (
        listening(there, broker.url, house.shard),
        slow_line(broker.url, LINE_BYTES) as url,
        agent_at(house, tmp_path, url) as (ear, agent),
    ):
        await until(lambda: there.events(Observed))
        ear.say(1, PRESS)
        ledger.note(1, fact_name(house.edge, agent._journal.epoch, Stream.ALARM, 1))
        await in_time(lambda: marks(there, HelpCalled), LATE_SECONDS)
        waiting = BACKLOG - len(there.events(Observed))
        ledger.agrees(marks(there, HelpCalled), why=f"not heard within {LATE_SECONDS} s, behind telemetry")
        assert waiting > 0, "the line was too fast to prove anything"


@pytest.mark.asyncio
async def test_a_device_that_repeats_after_a_restart_counts_once(tmp_path: Path, broker: PrivateBroker) -> None:
    """The edge journaled a press and died before its word reached the device, which therefore says it again."""
    house, ledger, there = household(83), Ledger(), gateway_of(household(83))
    async with listening(there, broker.url, house.shard):
        async with agent_at(house, tmp_path, broker.url) as (ear, agent):
            ear.say(1, PRESS)
            ledger.note(1, fact_name(house.edge, agent._journal.epoch, Stream.ALARM, 1))
            await until(lambda: 1 in ear.accepted and marks(there, HelpCalled))
        async with agent_at(house, tmp_path, broker.url) as (ear, agent):
            ear.say(1, PRESS)
            await until(lambda: 1 in ear.accepted)
            ear.say(2, PRESS)
            ledger.note(2, fact_name(house.edge, agent._journal.epoch, Stream.ALARM, 1))
            await until(lambda: 2 in marks(there, HelpCalled))
    ledger.agrees(marks(there, HelpCalled), why="a device repeated what the edge had before its restart")


@pytest.mark.asyncio
async def test_a_forged_receipt_is_not_believed(tmp_path: Path, broker: PrivateBroker) -> None:
    """Somebody at the broker says `durable`; nobody has the fact."""
    house, ledger = household(84), Ledger()
    edge = real_edge(house, tmp_path, ledger)
    edge.press()
    header = Header(
        kind=Kind.RECEIPT,
        edge=house.edge,
        stream=Stream.ALARM,
        epoch=edge.journal.epoch,
        run=edge.journal.epoch,
        beat=1,
    )
    async with on_line(edge, broker.url), aiomqtt.Client("127.0.0.1", broker.port) as liar:
        forged = pack(header, encode_body(Receipt(durable=1)), bytes(32))
        await liar.publish(receipt(house.shard, house.edge), forged, qos=1)
        await until(lambda: edge.heard)
    waiting = edge.kept(edge.journal.epoch, Stream.ALARM, after=edge.receipted(Stream.ALARM))
    ledger.nothing_lost(waiting, why="counted as durable because somebody at the broker said so")
    edge.journal.close()


def test_a_plain_frame_of_an_encrypting_button_is_no_press() -> None:
    """Anybody on the stairs can send what is not encrypted."""
    address = "54:48:E6:8F:80:A5"
    device = Device(
        id=DeviceId("button-00000001"),
        home=HomeId("home-00000001"),
        driver="bthome",
        address=address,
        capabilities=(Capability.HELP_CALL,),
    )
    hearing = Hearing(Recognition([device], DRIVERS), secrets={device.id: bytes(16)}, counters={})
    frame = plain(button(), triggered=True)
    heard_at = Instant(wall=0, elapsed=0)
    sighting = Sighting(transport="ble", address=address, heard_at=heard_at, service_data={"fcd2": frame})
    heard = hearing.hear(sighting, full=False)
    presses = [event for event in (heard.events if heard else ()) if isinstance(event, HelpCalled)]
    assert not presses, f"forged: a press of {device.id}: it encrypts, and this frame was not encrypted"
