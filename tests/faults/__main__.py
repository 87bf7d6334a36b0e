"""`make faults FACTS= KILLS= SEED=`: nothing lost, nothing doubled, whatever dies on the way.

Ends with one line `facts=N rows=N lost=N doubled=N kills=N seed=N`, and with 1 if anything is wrong.
"""

import argparse
import asyncio
import dataclasses
import random
import shutil
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Final, NamedTuple

import psycopg

from tests.faults.household import Household
from tests.faults.ledger import Ledger, Verdict, count_rows, home_name, judge, open_alerts
from tests.faults.plan import Plan, PlannedKill, Role, draw

RESTART_AFTER: Final = 1.0
"""Seconds after which a process that ended by itself is started again."""
TICK: Final = 0.02
"""Seconds between two looks at what is due."""
SETTLE_WITHIN: Final = 240.0
"""Seconds after the last kill within which everything must be told and recorded."""
ALERTS_WITHIN: Final = 240.0
"""Seconds after the last fact within which every alert must be as the oracle says: a silent edge takes 90 s."""
RETRIES: Final = 20
"""Times that a kill waits 0.25 s for its victim to be up and at work."""
AT_WORK_AFTER: Final = 1.0
"""Seconds that a process must have been up before it is killed again: it has reconnected and does work."""


class Run:
    """One run: speaking devices, planned kills, a backup taken and restored."""

    def __init__(self, plan: Plan, folder: Path) -> None:
        self.plan = plan
        self.ledger = Ledger()
        self.household = Household(plan, self.ledger, folder)
        self.kills: Counter[Role] = Counter()
        self.up_since: dict[int, float] = {}
        self.began = 0.0
        self.restarts = 0
        self.alerts: dict[tuple[str, str], int] = {}

    @property
    def elapsed(self) -> float:
        """Seconds since the devices began to speak."""
        return time.monotonic() - self.began

    async def play(self) -> Verdict:
        """Everything, then the verdict."""
        for line in self.household.lines:
            line.open()
        await asyncio.to_thread(self.household.start)
        self.began = time.monotonic()
        speaking, supervising = asyncio.create_task(self._speak()), asyncio.create_task(self._supervise())
        try:
            await self._nemesis()
            await self._settle(speaking)
            await self._fall_silent()
        finally:
            speaking.cancel()
            supervising.cancel()
        return await asyncio.to_thread(judge, self.household.database.url, self.plan, self.ledger)

    async def _speak(self) -> None:
        while True:
            for line in self.household.lines:
                line.speak(self.elapsed)
            await asyncio.sleep(TICK)

    async def _supervise(self) -> None:
        """Start again what ended by itself, as a service manager does; what a kill ended is started by the kill."""
        while True:
            await asyncio.sleep(RESTART_AFTER)
            for process in (self.household.alarm, self.household.bulk, *self.household.edges):
                if process.ended_by_itself:
                    self.restarts += 1
                    process.start()

    async def _nemesis(self) -> None:
        """Kills, one after another, each when it is due; the backup and its restoration between them."""
        steps: list[tuple[float, PlannedKill | str]] = [(kill.at, kill) for kill in self.plan.kills]
        if self.plan.kills:
            steps += [(self.plan.backup_at, "backup"), (self.plan.restore_at, "restore")]
        for at, step in sorted(steps, key=lambda pair: pair[0]):
            await asyncio.sleep(max(0.0, at - self.elapsed))
            if isinstance(step, PlannedKill):
                await self._kill(step)
            elif step == "backup":
                await asyncio.to_thread(self.household.back_up)
            else:
                await asyncio.to_thread(self.household.restore)
        await asyncio.sleep(max(0.0, self.plan.seconds - self.elapsed))

    async def _kill(self, kill: PlannedKill) -> None:
        victim = self.household.of(kill)
        for _ in range(RETRIES):
            if time.monotonic() - self.up_since.get(id(victim), self.began) >= AT_WORK_AFTER and self._in_flight(kill):
                break
            await asyncio.sleep(0.25)
        else:
            return
        before = victim.pid
        await asyncio.to_thread(victim.kill)
        if kill.wipe:
            self.household.wipe_broker()
        await asyncio.sleep(kill.down)
        await asyncio.to_thread(victim.start)
        self.up_since[id(victim)] = time.monotonic()
        if before and victim.pid and victim.pid != before:
            self.kills[kill.role] += 1

    def _in_flight(self, kill: PlannedKill) -> bool:
        """Whether the victim has work: an edge whose devices still speak, or facts on the road through the rest."""
        lines = [self.household.lines[kill.edge]] if kill.role is Role.EDGE else self.household.lines
        return any(not device.done for line in lines for device in line.devices)

    async def _settle(self, speaking: asyncio.Task[None]) -> None:
        """Until every device was told and every accepted fact is a row, or the time is up."""
        deadline = time.monotonic() + SETTLE_WITHIN
        rows = 0
        while time.monotonic() < deadline and not speaking.done():
            told = all(device.done for line in self.household.lines for device in line.devices)
            try:
                rows = await asyncio.to_thread(count_rows, self.household.database.url)
            except psycopg.OperationalError:
                rows = -1
            if told and rows >= len(self.ledger.accepted):
                return
            await asyncio.sleep(0.5)
        print(f"not settled: {len(self.ledger.accepted)} of {self.plan.facts} accepted, {rows} rows", flush=True)

    async def _fall_silent(self) -> None:
        """Take the planned edges away, and wait for the alerts that the oracle names, or until the time is up."""
        for edge in self.plan.silenced:
            await asyncio.to_thread(self.household.edges[edge].kill)
        expected = {(home_name(home), condition) for home, condition in self.plan.expected()}
        deadline = time.monotonic() + ALERTS_WITHIN
        while time.monotonic() < deadline:
            self.alerts = await asyncio.to_thread(open_alerts, self.household.database.url)
            if self.alerts.keys() == expected:
                return
            await asyncio.sleep(1.0)


