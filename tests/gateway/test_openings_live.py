"""Remote openings come to a desk by themselves, and stand in the read log once for each connection that shows them."""

import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest

from gateway.embedded import PrivateBroker, PrivateDatabase
from gateway.model.authorisation import Role
from homecare.identity import new_id
from tests.gateway.doorstep import with_lock
from tests.gateway.serving import Serving, serve
from tests.gateway.shifts import events
from tests.gateway.signed import SECOND, enrol_everybody, person, sign_in

HOUSE = with_lock(71)
KARIN, OLLE = person(Role.CAREGIVER), person(Role.OPERATOR, number=2)
STRANGER = person(Role.OPERATOR, SECOND)
PULSES = 3
"""What a desk is awaited through where nothing more should come; 2 s each."""
LONGER_THAN_IT_LASTS = 20
"""Events: a pulse comes every 2 s."""
_ASK = """
    INSERT INTO remote_opening (id, person, key, home, action, purpose_kind, purpose_id, asked_at, expires_at)
    VALUES (%s, %s, %s, %s, 'unlock', 'visit', 'visit-00000001', now(), now() + %s::interval)
    RETURNING pg_notify('vaka_today', %s)
"""


@pytest.fixture
def night(
    database_server: PrivateDatabase, migrated_template: str, broker: PrivateBroker, tmp_path: Path
) -> Iterator[Serving]:
    for serving in serve(database_server, migrated_template, broker, tmp_path, (HOUSE,)):
        serving.stop()
        enrol_everybody(serving.database_url, (KARIN, OLLE, STRANGER))
        serving.start()
        yield serving


def _ask(night: Serving, lasts: str = "5 min") -> str:
    """Karin asks for the door; the opening's id."""
    id_ = new_id("opening")
    night.rows(_ASK, id_, KARIN.id, id_, HOUSE.home, lasts, KARIN.id)
    return id_


def _told(answer: httpx.Response) -> Iterator[list[str]]:
    return ([one["opening"] for one in data["openings"]] for name, data in events(answer) if name == "openings")


def _reads(night: Serving, who: str) -> list[tuple[object, ...]]:
    return night.rows("SELECT home FROM read_log WHERE person = %s AND what = 'openings'", who)


def test_a_desk_is_told_and_its_look_is_logged_once(night: Serving) -> None:
    """Red when every look at the same opening is a row that says nothing new."""
    with (
        sign_in(night.url, night.database_url, OLLE) as desk,
        desk.stream("GET", "/api/v1/live") as answer,
    ):
        told = _told(answer)
        assert next(told) == [], "first how it stands"
        opening = _ask(night)
        assert next(told) == [opening]
        desk.post(f"/api/v1/doors/openings/{opening}/decline").raise_for_status()
        assert next(told) == [], "answered"
        again = _ask(night)
        assert next(told) == [again]
        assert _reads(night, OLLE.id) == [(HOUSE.home,)], "the same home before the same eyes"


def test_an_opening_that_nobody_answers_goes_by_itself(night: Serving) -> None:
    """Red when only a change is looked for: time alone changes nothing in the database."""
    with (
        sign_in(night.url, night.database_url, OLLE) as desk,
        desk.stream("GET", "/api/v1/live") as answer,
    ):
        heard = events(answer)
        told = (data["openings"] for name, data in heard if name == "openings")
        assert next(told) == []
        opening = _ask(night, lasts="8 s")
        assert [one["opening"] for one in next(told)] == [opening]
        for name, data in itertools.islice(heard, LONGER_THAN_IT_LASTS):
            if name == "openings":
                assert data["openings"] == []
                return
        raise AssertionError("it stays")


def test_no_alarm_waits_for_openings(night: Serving) -> None:
    """Red when the connection that tells of alarms waits for any other list."""
    with (
        sign_in(night.url, night.database_url, OLLE) as desk,
        desk.stream("GET", "/api/v1/live") as answer,
        psycopg.connect(night.database_url) as held,
    ):
        heard = events(answer)
        assert next(data for name, data in heard if name == "openings")["openings"] == []
        held.execute("LOCK TABLE remote_opening IN ACCESS EXCLUSIVE MODE")
        night.rows("SELECT pg_notify('vaka_today', %s)", KARIN.id)
        next(name for name, _ in heard if name == "pulse")
        night.press(HOUSE, 1)
        names: list[str] = []
        while not names or names[-1] != "alert":
            names.append(next(heard)[0])
        assert names.count("pulse") <= 1, "a pulse comes every 2 s"


def test_nobody_is_told_of_another_unit(night: Serving) -> None:
    with (
        sign_in(night.url, night.database_url, STRANGER) as desk,
        desk.stream("GET", "/api/v1/live") as answer,
    ):
        heard: Iterator[tuple[str, Any]] = events(answer)
        assert next(data for name, data in heard if name == "openings")["openings"] == []
        _ask(night)
        names: list[str] = []
        while names.count("pulse") < PULSES:
            name, data = next(heard)
            names.append(name)
            assert name != "openings" or data["openings"] == []
    assert _reads(night, STRANGER.id) == []
