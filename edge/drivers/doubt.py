"""Alarms under a counter that has fallen: told in doubt instead of not at all.

After a change of battery some devices count from the start again, and a life may depend on the press. An old press
that somebody plays again says the same; one whose word was taken in this run is known, and nothing new.
"""

from collections.abc import Iterable
from typing import Final, cast

import msgspec

from edge.driver import Reading
from edge.drivers import remembered
from edge.drivers.bthome_payload import Said
from edge.drivers.remembered import Values
from homecare.clock import MINUTE
from homecare.event import AnyEvent, Doubt, FallDetected, HazardChanged, HelpCalled, Stream, stream_of

AGAIN_AFTER: Final = MINUTE
"""Microseconds without the same transmission after which it counts again: a loop that plays it counts once."""
TAKEN_LIMIT: Final = 64
"""Counters remembered whose word was taken."""


def took(values: Values, counter: int) -> None:
    """Remember a counter whose word was taken."""
    taken = cast("dict[int, None]", values.setdefault("taken", {}))
    taken[counter] = None
    if len(taken) > TAKEN_LIMIT:
        del taken[next(iter(taken))]


def in_doubt(things: Iterable[Said], counter: int, *, values: Values, reply: bytes | None = None) -> Reading | None:
    """The alarms among `things`, in doubt; None where there is none, or where their word was taken already."""
    if counter in cast("dict[int, None]", values.get("taken", {})):
        return None
    alarms = [one for one in things if one.event is not None and stream_of(one.event) is Stream.ALARM]
    if not alarms:
        return None
    fresh = [one.event for one in alarms if not one.lasting or remembered.changed(values, _doubted(one), one.event)]
    return Reading(
        events=tuple(doubted for event in fresh if (doubted := _in_doubt(event)) is not None),
        repeat_key=b"doubt" + counter.to_bytes(8, "big"),
        repeat_window=AGAIN_AFTER,
        reply=reply,
        doubt=Doubt.COUNTER_FELL,
    )


def _doubted(thing: Said) -> str:
    """States in doubt are remembered apart: they must not hide what is verified."""
    return f"doubted {thing.what}"


def _in_doubt(event: AnyEvent | None) -> AnyEvent | None:
    """The alarm with its doubt; None for the end of a danger, which must not be ended by an old word."""
    if isinstance(event, HelpCalled | FallDetected) or (isinstance(event, HazardChanged) and event.present):
        return msgspec.structs.replace(event, doubt=Doubt.COUNTER_FELL)
    return None
