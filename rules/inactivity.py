"""Inactivity: no sign of life for too long, judged only over time for which every motion sensor is proved.

Three values and no fourth: over a stretch of time the home is quiet (proved), moving, or unknown. Only quiet counts,
in one piece: what cannot be seen is never taken for peace, and never for trouble either (a silent edge or device is an
alert of its own).

Two limits. The long one (`quiet_by_night`) holds always. The short one (`quiet_by_day`) holds for a stretch that lies
wholly in the day: somebody who sleeps until seven is not reported at six for having been still since ten.

While somebody from the staff is inside, movements are nobody's and the judgement waits; it counts anew when they have
left. A leaving is itself a sign of life, because somebody saw the resident; an attendance that merely ran out is not.

Late signs of life clear. What is judged does not depend on when facts arrive, only on what they say.
"""

from collections.abc import Mapping
from functools import reduce
from typing import Final

import msgspec

from homecare.alert import Condition
from homecare.attendance import Attendance
from homecare.clock import DAY, SECOND
from homecare.device import Capability
from homecare.event import (
    ButtonPressed,
    ContactChanged,
    Event,
    HelpCalled,
    LockCause,
    LockOperated,
    MotionChanged,
    StateObserved,
    TagRead,
    TelemetryEvicted,
)
from homecare.identity import DeviceId, epoch_text
from rules.coverage import moved, named, proved
from rules.home_settings import AssignedDevice, HomeSettings
from rules.local_night import nights
from rules.rule import Judgement, Rule, View
from rules.spans import SPANS_MOST, Span, Spans, add, clipped, overlap, union, without
from rules.staffing import inside
from rules.stimulus import Happened, Lost, Reached, Staffed
from rules.verdict import Clear, Raise

LIFE_PROPERTIES: Final = frozenset({"moving", "occupancy", "presence", "vibration"})
"""On-or-off properties that only somebody in the home can switch on."""
NOBODY: Final = frozenset({LockCause.COMMAND, LockCause.AUTOMATIC})
"""Causes of a lock's movement that need nobody in the home."""
_SOMEBODY: Final = frozenset({ContactChanged, ButtonPressed, HelpCalled, TagRead})
"""Events that need somebody in the home, whatever they say."""


