"""`make run`: database, broker, gateway, three simulated homes and their edges, each a process of its own.

The one place that knows every part. Ctrl-C ends everything that was started, in order, and loses nothing.
"""

import contextlib
import os
import shlex
import shutil
import signal
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Event
from typing import Final, TypeVar
from urllib.error import URLError
from urllib.request import urlopen

import msgspec

from gateway.adapters.postgres.migrate import migrate
from gateway.edges.authority_files import open_authority, open_server
from gateway.embedded import Binaries, EdgeListener, PrivateBroker, PrivateDatabase, free_port, unpack
from gateway.embedded.ports import holds
from gateway.identity import FOLDER
from gateway.listening import PORT_TAKEN
from gateway.model.broker_rights import rights
from homecare.clock import SystemClock
from homecare.errors import Conflict, Unavailable, VakaError
from homecare.identity import EdgeId
from simulator import enrolment
from simulator.bluez.bus import LONGEST_PATH, VARIABLE
from simulator.given import DATA, Given, read_given
from simulator.home import HomeConfig
from simulator.household import HomePlan, homes
from simulator.running import Running, RunningHome, alone
from simulator.shift import next_half_hour, plan_csv, send_plan
from simulator.stopping import Stop
from simulator.supervisor import Part, Process, Supervisor

Server = TypeVar("Server", bound=Part)
SEED: Final = 7
DATABASE_PORT: Final = 15_432
BROKER_PORT: Final = 11_883
PORT_TRIES: Final = 3
"""Starts of one server: another program may take a port between the look and the start, but hardly again and again."""
EDGES_PORT: Final = 18_883
"""Where edges reach the broker, over TLS with their certificates."""
TLS_PORT: Final = 8443
"""Where new edges come in with a claim code."""
READY_POLLS: Final = 150
READY_POLL_SECONDS: Final = 0.2
"""Half a minute in all: the gateway starts within three seconds."""
STOP_ORDER: Final = ("edge:", "home:", "gateway-", "broker", "database")
"""Edges deliver and close their journals while their homes still stand (a home that went first would be a broken line
and a lost radio, and told as such); the gateway commits what it has; then the servers go."""
ROOM_FOR_NAMES: Final = 24
"""Bytes below a socket folder that the names of its files need."""


ASKED_BY: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
"""Ctrl-C, a supervisor, and a terminal that is closed."""


def say(line: str) -> None:
    """One line of progress. Where nobody reads any more, nothing is said: the homes are watched all the same."""
    try:
        print(line, flush=True)
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def start_on_free_port(supervisor: Supervisor, role: str, make: Callable[[], Server]) -> Server:
    """Start what `make` makes for a port that is free as it looks, made anew where another program was quicker.

    `Conflict` where that happened `PORT_TRIES` times.
    """
    for _ in range(PORT_TRIES - 1):
        server = make()
        try:
            supervisor.start(role, server)
        except Conflict:
            continue
        return server
    server = make()
    supervisor.start(role, server)
    return server


