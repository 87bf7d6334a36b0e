"""Who is let in: enrolment, renewal, consent and commissioning put together for the alarm process."""

import asyncio
import socket
from pathlib import Path
from typing import Final

from gateway.adapters.mqtt_stream import MqttStream
from gateway.adapters.postgres.commissioning import PostgresCommissioning
from gateway.adapters.postgres.connections import Connections
from gateway.adapters.postgres.enrolment import PostgresEnrolment
from gateway.config import Config
from gateway.edges.authority_files import open_authority, open_server, server_file
from gateway.edges.commissioning import Commissioning
from gateway.edges.enrolment import Enrolment
from gateway.edges.rights_keeper import RightsKeeper
from gateway.intake.registry import Registry
from gateway.intake.renewing import Renewing
from homecare.clock import Clock
from homecare.errors import Conflict, Unavailable
from homecare.seal import public_key
from homecare.topic import CERTIFICATE, all_up

FOLDER: Final = "authority"
"""Below the data folder: the authority and this machine's own certificate."""
LOOK_SECONDS: Final = 3_600.0
"""Between two looks for certificates that are overdue: an hour more or less hurries nobody."""
RETRY_SECONDS: Final = 5.0
"""After a look that did not reach the database, or met another process that told the same."""


class Identity:
    """The use cases, what new edges are told, and the file that our TLS port speaks with."""

    def __init__(self, config: Config, connections: Connections, registry: Registry, clock: Clock) -> None:
        folder = config.data / FOLDER
        authority = open_authority(folder, clock)
        open_server(folder, authority, clock)
        self._store = PostgresEnrolment(connections)
        self._config = config
        self.certificate: Path = server_file(folder, authority)
        self.enrolment = Enrolment(self._store, authority, clock)
        broker = MqttStream(
            config.broker_url,
            client_id=config.session("certificates", socket.gethostname(), config.port),
            filters=[(all_up(CERTIFICATE), 0)],
        )
        self._renewing = Renewing(self._store, broker, registry, authority=authority, clock=clock)
        self.commissioning = Commissioning(PostgresCommissioning(connections), clock)
        self.gateway_public_key = public_key(config.gateway_key()).hex()
        self.edges_url = config.edges_url or config.broker_url

    async def run(self) -> None:
        """Keep the broker's access file, if it is ours to keep, renew and look after certificates; until cancelled."""
        config = self._config
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._renewing.run(), name="renewal")
            tasks.create_task(self._look_after_certificates(), name="certificates")
            if config.rights_file is not None:
                keeper = RightsKeeper(self._store, config.rights_file, config.broker_pid_file)
                tasks.create_task(keeper.run(), name="rights")

    async def _look_after_certificates(self) -> None:
        while True:  # bounded by the process's life
            try:
                await self.enrolment.tell_of_overdue()
                await asyncio.sleep(LOOK_SECONDS)
            except (Unavailable, Conflict):
                await asyncio.sleep(RETRY_SECONDS)
