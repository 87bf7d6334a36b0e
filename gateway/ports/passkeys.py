"""What signing in by passkey needs of a store and of whoever knows the ceremony's bytes (Web Authentication).

A store's methods raise `Unavailable` when it is away. Times are wall microseconds; a `digest` is the SHA-256 of a
secret or of a challenge.
"""

from collections.abc import Mapping
from typing import Any, Protocol

import msgspec

from gateway.ports.people import Passkey, Person, Purpose, WebSession

Credential = Mapping[str, Any]
"""What a browser's authenticator answered, as JSON has it."""
Options = dict[str, Any]
"""What a browser's authenticator is asked, as JSON has it."""


class Invited(msgspec.Struct, frozen=True):
    """Whom an unused invitation is for, and who gave it."""

    person: str
    invited_by: str
    expires_at: int


class PasskeyStore(Protocol):
    """Passkeys, invitations and challenges; one method, one transaction."""

    async def invite(self, digest: bytes, invited: Invited, at: int) -> None:
        """Keep an invitation; those that the person has not used are void from now on."""
        ...

    async def invited(self, digest: bytes, at: int) -> Invited | None:
        """The invitation, None when there is none, it was used or is too old."""
        ...

    async def challenge(self, digest: bytes, purpose: Purpose, person: str | None, *, at: int, until: int) -> None:
        """Keep a challenge; `Unavailable` when too many wait for an answer."""
        ...

    async def answer(self, digest: bytes, purpose: Purpose, at: int) -> tuple[bool, str | None]:
        """Take the challenge away: whether it was there and young enough, and for whom it was."""
        ...

    async def register(self, invitation: bytes, passkey: Passkey, session: WebSession, digest: bytes) -> bool:
        """Use up the invitation, keep its passkey and open the session, all or nothing; False where it was used up."""
        ...

    async def passkey(self, id_: bytes) -> Passkey | None:
        """The passkey of somebody who was not revoked."""
        ...

    async def used(self, id_: bytes, sign_count: int, at: int) -> None:
        """The passkey was used; its count never falls."""
        ...


class PasskeyVerifier(Protocol):
    """Makes and checks what is said to authenticators. `Refused` for whatever does not prove what it should.

    Everything asks for user verification: a finger, a face or a code, not mere presence.
    """

    def registration(self, person: Person, challenge: bytes) -> Options:
        """What makes a passkey that names its person by itself."""
        ...

    def registered(self, credential: Credential, challenge: bytes, person: str) -> Passkey:
        """The new passkey."""
        ...

    def sign_in(self, challenge: bytes) -> Options:
        """What asks for any passkey of this gateway."""
        ...

    def signed_in(self, credential: Credential, challenge: bytes, passkey: Passkey) -> int:
        """The new sign count of the passkey that signed the challenge."""
        ...

    def challenge_of(self, credential: Credential) -> bytes:
        """The challenge that the answer says it answers; proves nothing by itself."""
        ...

    def passkey_of(self, credential: Credential) -> bytes:
        """The id of the passkey that the answer says it comes from; proves nothing by itself."""
        ...
