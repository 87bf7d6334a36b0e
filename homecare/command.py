"""Commands: what a person asks one home to do, and how it ended.

A command is answered by facts and by nothing else: `CommandTaken` is durable at the edge before anything moves,
`CommandEnded` says how it ended (both in `homecare.event`, on the access stream). An unlock must never wait anywhere,
so freshness is the edge's own business and no wall clock is believed:

- `challenge` is the random value of the edge's newest heartbeat. It is in the edge's memory only, so a restart ends
  it, and the edge makes another one as soon as it has taken a command: a command is taken once.
- the frame's header names the epoch in which the edge runs (`run`), and `not_after` is a reading of the edge's steady
  clock in that epoch (`Heartbeat.elapsed`), which the gateway computes with `deadline`.
- whatever is late, repeated, or meant for another edge, run or device is refused; the refusal is a fact too.
"""

from enum import StrEnum
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from homecare.clock import LATEST, SECOND
from homecare.identity import ID_PATTERN

COMMAND_LIFE: Final = 10 * SECOND
"""Microseconds in which a command must reach the edge: a person stands at the door and waits."""

LIFE_LIMIT: Final = 30 * SECOND
"""Microseconds that the edge grants at most, whatever `not_after` says: a queued unlock is a burglary."""

CHALLENGE_PATTERN: Final = r"^[0-9a-f]{32}$"
Challenge = Annotated[str, Meta(pattern=CHALLENGE_PATTERN)]
"""128 random bits as hex digits."""
_Id = Annotated[str, Meta(pattern=ID_PATTERN)]


class Action(StrEnum):
    """What can be asked for. An unlatch also pulls the latch: the door stands open."""

    UNLOCK = "unlock"
    LOCK = "lock"
    UNLATCH = "unlatch"
    ANNOUNCE = "announce"


class Message(StrEnum):
    """What can be announced in a home."""

    RECEIVED = "received"
    HELP_ON_ITS_WAY = "help_on_its_way"


class Outcome(StrEnum):
    """How a command ended.

    `done`: the device confirmed it. `refused`: the edge did not begin. `failed`: the device did not do it. `unknown`:
    nobody can say whether it was done, and a person must look; never shown as anything else.
    """

    DONE = "done"
    REFUSED = "refused"
    FAILED = "failed"
    UNKNOWN = "unknown"


class Reason(StrEnum):
    """Why a command ended as it did; none for one that was simply done."""

    EXPIRED = "expired"
    """Its `not_after` had passed."""
    LIFE_TOO_LONG = "life_too_long"
    """Its `not_after` lay more than `LIFE_LIMIT` ahead."""
    STALE_CHALLENGE = "stale_challenge"
    """Its challenge was used, or made by an earlier run of the edge."""
    NOT_OURS = "not_ours"
    """It named another edge."""
    NO_SUCH_DEVICE = "no_such_device"
    NOT_AN_ACTUATOR = "not_an_actuator"
    """The device cannot do this."""
    BUSY = "busy"
    """Another command is under way at the same device, or the lock is moving."""
    NO_ANSWER = "no_answer"
    """The device, or the radio, did not answer."""
    JAMMED = "jammed"
    LOW_BATTERY = "low_battery"
    WRONG_KEY = "wrong_key"
    """The device does not know our authorisation, or answers as one that does not know ours: a false lock."""
    NOT_ALLOWED_BY_LOCK = "not_allowed_by_lock"
    """The lock's own settings forbid it, always or at this hour."""
    ALREADY_SO = "already_so"
    """The door was as asked for before anything was sent."""
    INTERRUPTED = "interrupted"
    """The edge stopped between taking the command and its end."""
    JOURNAL = "journal"
    """The edge's disk did not take the entry that must precede the bolt."""


class Command(msgspec.Struct, frozen=True, kw_only=True):
    """The body of a command frame; see the module.

    `device` is None only for an announcement, which then goes to every announcer of the home. `actor` is the pseudonym
    of the person who asked; locks with a log of their own write it there. `message` goes with `announce` alone.
    """

    id: _Id
    action: Action
    actor: _Id
    challenge: Challenge
    not_after: Annotated[int, Meta(ge=0, le=LATEST)]
    device: _Id | None = None
    message: Message | None = None


def deadline(elapsed: int, since_heard: int, life: int = COMMAND_LIFE) -> int:
    """`Command.not_after`, by the newest heartbeat's `elapsed` and the microseconds since it was heard.

    Both are steady clocks. A heartbeat that was under way for long makes the deadline earlier, never later.
    """
    return min(elapsed + since_heard + min(life, LIFE_LIMIT), LATEST)
