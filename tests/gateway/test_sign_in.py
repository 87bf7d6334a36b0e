"""Sessions, the demonstration's sign-in, and what a browser must not be made to do."""

import re
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import httpx
import psycopg
import pytest

from gateway.embedded import PrivateBroker, PrivateDatabase
from gateway.model.authorisation import Allowed, Permission, Resource, Role, Subject, decide
from gateway.people.sessions import DESK, HAND
from gateway.web.session import COOKIE
from gateway.web.tenancy import LOOK_SECONDS
from homecare.clock import SECOND as SECONDS
from homecare.identity import UnitId
from tests import patient
from tests.gateway.serving import HOUSES, Serving, assert_problem, serve
from tests.gateway.signed import OPEN, client_of, enrol_everybody, person, secret_of, sign_in

OPERATOR, CAREGIVER, ADMINISTRATOR = person(Role.OPERATOR), person(Role.CAREGIVER), person(Role.ADMINISTRATOR)
ALERTS = "/api/v1/alerts"
SESSION = "/api/v1/session"


@pytest.fixture(scope="module")
def demonstration(
    database_server: PrivateDatabase,
    migrated_template: str,
    broker: PrivateBroker,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Serving]:
    """A gateway that demonstrates, with people in two units."""
    data: Path = tmp_path_factory.mktemp("demo")
    for serving in serve(database_server, migrated_template, broker, data, HOUSES[:1], VAKA_DEMO="1"):
        serving.stop()
        enrol_everybody(serving.database_url)
        serving.start()  # it knows their names from the first call on, not two seconds later
        yield serving


def test_a_demonstration_signs_in_by_choosing_a_person(demonstration: Serving) -> None:
    with httpx.Client(
        base_url=demonstration.url, headers={"Origin": demonstration.url}, timeout=patient.SECONDS
    ) as client:
        offered = client.get(f"{SESSION}/ways").json()
        assert OPERATOR.id in {one["person"] for one in offered["demonstration"]}
        assert offered["passkeys_at"] == f"http://localhost:{demonstration.port}"
        assert_problem(client.get(ALERTS), 401, "refused")
        answer = client.post(f"{SESSION}/demo", json={"person": OPERATOR.id})
        assert answer.json() == {
            "person": OPERATOR.id,
            "display": OPERATOR.display,
            "roles": {"unit-0001": ["operator"]},
            "may": answer.json()["may"],
            "how": "demonstration",
        }
        given = answer.headers["set-cookie"].lower()
        assert all(word in given for word in (COOKIE, "httponly", "samesite=strict", "path=/"))
        assert "max-age" not in given, "it ends with the window"
        assert client.get(ALERTS).status_code == 200
        assert client.get(SESSION).json() == answer.json()
        assert client.delete(SESSION).status_code == 204
        assert_problem(client.get(SESSION), 401, "refused")


def test_a_session_says_what_its_person_may_do_and_nothing_else_is_allowed(demonstration: Serving) -> None:
    """Red when the answer is a list of its own beside `decide`."""
    for role in Role:
        someone = person(role)
        with sign_in(demonstration.url, demonstration.database_url, someone) as client:
            [may] = client.get(SESSION).json()["may"]
        assert may["unit"] == "unit-0001"
        subject = Subject(someone.id, someone.display, someone.roles)
        for permission in Permission:
            for name, assigned in (("all", False), ("own", True)):
                decided = decide(subject, permission, Resource(UnitId("unit-0001"), assigned=assigned))
                assert (permission in may[name]) is isinstance(decided, Allowed), (role, permission, name)


def test_the_token_hears_that_it_may_in_every_unit(demonstration: Serving) -> None:
    with demonstration.client() as client:
        [may] = client.get(SESSION).json()["may"]
    assert may["unit"] is None
    assert {"alert.take", "visit.read", "edge.enrol"} <= set(may["all"])
    assert "person.invite" not in may["all"]


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {},
        {"Origin": "http://127.0.0.1:1"},
    ],
    ids=["other-site", "sandboxed", "none", "other-port"],
)
def test_no_other_page_signs_in_or_acts(demonstration: Serving, headers: dict[str, str]) -> None:
    """Red without `require_own_origin`: another port of this machine is the same site to a browser."""
    answer = patient.post(f"{demonstration.url}{SESSION}/demo", json={"person": OPERATOR.id}, headers=headers)
    assert_problem(answer, 403, "refused")
    assert "set-cookie" not in answer.headers
    secret = secret_of(demonstration.database_url, OPERATOR)
    cookies = {"Cookie": f"{COOKIE}={secret}", **headers}
    assert_problem(patient.delete(demonstration.url + SESSION, headers=cookies), 403, "refused")
    assert patient.get(demonstration.url + SESSION, headers=cookies).status_code == 200, "still signed in"


