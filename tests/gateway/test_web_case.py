"""The case over HTTP as a desk meets it: the real process, people who are signed in, and the ladder running."""

import json
import time
from collections.abc import Iterator

import httpx
import pytest

from gateway.adapters.postgres.case import stand_in
from gateway.model.authorisation import Role
from tests import patient
from tests.gateway.serving import ANSWER_SECONDS, HOUSES, Serving, assert_problem
from tests.gateway.signed import FIRST, SECOND, enrol_everybody, person, sign_in

DESK, CARER, OTHER = person(Role.OPERATOR), person(Role.CAREGIVER), person(Role.OPERATOR, number=2)


@pytest.fixture(scope="module", autouse=True)
def people(serving: Serving) -> None:
    enrol_everybody(serving.database_url)
    enrol_everybody(serving.database_url, [OTHER])


@pytest.fixture
def desk(serving: Serving) -> Iterator[httpx.Client]:
    with sign_in(serving.url, serving.database_url, DESK) as client:
        yield client


@pytest.fixture
def other(serving: Serving) -> Iterator[httpx.Client]:
    with sign_in(serving.url, serving.database_url, OTHER) as client:
        yield client


def do(client: httpx.Client, alert: str, action: str, version: int, **said: object) -> httpx.Response:
    return client.post(f"/api/v1/alerts/{alert}/{action}", json={"version": version, **said})


def raised(serving: Serving, number: int) -> str:
    return serving.press(HOUSES[number], 1)[0].id


def named(serving: Serving, client: httpx.Client, alert: str, name: str) -> dict[str, object]:
    """The alert once the gateway has read the registry again and knows the person's name."""
    deadline = time.monotonic() + ANSWER_SECONDS
    while True:
        [view] = [one for one in client.get("/api/v1/alerts").json()["alerts"] if one["id"] == alert]
        if view["claimed_by"] == name:
            return dict(view)
        assert time.monotonic() < deadline, view
        time.sleep(0.05)


def test_a_case_from_take_to_close(serving: Serving, desk: httpx.Client) -> None:
    alert = raised(serving, 0)
    taken = do(desk, alert, "take", 1).json()
    assert (taken["claimed_by_id"], taken["attended"]) == (DESK.id, True)
    called = do(desk, alert, "call_back", 2, result="no_answer").json()
    assert called["called_back"]["result"] == "no_answer"
    sent = do(desk, alert, "send", 3, to=CARER.id).json()
    assert (sent["response"]["person"], sent["response"]["standing"]) == (CARER.id, "sent")
    there = do(desk, alert, "on_site", 4).json()
    assert (there["inside"], there["response"]["standing"]) == (True, "on_site")
    warned = assert_problem(do(desk, alert, "resolve", 5, reason="hjälp är på plats"), 409, "conflict")
    assert "kvar i hemmet" in warned["message"]["sv"]
    told = do(desk, alert, "outcome", 5, text="Hjälpte henne upp.").json()
    assert told["outcome"] == "Hjälpte henne upp."
    over = do(desk, alert, "resolve", 6, reason="hjälp är på plats", confirm=True).json()
    assert over["standing"] == "resolved"
    assert over["resolved_by"] in (DESK.id, DESK.display), "the name is known two seconds after the enrolment"


def test_a_call_keeps_the_claim_and_the_others_see_since_when(
    serving: Serving, desk: httpx.Client, other: httpx.Client
) -> None:
    """Said again with the version that was read at first, as a desk does that draws late; then the result is noted."""
    alert = raised(serving, 0)
    assert_problem(do(desk, alert, "calling", 1), 409, "conflict")
    do(desk, alert, "take", 1)
    since = do(desk, alert, "calling", 2).json()["calling_since"]
    assert do(desk, alert, "calling", 2).json()["calling_since"] == since
    [seen] = [one for one in other.get("/api/v1/alerts").json()["alerts"] if one["id"] == alert]
    assert (seen["calling_since"], seen["claimed_by_id"]) == (since, DESK.id)
    assert_problem(do(other, alert, "calling", 4), 409, "conflict")
    noted = do(desk, alert, "call_back", 2, result="reached").json()
    assert (noted["calling_since"], noted["called_back"]["result"]) == (None, "reached")
    do(desk, alert, "resolve", noted["version"], reason="hjälp är på plats")


def test_the_others_are_told_who_has_it(serving: Serving, desk: httpx.Client, other: httpx.Client) -> None:
    alert = raised(serving, 1)
    do(desk, alert, "take", 1)
    named(serving, other, alert, DESK.display)
    body = assert_problem(do(other, alert, "take", 2), 409, "conflict")
    assert DESK.display in body["message"]["sv"]
    assert DESK.display in body["message"]["en"]
    handed = do(desk, alert, "hand_over", 2, to=OTHER.id).json()
    assert handed["claimed_by_id"] == OTHER.id
    assert do(other, alert, "release", 3).json()["claimed_by"] is None


def test_what_was_not_said_or_cannot_be_is_refused_in_words(serving: Serving, desk: httpx.Client) -> None:
    alert = raised(serving, 2)
    for action, said in (
        ("send", {}),
        ("hand_over", {}),
        ("call_back", {}),
        ("outcome", {"text": " "}),
        ("resolve", {}),
        ("send", {"to": person(Role.CAREGIVER, SECOND).id}),
        ("send", {"to": DESK.id}),
    ):
        assert_problem(do(desk, alert, action, 1, **said), 403, "refused")
    for wrong in ({"result": "maybe"}, {"to": "../x"}, {"confirm": "yes"}, {"version": "1"}, {"who": "x"}):
        assert_problem(do(desk, alert, "take", **{"version": 1, **wrong}), 422, "malformed")  # type: ignore[arg-type]
    assert_problem(do(desk, alert, "dance", 1), 422, "malformed")


