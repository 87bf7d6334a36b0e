"""docs/devices.md says what the drivers do: another implementation is written from it."""

import re
from pathlib import Path

from edge.drivers import DRIVERS
from edge.drivers.counted import encode_said

DEVICES = (Path(__file__).parents[3] / "docs" / "devices.md").read_text()


def test_every_driver_is_published() -> None:
    families = {name.split(":")[0] for name in DRIVERS}
    published = {name.split(":")[0] for name in re.findall(r"^\| `([\w:]+)`", DEVICES, re.MULTILINE)}
    assert published == families


def test_the_published_frame_is_what_the_driver_reads() -> None:
    frame = re.search(r"^55 000E .*$", DEVICES, re.MULTILINE)
    assert frame is not None
    assert bytes.fromhex(frame.group().replace(" ", "")) == encode_said("01802A3B", 7, b"\x1a\x01")