class Demonstration:
    """Everything that `make run` starts; the data folder is kept between runs."""

    def __init__(self, given: Given, stop: Event) -> None:
        self._given = given
        self._data = data = given.data
        self._run = data / "run"
        self._stop = stop
        self._clock = SystemClock()
        self._run.mkdir(parents=True, exist_ok=True, mode=0o700)
        for marker in self._run.glob("unplugged-*"):
            marker.unlink()  # a plug that was pulled in an earlier run is in again, as cut lines are whole
        self._sockets, self._borrowed = _socket_folder(self._run)
        self._supervisor = Supervisor(self._run / "pids.json", self._clock, say)
        self._binaries: Binaries | None = None
        self._environment: dict[str, str] = {}
        self._key = data / "gateway.key"
        self._desk = ""
        self._edges_broker = ""
        self._tls_port = 0
        self._plans: tuple[HomePlan, ...] = ()
        self._configs: list[tuple[HomeConfig, Process]] = []
        self._revoked: frozenset[EdgeId] = frozenset()

    def start(self) -> None:
        """Bring everything up; stops early when `stop` is set. `VakaError` says what failed and what to do."""
        for step in (self._servers, self._homes, self._schema, self._gateway, self._shift, self._edges):
            if self._stop.is_set():
                return
            step()

    def watch(self) -> None:
        """Keep everything running until `stop` is set."""
        self._supervisor.watch(self._stop)

    def stop(self) -> None:
        """End everything in order."""
        say("stopping: edges, homes, gateway, broker, database")
        self._supervisor.stop(STOP_ORDER)
        (self._run / "homes.json").unlink(missing_ok=True)
        if self._borrowed:
            shutil.rmtree(self._sockets, ignore_errors=True)
        say("stopped; nothing is left running")

    # --- the steps ---------------------------------------------------------------------------------------------------

    def _servers(self) -> None:
        database, broker = self._given.database, self._given.broker
        if not (database and broker and shutil.which("dbus-daemon")):
            self._unpacked()
        if not database:
            say("starting the database")
            binaries, folder = self._unpacked(), self._data / "database"
            server = start_on_free_port(
                self._supervisor, "database", lambda: PrivateDatabase(binaries, folder, free_port(DATABASE_PORT, say))
            )
            database = server.url
        if not broker:
            say("starting the broker")
            relay = start_on_free_port(self._supervisor, "broker", self._private_broker)
            broker = relay.url
            if relay.certifies:
                self._edges_broker = relay.edges_url
                self._environment["VAKA_BROKER_RIGHTS_FILE"] = str(relay.rights_file)
                self._environment["VAKA_BROKER_PID_FILE"] = str(relay.pid_file)
        self._edges_broker = self._edges_broker or broker
        self._environment |= {
            "VAKA_DATABASE_URL": database,
            "VAKA_BROKER_URL": broker,
            "VAKA_EDGES_BROKER_URL": self._edges_broker,
        }

    def _edge_listener(self) -> EdgeListener:
        folder = self._data / FOLDER
        authority = open_authority(folder, self._clock)
        server = open_server(folder, authority, self._clock)
        return EdgeListener(
            port=free_port(EDGES_PORT, say),
            authority=authority.certificate,
            server_certificate=server.certificate,
            server_key=server.key,
            rights=rights(()),
        )

    def _private_broker(self) -> PrivateBroker:
        port = free_port(BROKER_PORT, say)
        return PrivateBroker(self._unpacked(), self._data / "broker", port, edges=self._edge_listener())

    def _unpacked(self) -> Binaries:
        if self._binaries is None:
            with _ended_at_once():
                self._binaries = unpack(self._data / "services", say)
        return self._binaries

    def _schema(self) -> None:
        say("bringing the schema up to date and enrolling three invented homes")
        migrate(self._environment["VAKA_DATABASE_URL"])
        try:
            self._revoked = enrolment.enrol(self._environment["VAKA_DATABASE_URL"], self._plans, self._data)
        except Conflict as error:
            hint = f"it has other keys of theirs: use an empty database, that run's VAKA_DATA, or clear {self._data}"
            raise Conflict("enrol the demonstration's homes", "their keys", hint) from error

    def _gateway(self) -> None:
        say("starting the gateway")
        self._environment |= {
            "VAKA_DATA": str(self._data),
            "VAKA_GATEWAY_KEY_FILE": str(self._key),
            "VAKA_DEMO": "1",
        }
        self._supervisor.start("gateway-bulk", self._process("gateway", "bulk", environment=self._environment))
        for attempt in range(1, PORT_TRIES + 1):
            port, self._tls_port = free_port(self._given.port, say), free_port(TLS_PORT, say)
            ports = {"VAKA_PORT": str(port), "VAKA_TLS_PORT": str(self._tls_port)}
            alarm = self._process("gateway", "alarm", environment=self._environment | ports)
            self._supervisor.start("gateway-alarm", alarm)
            if self._serves(alarm, port):
                return
            if alarm.code != PORT_TAKEN or attempt == PORT_TRIES:
                raise Unavailable("start the gateway", alarm.last_words(), f"see {self._run / 'log'}")
            say("another program took a port just then: looking for the next free one")

    def _serves(self, alarm: Process, port: int) -> bool:
        """Whether desk and API come up on this port, and that it is ours: another Vaka may have been quicker."""
        self._desk = f"http://127.0.0.1:{port}"
        for _ in range(READY_POLLS):
            ready = alarm.running and holds(alarm.pid, port) and _is_ready(self._desk)
            if ready or self._stop.wait(READY_POLL_SECONDS):
                return True
            if not alarm.running:
                break
        return False

    def _shift(self) -> None:
        say("sending tonight's plan")
        since = next_half_hour(self._clock.now().wall, enrolment.TIME_ZONE)
        token = (self._data / "token").read_text(encoding="ascii").strip()
        send_plan(self._desk, token, plan_csv(self._plans, since))

    def _homes(self) -> None:
        say("starting three homes")
        daemon = shutil.which("dbus-daemon") or str(self._unpacked().program("dbus-daemon"))
        mark = enrolment.edge_mark(self._environment["VAKA_DATABASE_URL"], shared=self._given.broker is not None)
        self._plans = homes(SEED, mark)
        for number, plan in enumerate(self._plans, 1):
            self._start_home(self._home_config(plan, number, daemon))

    def _edges(self) -> None:
        say("starting their edges")
        for config, process in self._configs:
            self._wait_for_home(config, process)
            if config.plan.edge in self._revoked:
                say(f"{config.plan.edge} was revoked: it is not started, and {config.plan.home} is not heard")
            else:
                self._start_edge(config)
        running = Running(homes=tuple(RunningHome.of(config.plan, config.control) for config, _ in self._configs))
        (self._run / "homes.json").write_bytes(msgspec.json.encode(running))

    def _start_edge(self, config: HomeConfig) -> None:
        edge = enrolment.write_edge_config(config, self._data, gateway_key=self._key)
        agent = self._process("edge", str(edge), environment={VARIABLE: config.bus_address})
        self._supervisor.start(f"edge:{config.plan.edge}", agent)

    def _start_home(self, config: HomeConfig) -> None:
        path = Path(config.state) / "home.json"
        path.touch(mode=0o600)
        path.write_bytes(msgspec.json.encode(config))
        for old in (Path(config.control), config.port_file):
            old.unlink(missing_ok=True)
        process = self._process("simulator", "home", str(path), log=config.plan.home)
        self._supervisor.start(f"home:{config.plan.home}", process)
        self._configs.append((config, process))

    def _wait_for_home(self, config: HomeConfig, process: Process) -> None:
        """Until the home listens, so that its edge finds radio and port as an edge in a real home does."""
        for _ in range(READY_POLLS):
            if Path(config.control).exists() or self._stop.wait(READY_POLL_SECONDS):
                return
            if not process.running:
                break
        raise Unavailable("start a home", process.last_words() or config.plan.home, f"see {self._run / 'log'}")

    def _home_config(self, plan: HomePlan, number: int, daemon: str) -> HomeConfig:
        state = self._data / "homes" / plan.home
        sockets = self._sockets / f"h{number}"
        for folder in (state, sockets):
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        return HomeConfig(
            plan=plan,
            state=str(state),
            sockets=str(sockets),
            broker=self._edges_broker,
            daemon=daemon,
        )

    def _process(
        self, module: str, *words: str, environment: dict[str, str] | None = None, log: str | None = None
    ) -> Process:
        name = log or "-".join((module, *(Path(word).stem for word in words)))
        command = [sys.executable, "-m", module, *words]
        return Process(command, environment=environment or {}, log=self._run / "log" / f"{name}.log")

    def addresses(self) -> list[str]:
        """What a person needs to know, a line each."""
        told = _command("vaka-sim", self._data)
        return [
            "",
            f"alarm desk   {self._desk}/desk#token={(self._data / 'token').read_text(encoding='ascii').strip()}",
            f"as a person  {self._desk}/desk  (choose an operator; `localhost` for a passkey)",
            f"phone        {self._desk.replace('127.0.0.1', 'localhost')}/phone  (choose a caregiver)",
            f"API          {self._desk}/api/v1/  (described at {self._desk}/openapi.json)",
            f"token        {self._data / 'token'}",
            f"new edges    https://localhost:{self._tls_port}  (vaka-edge enrol ADDRESS CODE FOLDER)",
            f"broker       {_without_password(self._environment['VAKA_BROKER_URL'])}",
            f"database     {_without_password(self._environment['VAKA_DATABASE_URL'])}",
            f"logs         {self._run / 'log'}",
            "",
            f"Press a button: {told} press {self._plans[0].home}   (all homes: {told} homes)",
            "Ctrl-C stops everything.",
        ]


