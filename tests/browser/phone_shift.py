"""A shift for a phone: homes with locks and tags, visits around now, and an alarm that is sent."""

import asyncio
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

import httpx
import msgspec

from gateway.adapters.postgres.alarm_intake import PostgresAlarms
from gateway.adapters.postgres.tags import enrol_tag
from gateway.adapters.postgres.visit_rows import TODAY_CHANNEL, save_visit
from gateway.config import read_key
from gateway.model.tag_sun import TagKeys
from gateway.ports.people import Person
from gateway.ports.tags import TagPlace, TagRegistration
from homecare.clock import MINUTE, SystemClock
from homecare.event import LockState
from homecare.visit import PlannedVisit, from_plan
from simulator.tag import Tag
from tests.asking import rows
from tests.browser.gateway_process import GatewayProcess
from tests.gateway.alarms import judged
from tests.gateway.doorstep import KARIN, connecting, lock_of, settle, with_lock
from tests.gateway.enrolled import Household
from tests.gateway.signed import FIRST, secret_of
from tests.waiting import SECONDS

Found = TypeVar("Found")
ASTA, SVEN = "Asta Exempel", "Sven Påhittad"
INSTRUCTION = "Ring dottern Vera först, hon bor i huset bredvid.\nHunden är snäll."


class Shift:
    """Two visits of Karin's, the first one now; the homes' tags at the door and inside."""

    def __init__(self, database_url: str) -> None:
        self.url = database_url
        self.first = lived_in(with_lock(1, unlatch=True), ASTA, "Exempelgatan 4, port B, 3 tr")
        self.second = lived_in(with_lock(2), SVEN, "Påhittade vägen 12")
        self.elsewhere = with_lock(3)
        self._tags: dict[tuple[str, TagPlace], Tag] = {}
        self._presses = 0
        settle(database_url, self.first, self.second, self.elsewhere)
        apart(lambda: self._plan(self.first, "visit-phone-000001", minutes=-5, tasks=("Tillsyn", "Medicin")))
        apart(lambda: self._plan(self.second, "visit-phone-000002", minutes=45, tasks=("Kvällsmat",)))

    def hang_tags(self, data: Path) -> None:
        """With the keys of the gateway that runs on this folder."""
        keys = TagKeys(read_key(data / "tag.key"))
        for number, house in enumerate((self.first, self.second, self.elsewhere)):
            for place in TagPlace:
                uid = f"{place.value:.6}{number}".encode().ljust(7, b"-")
                id_ = f"tag-{house.home}-{place.value}"
                enrol_tag(self.url, TagRegistration(id_, uid, house.home, place, 0))
                self._tags[house.home, place] = Tag(uid, meta_key=keys.meta, file_key=keys.file(uid))

    def tag(self, gateway: GatewayProcess, house: Household, place: TagPlace = TagPlace.DOOR) -> str:
        """What a phone opens that is held to the tag."""
        return self._tags[house.home, place].read(f"{gateway.url}/phone/tag")

    def call_for_help(self, house: Household) -> str:
        """Somebody in the home presses; the alert's id."""
        self._presses += 1
        return apart(lambda: self._press(house))

    def press(self, gateway: GatewayProcess, house: Household, *, instruction: str = "") -> str:
        """Somebody calls for help, and an operator sends the alarm to Karin; its id."""
        alert = self.call_for_help(house)
        headers = {"Authorization": f"Bearer {gateway.token}", "X-Vaka-Operator": "Disa"}
        with httpx.Client(base_url=f"{gateway.url}/api/v1", headers=headers, timeout=SECONDS) as desk:
            if instruction:
                body: dict[str, Any] = {"version": 0, "text": instruction, "call_link": None}
                desk.put(f"/homes/{house.home}/instruction", json=body).raise_for_status()
            taken = desk.post(f"/alerts/{alert}/take", json={"version": 1, "operator": "Disa"})
            taken.raise_for_status()
            sending = {"version": taken.json()["version"], "operator": "Disa", "to": KARIN.id}
            desk.post(f"/alerts/{alert}/send", json=sending).raise_for_status()
        return alert

    def close(self, gateway: GatewayProcess, alert: str) -> None:
        """The operator closes it over the responder's head, having read the warning."""
        ((version,),) = rows(self.url, "SELECT version FROM alert WHERE id = %s", alert)
        headers = {"Authorization": f"Bearer {gateway.token}", "X-Vaka-Operator": "Disa"}
        body = {"version": version, "operator": "Disa", "reason": "Hjälp är på plats", "confirm": True}
        with httpx.Client(base_url=f"{gateway.url}/api/v1", headers=headers, timeout=SECONDS) as desk:
            desk.post(f"/alerts/{alert}/resolve", json=body).raise_for_status()

    def plan(self, house: Household, id_: str, *, minutes: int) -> None:
        """One more visit of Karin's, of half an hour, so many minutes from now."""
        apart(lambda: self._plan(house, id_, minutes=minutes, tasks=("Tillsyn",)))

    def turned_by_hand(self, house: Household, state: LockState) -> None:
        """The home's lock says that somebody turned it, and Karin's phone is told."""
        said = (
            "INSERT INTO lock_state VALUES (%s, %s, %s, 'manual', now(), now()) ON CONFLICT (device) DO UPDATE SET "
            "state = excluded.state, cause = excluded.cause, at = excluded.at RETURNING pg_notify(%s, %s)"
        )
        rows(self.url, said, lock_of(house), house.home, state.value, TODAY_CHANNEL, KARIN.id)

    def session_of(self, who: Person) -> str:
        """A secret of this person's own session."""
        with ThreadPoolExecutor(1) as pool:
            return pool.submit(lambda: secret_of(self.url, who)).result()

    async def _press(self, house: Household) -> str:
        now = SystemClock().now().wall
        async with connecting(self.url) as connections:
            taken = await PostgresAlarms(connections).take(judged(house, self._presses, at=now), now)
        return str(taken.alerts[0].id)

    async def _plan(self, house: Household, id_: str, *, minutes: int, tasks: tuple[str, ...]) -> None:
        since = SystemClock().now().wall + minutes * MINUTE
        planned = PlannedVisit(
            id=id_,
            unit=FIRST,
            external_id=id_,
            home=house.home,
            since=since,
            until=since + 30 * MINUTE,
            people=(KARIN.id,),
            tasks=tasks,
        )
        visit, changes = from_plan(planned)
        async with connecting(self.url) as connections, connections.transaction() as cursor:
            await save_visit(cursor, visit, changes, recorded_at=since)


def lived_in(house: Household, resident: str, address: str) -> Household:
    """The household of this resident."""
    home = msgspec.structs.replace(house.registration.home, resident=resident, address=address)
    return msgspec.structs.replace(house, registration=msgspec.structs.replace(house.registration, home=home))


def apart(work: Callable[[], Coroutine[Any, Any, Found]]) -> Found:
    """Its answer; Playwright's synchronous side has a loop running in this thread."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(lambda: asyncio.run(work())).result()
