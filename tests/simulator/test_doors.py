"""A whole edge, as its own process, at an emulated lock: what a command does, and what stands in the journal then."""

import asyncio
import contextlib
import json
import os
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from gateway.embedded import PrivateBroker
from homecare.command import Action, Message, Outcome, Reason
from homecare.event import CommandEnded, CommandTaken, ContactChanged, HelpCalled, LockCause, LockOperated, LockState
from homecare.identity import new_id, new_secret, shard_of
from homecare.seal import public_key
from simulator import nuki
from simulator.nuki import Fault
from simulator.peripheral import NukiPeripheral, Sounder
from tests.edge.desk import Gateway
from tests.edge.doorway import Doorway, commanding, frame
from tests.locks import LOCK, SECRET, SOUNDER, emulated
from tests.radio import BUTTON, Radio
from tests.waiting import SECONDS, until


class Flat:
    """A home with a lock, a sounder and an edge that can be started and killed."""

    def __init__(self, folder: Path, url: str, radio: Radio) -> None:
        self.edge, self.home, self.url = new_id("edge"), new_id("home"), url
        edge_key, gateway_key = new_secret(), new_secret()
        self.gateway = Gateway(self.edge, gateway_key, public_key(edge_key))
        self.lock = emulated()
        self.lock.motor_seconds = 0.1
        self.peripheral = NukiPeripheral("lock", LOCK.address, self.lock, air=radio.air)
        self.sounder = Sounder("sounder", SOUNDER.address, air=radio.air)
        (folder / "edge.key").write_text(edge_key.hex())
        (folder / "edge.key").chmod(0o600)
        self.config = folder / "edge.json"
        lock = {"id": LOCK.id, "driver": "nuki", "address": LOCK.address, "capabilities": ["lock"]}
        sounder = {"id": SOUNDER.id, "driver": "immediate_alert", "address": SOUNDER.address, "capabilities": []}
        button = {"id": "button-00000001", "driver": "bthome", "address": BUTTON, "capabilities": ["help_call"]}
        self.config.write_text(
            json.dumps(
                {
                    "edge": self.edge,
                    "home": self.home,
                    "private_key_file": "edge.key",
                    "gateway_public_key": public_key(gateway_key).hex(),
                    "broker_url": url,
                    "data_folder": "data",
                    "ble": True,
                    "devices": [
                        {**lock, "home": self.home, "secret": SECRET.hex()},
                        {**sounder, "home": self.home},
                        {**button, "home": self.home},
                    ],
                }
            )
        )

    @contextlib.asynccontextmanager
    async def agent(self) -> AsyncIterator[asyncio.subprocess.Process]:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "edge", str(self.config), stdout=asyncio.subprocess.PIPE, env=os.environ
        )
        try:
            assert process.stdout is not None
            async with asyncio.timeout(SECONDS):
                assert await process.stdout.readline() == b"connected\n"
            beats = len(self.gateway.beats)
            await until(lambda: len(self.gateway.beats) > beats or self.gateway.beats)
            yield process
        finally:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.communicate()

    def ends(self) -> list[CommandEnded]:
        return [fact.envelope.event for fact in self.gateway.events(CommandEnded)]  # type: ignore[misc]


@pytest_asyncio.fixture
async def flat(radio: Radio, tmp_path: Path, broker: PrivateBroker) -> AsyncIterator[Flat]:
    await radio.plug()
    found = Flat(tmp_path, broker.url, radio)
    tasks = [asyncio.create_task(one.run()) for one in (found.peripheral, found.sounder)]
    yield found
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


@pytest_asyncio.fixture
async def doorway(flat: Flat, broker: PrivateBroker) -> AsyncIterator[Doorway]:
    async with commanding(flat.gateway, broker.url, shard_of(flat.home)) as found:
        yield found


async def fresh(flat: Flat, challenge: str | None) -> None:
    """Until the edge has told another challenge."""
    await until(lambda: flat.gateway.beats and flat.gateway.beats[-1].challenge not in (None, challenge))


async def looked(flat: Flat) -> None:
    """Until the edge's radio hears the home and has asked the lock how it stands."""
    await until(lambda: flat.gateway.events(ContactChanged))


