"""Plans and visits as coordinators and phones meet them: the real process, over HTTP, people of two units signed in."""

import uuid
from collections.abc import Iterator
from contextlib import AbstractContextManager
from datetime import timedelta
from itertools import islice
from pathlib import Path
from typing import Any

import httpx
import pytest

from gateway.adapters.postgres.tags import enrol_tag
from gateway.config import read_key
from gateway.embedded import PrivateBroker, PrivateDatabase
from gateway.model.authorisation import Role
from gateway.model.plan import PLAN_BYTES
from gateway.model.plan_line import visit_id
from gateway.model.tag_sun import TagKeys
from gateway.ports.tags import TagPlace, TagRegistration
from homecare.clock import SystemClock
from simulator.tag import Tag
from tests import patient
from tests.gateway.serving import HOUSES, Serving, assert_problem, serve
from tests.gateway.shifts import PLAN, TODAY, csv, events, line, now, rfc, send
from tests.gateway.signed import SECOND, enrol_everybody, everybody, in_unit, person, sign_in

HOUSE, NEXT = HOUSES[0], HOUSES[1]
OTHERS = in_unit(HOUSES[2], SECOND, "Other unit")
KARIN, OMAR = person(Role.CAREGIVER), person(Role.CAREGIVER, number=2)
PETRA, DISA = person(Role.COORDINATOR), person(Role.OPERATOR)
STRANGER, RIVAL = person(Role.CAREGIVER, SECOND), person(Role.COORDINATOR, SECOND)
VISITS_LIVE = "/api/v1/visits/live"
AT_DOOR, INSIDE, ELSEWHERE = b"at-door", b"inside1", b"another"


@pytest.fixture(scope="module")
def night(
    database_server: PrivateDatabase,
    migrated_template: str,
    broker: PrivateBroker,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Serving]:
    data: Path = tmp_path_factory.mktemp("night")
    for serving in serve(database_server, migrated_template, broker, data, (HOUSE, NEXT, OTHERS)):
        serving.stop()
        enrol_everybody(serving.database_url, (*everybody(), OMAR))
        serving.start()
        at = SystemClock().now().wall
        for uid, house, place in (
            (AT_DOOR, HOUSE, TagPlace.DOOR),
            (INSIDE, HOUSE, TagPlace.INSIDE),
            (ELSEWHERE, NEXT, TagPlace.DOOR),
        ):
            enrol_tag(serving.database_url, TagRegistration(f"tag-{uid.hex()}", uid, house.home, place, at))
        yield serving


@pytest.fixture
def client_of(night: Serving) -> Iterator[dict[str, httpx.Client]]:
    people = (KARIN, OMAR, PETRA, DISA, STRANGER, RIVAL)
    clients = {one.id: sign_in(night.url, night.database_url, one) for one in people}
    yield clients
    for client in clients.values():
        client.close()


Clients = dict[str, httpx.Client]


def key() -> str:
    return str(uuid.uuid4())


def stated(reason: str = "Taggen är borta", **more: object) -> dict[str, object]:
    return {"at": rfc(now()), "key": key(), "reason": reason, **more}


def planned(client_of: Clients, home: str = HOUSE.home, *people: str, **more: int) -> str:
    """A new visit around now; its id."""
    external = key()
    answer = send(client_of[PETRA.id], csv(line(external, home, *(people or (KARIN.id,)), **more)))
    assert answer.json()["new"] == 1, answer.text
    return visit_id("unit-0001", external)


