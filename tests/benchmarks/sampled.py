"""Runs one gateway process and samples where its processor time goes: `python -m tests.benchmarks.sampled OUT ROLE`.

The kernel signals after every 2 ms of processor time; the handler notes the innermost frame and the innermost one of
our own code. Work inside C (decoding, sealing, the database driver) counts for the Python line that called it. Written
to OUT as JSON at the end: {"samples": n, "lines": {"file:function": n}, "stages": {"stage": n}}.
"""

import json
import signal
import sys
from collections import Counter
from pathlib import Path
from types import FrameType
from typing import Final

EVERY_SECONDS: Final = 0.002
ROOT: Final = str(Path(__file__).resolve().parents[2]) + "/"
STAGES: Final = (
    ("gateway/adapters/mqtt", "broker client"),
    ("gateway/adapters/backlog.py", "broker client"),
    ("gateway/intake/door.py", "frame and authenticator"),
    ("homecare/seal.py", "frame and authenticator"),
    ("homecare/wire.py", "decoding the frame"),
    ("homecare/envelope.py", "decoding the frame"),
    ("rules/", "rules"),
    ("gateway/intake/judging.py", "home state"),
    ("gateway/model/wakeups.py", "home state"),
    ("gateway/model/receipts.py", "receipts"),
    ("gateway/intake/presence.py", "heartbeats"),
    ("gateway/model/watermark.py", "heartbeats"),
    ("gateway/model/estimate.py", "intake"),
    ("gateway/intake/intake.py", "intake"),
    ("gateway/intake/recording.py", "intake"),
    ("gateway/intake/cursors.py", "intake"),
    ("gateway/adapters/postgres/", "rows into the database"),
    ("psycopg", "rows into the database"),
    ("gateway/", "the lane's own turning"),
    ("asyncio/", "event loop"),
)
"""Where a file's time is counted; the first prefix that fits the innermost known frame wins."""

_lines: Counter[str] = Counter()
_stages: Counter[str] = Counter()


def _sample(_number: int, frame: FrameType | None) -> None:
    if frame is not None:
        _lines[f"{_short(frame)}:{frame.f_code.co_name}"] += 1
    while frame is not None:
        name = _short(frame)
        for prefix, stage in STAGES:
            if name.startswith(prefix):
                _stages[stage] += 1
                return
        frame = frame.f_back
    _stages["elsewhere"] += 1


def _short(frame: FrameType) -> str:
    """The file as it is called inside our tree, or inside its package."""
    name = frame.f_code.co_filename
    for marker in ("/site-packages/", "/python3.11/", "/lib/python3/"):
        _, found, rest = name.partition(marker)
        if found:
            return rest
    return name.removeprefix(ROOT)


def main() -> None:
    """Run the gateway's role under the sampler."""
    out, role = Path(sys.argv[1]), sys.argv[2]
    from gateway.__main__ import main as gateway  # noqa: PLC0415 why: its import is not part of the work

    sys.argv = ["gateway", role]
    signal.signal(signal.SIGPROF, _sample)
    signal.siginterrupt(signal.SIGPROF, False)
    signal.setitimer(signal.ITIMER_PROF, EVERY_SECONDS, EVERY_SECONDS)
    try:
        gateway()
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        found = {
            "samples": sum(_stages.values()),
            "lines": dict(_lines.most_common(60)),
            "stages": dict(_stages.most_common()),
        }
        out.write_text(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