@pytest.mark.asyncio
async def test_an_unlock_stands_in_the_journal_before_and_after_the_bolt_moved(flat: Flat, doorway: Doorway) -> None:
    async with flat.agent():
        await fresh(flat, None)
        asked = doorway.command(Action.UNLOCK, LOCK.id)
        await doorway.send(asked)
        await until(flat.ends)
        (end,) = flat.ends()
        assert (end.command, end.outcome, end.reason, end.state) == (asked.id, Outcome.DONE, None, LockState.UNLOCKED)
        (taken,), (moved,) = flat.gateway.events(CommandTaken), flat.gateway.events(LockOperated)
        assert taken.envelope.event == CommandTaken(asked.id, Action.UNLOCK, "person-demo-care-01")
        assert moved.envelope.event == LockOperated(LockState.UNLOCKED, LockCause.COMMAND, asked.id)
        assert {taken.envelope.device, moved.envelope.device} == {LOCK.id}
        assert taken.id.seq < moved.id.seq < flat.gateway.events(CommandEnded)[0].id.seq
        assert [entry.name for entry in flat.lock.log] == ["person-demo-care-01"]
        await fresh(flat, asked.challenge)


@pytest.mark.asyncio
async def test_a_command_before_the_radio_has_heard_the_lock_opens_it_when_it_is_heard(
    flat: Flat, doorway: Doorway
) -> None:
    flat.peripheral.silent = True
    async with flat.agent():
        await fresh(flat, None)
        asked = doorway.command(Action.UNLOCK, LOCK.id)
        await doorway.send(asked)
        await until(lambda: flat.gateway.events(CommandTaken))
        assert not flat.ends()
        flat.peripheral.silent = False
        await until(flat.ends)
    assert [(end.command, end.outcome) for end in flat.ends()] == [(asked.id, Outcome.DONE)]
    assert [entry.name for entry in flat.lock.log] == ["person-demo-care-01"]


@pytest.mark.asyncio
async def test_what_is_stale_or_repeated_or_for_others_never_reaches_the_lock(flat: Flat, doorway: Doorway) -> None:
    async with flat.agent():
        await fresh(flat, None)
        first = doorway.command(Action.UNLOCK, LOCK.id)
        await doorway.send(doorway.command(Action.UNLOCK, LOCK.id, not_after=1))
        await until(lambda: len(flat.ends()) == 1)
        await doorway.send(first)
        await until(lambda: len(flat.ends()) == 2)
        await fresh(flat, first.challenge)
        await doorway.send(doorway.command(Action.UNLOCK, "lock-of-others"))
        await until(lambda: len(flat.ends()) == 3)
        last = doorway.command(Action.UNLOCK, LOCK.id)
        await doorway.send(last, edge="edge-of-others")
        await doorway.send(last)
        await until(lambda: len(flat.ends()) == 4)
        await doorway.publish(frame(flat.gateway, last)[:-1] + b"\0")
    reasons = [end.reason for end in flat.ends()]
    assert reasons == [Reason.EXPIRED, Reason.STALE_CHALLENGE, Reason.NO_SUCH_DEVICE, Reason.NOT_OURS]
    assert {end.outcome for end in flat.ends()} == {Outcome.REFUSED}
    assert not flat.lock.log
    assert not flat.gateway.events(CommandTaken)


