"""The engine: one stimulus through coverage or staffing, then through every rule of the catalogue, each on its slice.

`step` never raises: a rule with a bug gives the verdict `RuleFailed`, keeps its slice, and the other rules, the other
homes and the record go on. The same stimuli in the same order give the same verdicts, bit for bit, also when the
state was stored and loaded between any two of them.
"""

import functools
from collections.abc import Iterable, Mapping
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
_KNOWN: Final = CONCERNS | {Staffed}
"""What is folded before the rules are asked."""
HEEDED: Final = _KNOWN.union(*(rule.wants for rule in CATALOGUE))
"""The stimuli and events that mean anything to anybody; all others leave every state as it is."""
_BY_NAME: Final[dict[str, Rule[Any]]] = {rule.condition.value: rule for rule in CATALOGUE}


def step(settings: HomeSettings, state: HomeState, stimulus: Stimulus) -> tuple[HomeState, tuple[Verdict, ...]]:
    """The state after the stimulus and what it means. The very same state comes back where nothing changed."""
    return run(settings, state, (stimulus,))


def run(settings: HomeSettings, state: HomeState, stimuli: Iterable[Stimulus]) -> tuple[HomeState, tuple[Verdict, ...]]:
    """The state after the stimuli, one after another, and what they mean: the same as a `step` for each of them.

    A state made anew for every fact of a frame cost about a microsecond a fact.
    """
    heeded = _heeded(settings.off)
    draft = None
    for stimulus in stimuli:
        kind = type(stimulus.envelope.event) if isinstance(stimulus, Happened) else type(stimulus)
        wanted = heeded.get(kind)
        if wanted is not None:
            draft = draft or _begun(settings, state)
            draft.take(stimulus, wanted)
    return (state, ()) if draft is None else (draft.done(), tuple(draft.verdicts))


class _Wanted(msgspec.Struct, frozen=True, gc=False):
    """Whom one kind of stimulus or event concerns: coverage or staffing (`known`), and these rules by name."""

    known: bool
    rules: tuple[tuple[str, Rule[Any]], ...]


class _Draft(msgspec.Struct, gc=False):
    """The state while stimuli pass through; a struct, because one is made for nearly every frame."""

    settings: HomeSettings
    before: HomeState
    view: View
    slices: dict[str, msgspec.Struct]
    wakes: Mapping[str, int]
    verdicts: list[Verdict]
    changed: bool = False

    def take(self, stimulus: Stimulus, wanted: _Wanted) -> None:
        """One stimulus: coverage and staffing first, because the rules look at them."""
        if wanted.known:
            if isinstance(stimulus, Staffed):
                self.staff(stimulus)
            else:
                self.cover(stimulus)
        self.judge(stimulus, wanted.rules)
        if type(stimulus) is Reached:
            self.forget_what_is_judged()

    def see(self, coverage: CoverageState, staff: StaffingState) -> None:
        """What the rules look at from now on."""
        if coverage is not self.view.coverage or staff is not self.view.staffing:
            self.view = View(self.settings, coverage, staff)

    def cover(self, stimulus: Stimulus) -> None:
        """Over which time the home can be heard."""
        try:
            self.see(fold(self.settings, self.view.coverage, stimulus), self.view.staffing)
        except Exception as error:  # noqa: BLE001 - why: a bug in one place must not silence the other rules
            self.verdicts.append(RuleFailed("coverage", self.settings.home, _place(error)))

    def staff(self, stimulus: Staffed) -> None:
        """Who is inside, likewise."""
        try:
            self.see(self.view.coverage, staffing.fold(self.view.staffing, stimulus.attendance))
        except Exception as error:  # noqa: BLE001 - why: a bug in one place must not silence the other rules
            self.verdicts.append(RuleFailed("staffing", self.settings.home, _place(error)))

    def judge(self, stimulus: Stimulus, rules: tuple[tuple[str, Rule[Any]], ...]) -> None:
        """Each rule on its own slice."""
        for name, rule in rules:
            before = self.slices.get(name) or rule.state()
            try:
                judgement = rule.judge(self.view, before, stimulus)
            except Exception as error:  # noqa: BLE001 - why: a bug in one rule must not silence the others (protocol rule 18)
                self.verdicts.append(RuleFailed(name, self.settings.home, _place(error)))
                continue
            if judgement.verdicts:
                self.verdicts += judgement.verdicts
            if judgement.state is not before:
                self.slices[name] = judgement.state
                self.changed = True
            if judgement.wake_at != self.wakes.get(name):
                self.wakes = {other: at for other, at in self.wakes.items() if other != name}
                if judgement.wake_at is not None:
                    self.wakes = {**self.wakes, name: judgement.wake_at}

    def forget_what_is_judged(self) -> None:
        """What every rule has judged is not needed any more."""
        coverage = prune(self.settings, self.view.coverage)
        self.see(coverage, staffing.prune(self.settings, self.view.staffing, coverage))

    def done(self) -> HomeState:
        """The state as it stands now, or the very same one."""
        before, view = self.before, self.view
        known = view.coverage is before.coverage and view.staffing is before.staffing
        if known and not self.changed and self.wakes is before.wakes:
            return before
        return HomeState(view.coverage, self.slices if self.changed else before.slices, self.wakes, view.staffing)


def _begun(settings: HomeSettings, state: HomeState) -> _Draft:
    view = View(settings, state.coverage, state.staffing)
    return _Draft(settings, state, view, dict(state.slices), state.wakes, [])


@functools.lru_cache(maxsize=1 << len(CATALOGUE))
def _heeded(off: frozenset[Condition]) -> dict[type, _Wanted]:
    """Who is called for which stimulus or event where these rules are off: looked up for every fact, so kept."""
    rules = [(rule.condition.value, rule) for rule in CATALOGUE if rule.condition not in off]
    kinds = _KNOWN.union(*(rule.wants for _, rule in rules))
    return {kind: _Wanted(kind in _KNOWN, tuple(pair for pair in rules if kind in pair[1].wants)) for kind in kinds}


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
