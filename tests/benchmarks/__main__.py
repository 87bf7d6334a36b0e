"""`make bench`: every figure beside what it is compared with, both sides in one run, as a table and as JSON.

Environment: ROUNDS (3), SECONDS_EACH (8: of each steady window), ONLY (words of: intake drain press overtake memory
restart; all). The whole run takes about ten minutes and is ended after twenty.
"""

import os
import signal
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

from playwright.sync_api import Browser

from gateway.adapters.mqtt import MqttBroker
from gateway.adapters.mqtt_stream import MqttStream
from tests.benchmarks import findings, floor, restarts
from tests.benchmarks.drain import drain, shares
from tests.benchmarks.intake import measure, race
from tests.benchmarks.load import Order
from tests.benchmarks.overtaking import Backlog, overtake
from tests.benchmarks.place import DATA, Loading, Place, opened_place
from tests.benchmarks.press import Rig, rig
from tests.benchmarks.processor import resident_mib, together_mib
from tests.benchmarks.readers import cost as readers_cost
from tests.benchmarks.report import SETTINGS, Report, Row, machine, table, write
from tests.benchmarks.screen import chromium
from tests.benchmarks.sides import Naive, NodeRed, Vaka
from tests.benchmarks.street import HOMES

ROUNDS: Final = int(os.environ.get("ROUNDS") or 3)
SECONDS_EACH: Final = float(os.environ.get("SECONDS_EACH") or 8)
ALL: Final = ("intake", "drain", "press", "overtake", "memory", "restart")
ONLY: Final = tuple((os.environ.get("ONLY") or "").replace(",", " ").split()) or ALL
LONGEST_SECONDS: Final = 20 * 60
PRESSES: Final = 102
"""In all rounds together; a p99 wants a hundred."""
SHARE_OF_SUSTAINED: Final = 0.8
BUSY_WARM_SECONDS: Final = 3.0
BUSY_SECONDS: Final = 60.0
"""Longer than the presses of a round take; the load is ended with them."""
RESTARTS: Final = 5
WARM_EPOCH: Final = 500
BUSY_EPOCH: Final = 600
DRAIN_EPOCH: Final = 700


