"""Chromium's own authenticator, for passkeys without a person."""

from playwright.sync_api import CDPSession, Page


class Authenticator:
    """Chromium's own, without a person: it can be told whether the finger was right."""

    def __init__(self, page: Page) -> None:
        self._session: CDPSession = page.context.new_cdp_session(page)
        self._session.send("WebAuthn.enable")
        options = {
            "protocol": "ctap2",
            "transport": "internal",
            "hasResidentKey": True,
            "hasUserVerification": True,
            "isUserVerified": True,
            "automaticPresenceSimulation": True,
        }
        self._id = self._session.send("WebAuthn.addVirtualAuthenticator", {"options": options})["authenticatorId"]

    def verifies(self, right: bool) -> None:  # noqa: FBT001 why: reads as a sentence
        self._session.send("WebAuthn.setUserVerified", {"authenticatorId": self._id, "isUserVerified": right})

    def copy_back(self) -> None:
        """Put the key back as it was when it was made, and copied: it counts from there again."""
        found = self._session.send("WebAuthn.getCredentials", {"authenticatorId": self._id})["credentials"]
        self._session.send("WebAuthn.clearCredentials", {"authenticatorId": self._id})
        for credential in found:
            credential["signCount"] = 1
            sent = {"authenticatorId": self._id, "credential": credential}
            self._session.send("WebAuthn.addCredential", sent)
