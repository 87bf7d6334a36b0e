"""What each client may say and hear at the broker: one subtree an edge, nothing for what was revoked. Pure text.

The user's name is the subject of the client's certificate, which only our authority gives and which is an edge's id;
an id holds none of `+ # / %`. Mosquitto reads the file again on SIGHUP.
"""

from collections.abc import Iterable

from homecare.identity import EdgeId, checked
from homecare.topic import ROOT

PATTERNS = (
    f"pattern write {ROOT}/+/%u/up/alarm",
    f"pattern write {ROOT}/+/%u/up/access",
    f"pattern write {ROOT}/+/%u/up/record",
    f"pattern write {ROOT}/+/%u/up/heartbeat",
    f"pattern write {ROOT}/+/%u/up/certificate",
    f"pattern read {ROOT}/+/%u/down/certificate",
    f"pattern read {ROOT}/+/%u/down/receipt",
    f"pattern read {ROOT}/+/%u/down/command",
    f"pattern read {ROOT}/+/%u/down/config",
)
"""For every edge; the shard is free, because the gateway checks it against the home."""


NAMELESS = "topic readwrite #"
"""For clients without a name: the gateway, on the listener that only this machine reaches."""


def rights(revoked: Iterable[EdgeId]) -> str:
    """The access file: the patterns, and a line of nothing for every revoked edge."""
    lines = ["# Written by Vaka at every change. One subtree an edge; see docs/operate.md.", NAMELESS, *PATTERNS]
    for edge in sorted(revoked):
        lines += [f"user {checked(edge, 'edge')}", "topic deny #"]
    return "\n".join(lines) + "\n"
