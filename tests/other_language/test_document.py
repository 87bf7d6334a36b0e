"""What docs/asyncapi.yaml and docs/write_an_edge.md say in words is what the code does: bytes, numbers, names."""

import json
import re
from typing import Any

import psycopg
import pytest
import yaml

from edge import lane, retention
from edge.health import CONFIRM_EVERY, MISSED
from gateway.adapters.postgres.alarm_intake import TOLD_AGAIN_WITHIN
from gateway.doors.commanding import CLOSES_AFTER
from gateway.edges.enrolment import CODE_LIFE
from gateway.intake import registry
from gateway.model import estimate, receipts
from gateway.model.certificates import DUE_AFTER
from gateway.web.integrator_schemas import ClaimRequest, EnrolledView, EnrolRequest
from homecare import delivery, wire
from homecare.claim import PART_BYTES
from homecare.clock import DAY, MINUTE, SECOND
from homecare.command import COMMAND_LIFE, LIFE_LIMIT
from homecare.envelope import ENVELOPE_LIMIT, decode_envelope, encode_envelope
from homecare.event import STREAM_OF, Observed, Stream
from homecare.identity import EdgeId, Epoch
from tests.homecare.test_wire import envelope
from tests.servers import ROOT


def plain(text: str) -> str:
    """Without line breaks and emphasis."""
    return " ".join(text.replace("**", "").split())


