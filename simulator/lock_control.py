"""What an emulated lock can be told by hand: to misbehave, to be used from inside, to be paired, to show itself."""

from collections.abc import Callable
from typing import Final

from homecare.errors import Malformed
from simulator.nuki import BLOCKED, LOCKED, UNLATCHED, UNLOCKED, Fault, NukiLock

_BOLT: Final = {LOCKED: "locked", UNLOCKED: "unlocked", UNLATCHED: "unlatched", BLOCKED: "jammed"}
_CLOSED, _AJAR = 2, 3
_EMPTY, _GOOD = 14, 86
"""Percent of the battery."""


def _by_hand(lock: NukiLock, *, unlocked: bool) -> str:
    lock.by_hand(unlocked=unlocked)
    return f"somebody turned the knob: {'unlocked' if unlocked else 'locked'}"


def _forget(lock: NukiLock) -> str:
    lock.forget()
    return "the lock was reset: nobody is authorised any more"


def _pair(lock: NukiLock) -> str:
    lock.pairing = True
    return "the lock's button was held: it can be paired once"


def _battery(lock: NukiLock, percent: int) -> str:
    lock.percent, lock.dirty = percent, True
    return f"the battery has {percent} %"


def _door(lock: NukiLock, sensor: int) -> str:
    lock.door, lock.dirty = sensor, True
    return f"the door is {'ajar' if sensor == _AJAR else 'closed'}"


def show(lock: NukiLock) -> str:
    """The bolt, and the lock's own log, a line each."""
    told = [f"{entry.name or 'nobody'}: action {entry.action}, ended {entry.ended}" for entry in lock.log]
    return "\n".join([f"{_BOLT.get(lock.bolt, 'moving')}, fault: {lock.fault}", *told])


_OTHERS: Final[dict[str, Callable[[NukiLock], str]]] = {
    "show": show,
    "unlock": lambda lock: _by_hand(lock, unlocked=True),
    "turn": lambda lock: _by_hand(lock, unlocked=False),
    "reset": _forget,
    "pair": _pair,
    "empty": lambda lock: _battery(lock, _EMPTY),
    "charge": lambda lock: _battery(lock, _GOOD),
    "ajar": lambda lock: _door(lock, _AJAR),
    "closed": lambda lock: _door(lock, _CLOSED),
}
WORDS: Final = frozenset({*_OTHERS, *(fault.value for fault in Fault)})
"""Faults stay until `free`; `turn` locks from inside."""


def tell(lock: NukiLock, words: list[str]) -> str:
    """Let the lock do what the one word says; what was done. `Malformed` for another word."""
    word = words[0] if len(words) == 1 else ""
    if word not in WORDS:
        raise Malformed("tell the lock", "word", f"one of {', '.join(sorted(WORDS))}")
    if word in _OTHERS:
        return _OTHERS[word](lock)
    lock.fault = Fault(word)
    return "the lock works" if lock.fault is Fault.NONE else f"the lock's fault is now: {word}"
