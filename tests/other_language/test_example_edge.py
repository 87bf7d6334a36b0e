"""The edge of docs/example_edge, in another language, against the real gateway: nothing lost, nothing doubled."""

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft7Validator

from gateway.embedded import PrivateBroker, PrivateDatabase
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
def gateway(
    database_server: PrivateDatabase, migrated_template: str, broker: PrivateBroker, tmp_path: Path
) -> Iterator[Gateway]:
    tls, line = new_port(), new_port()
    told = {"VAKA_TLS_PORT": str(tls), "VAKA_EDGES_BROKER_URL": f"mqtt://127.0.0.1:{line}"}
    data = tmp_path / "other_language"
    data.mkdir()
    for alarm in serve(database_server, migrated_template, broker, data, (HOUSE,), **told):
        both = Gateway(alarm, tmp_path, tls=tls, line=line)
        yield both
        both.stop_bulk()


def test_the_example_makes_the_bytes_of_the_vectors() -> None:
    assert run("check.mjs").endswith("as they should be\n")


async def say_something_until_heard(edge: NodeEdge) -> None:
    """Return when the bulk process answers the edge."""
    before = len(edge.said("receipted"))
    edge.start()
    await until(lambda: len(edge.said("receipted")) > before)


@pytest.mark.asyncio
async def test_the_example_loses_nothing_and_doubles_nothing(
    gateway: Gateway, broker: PrivateBroker, tmp_path: Path
) -> None:
    """A press, telemetry, a cut line, both sides killed, a press into the void, a restored database; then count."""
    edge = gateway.enrol(tmp_path / "edge")

    def recorded() -> bool:
        return set(gateway.rows(edge)) == {fact for fact, _ in edge.kept()}

    async with line_to(broker.url, gateway.line) as line:
        edge.start()
        edge.press()
        edge.measure(20.5, 21, 21.5)
        await until(lambda: gateway.calls() and recorded())
        assert [call["occurrences"] for call in gateway.calls()] == [1]

        await line.cut()
        await until(lambda: edge.said("disconnected"))
        edge.measure(*range(BACKLOG))
        edge.press()
        await until(lambda: len([one for one in edge.said("stated") if one["stream"] == "alarm"]) == 2)
        edge.kill()
        gateway.kill()
        await line.join()
        edge.start()
        await until(lambda: len(edge.said("connected")) == 2)
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
