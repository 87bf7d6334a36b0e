"""Alerting: what a verdict becomes.

Identities are derived from what raised them, so that a repeated delivery repeats no outward act.
"""

from typing import Final

from gateway.model.lives import Copied
from homecare.alert import LATCHED, Condition
from homecare.envelope import Fact, FactId
from homecare.identity import AlertId, HomeId, derived_id, epoch_text
from rules.verdict import Clear, Raise

PRESSES_LIMIT: Final = 1_000_000
"""Occurrences that one fact may count for; the wire's own bound."""
COPIED: Final = "edge_copied"
"""Why an edge contradicts itself, and the fault's kind: two of it are alive at once."""


def alert_id(raised: Raise) -> AlertId:
    """The identity of the alert that this verdict opens, if it opens one."""
    return AlertId(derived_id("alert", *_source(raised)))


def occurrence_id(raised: Raise) -> str:
    """The identity of this happening: the same verdict always gives the same one."""
    return derived_id("occurrence", *_source(raised))


def _source(raised: Raise) -> tuple[str, str, str, str]:
    return (raised.condition, raised.home, str(raised.fact or ""), str(raised.window))


def clears(verdict: Clear) -> bool:
    """Whether a verdict may end the condition: a latched one only a person may clear."""
    return verdict.condition not in LATCHED


def equivocation(fact: Fact, home: HomeId, *, occurred_at: int) -> Raise:
    """Two different contents came under one identity: a cloned or a lying edge, which people must know."""
    return Raise(
        condition=Condition.EQUIVOCATION,
        home=home,
        subject=None,
        window=fact.digest.hex(),
        occurred_at=occurred_at,
        fact=fact.id,
        presses=1,
        explanation={"edge": fact.id.edge, "stream": fact.id.stream.value},
    )


def copied_edge(copied: Copied, home: HomeId, *, occurred_at: int) -> Raise:
    """There are two of one edge: both are heard and believed, and people must find out which one stands in the home."""
    runs = "+".join(epoch_text(run) for run in copied.runs)
    return Raise(
        condition=Condition.EQUIVOCATION,
        home=home,
        subject=None,
        window=f"{copied.edge}/{runs}/{copied.times}",
        occurred_at=occurred_at,
        fact=None,
        presses=1,
        explanation={"edge": copied.edge, "why": COPIED},
    )


def unreadable_alarm(first: FactId, *, count: int, home: HomeId, occurred_at: int, why: str) -> Raise:
    """The edge sent alarms from `first` on that nobody can read, or lost them: somebody must call the home."""
    return Raise(
        condition=Condition.UNREADABLE_ALARM,
        home=home,
        subject=None,
        window=f"{first}+{count}",
        occurred_at=occurred_at,
        fact=first,
        presses=min(max(count, 1), PRESSES_LIMIT),
        explanation={"edge": first.edge, "why": why},
    )
