"""Help calls, falls and hazards: one fact is enough, so the alarm process judges it alone, without any state."""

import msgspec

from homecare.alert import Condition
from homecare.envelope import Fact
from homecare.event import FallDetected, HazardChanged, HelpCalled
from homecare.identity import DeviceId, HomeId
from rules.verdict import Clear, Raise


def judge(fact: Fact) -> Raise | Clear | None:
    """What an alarm fact means; None for a fact that is no alarm.

    Every fact is a firing of its own: presses are never merged away. A hazard that is gone clears only its own
    device's part (see `Clear`); help calls and falls are ended by people alone.
    """
    envelope, event = fact.envelope, fact.envelope.event
    home = HomeId(envelope.home)
    subject = None if envelope.device is None else DeviceId(envelope.device)
    explanation: dict[str, str | int] = {"at": envelope.occurred_at}
    presses = 1
    match event:
        case HelpCalled():
            condition, presses = Condition.HELP_CALL, event.presses
            explanation["presses"] = presses
        case FallDetected():
            condition = Condition.FALL
        case HazardChanged(present=True):
            condition = Condition.HAZARD
            explanation["hazard"] = event.hazard.value
        case HazardChanged():
            return Clear(Condition.HAZARD, home, subject, envelope.occurred_at)
        case _:
            return None
    if event.doubt is not msgspec.UNSET:
        explanation["doubt"] = event.doubt.value
    return Raise(
        condition=condition,
        home=home,
        subject=subject,
        window=str(fact.id),
        occurred_at=envelope.occurred_at,
        fact=fact.id,
        presses=presses,
        explanation=explanation,
    )