def test_a_plan_from_preview_to_the_phone(night: Serving, client_of: Clients) -> None:
    content = csv(
        line("A-1", HOUSE.home, KARIN.id, minutes=60, tasks="Tillsyn|Medicin"),
        line("A-2", NEXT.home, KARIN.id, OMAR.id, minutes=120),
    )
    coordinator = client_of[PETRA.id]
    expected = {"rows": 2, "new": 2, "changed": 0, "unchanged": 0, "cancelled": 0, "errors": []}
    assert send(coordinator, content, f"{PLAN}/preview").json() == expected
    assert [visit for visit in client_of[KARIN.id].get(TODAY).json()["visits"] if visit["standing"] == "planned"] == []
    assert send(coordinator, content).json() == expected
    assert send(coordinator, content).json() == {**expected, "new": 0, "unchanged": 2}
    today = client_of[KARIN.id].get(TODAY).json()
    assert (today["person"], today["name"], today["unit"]) == (KARIN.id, KARIN.display, "unit-0001")
    first, second = today["visits"]
    assert (first["home"], first["address"], first["tasks"], first["standing"], first["door"]) == (
        HOUSE.home,
        "Test street 1",
        ["Tillsyn", "Medicin"],
        "planned",
        False,
    )
    assert set(second["people"]) == {KARIN.display, OMAR.display}
    assert [visit["id"] for visit in client_of[OMAR.id].get(TODAY).json()["visits"]] == [second["id"]]
    window = {"from": rfc(now()), "until": rfc(now() + timedelta(days=1))}
    assert [visit["id"] for visit in coordinator.get("/api/v1/visits", params=window).json()] == [
        first["id"],
        second["id"],
    ]
    read = night.rows("SELECT DISTINCT what, home FROM read_log WHERE person = %s ORDER BY 1, 2", KARIN.id)
    assert [("today", HOUSE.home), ("today", NEXT.home)] == read
    cancelled = csv(line("A-1", HOUSE.home, KARIN.id, status="cancelled"), line("A-2", NEXT.home, OMAR.id))
    assert send(coordinator, cancelled).json() == {**expected, "new": 0, "changed": 1, "cancelled": 1}
    assert [visit["standing"] for visit in client_of[KARIN.id].get(TODAY).json()["visits"]] == ["cancelled"]


def test_a_coordinator_sees_that_nobody_has_begun_a_visit(client_of: Clients) -> None:
    coordinator = client_of[PETRA.id]
    windows = {"missed": -45, "late": -20, None: -5}
    visits = {delay: planned(client_of, NEXT.home, minutes=minutes) for delay, minutes in windows.items()}
    asked = {"from": rfc(now() - timedelta(hours=2)), "until": rfc(now() + timedelta(hours=2))}
    shown = {one["id"]: one["delay"] for one in coordinator.get("/api/v1/visits", params=asked).json()}
    assert {delay: shown[id_] for delay, id_ in visits.items()} == {delay: delay for delay in windows}
    started = client_of[KARIN.id].post(f"/api/v1/phone/visits/{visits['late']}/start", json=stated())
    assert started.json()["delay"] is None


def _overview(client: httpx.Client) -> AbstractContextManager[httpx.Response]:
    asked = {"from": rfc(now() - timedelta(hours=2)), "until": rfc(now() + timedelta(hours=2))}
    return client.stream("GET", VISITS_LIVE, params=asked)


def _heard(shown: Iterator[tuple[str, Any]], visit: str, **said: str | None) -> dict[str, Any]:
    """The visit as the next list has it that says this of it; the list that was planned may be told once more."""
    lists = (data["visits"] for name, data in shown if name == "visits")
    told = (one for visits in lists for one in visits if one["id"] == visit)
    return next(one for one in told if all(one[name] == value for name, value in said.items()))


def test_a_coordinator_sees_a_visit_begin_with_how_and_why(night: Serving, client_of: Clients) -> None:
    """Red when nobody tells the overview of a change: it would stay as it was until somebody reloads."""
    visit = planned(client_of, NEXT.home, minutes=-5)
    before = night.rows("SELECT count(*) FROM read_log WHERE person = %s AND home = %s", PETRA.id, NEXT.home)
    with _overview(client_of[PETRA.id]) as answer:
        shown = events(answer)
        assert _heard(shown, visit)["standing"] == "planned"
        client_of[KARIN.id].post(f"/api/v1/phone/visits/{visit}/start", json=stated("Blev insläppt"))
        begun = _heard(shown, visit, standing="started")
    assert begun["planned"]
    [came] = begun["participants"]
    assert (came["name"], came["arrived_by"], came["arrived_reason"]) == (KARIN.display, "by_hand", "Blev insläppt")
    after = night.rows("SELECT count(*) FROM read_log WHERE person = %s AND home = %s", PETRA.id, NEXT.home)
    assert after[0][0] - before[0][0] == 1, "one look, however often the list changed"