class InactivityState(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What is still needed to judge.

    `life`: spans with signs of life, the staff's too; gaps too short to matter are closed. `moving`: for each epoch,
    since when which sensor sees motion; kept apart because an older epoch may drain after a newer one. `since`:
    everything before it is judged. `raised`: the beginning of the quiet stretch that is raised now; `fired`: of the
    last one that ever was.
    """

    life: Spans = ()
    moving: Mapping[str, Mapping[DeviceId, int]] = {}
    since: int = 0
    raised: int | None = None
    fired: int = -1


def judge(
    view: View, state: InactivityState, stimulus: Happened | Reached | Lost | Staffed
) -> Judgement[InactivityState]:
    """See the module."""
    match stimulus:
        case Happened():
            event = stimulus.envelope.event
            if type(event) is TelemetryEvicted:
                devices = named(view.settings, stimulus.fact.edge, event.devices)
                return Judgement(_forget(state, devices, moved(event.latest, stimulus)))
            return _hear(view, state, stimulus)
        case Reached():
            return _judge_through(view, _without_ended(view, state))
        case Lost():
            devices = named(view.settings, stimulus.edge, stimulus.devices)
            return Judgement(_forget(state, devices, stimulus.latest))
        case Staffed(attendance):
            return _staffed(view.settings, state, attendance)


# --- signs of life ---------------------------------------------------------------------------------------------------


def is_life(event: Event) -> bool:
    """Whether the event shows that somebody in the home does something."""
    if type(event) in _SOMEBODY:
        return True
    match event:
        case MotionChanged():
            return event.moving
        case LockOperated():
            return event.cause not in NOBODY
        case StateObserved():
            return event.on and event.property in LIFE_PROPERTIES
        case _:
            return False


def _hear(view: View, state: InactivityState, stimulus: Happened) -> Judgement[InactivityState]:
    event, at, moving = stimulus.envelope.event, stimulus.at, state.moving
    span = (at, at)
    if type(event) is MotionChanged:
        device = DeviceId(stimulus.envelope.device or "")
        if device not in view.settings.watched:
            return Judgement(state)
        epoch = epoch_text(stimulus.fact.epoch)
        seen = moving.get(epoch, {})
        since = seen.get(device)
        if event.moving:
            if since is None:
                moving = {**moving, epoch: {**seen, device: at}}
        elif since is None:
            return Judgement(state)
        else:
            moving = _ended(moving, epoch, device)
            span = (since, max(since, at))
    elif not is_life(event):
        return Judgement(state)
    life = add(state.life, span, gap=view.settings.brief)
    if len(life) > SPANS_MOST:
        life = _bounded(life)
    if state.raised is not None and (stirred := _stirred_since(view, state.raised, span)) is not None:
        cleared = Clear(Condition.INACTIVITY, view.settings.home, None, stirred)
        return Judgement(InactivityState(life, moving, state.since, None, state.fired), (cleared,))
    if life is state.life and moving is state.moving:
        return Judgement(state)
    return Judgement(InactivityState(life, moving, state.since, state.raised, state.fired))


def _stirred_since(view: View, raised: int, span: Span) -> int | None:
    """When the resident stirred after quiet began that is raised; None where it was before, or the staff's doing."""
    alone = without((span,), inside(view.staffing))
    return next((begun if begun > raised else end for begun, end in alone if end > raised), None)


def _staffed(settings: HomeSettings, state: InactivityState, said: Attendance) -> Judgement[InactivityState]:
    """Somebody has left who saw the resident."""
    if not said.seen or said.until is None or state.raised is None or said.until <= state.raised:
        return Judgement(state)
    cleared = Clear(Condition.INACTIVITY, settings.home, None, said.until)
    return Judgement(msgspec.structs.replace(state, raised=None), (cleared,))


Moving = Mapping[str, Mapping[DeviceId, int]]


def _ended(moving: Moving, epoch: str, device: DeviceId) -> Moving:
    seen = moving[epoch]
    if len(seen) == 1:
        return {name: devices for name, devices in moving.items() if name != epoch} if len(moving) > 1 else {}
    return {**moving, epoch: {other: since for other, since in seen.items() if other != device}}


def _forget(state: InactivityState, devices: list[DeviceId], latest: int) -> InactivityState:
    """The end of a motion may be among what was lost: it is not waited for."""
    moving, life = state.moving, list(state.life)
    for epoch, seen in state.moving.items():
        for device, since in seen.items():
            if device in devices and since <= latest:
                moving = _ended(moving, epoch, device)
                life.append((since, latest))
    return state if moving is state.moving else msgspec.structs.replace(state, moving=moving, life=union(life))


def _without_ended(view: View, state: InactivityState) -> InactivityState:
    """A motion that its epoch did not see end is seen no further than that epoch: after it nothing is proved anyway."""
    running = {epoch for edge in view.coverage.edges.values() for epoch in edge.epochs}
    if running.issuperset(state.moving):
        return state
    ends = {epoch: end for edge in view.coverage.edges.values() for epoch, end in edge.ended.items()}
    life = list(state.life)
    for epoch in state.moving.keys() - running:
        life += [(since, max(since, ends.get(epoch, since))) for since in state.moving[epoch].values()]
    moving = {epoch: seen for epoch, seen in state.moving.items() if epoch in running}
    return msgspec.structs.replace(state, moving=moving, life=union(life, gap=view.settings.brief))


def _bounded(life: Spans) -> Spans:
    """Beyond the bound the two oldest become one: a stretch between them is then not judged."""
    return life if len(life) <= SPANS_MOST else ((life[0][0], life[1][1]), *life[2:])


# --- quiet, moving, unknown ------------------------------------------------------------------------------------------


def sensors_of(settings: HomeSettings) -> tuple[AssignedDevice, ...]:
    """The devices that must be proved for the home to count as quiet."""
    return settings.able(Capability.MOTION)


def quiet(view: View, state: InactivityState, through: int) -> Spans:
    """Where it is proved that nobody stirred, from `state.since` to `through`; elsewhere it is moving or unknown."""
    sensors = sensors_of(view.settings)
    every = (proved(view.coverage, sensor, through) for sensor in sensors)
    proved_by_all = clipped(reduce(overlap, every), state.since, through)
    return without(without(proved_by_all, inside(view.staffing)), _life(view, state, through))


def _life(view: View, state: InactivityState, through: int) -> Spans:
    """The resident's signs of life: those of the home without the staff's, and what the staff saw."""
    ongoing = _ongoing(state, through)
    life = union((*state.life, *ongoing)) if ongoing else state.life
    if (staff := inside(view.staffing)) or view.staffing.seen:
        return union((*without(life, staff), *((at, at) for at in view.staffing.seen)))
    return life


def _ongoing(state: InactivityState, through: int) -> Spans:
    return union((since, max(since, through)) for seen in state.moving.values() for since in seen.values())


def deadline(settings: HomeSettings, since: int) -> tuple[int, str]:
    """When quiet that began at `since` has lasted too long, and by which limit: `day` or `night`."""
    long = since + settings.limits.quiet_by_night * SECOND
    short = settings.limits.quiet_by_day * SECOND
    start = since
    for night_start, night_end in nights(settings, since, since + 2 * DAY):
        if start + short <= night_start:
            break
        start = max(start, night_end)
    return (start + short, "day") if start + short <= long else (long, "night")


def _judge_through(view: View, state: InactivityState) -> Judgement[InactivityState]:
    settings = view.settings
    sensors = sensors_of(settings)
    through = min(view.coverage.reached(sensor.edge.id) for sensor in sensors)
    if state.raised is None and _stirred_lately(settings, state, through):
        return Judgement(state)
    verdicts: list[Raise | Clear] = []
    raised, fired = state.raised, state.fired
    life = _life(view, state, through)
    if raised is not None and (outlasted := _outlasted(view, state, through)) is not None:
        raised = None
        verdicts.append(Clear(Condition.INACTIVITY, settings.home, None, outlasted))
    for start, end in quiet(view, state, through):
        if raised is not None or end - start <= settings.brief or not _stirred_between(life, fired, start):
            continue
        due, limit = deadline(settings, start)
        if end < due:
            continue
        raised = fired = start
        verdicts.append(_raise(settings, start, due=due, limit=limit))
        stirred = next((begun for begun, _ in life if begun > start), None)
        if stirred is not None:
            raised = None
            verdicts.append(Clear(Condition.INACTIVITY, settings.home, None, stirred))
    kept, since = _judged(state, through - max(sensor.patience or 0 for sensor in sensors))
    if (raised, fired, since) == (state.raised, state.fired, state.since) and kept == state.life:
        return Judgement(state, tuple(verdicts))
    return Judgement(InactivityState(kept, state.moving, since, raised, fired), tuple(verdicts))


def _stirred_lately(settings: HomeSettings, state: InactivityState, through: int) -> bool:
    """The ordinary case: no stretch is long enough to be looked at."""
    if len(state.life) != 1:
        return False
    start, end = state.life[0]
    return state.since >= start and through - end <= settings.brief


def _outlasted(view: View, state: InactivityState, through: int) -> int | None:
    """When somebody who still moves was left alone by the staff: from then on it is the resident who does."""
    if not state.moving or state.raised is None:
        return None
    alone = without(_ongoing(state, through), inside(view.staffing))
    return next((begun for begun, _ in alone if begun > state.raised), None)


def _stirred_between(life: Spans, fired: int, start: int) -> bool:
    """Whether there was a sign of life since the stretch that fired last: without one it is still the same trouble."""
    return fired < 0 or any(end > fired and begun <= start for begun, end in life)


def _judged(state: InactivityState, final: int) -> tuple[Spans, int]:
    """Without the signs of life that a later one has overtaken by `final`, before which nothing can change any more."""
    begun = sum(1 for start, _ in state.life if start <= final)
    if begun == 0:
        return state.life, state.since
    life = state.life[begun - 1 :]
    return life, max(state.since, life[0][0])


def _raise(settings: HomeSettings, since: int, *, due: int, limit: str) -> Raise:
    seconds = settings.limits.quiet_by_day if limit == "day" else settings.limits.quiet_by_night
    return Raise(
        condition=Condition.INACTIVITY,
        home=settings.home,
        subject=None,
        window=f"{settings.home}/{since}",
        occurred_at=due,
        fact=None,
        presses=1,
        explanation={"since": since, "until": due, "limit": limit, "seconds": seconds},
    )


RULE = Rule(
    condition=Condition.INACTIVITY,
    state=InactivityState,
    judge=judge,
    wants=frozenset(
        {
            ButtonPressed,
            ContactChanged,
            HelpCalled,
            LockOperated,
            MotionChanged,
            StateObserved,
            TagRead,
            TelemetryEvicted,
            Reached,
            Lost,
            Staffed,
        }
    ),
)