def main() -> int:
    """Run the demonstration until it is asked to end; 0 when it ended in order, 1 when something failed."""
    stop = Stop()
    for sign in ASKED_BY:
        if signal.getsignal(sign) is not signal.SIG_IGN or sign is signal.SIGINT:
            signal.signal(sign, lambda *_: stop.set())
    try:
        given = read_given()
        with alone(given.data):
            return _run(Demonstration(given, stop), stop)
    except (VakaError, OSError) as error:
        say(f"Vaka could not start: {error}")
        return 1


def _run(demonstration: Demonstration, stop: Event) -> int:
    try:
        demonstration.start()
        if not stop.is_set():
            for line in demonstration.addresses():
                say(line)
            demonstration.watch()
    except KeyboardInterrupt:
        say("stopped while the servers were fetched; the next start fetches them")
    except (VakaError, OSError) as error:
        if not stop.is_set():
            say(f"Vaka could not start: {error}")
            return 1
        say("stopped before everything was up")
    finally:
        demonstration.stop()
    return 0


@contextlib.contextmanager
def _ended_at_once() -> Iterator[None]:
    """Let a signal break off what is done here: a download takes minutes, and one cut short is no failed one."""
    before = {sign: signal.signal(sign, signal.default_int_handler) for sign in ASKED_BY}
    try:
        yield
    finally:
        for sign, handler in before.items():
            signal.signal(sign, handler)


def _socket_folder(run: Path) -> tuple[Path, bool]:
    """Where sockets lie: below `run` unless that is too deep for a socket's path, and whether it must be removed."""
    if len(str(run).encode()) + ROOM_FOR_NAMES <= LONGEST_PATH:
        return run, False
    return Path(tempfile.mkdtemp(prefix="vaka-")), True


def _is_ready(desk: str) -> bool:
    try:
        with urlopen(f"{desk}/readyz", timeout=2) as answer:  # noqa: S310 why: our own address on loopback
            return bool(answer.status == 200)  # noqa: PLR2004 - OK
    except (URLError, OSError):
        return False


def _command(name: str, data: Path) -> str:
    """What to type here, in another terminal, for a program beside this one that is to find this data folder."""
    program = os.path.relpath(Path(sys.executable).with_name(name))
    return program if data == Path(DATA).absolute() else f"VAKA_DATA={shlex.quote(str(data))} {program}"


def _without_password(url: str) -> str:
    scheme, _, rest = url.partition("://")
    return f"{scheme}://{rest.rpartition('@')[2]}"
