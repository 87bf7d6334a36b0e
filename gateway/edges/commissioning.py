"""Commissioning: a home counts as in service only when everything that it will rely on was seen to work once.

Consent of everybody who lives there, a press that went the whole way from the button to an alert, and a way in that
was tried. What is missing is named; a button that nobody ever heard is how alarms die silently.
"""

from collections.abc import Sequence
from enum import StrEnum
from typing import Final

import msgspec

from gateway.ports.commissioning import CommissioningStore, HomeStanding, Step, StepDone
from homecare.clock import DAY, Clock
from homecare.consent import Member, MemberKind, Purpose, missing
from homecare.errors import Malformed, Refused
from homecare.identity import HomeId

PRESS_WITHIN: Final = DAY
"""Microseconds: a press counts for commissioning when it came at most so long before it was looked for."""
PROOF_LIMIT: Final = 200
"""Characters of what an integrator writes about a way in that was tried by hand."""


class Missing(StrEnum):
    """What stands between a home and being in service."""

    CONSENT_RESIDENT = "consent_resident"
    CONSENT_COHABITANT = "consent_cohabitant"
    PRESS = "press"
    WAY_IN = "way_in"


class DoorLog(StrEnum):
    """Whether a planned visit may open the door, as far as consent to a log of that goes."""

    IN_FORCE = "in_force"
    MISSING = "missing"
    NOT_ASKED = "not_asked"
    """The home is older than the question: its door opens as before until an answer is recorded."""


class Commissioned(msgspec.Struct, frozen=True):
    """How far a home has come. A consent to a log at the door keeps no home out of service: many have no lock."""

    standing: HomeStanding
    missing: tuple[Missing, ...]
    in_service: bool
    door_log: DoorLog


def judge(standing: HomeStanding) -> Commissioned:
    """What is missing; consent that was withdrawn later is missing again, the steps stay taken."""
    members = [Member(kind=member.kind, consents=member.consents) for member in standing.members]
    taken = {done.step for done in standing.steps}
    lacking: list[Missing] = [_CONSENT[kind] for kind in missing(members, Purpose.SENSORS)]
    if Step.PRESS_SEEN not in taken:
        lacking.append(Missing.PRESS)
    if Step.WAY_IN_TESTED not in taken:
        lacking.append(Missing.WAY_IN)
    door_log = DoorLog.MISSING if missing(members, Purpose.DOOR_LOG) else DoorLog.IN_FORCE
    return Commissioned(
        standing=standing,
        missing=tuple(lacking),
        in_service=Step.IN_SERVICE in taken,
        door_log=door_log if standing.door_log_asked else DoorLog.NOT_ASKED,
    )


_CONSENT: Final = {
    MemberKind.RESIDENT: Missing.CONSENT_RESIDENT,
    MemberKind.COHABITANT: Missing.CONSENT_COHABITANT,
}


class NotReady(Refused):
    """The home may not be put in service; `missing` says why."""

    def __init__(self, missing_: Sequence[Missing]) -> None:
        self.missing = tuple(missing_)
        super().__init__("put in service", "home", f"first: {', '.join(self.missing)}")


class Commissioning:
    """The use cases over a store."""

    def __init__(self, store: CommissioningStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    async def look(self, home: HomeId) -> Commissioned:
        """How far the home has come; what has happened by itself since the last look is noted."""
        standing = await self._store.standing(home)
        taken = {done.step for done in standing.steps}
        now = self._clock.now().wall
        press = None if Step.PRESS_SEEN in taken else await self._store.press_since(home, now - PRESS_WITHIN)
        opened = None if Step.WAY_IN_TESTED in taken else await self._store.opened_by_command(home)
        for step, proof in ((Step.PRESS_SEEN, press), (Step.WAY_IN_TESTED, opened)):
            if proof is not None:
                await self._store.take(home, StepDone(step=step, at=now, by="vaka", proof=proof))
        if press is not None or opened is not None:
            standing = await self._store.standing(home)
        return judge(standing)

    async def way_in_by_hand(self, home: HomeId, *, by: str, how: str) -> Commissioned:
        """The integrator went in by another way (a key, a key box) and says by which."""
        said = how.strip()
        if not said or len(said) > PROOF_LIMIT:
            raise Malformed("test way in", "how", f"say how, in at most {PROOF_LIMIT} characters")
        now = self._clock.now().wall
        await self._store.take(home, StepDone(step=Step.WAY_IN_TESTED, at=now, by=by, proof=said))
        return await self.look(home)

    async def put_in_service(self, home: HomeId, *, by: str) -> Commissioned:
        """The home counts on us from now on; `NotReady` while anything is missing."""
        found = await self.look(home)
        if found.missing:
            raise NotReady(found.missing)
        now = self._clock.now().wall
        await self._store.take(home, StepDone(step=Step.IN_SERVICE, at=now, by=by, proof="all steps"))
        return await self.look(home)

    async def add_member(self, home: HomeId, member: str, kind: MemberKind) -> Commissioned:
        """Somebody who must consent lives there."""
        await self._store.add_member(home, member, kind)
        return await self.look(home)

    async def consent(self, home: HomeId, member: str, purpose: Purpose, *, given: bool, by: str) -> Commissioned:
        """Consent was given or withdrawn."""
        act = self._store.consent if given else self._store.withdraw
        await act(member, purpose, by=by, at=self._clock.now().wall)
        return await self.look(home)
