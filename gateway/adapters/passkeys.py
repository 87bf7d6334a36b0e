"""Web Authentication: the bytes of passkeys, made and checked by py_webauthn. Loading it takes some 0.2 s of processor.

The relying party is the host of our own first origin, and only pages of exactly that origin are believed.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final
from urllib.parse import urlsplit

from webauthn import (
    generate_authentication_options,
    generate_registration_options,
    options_to_json,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.helpers import base64url_to_bytes, parse_client_data_json
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from gateway.ports.passkeys import Credential, Options
from gateway.ports.people import Passkey, Person
from homecare.errors import Refused

NAME: Final = "Vaka"
"""What an authenticator calls us."""
ANSWER_MILLISECONDS: Final = 120_000
"""For the person to find the finger."""


class NotProved(Refused):
    """The answer does not prove who it is; which part failed is not told."""

    status = 401


class WebauthnPasskeys:
    """`PasskeyVerifier` for the pages of one origin."""

    def __init__(self, origin: str) -> None:
        self._origin = origin
        self._host = urlsplit(origin).hostname or ""

    def registration(self, person: Person, challenge: bytes) -> Options:
        """Discoverable, so that nobody types a name; without attestation: which maker is nobody's business."""
        options = generate_registration_options(
            rp_id=self._host,
            rp_name=NAME,
            user_id=person.id.encode(),
            user_name=person.display,
            user_display_name=person.display,
            challenge=challenge,
            timeout=ANSWER_MILLISECONDS,
            authenticator_selection=AuthenticatorSelectionCriteria(
                resident_key=ResidentKeyRequirement.REQUIRED,
                user_verification=UserVerificationRequirement.REQUIRED,
            ),
        )
        return _plain(options_to_json(options))

    def registered(self, credential: Credential, challenge: bytes, person: str) -> Passkey:
        """Signed by the new key, for our origin, with user verification."""
        with _proved():
            found = verify_registration_response(
                credential=dict(credential),
                expected_challenge=challenge,
                expected_rp_id=self._host,
                expected_origin=self._origin,
                require_user_verification=True,
            )
        return Passkey(
            id=found.credential_id,
            person=person,
            public_key=found.credential_public_key,
            sign_count=found.sign_count,
        )

    def sign_in(self, challenge: bytes) -> Options:
        """Any passkey of ours."""
        options = generate_authentication_options(
            rp_id=self._host,
            challenge=challenge,
            timeout=ANSWER_MILLISECONDS,
            user_verification=UserVerificationRequirement.REQUIRED,
        )
        return _plain(options_to_json(options))

    def signed_in(self, credential: Credential, challenge: bytes, passkey: Passkey) -> int:
        """Signed by the known key, for our origin, with user verification and a count that rises where it counts."""
        with _proved():
            found = verify_authentication_response(
                credential=dict(credential),
                expected_challenge=challenge,
                expected_rp_id=self._host,
                expected_origin=self._origin,
                credential_public_key=passkey.public_key,
                credential_current_sign_count=passkey.sign_count,
                require_user_verification=True,
            )
        return found.new_sign_count

    def challenge_of(self, credential: Credential) -> bytes:
        """Out of the client data."""
        with _proved():
            return parse_client_data_json(base64url_to_bytes(credential["response"]["clientDataJSON"])).challenge

    def passkey_of(self, credential: Credential) -> bytes:
        """The raw id."""
        with _proved():
            return base64url_to_bytes(credential["rawId"])


def _plain(options: str) -> Options:
    said: dict[str, Any] = json.loads(options)
    return said


@contextmanager
def _proved() -> Iterator[None]:
    """`NotProved` for whatever the library cannot follow: these bytes come from anybody."""
    try:
        yield
    except (WebAuthnException, ValueError, KeyError, TypeError, IndexError, AttributeError, OverflowError) as error:
        raise NotProved("passkey", "passkey", "the passkey did not prove who you are; try again") from error
