"""Nothing of one unit is ever seen from another: canaries in the second unit, random calls from the first.

The calls are made up from the published description, so that whatever is added to the API is tried as well.
"""

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

import httpx
import msgspec
import psycopg
import pytest

from gateway.adapters.postgres.municipality import Municipality, enrol_municipality
from gateway.embedded import PrivateBroker, PrivateDatabase
from gateway.model.authorisation import Role
from gateway.ports.people import Person
from tests import patient
from tests.gateway.enrolled import Household, household
from tests.gateway.serving import Serving, assert_problem, serve
from tests.gateway.signed import FIRST, SECOND, enrol_everybody, everybody, in_unit, person, sign_in

OURS = tuple(household(number) for number in (61, 62))
WORD = "kanariefågel"
AUDITED = """
INSERT INTO audit (at, person, action, subject, home, result)
SELECT now() - interval '1 minute' * n, 'person-caregiver', 'door.unlock', %s || n, %s, 'allowed'
FROM generate_series(1, 5) AS n RETURNING number
"""
STREAM_EVERY = 40
"""Every so many random calls one is a live connection during which something happens in the second unit."""
STREAM_LINES = 12
CHOSEN = {"member"}
"""Parts of a path that the caller makes up and is shown again."""
AUDIT = "/api/v1/audit"
OPEN_ENDED = {"/api/v1/live", "/api/v1/phone/live", "/api/v1/visits/live"}


def _canary(number: int) -> Household:
    house = in_unit(household(number), SECOND, f"{WORD} unit")
    home = msgspec.structs.replace(
        house.registration.home, label=f"{WORD} hem", address=f"{WORD}vägen 1", resident=f"{WORD} Svensson"
    )
    return msgspec.structs.replace(house, registration=msgspec.structs.replace(house.registration, home=home))


THEIRS = tuple(_canary(number) for number in (71, 72))


def _their_people() -> tuple[Person, ...]:
    return tuple(
        msgspec.structs.replace(one, name=f"{WORD} {one.name}", display=f"{WORD} {one.display}")
        for one in everybody(SECOND)
    )


class Units(NamedTuple):
    """A gateway with two units, an alert in each home of both, and what must never be seen from the first."""

    serving: Serving
    their_alerts: tuple[str, ...]
    our_alerts: tuple[str, ...]
    canaries: tuple[str, ...]

    def seen(self, text: str) -> list[str]:
        """The canaries in an answer, also where JSON has escaped them."""
        plain = text + json.dumps(text, ensure_ascii=False) + text.encode().decode("unicode_escape", errors="ignore")
        return [canary for canary in self.canaries if canary in plain]


@pytest.fixture(scope="module")
def units(
    database_server: PrivateDatabase,
    migrated_template: str,
    broker: PrivateBroker,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Units]:
    data: Path = tmp_path_factory.mktemp("units")
    for serving in serve(database_server, migrated_template, broker, data, OURS + THEIRS):
        enrol_everybody(serving.database_url, [*everybody(FIRST), *_their_people()])
        words = {"resident": (f"{WORD}ord", f"{WORD}word")}
        town = Municipality(id="municipality-0002", label=f"{WORD} kommun", units={SECOND: WORD}, words=words)
        enrol_municipality(serving.database_url, town)
        our_alerts = tuple(serving.press(house, 1)[0].id for house in OURS)
        their_alerts = tuple(serving.press(house, 1)[0].id for house in THEIRS)
        for house in OURS + THEIRS:
            serving.rows(AUDITED, f"command-{house.home}-", house.home)
        with serving.client() as token:
            sent = {"version": 1, "operator": f"{WORD} operatör"}
            assert token.post(f"/api/v1/alerts/{their_alerts[0]}/take", json=sent).status_code == 200
        ids = [*(house.home for house in THEIRS), *(house.edge for house in THEIRS), *their_alerts, SECOND]
        people = [one.id for one in everybody(SECOND)]
        yield Units(serving, their_alerts, our_alerts, (WORD, *ids, *people, *(house.door for house in THEIRS)))