def test_a_visit_becomes_late_by_time_alone(night: Serving, client_of: Clients) -> None:
    """Red when the list is judged only where something changed: that nobody came is no change."""
    visit = planned(client_of, HOUSE.home, minutes=-10)
    soon = "UPDATE visit SET since = now() - interval '15 minutes' + interval '8 seconds' WHERE id = %s RETURNING 1"
    assert night.rows(soon, visit)
    with _overview(client_of[PETRA.id]) as answer:
        shown = events(answer)
        assert _heard(shown, visit)["delay"] is None
        assert _heard(shown, visit, delay="late")


def test_the_overview_is_for_the_coordinator_of_the_unit(night: Serving, client_of: Clients) -> None:
    visit = planned(client_of, HOUSE.home)
    stuck = client_of[KARIN.id].post(f"/api/v1/phone/visits/{visit}/cannot-get-in", json=stated("")).json()
    with _overview(client_of[PETRA.id]) as answer:
        told = next(data for name, data in events(answer) if name == "visits")
    assert stuck["no_entry"] in {one["id"] for one in told["no_entries"]}
    closing = {"reason": "Kom in", "key": key()}
    client_of[PETRA.id].post(f"/api/v1/no-entries/{stuck['no_entry']}/close", json=closing).raise_for_status()
    with _overview(client_of[PETRA.id]) as answer:
        told = next(data for name, data in events(answer) if name == "visits")
    [ended] = [one for one in told["closed"] if one["id"] == stuck["no_entry"]]
    assert (ended["visit"], ended["closed_by"], ended["closing_reason"]) == (visit, PETRA.display, "Kom in")
    with _overview(client_of[RIVAL.id]) as answer:
        told = next(data for name, data in events(answer) if name == "visits")
    assert (told["visits"], told["no_entries"], told["closed"]) == ([], [], []), "another unit's"
    for person_ in (KARIN, DISA):
        with _overview(client_of[person_.id]) as answer:
            answer.read()
            assert_problem(answer, 403, "refused")
    assert_problem(
        client_of[PETRA.id].get(VISITS_LIVE, params={"from": rfc(now()), "until": rfc(now())}), 422, "malformed"
    )


def test_a_wrong_plan_is_told_line_by_line_and_not_taken(night: Serving, client_of: Clients) -> None:
    content = csv(line("B-1", HOUSE.home, KARIN.id), line("B-2", OTHERS.home, KARIN.id), line("B-3", HOUSE.home, "x"))
    for path in (PLAN, f"{PLAN}/preview"):
        answer = send(client_of[PETRA.id], content, path).json()
        assert (answer["rows"], answer["new"]) == (3, 0)
        assert [(error["row"], error["field"]) for error in answer["errors"]] == [(3, "home"), (4, "staff")]
        assert all(error["hint"]["sv"] and error["hint"]["en"] for error in answer["errors"])
    assert night.rows("SELECT id FROM planned_visit WHERE external_id LIKE 'B-%%'") == []


def test_who_may_plan_and_for_whom(client_of: Clients, night: Serving) -> None:
    content = csv(line("C-1", HOUSE.home, KARIN.id))
    for who in (KARIN, DISA):
        assert_problem(send(client_of[who.id], content), 403, "refused")
    assert_problem(send(client_of[RIVAL.id], content, unit="unit-0001"), 404, "unknown")
    assert [error["field"] for error in send(client_of[RIVAL.id], content).json()["errors"]] == ["home"]
    with night.client() as token:
        assert_problem(send(token, content), 422, "malformed")
        assert send(token, content, f"{PLAN}/preview", unit="unit-0001").json()["new"] == 1
    assert_problem(patient.post(night.url + PLAN, content=content), 401, "refused")
    plain = client_of[PETRA.id].post(PLAN, content=content, headers={"Content-Type": "application/json"})
    assert_problem(plain, 422, "malformed")
    assert_problem(send(client_of[PETRA.id], b"x" * (PLAN_BYTES + 1)), 413, "malformed")


