"""The edge of docs/example_edge, in another language, against the real gateway: nothing lost, nothing doubled."""

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft7Validator

from gateway.edges.authority_files import open_authority, open_server
from gateway.embedded import Binaries, EdgeListener, PrivateBroker, PrivateDatabase
from gateway.identity import FOLDER
from gateway.model.broker_rights import rights
from gateway.model.certificates import RENEW_AFTER
from homecare.clock import DAY, SystemClock
from tests.forked import start_gateway
from tests.gateway.enrolled import household
from tests.gateway.serving import STOP_SECONDS, Serving, serve
from tests.other_language.line import line_to
from tests.other_language.node_edge import NodeEdge, run
from tests.ports import new_port
from tests.servers import ROOT
from tests.waiting import until

HOUSE = household(71)
BUTTON = {"driver": "bthome", "address": "A4:C1:38:00:00:71", "capabilities": ["help_call", "observation"]}
BACKLOG = 300
FACTS = Draft7Validator(json.loads((ROOT / "docs" / "schemas" / "facts.json").read_text()))
ROWS = """
    SELECT epoch, stream, seq FROM event WHERE edge = %(edge)s
    UNION ALL SELECT epoch, stream, seq FROM observation WHERE edge = %(edge)s
"""


class Gateway:
    """Both processes, and the ports that edges are told."""

    def __init__(self, alarm: Serving, folder: Path, *, tls: int, line: int) -> None:
        self.alarm = alarm
        self.tls = tls
        self.line = line
        self._log = folder / "bulk-log"

    def start_bulk(self) -> None:
        self._bulk = start_gateway(["bulk"], self.alarm.environment, self._log)

    def kill(self) -> None:
        """Both, without a farewell."""
        for process in (self.alarm.process, self._bulk):
            process.kill()
            process.join(STOP_SECONDS)

    def start(self) -> None:
        self.start_bulk()
        self.alarm.start()

    def stop_bulk(self) -> None:
        self._bulk.terminate()
        self._bulk.join(STOP_SECONDS)

    def enrol(self, folder: Path) -> NodeEdge:
        """A new edge of the house, let in by a claim code over TLS; bulk begins with it, and so knows it at once."""
        with self.alarm.client() as client:
            member = f"/api/v1/homes/{HOUSE.home}/members/member-0071"
            for path, body in ((member, {"kind": "resident"}), (f"{member}/consent", {"given": True})):
                answer = client.put(path, json=body)
                assert answer.is_success, answer.text
            answer = client.post(f"/api/v1/homes/{HOUSE.home}/claim-codes", json={"devices": [BUTTON]})
            assert answer.status_code == 201, answer.text
        run("enrol.mjs", f"https://localhost:{self.tls}", answer.json()["code"], str(folder))
        self.start_bulk()
        return NodeEdge(folder)

    def rows(self, edge: NodeEdge) -> Counter[tuple[object, ...]]:
        """How often each fact of the edge stands in the database."""
        statement = ROWS.replace("%(edge)s", f"'{edge.id}'")
        return Counter(self.alarm.rows(statement))

    def calls(self) -> list[dict[str, Any]]:
        with self.alarm.client() as client:
            alerts = client.get("/api/v1/alerts").json()["alerts"]
        return [alert for alert in alerts if alert["condition"] == "help_call"]

    def forget(self, edge: NodeEdge, *, beyond: int) -> None:
        """What a restored backup lacks: every fact on record beyond this seq of each epoch. Bulk must be away."""
        where = f"edge = '{edge.id}' AND stream = 'record'"
        for table in ("event", "observation"):
            self.alarm.rows(f"DELETE FROM {table} WHERE {where} AND seq > {beyond} RETURNING 1")
        statement = f"UPDATE cursor SET durable = {beyond} WHERE {where} AND durable > {beyond} RETURNING 1"
        assert self.alarm.rows(statement)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """The gateway's folder of keys; its name is part of the database's."""
    folder = tmp_path / f"{tmp_path.name[-20:]}_data"
    folder.mkdir()
    return folder


@pytest.fixture
def certifying(binaries: Binaries, servers_folder: Path, data: Path) -> Iterator[PrivateBroker]:
    """A broker that takes edges over TLS by the gateway's certificates only."""
    clock = SystemClock()
    authority = open_authority(data / FOLDER, clock)
    server = open_server(data / FOLDER, authority, clock)
    listener = EdgeListener(
        port=new_port(),
        authority=authority.certificate,
        server_certificate=server.certificate,
        server_key=server.key,
        rights=rights(()),
    )
    broker = PrivateBroker(binaries, servers_folder / data.name, new_port(), edges=listener)
    broker.start()
    yield broker
    broker.stop()


@pytest.fixture
def gateway(
    database_server: PrivateDatabase, migrated_template: str, certifying: PrivateBroker, data: Path, tmp_path: Path
) -> Iterator[Gateway]:
    tls, line = new_port(), new_port()
    told = {
        "VAKA_TLS_PORT": str(tls),
        "VAKA_EDGES_BROKER_URL": f"mqtts://127.0.0.1:{line}",
        "VAKA_BROKER_RIGHTS_FILE": str(certifying.rights_file),
        "VAKA_BROKER_PID_FILE": str(certifying.pid_file),
    }
    for alarm in serve(database_server, migrated_template, certifying, data, (HOUSE,), **told):
        both = Gateway(alarm, tmp_path, tls=tls, line=line)
        yield both
        both.stop_bulk()


