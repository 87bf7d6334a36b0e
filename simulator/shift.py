"""Tonight's shift of the demonstration: a plan as a planning system exports it, and the tags that hang in the homes."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final
from urllib.request import Request, urlopen
from zoneinfo import ZoneInfo

from gateway.adapters.postgres.tags import enrol_tag
from gateway.config import read_key
from gateway.model.tag_sun import TagKeys
from gateway.ports.tags import TagPlace, TagRegistration
from homecare.errors import Conflict
from homecare.identity import HomeId, derived_id
from simulator.household import HomePlan
from simulator.people import FIRST
from simulator.tag import Tag

COLUMNS: Final = "external_id;home;from;until;staff;staff_needed;tasks;status"
CAREGIVERS: Final = ("person-demo-care-01", "person-demo-care-02")
TASKS: Final = ("Tillsyn", "Medicin", "Kvällsmat")
VISIT: Final = timedelta(minutes=30)
APART: Final = timedelta(minutes=45)
"""From the start of one visit to the next."""
SENDING_SECONDS: Final = 10.0


def plan_csv(homes: Sequence[HomePlan], since: datetime) -> bytes:
    """A CSV file: one visit a home from `since` (a local time with zone) on; the last one takes two people.

    Times carry their offset, so that they are right also in the night in which the clock goes back.
    """
    lines = [COLUMNS]
    for number, home in enumerate(homes):
        start = since.astimezone(UTC) + number * APART
        people = CAREGIVERS if number == len(homes) - 1 else CAREGIVERS[:1]
        times = [
            moment.astimezone(since.tzinfo).isoformat(sep=" ", timespec="minutes") for moment in (start, start + VISIT)
        ]
        external = f"{since:%Y-%m-%d-%H%M}-{number + 1}"
        task = TASKS[number % len(TASKS)]
        lines.append(";".join((external, home.home, *times, " ".join(people), str(len(people)), task, "planned")))
    return "".join(f"{line}\n" for line in lines).encode()


def next_half_hour(now: int, zone: str) -> datetime:
    """The half hour in which `now` (wall microseconds) lies, in local time."""
    moment = datetime.fromtimestamp(now / 1_000_000, UTC).astimezone(ZoneInfo(zone))
    return moment.replace(minute=moment.minute // 30 * 30, second=0, microsecond=0)


def send_plan(gateway: str, token: str, content: bytes) -> dict[str, Any]:
    """Hand the plan over as an integration would; what came of it. `Conflict` where a line is wrong."""
    request = Request(f"{gateway}/api/v1/visits/plan?unit={FIRST}", data=content, method="POST")  # noqa: S310 why: ours
    request.add_header("Authorization", f"Bearer {token}")
    request.add_header("Content-Type", "text/csv")
    with urlopen(request, timeout=SENDING_SECONDS) as answer:  # noqa: S310 why: our own address on loopback
        done: dict[str, Any] = json.load(answer)
    if done["errors"]:
        raise Conflict("send plan", "the demonstration's plan", f"line {done['errors'][0]['row']} is wrong")
    return done


# --- tags ------------------------------------------------------------------------------------------------------------


def hang_tags(database: str, homes: Sequence[HomePlan]) -> None:
    """Enrol one tag at the door of each home and one inside; the same again changes nothing."""
    for home in homes:
        for place in TagPlace:
            id_ = derived_id("tag", home.home, place.value)
            enrol_tag(database, TagRegistration(id_, uid_of(home.home, place), home.home, place, 0))


def uid_of(home: HomeId, place: TagPlace) -> bytes:
    """The uid of a home's tag: NXP's first byte, the rest always the same for the same home and place."""
    return b"\x04" + bytes.fromhex(derived_id("uid", home, place.value).removeprefix("uid-"))[:6]


def read_tag(data: Path, home: HomeId, place: TagPlace, *, base: str) -> str:
    """The address that a phone gets from the tag; its counter is kept in the home's folder, as in a real tag."""
    uid = uid_of(home, place)
    keys = TagKeys(read_key(data / "tag.key"))
    counted = data / "homes" / home / f"tag-{place.value}"
    counter = int(counted.read_text(encoding="ascii")) if counted.exists() else 0
    tag = Tag(uid, meta_key=keys.meta, file_key=keys.file(uid), counter=counter)
    url = tag.read(base)
    counted.parent.mkdir(parents=True, exist_ok=True)
    counted.write_text(str(tag.counter), encoding="ascii")
    return url
