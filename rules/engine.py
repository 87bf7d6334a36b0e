"""The engine: one stimulus through coverage and then through every rule of the catalogue, each on its own slice.

`step` never raises: a rule with a bug gives the verdict `RuleFailed`, keeps its slice, and the other rules, the other
homes and the record go on. The same stimuli in the same order give the same verdicts, bit for bit, also when the
state was stored and loaded between any two of them.
"""

import msgspec

from homecare.errors import Malformed
from rules import CATALOGUE
from rules.coverage import CoverageState
from rules.home_state import HomeSettings, HomeState
from rules.rule import Stimulus, Verdict


def step(settings: HomeSettings, state: HomeState, stimulus: Stimulus) -> tuple[HomeState, tuple[Verdict, ...]]:
    """The state after the stimulus and what it means. The very same state comes back where nothing changed."""
    raise NotImplementedError


def encode(state: HomeState) -> bytes:
    """The state as JSON, the same bytes for the same state; below 1 KiB for an ordinary home."""
    raise NotImplementedError


def decode(data: bytes) -> HomeState:
    """The state that the bytes hold; `Malformed` for anything that is no state.

    A rule that the catalogue no longer has is left out. A slice that its rule no longer understands begins anew:
    what it knew is unknown until facts prove it again.
    """
    raise NotImplementedError
