"""Who cannot get in comes to a desk by itself, and stands in the read log once for each connection that shows it."""

import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest

from gateway.embedded import PrivateBroker, PrivateDatabase
from gateway.model.authorisation import Role
from gateway.model.plan_line import visit_id
from homecare.identity import HomeId
from tests.gateway.serving import HOUSES, Serving, serve
from tests.gateway.shifts import csv, events, line, now, rfc, send
from tests.gateway.signed import SECOND, enrol_everybody, in_unit, person, sign_in

HOUSE, OTHERS = HOUSES[0], in_unit(HOUSES[2], SECOND, "Other unit")
KARIN, PETRA, DISA = person(Role.CAREGIVER), person(Role.COORDINATOR), person(Role.OPERATOR)
STRANGER = person(Role.OPERATOR, SECOND)
PULSES = 3
"""What a desk is awaited through where nothing more should come; 2 s each."""


@pytest.fixture
def night(
    database_server: PrivateDatabase, migrated_template: str, broker: PrivateBroker, tmp_path: Path
) -> Iterator[Serving]:
    for serving in serve(database_server, migrated_template, broker, tmp_path, (HOUSE, OTHERS)):
        serving.stop()
        enrol_everybody(serving.database_url, (KARIN, PETRA, DISA, STRANGER))
        serving.start()
        yield serving


def _told(answer: httpx.Response) -> Iterator[list[dict[str, Any]]]:
    return (data["no_entries"] for name, data in events(answer) if name == "no_entries")


def _reads(night: Serving, who: str) -> list[tuple[object, ...]]:
    return night.rows("SELECT home FROM read_log WHERE person = %s AND what = 'no_entries'", who)


def _stuck(coordinator: httpx.Client, phone: httpx.Client, home: HomeId) -> str:
    """Somebody who is planned there cannot get in; the id of it."""
    external = str(uuid.uuid4())
    assert send(coordinator, csv(line(external, home, KARIN.id))).json()["new"] == 1
    said = {"at": rfc(now()), "key": str(uuid.uuid4()), "reason": ""}
    answer = phone.post(f"/api/v1/phone/visits/{visit_id('unit-0001', external)}/cannot-get-in", json=said)
    return str(answer.raise_for_status().json()["no_entry"])


def test_a_desk_is_told_and_its_look_is_logged_once(night: Serving) -> None:
    """Red when the desk must ask again and again: every answer would be a row that says nothing new."""
    coordinator, phone, desk = (sign_in(night.url, night.database_url, one) for one in (PETRA, KARIN, DISA))
    with coordinator, phone, desk, desk.stream("GET", "/api/v1/live") as answer:
        told = _told(answer)
        assert next(told) == [], "first how it stands"
        stuck = _stuck(coordinator, phone, HOUSE.home)
        [shown] = next(told)
        assert (shown["id"], shown["name"], shown["home"]) == (stuck, KARIN.display, HOUSE.home)
        assert _reads(night, DISA.id) == [(HOUSE.home,)]
        closing = {"reason": "Ej hemma", "key": str(uuid.uuid4())}
        coordinator.post(f"/api/v1/no-entries/{stuck}/close", json=closing).raise_for_status()
        assert next(told) == []
        again = _stuck(coordinator, phone, HOUSE.home)
        assert [one["id"] for one in next(told)] == [again]
        assert _reads(night, DISA.id) == [(HOUSE.home,)], "the same home before the same eyes"
    with sign_in(night.url, night.database_url, DISA) as later, later.stream("GET", "/api/v1/live") as answer:
        assert [one["id"] for one in next(_told(answer))] == [again]
    assert _reads(night, DISA.id) == [(HOUSE.home,)] * 2, "another connection is another look"


def test_no_alarm_waits_for_who_cannot_get_in(night: Serving) -> None:
    """Red when the connection that tells of alarms waits for any other list."""
    coordinator, desk = (sign_in(night.url, night.database_url, one) for one in (PETRA, DISA))
    with coordinator, desk, desk.stream("GET", "/api/v1/live") as answer, psycopg.connect(night.database_url) as held:
        heard = events(answer)
        assert next(data for name, data in heard if name == "no_entries")["no_entries"] == []
        held.execute("LOCK TABLE no_entry IN ACCESS EXCLUSIVE MODE")
        send(coordinator, csv(line(str(uuid.uuid4()), HOUSE.home, KARIN.id))).raise_for_status()
        next(name for name, _ in heard if name == "pulse")
        [alert] = night.press(HOUSE, 1)
        names = []
        while not names or names[-1] != "alert":
            names.append(next(heard)[0])
        assert names.count("pulse") <= 1, "a pulse comes every 2 s"
        assert night.rows("SELECT id FROM alert") == [(alert.id,)]


def test_nobody_is_told_of_another_unit(night: Serving) -> None:
    coordinator, phone, desk = (sign_in(night.url, night.database_url, one) for one in (PETRA, KARIN, STRANGER))
    with coordinator, phone, desk, desk.stream("GET", "/api/v1/live") as answer:
        heard = events(answer)
        assert next(data for name, data in heard if name == "no_entries")["no_entries"] == []
        _stuck(coordinator, phone, HOUSE.home)
        names = []
        while names.count("pulse") < PULSES:
            name, data = next(heard)
            names.append(name)
            assert name != "no_entries" or data["no_entries"] == []
    assert _reads(night, STRANGER.id) == []
