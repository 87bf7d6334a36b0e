"""Retention: what is kept for how long, by our own times alone, from our own scheduler.

Which time it is, is judged first: `gateway.model.retention_clock`.
"""

import asyncio
import logging
from collections.abc import Mapping
from typing import Final, Protocol

from gateway.model.retention_clock import Judgement
from homecare.clock import DAY, Clock, Instant
from homecare.errors import Unavailable

log = logging.getLogger(__name__)

RESEND_DAYS: Final = 7
"""An edge keeps receipted facts for so long and may send them again after a restored backup."""
MARGIN_DAYS: Final = 7
LOG_DAYS: Final = 1_826
"""Five years: the law on patients' data wants the log of who looked at what kept for at least so long."""
DEFAULTS: Final[Mapping[str, int]] = {
    "event": 400,
    "observation": 400,
    "check_in": 1_100,
    "alert": 1_100,
    "alert_log": 1_100,
    "stimulus": 30,
    "ledger": 30,
    "firing": 400,
    "loss": 400,
    "quarantine": 30,
    "inbox": 30,
    "door_inbox": 30,
    "visit": 1_100,
    "visit_log": 1_100,
    "planned_visit": 1_100,
    "plan_import": 1_100,
    "tag_read": 30,
    "command": 1_100,
    "remote_opening": 1_100,
    "outbox": 30,
    "read_log": LOG_DAYS,
    "invitation": 400,
    "web_session": 400,
}
"""Days that rows are kept: events and values a year and a month, proofs three years, who looked five, what only
recovery needs a month. Not in the table, and never deleted: cursors; the audit, whose chain nobody may shorten; the
registry with consents, certificates and instructions. What is open or waits is never deleted, however old."""
LEAST: Final[Mapping[str, int]] = {
    "ledger": RESEND_DAYS + MARGIN_DAYS,
    "firing": RESEND_DAYS + MARGIN_DAYS,
    "alert": RESEND_DAYS + MARGIN_DAYS,
    "stimulus": 1,
    "inbox": 1,
    "door_inbox": 1,
    "read_log": LOG_DAYS,
}
"""Days below which a repeat could be taken for something new, a state could not be made again, or the law is broken."""
QUARANTINE_ROWS: Final = 10_000
"""Rows of each kind, proved or not, that are kept at most: 640 MB of the largest frames."""
EVERY_SECONDS: Final = 3_600.0
RETRY_SECONDS: Final = 60.0


class RetentionStore(Protocol):
    """Where the rows are, and the time that they are deleted by."""

    async def believe(self, gateway: int, lived: int) -> Judgement:
        """Judge the gateway's clock and the database's by what was believed before, and keep it; a doubt is a fault.

        `lived`: microseconds of the steady clock since this process last asked, 0 the first time.
        """
        ...

    async def trim(self, table: str, before: int) -> int:
        """Delete rows recorded before that wall time, or done with before it; how many rows or chunks went."""
        ...

    async def trim_quarantine(self, rows: int) -> int:
        """Keep only the newest so many rows of the proved and of the unproved ones."""
        ...


def days_of(setting: Mapping[str, int]) -> dict[str, int]:
    """The periods in force: defaults, what is set, and never below what resending needs."""
    return {table: max(setting.get(table, days), LEAST.get(table, 1)) for table, days in DEFAULTS.items()}


async def trim_once(store: RetentionStore, now: int, days: Mapping[str, int]) -> int:
    """Trim every table; how much went."""
    gone = await store.trim_quarantine(QUARANTINE_ROWS)
    for table, kept in days.items():
        gone += await store.trim(table, now - kept * DAY)
    return gone


async def keep_trimming(store: RetentionStore, clock: Clock, setting: Mapping[str, int]) -> None:
    """Trim once an hour until cancelled, by the time that is believed."""
    asked: Instant | None = None
    while True:  # bounded by the process's life; each round rests
        rest = EVERY_SECONDS
        now = clock.now()
        try:
            judged = await store.believe(now.wall, 0 if asked is None else now.elapsed - asked.elapsed)
            asked = now
            if judged.doubt is not None:
                log.warning("retention holds back: %s", judged.hint)
            gone = await trim_once(store, judged.now, days_of(setting))
            log.info("retention: %d rows or chunks went", gone)
        except Unavailable as error:
            log.warning("retention waits: %s", error)
            rest = RETRY_SECONDS
        await asyncio.sleep(rest)
