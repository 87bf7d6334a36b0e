"""Front door open at night: longer than somebody needs to go through it, in one piece, within the home's night.

An open door counts over the time in which the edge ran and the door's transport worked, because only then would its
closing have been heard. What it said last before a gap is believed after it. While somebody from the staff is inside it
does not count, and gets its full time anew once they have left: whoever leaves it open is told of. One firing for each
time it was opened, each night and each time the staff left; it clears when every front door is shut.
"""

from collections.abc import Mapping
from typing import Final

import msgspec

from homecare.alert import Condition
from homecare.clock import SECOND
from homecare.device import Placement
from homecare.event import ContactChanged
from homecare.identity import DeviceId
from rules.coverage import listened
from rules.home_settings import AssignedDevice
from rules.local_night import nights
from rules.rule import Judgement, Rule, View
from rules.spans import clipped, overlap, without
from rules.staffing import inside
from rules.stimulus import Happened, Reached
from rules.verdict import Clear, Raise

CHANGES_MOST: Final = 64
"""Changes of one door that wait to be judged: more than three offline days' worth; beyond it the oldest is left out."""

Changes = tuple[tuple[int, bool], ...]


class Door(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One front door: what it said, (at, open), from its last word before the watermark on.

    `raised`: when it was opened, while that is raised; `fired`: since when the stretch counted that fired
    last.
    """

    changes: Changes = ()
    raised: int | None = None
    fired: int = -1


class NightExitState(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """The front doors that ever said something."""

    doors: Mapping[DeviceId, Door] = {}


def judge(view: View, state: NightExitState, stimulus: Happened | Reached) -> Judgement[NightExitState]:
    """See the module."""
    before = state.doors
    if isinstance(stimulus, Reached):
        doors, verdicts = _judge_through(view, before, stimulus)
    else:
        doors, verdicts = _hear(view, before, stimulus)
    return Judgement(state if doors == before else NightExitState(doors), tuple(verdicts))


Doors = Mapping[DeviceId, Door]


def _hear(view: View, doors: Doors, stimulus: Happened) -> tuple[Doors, list[Raise | Clear]]:
    one = view.settings.watched.get(DeviceId(stimulus.envelope.device or ""))
    event = stimulus.envelope.event
    if one is None or one.device.placement is not Placement.FRONT_DOOR or not isinstance(event, ContactChanged):
        return doors, []
    door = doors.get(one.device.id, Door())
    changes = _with(door.changes, (stimulus.at, event.open))
    if door.raised is None:
        return {**doors, one.device.id: Door(changes, None, door.fired)}, []
    raised = None if _shut_after(changes, door.raised) is not None else door.raised
    after = {**doors, one.device.id: Door(changes, raised, door.fired)}
    return after, _over(view, doors, after, stimulus.at)


def _with(changes: Changes, change: tuple[int, bool]) -> Changes:
    """One change more, in the order of time; most come in that order."""
    if changes and change <= changes[-1]:
        return tuple(sorted({*changes, change}))[-CHANGES_MOST:]
    return (*changes[-CHANGES_MOST + 1 :], change)


def _plain(changes: Changes) -> Changes:
    """Without repetitions: an edge that restarted says again how a door is."""
    kept: list[tuple[int, bool]] = []
    for change in changes:
        if not kept or kept[-1][1] is not change[1]:
            kept.append(change)
    return tuple(kept)


def _shut_after(changes: Changes, opened: int) -> int | None:
    return next((at for at, is_open in changes if at > opened and not is_open), None)


def _over(view: View, before: Doors, after: Doors, at: int) -> list[Raise | Clear]:
    """The condition ends when it held for some door and holds for none any more."""
    if any(door.raised is not None for door in after.values()):
        return []
    if all(door.raised is None for door in before.values()):
        return []
    return [Clear(Condition.FRONT_DOOR_OPEN_AT_NIGHT, view.settings.home, None, at)]


def _judge_through(view: View, doors: Doors, reached: Reached) -> tuple[Doors, list[Raise | Clear]]:
    after = dict(doors)
    verdicts: list[Raise | Clear] = []
    through = view.coverage.reached(reached.edge)
    for id_, door in doors.items():
        one = view.settings.watched.get(id_)
        if one is None:
            del after[id_]
            verdicts += _over(view, {id_: door}, after, through)
        elif one.edge.id == reached.edge:
            verdicts += _judge_door(view, one, after, through)
    return after, verdicts


def _judge_door(view: View, one: AssignedDevice, doors: dict[DeviceId, Door], through: int) -> list[Raise | Clear]:
    """Raise what is due by `through`, and clear at once what is known to have ended since; changes `doors`."""
    door = doors[one.device.id]
    verdicts: list[Raise | Clear] = []
    raised, fired = door.raised, door.fired
    changes = _plain(door.changes)
    ends = (*(at for at, _ in changes[1:]), through)
    for (opened, is_open), end in zip(changes, ends, strict=True):
        if not is_open or opened > through:
            continue
        for since, due in _too_long(view, one, opened, min(end, through)):
            if since > fired:
                raised, fired = opened, since
                verdicts.append(_raise(view, one, opened=opened, since=since, due=due))
        shut = None if raised is None else _shut_after(door.changes, raised)
        doors_before = {**doors, one.device.id: Door(door.changes, raised, fired)}
        if shut is not None:
            raised = None
            doors[one.device.id] = Door(door.changes, None, fired)
            verdicts += _over(view, doors_before, doors, shut)
    settled = _plain(tuple(change for change in door.changes if change[0] <= through))
    waiting = tuple(change for change in door.changes if change[0] > through)
    doors[one.device.id] = Door(settled[-1:] + waiting, raised, fired)
    return verdicts


def _too_long(view: View, one: AssignedDevice, opened: int, end: int) -> list[tuple[int, int]]:
    """(since, due) for each stretch of a night without staff: since when it stood open, and when that was too long."""
    limit = view.settings.limits.door_open_after * SECOND
    if end - opened < limit:
        return []
    heard = clipped(listened(view.coverage, one, end), opened, end)
    alone = without(((opened, end),), inside(view.staffing))
    found = []
    for stretch in overlap(alone, nights(view.settings, opened, end)):
        pieces = overlap(heard, (stretch,))
        due = next((start + limit for start, stop in pieces if stop - start >= limit), None)
        if due is not None:
            found.append((stretch[0], due))
    return found


def _raise(view: View, one: AssignedDevice, *, opened: int, since: int, due: int) -> Raise:
    return Raise(
        condition=Condition.FRONT_DOOR_OPEN_AT_NIGHT,
        home=view.settings.home,
        subject=one.device.id,
        window=f"{one.device.id}/{since}",
        occurred_at=due,
        fact=None,
        presses=1,
        explanation={"opened": opened, "since": since, "seconds": view.settings.limits.door_open_after},
    )


RULE = Rule(
    condition=Condition.FRONT_DOOR_OPEN_AT_NIGHT,
    state=NightExitState,
    judge=judge,
    wants=frozenset({ContactChanged, Reached}),
)
