"""The operator's reads: alerts, homes, and a home's last 24 hours."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Annotated, Final, Literal

from fastapi import APIRouter, Path, Query
from fastapi.responses import JSONResponse, Response

from gateway.alarms.day import lanes
from gateway.model.authorisation import Permission, units_for, within
from gateway.ports.desk import Read, Window
from gateway.ports.registry import Home
from gateway.web.schemas import (
    Alerts,
    Day,
    DeviceSummary,
    EdgeSeen,
    HomeSummary,
    Problem,
    alert_view,
    lane_view,
    rfc3339,
)
from gateway.web.services import Behind, Services
from gateway.web.session import Signed
from gateway.web.tenancy import require_home
from homecare.clock import DAY
from homecare.delivery import EDGE_LOST_AFTER
from homecare.errors import Unavailable
from homecare.identity import ID_PATTERN, EdgeId, HomeId

ALERTS_LIMIT: Final = 1_000
"""Alerts in one answer."""
HOMES_AT_ONCE: Final = 25
"""Encoded before others have a turn, about 2 ms: ten thousand in one go held up a press for more than a second."""
WRITTEN_EVERY: Final = 60_000_000
"""Microseconds: when an edge was heard is written at most once a minute."""

PROBLEMS: Final[dict[int | str, dict[str, object]]] = {
    401: {"model": Problem, "description": "nobody is signed in, and no valid bearer token"},
    403: {"model": Problem, "description": "not with this role"},
    404: {"model": Problem, "description": "there is no such thing"},
    422: {"model": Problem, "description": "the request cannot be understood"},
    503: {"model": Problem, "description": "the database is away"},
}

router: Final = APIRouter(prefix="/api/v1", responses=PROBLEMS)

HomePath = Annotated[str, Path(pattern=ID_PATTERN, alias="home")]


@router.get("/alerts", summary="Alerts, open calls first, then newest first")
async def list_alerts(
    behind: Behind,
    subject: Signed,
    state: Annotated[Literal["open", "resolved", "all"], Query(description="how people stand to them")] = "open",
    limit: Annotated[int, Query(ge=1, le=ALERTS_LIMIT)] = 200,
) -> Alerts:
    """What the desk lists; every home shown leaves a read log row."""
    units = units_for(subject, Permission.ALERT_READ)
    snapshot = await behind.store.alerts(state, limit, Read(person=subject.person, what="alerts", within=units))
    return Alerts(number=snapshot.number, alerts=[alert_view(view, behind.registry) for view in snapshot.alerts])


@router.get("/homes", summary="All homes with their edges and devices")
async def list_homes(behind: Behind, subject: Signed) -> list[HomeSummary]:
    """Every home leaves a read log row. Each is encoded by itself: ten thousand as one tree are 30 MiB."""
    units = units_for(subject, Permission.HOME_READ)
    shown = (home for home in behind.registry.homes.values() if within(home.unit, units))
    homes = sorted(shown, key=lambda home: (home.label, home.id))
    read = Read(person=subject.person, what="homes", within=units)
    seen = await behind.store.edges_seen([home.id for home in homes], read)
    last_seen = {one.edge: one.last_seen for one in seen}
    lost_before = behind.clock.now().wall - EDGE_LOST_AFTER - WRITTEN_EVERY
    answer = await encoded_homes(behind, homes, last_seen, lost_before)
    return Response(answer, media_type="application/json")  # type: ignore[return-value] # as it is


async def encoded_homes(
    behind: Services, homes: Sequence[Home], last_seen: Mapping[EdgeId, int], lost_before: int
) -> bytes:
    """The homes as JSON; alarms have their turn in between."""
    encoded: list[bytes] = []
    for first in range(0, len(homes), HOMES_AT_ONCE):
        encoded += [_summary(behind, home, last_seen, lost_before) for home in homes[first : first + HOMES_AT_ONCE]]
        await asyncio.sleep(0)
    return b"[%b]" % b",".join(encoded)


def _summary(behind: Services, home: Home, last_seen: Mapping[EdgeId, int], lost_before: int) -> bytes:
    edges = [
        EdgeSeen(
            edge=edge,
            last_seen=None if edge not in last_seen else rfc3339(last_seen[edge]),
            silent=last_seen.get(edge, 0) < lost_before,
        )
        for edge in behind.registry.edges_of(home.id)
    ]
    summary = HomeSummary(home=home.id, label=home.label, edges=edges, devices=_devices(behind, home.id))
    return summary.model_dump_json(by_alias=True).encode()


def _devices(behind: Services, home: HomeId) -> list[DeviceSummary]:
    return [
        DeviceSummary(
            device=device.id,
            placement=device.placement.value,
            capabilities=[capability.value for capability in device.capabilities],
        )
        for device in behind.registry.devices_of(home)
    ]


@router.get("/homes/{home}/day", summary="A home's last 24 hours", response_class=JSONResponse)
async def day_of_home(behind: Behind, subject: Signed, home: HomePath) -> Day:
    """Events, states and coverage of every device; where nobody could hear a device, nothing is claimed."""
    unit = await require_home(behind, subject, Permission.DAY_READ, HomeId(home))
    known = behind.registry.homes.get(HomeId(home))
    if known is None:
        raise Unavailable("read day", "home", "it was enrolled a moment ago; try again")
    now = behind.clock.now().wall
    window = Window(since=now - DAY, until=now)
    facts = await behind.store.day(known.id, window, Read(person=subject.person, what="day", within=frozenset({unit})))
    drawn = lanes(behind.registry.devices_of(known.id), facts.events, window)
    return Day(
        home=known.id,
        label=known.label,
        since=rfc3339(window.since),
        to=rfc3339(window.until),
        began=None if facts.began is None else rfc3339(facts.began),
        lanes=[lane_view(lane) for lane in drawn],
        alerts=[alert_view(view, behind.registry) for view in facts.alerts],
    )