@pytest.mark.asyncio
async def test_a_power_cut_while_the_bolt_moves_ends_as_unknown_and_nothing_moves_again(
    flat: Flat, doorway: Doorway
) -> None:
    flat.lock.motor_seconds = 1.0
    async with flat.agent() as process:
        await fresh(flat, None)
        asked = doorway.command(Action.UNLATCH, LOCK.id)
        await doorway.send(asked)
        await until(lambda: flat.lock.bolt == nuki.UNLATCHING)
        process.kill()
        await process.wait()
    await until(lambda: flat.lock.bolt == nuki.UNLATCHED)
    async with flat.agent():
        await fresh(flat, asked.challenge)
        await until(flat.ends)
        await doorway.send(asked)
        await doorway.send(asked, run=flat.gateway.run)
        await asyncio.sleep(0.5)
    (end,) = flat.ends()
    assert (end.command, end.outcome, end.reason) == (asked.id, Outcome.UNKNOWN, Reason.INTERRUPTED)
    assert len(flat.lock.log) == 1


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("fault", "outcome", "reason"),
    [(Fault.JAM, Outcome.FAILED, Reason.JAMMED), (Fault.LOSE, Outcome.DONE, None)],
)
async def test_how_the_bolt_fared_is_told(
    flat: Flat, doorway: Doorway, fault: Fault, outcome: Outcome, reason: Reason | None
) -> None:
    flat.lock.fault = fault
    async with flat.agent():
        await fresh(flat, None)
        await doorway.send(doorway.command(Action.UNLOCK, LOCK.id))
        await until(flat.ends)
    (end,) = flat.ends()
    assert (end.outcome, end.reason) == (outcome, reason)
    assert len(flat.lock.log) == 1


@pytest.mark.asyncio
async def test_an_announcement_reaches_every_announcer(flat: Flat, doorway: Doorway) -> None:
    async with flat.agent():
        await fresh(flat, None)
        await doorway.send(doorway.command(Action.ANNOUNCE, None, message=Message.HELP_ON_ITS_WAY))
        await until(flat.ends)
    assert flat.ends()[0].outcome is Outcome.DONE
    assert flat.sounder.alerts == [2]


@pytest.mark.asyncio
async def test_a_call_for_help_is_announced_as_received_when_the_gateway_has_it_and_not_before(
    flat: Flat, doorway: Doorway, radio: Radio
) -> None:
    flat.gateway.receipting = False
    async with flat.agent():
        await fresh(flat, None)
        await looked(flat)  # one press is on the air once
        radio.press()
        await until(lambda: flat.gateway.events(HelpCalled))
        await asyncio.sleep(0.5)
        assert not flat.sounder.alerts
        flat.gateway.receipting = True
        await until(lambda: flat.sounder.alerts, seconds=2 * SECONDS)
        await asyncio.sleep(0.5)
    assert flat.sounder.alerts == [1]
    assert doorway.gateway is flat.gateway


@pytest.mark.asyncio
async def test_a_call_for_help_waits_for_no_bolt(flat: Flat, doorway: Doorway, radio: Radio) -> None:
    flat.lock.motor_seconds = 6.0
    async with flat.agent():
        await fresh(flat, None)
        await doorway.send(doorway.command(Action.UNLOCK, LOCK.id))
        await until(lambda: flat.lock.bolt == nuki.UNLOCKING)
        radio.press()
        await until(lambda: flat.gateway.events(HelpCalled))
        assert flat.lock.bolt == nuki.UNLOCKING, "the alarm was there while the motor still turned"
        await until(flat.ends)
    assert flat.ends()[0].outcome is Outcome.DONE


@pytest.mark.asyncio
async def test_an_edge_that_is_stopped_while_the_bolt_moves_still_tells_the_end(flat: Flat, doorway: Doorway) -> None:
    flat.lock.motor_seconds = 1.0
    async with flat.agent() as process:
        await fresh(flat, None)
        asked = doorway.command(Action.UNLOCK, LOCK.id)
        await doorway.send(asked)
        await until(lambda: flat.lock.bolt == nuki.UNLOCKING)
        process.terminate()
        async with asyncio.timeout(SECONDS):
            assert await process.wait() == 0
    async with flat.agent():
        await until(flat.ends)
    assert [(end.command, end.outcome) for end in flat.ends()] == [(asked.id, Outcome.DONE)]


@pytest.mark.asyncio
async def test_a_hand_on_the_knob_is_a_fact_of_its_own(flat: Flat, doorway: Doorway) -> None:
    async with flat.agent():
        await looked(flat)
        flat.lock.by_hand(unlocked=True)
        await until(lambda: flat.gateway.events(LockOperated), seconds=2 * SECONDS)
    moved = flat.gateway.events(LockOperated)[0].envelope.event
    assert moved == LockOperated(LockState.UNLOCKED, LockCause.MANUAL)
