"""Bad input at the API, by its ids: a typed answer, nothing half done, and the next valid call works."""

from collections.abc import Iterator

import httpx
import psycopg
import pytest

from gateway.web.bounds import BODY_LIMIT
from tests.gateway.serving import HOUSES, WORD, Serving, assert_problem

TAKE = f"/api/v1/alerts/{HOUSES[6].home}/take"
JSON = {"Content-Type": "application/json"}


@pytest.mark.parametrize(
    ("case", "path", "status"),
    [
        ("http-02 foreign id", f"/api/v1/homes/{'x' * 12}/day", 404),
        ("http-03 integer", "/api/v1/homes/1/day", 422),
        ("http-03 dots", "/api/v1/homes/%2e%2e%2f%2e%2e/day", 404),
        ("http-03 nul", "/api/v1/homes/home-00000%00/day", 422),
        ("http-03 desk dots", "/desk/%2e%2e/%2e%2e/app.py", 404),
        ("http-03 desk nul", "/desk/%00", 404),
        ("http-12 string", "/api/v1/alerts?limit=ten", 422),
        ("http-12 octal", "/api/v1/alerts?limit=0o17", 422),
        ("http-12 negative", "/api/v1/alerts?limit=-1", 422),
        ("http-12 huge", "/api/v1/alerts?limit=1000000000", 422),
        ("http-12 state", f"/api/v1/alerts?state={WORD}", 422),
        ("http-35 unknown path", f"/api/v1/{WORD}", 404),
    ],
)
def test_bad_addresses(client: httpx.Client, case: str, path: str, status: int) -> None:
    answer = client.get(path)
    assert answer.status_code in ({status, 503} if "desk" in case else {status}), answer.text
    if "desk" not in case:
        assert_problem(answer, status, {404: "unknown", 422: "malformed"}[status])


@pytest.mark.parametrize("method", ["HEAD", "PUT", "DELETE", "PATCH", "TRACE", "OPTIONS", "BREW"])
def test_http_05_a_wrong_verb(client: httpx.Client, method: str) -> None:
    answer = client.request(method, "/api/v1/alerts", headers={"X-HTTP-Method-Override": "GET"})
    assert answer.status_code == 405
    assert "alerts" not in answer.text


@pytest.mark.parametrize(
    ("case", "content", "headers"),
    [
        ("http-04 mass assignment", b'{"version":1,"operator":"A","standing":"resolved"}', JSON),
        ("http-06 no type", b'{"version":1,"operator":"A"}', {}),
        ("http-06 form", b"version=1&operator=A", {"Content-Type": "application/x-www-form-urlencoded"}),
        ("http-06 multipart", b"--x--", {"Content-Type": "multipart/form-data; boundary=x"}),
        ("http-06 utf-7", b"+AHsAfQ-", {"Content-Type": "application/json; charset=utf-7"}),
        ("http-07 empty", b"", JSON),
        ("http-07 one byte", b"{", JSON),
        ("http-08 comment", b'{"version":1,/**/"operator":"A"}', JSON),
        ("http-08 trailing comma", b'{"version":1,"operator":"A",}', JSON),
        ("http-08 NaN", b'{"version":NaN,"operator":"A"}', JSON),
        ("http-08 1e400", b'{"version":1e400,"operator":"A"}', JSON),
        ("http-09 nested", b"[" * 10_000 + b"]" * 3_000, JSON),
        ("http-09 nested in a field", b'{"version":' + b"[" * 7_000 + b"1" + b"]" * 7_000 + b"}", JSON),
        ("http-10 array", b"[]", JSON),
        ("http-10 null", b'{"version":null,"operator":"A"}', JSON),
        ("http-10 empty for null", b'{"version":"","operator":"A"}', JSON),
        ("http-11 NUL", b'{"version":1,"operator":"A\\u0000"}', JSON),
        ("http-11 right to left", '{"version":1,"operator":"A\u202egnp"}'.encode(), JSON),
        ("http-11 zalgo", ('{"version":1,"operator":"A' + "\u0335" * 9 + '"}').encode(), JSON),
        ("http-11 spaces only", b'{"version":1,"operator":"   "}', JSON),
        ("http-11 two lines", b'{"version":1,"operator":"A\\nB"}', JSON),
        ("http-11 surrogate", b'{"version":1,"operator":"\\ud800"}', JSON),
        ("http-11 too long", b'{"version":1,"operator":"' + b"A" * 61 + b'"}', JSON),
        ("http-12 number as string", b'{"version":"1","operator":"A"}', JSON),
        ("http-12 float", b'{"version":1.0,"operator":"A"}', JSON),
        ("http-12 bool", b'{"version":true,"operator":"A"}', JSON),
        ("http-12 huge", b'{"version":99999999999999999999,"operator":"A"}', JSON),
        ("http-35 invalid utf-8", b'{"version":1,"operator":"\xff"}', JSON),
    ],
)
def test_bad_bodies(client: httpx.Client, case: str, content: bytes, headers: dict[str, str]) -> None:
    assert_problem(client.post(TAKE, content=content, headers=headers), 422, "malformed")
    assert client.get("/api/v1/alerts").status_code == 200, "the next valid input works"


def test_http_08_of_two_equal_keys_the_last_one_counts(client: httpx.Client) -> None:
    answer = client.post(TAKE, content=b'{"version":0,"version":1,"operator":"A"}', headers=JSON)
    assert_problem(answer, 404, "unknown")


def test_http_07_the_body_is_bounded(client: httpx.Client) -> None:
    fits = b'{"version":1,"operator":"A","reason":"' + b" " * (BODY_LIMIT - 40) + b'"}'
    assert len(fits) == BODY_LIMIT
    assert_problem(client.post(TAKE, content=fits, headers=JSON), 422, "malformed")
    assert_problem(client.post(TAKE, content=fits + b" ", headers=JSON), 413, "malformed")

    def endless() -> Iterator[bytes]:
        for _ in range(100):
            yield b" " * 1024

    assert_problem(client.post(TAKE, content=endless(), headers=JSON), 413, "malformed")


def test_http_11_composed_and_decomposed_names_are_one(serving: Serving, client: httpx.Client) -> None:
    [alert] = serving.press(HOUSES[7], 1)
    action = f"/api/v1/alerts/{alert.id}"
    taken = client.post(f"{action}/take", json={"version": 1, "operator": "A\u030asa"}).json()
    assert taken["claimed_by"] == "\u00c5sa"
    assert client.post(f"{action}/release", json={"version": 2, "operator": "\u00c5sa"}).status_code == 200


@pytest.mark.parametrize("name", ["%FF", "%00", "A" * 61, "%0A", "%E2%80%AEA"])
def test_a_bad_reader_name_is_refused(serving: Serving, name: str) -> None:
    with serving.client(**{"X-Vaka-Operator": name}) as client:
        assert_problem(client.get("/api/v1/alerts"), 422, "malformed")


def test_http_35_a_bug_behind_the_api_gives_nothing_away(serving: Serving, client: httpx.Client) -> None:
    with psycopg.connect(serving.database_url) as connection:
        connection.execute("ALTER TABLE read_log RENAME TO away")
    try:
        for path in ("/api/v1/homes", f"/api/v1/homes/{HOUSES[0].home}/day"):
            body = assert_problem(client.get(path), 500, "bug")
            assert "read_log" not in str(body)
    finally:
        with psycopg.connect(serving.database_url) as connection:
            connection.execute("ALTER TABLE away RENAME TO read_log")
    assert client.get("/api/v1/alerts").status_code == 200
