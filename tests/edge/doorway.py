"""A gateway that commands, for tests of the edge: what it heard of an edge, and the frames that it sends down."""

import contextlib
from collections.abc import AsyncIterator

import aiomqtt

from homecare import topic, wire
from homecare.clock import SystemClock
from homecare.command import Action, Command, deadline
from homecare.identity import EdgeId, new_id
from homecare.wire import Header, Kind
from tests.edge.desk import Gateway, listening


def frame(gateway: Gateway, command: Command, *, edge: str | None = None, run: int | None = None) -> bytes:
    """A command as the gateway seals it for its edge; `edge` and `run` forge the header, under the right key."""
    header = Header(
        kind=Kind.COMMAND,
        edge=EdgeId(edge or gateway.edge),
        run=gateway.run if run is None else run,  # type: ignore[arg-type] # any number stands for an epoch here
        beat=gateway.beat,
    )
    return wire.pack(header, wire.encode_body(command), gateway.keys.down)


class Doorway:
    """A gateway at a broker with the newest heartbeat in hand."""

    def __init__(self, gateway: Gateway, client: aiomqtt.Client, shard: int) -> None:
        self.gateway, self.client, self._shard = gateway, client, shard

    def command(self, action: Action, device: str | None, **changes: object) -> Command:
        """As fresh as a command can be, unless changed."""
        heartbeat = self.gateway.beats[-1]
        fields = {
            "id": new_id("command"),
            "action": action,
            "actor": "person-demo-care-01",
            "challenge": heartbeat.challenge,
            "not_after": deadline(heartbeat.elapsed, max(SystemClock().now().wall - heartbeat.wall, 0)),
            "device": device,
        }
        return Command(**{**fields, **changes})  # type: ignore[arg-type] # names of the command's own fields

    async def send(self, command: Command, **forged: object) -> None:
        await self.publish(frame(self.gateway, command, **forged))  # type: ignore[arg-type] # as `frame` takes them

    async def publish(self, data: bytes) -> None:
        await self.client.publish(topic.command(self._shard, self.gateway.edge), data, qos=1)


@contextlib.asynccontextmanager
async def commanding(gateway: Gateway, url: str, shard: int) -> AsyncIterator[Doorway]:
    async with listening(gateway, url, shard) as client:
        yield Doorway(gateway, client, shard)
