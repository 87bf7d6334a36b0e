"""Topics: `vaka/v1/<shard>/<edge>/...`, nothing retained, no will.

| topic                  | QoS | direction | carries                                       |
|------------------------|-----|-----------|-----------------------------------------------|
| `.../up/alarm`         | 1   | up        | facts of the alarm stream                     |
| `.../up/access`        | 1   | up        | facts of the access stream                    |
| `.../up/record`        | 1   | up        | facts of the record stream                    |
| `.../up/heartbeat`     | 0   | up        | heartbeats                                    |
| `.../up/certificate`   | 0   | up        | asks whether the certificate is to be renewed |
| `.../down/receipt`     | 1   | down      | receipts                                      |
| `.../down/command`     | 1   | down      | commands                                      |
| `.../down/certificate` | 1   | down      | the answers                                   |
| `.../down/config`      | 1   | down      | configuration (reserved)                      |

`shard` is `shard_of(home)` in decimal without leading zeros. An edge may publish below its own `up` and subscribe
below its own `down` only: one subtree an edge, so that a broker's access list is one line.
"""

from typing import Final, Literal

import msgspec

from homecare.errors import Malformed
from homecare.event import Stream
from homecare.identity import SHARDS, EdgeId, checked

ROOT: Final = "vaka/v1"
CERTIFICATE: Final = "certificate"
Up = Literal["alarm", "access", "record", "heartbeat", "certificate"]
_UP: Final[frozenset[str]] = frozenset({*(stream.value for stream in Stream), "heartbeat", CERTIFICATE})


class UpTopic(msgspec.Struct, frozen=True):
    """A topic on which an edge speaks."""

    shard: int
    edge: EdgeId
    channel: str


def up(shard: int, edge: str, channel: str) -> str:
    """The topic on which `edge` publishes `channel` (a stream's name, or `heartbeat`)."""
    return f"{ROOT}/{shard}/{edge}/up/{channel}"


def receipt(shard: int, edge: str) -> str:
    """The topic on which `edge` hears its receipts."""
    return f"{ROOT}/{shard}/{edge}/down/receipt"


def command(shard: int, edge: str) -> str:
    """The topic on which `edge` hears commands; never retained, and no session outlives a connection there."""
    return f"{ROOT}/{shard}/{edge}/down/command"


def certificate(shard: int, edge: str) -> str:
    """The topic on which `edge` hears of its certificate."""
    return f"{ROOT}/{shard}/{edge}/down/{CERTIFICATE}"


def all_up(channel: str) -> str:
    """The filter by which the gateway hears every edge's `channel`."""
    return f"{ROOT}/+/+/up/{channel}"


def read_up(text: str) -> UpTopic:
    """The parts of an up topic; `Malformed` for anything else (the text itself is not repeated)."""
    parts = text.split("/")
    if len(parts) != 6 or parts[0] != "vaka" or parts[1] != "v1" or parts[4] != "up" or parts[5] not in _UP:  # noqa: PLR2004 - six levels, as the table above
        raise Malformed("read topic", "topic", f"{ROOT}/<shard>/<edge>/up/<channel>")
    shard = parts[2]
    if not (shard.isascii() and shard.isdecimal() and str(int(shard)) == shard and int(shard) < SHARDS):
        raise Malformed("read topic", "shard", f"a number from 0 to {SHARDS - 1} without leading zeros")
    return UpTopic(shard=int(shard), edge=EdgeId(checked(parts[3], "edge in topic")), channel=parts[5])
