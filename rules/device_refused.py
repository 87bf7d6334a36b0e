"""Device refused: what a device says is not believed, because its counter fell, its key is another or there is none.

Nothing else would tell: the edge counts such sightings and keeps quiet, and a device that only speaks when something
happens never counts as silent. Told once a day and device while it goes on; a person ends it, after the device was
enrolled again.
"""

from collections.abc import Mapping
from typing import Final

import msgspec

from homecare.alert import Condition
from homecare.clock import DAY
from homecare.event import DeviceFault, DeviceFaulted
from homecare.identity import DeviceId
from rules.rule import Judgement, Rule, View
from rules.stimulus import Happened
from rules.verdict import Raise

REFUSED: Final = frozenset({DeviceFault.REPLAY, DeviceFault.WRONG_KEY, DeviceFault.DOWNGRADE})
"""Faults that mean that the device is not believed; the others are about single sightings."""


class DeviceRefusedState(msgspec.Struct, frozen=True, array_like=True):
    """When each device of the home was told last; no more devices than the home has."""

    told: Mapping[DeviceId, int] = {}


def judge(view: View, state: DeviceRefusedState, stimulus: Happened) -> Judgement[DeviceRefusedState]:
    """See the module."""
    event, device = stimulus.envelope.event, stimulus.envelope.device
    installed = {one.device.id for one in view.settings.devices}
    if not isinstance(event, DeviceFaulted) or event.fault not in REFUSED or device not in installed:
        return Judgement(state)
    subject = DeviceId(device)
    if abs(stimulus.at - state.told.get(subject, -DAY)) < DAY:
        return Judgement(state)
    told = {one: at for one, at in state.told.items() if one in installed} | {subject: stimulus.at}
    raised = Raise(
        condition=Condition.DEVICE_REFUSED,
        home=view.settings.home,
        subject=subject,
        window=str(stimulus.fact),
        occurred_at=stimulus.at,
        fact=stimulus.fact,
        presses=1,
        explanation={"at": stimulus.at, "device": subject, "why": event.fault.value},
    )
    return Judgement(DeviceRefusedState(told), (raised,))


RULE = Rule(
    condition=Condition.DEVICE_REFUSED,
    state=DeviceRefusedState,
    judge=judge,
    wants=frozenset({DeviceFaulted}),
)
