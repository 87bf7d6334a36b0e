"""Who is let in: enrolment, consent and commissioning put together for the alarm process."""

from pathlib import Path
from typing import Final

from gateway.adapters.postgres.commissioning import PostgresCommissioning
from gateway.adapters.postgres.connections import Connections
from gateway.adapters.postgres.enrolment import PostgresEnrolment
from gateway.authority_files import open_authority, open_server, server_file
from gateway.commissioning import Commissioning
from gateway.config import Config
from gateway.enrolment import Enrolment
from gateway.rights_keeper import RightsKeeper
from homecare.clock import Clock
from homecare.seal import public_key

FOLDER: Final = "authority"
"""Below the data folder: the authority and this machine's own certificate."""


class Identity:
    """The use cases, what new edges are told, and the file that our TLS port speaks with."""

    def __init__(self, config: Config, connections: Connections, clock: Clock) -> None:
        folder = config.data / FOLDER
        authority = open_authority(folder, clock)
        open_server(folder, authority, clock)
        self._store = PostgresEnrolment(connections)
        self._config = config
        self.certificate: Path = server_file(folder, authority)
        self.enrolment = Enrolment(self._store, authority, clock)
        self.commissioning = Commissioning(PostgresCommissioning(connections), clock)
        self.gateway_public_key = public_key(config.gateway_key()).hex()
        self.edges_url = config.edges_url or config.broker_url

    async def run(self) -> None:
        """Keep the broker's access file, if it is ours to keep; until cancelled."""
        if self._config.rights_file is not None:
            await RightsKeeper(self._store, self._config.rights_file, self._config.broker_pid_file).run()
