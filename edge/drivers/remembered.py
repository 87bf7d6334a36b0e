"""What drivers remember of one device between two sightings, in the `Memory.values` that the agent keeps.

Bounded: one small value for each thing that the device states, and `RECENT_LIMIT` transmissions just heard.
"""

from collections.abc import Hashable, MutableMapping
from typing import Final, cast

from homecare.clock import MINUTE
from homecare.event import AnyEvent, DeviceFault, DeviceFaulted

Values = MutableMapping[str, object]

RECENT_LIMIT: Final = 16
"""Transmissions remembered for a device: more than any device sends within the few seconds that count."""

TELL_EVERY: Final = MINUTE
"""Microseconds between two `DeviceFaulted` about the unreadable parts of otherwise good sightings."""


def changed(values: Values, what: str, state: Hashable) -> bool:
    """Whether `state` of the thing called `what` differs from the last one; it is the last one from now on."""
    before = values.get(f"state {what}")
    values[f"state {what}"] = state
    return before is None or before != state


def known(values: Values, what: str) -> bool:
    """Whether a state of the thing called `what` has been heard since the start."""
    return f"state {what}" in values


def heard_lately(values: Values, key: bytes, *, at: int, window: int) -> bool:
    """Whether the transmission `key` was heard within the last `window` microseconds of steady time.

    Each repetition extends the window, so that a transmission repeated for minutes stays one transmission.
    """
    recent = cast("dict[bytes, int]", values.setdefault("recent", {}))
    before = recent.pop(key, None)
    recent[key] = at
    if len(recent) > RECENT_LIMIT:
        del recent[next(iter(recent))]
    return before is not None and at - before <= window


def anew(values: Values, key: bytes, *, at: int, window: int) -> bool:
    """Whether `key` differs from the last one that was new, or `window` microseconds have passed since that one."""
    last, then = cast("tuple[bytes, int]", values.get("anew", (b"", 0)))
    if key == last and 0 <= at - then <= window:
        return False
    values["anew"] = (key, at)
    return True


def since(values: Values, what: str, *, at: int, window: int) -> bool:
    """Whether `window` microseconds have passed since this last said so for `what`; true the first time."""
    before = cast("int | None", values.get(f"since {what}"))
    if before is not None and 0 <= at - before < window:
        return False
    values[f"since {what}"] = at
    return True


def count(values: Values, what: str, by: int = 1) -> int:
    """How often `what` has been counted, this time included."""
    total = cast("int", values.get(f"count {what}", 0)) + by
    values[f"count {what}"] = total
    return total


def unreadable(values: Values, *, at: int) -> tuple[AnyEvent, ...]:
    """The fault to tell about one more sighting that was readable only in part; empty when told a moment ago."""
    total = count(values, "unreadable")
    if not since(values, "unreadable", at=at, window=TELL_EVERY):
        return ()
    values["count unreadable"] = 0
    return (DeviceFaulted(fault=DeviceFault.UNDECODABLE, count=total),)
