"""Where everything is measured: one private database server and one broker, and a fresh database for every round.

Every round's database is a copy of one in which the schema and the 10,000 homes are, so that each side begins with
the same tables and the same indexes, and its rows are its own.
"""

import os
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final

import msgspec
import psycopg

from gateway.adapters.postgres.migrate import migrate
from gateway.adapters.postgres.registry import enrol_all
from gateway.embedded import PrivateBroker, PrivateDatabase, free_port, unpack
from tests.benchmarks import caller, street
from tests.benchmarks.load import Order, Said
from tests.benchmarks.street import Dwelling

ROOT: Final = Path(__file__).resolve().parents[2]
DATA: Final = ROOT / (os.environ.get("VAKA_DATA") or ".vaka")
DATABASE_PORT: Final = 24_432
BROKER_PORT: Final = 24_883
WEB_PORT: Final = 24_080
ENROLLED: Final = "enrolled"
COMPILED: Final = {"PYTHONDONTWRITEBYTECODE": "", "PYTHONPYCACHEPREFIX": str(DATA / "bytecode")}
"""Processes start as they do where they are installed: with their modules compiled, once and not at every start."""
READY_SECONDS: Final = 60.0
STOP_SECONDS: Final = 20.0
POLL_SECONDS: Final = 0.01


class Process:
    """A process of ours, with what it says in a file; only its own pid is ever signalled."""

    def __init__(self, words: Sequence[str], log: Path, environment: dict[str, str] | None = None) -> None:
        self._words = words
        self._log = log
        self._environment = {**os.environ, **COMPILED, **(environment or {})}
        self._child: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """Its process id."""
        assert self._child is not None, "it was not started"
        return self._child.pid

    def start(self) -> None:
        """Start it."""
        with self._log.open("ab") as output:
            self._child = subprocess.Popen(
                ["setpriv", "--pdeathsig", "TERM", *self._words],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env=self._environment,
                cwd=ROOT,
            )

    def signal(self, number: signal.Signals) -> None:
        """Signal it."""
        os.kill(self.pid, number)

    def kill(self) -> None:
        """SIGKILL."""
        if self._child is not None:
            self._child.kill()
            self._child.wait()

    def stop(self) -> None:
        """SIGTERM, and SIGKILL when that takes too long."""
        if self._child is None:
            return
        self._child.terminate()
        try:
            self._child.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()

    def until(self, ready: Callable[[], bool], seconds: float = READY_SECONDS) -> None:
        """Return when it is ready; its last words when it ends or takes too long."""
        deadline = time.monotonic() + seconds
        while not ready():
            assert self._child is not None
            ended = self._child.poll() is not None or time.monotonic() >= deadline
            assert not ended, f"{self._words}: {self.said()[-1500:]}"
            time.sleep(POLL_SECONDS)

    def said(self) -> str:
        """All that it said."""
        return self._log.read_text(errors="replace") if self._log.exists() else ""


class Gateway:
    """Both processes over one database."""

    def __init__(self, place: "Place", database_url: str, *, bulk: Sequence[str] = ("-m", "gateway", "bulk")) -> None:
        self.database_url = database_url
        data = place.folder / "gateway"
        data.mkdir(exist_ok=True)
        key = data / "gateway.key"
        key.write_text(street.GATEWAY_PRIVATE.hex())
        key.chmod(0o600)
        self._port = free_port(WEB_PORT + _lane(), print)
        self._data = data
        environment = {
            "VAKA_DATABASE_URL": database_url,
            "VAKA_BROKER_URL": place.broker.url,
            "VAKA_PORT": str(self._port),
            "VAKA_DATA": str(data),
            "VAKA_GATEWAY_KEY_FILE": str(key),
        }
        self.alarm = Process([sys.executable, "-m", "gateway", "alarm"], data / "alarm.log", environment)
        self.bulk = Process([sys.executable, *bulk], data / "bulk.log", environment)

    @property
    def url(self) -> str:
        """Where the desk and the API are."""
        return f"http://127.0.0.1:{self._port}"

    @property
    def token(self) -> str:
        """What the API asks for."""
        return (self._data / "token").read_text().strip()

    def start(self) -> "Gateway":
        """Start both, and return when both work."""
        self.alarm.start()
        self.bulk.start()
        try:
            self.alarm.until(self.ready)
        except AssertionError as error:
            error.add_note(f"bulk said: {self.bulk.said()[-1500:]}")
            raise
        return self

    def ready(self) -> bool:
        """Whether both processes work."""
        try:
            with urllib.request.urlopen(f"{self.url}/readyz", timeout=2) as answer:  # noqa: S310 why: our own loopback
                return bool(msgspec.json.decode(answer.read())["bulk"]["alive"])
        except (urllib.error.URLError, OSError):
            return False

    def stop(self) -> None:
        """Stop both in order."""
        self.bulk.stop()
        self.alarm.stop()


