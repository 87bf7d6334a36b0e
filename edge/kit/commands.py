"""The integrator's commands: `vaka-edge capture`, `new-driver`, `conformance` and `enrol`."""

import argparse
import asyncio
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Final

from edge.config import read_config
from edge.drivers import BROKEN
from edge.enrolment import enrol
from edge.kit.capture import Capture, capture_bytes, read_capture
from edge.kit.conformance import Finding, conformance, judged, meaning
from edge.kit.listening import head_of, listen, write_capture
from edge.kit.new_driver import new_driver
from edge.main import transports_of
from edge.pairing import pair
from homecare.clock import SystemClock
from homecare.device import Capability
from homecare.errors import Malformed, VakaError

SECONDS: Final = 30.0
"""How long a capture listens by default: a sensor that speaks every ten seconds is heard three times."""
PROBLEMS_TOLD: Final = 10
"""Of one check; the first ones show what is wrong."""


def parser() -> argparse.ArgumentParser:
    """The kit's command line."""
    top = argparse.ArgumentParser(
        prog="vaka-edge", description="Connect a new edge, or a device that Vaka does not know."
    )
    commands = top.add_subparsers(dest="command", required=True)
    hear = commands.add_parser("capture", help="hear one device and write down what it says")
    hear.add_argument("config", type=Path, help="an edge's configuration: its radio and lines are used")
    hear.add_argument("out", type=Path, nargs="?", help="the file to write; without it, only who is there is told")
    hear.add_argument("--address", default="", help="whose sightings are kept")
    hear.add_argument("--driver", default="new_device", help="the name that the driver will have")
    hear.add_argument("--capability", action="append", default=[], help="what the device can state; may be repeated")
    hear.add_argument("--serial", help="the name of the serial port, for a device that is not heard over BLE")
    hear.add_argument("--secret", help="the device's key, in hex")
    hear.add_argument("--seconds", type=float, default=SECONDS, help=f"how long to listen (default {SECONDS:.0f})")
    begin = commands.add_parser("new-driver", help="begin a driver from a capture")
    begin.add_argument("name")
    begin.add_argument("capture", type=Path)
    begin.add_argument("folder", type=Path)
    prove = commands.add_parser("conformance", help="prove that a driver holds what every driver must")
    prove.add_argument("captures", type=Path, nargs="+", help="captures, or folders with captures (*.jsonl)")
    prove.add_argument(
        "--write", action="store_true", help="write into the captures what the driver says now: read it!"
    )
    meet = commands.add_parser("pair", help="ask a lock for an authorisation; its button was just held")
    meet.add_argument("config", type=Path, help="the edge's configuration; its agent is stopped meanwhile")
    meet.add_argument("device", help="the lock's id in the configuration")
    join = commands.add_parser("enrol", help="bring a new edge into its home with a claim code")
    join.add_argument("address", help="https://host:port of the gateway")
    join.add_argument("code", help="VAKA1-..., as the gateway showed it")
    join.add_argument("folder", type=Path, help="where the edge's keys and configuration will lie")
    join.add_argument("--secret", action="append", default=[], metavar="ADDRESS=HEX", help="a device's own key")
    join.add_argument("--ble", action="store_true", help="this edge has a Bluetooth adapter")
    join.add_argument("--serial", action="append", default=[], metavar="NAME=PATH", help="an EnOcean stick")
    return top


def run(arguments: Sequence[str], say: Callable[[str], None]) -> int:
    """Carry out one command, telling a line at a time.

    0: all is well. 1: a driver does not hold. 2: what a hint can mend.
    """
    options = parser().parse_args(arguments)
    try:
        return _COMMANDS[options.command](options, say)
    except VakaError as error:
        say(f"vaka-edge {options.command}: {error}")
        return 2


def _capture(options: argparse.Namespace, say: Callable[[str], None]) -> int:
    transports = list(transports_of(read_config(options.config), SystemClock()))
    listener = asyncio.run(listen(transports, options.address, seconds=options.seconds))
    if options.out is None or not options.address:
        for address, count in sorted(listener.seen.items(), key=lambda one: -one[1]):
            say(f"{address}  heard {count} times")
        return 0
    head = head_of(
        options.driver,
        options.address,
        options.capability or [Capability.OBSERVATION],
        serial=options.serial,
        secret=options.secret,
    )
    write_capture(options.out, listener, head)
    say(f"{len(listener.lines)} sightings of {options.address} in {options.out}")
    return 0 if listener.lines else 1


def _begin(options: argparse.Namespace, say: Callable[[str], None]) -> int:
    for path in new_driver(options.name, read_capture(options.capture), options.folder):
        say(str(path))
    say("now read the bytes in the driver, pip install the folder, and run vaka-edge conformance on its captures")
    return 0


def _authorise(options: argparse.Namespace, say: Callable[[str], None]) -> int:
    installation = read_config(options.config)
    transports = list(transports_of(installation, SystemClock()))
    path = asyncio.run(pair(installation, options.device, transports))
    say(f"paired; the authorisation is in {path}, for its owner's eyes only. Start the agent again.")
    return 0


def _enrol(options: argparse.Namespace, say: Callable[[str], None]) -> int:
    secrets = dict(_pair(text, "--secret") for text in options.secret)
    ports = [{"name": name, "path": path, "kind": "esp3"} for name, path in map(_port, options.serial)]
    settings = {"ble": options.ble, "serial": ports}
    path = enrol(options.address, options.code, options.folder, secrets=secrets, settings=settings)
    read_config(path)
    say(f"enrolled; start it with: vaka-edge {path}")
    return 0


def _port(text: str) -> tuple[str, str]:
    return _pair(text, "--serial")


def _pair(text: str, option: str) -> tuple[str, str]:
    name, found, value = text.partition("=")
    if not found or not name or not value:
        raise Malformed("enrol", option, "NAME=VALUE")
    return name, value


def _prove(options: argparse.Namespace, say: Callable[[str], None]) -> int:
    for name, why in sorted(BROKEN.items()):
        say(f"entry point {name}: {why}")
    broken = len(BROKEN)
    for path in _files(options.captures):
        capture = read_capture(path)
        if options.write:
            capture = judged(capture)
            path.write_bytes(b"".join(capture_bytes(capture.head, capture.lines)))
        findings = conformance(capture)
        for line in _report(path, capture, findings):
            say(line)
        broken += sum(bool(finding.problems) for finding in findings)
    return 1 if broken else 0


def _report(path: Path, capture: Capture, findings: Sequence[Finding]) -> Iterator[str]:
    bad = [finding for finding in findings if finding.problems]
    yield (
        f"{path.name}: driver {capture.head.driver}, {len(capture.lines)} sightings, "
        f"{len(findings)} checks, {len(bad)} broken"
    )
    for finding in bad:
        yield f"  {finding.check}: {meaning(finding.check)}"
        for problem in finding.problems[:PROBLEMS_TOLD]:
            yield f"    {problem}"


def _files(named: Sequence[Path]) -> list[Path]:
    return [path for one in named for path in (sorted(one.rglob("*.jsonl")) if one.is_dir() else [one])]


_COMMANDS: Final[dict[str, Callable[[argparse.Namespace, Callable[[str], None]], int]]] = {
    "capture": _capture,
    "new-driver": _begin,
    "conformance": _prove,
    "enrol": _enrol,
    "pair": _authorise,
}
COMMANDS: Final = frozenset(_COMMANDS)
"""What `vaka-edge` hands over to the kit."""