DESCRIPTION: str = yaml.safe_load((ROOT / "docs" / "asyncapi.yaml").read_text())["info"]["description"]
PAGE = (ROOT / "docs" / "write_an_edge.md").read_text()
SAID = plain(DESCRIPTION)
TOLD = plain(PAGE)
FIELDS = {
    "version": 1,
    "kind": 1,
    "stream": 3,
    "edge_len": 13,
    "count": 7,
    "epoch": 0x0102030405060708,
    "first": 0x1112131415161718,
    "run": 0x2122232425262728,
    "beat": 0x3132333435363738,
}
ALARM_SECONDS = tuple(wait // SECOND for wait in lane.ALARM_RESEND)
NUMBERS = [
    (SAID, r"one frame of at most ([\d,]+) bytes", wire.FRAME_LIMIT),
    (SAID, r"facts in the body \(1 to (\d+)\)", wire.FACTS_LIMIT),
    (SAID, r"One envelope has at most ([\d,]+) bytes", ENVELOPE_LIMIT),
    (SAID, r"access and record again after (\d+) s", lane.BULK_RESEND // SECOND),
    (SAID, r"ours has (\w+), at most", lane.WINDOW_FRAMES),
    (SAID, r"at most (\d+) KiB\)", lane.WINDOW_BYTES // 1024),
    (SAID, r"the rest after 0\.(\d) s", receipts.COALESCE * 10 // SECOND),
    (SAID, r"an equal one means, (\w+) second after", lane.ASKED_RESEND // SECOND),
    (SAID, r"committed it, and (\w+) days longer", retention.RETENTION // DAY),
    (SAID, r"of another epoch of this edge within (\w+) day", TOLD_AGAIN_WITHIN // DAY),
    (SAID, r"Heartbeat\. Every (\d+) s", delivery.HEARTBEAT_EVERY // SECOND),
    (SAID, r"After (\d+) s without one", delivery.EDGE_LOST_AFTER // SECOND),
    (SAID, r"in turn, (\d+) at most", delivery.HEARTBEAT_EPOCHS),
    (SAID, r"Where `uncertainty` is above (\d+) s", estimate.TRUSTED // SECOND),
    (SAID, r"the heartbeats by more than (\w+) minute", estimate.SLACK // MINUTE),
    (SAID, r"when (\w+) such reports are missing", MISSED),
    (SAID, r"Every (\d+) minutes `coverage_confirmed`", CONFIRM_EVERY // MINUTE),
    (SAID, r"has not passed and lies at most (\d+) s ahead", LIFE_LIMIT // SECOND),
    (SAID, r"the time since it was heard, and (\d+) s", COMMAND_LIFE // SECOND),
    (SAID, r"Within (\d+) s of the tap", CLOSES_AFTER // SECOND),
    (SAID, r"after (\d+) days people see a fault", DUE_AFTER // DAY),
    (TOLD, r"within (\d+) minutes, once", CODE_LIFE // MINUTE),
    (TOLD, r"The first (\d+) bytes of the SHA-256", PART_BYTES),
    (TOLD, r"knows the new edge within (\w+) seconds", round(registry.REFRESH_SECONDS)),
    (TOLD, r"a heartbeat every (\d+) s", delivery.HEARTBEAT_EVERY // SECOND),
    (TOLD, r"not seen after (\d+) s", delivery.EDGE_LOST_AFTER // SECOND),
    (TOLD, r"up to ([\d,]+) facts into a frame", wire.FACTS_LIMIT),
    (TOLD, r"a fault at the desk after (\d+) days", DUE_AFTER // DAY),
]
WORDS = {"a": 1, "one": 1, "two": 2, "three": 3, "seven": 7, "eight": 8}


@pytest.mark.parametrize(("text", "pattern", "value"), NUMBERS, ids=[pattern for _, pattern, _ in NUMBERS])
def test_a_number_in_words_is_the_one_in_the_code(text: str, pattern: str, value: int) -> None:
    found = re.findall(pattern, text)
    assert found, "the sentence is gone: say the number elsewhere, and follow it here"
    assert {WORDS.get(one) or int(one.replace(",", "")) for one in found} == {value}


def test_alarms_are_sent_again_as_it_says() -> None:
    found = re.search(r"again after ([\d, ]+) and then every (\d+) s", SAID)
    assert found
    assert (*map(int, found[1].split(", ")), int(found[2])) == ALARM_SECONDS


def rows() -> list[list[str]]:
    """The table of the header: offset, bytes, field, meaning."""
    lines = [line.strip().strip("|").split("|") for line in DESCRIPTION.splitlines() if line.strip().startswith("|")]
    return [[cell.strip() for cell in line] for line in lines]


def test_the_header_lies_where_the_table_says() -> None:
    edge = EdgeId("edge-00000001")
    assert len(edge) == FIELDS["edge_len"]
    numbers = {name: FIELDS[name] for name in ("count", "first", "beat")}
    epochs = {name: Epoch(FIELDS[name]) for name in ("epoch", "run")}
    header = wire.Header(kind=wire.Kind.FACTS, edge=edge, stream=Stream.RECORD, **numbers, **epochs)  # type: ignore[arg-type]
    frame = wire.pack(header, b"[]", bytes(32))
    seen = {}
    for offset, size, field, _ in rows():
        if offset.isdigit() and size.isdigit() and field != "magic":
            seen[field] = int.from_bytes(frame[int(offset) : int(offset) + int(size)])
    assert seen == FIELDS
    meaning = {field: words for _, _, field, words in rows()}
    assert dict(re.findall(r"(\d) (\w+)", meaning["kind"])) == {str(int(one)): one.name.lower() for one in wire.Kind}
    assert dict(re.findall(r"(\d) (\w+)", meaning["stream"])) == {"1": "alarm", "2": "access", "3": "record"}


def test_json_may_be_written_as_it_says() -> None:
    ours = envelope(event=Observed("temperature", 21.0, ""))
    members: dict[str, Any] = json.loads(encode_envelope(ours))
    members["event"] = {"value": 21, "quantity": "temperature", "type": "observed", "unknown": [1]}
    other = json.dumps(dict(reversed(members.items())) | {"counter": None, "newer": {"x": 1}}, indent=3)
    assert decode_envelope(other.encode()) == ours


def test_every_event_named_is_one() -> None:
    events = {str(event.__struct_config__.tag) for event in STREAM_OF}
    named = set(re.findall(r"`([a-z]+_[a-z]+)`", DESCRIPTION + PAGE))
    others = {"certificate_ask", "heard_through", "public_key", "gateway_public_key", "reports_every", "broker_url"}
    others |= {"not_after", "not_heard", "edge_public", "vaka_bulk_quarantined_total"}
    assert named - others <= events


def test_enrolment_is_asked_and_answered_as_the_page_says() -> None:
    part = PAGE[PAGE.index("## 2.") : PAGE.index("## 3.")]
    ask = next(line.strip() for line in part.splitlines() if line.strip().startswith("{"))
    assert ClaimRequest.model_validate_json(ask).devices
    posted = part[part.index("3. `POST") : part.index("The gateway knows")]
    assert set(EnrolRequest.model_fields) == set(re.findall(r"`(\w+)`", posted))
    answer = part[part.index("answer has") : part.index("Keep all of it")]
    assert set(re.findall(r"`(\w+)`", answer)) - {"reports_every"} == set(EnrolledView.model_fields) - {"due_at"}


def test_the_statements_that_count_can_be_run(database_url: str) -> None:
    found = re.search(r"```sql\n(.*?)```", PAGE, re.DOTALL)
    assert found
    statements = [statement for statement in found[1].split(";") if statement.strip()]
    assert len(statements) == 3
    with psycopg.connect(database_url) as connection:
        for statement in statements:
            connection.execute(statement.encode())
