"""`vaka-edge new-driver`: the files with which a driver begins, none of them finished and all of them running.

A folder that can be installed beside Vaka (`pip install FOLDER`): the driver, its entry point, its firmware
configuration and the capture that it must read.
"""

import re
from pathlib import Path
from string import Template
from typing import Final

import msgspec

from edge.drivers import DRIVERS, GROUP
from edge.kit.capture import Capture, capture_bytes
from edge.recognition import keys_of
from homecare.errors import Conflict, Malformed

NAME: Final = re.compile(r"^[a-z][a-z0-9_]{2,39}$")

_DRIVER: Final = Template('''"""$name: say what the device is, and which document describes its format."""

from typing import Final

from edge.driver import Memory, Reading, Sighting
from homecare.device import Device
from homecare.errors import Malformed
from homecare.event import AnyEvent

_OP: Final = "read $name"


class $class_name:
    """See the module."""

    name = "$name"
    keys: tuple[str, ...] = ("$key",)

    def read(self, sighting: Sighting, device: Device, *, secret: bytes | None, memory: Memory) -> Reading:
        """The events of one sighting. `Malformed` for bytes that are not this device's."""
        data = $data
        if not data:
            raise Malformed(_OP, "payload", "nothing to read")
        events: list[AnyEvent] = []
        return Reading(events=tuple(events))


DRIVER: Final = $class_name()
''')
_PROJECT: Final = Template("""[build-system]
requires = ["hatchling>=1.27"]
build-backend = "hatchling.build"

[project]
name = "vaka-driver-$dashed"
version = "0.1.0"
description = "Reads $name for Vaka"
requires-python = ">=3.11"

[project.entry-points."$group"]
$name = "vaka_driver_$name:DRIVER"

[tool.hatch.build.targets.wheel]
include = ["vaka_driver_$name.py"]
""")
_CONFIGURATION: Final = Template("""# What the device must be set to so that it is read; say for each setting why.
model: $name
driver: $name
capabilities: [$capabilities]
placement: other
settings: {}
enrol: [address]
""")


def new_driver(name: str, capture: Capture, folder: Path) -> list[Path]:
    """Write the files of a new driver; `Conflict` where the folder or the name is taken, `Malformed` for a bad name."""
    if not NAME.fullmatch(name):
        raise Malformed("begin driver", "name", "3 to 40 lower-case letters, digits and _, a letter first")
    if name in DRIVERS:
        raise Conflict("begin driver", name, "there is a driver of that name already")
    if not capture.lines:
        raise Malformed("begin driver", "capture", "it holds no sighting: capture the device again")
    if folder.exists():
        raise Conflict("begin driver", "folder", "it exists: name a new one")
    words = _words(name, capture)
    (folder / "captures").mkdir(parents=True)
    texts = {
        f"vaka_driver_{name}.py": _DRIVER.substitute(words),
        "pyproject.toml": _PROJECT.substitute(words),
        f"{name}.yaml": _CONFIGURATION.substitute(words),
    }
    for file, text in texts.items():
        (folder / file).write_text(text, encoding="utf-8")
    kept = folder / "captures" / f"{name}.jsonl"
    head = msgspec.structs.replace(capture.head, driver=name)
    kept.touch(mode=0o600)
    kept.write_bytes(b"".join(capture_bytes(head, capture.lines)))
    return [*(folder / file for file in texts), kept]


def _words(name: str, capture: Capture) -> dict[str, str]:
    key = next(iter(keys_of(capture.sighting(capture.lines[0]))), "")
    return {
        "name": name,
        "dashed": name.replace("_", "-"),
        "class_name": "".join(part.capitalize() for part in name.split("_")),
        "key": key,
        "data": _data(key),
        "group": GROUP,
        "capabilities": ", ".join(capture.head.capabilities),
    }


def _data(key: str) -> str:
    """The expression that takes the payload out of a sighting of this key."""
    kind, _, rest = key.partition(":")
    if kind == "serial":
        return "sighting.telegram"
    if rest.startswith("company:"):
        return f'sighting.manufacturer_data.get(0x{rest.removeprefix("company:").upper()}, b"")'
    return f'sighting.service_data.get("{rest.removeprefix("gatt:")}", b"")'
