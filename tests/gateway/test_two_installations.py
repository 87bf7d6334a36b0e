"""Two installations on one broker, as two `make run` with `VAKA_BROKER_URL` are: neither takes the other's sessions."""

import asyncio
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from gateway.adapters.mqtt import MqttBroker
from gateway.config import read_config
from gateway.embedded import PrivateBroker
from homecare import topic
from homecare.identity import new_id
from simulator.enrolment import edge_mark, enrol
from simulator.household import homes
from tests.forked import start_gateway
from tests.waiting import until

SECONDS = 60.0
FRAMES = 20
"""Below the strangers' frames that a gateway keeps at once."""
SEED = 7


def environment(database_url: str, broker: PrivateBroker, data: Path) -> dict[str, str]:
    data.mkdir(exist_ok=True)
    return {**os.environ, "VAKA_DATABASE_URL": database_url, "VAKA_BROKER_URL": broker.url, "VAKA_DATA": str(data)}


def seen(database_url: str, edge: str) -> set[bytes]:
    """The edge's frames that the installation's bulk process met, all of them strangers' to it."""
    with psycopg.connect(database_url) as connection:
        return {
            bytes(frame) for (frame,) in connection.execute("SELECT frame FROM quarantine WHERE edge = %s", (edge,))
        }


@pytest.fixture
def installations(
    database_url: str, other_database_url: str, broker: PrivateBroker, tmp_path: Path
) -> Iterator[tuple[str, str]]:
    """Two bulk processes with databases and keys of their own; their databases' addresses."""
    urls = (database_url, other_database_url)
    processes = [
        start_gateway(["bulk"], environment(url, broker, tmp_path / str(number)), tmp_path / f"{number}.log")
        for number, url in enumerate(urls)
    ]
    yield urls
    for process in processes:
        process.terminate()
        process.join(SECONDS)


@pytest.mark.asyncio
async def test_two_installations_on_one_broker_both_hear_everything(
    installations: tuple[str, str], broker: PrivateBroker
) -> None:
    """Red when their sessions have one name: then each frame reaches one of them, and they throw each other out."""
    edge = new_id("edge")
    speaker = MqttBroker(broker.url, client_id=new_id("speaker"), filters=[(topic.receipt(3, edge), 1)])
    await speaker.start()
    try:
        await until(lambda: speaker.connected)

        def say(frame: bytes) -> None:
            speaker.publish(topic.up(3, edge, "record"), frame)

        await _repeated(lambda: say(b"there?"), until_all=lambda: all(seen(url, edge) for url in installations))
        frames = {f"frame {number}".encode() for number in range(FRAMES)}
        for frame in frames:
            say(frame)
        await until(lambda: all(frames <= seen(url, edge) for url in installations), seconds=SECONDS)
    finally:
        await speaker.stop()


async def _repeated(what: Callable[[], None], *, until_all: Callable[[], bool]) -> None:
    """Nobody tells when a process has subscribed: ask now and then until both have heard."""
    async with asyncio.timeout(SECONDS):
        while not until_all():
            what()
            await asyncio.sleep(1)


def test_a_session_bears_one_name_at_each_start_and_another_in_another_installation(
    broker: PrivateBroker, tmp_path: Path
) -> None:
    """Red when what waits at the broker for a process is left there at its next start."""
    mine, again, other = (
        read_config(environment("postgresql://nowhere/vaka", broker, tmp_path / name)).session("vaka-bulk", "0-255")
        for name in ("mine", "mine", "other")
    )
    assert mine == again
    assert mine != other


def test_edges_of_two_demonstrations_on_one_broker_bear_different_names(
    database_url: str, other_database_url: str, tmp_path: Path
) -> None:
    """Red when both call their edges the same: the broker lets one of them in at a time."""
    marks = [edge_mark(url, shared=True) for url in (database_url, other_database_url)]
    plans = [homes(SEED, mark) for mark in marks]
    assert {one.edge for one in plans[0]}.isdisjoint(one.edge for one in plans[1])
    for number, url in enumerate((database_url, other_database_url)):
        enrol(url, plans[number], tmp_path / str(number))
        assert edge_mark(url, shared=True) == marks[number], "the next start knows its edges again"


def test_a_demonstration_alone_at_its_broker_calls_its_edges_as_the_readme_does(
    database_url: str, tmp_path: Path
) -> None:
    """Also where it is pointed at a shared broker later: an edge that is enrolled keeps its name."""
    plans = homes(SEED, edge_mark(database_url, shared=False))
    assert plans[0].edge == "edge-demo-0001"
    enrol(database_url, plans, tmp_path)
    assert edge_mark(database_url, shared=True) == ""
