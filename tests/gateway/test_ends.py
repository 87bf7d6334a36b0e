"""A wait that is cancelled in the very moment in which it comes true still ends: else the process never does."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from gateway.adapters.backlog import Backlog
from gateway.alarms.feed import Subscription
from gateway.ports.broker import Message
from gateway.ports.desk import AlertView, Numbered
from gateway.visits.days import DayView
from homecare.alert import Alert, Condition, Standing
from homecare.identity import AlertId, HomeId

LONG = 60.0
ALERT = Alert(
    id=AlertId("alert-0001"),
    home=HomeId("home-00000001"),
    condition=Condition.HELP_CALL,
    subject=None,
    occurred_at=1,
    raised_at=2,
    last_occurred_at=1,
    occurrences=1,
    active=True,
    standing=Standing.RAISED,
    version=1,
)
Wait = tuple[Coroutine[Any, Any, object], Callable[[], object]]
"""What waits, and what makes it come true."""


def a_desk() -> Wait:
    subscription = Subscription()
    view = AlertView(ALERT, explanation={}, edge_silent_since=None)
    return subscription.next(LONG), lambda: subscription.give(Numbered(1, view, 3))


def a_phone() -> Wait:
    view = DayView("person-00000001")
    return view.wait(LONG), view.changed.set


def a_lane() -> Wait:
    backlog = Backlog()
    return backlog.arrival_within(LONG), lambda: backlog.add(Message("topic", b"", 1))


@pytest.mark.asyncio
@pytest.mark.parametrize("waiting", [a_desk, a_phone, a_lane])
async def test_a_wait_that_comes_true_while_it_is_cancelled_ends(waiting: Callable[[], Wait]) -> None:
    """`asyncio.wait_for` of Python 3.11 gives the result and forgets that it was cancelled."""
    wait, come_true = waiting()
    task = asyncio.create_task(wait)
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    come_true()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
