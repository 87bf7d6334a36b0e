"""The engine: one stimulus through coverage or staffing, then through every rule of the catalogue, each on its slice.

`step` never raises: a rule with a bug gives the verdict `RuleFailed`, keeps its slice, and the other rules, the other
homes and the record go on. The same stimuli in the same order give the same verdicts, bit for bit, also when the
state was stored and loaded between any two of them.
"""

import functools
from collections.abc import Mapping
from typing import Any, Final

import msgspec

from homecare.alert import Condition
from homecare.errors import Malformed
from rules import CATALOGUE, staffing
from rules.coverage import CONCERNS, CoverageState, fold, prune
from rules.home_settings import HomeSettings
from rules.home_state import HomeState
from rules.rule import Rule, View
from rules.staffing import NOBODY, StaffingState
from rules.stimulus import Happened, Reached, Staffed, Stimulus
from rules.verdict import RuleFailed, Verdict

STATE_VERSION: Final = 1
"""Of the stored form; another one begins anew."""
_BY_NAME: Final[dict[str, Rule[Any]]] = {rule.condition.value: rule for rule in CATALOGUE}


def step(settings: HomeSettings, state: HomeState, stimulus: Stimulus) -> tuple[HomeState, tuple[Verdict, ...]]:
    """The state after the stimulus and what it means. The very same state comes back where nothing changed."""
    kind = type(stimulus.envelope.event) if isinstance(stimulus, Happened) else type(stimulus)
    wanted = _wanted(settings.off).get(kind, ())
    if not wanted and kind not in CONCERNS and kind is not Staffed:
        return state, ()
    draft = _Draft(settings, state)
    if kind in CONCERNS:
        draft.cover(stimulus)
    elif isinstance(stimulus, Staffed):
        draft.staff(stimulus)
    if wanted:
        view = View(settings, draft.coverage, draft.staffing)
        for name, rule in wanted:
            draft.judge(name, rule, view, stimulus)
    if kind is Reached:
        draft.forget_what_is_judged()
    return draft.done(), tuple(draft.verdicts)


class _Draft:
    """The state while one stimulus passes through."""

    def __init__(self, settings: HomeSettings, state: HomeState) -> None:
        self.settings = settings
        self.before = state
        self.coverage = state.coverage
        self.staffing = state.staffing
        self.slices: dict[str, msgspec.Struct] = {}
        self.wakes: Mapping[str, int] = state.wakes
        self.verdicts: list[Verdict] = []

    def cover(self, stimulus: Stimulus) -> None:
        """Coverage first: the rules look at it."""
        try:
            self.coverage = fold(self.settings, self.coverage, stimulus)
        except Exception as error:  # noqa: BLE001 - why: a bug in one place must not silence the other rules
            self.verdicts.append(RuleFailed("coverage", self.settings.home, _place(error)))

    def staff(self, stimulus: Staffed) -> None:
        """Who is inside, likewise."""
        try:
            self.staffing = staffing.fold(self.staffing, stimulus.attendance)
        except Exception as error:  # noqa: BLE001 - why: a bug in one place must not silence the other rules
            self.verdicts.append(RuleFailed("staffing", self.settings.home, _place(error)))

    def judge(self, name: str, rule: Rule[Any], view: View, stimulus: Stimulus) -> None:
        """One rule on its own slice."""
        before = self.before.slices.get(name) or rule.state()
        try:
            judgement = rule.judge(view, before, stimulus)
        except Exception as error:  # noqa: BLE001 - why: a bug in one rule must not silence the others (protocol rule 18)
            self.verdicts.append(RuleFailed(name, self.settings.home, _place(error)))
            return
        if judgement.verdicts:
            self.verdicts += judgement.verdicts
        if judgement.state is not before:
            self.slices[name] = judgement.state
        if judgement.wake_at != self.wakes.get(name):
            self.wakes = {other: at for other, at in self.wakes.items() if other != name}
            if judgement.wake_at is not None:
                self.wakes = {**self.wakes, name: judgement.wake_at}

    def forget_what_is_judged(self) -> None:
        """What every rule has judged is not needed any more."""
        self.coverage = prune(self.settings, self.coverage)
        self.staffing = staffing.prune(self.settings, self.staffing, self.coverage)

    def done(self) -> HomeState:
        """The state as it stands now, or the very same one."""
        before = self.before
        known = self.coverage is before.coverage and self.staffing is before.staffing
        if known and not self.slices and self.wakes is before.wakes:
            return before
        slices = {**before.slices, **self.slices} if self.slices else before.slices
        return HomeState(self.coverage, slices, self.wakes, self.staffing)


@functools.lru_cache(maxsize=1 << len(CATALOGUE))
def _wanted(off: frozenset[Condition]) -> dict[type, tuple[tuple[str, Rule[Any]], ...]]:
    """Who is called for which stimulus or event where these rules are off: looked up for every fact, so kept."""
    rules = [(rule.condition.value, rule) for rule in CATALOGUE if rule.condition not in off]
    kinds = {kind for _, rule in rules for kind in rule.wants}
    return {kind: tuple(pair for pair in rules if kind in pair[1].wants) for kind in kinds}


def _place(error: Exception) -> str:
    """Type and place of an error; its text may hold anything and is left out."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    if trace is None:
        return type(error).__name__
    code = trace.tb_frame.f_code
    return f"{type(error).__name__} in {code.co_name}, line {trace.tb_lineno}"


# --- the stored form -------------------------------------------------------------------------------------------------


class _Stored(msgspec.Struct):
    version: int
    coverage: CoverageState
    slices: dict[str, msgspec.Raw]
    wakes: dict[str, int]
    staffing: StaffingState = NOBODY


class _Storing(msgspec.Struct, omit_defaults=True):
    version: int
    coverage: CoverageState
    slices: Mapping[str, msgspec.Struct]
    wakes: Mapping[str, int]
    staffing: StaffingState | None = None


_encoder: Final = msgspec.json.Encoder()
_stored: Final = msgspec.json.Decoder(_Stored)
_slices: Final = {name: msgspec.json.Decoder(rule.state) for name, rule in _BY_NAME.items()}


def encode(state: HomeState) -> bytes:
    """The state as JSON, the same bytes for the same state; below 1 KiB for an ordinary home."""
    known = None if state.staffing == NOBODY else state.staffing
    return _encoder.encode(_Storing(STATE_VERSION, state.coverage, state.slices, state.wakes, known))


def decode(data: bytes) -> HomeState:
    """The state that the bytes hold; `Malformed` for anything that is no state of this version.

    A rule that the catalogue no longer has is left out. A slice that its rule no longer understands begins anew:
    what it knew is unknown until facts prove it again.
    """
    try:
        stored = _stored.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Malformed("decode home state", "state", "begin anew: HomeState()") from error
    if stored.version != STATE_VERSION:
        raise Malformed("decode home state", "version", "begin anew: HomeState()")
    slices: dict[str, msgspec.Struct] = {}
    for name, raw in stored.slices.items():
        if name in _slices:
            try:
                slices[name] = _slices[name].decode(raw)
            except msgspec.DecodeError:
                continue
    wakes = {name: at for name, at in stored.wakes.items() if name in slices}
    return HomeState(stored.coverage, slices, wakes, stored.staffing)
