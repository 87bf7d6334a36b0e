"""A home that was shown leaves its row in the read log, however its reader goes."""

import asyncio
import contextlib
import json
from pathlib import Path

import pytest
from fastapi import FastAPI, Request

from gateway.embedded import PrivateBroker
from gateway.model.authorisation import Permission, Role, Subject
from gateway.people.sessions import HAND, subject_of
from gateway.ports.desk import Read
from gateway.web.app import create_app
from gateway.web.lists_live import Lists
from gateway.web.live import EventStream, _Desk
from gateway.web.operator import HOMES_AT_ONCE, encoded_homes
from gateway.web.schemas import Alerts
from gateway.web.services import Services
from gateway.web.session import COOKIE, TOKEN_ROLES
from gateway.web.tenancy import Reach
from tests.asking import rows
from tests.gateway.enrolled import household, snapshot_of
from tests.gateway.running import SECONDS, Speaker, running
from tests.gateway.signed import enrol_everybody, person, secret_of
from tests.waiting import until

TURNS = 10
"""A millisecond apart, of the event loop during one call: 3 where nothing else is done meanwhile, else 20 and more."""
READ = "SELECT person, what FROM read_log WHERE home = %s"


@pytest.mark.asyncio
async def test_a_reader_that_leaves_with_the_alarm_before_its_eyes_is_in_the_log(
    database_url: str, broker: PrivateBroker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The connection goes in the very moment in which the alarm is handed to it: nothing runs behind that event."""
    house = household(21)
    served: list[Services] = []

    def create(services: Services) -> FastAPI:
        served.append(services)
        return create_app(services)

    monkeypatch.setattr("gateway.web.app.create_app", create)
    async with running(database_url, broker.url, tmp_path, house), Speaker(house, broker.url) as edge:
        await until(lambda: served)
        [services] = served
        gone = asyncio.Event()
        shown: list[bytes] = []

        async def receive() -> dict[str, str]:
            await gone.wait()
            return {"type": "http.disconnect"}

        async def send(message: dict[str, object]) -> None:
            body = message.get("body", b"")
            if isinstance(body, bytes) and body.startswith(b"event: alert"):
                shown.append(body)
                gone.set()
                await asyncio.Event().wait()

        subscription = services.feed.subscribe()
        subject = Subject(person="Hasty", display="Hasty", roles={}, everywhere=TOKEN_ROLES)
        reach = Reach(services, Request({"type": "http"}), subject, Permission.ALERT_READ)
        read = Read(person="Hasty", what="live", within=reach.units)
        desk = _Desk(services, subscription, read, reach=reach, shown=set(), lists=Lists())
        stream = EventStream(
            desk.events(Alerts(number=0, alerts=[]), 0), on_end=lambda: services.feed.unsubscribe(subscription)
        )
        reading = asyncio.create_task(stream({"type": "http"}, receive, send))  # type: ignore[arg-type] # why: plain dicts
        edge.press(1)
        async with asyncio.timeout(SECONDS):
            with contextlib.suppress(asyncio.CancelledError):
                await reading
    assert len(shown) == 1
    assert rows(database_url, READ, house.home) == [("Hasty", "live")]


@pytest.mark.asyncio
async def test_an_open_feed_of_a_phone_outlives_its_idle_session_and_another_does_not(
    database_url: str, broker: PrivateBroker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The stream looks at its session every minute; a caregiver's phone in a pocket must still be told."""
    caregiver, served = person(Role.CAREGIVER), list[Services]()
    enrol_everybody(database_url)
    secret = await asyncio.to_thread(secret_of, database_url, caregiver)

    def create(services: Services) -> FastAPI:
        served.append(services)
        return create_app(services)

    monkeypatch.setattr("gateway.web.app.create_app", create)
    monkeypatch.setattr("gateway.web.tenancy.LOOK_SECONDS", 0.0)
    async with running(database_url, broker.url, tmp_path, household(22)):
        await until(lambda: served)
        [services] = served
        found = await services.sessions.find(secret)
        assert found is not None
        app = create_app(services)
        cookie = [(b"cookie", f"{COOKIE}={secret}".encode())]
        request = Request({"type": "http", "method": "GET", "headers": cookie, "app": app})
        subject = subject_of(found)
        idle = "UPDATE web_session SET last_seen = now() - %s * interval '1 microsecond' RETURNING id"
        rows(database_url, idle, HAND.idle + 1_000_000)
        for listening in (True, False):
            reach = Reach(services, request, subject, Permission.TODAY_READ, listening=listening)
            assert await reach.goes_on() is listening
            reach.close()


@pytest.mark.asyncio
async def test_a_list_of_thousands_of_homes_gives_alarms_their_turn(
    database_url: str, broker: PrivateBroker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ten thousand homes encoded in one go held up every press in that moment for more than a second."""
    homes, served, turns = 2_000, list[Services](), 0

    def create(services: Services) -> FastAPI:
        served.append(services)
        return create_app(services)

    monkeypatch.setattr("gateway.web.app.create_app", create)
    async with running(database_url, broker.url, tmp_path, household(23)):
        await until(lambda: served)
        [services] = served
        services.registry.replace(snapshot_of(*(household(number) for number in range(1, homes + 1))))
        listing = asyncio.create_task(encoded_homes(services, list(services.registry.homes.values()), {}, 0))
        while not listing.done():
            turns += 1
            await asyncio.sleep(0)
    assert len(json.loads(listing.result())) == homes
    assert turns >= homes // HOMES_AT_ONCE


@pytest.mark.asyncio
async def test_the_description_is_made_beside_the_alarms(
    database_url: str, broker: PrivateBroker, tmp_path: Path
) -> None:
    """Red where it is made in one go: the first look at it held up every press for half a second."""
    async with running(database_url, broker.url, tmp_path, household(24)) as process, process.client() as client:
        turns = 0
        asked = asyncio.create_task(client.get("/openapi.json"))
        while not asked.done():
            await asyncio.sleep(0.001)
            turns += 1
        assert "/api/v1/alerts" in asked.result().json()["paths"]
        assert turns > TURNS