class Place:
    """See the module."""

    def __init__(self, folder: Path, *, homes: int = street.HOMES) -> None:
        self.folder = folder
        self._homes = homes
        binaries = unpack(DATA / "services", print)
        self.database = PrivateDatabase(binaries, folder / "database", free_port(DATABASE_PORT + _lane(), print))
        self.broker = PrivateBroker(binaries, folder / "broker", free_port(BROKER_PORT + _lane(), print))
        self._rounds = 0

    def start(self) -> None:
        """Servers, schema, homes."""
        self.database.start()
        self.broker.start()
        self._administer(f"CREATE DATABASE {ENROLLED}")
        migrate(self.url_of(ENROLLED))
        now = time.time_ns() // 1000
        homes = (Dwelling(number).registration(now) for number in range(self._homes))
        enrol_all(self.url_of(ENROLLED), (caller.registration(now), *homes))
        with psycopg.connect(self.url_of(ENROLLED), autocommit=True) as connection:
            connection.execute("VACUUM ANALYZE")

    def stop(self) -> None:
        """Stop the servers."""
        self.broker.stop()
        self.database.stop()

    def url_of(self, name: str) -> str:
        """The address of one database of the server."""
        return f"{self.database.url.rsplit('/', 1)[0]}/{name}"

    @contextmanager
    def fresh(self) -> Iterator[str]:
        """The address of a database with the homes and nothing else, dropped at the end; the broker is emptied."""
        self._rounds += 1
        name = f"round_{self._rounds}"
        self._administer(f"CREATE DATABASE {name} TEMPLATE {ENROLLED}")
        self._administer("CHECKPOINT")
        try:
            yield self.url_of(name)
        finally:
            self._administer(f"DROP DATABASE {name} WITH (FORCE)")
            self.forget_sessions()

    def forget_sessions(self) -> None:
        """Start the broker on an empty disk: what was not delivered belongs to a side that is gone."""
        self.broker.kill()
        for entry in self.broker.data.iterdir():
            entry.unlink()
        self.broker.start()

    def query(self, url: str, statement: str, values: Mapping[str, Any] | None = None) -> list[tuple[Any, ...]]:
        """Rows."""
        with psycopg.connect(url, autocommit=True) as connection:
            return connection.execute(statement, values).fetchall()

    def _administer(self, statement: str) -> None:
        with psycopg.connect(self.url_of("postgres"), autocommit=True) as connection:
            connection.execute(statement)


class Loading:
    """A load in its own process."""

    def __init__(self, order: Order) -> None:
        follow = ["setpriv", "--pdeathsig", "TERM"]
        words = [*follow, sys.executable, "-m", "tests.benchmarks.load", msgspec.json.encode(order).decode()]
        self._child = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT)
        line = self._output.readline()
        assert line == b"ready\n", line

    @property
    def _output(self) -> Any:
        return self._child.stdout

    def _word(self) -> None:
        assert self._child.stdin is not None
        self._child.stdin.write(b"\n")
        self._child.stdin.flush()

    def go(self) -> None:
        """Begin."""
        self._word()

    def stop(self) -> Said:
        """End it now, if it has not ended by itself."""
        with suppress(BrokenPipeError):
            self._word()
        return self.said()

    def said(self) -> Said:
        """What was said, when it is over."""
        try:
            return msgspec.json.decode(self._output.readline(), type=Said)
        finally:
            self._child.kill()
            with suppress(BrokenPipeError):
                self._child.communicate()


def _lane() -> int:
    """Ports apart for runs side by side, as the suite's own sessions keep them."""
    return os.getpid() % 20 * 7


@contextmanager
def opened_place(*, homes: int = street.HOMES) -> Iterator[Place]:
    """A place that is removed at the end."""
    with tempfile.TemporaryDirectory(prefix="vaka-bench-") as folder:
        place = Place(Path(folder), homes=homes)
        try:
            place.start()
            yield place
        finally:
            place.stop()
