"""The values of people and their sessions, and what signing in needs of a store and of a verifier of passkeys.

Every method of a store raises `Unavailable` when it is away. Times are wall microseconds. A `digest` is the SHA-256 of
a secret: the secret itself is kept by the browser alone.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Protocol

import msgspec

from gateway.model.authorisation import Role, Units
from homecare.identity import UnitId


class How(StrEnum):
    """How a person signed in."""

    PASSKEY = "passkey"
    DEMONSTRATION = "demonstration"


class Purpose(StrEnum):
    """What a challenge is for."""

    REGISTER = "register"
    SIGN_IN = "sign_in"


class Person(msgspec.Struct, frozen=True):
    """Somebody who may sign in. `name` and `display` are for authorised screens only: never in a log or topic."""

    id: str
    unit: UnitId
    name: str
    display: str
    roles: Mapping[UnitId, frozenset[Role]]


class Passkey(msgspec.Struct, frozen=True):
    """A credential: `id` is the authenticator's, `public_key` its COSE key."""

    id: bytes
    person: str
    public_key: bytes
    sign_count: int


class WebSession(msgspec.Struct, frozen=True):
    """A browser in which a person is signed in."""

    id: str
    person: str
    how: How
    created_at: int
    last_seen: int
    verified_at: int


class SignedIn(msgspec.Struct, frozen=True):
    """A session with its person as of now."""

    session: WebSession
    person: Person


class PeopleStore(Protocol):
    """People, their passkeys, invitations and sessions; one method, one transaction."""

    async def person(self, id_: str) -> Person | None:
        """The person, None for nobody or somebody who was revoked."""
        ...

    async def people(self, units: Units) -> tuple[Person, ...]:
        """Everybody of the units who may sign in, by unit and name."""
        ...

    async def open_session(self, session: WebSession, digest: bytes) -> None:
        """Keep a new session."""
        ...

    async def signed_in(self, digest: bytes) -> SignedIn | None:
        """The session of this secret that was not ended, of a person who was not revoked."""
        ...

    async def seen(self, session: str, at: int) -> None:
        """The session was used."""
        ...

    async def end_session(self, session: str, at: int) -> None:
        """The session is over."""
        ...

    async def revoke(self, person: str, at: int) -> tuple[str, ...]:
        """The person may sign in no more: passkeys and invitations go, all sessions end; which ones."""
        ...

    async def words(self, unit: UnitId | None) -> Mapping[str, tuple[str, str]]:
        """The unit's municipality's own words: term to Swedish and English; empty for none."""
        ...
