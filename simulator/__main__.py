"""`vaka-sim`: tell a running demonstration what happens in its homes."""

import argparse
import os
import sys
from pathlib import Path
from typing import Any, Final

import msgspec

from gateway.ports.tags import TagPlace
from homecare.errors import VakaError
from homecare.identity import HomeId
from simulator import running
from simulator.home import run_home
from simulator.lock_control import WORDS
from simulator.shift import read_tag

AGAIN: Final = "`make run` starts it again at once, or within 10 s where it dies again and again"
PARTS: Final = ("power", "radio", "serial")


def main() -> int:
    """0 when it was done; 1 with the reason when it was not."""
    arguments = _parser().parse_args()
    data = Path(os.environ.get("VAKA_DATA") or ".vaka")
    try:
        if arguments.command == "home":
            run_home(arguments.config)
            return 0
        done = _do(arguments, data)
    except (VakaError, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    print(done if isinstance(done, str) else msgspec.json.format(msgspec.json.encode(done), indent=2).decode())
    return 0


def _do(arguments: argparse.Namespace, data: Path) -> Any:  # noqa: ANN401 - text, or what can become JSON
    found = running.find(data)
    match arguments.command:
        case "homes":
            return found.homes
        case "press" | "alerts":
            return running.tell(found, arguments.home, [arguments.command])
        case "door":
            return running.tell(found, arguments.home, ["door", arguments.position])
        case "lock":
            return running.tell(found, arguments.home, ["lock", arguments.what])
        case "tag":
            home = running.home_with(found, arguments.home).home
            return read_tag(data, HomeId(home), TagPlace(arguments.place), base=arguments.base)
        case "silence":
            return running.tell(found, arguments.device, ["silence", arguments.device, *(["off"] * arguments.off)])
        case "unplug" | "plug":
            return _plug(found, data, arguments)
        case "cut":
            seconds = [] if arguments.seconds is None else [str(arguments.seconds)]
            return running.tell(found, arguments.edge, ["cut", *seconds])
        case "heal":
            return running.tell(found, arguments.edge, ["heal"])
        case _:
            return f"killed {arguments.role}, process {running.kill(data, arguments.role)}; {AGAIN}"


def _plug(found: running.Running, data: Path, arguments: argparse.Namespace) -> str:
    edge = running.home_with(found, arguments.edge).edge
    if arguments.command == "unplug" and arguments.part != "power":
        return str(running.tell(found, edge, ["unplug", arguments.part]))
    on = arguments.command == "plug"
    running.power(data, f"edge:{edge}", on=on)
    if on:
        running.tell(found, edge, ["plug"])
    return f"{edge} has {'power, radio and serial port again' if on else 'no power'}"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="vaka-sim", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)

    def command(name: str, *words: str, text: str) -> argparse.ArgumentParser:
        made = commands.add_parser(name, help=text)
        for word in words:
            made.add_argument(word)
        return made

    command("homes", text="list homes, edges and devices as JSON")
    command("press", "home", text="press the home's worn call button")
    command("door", "home", text="move the front door").add_argument("position", choices=("open", "close"))
    lock = command("lock", "home", text="let the front door's lock misbehave or be used, or show it")
    lock.add_argument("what", choices=sorted(WORDS))
    tag = command("tag", "home", text="hold a phone to the home's tag: the address that the phone gets")
    tag.add_argument("place", nargs="?", choices=[place.value for place in TagPlace], default=TagPlace.DOOR.value)
    tag.add_argument("--base", default="", help="what stands before the question mark")
    command("alerts", "home", text="show what the home's sounder was told")
    command("silence", "device", text="take the device's battery out").add_argument("--off", action="store_true")
    unplug = command("unplug", "edge", text="pull the edge's power plug, its radio or its serial port")
    unplug.add_argument("part", nargs="?", choices=PARTS, default="power")
    command("plug", "edge", text="plug everything of the edge in again")
    cut = command("cut", "edge", text="cut the network between edge and broker, for SECONDS or until healed")
    cut.add_argument("seconds", nargs="?", type=float)
    command("heal", "edge", text="mend the network")
    command("kill", "role", text="kill -9: edge:ID, home:ID, broker, database, gateway-alarm or gateway-bulk")
    command("home", text="run one simulated home (used by make run)").add_argument("config", type=Path)
    return parser


if __name__ == "__main__":
    sys.exit(main())
