"""Escalation: what is due on the ladder is done, once, whether or not anybody looks at a desk.

When an alert is due stands beside it in the database, so that a restart forgets nothing, and any number of processes
may run this: whoever locks the alert takes its steps. What the steps are is `homecare.ladder`.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence
from typing import Final

from gateway.ports.escalation import LadderStore, Message, Step
from homecare.alert import Alert, Transition
from homecare.clock import Clock
from homecare.errors import Unavailable
from homecare.ladder import LAST, WEBHOOK, Ladder, ladder_of, step

log = logging.getLogger(__name__)

LOOK_SECONDS: Final = 0.5
"""How late a step may be: a sixtieth of the shortest wait."""
ROUND: Final = 500
"""Alerts of one round; the rest waits for the next one, half a second later."""
STEPS: Final = LAST + 2
"""Transitions of one alert in one transaction: a lapsed claim, every rung of its own and one repetition."""
RETRY_SECONDS: Final = 0.5
"""Between attempts while the database is away."""


class Escalation:
    """Looks for what is due; `told` is called after a commit, `webhook`: there is another system to tell."""

    def __init__(self, store: LadderStore, clock: Clock, *, told: Callable[[], None], webhook: bool) -> None:
        self._store = store
        self._clock = clock
        self._told = told
        self._webhook = webhook

    async def run(self) -> None:
        """Until cancelled; goes on by itself when the database comes back."""
        while True:  # bounded by the process's life
            try:
                await self.round()
                await asyncio.sleep(LOOK_SECONDS)
            except Unavailable as error:
                log.warning("escalation waits for the database: %s", error.subject)
                await asyncio.sleep(RETRY_SECONDS)

    async def round(self) -> int:
        """Do what is due now; how many alerts moved."""
        now = self._clock.now().wall
        moved = 0
        while moved < ROUND and await self._store.climb(now, lambda alert: steps(alert, now, webhook=self._webhook)):
            moved += 1
        if moved:
            self._told()
        return moved


def steps(alert: Alert, now: int, *, webhook: bool) -> Sequence[Step]:
    """Everything that time has brought for this alert by `now`, one transition after another."""
    ladder = ladder_of(alert.condition)
    taken: list[Step] = []
    while ladder is not None and len(taken) < STEPS and (next_one := step(alert, ladder, now)) is not None:
        alert, transition = next_one
        taken.append(_step(alert, transition, ladder, webhook=webhook))
    return taken


def _step(alert: Alert, transition: Transition, ladder: Ladder, *, webhook: bool) -> Step:
    if transition is not Transition.ESCALATED:
        return Step(alert=alert, transition=transition, detail={"after_seconds": ladder.claim // 1_000_000})
    tells = webhook and alert.case.rung >= WEBHOOK
    detail = {"rung": alert.case.rung, "webhook": tells}
    return Step(alert=alert, transition=transition, detail=detail, message=_message(alert) if tells else None)


def _message(alert: Alert) -> Message:
    """Pseudonyms and numbers: whoever is told looks the rest up at a desk."""
    return Message(
        key=f"webhook/{alert.id}/{alert.version}",
        body={
            "event": "alert.escalated",
            "alert": alert.id,
            "home": alert.home,
            "condition": alert.condition.value,
            "occurrences": alert.occurrences,
            "rung": alert.case.rung,
            "version": alert.version,
            "raised_at": alert.raised_at,
            "escalated_at": alert.case.escalated_at or 0,
        },
    )
