"""What a subject may see and touch, asked of every call. What belongs to another unit does not exist for it."""

import asyncio
from typing import Final

from fastapi import Request

from gateway.model.authorisation import NotAllowed, Permission, Resource, Subject, Units, require, units_for, within
from gateway.people.sessions import Watch, subject_of
from gateway.web.services import Services
from gateway.web.session import signed_in
from homecare.alert import Alert
from homecare.errors import Unknown
from homecare.identity import AlertId, EdgeId, HomeId, UnitId

STANDING_IN: Final = frozenset({Permission.INSTRUCTION_READ, Permission.RESPONDER_READ, Permission.DAY_READ})
"""What whoever stands in for another unit may read of a home while its escalated case is open."""
LOOK_SECONDS: Final = 60.0
"""A stream looks at its own session at least this often."""


async def require_alert(behind: Services, subject: Subject, permission: Permission, alert: AlertId) -> UnitId:
    """The alert's unit; `Unknown` for one of another unit exactly as for none, `NotAllowed` for the wrong role."""
    unit = await behind.tenancy.unit_of_alert(alert)
    if unit is not None and not subject.roles_in(unit):
        unit = _own(subject, await behind.tenancy.standing_in_for_alert(alert))
    if unit is None or not subject.roles_in(unit):
        raise Unknown("read alert", "alert", "there is no such alert; read the list again")
    require(subject, permission, Resource(unit=unit))
    return unit


async def require_home(behind: Services, subject: Subject, permission: Permission, home: HomeId) -> UnitId:
    """The home's unit; `Unknown` for one of another unit exactly as for none, `NotAllowed` for the wrong role."""
    unit = await unit_of_home(behind, home)
    if unit is not None and not subject.roles_in(unit) and permission in STANDING_IN:
        unit = _own(subject, await behind.tenancy.standing_in_for_home(home))
    if unit is None or not subject.roles_in(unit):
        raise Unknown("read home", "home", "there is no such home; read the list of homes again")
    require(subject, permission, Resource(unit=unit))
    return unit


def _own(subject: Subject, units: frozenset[UnitId]) -> UnitId | None:
    """The subject's own among the units that stand in for another one."""
    return next((unit for unit in sorted(units) if subject.roles_in(unit)), None)


async def unit_of_home(behind: Services, home: HomeId) -> UnitId | None:
    """From memory; asked of the store for a home that was enrolled a moment ago."""
    known = behind.registry.homes.get(home)
    return known.unit if known else await behind.tenancy.unit_of_home(home)


async def homes_of_edge(behind: Services, edge: EdgeId) -> tuple[HomeId, ...]:
    """The homes in which it stands now, from memory; asked of the store for one that came in a moment ago."""
    return behind.registry.homes_of(edge) or await behind.tenancy.homes_of_edge(edge)


class Reach:
    """What a stream may show, as of now: a stream outlives the moment in which its subject was asked who it is."""

    def __init__(
        self, behind: Services, request: Request, subject: Subject, permission: Permission, *, listening: bool = False
    ) -> None:
        self._behind = behind
        self._listening = listening
        self._request = request
        self._permission = permission
        self._units: Units = units_for(subject, permission)
        self._watch: Watch | None = behind.sessions.watch(subject.session) if subject.session else None
        self._looked_at = asyncio.get_running_loop().time()

    @property
    def units(self) -> Units:
        """The units of the last look."""
        return self._units

    async def goes_on(self) -> bool:
        """Whether the stream may go on: False at once when the session ends here, and within `LOOK_SECONDS` elsewhere.

        A role that was taken away counts from the next look on.
        """
        if self._watch is None:
            return True
        if self._watch.ended:
            return False
        now = asyncio.get_running_loop().time()
        if now - self._looked_at >= LOOK_SECONDS:
            self._looked_at = now
            found = await signed_in(self._request, used=False, listening=self._listening)
            if found is None:
                return False
            try:
                self._units = units_for(subject_of(found), self._permission)
            except NotAllowed:
                return False
        return True

    async def shows(self, home: HomeId) -> bool:
        """Whether something of this home may be shown."""
        return self._units is None or within(await unit_of_home(self._behind, home), self._units)

    async def shows_alert(self, alert: Alert) -> bool:
        """Whether it may be shown: one of the own units, or an escalated one of a unit that these stand in for."""
        if await self.shows(alert.home):
            return True
        units = self._units or frozenset()
        return alert.case.escalated_at is not None and not units.isdisjoint(
            await self._behind.tenancy.standing_in_for_alert(alert.id)
        )

    def close(self) -> None:
        """The stream is over."""
        if self._watch is not None:
            self._behind.sessions.unwatch(self._watch)