def test_the_canaries_sing_to_their_own_unit(units: Units) -> None:
    """Else the tests below would prove nothing."""
    theirs = person(Role.OPERATOR, SECOND)
    with sign_in(units.serving.url, units.serving.database_url, theirs) as client:
        listed = client.get("/api/v1/alerts").text
        assert {WORD, units.their_alerts[0], THEIRS[0].home} <= set(units.seen(listed))
        assert OURS[0].home not in listed
        assert THEIRS[1].edge in units.seen(client.get("/api/v1/homes").text)
        assert THEIRS[0].home in units.seen(client.get(f"/api/v1/homes/{THEIRS[0].home}/day").text)


@pytest.mark.parametrize("role", Role)
def test_another_units_alert_and_home_answer_exactly_like_none(units: Units, role: Role) -> None:
    """Red without `require_alert` and `require_home`: a different answer would say that there is such a one."""
    nobody = "alert-0000000000000000", "home-0000000000000000"
    with sign_in(units.serving.url, units.serving.database_url, person(role)) as client:
        for theirs, none in ((units.their_alerts[0], nobody[0]), (units.their_alerts[1], nobody[0])):
            for version in (1, 2):
                sent = {"version": version}
                answers = [client.post(f"/api/v1/alerts/{one}/take", json=sent) for one in (theirs, none)]
                assert_problem(answers[0], 404, "unknown")
                assert answers[0].text == answers[1].text
        for path in ("/api/v1/homes/{}/day", "/api/v1/homes/{}/instruction"):
            answers = [client.get(path.format(one)) for one in (THEIRS[0].home, nobody[1])]
            assert_problem(answers[0], 404, "unknown")
            assert answers[0].text == answers[1].text


def test_a_resumed_stream_shows_only_the_own_units_rows(units: Units) -> None:
    with sign_in(units.serving.url, units.serving.database_url, person(Role.OPERATOR)) as client:
        lines = _stream(client, last="0", until=len(OURS))
    shown = [json.loads(line.removeprefix("data: ")) for line in lines if line.startswith('data: {"id"')]
    assert {one["home"] for one in shown} == {house.home for house in OURS}
    assert not units.seen("\n".join(lines))


def _stream(client: httpx.Client, *, last: str | None = None, until: int = 0) -> list[str]:
    """The lines of a live connection up to the pulse after so many alerts."""
    headers = {} if last is None else {"Last-Event-ID": last}
    found: list[str] = []
    with client.stream("GET", "/api/v1/live", headers=headers) as live:
        if live.status_code != 200:
            return [live.read().decode()]
        for line in patient.lines(live):
            found.append(line)
            enough = sum(line == "event: alert" for line in found) >= until
            if (enough and line == "event: pulse") or len(found) > STREAM_LINES * (until + 1):
                break
    return found


# --- random calls -----------------------------------------------------------------------------------------------------


