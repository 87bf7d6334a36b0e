"""Conformance: what every driver must hold, each a check of its own that says what is wrong and what to do.

`vaka-edge conformance` runs all of them over a driver's captures. They judge what the agent builds on: that a driver is
a function of bytes, that nothing but `Malformed` and `Refused` comes out of garbage, that what it states can travel,
and (in `edge.kit.endurance`) that nothing is lost or told twice through the real ears and journal.
"""

import ast
import inspect
import re
import sys
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Final

import msgspec

from edge.driver import Actuator
from edge.kit import endurance
from edge.kit.bench import MUCH, Remembered, driver_of, read_all, read_line
from edge.kit.capture import WALL, Capture, Line
from edge.kit.garbage import garbage_of
from edge.recognition import keys_of
from homecare.clock import SystemClock
from homecare.device import Capability
from homecare.envelope import Envelope, decode_envelope, encode_envelope
from homecare.errors import Malformed
from homecare.event import (
    AnyEvent,
    BatteryReported,
    ButtonPressed,
    ContactChanged,
    DeviceFaulted,
    FallDetected,
    HazardChanged,
    HelpCalled,
    LeakChanged,
    LockOperated,
    MotionChanged,
    Observed,
    StateObserved,
    TagRead,
)

NAME: Final = re.compile(r"^[a-z][a-z0-9_]{1,39}(:[A-Za-z0-9-]{1,40})?$")
KEY: Final = re.compile(
    r"^(ble:([0-9a-f]{4}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|company:[0-9a-f]{4}|gatt:[0-9a-f]{4})|serial:[a-z0-9-]+)$"
)
SLOW: Final = 5_000
"""Microseconds that one sighting may cost on average: a home of fifty devices must not fill a small computer."""
WORLDLY: Final = frozenset(
    {
        "asyncio",
        "datetime",
        "http",
        "io",
        "logging",
        "multiprocessing",
        "os",
        "pathlib",
        "random",
        "requests",
        "secrets",
        "select",
        "shutil",
        "signal",
        "socket",
        "sqlite3",
        "ssl",
        "subprocess",
        "tempfile",
        "threading",
        "time",
        "urllib",
        "uuid",
    }
)
"""Modules that read or change the world: a driver that imports one is no longer a function of bytes."""
_ANYTIME: Final = (BatteryReported, DeviceFaulted, StateObserved, Observed)
_STATES: Final[dict[Capability, tuple[type, ...]]] = {
    Capability.HELP_CALL: (HelpCalled, ButtonPressed),
    Capability.BUTTON: (ButtonPressed,),
    Capability.CONTACT: (ContactChanged,),
    Capability.MOTION: (MotionChanged,),
    Capability.LEAK: (LeakChanged,),
    Capability.LOCK: (LockOperated,),
    Capability.HAZARD: (HazardChanged,),
    Capability.FALL: (FallDetected,),
    Capability.TAG: (TagRead,),
    Capability.OBSERVATION: (),
}
"""What a device may state by its capabilities, beside `_ANYTIME`."""


class Finding(msgspec.Struct, frozen=True):
    """The result of one check; `problems` is empty where it holds."""

    check: str
    problems: tuple[str, ...]


def conformance(capture: Capture) -> list[Finding]:
    """Every check over one capture, in order. `Unknown` where its driver is not registered."""
    driver_of(capture)
    return [Finding(check=name, problems=tuple(_problems(check, capture))) for name, check in CHECKS.items()]


def _problems(check: Callable[[Capture], Iterator[str]], capture: Capture) -> Iterator[str]:
    try:
        yield from check(capture)
    except Exception as error:  # noqa: BLE001 why: a driver that fails here would end the agent: that is the finding
        yield f"{type(error).__name__}: {error}"


def form(capture: Capture) -> Iterator[str]:
    """Its name and keys can be written in a configuration and found in a sighting."""
    driver = driver_of(capture)
    if not NAME.fullmatch(driver.name):
        yield f"the name {driver.name!r}: lower-case letters, digits and _, then perhaps : and a profile"
    for key in driver.keys:
        if not KEY.fullmatch(key):
            yield f"the key {key!r}: such as ble:fcd2, ble:company:004c or serial:esp3"


def recognised(capture: Capture) -> Iterator[str]:
    """Every sighting of the capture offers one of the driver's keys."""
    keys = set(driver_of(capture).keys)
    for number, line in enumerate(capture.lines, 1):
        if not keys & set(keys_of(capture.sighting(line))):
            yield f"sighting {number} has none of {', '.join(sorted(keys))}: the driver would never be asked"


