"""Check every configuration: `python -m firmware_configs.check [--without-esphome] [--esphome PROGRAM]`.

Each file must fit its form and name a driver that exists. ESPHome itself judges its files (`esphome config`, offline):
what stands in `esphome/` must be valid; what stands in `esphome/bad/` must be refused, at the line and with the words
that its first line announces. Ends with 0 when all is as it should be, with 1 otherwise.
"""

import argparse
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Final

import msgspec
import yaml
from msgspec import Meta

from edge.drivers import DRIVERS
from edge.drivers.enocean import profiles
from homecare.device import Capability, Placement
from homecare.errors import VakaError

HERE: Final = Path(__file__).parent
ESPHOME: Final = HERE.parent / ".venv-esphome" / "bin" / "esphome"
SECONDS: Final = 60
"""For one file; `esphome config` takes about one second."""
REFUSED: Final = 2
"""The exit status of `esphome config` for a file that it refuses."""
_EXPECTS: Final = re.compile(r"# expects: (\d+): (.+)")
_DRIVER: Final = re.compile(r"^  driver: (\S+)$", re.MULTILINE)


class ButtonSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a BTHome device is set to; `reports_every` in seconds."""

    version: Annotated[int, Meta(ge=2, le=2)]
    encrypted: bool
    packet_id: bool
    trigger_based: bool
    counter_kept: bool
    repetitions: Annotated[int, Meta(ge=1, le=100)]
    repeated_within_seconds: Annotated[int, Meta(ge=1, le=4)]
    reports_every: Annotated[int, Meta(ge=60, le=86_400)]


class BTHomeConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One file of `bthome/`."""

    model: str
    driver: str
    capabilities: Annotated[tuple[Capability, ...], Meta(min_length=1)]
    placement: Placement
    settings: ButtonSettings
    enrol: tuple[str, ...]


def bthome_faults(folder: Path) -> Iterator[str]:
    """What is wrong with the files of `bthome/`."""
    for path in sorted(folder.glob("*.yaml")):
        try:
            config = msgspec.convert(yaml.safe_load(path.read_text(encoding="utf-8")), BTHomeConfig)
        except (yaml.YAMLError, msgspec.ValidationError) as error:
            yield f"{path.name}: {error}"
            continue
        yield from unknown_driver(path.name, config.driver)
        if Capability.HELP_CALL in config.capabilities and not config.settings.encrypted:
            yield f"{path.name}: a call button must encrypt"


def enocean_faults() -> Iterator[str]:
    """What is wrong with the map of profiles: the edge loads it while it starts, so it must fit."""
    try:
        names = [profile.driver for profile in profiles()]
    except VakaError as error:
        yield str(error)
        return
    for name in names:
        yield from unknown_driver("eep_map.json", name)
        if names.count(name) > 1:
            yield f"eep_map.json: {name} stands there more than once"
        if not re.fullmatch(r"enocean:(F6|D5|A5)-[0-9A-F]{2}-[0-9A-F]{2}", name):
            yield f"eep_map.json: {name} is not enocean: and a profile"


def unknown_driver(where: str, driver: str) -> Iterator[str]:
    """The fault of naming a driver that does not exist."""
    if driver not in DRIVERS:
        yield f"{where}: there is no driver {driver}"


def esphome_faults(folder: Path, program: Path) -> Iterator[str]:
    """What is wrong with the files of `esphome/`, judged in a copy with the example's secrets."""
    if not program.exists():
        yield "esphome is absent: set up its environment from requirements/esphome.txt, or say --without-esphome"
        return
    with tempfile.TemporaryDirectory() as place:
        copy = Path(place) / "esphome"
        shutil.copytree(folder, copy)
        shutil.copy(copy / "secrets.example.yaml", copy / "secrets.yaml")
        for path in sorted(copy.glob("*.yaml")):
            if not path.name.startswith("secrets."):
                yield from good_faults(path, program)
        for path in sorted((copy / "bad").glob("*.yaml")):
            yield from bad_faults(path, program)


def good_faults(path: Path, program: Path) -> Iterator[str]:
    """A node's file: it is valid and names its driver under `substitutions`."""
    named = _DRIVER.search(path.read_text(encoding="utf-8"))
    if named is None:
        yield f"{path.name}: its substitutions name no driver"
    else:
        yield from unknown_driver(path.name, named[1])
    status, said = judge(path, program)
    if status != 0:
        yield f"{path.name}: esphome refuses it:\n{said}"


def bad_faults(path: Path, program: Path) -> Iterator[str]:
    """A file that must be refused, at the line and with the words of its first line."""
    expected = _EXPECTS.match(path.read_text(encoding="utf-8"))
    if expected is None:
        yield f"bad/{path.name}: its first line does not say `# expects: LINE: WORDS`"
        return
    status, said = judge(path, program)
    if status != REFUSED or f"{path.name}:{expected[1]}]" not in said or expected[2] not in said:
        yield f"bad/{path.name}: not refused at line {expected[1]} with {expected[2]!r} (status {status}):\n{said}"


def judge(path: Path, program: Path) -> tuple[int, str]:
    """The exit status and the words of `esphome config`."""
    done = subprocess.run(  # noqa: S603 - our own file, and the program that the caller names
        [str(program), "config", str(path)], capture_output=True, text=True, timeout=SECONDS, check=False
    )
    return done.returncode, done.stdout + done.stderr


def main(arguments: list[str] | None = None) -> int:
    """The exit status."""
    parser = argparse.ArgumentParser(prog="python -m firmware_configs.check", description="Check the configurations.")
    parser.add_argument("--without-esphome", action="store_true", help="leave out the ESPHome files, and say so")
    parser.add_argument("--esphome", type=Path, default=ESPHOME, help="the esphome program")
    options = parser.parse_args(arguments)
    faults = [*enocean_faults(), *bthome_faults(HERE / "bthome")]
    if not options.without_esphome:
        faults.extend(esphome_faults(HERE / "esphome", options.esphome))
    for fault in faults:
        sys.stderr.write(f"firmware_configs: {fault}\n")
    if not faults:
        left_out = ", ESPHome's files not checked" if options.without_esphome else ""
        sys.stdout.write(f"firmware_configs: all good{left_out}\n")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
