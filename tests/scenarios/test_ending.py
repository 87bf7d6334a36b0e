"""An edge that is told to end does, whatever its radio does in that moment: else the next one waits for its journal."""

import asyncio
import contextlib
from collections.abc import Callable
from pathlib import Path

import pytest

from edge.driver import Sighting
from gateway.embedded import PrivateBroker
from homecare.event import TransportState
from tests.gateway.enrolled import household
from tests.scenarios.house import Ear, agent_of
from tests.waiting import SECONDS, until


class OnceMore(Ear):
    """A radio whose hanging up fails, so that it takes its end for a fault and goes on listening."""

    async def run(self, on_sighting: Callable[[Sighting], None], on_state: Callable[[TransportState], None]) -> None:
        with contextlib.suppress(asyncio.CancelledError):
            await super().run(on_sighting, on_state)
        await super().run(on_sighting, on_state)


@pytest.mark.asyncio
async def test_a_radio_that_overhears_its_end_is_told_again(tmp_path: Path, broker: PrivateBroker) -> None:
    ear = OnceMore()
    agent = agent_of(household(1), tmp_path, broker.url, ear)
    work = asyncio.create_task(agent.run())
    await until(lambda: work.done() or ear._on_sighting)
    agent.stop()
    ended, _ = await asyncio.wait({work}, timeout=SECONDS)
    assert ended, "it listens on for ever"
    work.result()