class Outcome(NamedTuple):
    """What a run gave."""

    verdict: Verdict
    kills: Counter[Role]
    alerts: dict[tuple[str, str], int]


def run(plan: Plan, folder: Path) -> Outcome:
    """Play one plan in `folder` and stop everything that was started."""
    print(f"seed {plan.seed}: {plan.facts} facts, {len(plan.kills)} kills, {plan.seconds:.0f} s", flush=True)

    async def play() -> Outcome:
        one = Run(plan, folder)
        try:
            verdict = await one.play()
            print(f"processes that ended by themselves and were started again: {one.restarts}", flush=True)
            return Outcome(verdict, one.kills, one.alerts)
        finally:
            await asyncio.to_thread(one.household.stop)
            for line in one.household.lines:
                line.close()

    return asyncio.run(play())


def main() -> int:
    """Read the command line, play the plan, say what was found."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("--facts", type=int, default=100_000)
    parser.add_argument("--kills", type=int, default=220)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1_000_000))
    parser.add_argument("--no-reference", action="store_true", help="without the undisturbed run of the same plan")
    parser.add_argument("--keep", action="store_true", help="keep the run's folder (logs, journals, database)")
    asked = parser.parse_args()
    plan = draw(seed=asked.seed, facts=asked.facts, kills=asked.kills)
    disturbed = _in_a_folder(plan, keep=asked.keep)
    verdict = disturbed.verdict
    if not asked.no_reference:
        reference = _in_a_folder(dataclasses.replace(plan, kills=()), keep=asked.keep)
        verdict.alerts += reference.verdict.lines()
        verdict.alerts += [f"{one} differ from an undisturbed run" for one in _differences(disturbed, reference)]
    for line in verdict.lines():
        print(line)
    print("kills by role: " + ", ".join(f"{role} {disturbed.kills[role]}" for role in Role))
    print(
        f"facts={verdict.facts} rows={verdict.rows} lost={len(verdict.lost)} doubled={len(verdict.doubled)}"
        f" kills={disturbed.kills.total()} seed={asked.seed}"
    )
    return 0 if verdict.clean else 1


def _in_a_folder(plan: Plan, *, keep: bool) -> Outcome:
    folder = Path(tempfile.mkdtemp(prefix="vf-"))
    try:
        return run(plan, folder)
    finally:
        if keep:
            print(f"kept: {folder}")
        else:
            shutil.rmtree(folder, ignore_errors=True)


def _differences(disturbed: Outcome, reference: Outcome) -> list[str]:
    """Help calls must be equal to the count; of the others, how often a condition came back may differ."""
    found = {f"{home} {condition}" for home, condition in disturbed.alerts.keys() ^ reference.alerts.keys()}
    for (home, condition), times in disturbed.alerts.items():
        if condition == "help_call" and reference.alerts.get((home, condition)) != times:
            found.add(f"{home} {condition}")
    return sorted(found)


if __name__ == "__main__":
    sys.exit(main())
