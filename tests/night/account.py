"""A plain account of the night: what happened, and how long each step took."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field


class TooSlow(AssertionError):
    """A step took longer than it may."""


@dataclass
class Step:
    """One thing that happened. `limit` in seconds, None where only the whole counts."""

    scene: str
    what: str
    seconds: float
    limit: float | None


@dataclass
class Account:
    """The steps in order. `patience` multiplies every limit: a harmed night may take longer, and says so."""

    patience: float = 1.0
    scene: str = ""
    steps: list[Step] = field(default_factory=list)
    touches: dict[str, int] = field(default_factory=dict)
    harms: list[str] = field(default_factory=list)

    def begin(self, scene: str) -> None:
        """The next scene."""
        self.scene = scene
        print(f"\n{scene}", flush=True)

    @contextmanager
    def step(self, what: str, *, limit: float | None = None) -> Iterator[None]:
        """Time what happens inside; `TooSlow` above the limit."""
        began = time.monotonic()
        yield
        self.note(what, time.monotonic() - began, limit=limit)

    def note(self, what: str, seconds: float, *, limit: float | None = None) -> None:
        """One step whose time was measured elsewhere; `TooSlow` above the limit."""
        self.steps.append(Step(self.scene, what, seconds, limit))
        print(f"  {seconds:6.2f} s  {what}", flush=True)
        if limit is not None and seconds > limit * self.patience:
            raise TooSlow(f"{what}: {seconds:.2f} s, at most {limit * self.patience:.1f} s")

    def touch(self, road: str, what: str) -> None:
        """Count one touch of a person on a road, such as from a dark screen to an open door."""
        self.touches[road] = self.touches.get(road, 0) + 1
        print(f"            touch {self.touches[road]} of '{road}': {what}", flush=True)

    def remark(self, what: str) -> None:
        """Something to be known about what was just told."""
        print(f"            {what}", flush=True)

    @property
    def total(self) -> float:
        """Seconds of all steps."""
        return sum(step.seconds for step in self.steps)
