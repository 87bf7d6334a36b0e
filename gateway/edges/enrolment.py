"""Enrolment: how an edge that nobody knows becomes the edge of one home, and how it ceases to be it.

The integrator makes a claim code for a home; whoever brings it within 15 minutes, once, brings a public key and a
signing request and goes with an identity, a certificate and the devices that it is to hear.
"""

import logging
from collections.abc import Sequence
from typing import Final

import msgspec

from gateway.model.certificates import Authority, issue_edge
from gateway.ports.enrolment import Claimed, EnrolmentStore, NewCode, NewEdge, PlannedDevice
from homecare.alert import Condition
from homecare.claim import PART_BYTES, ClaimCode, new_claim_code
from homecare.clock import MINUTE, Clock
from homecare.errors import Malformed
from homecare.identity import DeviceId, EdgeId, HomeId, new_id
from homecare.seal import KEY_BYTES
from rules.verdict import Raise

CODE_LIFE: Final = 15 * MINUTE
"""Microseconds: the time in which somebody stands in the home with the edge in hand."""
DEVICES_LIMIT: Final = 100
"""Devices announced with one code: more than any home has."""
_log = logging.getLogger(__name__)


class Enrolled(msgspec.Struct, frozen=True):
    """What the edge takes home."""

    edge: EdgeId
    certificate: bytes
    due_at: int
    claimed: Claimed


class Enrolment:
    """The use cases over a store and the authority."""

    def __init__(self, store: EnrolmentStore, authority: Authority, clock: Clock) -> None:
        self._store = store
        self.authority = authority
        self._clock = clock

    async def make_code(self, home: HomeId, devices: Sequence[PlannedDevice], *, by: str) -> tuple[ClaimCode, int]:
        """A fresh code for `home` and when it ends; it is told once and kept nowhere."""
        if len(devices) > DEVICES_LIMIT:
            raise Malformed("make claim code", "devices", f"at most {DEVICES_LIMIT}")
        code, now = new_claim_code(self.authority.digest), self._clock.now().wall
        named = tuple(msgspec.structs.replace(one, id=DeviceId(new_id("device"))) for one in devices)
        kept = NewCode(
            digest=code.digest, home=home, devices=named, made_by=by, made_at=now, expires_at=now + CODE_LIFE
        )
        await self._store.keep_code(kept)
        return code, kept.expires_at

    async def enrol(self, secret: bytes, *, public_key: bytes, request: bytes) -> Enrolled:
        """Let an edge in. `Malformed` for its keys, `Refused` for its code; then nothing has changed."""
        if len(secret) != PART_BYTES or len(public_key) != KEY_BYTES:
            raise Malformed("enrol", "keys", f"a secret of {PART_BYTES} bytes, a public key of {KEY_BYTES}")
        edge, now = EdgeId(new_id("edge")), self._clock.now().wall
        issued = issue_edge(self.authority, request, edge=edge, at=now)
        digest = ClaimCode(authority=self.authority.digest, secret=secret).digest
        entry = NewEdge(id=edge, public_key=public_key, serial=issued.serial, issued_at=now, due_at=issued.due_at)
        claimed = await self._store.claim(digest, entry, now)
        _log.info("enrolled %s", edge)
        return Enrolled(edge=edge, certificate=issued.certificate, due_at=issued.due_at, claimed=claimed)

    async def tell_of_overdue(self) -> None:
        """Put every edge whose certificate is overdue before people, once a certificate; it works on all the same."""
        now = self._clock.now().wall
        raised = [
            Raise(
                condition=Condition.CERTIFICATE_OVERDUE,
                home=one.home,
                subject=None,
                window=f"{one.edge}/{one.serial}",
                occurred_at=one.due_at,
                fact=None,
                presses=1,
                explanation={"edge": one.edge, "why": Condition.CERTIFICATE_OVERDUE.value, "since": one.due_at},
            )
            for one in await self._store.overdue(now)
        ]
        if raised:
            await self._store.tell(raised, now)

    async def revoke(self, edge: EdgeId) -> None:
        """Turn an edge away: its frames are refused within `registry.REFRESH_SECONDS`, its rights at the broker go."""
        await self._store.revoke(edge, self._clock.now().wall)
        _log.info("revoked %s", edge)
