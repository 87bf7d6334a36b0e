"""What an installation is set up with before anybody can sign in: one file that registers, and the first invitation."""

from pathlib import Path
from typing import Final

from gateway.adapters.postgres.connections import Connections
from gateway.adapters.postgres.passkeys import PostgresPasskeys
from gateway.adapters.postgres.people import PostgresPeople
from gateway.adapters.postgres.registration import register
from gateway.config import Config
from gateway.model.authorisation import Role, Subject
from gateway.people.registration import read_registration
from gateway.people.sessions import Sessions
from gateway.people.signing_in import SigningIn
from gateway.ports.passkeys import PasskeyVerifier
from homecare.clock import Clock
from homecare.errors import Malformed, Refused

WHOEVER_RUNS_IT: Final = Subject(
    person="vaka-gateway", display="vaka-gateway", roles={}, everywhere=frozenset({Role.ADMINISTRATOR})
)
"""Who invites from the gateway's own machine: whoever may read its keys and its database could do it anyway."""
LOCK_MS: Final = 3_000
"""An invitation waits this long for another one of the same person."""


def register_file(config: Config, file: Path, clock: Clock) -> str:
    """Register what the file says, whole or not at all; how much that was, in words."""
    try:
        said = read_registration(file.read_bytes())
    except OSError as error:
        raise Malformed("register", str(file), error.strerror or "it cannot be read") from error
    register(config.database_url, said, clock.now().wall)
    parts = ((said.units, "units"), (said.homes, "homes"), (said.people, "people"), (said.tags, "tags"))
    return ", ".join(f"{len(some)} {what}" for some, what in parts)


async def invite(config: Config, person: str, clock: Clock) -> str:
    """The address that lets the person make a passkey, once, for a day; `Unknown` for nobody."""
    connections = Connections(config.database_url, name="vaka-invite", size=1, lock_ms=LOCK_MS)
    try:
        people = PostgresPeople(connections)
        inviting = SigningIn(
            people, PostgresPasskeys(connections), sessions=Sessions(people, clock), verifier=_none, clock=clock
        )
        secret, _ = await inviting.invite(WHOEVER_RUNS_IT, person)
    finally:
        await connections.close()
    return f"{config.origins(config.port)[0]}/desk#invitation={secret}"


def _none() -> PasskeyVerifier:
    raise Refused("sign in", "passkey", "nobody signs in here")