@pytest.mark.parametrize(
    "headers", [{"Host": "rebound.example"}, {"X-Forwarded-For": "192.0.2.1"}, {"Forwarded": "for=192.0.2.1"}]
)
def test_a_demonstration_is_for_this_machine_only(demonstration: Serving, headers: dict[str, str]) -> None:
    mine = {"Origin": demonstration.url, **headers}
    answer = patient.post(f"{demonstration.url}{SESSION}/demo", json={"person": OPERATOR.id}, headers=mine)
    assert_problem(answer, 404, "unknown")
    assert patient.get(f"{demonstration.url}{SESSION}/ways", headers=headers).json()["demonstration"] == []


def test_where_nothing_is_demonstrated_nobody_is_offered(serving: Serving) -> None:
    enrol_everybody(serving.database_url)
    assert patient.get(f"{serving.url}{SESSION}/ways").json()["demonstration"] == []
    mine = {"Origin": serving.url}
    answer = patient.post(f"{serving.url}{SESSION}/demo", json={"person": OPERATOR.id}, headers=mine)
    assert_problem(answer, 404, "unknown")


@pytest.mark.parametrize("secret", ["", "0" * 64, "x" * 64, "0" * 5_000, "å"])
def test_a_cookie_that_is_none_signs_nobody_in(demonstration: Serving, secret: str) -> None:
    headers = {"Cookie": f"{COOKIE}={secret}".encode()}
    assert_problem(patient.get(demonstration.url + ALERTS, headers=headers), 401, "refused")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("role", "column", "limit"),
    [
        (Role.CAREGIVER, "last_seen", HAND.idle),
        (Role.CAREGIVER, "created_at", HAND.absolute),
        (Role.OPERATOR, "last_seen", DESK.idle),
        (Role.OPERATOR, "created_at", DESK.absolute),
    ],
)
def test_a_session_ends_by_itself(demonstration: Serving, role: Role, column: str, limit: int) -> None:
    with sign_in(demonstration.url, demonstration.database_url, person(role)) as client:
        for age, status in ((limit - 60 * SECONDS, 200), (limit + 1 * SECONDS, 401)):
            with psycopg.connect(demonstration.database_url) as connection:
                connection.execute(
                    f"UPDATE web_session SET {column} = now() - %s * interval '1 microsecond' WHERE person = %s",
                    (age, person(role).id),
                )
            assert client.get(SESSION).status_code == status


def test_a_phone_in_a_pocket_still_rings_until_the_shift_is_over(demonstration: Serving) -> None:
    """Red where the caregiver's feed ends with the idle session: an alarm would come to a phone that went quiet."""
    caregiver = person(Role.CAREGIVER)
    with sign_in(demonstration.url, demonstration.database_url, caregiver) as client:
        for column, limit, live in (("last_seen", HAND.idle, 200), ("created_at", HAND.absolute, 401)):
            with psycopg.connect(demonstration.database_url) as connection:
                connection.execute(
                    f"UPDATE web_session SET {column} = now() - %s * interval '1 microsecond' WHERE person = %s",
                    (limit + SECONDS, caregiver.id),
                )
            assert client.get("/api/v1/phone/today").status_code == 401, "whoever acts proves to be there again"
            with client.stream("GET", "/api/v1/phone/live") as answer:
                assert answer.status_code == live
                if live == 200:
                    assert next(patient.lines(answer)) == "event: today"


def test_every_call_of_the_description_asks_who_calls(demonstration: Serving) -> None:
    """Whatever is added to the API is asked as well; no call but signing in itself is open."""
    described = patient.get(f"{demonstration.url}/openapi.json").json()
    called = [
        (method, path)
        for path, methods in described["paths"].items()
        for method in methods
        if path.startswith("/api/") and path not in OPEN
    ]
    assert len(called) > 25
    for method, path in called:
        filled = re.sub(r"\{\w+\}", "home-0000000000000000", path)
        body = {"content": b"{}", "headers": {"Content-Type": "application/json", "Origin": demonstration.url}}
        answer = patient.request(method.upper(), demonstration.url + filled, **(body if method != "get" else {}))  # type: ignore[arg-type]
        assert answer.status_code == 401, (method, path, answer.text)


