"""What the journal knows of earlier commands: read once, at the start of a run."""

from typing import Final

import msgspec

from edge.journal_schema import STREAM_CODE
from edge.retention import Execute
from homecare.envelope import decode_envelope
from homecare.event import CommandEnded, CommandTaken, Stream
from homecare.identity import DeviceId

HISTORY_LIMIT: Final = 4096
"""Facts about commands that are looked at, the newest first: weeks of a home with ten visits a day."""


class History(msgspec.Struct, frozen=True):
    """The ids of all commands found, oldest first, and those that were taken and never ended, with their devices."""

    ids: tuple[str, ...]
    unended: tuple[tuple[str, DeviceId | None], ...]


def read(execute: Execute) -> History:
    """The history in this journal, through its `execute`."""
    rows = execute(
        "SELECT f.body FROM fact f JOIN epoch e ON e.epoch = f.epoch WHERE f.stream = ?"
        """ AND instr(f.body, CAST('"type":"command_' AS BLOB)) ORDER BY e.number DESC, f.seq DESC LIMIT ?""",
        (STREAM_CODE[Stream.ACCESS], HISTORY_LIMIT),
    )
    ids: dict[str, None] = {}
    taken: dict[str, DeviceId | None] = {}
    ended: set[str] = set()
    for body in reversed([row[0] for row in rows]):
        envelope = decode_envelope(msgspec.Raw(body))
        event = envelope.event
        if isinstance(event, CommandTaken):
            taken[event.command] = None if envelope.device is None else DeviceId(envelope.device)
        elif isinstance(event, CommandEnded):
            ended.add(event.command)
        else:
            continue
        ids[event.command] = None
    return History(tuple(ids), tuple((one, device) for one, device in taken.items() if one not in ended))
