"""A tap on a phone opens a door through the edge of docs/example_edge; what is late or repeated opens none."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio

from gateway.embedded import PrivateBroker
from homecare import topic
from homecare.clock import SECOND
from homecare.command import LIFE_LIMIT, Action, Command, Message
from homecare.delivery import Heartbeat
from homecare.seal import public_key
from homecare.wire import Header, Kind, encode_body, pack, read_body, unpack
from tests.asking import rows
from tests.gateway.doorstep import (
    KARIN,
    be_patient,
    browser,
    final,
    lock_of,
    plan,
    settle,
    stand_at_the_door,
    wish,
    with_lock,
)
from tests.gateway.enrolled import GATEWAY_PRIVATE
from tests.gateway.lanes import new_lane
from tests.gateway.lanes import running as lane_running
from tests.gateway.running import running
from tests.other_language.listening import Listener, listening
from tests.other_language.node_edge import NodeEdge
from tests.waiting import until

HOUSE = with_lock(72)
OPEN = f"/api/v1/phone/doors/{HOUSE.home}/open"
ENDS = "SELECT body->>'outcome', body->>'reason' FROM event WHERE kind = 'command_ended' ORDER BY applied"


def installed(folder: Path, broker_url: str) -> NodeEdge:
    """The edge of the house with its lock, as `enrol.mjs` would have left it."""
    folder.mkdir()
    lock = {"id": lock_of(HOUSE), "capabilities": ["lock"], "reports_every": None}
    config = {
        "edge": HOUSE.edge,
        "home": HOUSE.home,
        "broker_url": broker_url,
        "gateway_public_key": public_key(GATEWAY_PRIVATE).hex(),
        "private_key": HOUSE.private.hex(),
        "devices": [lock],
        "announces": False,
    }
    (folder / "edge.json").write_text(json.dumps(config))
    return NodeEdge(folder)


@dataclass
class Door:
    """Both processes at work, the edge in its own, a phone at the door, and an ear at the broker."""

    url: str
    edge: NodeEdge
    phone: httpx.AsyncClient
    visit: str
    ear: Listener

    async def tap(self, key: str, *, action: str = "unlock") -> str:
        """The command that the phone asked for, once the edge has it."""
        before = len(self.edge.said("command"))
        answer = await self.phone.post(OPEN, json=wish(self.visit, key, action=action))
        assert answer.status_code == 202, answer.text
        await until(lambda: len(self.edge.said("command")) > before)
        command = self.edge.said("command")[-1]
        told = (command["id"], command["action"], command["device"])
        assert told == (answer.json()["command"], action, lock_of(HOUSE))
        return str(command["id"])

    def ends(self) -> list[tuple[Any, ...]]:
        return rows(self.url, ENDS)


@pytest_asyncio.fixture
async def door(
    database_url: str, broker: PrivateBroker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Door]:
    settle(database_url, HOUSE)
    be_patient(monkeypatch)
    visit = await plan(database_url, HOUSE)
    await stand_at_the_door(database_url, HOUSE.home)
    edge = installed(tmp_path / "edge", broker.url)
    async with (
        running(database_url, broker.url, tmp_path) as process,
        lane_running(new_lane(database_url, broker.url)),
        listening(broker.url, topic.command(HOUSE.shard, HOUSE.edge)) as ear,
        browser(process, KARIN) as phone,
    ):
        edge.start()
        await until(lambda: edge.said("receipted"))
        yield Door(database_url, edge, phone, visit, ear)
        edge.kill()


@pytest.mark.asyncio
async def test_a_tap_opens_and_locks_through_the_example(door: Door) -> None:
    command = await door.tap("key-00000001")
    door.edge.answer(command, "done", state="unlocked")
    assert (await final(door.phone, command))["standing"] == "done"
    standing = "SELECT standing FROM visit WHERE id = %s"
    await until(lambda: rows(door.url, standing, door.visit) == [("started",)])
    locked = await door.tap("key-00000002", action="lock")
    door.edge.answer(locked, "done", state="locked")
    await until(lambda: rows(door.url, standing, door.visit) == [("ended",)])
    assert door.ends() == [("done", None), ("done", None)]


@pytest.mark.asyncio
async def test_what_is_late_or_meant_otherwise_moves_nothing_and_each_refusal_is_a_fact(
    door: Door, broker: PrivateBroker
) -> None:
    """Frames that our gateway would never make, under its own key."""
    bodies: list[tuple[str, dict[str, Any]]] = [
        ("expired", {"not_after": -SECOND}),
        ("life_too_long", {"not_after": LIFE_LIMIT + 20 * SECOND}),
        ("no_such_device", {"device": "lock-of-nobody"}),
        ("not_an_actuator", {"action": Action.ANNOUNCE, "device": None, "message": Message.RECEIVED}),
        ("stale_challenge", {"challenge": "0" * 32}),
    ]
    async with listening(broker.url, topic.up(HOUSE.shard, HOUSE.edge, "heartbeat")) as beats:
        door.edge.kill()
        door.edge.start()
        for number, (_, changes) in enumerate(bodies):
            # Each refusal costs the challenge, and the edge says the next one at once.
            await until(lambda told=number + 1: len(beats.heard) >= told)
            heartbeat = unpack(beats.heard[-1])
            beat = read_body(heartbeat, Heartbeat)
            members = {"challenge": beat.challenge, "action": Action.UNLOCK, "device": lock_of(HOUSE)}
            members |= changes | {"not_after": beat.elapsed + changes.get("not_after", 10 * SECOND)}
            command = Command(id=f"command-{number:08d}", actor=KARIN.id, **members)
            header = Header(kind=Kind.COMMAND, edge=HOUSE.edge, run=heartbeat.header.run, beat=heartbeat.header.beat)
            door.ear.say(pack(header, encode_body(command), HOUSE.keys.down))
            await until(lambda done=number + 1: len(door.ends()) == done)
    assert door.ends() == [("refused", reason) for reason, _ in bodies]
    assert door.edge.said("command") == []


@pytest.mark.asyncio
async def test_a_command_that_the_edge_did_not_survive_is_in_doubt_and_never_said_again(door: Door) -> None:
    command = await door.tap("key-00000001")
    [frame] = door.ear.heard
    assert unpack(frame).header.kind is Kind.COMMAND
    door.edge.kill()
    door.edge.start()
    assert (await final(door.phone, command))["standing"] == "unknown"
    await until(lambda: door.ends() == [("unknown", "interrupted")])
    door.ear.say(frame)  # a broker that repeats itself
    again = await door.tap("key-00000002")
    door.edge.answer(again, "failed", "jammed", state="jammed")
    assert (await final(door.phone, again))["standing"] == "failed"
    assert door.ends() == [("unknown", "interrupted"), ("failed", "jammed")]
    assert [one["id"] for one in door.edge.said("command")] == [command, again]