def test_no_holder_of_the_token_acts_under_a_persons_pseudonym(demonstration: Serving) -> None:
    """Else the logs would say that the person did it."""
    with demonstration.client(**{"X-Vaka-Operator": OPERATOR.id}) as client:
        assert_problem(client.get(ALERTS), 422, "malformed")
    [alert] = demonstration.press(HOUSES[0], 900)
    with demonstration.client() as client:
        sent = {"version": alert.version, "operator": OPERATOR.id}
        assert_problem(client.post(f"{ALERTS}/{alert.id}/take", json=sent), 422, "malformed")


def test_signing_in_again_ends_the_session_before(demonstration: Serving) -> None:
    secret = secret_of(demonstration.database_url, OPERATOR)
    with client_of(demonstration.url, secret) as client:
        assert client.post(f"{SESSION}/demo", json={"person": CAREGIVER.id}).status_code == 200
    with client_of(demonstration.url, secret) as client:
        assert client.get(SESSION).status_code == 401


def test_a_revoked_person_is_out_at_once_and_the_stream_with_it(demonstration: Serving) -> None:
    leaver = person(Role.OPERATOR, number=2)
    enrol_everybody(demonstration.database_url, [leaver])
    with (
        sign_in(demonstration.url, demonstration.database_url, leaver) as client,
        sign_in(demonstration.url, demonstration.database_url, ADMINISTRATOR) as administrator,
        client.stream("GET", "/api/v1/live") as live,
    ):
        lines = patient.lines(live)
        assert next(lines) == "event: snapshot"
        assert administrator.delete(f"/api/v1/people/{leaver.id}").status_code == 204
        pulses = (line for line in lines if line == "event: pulse")
        assert len(list(islice(pulses, 15))) < 15, "the stream has ended long before it looks by itself"
        assert client.get(SESSION).status_code == 401


@pytest.mark.long
def test_a_stream_ends_when_its_session_was_ended_by_another_process(demonstration: Serving) -> None:
    """Red without the look that a stream takes at its own session every minute."""
    operator = person(Role.OPERATOR, number=3)
    enrol_everybody(demonstration.database_url, [operator])
    with (
        sign_in(demonstration.url, demonstration.database_url, operator) as client,
        client.stream("GET", "/api/v1/live") as live,
    ):
        lines = patient.lines(live, seconds=2 * LOOK_SECONDS)
        assert next(lines) == "event: snapshot"
        with psycopg.connect(demonstration.database_url) as connection:
            connection.execute("UPDATE web_session SET ended_at = now() WHERE person = %s", (operator.id,))
        started = time.monotonic()
        assert sum(line == "event: pulse" for line in lines) > 20, "it went on until it looked"
        assert time.monotonic() - started < LOOK_SECONDS + 5


def test_an_administrator_lets_nobody_in_without_a_fresh_sign_in(demonstration: Serving) -> None:
    with sign_in(demonstration.url, demonstration.database_url, ADMINISTRATOR) as client:
        path = f"/api/v1/people/{OPERATOR.id}/invitation"
        assert client.post(path).status_code == 200
        with psycopg.connect(demonstration.database_url) as connection:
            connection.execute(
                "UPDATE web_session SET verified_at = now() - interval '6 minutes' WHERE person = %s",
                (ADMINISTRATOR.id,),
            )
        assert "nyss" in assert_problem(client.post(path), 401, "refused")["message"]["sv"]


def test_the_gateway_keeps_no_secret_in_clear(demonstration: Serving) -> None:
    secret = secret_of(demonstration.database_url, OPERATOR)
    rows = demonstration.rows("SELECT s::text FROM web_session AS s UNION ALL SELECT i::text FROM invitation AS i")
    assert rows
    assert not [row for row in rows if secret in str(row)]


def test_whoever_acts_in_a_session_is_the_person_and_not_the_name_that_is_sent(demonstration: Serving) -> None:
    [alert] = demonstration.press(HOUSES[0], 1)
    with sign_in(demonstration.url, demonstration.database_url, OPERATOR) as client:
        sent = {"version": alert.version, "operator": "Somebody else"}
        taken = client.post(f"{ALERTS}/{alert.id}/take", json=sent)
        assert taken.json()["claimed_by"] == OPERATOR.display
    assert demonstration.rows("SELECT claimed_by FROM alert WHERE id = %s", alert.id) == [(OPERATOR.id,)]
    statement = "SELECT DISTINCT person FROM read_log WHERE what = 'alert.claimed'"
    assert demonstration.rows(statement) == [(OPERATOR.id,)]
