"""Web sessions: who a browser's secret stands for now, for how long, and which open streams must end with it.

A session ends by itself: unused for `idle`, or `absolute` after it began. A desk is watched all night without a key
being touched, so that operators are only bounded by a shift; everybody else's screen is put away in a pocket or left.
"""

import hashlib
from typing import Final

import msgspec

from gateway.model.authorisation import Role, Subject
from gateway.ports.people import How, PeopleStore, Person, SignedIn, WebSession
from homecare.clock import HOUR, MINUTE, Clock
from homecare.errors import Refused
from homecare.identity import new_id, new_secret

SEEN_EVERY: Final = MINUTE
"""Microseconds: a session's use is written at most this often."""
VERIFIED_FOR: Final = 5 * MINUTE
"""Microseconds after a proof of presence in which sensitive acts need no new one."""
SECRET_DIGITS: Final = 64
"""Hex digits of a session's secret: 256 bits."""


class Limits(msgspec.Struct, frozen=True):
    """Microseconds without use, and in all, after which a session is over."""

    idle: int
    absolute: int


DESK: Final = Limits(idle=12 * HOUR, absolute=12 * HOUR)
"""An operator's: a long shift."""
HAND: Final = Limits(idle=15 * MINUTE, absolute=10 * HOUR)
"""Everybody else's."""


class NotFresh(Refused):
    """A sensitive act needs a person who has just proved to be there."""

    status = 401


def limits_of(person: Person) -> Limits:
    """The limits of a person's sessions."""
    return DESK if any(Role.OPERATOR in held for held in person.roles.values()) else HAND


def over(signed: SignedIn, now: int, *, listening: bool = False) -> bool:
    """Whether the session has ended by itself; whoever only listens for alarms is bounded by the shift alone.

    A phone that lies in a pocket for an hour must still ring. To answer, its holder proves to be there again.
    """
    limits, session = limits_of(signed.person), signed.session
    idle = not listening and now - session.last_seen > limits.idle
    return idle or now - session.created_at > limits.absolute


def digest_of(secret: str) -> bytes:
    """What is kept of a secret."""
    return hashlib.sha256(secret.encode("utf-8", "surrogateescape")).digest()


class Watch:
    """An open stream's view of its session; `ended` is set at once where the session ends in this process."""

    def __init__(self, session: str) -> None:
        self.session = session
        self.ended = False


class Sessions:
    """Opens, finds and ends sessions; one a process."""

    def __init__(self, store: PeopleStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._watches: set[Watch] = set()

    async def open(self, person: Person, how: How) -> str:
        """A new session's secret, for the cookie and nothing else."""
        session, secret = self.fresh(person, how)
        await self._store.open_session(session, digest_of(secret))
        return secret

    def fresh(self, person: Person, how: How) -> tuple[WebSession, str]:
        """A session that nobody has kept yet, and its secret."""
        now = self._clock.now().wall
        session = WebSession(
            id=new_id("session"), person=person.id, how=how, created_at=now, last_seen=now, verified_at=now
        )
        return session, new_secret().hex()

    async def find(self, secret: str, *, used: bool = True, listening: bool = False) -> SignedIn | None:
        """Who is signed in with this secret, None where nobody is any more.

        `used` counts as use of the session; `listening`: see `over`.
        """
        if len(secret) != SECRET_DIGITS:
            return None
        signed = await self._store.signed_in(digest_of(secret))
        now = self._clock.now().wall
        if signed is None or over(signed, now, listening=listening):
            return None
        if used and now - signed.session.last_seen > SEEN_EVERY:
            await self._store.seen(signed.session.id, now)
        return signed

    async def end(self, session: str) -> None:
        """Sign out; streams of the session in this process end at once, in others within their next look."""
        await self._store.end_session(session, self._clock.now().wall)
        self._cut((session,))

    async def revoke(self, person: str) -> None:
        """Nobody signs in as this person any more, and whoever is signed in is out."""
        self._cut(await self._store.revoke(person, self._clock.now().wall))

    def watch(self, session: str) -> Watch:
        """For an open stream; give it back with `unwatch`."""
        watch = Watch(session)
        self._watches.add(watch)
        return watch

    def unwatch(self, watch: Watch) -> None:
        """The stream is over."""
        self._watches.discard(watch)

    def require_fresh(self, signed: SignedIn) -> None:
        """`NotFresh` unless the person proved to be there within `VERIFIED_FOR`."""
        if self._clock.now().wall - signed.session.verified_at > VERIFIED_FOR:
            raise NotFresh("sign in again", "session", "this needs a fresh proof: sign in again")

    def _cut(self, sessions: tuple[str, ...]) -> None:
        for watch in self._watches:
            if watch.session in sessions:
                watch.ended = True


def subject_of(signed: SignedIn) -> Subject:
    """The subject that a session stands for."""
    person = signed.person
    return Subject(person=person.id, display=person.display, roles=person.roles, session=signed.session.id)
