"""The tests bite: break Vaka on purpose, one defence at a time, and see that a scenario turns red (`make sabotage`).

    python -m tests.faults.sabotage [words]     with words: only the sabotages whose names hold one of them

Every scenario must be green on the code as it is. Then each sabotage gets a copy of the working tree of its own, is
patched in, and its scenario must fail by an assertion that names a fact lost, doubled, forged or wrongly kept; a crash,
an import error or any other failure does not count. Prints one line each, at last `N of N sabotages caught`; ends with
0 only then.
"""

import argparse
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple
from xml.etree import ElementTree as ET

from tests.faults.sabotages import SABOTAGES, Edit, Sabotage

ROOT = Path(__file__).resolve().parent.parent.parent
SCENARIO_SECONDS = 240
"""The slowest scenario takes about ten, most of it for starting the servers; on a busy machine far more."""
ALL_SECONDS = 900
"""All scenarios together on the code as it is."""
STOP_SECONDS = 20
"""For a run that is stopped to stop its servers."""
OUTPUT_SHOWN = 4000
"""Characters of the end of what pytest said."""
WORKERS = 2
"""Sabotages at once: most of a run is waiting for servers to start, and the smallest machine has two cores."""
PRODUCT = ("homecare", "rules", "edge", "gateway", "simulator")
FAILED = 1
"""What pytest ends with when tests ran and one of them failed."""


class Outcome(NamedTuple):
    """How a run of pytest ended: its exit code, the first line of every failed assertion, the end of its output."""

    code: int
    failures: tuple[str, ...]
    output: str


class Verdict(NamedTuple):
    """What became of one sabotage."""

    sabotage: Sabotage
    outcome: Outcome
    seconds: float


class NotThere(Exception):
    """The table no longer fits the code."""


def main() -> int:
    """Run the campaign; the exit code."""
    chosen = _chosen()
    try:
        with tempfile.TemporaryDirectory(prefix="vaka-sabotage-") as folder:
            if not _green(chosen, Path(folder)):
                return 1
            with ThreadPoolExecutor(WORKERS) as workers:
                verdicts = workers.map(lambda sabotage: _judge(sabotage, Path(folder)), chosen)
                caught = sum(_told(verdict) for verdict in verdicts)
    except NotThere as error:
        _say(f"the table of sabotages does not fit the code: {error}")
        return 1
    _say(f"{caught} of {len(chosen)} sabotages caught")
    return 0 if caught == len(chosen) else 1


def _say(line: str) -> None:
    print(line, flush=True)


def _chosen() -> list[Sabotage]:
    parser = argparse.ArgumentParser(prog="tests.faults.sabotage", description="Break Vaka and see who notices.")
    parser.add_argument("words", nargs="*", help="only sabotages whose names hold one of these")
    words = parser.parse_args().words
    return [one for one in SABOTAGES if not words or any(word in one.name for word in words)]


def _green(chosen: list[Sabotage], folder: Path) -> bool:
    """Whether every scenario passes on an untouched copy."""
    began = time.monotonic()
    copy = copy_tree(folder / "untouched")
    outcome = run_scenarios(copy, dict.fromkeys(one.scenario for one in chosen), ALL_SECONDS)
    shutil.rmtree(copy)
    if outcome.code:
        _say(f"the scenarios are not green on the code as it is:\n{outcome.output}")
        return False
    _say(f"unpatched: all scenarios are green ({time.monotonic() - began:.0f} s)")
    return True


def _judge(sabotage: Sabotage, folder: Path) -> Verdict:
    """Break a copy and see who notices."""
    began = time.monotonic()
    copy = copy_tree(Path(tempfile.mkdtemp(dir=folder)))
    try:
        for edit in sabotage.edits:
            apply(copy, edit)
        outcome = run_scenarios(copy, [sabotage.scenario], SCENARIO_SECONDS)
    finally:
        shutil.rmtree(copy)
    return Verdict(sabotage, outcome, time.monotonic() - began)


def _told(verdict: Verdict) -> bool:
    """Print the line of one sabotage; whether it was caught."""
    sabotage, outcome, seconds = verdict
    found = [line for line in outcome.failures if line.startswith(f"{sabotage.finding}: ")]
    if outcome.code == FAILED and found and len(outcome.failures) == 1:
        _say(f"caught {sabotage.name} ({seconds:.0f} s): {found[0]}")
        return True
    failures = " | ".join(outcome.failures) or "no failure"
    _say(f"MISSED {sabotage.name} ({seconds:.0f} s): pytest ended with {outcome.code}: {failures}\n{outcome.output}")
    return False


def copy_tree(to: Path) -> Path:
    """A copy of the working tree: what is tracked, and what is new and not ignored."""
    listing = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    for name in filter(None, set(listing.stdout.split("\0"))):
        if (ROOT / name).is_file():
            (to / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, to / name)
    return to


def apply(tree: Path, edit: Edit) -> None:
    """Patch one file; `NotThere` unless the text stands there exactly once."""
    path = tree / edit.file
    before = path.read_text(encoding="utf-8")
    if before.count(edit.text) != 1:
        raise NotThere(f"{edit.file} holds {before.count(edit.text)} times: {edit.text}")
    path.write_text(before.replace(edit.text, edit.by), encoding="utf-8")


def run_scenarios(tree: Path, scenarios: Iterable[str], seconds: float) -> Outcome:
    """Run these tests of the copy with this Python and the servers that are unpacked here."""
    report = tree / "report.xml"
    data = (ROOT / os.environ.get("VAKA_DATA", ".vaka")).resolve()
    environment = {**os.environ, "PYTHONPATH": str(tree), "PYTHONDONTWRITEBYTECODE": "1", "VAKA_DATA": str(data)}
    command = [sys.executable, "-m", "pytest", "--tb=short", f"--junit-xml={report}", *scenarios]
    running = subprocess.Popen(
        command, cwd=tree, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    try:
        output, _ = running.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        return Outcome(-1, (), f"no end within {seconds} s\n{_stopped(running)[-OUTPUT_SHOWN:]}")
    if not all(f"{package} is {tree / package}" in output for package in PRODUCT):
        raise NotThere(f"another tree than the copy was tested:\n{output[-OUTPUT_SHOWN:]}")
    return Outcome(running.returncode, _failures(report), output[-OUTPUT_SHOWN:])


def _stopped(running: "subprocess.Popen[str]") -> str:
    """End a run that takes too long, first with the chance to stop its servers; what it said."""
    running.send_signal(signal.SIGINT)
    try:
        return running.communicate(timeout=STOP_SECONDS)[0]
    except subprocess.TimeoutExpired:
        running.kill()
        return running.communicate()[0]


def _failures(report: Path) -> tuple[str, ...]:
    """First lines of the failed assertions; errors of fixtures and of collection are none."""
    if not report.exists():
        return ()
    messages = [failure.get("message", "") for failure in ET.parse(report).iter("failure")]  # noqa: S314 why: pytest wrote it
    return tuple(message.removeprefix("AssertionError: ").partition("\n")[0] for message in messages)


if __name__ == "__main__":
    sys.exit(main())