class Caller:
    """Makes up calls from the description, with ids of both units and of none in every place."""

    def __init__(self, units: Units, chance: Random) -> None:
        self._units = units
        self._chance = chance
        self.answered = Counter[int]()
        described = patient.get(f"{units.serving.url}/openapi.json").json()
        self._schemas = described["components"]["schemas"]
        self._calls = [
            (method, path, operation)
            for path, methods in described["paths"].items()
            for method, operation in methods.items()
            if path not in OPEN_ENDED and (method, path) != ("delete", "/api/v1/session")
        ]
        theirs = (*units.their_alerts, *(house.home for house in THEIRS), *(one.id for one in everybody(SECOND)))
        ours = (*units.our_alerts, *(house.home for house in OURS))
        self._ids = (*theirs, *theirs, *ours, SECOND, "home-0000000000000000", "x", "../../healthz", "%00")

    def call(self, client: httpx.Client) -> str:
        """One call: its whole answer."""
        method, path, operation = self._chance.choice(self._calls)
        query: dict[str, Any] = {}
        for parameter in operation.get("parameters", ()):
            value = "made-up-0001" if parameter["name"] in CHOSEN else self._value(parameter["schema"])
            if parameter["in"] == "path":
                path = path.replace("{" + parameter["name"] + "}", str(value))
            elif parameter["in"] == "query" and self._chance.random() < 0.5:
                query[parameter["name"]] = value
        content = operation.get("requestBody", {}).get("content", {})
        json_body = content.get("application/json")
        body: dict[str, Any] = {"json": self._value(json_body["schema"])} if json_body else {}
        if content and not json_body:
            body = {"content": ";".join(self._chance.choices(self._ids, k=5)), "headers": {"Content-Type": "text/csv"}}
        answer = client.request(method.upper(), path, params=query, **body)
        self.answered[answer.status_code] += 1
        text = _without_echoes(answer) if path == AUDIT and answer.status_code == 200 else answer.text
        return f"{answer.headers}\n{text}"

    def _value(self, schema: dict[str, Any], depth: int = 0) -> Any:
        if "$ref" in schema:
            schema = self._schemas[schema["$ref"].rsplit("/", 1)[1]]
        if "enum" in schema:
            return self._chance.choice(schema["enum"])
        if "anyOf" in schema:
            return self._value(self._chance.choice(schema["anyOf"]), depth)
        kind = schema.get("type")
        if kind == "object" and depth < 5:
            required = schema.get("required", ())
            return {
                name: self._value(inner, depth + 1)
                for name, inner in schema.get("properties", {}).items()
                if name in required or self._chance.random() < 0.6
            }
        if kind == "array":
            return [self._value(schema["items"], depth + 1)]
        if kind in ("integer", "number"):
            return self._chance.choice((1, 2, 3, 500))
        if kind == "boolean":
            return self._chance.random() < 0.5
        if kind == "null":
            return None
        # What people write freely is shown to them again: only what is meant to be an id can be somebody else's.
        return self._chance.choice(self._ids if "pattern" in schema else ("text", "0" * 64, "2026-11-22T04:48:04Z"))


@pytest.mark.parametrize("count", [400, pytest.param(10_000, marks=pytest.mark.long)], ids=["short", "ten-thousand"])
def test_no_random_call_and_no_stream_shows_anything_of_the_other_unit(units: Units, count: int) -> None:
    serving, chance = units.serving, Random(count)
    caller = Caller(units, chance)
    # An administrator of the first unit may revoke its people; who calls must stay.
    callers = everybody(FIRST)
    clients = {one.id: sign_in(serving.url, serving.database_url, one) for one in callers}
    presses = iter(range(2, count + 2))
    for number in range(count):
        one = chance.choice(callers)
        if number % STREAM_EVERY == 0:
            serving.press(chance.choice(THEIRS), next(presses))
            text = "\n".join(_stream(clients[one.id], last=chance.choice((None, "0", "1", "99999"))))
        else:
            text = caller.call(clients[one.id])
        assert not units.seen(text), (number, one.id, text[:2_000])
    assert _still_in(clients) == {200}
    assert caller.answered[200] > count / 20, caller.answered
    assert caller.answered[500] == 0, caller.answered
    for client in clients.values():
        client.close()
    _nothing_of_theirs_was_touched_or_logged(serving)


def _without_echoes(answer: httpx.Response) -> str:
    """The audit keeps what was refused as it was asked: the purpose is what a caller of ours made up."""
    entries = answer.json()
    return json.dumps([{**one, "purpose": None} if one["result"] == "denied" else one for one in entries])


def _still_in(clients: dict[str, httpx.Client]) -> set[int]:
    """The sessions have lasted: else most of the calls would have been refused at the door."""
    return {client.get("/api/v1/session").status_code for client in clients.values()}


def _nothing_of_theirs_was_touched_or_logged(serving: Serving) -> None:
    homes, ours = [house.home for house in THEIRS], [one.id for one in everybody(FIRST)]
    with psycopg.connect(serving.database_url) as connection:
        for statement in (
            "SELECT count(*) FROM read_log WHERE home = ANY(%(homes)s) AND person = ANY(%(ours)s)",
            "SELECT count(*) FROM alert_log WHERE home = ANY(%(homes)s) AND person = ANY(%(ours)s)",
            "SELECT count(*) FROM person WHERE unit = 'unit-0002' AND revoked_at IS NOT NULL",
            "SELECT count(*) FROM invitation AS i JOIN person AS p ON p.id = i.person WHERE p.unit = 'unit-0002'",
        ):
            row = connection.execute(statement, {"homes": homes, "ours": ours}).fetchone()
            assert row == (0,), statement