def stated(capture: Capture) -> Iterator[str]:
    """It says of every sighting what the capture expects, and at least one sighting says something.

    An actuator may have nothing to say until it is asked.
    """
    driver: object = driver_of(capture)
    if not any(line.events for line in capture.lines) and not isinstance(driver, Actuator):
        yield "no line expects an event: read the bytes, write down what they mean (--write proposes), look at it"
    for number, (line, read) in enumerate(zip(capture.lines, read_all(capture), strict=True), 1):
        if line.events is None and not line.refused:
            yield f"sighting {number} was not judged yet; the driver says {_text(read.events)}"
        elif line.refused != read.refused:
            yield f"sighting {number} should be {'refused' if line.refused else 'believed'}"
        elif not line.refused and line.events != read.events:
            yield f"sighting {number}: expected {_text(line.events)}, said {_text(read.events)}"


def pure(capture: Capture) -> Iterator[str]:
    """The same bytes give the same again, and its module reads nothing of the world."""
    if read_all(capture) != read_all(capture):
        yield "a second run over the same bytes said something else: keep state only in `memory`"
    module = sys.modules.get(type(driver_of(capture)).__module__)
    for name in sorted(_imported(module) & WORLDLY) if module is not None else ():
        yield f"its module imports {name}: time comes with the sighting, everything else does not come at all"


def bounded(capture: Capture) -> Iterator[str]:
    """Garbage gives `Malformed` or `Refused` and nothing else, and no sighting costs much."""
    driver, memory = driver_of(capture), Remembered()
    clock, count = SystemClock(), 0
    began = clock.now().elapsed
    for line in garbage_of(capture):
        count += 1
        try:
            read = read_line(driver, capture, line, memory)
        except Exception as error:  # noqa: BLE001 why: whatever else comes out is the finding
            yield f"{type(error).__name__} out of {_bytes(line)}: raise Malformed before reading beyond the bytes"
            return
        if len(read.events) > MUCH:
            yield f"{len(read.events)} events out of {_bytes(line)}: at most {MUCH}"
    spent = (clock.now().elapsed - began) // max(count, 1)
    if spent > SLOW:
        yield f"{spent} microseconds a sighting: at most {SLOW}"


def travels(capture: Capture) -> Iterator[str]:
    """Everything that it states fits into an envelope and comes out of it unchanged."""
    for event in _said(capture):
        envelope = Envelope(
            position=1,
            home=capture.device.home,
            occurred_at=WALL,
            received_at=WALL,
            uncertainty=0,
            elapsed=0,
            event=event,
        )
        try:
            if decode_envelope(encode_envelope(envelope)).event != event:
                yield f"{_text((event,))} comes back as something else"
        except (Malformed, TypeError, ValueError) as error:
            yield f"{_text((event,))} cannot travel: {error}"


def able(capture: Capture) -> Iterator[str]:
    """It states only what a device with these capabilities may: above all, no call for help from anything else."""
    may = (*_ANYTIME, *(kind for one in capture.head.capabilities for kind in _STATES[one]))
    for event in _said(capture):
        if not isinstance(event, may):
            yield f"{type(event).__name__} from a device that is only {', '.join(capture.head.capabilities)}"


def once(capture: Capture) -> Iterator[str]:
    """Every sighting heard three times over is told once: radios repeat, and so do people's tests."""
    yield from endurance.repeated(capture)


def kept(capture: Capture) -> Iterator[str]:
    """Nothing is lost when the edge dies after every single sighting, with a real journal on disk."""
    yield from endurance.restarted(capture)


CHECKS: Final[dict[str, Callable[[Capture], Iterator[str]]]] = {
    check.__name__: check for check in (form, recognised, stated, pure, bounded, travels, able, once, kept)
}


def meaning(check: str) -> str:
    """What a check holds, in one line."""
    return (inspect.getdoc(CHECKS[check]) or "").splitlines()[0]


def judged(capture: Capture) -> Capture:
    """The capture with what the driver says now as what is expected: for a person to look at and keep."""
    lines = tuple(
        msgspec.structs.replace(line, events=None if read.refused else read.events, refused=read.refused)
        for line, read in zip(capture.lines, read_all(capture), strict=True)
    )
    return Capture(head=capture.head, lines=lines)


def _said(capture: Capture) -> Iterator[AnyEvent]:
    for read in read_all(capture):
        yield from read.events


def _imported(module: ModuleType) -> set[str]:
    """The names that stand before the first dot of what a module's own text imports."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(inspect.getsource(module))):
        if isinstance(node, ast.Import):
            found.update(alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module is not None:
            found.add(node.module.partition(".")[0])
    return found


def _text(events: tuple[AnyEvent, ...] | None) -> str:
    return msgspec.json.encode(events or ()).decode()


def _bytes(line: Line) -> str:
    return msgspec.json.encode(line).decode()[:200]
