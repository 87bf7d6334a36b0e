"""The one place that opens database connections, with the same bounds everywhere."""

from typing import Final

import psycopg
from psycopg import AsyncConnection
from psycopg.rows import TupleRow

from homecare.errors import Unavailable

CONNECT_SECONDS: Final = 5
"""A database on the same network answers within milliseconds; longer means it is away."""
STATEMENT_TIMEOUT_MS: Final = 10_000
"""Above the slowest honest statement (loading all home states); a longer one is stuck."""
LOCK_TIMEOUT_MS: Final = 3_000
"""No transaction of ours holds a row for a second: whoever waits this long meets a stalled process."""
IDLE_TRANSACTION_MS: Final = 30_000
"""The server ends a transaction that a stopped process left open."""
KEEPALIVE_IDLE: Final = 5
KEEPALIVE_INTERVAL: Final = 2
KEEPALIVE_COUNT: Final = 3
"""A dead server is noticed within about 11 s even on a silent connection."""
HINTS: Final = {
    "password authentication failed": "it refuses the user or the password: look at the address",
    "no password supplied": "it asks for a password: put one into the address",
    "does not exist": "it has no such user or database: make them, or look at the address",
    "Connection refused": "nobody listens at that host and port: is the database up?",
    "failed to resolve": "there is no such host: look at the address",
    "invalid integer": "the port is no number: look at the address",
}
"""What to do, by a phrase of the refusal; the phrases hold nothing of the address."""


async def connect(
    url: str, *, name: str, autocommit: bool = False, keeps_plans: bool = False
) -> AsyncConnection[TupleRow]:
    """One connection called `name` in the server's lists; `Unavailable` where none can be had.

    Statements are planned anew each time, for the tables as they are (about half a millisecond). A plan that is kept
    was made for the tables as they were: the desk's feed, first read over no alerts, took 2.9 s a page over ten
    thousand, and 0.02 s with a new plan. `keeps_plans` is for lanes whose statements go by a key alone.
    """
    plans = "auto" if keeps_plans else "force_custom_plan"
    options = (
        f"-c plan_cache_mode={plans} -c statement_timeout={STATEMENT_TIMEOUT_MS} -c lock_timeout={LOCK_TIMEOUT_MS} "
        f"-c idle_in_transaction_session_timeout={IDLE_TRANSACTION_MS} -c timezone=UTC"
    )
    try:
        return await AsyncConnection.connect(
            url,
            autocommit=autocommit,
            connect_timeout=CONNECT_SECONDS,
            application_name=name,
            options=options,
            keepalives_idle=KEEPALIVE_IDLE,
            keepalives_interval=KEEPALIVE_INTERVAL,
            keepalives_count=KEEPALIVE_COUNT,
        )
    except psycopg.OperationalError as error:
        raise unavailable("connect", error) from error


def unavailable(op: str, error: psycopg.Error) -> Unavailable:
    """The error as the callers know it, without the server's text: that may name a host or repeat a value."""
    said = str(error)
    hint = next((hint for phrase, hint in HINTS.items() if phrase in said), "is the database up and reachable?")
    return Unavailable(op, f"PostgreSQL ({error.sqlstate or type(error).__name__})", hint)
