"""Judging: the homes of this writer in memory, and what each stimulus makes of them.

The only writer of home state. States are kept in memory, written with any verdict and otherwise after a few seconds;
`applied` numbers the order in which everything was applied, so that what a saved state does not include can be
applied again, bit for bit.
"""

import logging
from collections.abc import Callable, Iterable, Sequence
from itertools import islice
from typing import Final

from gateway.intake.registry import Registry
from gateway.model.wakeups import Wakeups
from gateway.ports.record import Applied, Faulted, Later, Run, SavedState
from homecare.alert import ALARM_CLASS
from homecare.clock import SECOND
from homecare.envelope import FactId
from homecare.errors import Malformed
from homecare.identity import HomeId
from rules import engine
from rules.engine import HEEDED
from rules.home_settings import HomeSettings, settings_of
from rules.home_state import HomeState
from rules.stimulus import Elapsed, Happened, Stimulus
from rules.verdict import Clear, Raise, RuleFailed, Verdict

log = logging.getLogger(__name__)

SAVE_AFTER: Final = 5 * SECOND
"""A changed state may be this old in the database: as much is applied again after a crash."""
SAVED_A_BATCH: Final = 1_000
"""States written in one transaction besides those with a verdict: about 10 ms of it."""
SETTINGS_KEPT: Final = 4_096
"""Homes whose settings are kept, 1.8 KiB each; the one kept longest goes first. Making them again takes 15 us, which a
quiet home needs twice a minute: for ten thousand that is half a percent of a processor."""
TERM_BITS: Final = 40
"""Below the term's number: a million facts a second for twelve days."""

Judge = Callable[[HomeSettings, HomeState, Sequence[Stimulus]], tuple[HomeState, tuple[Verdict, ...]]]