class Bench:
    """One run; `rows` grow."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self._sustained: float | None = None
        self.rows: list[Row] = []

    def run(self) -> None:
        """All that was asked for."""
        if "intake" in ONLY:
            self._intake()
        if "drain" in ONLY:
            self._drain()
        if set(ONLY) & {"press", "overtake", "memory", "restart"}:
            with chromium() as browser:
                self._with_browser(browser)

    def _intake(self) -> None:
        vaka, node_red, naive = Vaka(self._place), NodeRed(self._place), Naive(self._place)
        say(f"sustained intake: {vaka.name}, {node_red.name}, {naive.name} in turn")
        found = race(self._place, (vaka, node_red, naive), rounds=ROUNDS, seconds=SECONDS_EACH)
        self._sustained = sorted(one.rate for one in found[vaka.name])[ROUNDS // 2]
        readers = {
            name: [round(readers_cost(self._place.broker.port, reader), 1) for _ in range(ROUNDS)]
            for name, reader in (("paho", MqttBroker), ("of our own", MqttStream))
        }
        say(f"  readers, us of processor a message: {readers}")
        self._add(findings.intake(found, readers, vaka=vaka.name, node_red=node_red.name, naive=naive.name))

    def _drain(self) -> None:
        say("backlog drain and COPY in turn")
        rounds = [drain(self._place, SECONDS_EACH) for _ in range(ROUNDS)]
        self._add(findings.drain(rounds, shares(self._place, SECONDS_EACH)))

    def _with_browser(self, browser: Browser) -> None:
        hops: dict[str, list[float]] = {}
        idle: list[float] = []
        busy: list[float] = []
        each = -(-PRESSES // ROUNDS)
        rate = (self._sustained or self._sustained_now()) * SHARE_OF_SUSTAINED if "press" in ONLY else 0.0
        with rig(self._place, browser) as standing:
            self._warm_homes(standing)
            for turn in range(ROUNDS if "press" in ONLY else 0):
                say(f"round {turn + 1}: presses over an idle gateway, at 80 %, and the floor")
                idle += standing.presses(each)
                busy += self._busy(standing, rate, each, turn)
                for hop, samples in floor.measure(self._place, browser, count=each, url=standing.url).items():
                    hops.setdefault(hop, []).extend(samples)
            if idle:
                self._add([*findings.press(idle, hops), *findings.busy_press(busy, idle, rate)])
            self._rest(standing)

    def _sustained_now(self) -> float:
        say("sustained intake of Vaka, one round")
        return measure(self._place, Vaka(self._place), SECONDS_EACH).rate

    def _warm_homes(self, standing: Rig) -> None:
        """One fact of each of the 10,000 homes, so that all have a state."""
        order = Order(
            port=self._place.broker.port,
            database_url=standing.url,
            seconds=60,
            packets=HOMES,
            edges=HOMES,
            epoch=WARM_EPOCH,
        )
        load = Loading(order)
        load.go()
        load.said()
        time.sleep(BUSY_WARM_SECONDS)

    def _busy(self, standing: Rig, rate: float, count: int, turn: int) -> list[float]:
        order = Order(
            port=self._place.broker.port,
            database_url=standing.url,
            seconds=BUSY_SECONDS,
            packets=int(rate * BUSY_SECONDS),
            rate=rate,
            epoch=BUSY_EPOCH + turn,
        )
        load = Loading(order)
        load.go()
        time.sleep(BUSY_WARM_SECONDS)
        try:
            return standing.presses(count)
        finally:
            said = load.stop()
            say(f"  beside {said.committed / (said.ended - said.started):,.0f} facts/s of {rate:,.0f} wanted")
            time.sleep(BUSY_WARM_SECONDS)

    def _rest(self, standing: Rig) -> None:
        gateway = standing.gateway
        if "overtake" in ONLY:
            say("alarms overtake: bulk draining, bulk stopped in mid-transaction")
            found = overtake(self._place, gateway, standing.presses, count=PRESSES // 3, backlog=Backlog(DRAIN_EPOCH))
            self._add(findings.overtaking(found))
        if "memory" in ONLY:
            processes = {"alarm": resident_mib(gateway.alarm.pid), "bulk": resident_mib(gateway.bulk.pid)}
            together = together_mib((gateway.alarm.pid, gateway.bulk.pid))
            self._add(findings.memory(resident_mib(standing.edge.pid), together, processes, homes=HOMES))
        if "restart" in ONLY:
            say("restarts")
            edge, both = restarts.edge(standing, RESTARTS), restarts.gateway(self._place, gateway, RESTARTS)
            self._add(findings.restarts(edge, both))

    def _add(self, rows: Sequence[Row]) -> None:
        self.rows += rows
        say(table(rows))


def say(line: str) -> None:
    """Progress."""
    print(line, flush=True)


def _facts(place: Place) -> dict[str, str]:
    url = place.url_of("postgres")
    settings = {name: str(place.query(url, f"SHOW {name}")[0][0]) for name in SETTINGS}
    enrolled = "SELECT extversion FROM pg_extension WHERE extname = 'timescaledb'"
    versions = {
        "postgresql": str(place.query(url, "SHOW server_version")[0][0]),
        "timescaledb": str((place.query(place.url_of("enrolled"), enrolled) or [["none"]])[0][0]),
    }
    return machine(settings, versions)


def _end(_number: int, _frame: object) -> None:
    raise TimeoutError(f"the bench took longer than {LONGEST_SECONDS} s")


def main() -> int:
    """0 when every target was met, 1 when one was missed."""
    unknown = set(ONLY) - set(ALL)
    if unknown:
        say(f"ONLY may hold: {' '.join(ALL)}; not {' '.join(unknown)}")
        return 2
    began = datetime.now(tz=UTC)
    for number in (signal.SIGTERM, signal.SIGALRM):
        signal.signal(number, _end)
    signal.alarm(LONGEST_SECONDS)
    say("starting database and broker, enrolling 10,000 homes")
    with opened_place() as place:
        facts = _facts(place)
        for name, value in facts.items():
            say(f"{name:26} {value}")
        bench = Bench(place)
        try:
            bench.run()
        finally:
            signal.alarm(0)
            say("\n" + table(bench.rows))
            report = Report(facts, ROUNDS, SECONDS_EACH, bench.rows)
            say(f"written to {write(report, DATA / 'bench', began.strftime('%Y%m%dT%H%M%SZ'))}")
    return int(any(row.met is False for row in bench.rows))


if __name__ == "__main__":
    sys.exit(main())
