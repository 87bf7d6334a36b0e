"""Signing in: by passkey, by a first invitation that makes one, or in a demonstration by choosing a person.

A challenge is 256 random bits, lives two minutes and is taken away by the first answer, right or wrong. An invitation
lives a day and makes exactly one passkey.
"""

import asyncio
import hashlib
from collections.abc import Callable
from typing import Final

from gateway.model.authorisation import Permission, Resource, Subject, require
from gateway.people.sessions import Sessions, digest_of
from gateway.ports.passkeys import Credential, Invited, Options, PasskeyStore, PasskeyVerifier
from gateway.ports.people import How, PeopleStore, Person, Purpose
from homecare.clock import DAY, MINUTE, Clock
from homecare.errors import Refused, Unknown
from homecare.identity import new_secret

CHALLENGE_LIFE: Final = 2 * MINUTE
"""Microseconds in which a challenge must be answered."""
INVITATION_LIFE: Final = DAY
"""Microseconds in which an invitation must be used."""


class NotKnown(Refused):
    """This passkey, challenge or invitation opens nothing, or nothing any more."""

    status = 401


class SigningIn:
    """The ways in. `verifier` is made when the first ceremony begins."""

    def __init__(
        self,
        people: PeopleStore,
        passkeys: PasskeyStore,
        *,
        sessions: Sessions,
        verifier: Callable[[], PasskeyVerifier],
        clock: Clock,
    ) -> None:
        self._people = people
        self._passkeys = passkeys
        self._sessions = sessions
        self._make = verifier
        self._verifier: PasskeyVerifier | None = None
        self._clock = clock

    # --- an invitation makes the first passkey ------------------------------------------------------------------------

    async def invite(self, subject: Subject, person: str) -> tuple[str, int]:
        """A fresh invitation's secret and its end; the one before it is void."""
        invited = await self._managed(subject, Permission.PERSON_INVITE, person)
        now, secret = self._clock.now().wall, new_secret().hex()
        invitation = Invited(person=invited.id, invited_by=subject.person, expires_at=now + INVITATION_LIFE)
        await self._passkeys.invite(digest_of(secret), invitation, now)
        return secret, invitation.expires_at

    async def begin_registration(self, invitation: str) -> tuple[Person, Options]:
        """Who is invited, and what the browser's authenticator is asked."""
        person = await self._invited(invitation)
        challenge = await self._challenge(Purpose.REGISTER, person.id)
        return person, (await self._ceremony()).registration(person, challenge)

    async def register(self, invitation: str, credential: Credential) -> tuple[Person, str]:
        """Who is signed in now, and the session's secret; the invitation is used up."""
        person = await self._invited(invitation)
        challenge = await self._answered(credential, Purpose.REGISTER, person.id)
        passkey = (await self._ceremony()).registered(credential, challenge, person.id)
        session, secret = self._sessions.fresh(person, How.PASSKEY)
        if not await self._passkeys.register(digest_of(invitation), passkey, session, digest_of(secret)):
            raise _unknown("invitation")
        return person, secret

    # --- a passkey signs in -------------------------------------------------------------------------------------------

    async def begin(self) -> Options:
        """What the browser's authenticator is asked."""
        challenge = await self._challenge(Purpose.SIGN_IN, None)
        return (await self._ceremony()).sign_in(challenge)

    async def sign_in(self, credential: Credential) -> tuple[Person, str]:
        """Who is signed in now, and the session's secret."""
        verifier = await self._ceremony()
        challenge = await self._answered(credential, Purpose.SIGN_IN, None)
        passkey = await self._passkeys.passkey(verifier.passkey_of(credential))
        person = None if passkey is None else await self._people.person(passkey.person)
        if passkey is None or person is None:
            raise _unknown("passkey")
        count = verifier.signed_in(credential, challenge, passkey)
        await self._passkeys.used(passkey.id, count, self._clock.now().wall)
        return person, await self._sessions.open(person, How.PASSKEY)

    async def demonstrate(self, person: str) -> tuple[Person, str]:
        """The person's session without any proof: the caller has made sure that this is a demonstration."""
        found = await self._people.person(person)
        if found is None:
            raise Unknown("sign in", "person", "there is nobody like that; read the list again")
        return found, await self._sessions.open(found, How.DEMONSTRATION)

    async def revoke(self, subject: Subject, person: str) -> None:
        """Nobody signs in as this person any more."""
        revoked = await self._managed(subject, Permission.PERSON_REVOKE, person)
        await self._sessions.revoke(revoked.id)

    # --- what they share ----------------------------------------------------------------------------------------------

    async def _managed(self, subject: Subject, permission: Permission, person: str) -> Person:
        found = await self._people.person(person)
        if found is None or not subject.roles_in(found.unit):
            raise Unknown("read person", "person", "there is nobody like that; read the list again")
        require(subject, permission, Resource(unit=found.unit))
        return found

    async def _invited(self, invitation: str) -> Person:
        found = await self._passkeys.invited(digest_of(invitation), self._clock.now().wall)
        person = None if found is None else await self._people.person(found.person)
        if person is None:
            raise _unknown("invitation")
        return person

    async def _challenge(self, purpose: Purpose, person: str | None) -> bytes:
        now, challenge = self._clock.now().wall, new_secret()
        digest = hashlib.sha256(challenge).digest()
        await self._passkeys.challenge(digest, purpose, person, at=now, until=now + CHALLENGE_LIFE)
        return challenge

    async def _answered(self, credential: Credential, purpose: Purpose, person: str | None) -> bytes:
        """The challenge that the credential answers, used up; it must have been put to the same person."""
        challenge = (await self._ceremony()).challenge_of(credential)
        digest = hashlib.sha256(challenge).digest()
        there, put_to = await self._passkeys.answer(digest, purpose, self._clock.now().wall)
        if not there or put_to != person:
            raise _unknown("challenge")
        return challenge

    async def _ceremony(self) -> PasskeyVerifier:
        """Loaded beside the alarms, which must not wait for it."""
        if self._verifier is None:
            self._verifier = await asyncio.to_thread(self._make)
        return self._verifier


def _unknown(what: str) -> NotKnown:
    op = "invitation" if what == "invitation" else "passkey"
    return NotKnown(op, what, "it is not known here, or not valid any more; ask for a new invitation")
