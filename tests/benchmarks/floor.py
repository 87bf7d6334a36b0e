"""The floor under a press: every hop that cannot be left out, each measured by itself in the same run.

Radio facade to listener, journal commit, broker hop, database commit, server-sent event to document. The hops of one
number are added up, so that the floor is a distribution too.
"""

import queue
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from random import Random
from typing import Any, Final

import psycopg
from playwright.sync_api import Browser

from edge.entry import Entry
from edge.journal import Journal
from homecare.clock import SystemClock
from homecare.event import HelpCalled
from homecare.identity import HomeId, new_epoch
from simulator.bluez.bus import VARIABLE
from tests.benchmarks import packets
from tests.benchmarks.place import Place, Process
from tests.benchmarks.press import PACE_SECONDS, Radio

REST_SECONDS: Final = (0.005, 0.02)
"""Between two samples of a hop: nothing is hot from the sample before."""
HOP_SECONDS: Final = 10.0
QUOTA: Final = 64 * 1024 * 1024
PAYLOAD: Final = bytes(400)
"""As long as a frame with one alarm."""
PAGE: Final = b"""<!doctype html><meta charset="utf-8"><ul></ul><script>
window.seen = [];
const list = document.querySelector("ul");
new MutationObserver(() => window.seen.push(performance.timeOrigin + performance.now()))
  .observe(list, { childList: true });
new EventSource("/live").onmessage = (event) => {
  const line = document.createElement("li");
  line.textContent = event.data;
  list.append(line);
};
</script>"""

Hop = Callable[[], float]
"""One sample: seconds."""


def measure(place: Place, browser: Browser, *, count: int, url: str) -> dict[str, list[float]]:
    """`count` samples of every hop, in seconds."""
    return {
        "radio to listener": _radio(place, count),
        "journal commit": _journal(count),
        "broker hop": _broker(place, count),
        "database commit": _database(url, count),
        "event to document": _event(browser, count),
    }


def _sampled(hop: Hop, count: int) -> list[float]:
    chance, found = Random(2), []
    for _ in range(count):
        time.sleep(chance.uniform(*REST_SECONDS))
        found.append(hop())
    return found


def _radio(place: Place, count: int) -> list[float]:
    """From just before the first advertisement to the transport's callback in another process."""
    folder = place.folder / "floor-radio"
    radio = Radio(folder)
    log = place.folder / "ear.log"
    log.unlink(missing_ok=True)
    ear = Process([sys.executable, "-m", "tests.benchmarks.ear"], log, {VARIABLE: radio.bus})
    try:
        ear.start()
        ear.until(lambda: "ready" in ear.said())
        chance, pressed = Random(3), []
        for _ in range(count):
            pressed.append(radio.press())
            time.sleep(chance.uniform(*PACE_SECONDS))
        heard = [int(line.split()[1]) / 1e9 for line in ear.said().splitlines() if line != "ready"]
    finally:
        ear.stop()
        radio.stop()
    if len(heard) != count:
        raise ValueError(f"the ear heard {len(heard)} of {count} presses")
    return [there - here for here, there in zip(pressed, heard, strict=True)]


def _journal(count: int) -> list[float]:
    """One alarm made durable in an edge's journal on this disk."""
    clock = SystemClock()
    with tempfile.TemporaryDirectory(prefix="vaka-bench-journal-") as folder:
        journal = Journal.open(
            Path(folder) / "journal.db", epoch=new_epoch(), home=HomeId("home-floor-00001"), clock=clock, quota=QUOTA
        )

        def commit() -> float:
            now = clock.now()
            entry = Entry(
                event=HelpCalled(),
                device=None,
                occurred_at=now.wall,
                received_at=now.wall,
                uncertainty=now.uncertainty,
                elapsed=journal.elapsed(now),
                counter=None,
            )
            began = time.perf_counter()
            journal.append([entry])
            return time.perf_counter() - began

        try:
            return _sampled(commit, count)
        finally:
            journal.close()


def _broker(place: Place, count: int) -> list[float]:
    """From one raw client through the broker to another, QoS 1."""
    ears = packets.listening(place.broker.port, "floor-ears", "floor", 1)
    line = packets.opened(place.broker.port, "floor")
    data = packets.publish("floor", PAYLOAD, 1)

    def hop() -> float:
        began = time.perf_counter()
        line.sendall(data)
        got = b""
        while len(got) < len(data):
            got += ears.recv(4096)
        passed = time.perf_counter() - began
        ears.sendall(packets.puback(int.from_bytes(got[9:11], "big")))
        line.recv(packets.PUBACK_BYTES)
        return passed

    with ears, line:
        return _sampled(hop, count)


def _database(url: str, count: int) -> list[float]:
    """One row inserted and committed, sent and answered."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS floor (id bigserial PRIMARY KEY, said text NOT NULL)")

        def commit() -> float:
            began = time.perf_counter()
            connection.execute("INSERT INTO floor (said) VALUES (%s)", ("press",))
            return time.perf_counter() - began

        return _sampled(commit, count)


def _event(browser: Browser, count: int) -> list[float]:
    """From a bare server's write to a bare page's document."""
    server = _Server(("127.0.0.1", 0), _Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    page = browser.new_page()
    try:
        page.goto(f"http://127.0.0.1:{server.server_port}/")
        server.listening.get(timeout=HOP_SECONDS)

        def hop() -> float:
            server.say.put("press")
            began = server.said.get(timeout=HOP_SECONDS)
            page.wait_for_function("() => window.seen.length > 0")
            return float(page.evaluate("window.seen.splice(0)")[0]) / 1000 - began

        return _sampled(hop, count)
    finally:
        page.close()
        server.say.put("")
        server.shutdown()
        server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, *where: Any) -> None:
        super().__init__(*where)
        self.listening: queue.Queue[bool] = queue.Queue()
        self.say: queue.Queue[str] = queue.Queue()
        self.said: queue.Queue[float] = queue.Queue()


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def do_GET(self) -> None:
        live = self.path == "/live"
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream" if live else "text/html")
        self.end_headers()
        if not live:
            self.wfile.write(PAGE)
            return
        self.wfile.flush()
        self.server.listening.put(True)
        while word := self.server.say.get():
            began = time.time()
            self.wfile.write(f"data: {word}\n\n".encode())
            self.wfile.flush()
            self.server.said.put(began)

    def log_message(self, *_: Any) -> None:
        """Say nothing."""
