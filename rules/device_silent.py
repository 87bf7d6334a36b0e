"""Device silent: a device that promised signs of life gave none for three of them, though it would have been heard.

Silence adds up over the time in which the edge ran and the device's transport worked; any sign of life sets it back to
nothing. It adds up, instead of having to be in one piece, because an edge that restarts every night would otherwise
never find out a device that speaks twice a day. Watched from assignment on, so one that was never heard is found too.
Judged for each edge up to its watermark; where facts were lost, the device gets the benefit of the doubt.
"""

from collections.abc import Mapping

import msgspec

from homecare.alert import Condition
from homecare.clock import SECOND
from homecare.identity import DeviceId
from rules.coverage import EdgeCoverage, listened, signs
from rules.home_settings import SILENCE_MOST, AssignedDevice, HomeSettings
from rules.rule import Judgement, Rule, View
from rules.spans import Spans, clipped, without
from rules.stimulus import Reached
from rules.verdict import Clear, Raise


class Silence(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A device that is not being heard: last heard (or assigned) at `since`, `unheard` microseconds by `through`."""

    since: int
    through: int
    unheard: int = 0


class DeviceSilentState(msgspec.Struct, frozen=True, array_like=True):
    """Devices that are not being heard, those of them that are raised, and when the last silence that fired began."""

    silences: Mapping[DeviceId, Silence] = {}
    raised: tuple[DeviceId, ...] = ()
    fired: Mapping[DeviceId, int] = {}


def judge(view: View, state: DeviceSilentState, stimulus: Reached) -> Judgement[DeviceSilentState]:
    """See the module."""
    edge = view.coverage.edges.get(stimulus.edge, EdgeCoverage())
    draft = _Draft(view.settings, state)
    for one in view.settings.devices:
        if one.edge.id == stimulus.edge and one.patience is not None and not _plainly_heard(state, one, edge):
            _follow(view, draft, one, edge.reached)
    for device in {*draft.silences, *draft.fired, *state.raised} - set(view.settings.watched):
        draft.silences.pop(device, None)
        draft.fired.pop(device, None)
        draft.recover(device, edge.reached)
    raised, verdicts = draft.in_order(state.raised)
    after = DeviceSilentState(draft.silences, raised, draft.fired)
    return Judgement(state if after == state else after, verdicts)


def limit_of(settings: HomeSettings, one: AssignedDevice) -> int:
    """Microseconds of silence that are too long for this device."""
    return min(max(one.patience or 0, settings.limits.device_silent_least * SECOND), SILENCE_MOST)


class _Draft:
    """The state while one stimulus is judged; only here is anything changed in place."""

    def __init__(self, settings: HomeSettings, state: DeviceSilentState) -> None:
        self.settings = settings
        self.silences = dict(state.silences)
        self.fired = dict(state.fired)
        self._turns: list[tuple[int, DeviceId, Raise | None]] = []

    def recover(self, device: DeviceId, at: int) -> None:
        """The device gave a sign of life."""
        self._turns.append((at, device, None))

    def accuse(self, one: AssignedDevice, *, since: int, due: int) -> None:
        """The device has been silent for too long; once for each silence."""
        device = one.device.id
        if self.fired.get(device, -1) >= since:
            return
        self.fired[device] = since
        verdict = Raise(
            condition=Condition.DEVICE_SILENT,
            home=self.settings.home,
            subject=device,
            window=f"{device}/{since}",
            occurred_at=due,
            fact=None,
            presses=1,
            explanation={
                "since": since,
                "seconds": limit_of(self.settings, one) // SECOND,
                "every": one.device.reports_every or 0,
            },
        )
        self._turns.append((due, device, verdict))

    def in_order(self, raised: tuple[DeviceId, ...]) -> tuple[tuple[DeviceId, ...], tuple[Raise | Clear, ...]]:
        """What happened to all devices, told by time; the condition ends with the last device that is raised."""
        silent = list(raised)
        verdicts: list[Raise | Clear] = []
        for at, device, verdict in sorted(self._turns, key=lambda turn: (turn[0], turn[2] is not None, turn[1])):
            if verdict is not None:
                verdicts.append(verdict)
                silent += [] if device in silent else [device]
            elif device in silent:
                silent.remove(device)
                if not silent:
                    verdicts.append(Clear(Condition.DEVICE_SILENT, self.settings.home, None, at))
        return tuple(silent), tuple(verdicts)


def _plainly_heard(state: DeviceSilentState, one: AssignedDevice, edge: EdgeCoverage) -> bool:
    """The ordinary case: covered since before, with nothing to look back on."""
    device = one.device.id
    return (
        device not in state.silences
        and device not in state.raised
        and device not in edge.runs
        and any(device in epoch.since and epoch.vouched >= edge.reached for epoch in edge.epochs.values())
    )


def _follow(view: View, draft: _Draft, one: AssignedDevice, through: int) -> None:
    """Go through the device's time up to the watermark: silence adds up, signs of life end it."""
    device = one.device.id
    heard = signs(view.coverage, one, through)
    silence = draft.silences.get(device) or _first(one, heard)
    limit = limit_of(view.settings, one)
    deaf_to = without(listened(view.coverage, one, through), heard)
    for start, end in clipped(deaf_to, silence.through, through):
        silence = _after_signs(draft, device, silence, heard=_until(heard, start))
        total = silence.unheard + end - start
        if total >= limit:
            draft.accuse(one, since=silence.since, due=end - (total - limit))
        silence = Silence(silence.since, end, total)
    silence = _after_signs(draft, device, silence, heard=heard)
    if heard and heard[-1][1] >= through:
        draft.silences.pop(device, None)
    else:
        draft.silences[device] = Silence(silence.since, through, silence.unheard)


def _first(one: AssignedDevice, heard: Spans) -> Silence:
    """Where to begin with a device that was heard until now, or never."""
    begin = heard[0][0] if heard else one.edge.assigned_at
    return Silence(begin, begin)


def _until(heard: Spans, at: int) -> Spans:
    return tuple(span for span in heard if span[1] <= at)


def _after_signs(draft: _Draft, device: DeviceId, silence: Silence, *, heard: Spans) -> Silence:
    """The silence as it stands after these signs of life: begun anew if the device was heard since it began."""
    later = [span for span in heard if span[1] > silence.since]
    if not later:
        return silence
    draft.recover(device, max(later[0][0], silence.since))
    return Silence(later[-1][1], max(silence.through, later[-1][1]))


RULE = Rule(
    condition=Condition.DEVICE_SILENT,
    state=DeviceSilentState,
    judge=judge,
    wants=frozenset({Reached}),
)