def test_plan_14_yesterdays_plan_does_not_undo_todays(client_of: Clients) -> None:
    send(client_of[PETRA.id], csv(line("D-1", HOUSE.home, KARIN.id, minutes=300)))
    old = rfc(now() - timedelta(days=1))
    answer = send(client_of[PETRA.id], csv(line("D-1", NEXT.home, KARIN.id, minutes=300)), exported_at=old)
    assert "nyare" in assert_problem(answer, 409, "conflict")["message"]["sv"] or "senare" in answer.text


def test_by_hand_with_a_reason_once_and_with_both_times(night: Serving, client_of: Clients) -> None:
    visit = planned(client_of)
    phone = client_of[KARIN.id]
    path = f"/api/v1/phone/visits/{visit}"
    assert_problem(phone.post(f"{path}/start", json=stated(" ")), 403, "refused")
    offline = stated(at=rfc(now() - timedelta(minutes=20)))
    first, second = (phone.post(f"{path}/start", json=offline).json() for _ in range(2))
    assert first == second
    assert (first["standing"], first["participants"][0]["arrived_by"]) == ("started", "by_hand")
    ended = phone.post(f"{path}/end", json=stated()).json()
    assert (ended["standing"], ended["ended_at"] is None) == ("ended", False)
    [(claimed, received, apart)] = night.rows(
        "SELECT claimed_at, received_at, received_at - claimed_at > interval '19 minutes' FROM visit_evidence "
        "WHERE visit = %s AND movement = 'arrived'",
        visit,
    )
    assert (claimed is not None, received is not None, apart) == (True, True, True)
    check_ins = night.rows("SELECT direction, person FROM check_in WHERE visit = %s ORDER BY recorded_at", visit)
    assert check_ins == [("in", KARIN.id), ("out", KARIN.id)]
    assert_problem(phone.post(f"/api/v1/phone/visits/{planned(client_of)}/start", json=offline), 409, "conflict")


def test_nobody_elses_visit(client_of: Clients, night: Serving) -> None:
    visit = planned(client_of)
    path = f"/api/v1/phone/visits/{visit}/start"
    assert "inte ditt" in assert_problem(client_of[OMAR.id].post(path, json=stated()), 403, "refused")["message"]["sv"]
    assert_problem(client_of[DISA.id].post(path, json=stated()), 403, "refused")
    none = client_of[STRANGER.id].post("/api/v1/phone/visits/visit-unknown/start", json=stated())
    theirs = client_of[STRANGER.id].post(path, json=stated())
    assert (none.status_code, none.json()) == (theirs.status_code, theirs.json()) == (404, theirs.json())
    assert client_of[STRANGER.id].get(TODAY).json()["visits"] == []
    assert_problem(client_of[PETRA.id].get(TODAY), 403, "refused")
    assert night.rows("SELECT id FROM visit_evidence WHERE visit = %s", visit) == []


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"at": "2026-11-22 10:00", "key": "12345678"},
        {"at": "2026-11-22T10:00:00", "key": "12345678"},
        {"at": "2026-11-22T10:00:00Z", "key": "short"},
        {"at": "2026-11-22T10:00:00Z", "key": "12345678", "latitude": 59.3},
        {"at": "2026-11-22T10:00:00Z", "key": "12345678", "reason": "\u202e"},
    ],
)
def test_what_a_phone_must_not_send(client_of: Clients, body: dict[str, object]) -> None:
    """Positions have no field: a body with one is refused whole."""
    assert_problem(client_of[KARIN.id].post("/api/v1/phone/visits/visit-any1/start", json=body), 422, "malformed")