class Judging:
    """States, wake-ups, and what is still to be written of them."""

    def __init__(self, registry: Registry, shards: frozenset[int], *, judge: Judge = engine.run) -> None:
        self._registry = registry
        self._shards = shards
        self._engine = judge
        self._settings: dict[HomeId, HomeSettings] = {}
        self._told: set[HomeId] = set()
        self._states: dict[HomeId, HomeState] = {}
        self._last: dict[HomeId, int] = {}
        self._dirty: dict[HomeId, int] = {}
        self._changed_at: dict[HomeId, int] = {}
        self._spoke: set[HomeId] = set()
        self._begun: set[HomeId] = set()
        self._moved: set[HomeId] = set()
        self._next = 0
        self.wakeups = Wakeups()
        self.log: list[Applied] = []
        self.verdicts: list[Raise | Clear] = []
        self.faults: list[Faulted] = []

    # --- a term ------------------------------------------------------------------------------------------------------

    def begin(self, term: int) -> None:
        """Forget everything; `remember` every saved state next, and then `replay` what they do not include."""
        self.drain()
        self._settings.clear()
        self._states.clear()
        self._last.clear()
        self._dirty.clear()
        self._changed_at.clear()
        self._begun.clear()
        self._moved.clear()
        self.wakeups.clear()
        self._next = (term << TERM_BITS) + 1

    def remember(self, saved: SavedState) -> None:
        """Take up a state as it was saved; one that cannot be read begins anew."""
        self._last[saved.home] = saved.applied
        try:
            self._states[saved.home] = engine.decode(saved.state)
        except Malformed as error:
            self.faults.append(Faulted("state_unreadable", saved.home, str(error)))
        else:
            self.wakeups.set(saved.home, saved.wake_at)

    def replay(self, one: Later) -> None:
        """Apply again what the home's saved state does not include; its verdicts were put into force the first time."""
        if one.applied > self._last.get(one.home, 0) and self.mine(one.home):
            self._advance(one.home, (one.stimulus,), one.applied, one.recorded_at)

    def drain(self) -> None:
        """Drop what waits to be written; called when it was, or when it never can be."""
        self.log = []
        self.verdicts = []
        self.faults = []
        self._spoke.clear()

    def settings_changed(self) -> None:
        """The registry changed: settings are made anew when needed, and their problems told again.

        What was judged of an edge that no longer stands in a home is over: nothing else may ever come from there.
        """
        self._settings.clear()
        self._told.clear()
        self._moved.update(home for home in self._registry.moved if self.mine(home))

    # --- applying ----------------------------------------------------------------------------------------------------

    def number(self, count: int = 1) -> int:
        """The next place in the order of application, the first of `count`."""
        number = self._next
        self._next = number + count
        return number

    def facts(self, home: HomeId, run: Run, *, recorded_at: int) -> None:
        """Apply one home's facts, recorded each with its place: their rows are the log of these.

        All of a frame in one go: settings, state and wake-ups are looked up once, and nothing is made of facts that
        no rule heeds, which are most of what a home measures.
        """
        if not self.mine(home):
            return
        edge, epoch, stream = run.edge, run.epoch, run.stream
        stimuli: list[Stimulus] = []
        for one in run.facts:  # a comprehension is a call more, and most frames hold one fact
            if type(one.envelope.event) in HEEDED:
                stimuli.append(Happened(FactId(edge, epoch, stream, one.seq), one.envelope, one.at))  # noqa: PERF401 why: see above
        if stimuli:
            self._judge(home, stimuli, run.facts[-1].applied, recorded_at)

    def apply(self, home: HomeId, stimulus: Stimulus, *, recorded_at: int) -> None:
        """Apply any other stimulus and log its place."""
        if not self.mine(home):
            return
        applied = self.number()
        self.log.append(Applied(applied, home, stimulus))
        self._judge(home, (stimulus,), applied, recorded_at)

    def mine(self, home: HomeId) -> bool:
        """Whether this writer judges the home: it is enrolled and on one of its shards."""
        entry = self._registry.homes.get(home)
        return entry is not None and entry.shard in self._shards

    def homes(self) -> list[HomeId]:
        """Every home of these shards."""
        return [home for home in self._registry.homes if self.mine(home)]

    def begin_new_homes(self, now: int, limit: int) -> bool:
        """Let time begin for at most `limit` homes where it has not: what was assigned is watched, heard or not.

        A state alone does not say that it has: staff may come before anything was heard. Homes in which other edges
        stand than before are looked at too. True if there may be more.
        """
        new = (home for home in self.homes() if home in self._moved or not self._time_runs(home))
        fresh = list(islice(new, limit))
        self._begun.update(fresh)
        self._moved.difference_update(fresh)
        for home in fresh:
            self.apply(home, Elapsed(now), recorded_at=now)
        return len(fresh) == limit

    def _time_runs(self, home: HomeId) -> bool:
        """Whether some rule waits for time in this home, or none wants to."""
        state = self._states.get(home)
        return (state is not None and bool(state.wakes)) or home in self._begun

    def _judge(self, home: HomeId, stimuli: Sequence[Stimulus], applied: int, recorded_at: int) -> None:
        for verdict in self._advance(home, stimuli, applied, recorded_at):
            if isinstance(verdict, RuleFailed):
                log.error("rule %s failed: %s", verdict.rule, verdict.error)
                self.faults.append(Faulted("rule_failed", verdict.rule, verdict.error))
            elif verdict.condition not in ALARM_CLASS:
                self.verdicts.append(verdict)
                self._spoke.add(home)

    def _advance(
        self, home: HomeId, stimuli: Sequence[Stimulus], applied: int, recorded_at: int
    ) -> tuple[Verdict, ...]:
        """Through `applied`, the place of the last stimulus."""
        before = self._states.get(home)
        state, verdicts = self._judged(home, before, stimuli)
        self._last[home] = applied
        if state is not None and state is not before:
            self._states[home] = state
            if before is None or state.wakes is not before.wakes:
                self.wakeups.set(home, state.wake_at)
            behind = self._dirty.get(home)
            if behind is None or recorded_at < behind:
                self._dirty[home] = recorded_at
                self._changed_at.setdefault(home, recorded_at)
        return verdicts

    def _judged(
        self, home: HomeId, before: HomeState | None, stimuli: Sequence[Stimulus]
    ) -> tuple[HomeState | None, tuple[Verdict, ...]]:
        """All at once; where that fails, one by one, so that only the stimulus that fails is not judged."""
        try:
            settings = self._settings.get(home) or self._settings_of(home)
            return self._engine(settings, before or HomeState(), stimuli)
        except Exception as error:  # noqa: BLE001 why: whatever is wrong with one home's rules, all others go on
            if len(stimuli) == 1:
                return before, (RuleFailed("engine", home, type(error).__name__),)
        state, verdicts = before, tuple[Verdict, ...]()
        for stimulus in stimuli:
            state, more = self._judged(home, state, (stimulus,))
            verdicts += more
        return state, verdicts

    def rearm(self, home: HomeId) -> None:
        """Set the wake-up again that was taken off, where the state still wants it."""
        state = self._states.get(home)
        if state is not None:
            self.wakeups.set(home, state.wake_at)

    def _settings_of(self, home: HomeId) -> HomeSettings:
        """Made from the registry, and kept."""
        entry = self._registry.homes[home]
        settings, problems = settings_of(
            home,
            entry.time_zone,
            limits=entry.settings,
            edges=self._registry.stays_in(home),
            devices=self._registry.installed_in(home),
        )
        if problems and home not in self._told:
            self._told.add(home)
            for problem in problems:
                log.warning("home %s: setting %s: %s", home, problem.setting, problem.hint)
        if len(self._settings) >= SETTINGS_KEPT:
            del self._settings[next(iter(self._settings))]
        self._settings[home] = settings
        return settings

    # --- saving ------------------------------------------------------------------------------------------------------

    def to_save(self, now: int, *, everything: bool = False) -> list[SavedState]:
        """States to write in this transaction: those with a verdict, and those that have waited long enough."""
        homes = [home for home in self._spoke if home in self._states]
        room = len(self._dirty) if everything else SAVED_A_BATCH
        for home, changed in self._changed_at.items():
            if len(homes) >= room or (not everything and changed + SAVE_AFTER > now):
                break
            if home not in self._spoke:
                homes.append(home)
        return [self._saved(home) for home in homes]

    def _saved(self, home: HomeId) -> SavedState:
        state = self._states[home]
        return SavedState(home, engine.encode(state), self._last[home], state.wake_at)

    def saved(self, states: Iterable[SavedState]) -> None:
        """Count these as written: they are, or memory is void."""
        for one in states:
            self._dirty.pop(one.home, None)
            self._changed_at.pop(one.home, None)

    def behind(self, recorded_at: int) -> int:
        """What no saved state includes has `recorded_at` no earlier than this; `recorded_at` is that of the batch."""
        return min(min(self._dirty.values(), default=recorded_at), recorded_at)

    @property
    def dirty(self) -> int:
        """States that changed since they were written."""
        return len(self._dirty)
