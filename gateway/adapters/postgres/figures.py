"""Figures that are in the database: the bulk lane's own with its sign of life, its inbox, faults; doors and cases."""

from typing import Any, Final

from psycopg import AsyncCursor

from gateway.ports.desk import CaseFigures, Figures

KINDS_MOST: Final = 50
"""Kinds of fault that are shown: they come from the program, and there are a dozen."""
PROCESSES_MOST: Final = 256
"""Bulk processes: one a shard at the very most."""
FORGOTTEN_AFTER: Final = "10 minutes"
"""A process without a sign of life for longer was not started again: its figures are history."""

_BULK: Final = f"""
SELECT process, detail FROM process_seen
WHERE starts_with(process, 'bulk') AND seen_at > clock_timestamp() - interval '{FORGOTTEN_AFTER}'
ORDER BY process LIMIT %s
"""
_INBOX: Final = """
SELECT count(*), coalesce(extract(epoch FROM clock_timestamp() - min(recorded_at)), 0)::float8
FROM inbox WHERE consumed_at IS NULL
"""
_FAULTS: Final = "SELECT kind, sum(count)::bigint FROM fault GROUP BY kind ORDER BY kind LIMIT %s"


# Each over an index of the few rows that it is about; the label sets come from the program.
_COMMANDS: Final = """
SELECT standing, count(*) FROM command WHERE issued_at > now() - interval '1 hour' GROUP BY 1 ORDER BY 1 LIMIT %s
"""
_DENIALS: Final = """
SELECT coalesce(reason, 'none'), count(*) FROM audit
WHERE result = 'denied' AND at > now() - interval '1 hour' GROUP BY 1 ORDER BY 1 LIMIT %s
"""
_ESCALATIONS: Final = """
SELECT coalesce(detail ->> 'rung', 'none'), count(*) FROM alert_log
WHERE transition = 'escalated' AND recorded_at > now() - interval '1 hour' GROUP BY 1 ORDER BY 1 LIMIT %s
"""
_MESSAGES: Final = """
SELECT (SELECT count(*) FROM outbox WHERE kind = 'webhook' AND sent_at IS NULL AND failed_at IS NULL),
       (SELECT count(*) FROM outbox WHERE kind = 'webhook' AND failed_at > now() - interval '1 hour')
"""


async def read_figures(cursor: AsyncCursor[Any]) -> Figures:
    """Seven small statements; the inbox is read over the index of what waits."""
    await cursor.execute(_BULK, (PROCESSES_MOST,))
    bulk = dict(await cursor.fetchall())
    await cursor.execute(_INBOX)
    [(inbox, seconds)] = await cursor.fetchall()
    await cursor.execute(_FAULTS, (KINDS_MOST,))
    faults = dict(await cursor.fetchall())
    cases = await _cases(cursor)
    return Figures(bulk=bulk, inbox=inbox, inbox_seconds=max(0.0, seconds), faults=faults, cases=cases)


async def _cases(cursor: AsyncCursor[Any]) -> CaseFigures:
    counted: list[dict[str, int]] = []
    for statement in (_COMMANDS, _DENIALS, _ESCALATIONS):
        await cursor.execute(statement, (KINDS_MOST,))
        counted.append(dict(await cursor.fetchall()))
    await cursor.execute(_MESSAGES)
    [(waiting, given_up)] = await cursor.fetchall()
    commands, denials, escalations = counted
    return CaseFigures(commands=commands, denials=denials, escalations=escalations, waiting=waiting, given_up=given_up)