def test_hc9_cannot_get_in_stays_open_until_somebody_closes_it(client_of: Clients) -> None:
    visit = planned(client_of)
    phone = client_of[KARIN.id]
    body = stated("")
    stuck, again = (phone.post(f"/api/v1/phone/visits/{visit}/cannot-get-in", json=body).json() for _ in range(2))
    assert stuck == again
    assert stuck["visit"]["standing"] == "no_entry"
    assert "112" in stuck["next_step"]["sv"]
    no_entry = stuck["no_entry"]
    assert no_entry in {one["id"] for one in phone.get(TODAY).json()["no_entries"]}
    for who in (PETRA, DISA):
        assert no_entry in {one["id"] for one in client_of[who.id].get("/api/v1/no-entries").json()}
    assert client_of[RIVAL.id].get("/api/v1/no-entries").json() == []
    close = f"/api/v1/no-entries/{no_entry}/close"
    assert_problem(client_of[DISA.id].post(close, json={"reason": " ", "key": key()}), 403, "refused")
    assert_problem(client_of[RIVAL.id].post(close, json={"reason": "x", "key": key()}), 404, "unknown")
    assert_problem(client_of[OMAR.id].post(close, json={"reason": "x", "key": key()}), 403, "refused")
    closing = {"reason": "Anhörig öppnade", "key": key()}
    closed = client_of[DISA.id].post(close, json=closing).json()
    assert (closed["closed_by"], closed["closing_reason"]) == (DISA.display, "Anhörig öppnade")
    assert client_of[DISA.id].post(close, json=closing).json() == closed
    assert_problem(
        phone.post(f"/api/v1/phone/no-entries/{no_entry}/close", json={"reason": "x", "key": key()}), 409, "conflict"
    )
    assert phone.get(TODAY).json()["no_entries"] == []


def tag_of(night: Serving, uid: bytes) -> Tag:
    keys = TagKeys(read_key(night._token.with_name("tag.key")))
    spent = night.rows("SELECT counter FROM tag WHERE uid = %s", uid)[0][0]
    return Tag(uid, meta_key=keys.meta, file_key=keys.file(uid), counter=max(int(str(spent)), 0))


def test_a_tag_proves_starts_and_is_refused_in_plain_words(night: Serving, client_of: Clients) -> None:
    visit = planned(client_of)
    phone = client_of[KARIN.id]
    url = tag_of(night, AT_DOOR).read("https://vaka.example/t")
    proved = phone.post("/api/v1/phone/tag", json={"url": url, "visit": visit}).json()
    assert (proved["home"], proved["place"], proved["visit"]["id"]) == (HOUSE.home, "door", visit)
    assert proved["visit"]["standing"] == "planned"
    assert proved["words"]["sv"]
    assert night.rows("SELECT how FROM proximity WHERE person = %s AND home = %s", KARIN.id, HOUSE.home) == [("tag",)]
    assert phone.post("/api/v1/phone/tag", json={"url": url, "visit": visit}).json() == proved, "sent again"
    copied = assert_problem(client_of[OMAR.id].post("/api/v1/phone/tag", json={"url": url}), 403, "refused")
    assert "redan" in copied["message"]["sv"]
    started = phone.post("/api/v1/phone/tag", json={"url": tag_of(night, INSIDE).read("x"), "visit": visit}).json()
    assert (started["visit"]["standing"], started["words"]["sv"]) == ("started", "Besöket är startat.")
    elsewhere = {"url": tag_of(night, ELSEWHERE).read_plain("x"), "visit": visit}
    wrong = assert_problem(phone.post("/api/v1/phone/tag", json=elsewhere), 403, "refused")
    assert "annat hem" in wrong["message"]["sv"]
    forged = Tag(AT_DOOR, meta_key=bytes(16), file_key=bytes(16), counter=900).read_plain("x")
    assert_problem(phone.post("/api/v1/phone/tag", json={"url": forged}), 403, "refused")
    assert_problem(phone.post("/api/v1/phone/tag", json={"picc": "00", "cmac": "00"}), 422, "malformed")
    assert_problem(phone.post("/api/v1/phone/tag", json={}), 422, "malformed")
    assert_problem(client_of[DISA.id].post("/api/v1/phone/tag", json={"url": url}), 403, "refused")
    key_file = night._token.with_name("tag.key")
    assert key_file.stat().st_mode & 0o777 == 0o600
    secret = key_file.read_text().strip()
    keys = TagKeys(bytes.fromhex(secret))
    log = night._log.read_text()
    for hidden in (secret, keys.meta.hex(), keys.file(AT_DOOR).hex(), url, KARIN.name):
        assert hidden not in log


