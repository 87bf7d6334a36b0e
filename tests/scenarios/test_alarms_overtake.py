"""Alarms overtake: while bulk drains a backlog of 2,000 edges, and while its process stands still in mid-transaction.

Real database, broker and gateway processes; the desk is a reader of the live feed. The same deed through the bulk lane
is measured in the same run, and only the two are compared: what a press may take on a machine that does nothing else
is measured by the long form, with a real button, edge and browser, `make bench ONLY=overtake`.
"""

import http.client
import json
import statistics
import threading
import time
from contextlib import closing
from random import Random
from urllib.parse import urlsplit

import pytest

from tests.benchmarks import packets
from tests.benchmarks.overtaking import Backlog, Overtaken, overtake
from tests.benchmarks.place import Gateway, Place, opened_place
from tests.benchmarks.street import EDGES, Dwelling

HOMES = EDGES + 400
FIRST_CALLER = EDGES + 200
PRESSES = 20
SEEN_SECONDS = 60.0
STOP_SECONDS = 10.0
SOONER = 10
"""Times that a press is at the desk before a deed of the bulk lane is done; some hundred on a free machine."""
PACE_SECONDS = (0.03, 0.08)
BACKLOG = Backlog(epoch=3, facts_a_frame=50, seconds=8.0)


class Desk(threading.Thread):
    """An operator's live feed: notes when it first hears of a home's alert."""

    def __init__(self, gateway: Gateway) -> None:
        super().__init__(daemon=True)
        self._where = urlsplit(gateway.url)
        self._token = gateway.token
        self._heard = threading.Condition()
        self._seen: dict[str, float] = {}
        self.open = threading.Event()

    def run(self) -> None:
        line = http.client.HTTPConnection(self._where.netloc, timeout=60)
        headers = {"Authorization": f"Bearer {self._token}", "X-Vaka-Operator": "Elin"}
        line.request("GET", "/api/v1/live", headers=headers)
        with closing(line), line.getresponse() as answer:
            self._read(answer)

    def _read(self, answer: http.client.HTTPResponse) -> None:
        event = ""
        while said := answer.readline().decode():
            name, _, value = said.rstrip("\n").partition(": ")
            event = value if name == "event" else event
            if name == "data" and event == "snapshot":
                self.open.set()
            elif name == "data" and event == "alert":
                with self._heard:
                    self._seen.setdefault(json.loads(value)["home"], time.monotonic())
                    self._heard.notify_all()

    def seen(self, home: str) -> float | None:
        """When the home's alert came, waiting for it; None if it does not come."""
        with self._heard:
            self._heard.wait_for(lambda: home in self._seen, SEEN_SECONDS)
            return self._seen.get(home)


class Callers:
    """Homes that call one after another, each once, through the broker."""

    def __init__(self, place: Place, desk: Desk) -> None:
        self._line = packets.opened(place.broker.port, "callers")
        self._desk = desk
        self._next = FIRST_CALLER
        self._chance = Random(1)

    def press(self, count: int) -> list[float]:
        """Seconds from each press to the desk."""
        found = []
        for _ in range(count):
            caller = Dwelling(self._next, epoch=7)
            self._next += 1
            frame = caller.press(1, time.time_ns() // 1000)
            pressed = time.monotonic()
            self._line.sendall(packets.publish(caller.topic("alarm"), frame, 1))
            self._line.recv(packets.PUBACK_BYTES)
            seen = self._desk.seen(caller.home)
            found.append(SEEN_SECONDS if seen is None else seen - pressed)
            time.sleep(self._chance.uniform(*PACE_SECONDS))
        return found

    def close(self) -> None:
        """Hang up."""
        self._line.close()


@pytest.fixture(scope="module")
def overtaken() -> Overtaken:
    with opened_place(homes=HOMES) as place, place.fresh() as url:
        gateway = Gateway(place, url)
        try:
            desk = Desk(gateway.start())
            desk.start()
            assert desk.open.wait(SEEN_SECONDS)
            with closing(Callers(place, desk)) as callers:
                callers.press(PRESSES)  # the first ones warm every part up and are not counted
                found = overtake(place, gateway, callers.press, count=PRESSES, backlog=BACKLOG)
        finally:
            gateway.stop()
        desk.join(STOP_SECONDS)
    return found


def test_a_press_overtakes_a_backlog(overtaken: Overtaken) -> None:
    """Behind the backlog it would wait for seconds: the alarm lane shares neither topic, process nor rows with it."""
    sooner = statistics.median(overtaken.deeds) / statistics.median(overtaken.draining)
    assert sooner >= SOONER, overtaken
    assert max(overtaken.draining) < statistics.median(overtaken.deeds), overtaken


def test_a_press_needs_nothing_of_a_bulk_process_that_stands_still_in_its_transaction(overtaken: Overtaken) -> None:
    """A row lock, or a unique index entry, that both lanes need would hold the alarm up for as long as bulk stands."""
    sooner = statistics.median(overtaken.stopped_deeds) / statistics.median(overtaken.stopped)
    assert sooner >= SOONER, overtaken
    assert max(overtaken.stopped) < statistics.median(overtaken.stopped_deeds), overtaken
