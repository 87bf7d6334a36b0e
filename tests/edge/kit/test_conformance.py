"""The kit's checks: they hold for what we ship, and each one is broken by the fault that it is there for."""

import sys
from pathlib import Path
from types import ModuleType

import msgspec
import pytest

from edge.drivers import DRIVERS
from edge.kit.capture import Capture, Head, Line, read_capture
from edge.kit.conformance import CHECKS, conformance, meaning
from homecare.device import Capability
from homecare.errors import Malformed, Unknown
from homecare.event import MotionChanged
from tests.edge.kit.faulty_drivers import (
    Alarming,
    BadName,
    Forgetful,
    Fragile,
    Infinite,
    Moody,
    OtherKey,
    Repeating,
    Sensor,
    Wrong,
)

CAPTURES = Path(__file__).parents[2] / "captures"
OURS = sorted(CAPTURES.glob("*.jsonl"))


@pytest.mark.parametrize("path", OURS, ids=lambda path: path.stem)
def test_every_shipped_capture_conforms(path: Path) -> None:
    capture = read_capture(path)
    assert capture.lines
    assert {finding.check: finding.problems for finding in conformance(capture)} == dict.fromkeys(CHECKS, ())


def test_every_kind_of_driver_has_a_capture_that_conforms() -> None:
    kinds = {name.partition(":")[0] for name in DRIVERS}
    captured = {read_capture(path).head.driver.partition(":")[0] for path in OURS}
    assert captured >= kinds - {"enocean"}, "EnOcean profiles have a table of their own, tests/captures/enocean.json"


@pytest.mark.parametrize(
    ("driver", "broken"),
    [
        (Sensor, set()),
        (BadName, {"form"}),
        (OtherKey, {"recognised", "once", "kept"}),
        (Wrong, {"stated"}),
        (Moody, {"stated", "pure"}),
        (Fragile, {"bounded"}),
        (Infinite, {"stated", "travels"}),
        (Alarming, {"stated", "able"}),
        (Repeating, {"once"}),
        (Forgetful, {"kept"}),
    ],
    ids=lambda value: value.__name__ if isinstance(value, type) else "",
)
def test_each_fault_breaks_the_check_that_names_it(
    monkeypatch: pytest.MonkeyPatch, driver: type[Sensor], broken: set[str]
) -> None:
    monkeypatch.setitem(DRIVERS, driver.name, driver())
    capture = _capture(driver)
    findings = {finding.check for finding in conformance(capture) if finding.problems}
    assert broken <= findings
    assert broken or not findings


def test_a_driver_that_reads_the_world_is_not_pure(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "worldly.py").write_text(
        "import time\nfrom tests.edge.kit.faulty_drivers import Sensor\nclass W(Sensor):\n    pass\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    module: ModuleType = __import__("worldly")
    monkeypatch.setitem(sys.modules, "worldly", module)
    monkeypatch.setitem(DRIVERS, "sensor", module.W())
    problems = {finding.check: finding.problems for finding in conformance(_capture(Sensor))}
    assert any("imports time" in problem for problem in problems["pure"])


def test_a_capture_of_nobody_is_refused() -> None:
    with pytest.raises(Unknown):
        conformance(Capture(head=_head("nobody"), lines=()))


@pytest.mark.parametrize("text", [b"", b"{}", b'{"capture":1}\n', b"\xff\xfe", b"[" * 10_000])
def test_garbage_is_no_capture(tmp_path: Path, text: bytes) -> None:
    path = tmp_path / "bad.jsonl"
    path.write_bytes(text)
    with pytest.raises(Malformed):
        read_capture(path)


def test_each_check_says_what_it_holds() -> None:
    assert all(len(meaning(check)) > 20 for check in CHECKS)


def _head(driver: str) -> Head:
    return Head(
        capture=1, driver=driver, address="A4:C1:38:00:00:09", capabilities=(Capability.MOTION,), source="invented"
    )


def _capture(driver: type[Sensor]) -> Capture:
    """Five sightings of which one repeats; the first says nothing new to a driver that warms up."""
    payloads = ((1, 1), (2, 0), (2, 0), (3, 1), (4, 0))
    lines = []
    seen: set[int] = set()
    for number, (counter, moving) in enumerate(payloads):
        events = () if counter in seen else (MotionChanged(moving=bool(moving)),)
        if driver is Forgetful and number == 0:
            events = ()
        seen.add(counter)
        lines.append(
            Line(after=float(number), manufacturer_data={"ffff": bytes((counter, moving)).hex()}, events=events)
        )
    return Capture(head=_head(driver.name), lines=tuple(lines))


def test_lines_survive_the_file(tmp_path: Path) -> None:
    line = Line(after=1.0, service_data={"fcd2": "40"}, events=(MotionChanged(moving=True),))
    assert msgspec.json.decode(msgspec.json.encode(line), type=Line) == line