def test_the_phone_is_told_when_its_day_changes(client_of: Clients) -> None:
    with client_of[OMAR.id].stream("GET", "/api/v1/phone/live") as answer:
        told = events(answer)
        name, first = next(told)
        assert (name, first["person"]) == ("today", OMAR.id)
        assert next(told)[0] == "pulse"
        visit = planned(client_of, NEXT.home, OMAR.id, minutes=200)
        shown = next(data for name, data in told if name == "today" and len(data["visits"]) > len(first["visits"]))
        assert visit in {one["id"] for one in shown["visits"]}
        client_of[OMAR.id].post(f"/api/v1/phone/visits/{visit}/start", json=stated())
        assert next(
            data
            for name, data in told
            if name == "today" and visit in {one["id"] for one in data["visits"] if one["standing"] == "started"}
        )
        client_of[OMAR.id].delete("/api/v1/session")
        pulses = (name for name, _ in told if name == "pulse")
        assert len(list(islice(pulses, 15))) < 15, "the stream ends with the session"


def test_an_alert_that_was_sent_is_on_the_phone(night: Serving, client_of: Clients) -> None:
    [alert] = night.press(HOUSE, 1)
    desk = client_of[DISA.id]
    with client_of[KARIN.id].stream("GET", "/api/v1/phone/live") as answer:
        told = events(answer)
        next(told)
        taken = desk.post(f"/api/v1/alerts/{alert.id}/take", json={"version": alert.version}).json()
        sent = desk.post(f"/api/v1/alerts/{alert.id}/send", json={"version": taken["version"], "to": KARIN.id})
        assert sent.status_code == 200, sent.text
        shown = next(data["alerts"] for name, data in told if name == "today" and data["alerts"])
        assert [(one["id"], one["home"], one["response"]) for one in shown] == [(alert.id, HOUSE.home, "sent")]
    url = tag_of(night, AT_DOOR).read("https://vaka.example/t")
    proved = client_of[KARIN.id].post("/api/v1/phone/tag", json={"url": url}).json()
    assert proved["alert"] == alert.id


def test_the_responder_answers_and_nobody_else_does(night: Serving, client_of: Clients) -> None:
    [alert] = night.press(NEXT, 1)
    desk, path = client_of[DISA.id], f"/api/v1/phone/alerts/{alert.id}"
    taken = desk.post(f"/api/v1/alerts/{alert.id}/take", json={"version": alert.version}).json()
    assert_problem(client_of[KARIN.id].post(f"{path}/accept", json={"key": key()}), 403, "refused")
    desk.post(f"/api/v1/alerts/{alert.id}/send", json={"version": taken["version"], "to": KARIN.id})
    for _ in range(2):
        assert client_of[KARIN.id].post(f"{path}/accept", json={"key": key()}).json()["response"] == "accepted"
    assert_problem(client_of[OMAR.id].post(f"{path}/accept", json={"key": key()}), 403, "refused")
    assert_problem(client_of[DISA.id].post(f"{path}/accept", json={"key": key()}), 403, "refused")
    assert_problem(client_of[STRANGER.id].post(f"{path}/accept", json={"key": key()}), 404, "unknown")
    assert_problem(client_of[KARIN.id].post(f"{path}/outcome", json={"key": key()}), 403, "refused")
    outcome = {"key": key(), "text": "Hjälpte upp, inga skador"}
    assert client_of[KARIN.id].post(f"{path}/outcome", json=outcome).status_code == 200
    transitions = night.rows("SELECT transition FROM alert_log WHERE alert = %s ORDER BY version", alert.id)
    assert [row[0] for row in transitions] == ["raised", "claimed", "sent", "accepted", "outcome"]