def test_the_example_makes_the_bytes_of_the_vectors() -> None:
    said = run("check.mjs")
    assert said.endswith("as they should be\n")
    assert f"# {said.strip()}" in (ROOT / "docs" / "write_an_edge.md").read_text()


async def say_something_until_heard(edge: NodeEdge) -> None:
    """Return when the bulk process answers the edge."""
    before = len(edge.said("receipted"))
    edge.start()
    await until(lambda: len(edge.said("receipted")) > before)


@pytest.mark.asyncio
async def test_the_example_loses_nothing_and_doubles_nothing(
    gateway: Gateway, certifying: PrivateBroker, tmp_path: Path
) -> None:
    """A press, telemetry, a cut line, both sides killed, a press into the void, a restored database; then count."""
    edge = gateway.enrol(tmp_path / "edge")

    def recorded() -> bool:
        return set(gateway.rows(edge)) == {fact for fact, _ in edge.kept()}

    async with line_to(certifying.edges_url, gateway.line) as line:
        edge.start()
        edge.press()
        edge.measure(20.5, 21, 21.5)
        await until(gateway.calls)
        await line.cut()  # what nobody was there to hear is said again with the next connection, and not after 10 s
        await line.join()
        await until(lambda: len(edge.said("connected")) == 2)
        await until(recorded)
        assert [call["occurrences"] for call in gateway.calls()] == [1]

        ended = len(edge.said("disconnected"))
        await line.cut()
        await until(lambda: len(edge.said("disconnected")) > ended)
        edge.measure(*range(BACKLOG))
        edge.press()
        await until(lambda: len([one for one in edge.said("stated") if one["stream"] == "alarm"]) == 2)
        edge.kill()
        gateway.kill()
        await line.join()
        edge.start()
        await until(lambda: len(edge.said("connected")) == 3)
        edge.press()
        gateway.start()
        await until(recorded)
        assert [call["occurrences"] for call in gateway.calls()] == [3], "every press counts once"

        edge.kill()
        gateway.stop_bulk()
        gateway.forget(edge, beyond=2)
        assert not recorded()
        gateway.start_bulk()
        await say_something_until_heard(edge)
        edge.kill()
        edge.start()  # its first heartbeat now finds somebody who answers it
        await until(recorded)
    edge.kill()
    rows, kept = gateway.rows(edge), dict(edge.kept())
    assert set(rows.values()) == {1}, "doubled"
    assert set(rows) == set(kept), "lost, or of nobody"
    assert len(kept) > BACKLOG
    assert not gateway.alarm.rows("SELECT reason, detail FROM quarantine WHERE authentic")
    FACTS.validate(list(kept.values()))


@pytest.mark.asyncio
async def test_a_word_under_its_counter_counts_once_and_a_press_without_one_always(
    gateway: Gateway, certifying: PrivateBroker, tmp_path: Path
) -> None:
    """What the document says of `counter`: an edge that gives one which begins anew would lose calls."""
    edge = gateway.enrol(tmp_path / "edge")
    async with line_to(certifying.edges_url, gateway.line):
        for runs in (1, 2):
            edge.start()
            edge.hear({"type": "help_called"}, counter=7)
            edge.press()
            await until(lambda runs=runs: edge.receipted("alarm").count(2) == runs)
            edge.kill()
        assert [call["occurrences"] for call in gateway.calls()] == [3]
    assert [fact["counter"] for (_, stream, _), fact in edge.kept() if stream == "alarm"] == [7, None] * 2


@pytest.mark.asyncio
async def test_the_example_renews_its_certificate_and_goes_on_with_it(
    gateway: Gateway, certifying: PrivateBroker, tmp_path: Path
) -> None:
    """Told that it is time, it makes a key, asks, connects with what it gets, and shows it; killed, it still has it."""
    edge = gateway.enrol(tmp_path / "edge")
    days = RENEW_AFTER // DAY + 1
    aged = f"UPDATE certificate SET issued_at = issued_at - interval '{days} days' WHERE edge = '{edge.id}' RETURNING 1"
    assert gateway.alarm.rows(aged)
    before = edge.config["tls"]
    given = f"SELECT seen_at IS NOT NULL FROM certificate WHERE edge = '{edge.id}' ORDER BY issued_at"
    async with line_to(certifying.edges_url, gateway.line):
        edge.start()
        edge.press()
        await until(gateway.calls)
        edge.kill()
        edge.configure(first_ask=1)
        edge.start()
        await until(lambda: gateway.alarm.rows(given) == [(True,), (True,)])
        await until(lambda: [one["outcome"] for one in edge.said("certificate")] == ["renew", "issued", "not_yet"])
        edge.kill()
        edge.start()
        edge.press()
        await until(lambda: [call["occurrences"] for call in gateway.calls()] == [2])
        edge.kill()
    after = edge.config["tls"]
    assert after.keys() == before.keys()
    assert (after["cert"] != before["cert"], after["key"] != before["key"]) == (True, True)