def test_people_on_duty_are_of_the_homes_unit(serving: Serving, desk: httpx.Client) -> None:
    for asked in ({"home": HOUSES[0].home}, {}):
        found = desk.get("/api/v1/responders", params=asked).json()
        assert {(one["person"], one["name"], one["role"]) for one in found} == {
            (CARER.id, CARER.display, "caregiver"),
            (DESK.id, DESK.display, "operator"),
            (OTHER.id, OTHER.display, "operator"),
        }


def test_another_unit_neither_sees_nor_moves_a_case(serving: Serving) -> None:
    alert, home = raised(serving, 3), HOUSES[3].home
    instruction = {"version": 0, "text": "x"}
    with sign_in(serving.url, serving.database_url, person(Role.OPERATOR, SECOND)) as stranger:
        for answer in (
            do(stranger, alert, "take", 1),
            do(stranger, alert, "send", 1, to=CARER.id),
            stranger.get(f"/api/v1/homes/{home}/instruction"),
            stranger.put(f"/api/v1/homes/{home}/instruction", json=instruction),
            stranger.get("/api/v1/responders", params={"home": home}),
        ):
            assert_problem(answer, 404, "unknown")
    with sign_in(serving.url, serving.database_url, CARER) as carer:
        assert_problem(do(carer, alert, "take", 1), 403, "refused")
        assert_problem(carer.put(f"/api/v1/homes/{home}/instruction", json=instruction), 403, "refused")


def test_an_instruction_stands_beside_the_alert(serving: Serving, desk: httpx.Client) -> None:
    alert, home = raised(serving, 4), HOUSES[4].home
    path = f"/api/v1/homes/{home}/instruction"
    assert desk.get(path).json()["version"] == 0
    body = {"version": 0, "text": "Ring dottern först.", "call_link": "tel:+46812345678"}
    assert desk.put(path, json=body).json()["version"] == 1
    stale = assert_problem(desk.put(path, json=body), 409, "conflict")
    assert "någon annan" in stale["message"]["sv"]
    [view] = [one for one in desk.get("/api/v1/alerts").json()["alerts"] if one["id"] == alert]
    assert (view["instruction"], view["call_link"]) == ("Ring dottern först.", "tel:+46812345678")
    for link in ("javascript:alert(1)", "https://example.se", "tel:", "tel:0 8", "sip:a b"):
        assert_problem(desk.put(path, json={**body, "version": 1, "call_link": link}), 422, "malformed")


def test_200_presses_at_once_and_the_ladder_of_the_running_process(serving: Serving, desk: httpx.Client) -> None:
    """The process climbs by itself: an alert that was raised 61 s ago, and was pressed 200 times since."""
    alert = serving.press(HOUSES[5], 1, count=200)[-1]
    serving.rows(
        "UPDATE alert SET raised_at = raised_at - interval '61 s', due_at = now() WHERE id = %s RETURNING 1", alert.id
    )
    deadline = time.monotonic() + ANSWER_SECONDS
    while True:
        [view] = [one for one in desk.get("/api/v1/alerts").json()["alerts"] if one["id"] == alert.id]
        if view["rung"] == 2:
            break
        assert time.monotonic() < deadline, view
        time.sleep(0.05)
    assert view["occurrences"] == 200
    assert view["escalated_at"] is not None
    assert do(desk, alert.id, "take", 200).json()["claimed_by_id"] == DESK.id, "a rung hides no press"


def test_the_backups_desk_has_a_call_that_nobody_took_from_the_first_rung_on(
    serving: Serving, desk: httpx.Client
) -> None:
    alert, home = raised(serving, 6), HOUSES[6].home
    stand_in(serving.database_url, FIRST, SECOND)
    with sign_in(serving.url, serving.database_url, person(Role.OPERATOR, SECOND)) as backup:

        def listed() -> list[object]:
            return [one["id"] for one in backup.get("/api/v1/alerts").json()["alerts"]]

        assert alert not in listed()
        assert_problem(do(backup, alert, "take", 1), 404, "unknown")
        with backup.stream("GET", "/api/v1/live") as live:
            lines = patient.lines(live)
            assert "event: snapshot" in next(lines)
            serving.rows(
                "UPDATE alert SET due_at = now(), raised_at = raised_at - interval '31 s' WHERE id = %s RETURNING 1",
                alert,
            )
            told = next(line for line in lines if line.startswith("data: ") and alert in line)
        assert json.loads(told[6:])["rung"] == 1
        assert alert in listed()
        taken = do(backup, alert, "take", 1).json()
        assert taken["claimed_by_id"] == person(Role.OPERATOR, SECOND).id
        people = backup.get("/api/v1/responders", params={"home": home}).json()
        assert CARER.id in {one["person"] for one in people}
        assert do(backup, alert, "send", taken["version"], to=CARER.id).json()["response"]["person"] == CARER.id
        assert_problem(
            backup.put(f"/api/v1/homes/{home}/instruction", json={"version": 0, "text": "x"}), 404, "unknown"
        )
        assert_problem(backup.get("/api/v1/responders", params={"home": HOUSES[7].home}), 404, "unknown")
        other = raised(serving, 7)
        assert other not in listed()
        over = do(backup, alert, "resolve", taken["version"] + 1, reason="klart")
        assert over.json()["standing"] == "resolved"
        assert_problem(backup.get("/api/v1/responders", params={"home": home}), 404, "unknown")
